"""Analog-to-digital converter: sample and hold, gain, offset, noise, a table of transition levels, latency, energy.

code = number of transition levels <= gain (x(t_s) + sample noise) + offset + input noise
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import StrictBool, model_validator

from thermosim.models.base import (
    Evidence,
    Farads,
    Joules,
    Latency,
    Model,
    Number,
    Pin,
    PositiveVolts,
    Price,
    PriceContext,
    Seconds,
    UnitSpread,
    Volts,
    VoltsRms,
    count,
)
from thermosim.models.conversion_energy import AdcEnergy, adc_energy, effective_bits
from thermosim.models.converter import unit_levels
from thermosim.models.pricing import NETLIST, stated, worst


def transition_levels(
    bits: int, reference: float, unit_mismatch: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Transition levels (2^bits - 1,) [V], rising; entry k - 1 parts code k - 1 from code k (see `converter`)."""
    return unit_levels(bits, reference, unit_mismatch, rng)[1:]


class Adc(Model):
    """ADC with the range +-`reference`; nominal volts of code k are -reference + (k + 1/2) step.

    `noise` [V rms] at the input; `sample_capacitance` adds kT/C; `unit_mismatch` is the relative sigma of its unit
    elements; `levels` [V] states the transitions outright. `buffer_energy` None: the buffer is listed as unpriced.
    """

    family: ClassVar[Literal["converter"]] = "converter"
    pins: ClassVar[tuple[Pin, ...]] = (
        Pin("in", "analog", "in"),
        Pin("clock", "clock", "in"),
        Pin("out", "code", "out"),
    )
    counters: ClassVar[tuple[str, ...]] = ("conversions",)
    mismatched: ClassVar[tuple[str, ...]] = ("gain_error", "offset")

    type: Literal["adc"] = "adc"
    bits: Annotated[int, *count(1, 16)]
    reference: PositiveVolts
    latency: Latency
    noise: VoltsRms = 0.0
    sample_capacitance: Farads | None = None
    buffered: StrictBool = True
    buffer_energy: Joules | None = None
    jitter: Seconds = 0.0
    gain_error: Number = 0.0
    offset: Volts = 0.0
    unit_mismatch: UnitSpread = 0.0
    levels: tuple[Volts, ...] | None = None
    energy: AdcEnergy | None = None

    @model_validator(mode="after")
    def _levels(self) -> Self:
        if self.levels is not None:
            wanted = 2**self.bits - 1
            if len(self.levels) != wanted:
                raise ValueError(f"levels has {len(self.levels)} entries; {self.bits} bits have {wanted} transitions")
            if any(a >= b for a, b in zip(self.levels, self.levels[1:], strict=False)):
                raise ValueError("levels must rise")
            if self.unit_mismatch:
                raise ValueError("levels already state the transfer; leave unit_mismatch out")
        return self

    @model_validator(mode="after")
    def _loads(self) -> Self:
        if not self.buffered and self.sample_capacitance is None:
            raise ValueError("an unbuffered sampler shares charge with its node: state sample_capacitance")
        return self

    @property
    def step(self) -> float:
        """One LSB [V]."""
        return float(2 * self.reference / 2**self.bits)

    @property
    def effective_bits(self) -> float:
        """Nominal effective bits: quantisation and input noise."""
        return effective_bits(self.bits, self.noise / self.step)

    def prices(self, evidence: Mapping[str, Evidence], context: PriceContext) -> tuple[Price, ...]:
        """One conversion, and the buffer that drives the sampler if there is one."""
        rows = [self._conversion(evidence)]
        if self.buffered:
            rows.append(stated("conversions", "buffer", "buffer_energy", self.buffer_energy, evidence))
        return tuple(rows)

    def _conversion(self, evidence: Mapping[str, Evidence]) -> Price:
        if self.energy is None or isinstance(self.energy, float):
            return stated("conversions", "conversion", "energy", self.energy, evidence)
        joules, form = adc_energy(self.energy, self.effective_bits)
        card = evidence.get("energy", NETLIST)
        low, high = (joules if end is None else end for end in (form.low, form.high))
        grade = worst([card.grade, form.grade])
        return Price("conversions", "conversion", joules, low, high, grade, f"{form.source}; {card.source}")
