"""Ports of controllers: which codes they bundle, and the volts that a nominal converter assigns to a code."""

from __future__ import annotations

from collections.abc import Mapping

from thermosim.circuit.program import AdcBank, DacBank
from thermosim.contracts import Port


def port(name: str, nets: tuple[str, ...], banks: Mapping[str, AdcBank | DacBank]) -> Port:
    """The port of `nets` with the nominal scale of their converters; `banks`: code net -> its converters.

    Codes of an ADC stand for the centres of its steps; those of a DAC for its levels, mid-scale being the middle.

    Raises
    ------
    ValueError
        If there are no nets, or they belong to converters of different scale.
    """
    if not nets:
        raise ValueError(f"port '{name}' has no nets")
    scales = set()
    for net in nets:
        bank = banks[net]
        scales.add((bank.step, bank.low + bank.step / 2 if isinstance(bank, AdcBank) else bank.low))
    if len(scales) != 1:
        raise ValueError(f"port '{name}' joins converters of different range or bits; give each its own port")
    step, offset = scales.pop()
    return Port(name, nets, step, offset)
