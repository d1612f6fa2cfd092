"""Controllers: what the digital side computes between an ADC and a DAC. They see ports, never an analog state."""

from thermosim.demon.build import build, build_host
from thermosim.demon.own import own_code

__all__ = ["build", "build_host", "own_code"]
