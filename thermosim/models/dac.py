"""Digital-to-analog converter: a table of output levels, a pure delay until the step, energy per update.

Capacitive: E = C_tot V_span mean|dV|, C_tot = 2^bits C_u, V_span = 2 reference, mean step a third of the span.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from thermosim.models.base import (
    Evidence,
    Joules,
    Model,
    Number,
    Pin,
    PositiveVolts,
    Price,
    PriceContext,
    Seconds,
    UnitSpread,
    Volts,
    count,
)
from thermosim.models.conversion_energy import Cdac, DacEnergy
from thermosim.models.converter import unit_levels
from thermosim.models.pricing import NETLIST, stated, worst


def output_levels(bits: int, reference: float, unit_mismatch: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Output levels (2^bits,) [V], rising; code 2^(bits-1) is nominally 0 V (see `converter`)."""
    return unit_levels(bits, reference, unit_mismatch, rng)


def cdac_energy(unit_capacitance: float, bits: int, reference: float) -> float:
    """Mean energy [J] of an update between independent, evenly spread codes."""
    span = 2 * reference
    return float(2**bits * unit_capacitance * span * span / 3)


class Dac(Model):
    """DAC with the range +-`reference`; nominal volts of code k are -reference + k step.

    The output steps `settling` [s] after its clock edge. `unit_mismatch` is the relative sigma of its unit elements;
    `levels` [V] states the outputs outright. `driver_energy` None: its drivers are listed as unpriced.
    """

    family: ClassVar[Literal["converter"]] = "converter"
    pins: ClassVar[tuple[Pin, ...]] = (
        Pin("in", "code", "in"),
        Pin("clock", "clock", "in"),
        Pin("out", "analog", "out"),
    )
    counters: ClassVar[tuple[str, ...]] = ("updates",)
    mismatched: ClassVar[tuple[str, ...]] = ("gain_error", "offset")

    type: Literal["dac"] = "dac"
    bits: Annotated[int, *count(1, 16)]
    reference: PositiveVolts
    settling: Seconds
    gain_error: Number = 0.0
    offset: Volts = 0.0
    unit_mismatch: UnitSpread = 0.0
    levels: tuple[Volts, ...] | None = None
    energy: DacEnergy | None = None
    driver_energy: Joules | None = None

    @model_validator(mode="after")
    def _levels(self) -> Self:
        if self.levels is not None:
            if len(self.levels) != 2**self.bits:
                raise ValueError(f"levels has {len(self.levels)} entries; {self.bits} bits have {2**self.bits} codes")
            if self.unit_mismatch:
                raise ValueError("levels already state the transfer; leave unit_mismatch out")
        return self

    @property
    def step(self) -> float:
        """One LSB [V]."""
        return float(2 * self.reference / 2**self.bits)

    def prices(self, evidence: Mapping[str, Evidence], context: PriceContext) -> tuple[Price, ...]:
        """One update, and the drivers behind it."""
        driver = stated("updates", "driver", "driver_energy", self.driver_energy, evidence)
        if not isinstance(self.energy, Cdac):
            return (stated("updates", "update", "energy", self.energy, evidence), driver)
        joules = cdac_energy(self.energy.cdac, self.bits, self.reference)
        card = evidence.get("energy", NETLIST)
        source = f"C_tot V_span mean|dV|, mean step a third of the span assumed; {card.source}"
        # the largest step is the whole span; a quiet loop repeats its codes and pays next to nothing
        conversion = Price("updates", "update", joules, 0.0, 3 * joules, worst([card.grade, "assumed"]), source)
        return (conversion, driver)
