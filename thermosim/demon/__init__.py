"""Controllers: what the digital side computes between an ADC and a DAC. They see ports, never an analog state."""

from thermosim.demon.build import build
from thermosim.demon.own import own_code

__all__ = ["build", "own_code"]
