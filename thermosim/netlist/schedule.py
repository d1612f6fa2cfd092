"""What changes during a run: the inverse temperature of a fabric, as a staircase over its sweeps.

    beta(sweep) = beta_k from sweep_k until sweep_(k+1),  the last one to the end

A ramp in K steps has sweep_k = floor(k sweeps / K) and beta_k from the first to the last value, in equal
differences (linear) or equal ratios (geometric).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from thermosim.netlist.fields import Count, PositiveNumber, Section, Whole

Stairs = tuple[tuple[int, float], ...]


class Ramp(Section):
    """A staircase from one value to another; the last stands from its step to the end of the run."""

    start: PositiveNumber = Field(alias="from", description="the first value")
    to: PositiveNumber = Field(description="the last value, that of the law")
    sweeps: Count = Field(description="length of the staircase")
    steps: Count = Field(20, description="stairs")
    spacing: Literal["linear", "geometric"] = Field("linear", description="linear or geometric")

    @model_validator(mode="after")
    def _fits(self) -> Ramp:
        if self.steps > self.sweeps:
            raise ValueError(f"{self.steps} steps do not fit in {self.sweeps} sweeps")
        return self

    @property
    def stairs(self) -> Stairs:
        spaced = np.linspace if self.spacing == "linear" else np.geomspace
        values = spaced(self.start, self.to, self.steps)
        values[-1] = self.to
        return tuple((k * self.sweeps // self.steps, float(value)) for k, value in enumerate(values))


def _ordered(stairs: Stairs) -> Stairs:
    sweeps = [sweep for sweep, _ in stairs]
    if not sweeps or sweeps[0] != 0 or any(b <= a for a, b in pairwise(sweeps)):
        raise ValueError("expected [sweep, beta] pairs whose sweeps begin at 0 and rise, e.g. [[0, 0.1], [200, 1]]")
    return stairs


class Schedule(Section):
    """Controls that move during the run."""

    beta: (
        Annotated[
            Annotated[tuple[tuple[Whole, PositiveNumber], ...], AfterValidator(_ordered), Tag("stairs")]
            | Annotated[Ramp, Tag("ramp")],
            Discriminator(lambda value: "ramp" if isinstance(value, dict | Ramp) else "stairs"),
        ]
        | None
    ) = Field(None, description="[[0, 0.1], [200, 1]], or {from: 0.1, to: 1, sweeps: 400}")

    @property
    def stairs(self) -> Stairs:
        """(first sweep, beta) of every stair; empty where beta stands still."""
        if isinstance(self.beta, Ramp):
            return self.beta.stairs
        return self.beta or ()
