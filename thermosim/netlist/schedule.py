"""What changes during a run, counted in sweeps: beta, p-bits that are held or set, exchanges between copies.

    beta(sweep) = beta_k from sweep_k until sweep_(k+1),  the last one to the end

A ramp in K steps has sweep_k = floor(k sweeps / K) and beta_k from the first to the last value, in equal
differences (linear) or equal ratios (geometric). Sweep k is the one that k sweeps came before; burn-in counts.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from thermosim.netlist.fields import Count, PositiveNumber, Section, Texts, Whole
from thermosim.validation import shown

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


def _values(given: Any) -> tuple[int, ...]:
    """One value, or one for each p-bit."""
    values = tuple(given) if isinstance(given, list | tuple) else (given,)
    for value in values:
        if isinstance(value, bool) or value not in (-1, 1):
            raise ValueError(f"a p-bit is held at 1 or -1, got {shown(value)}")
    return tuple(int(value) for value in values)


Values = Annotated[
    tuple[int, ...],
    BeforeValidator(_values),
    WithJsonSchema({"anyOf": [{"enum": [-1, 1]}, {"type": "array", "items": {"enum": [-1, 1]}}]}),
]


def _setting(given: Any) -> str | tuple[int, ...]:
    """A direction, or values."""
    if isinstance(given, str):
        if given not in ("random", "up", "down"):
            raise ValueError(f"{shown(given)} is nothing to be set to; random, up, down, 1, -1 or a list of 1 and -1")
        return given
    return _values(given)


Setting = Annotated[
    str | tuple[int, ...],
    BeforeValidator(_setting),
    WithJsonSchema(
        {"anyOf": [{"enum": ["random", "up", "down", -1, 1]}, {"type": "array", "items": {"enum": [-1, 1]}}]}
    ),
]


class Ladder(Section):
    """Betas of the copies of a tempered chip, from the lowest to that of the law."""

    start: PositiveNumber = Field(alias="from", description="the lowest")
    to: PositiveNumber = Field(description="the highest, that of the law")
    steps: Count = Field(8, description="copies")
    spacing: Literal["linear", "geometric"] = Field("geometric", description="linear or geometric")

    @property
    def betas(self) -> tuple[float, ...]:
        spaced = np.linspace if self.spacing == "linear" else np.geomspace
        return (*(float(beta) for beta in spaced(self.start, self.to, self.steps)[:-1]), self.to)


class TemperingSection(Section):
    """Copies of the chip at rising betas that exchange their states; recorded is the last, at the beta of the law."""

    betas: Annotated[
        Annotated[tuple[PositiveNumber, ...], Tag("list")] | Annotated[Ladder, Tag("ladder")],
        Discriminator(lambda value: "ladder" if isinstance(value, dict | Ladder) else "list"),
    ] = Field(description="[0.2, 0.5, 1], or {from: 0.2, to: 1, steps: 8}")
    every: Count = Field(description="sweeps from one round of exchanges to the next")

    @model_validator(mode="after")
    def _rises(self) -> TemperingSection:
        if len(self.ladder) < 2 or any(b <= a for a, b in pairwise(self.ladder)):
            raise ValueError("betas must be two or more that rise, the last that of the law, e.g. [0.2, 0.5, 1]")
        return self

    @property
    def ladder(self) -> tuple[float, ...]:
        """The beta of every copy."""
        return self.betas.betas if isinstance(self.betas, Ladder) else self.betas


class ClampSection(Section):
    """P-bits that are held at values, during the whole run or from a sweep until another; held ones are not updated."""

    of: Texts = Field(min_length=1, description='p-bits, e.g. "s[0]", "s[2,*]" or [x, "y[1]"]')
    value: Values = Field(description="1 or -1, or a list with one for each of them")
    begin: Whole = Field(0, alias="from", description="the first sweep in which they are held")
    until: Count | None = Field(None, description="the first sweep in which they are free again; the end if left out")

    @model_validator(mode="after")
    def _lasts(self) -> ClampSection:
        if self.until is not None and self.until <= self.begin:
            raise ValueError(f"from sweep {self.begin} until sweep {self.until} is no time at all")
        return self


class ResetSection(Section):
    """P-bits that are set at once, before a sweep or before every so many."""

    to: Setting = Field(description="random, up, down, or values as of a clamp")
    of: Texts | None = Field(None, min_length=1, description="p-bits as of a clamp; all if left out")
    at: Whole = Field(0, description="the sweep before which they are set, the first time")
    every: Count | None = Field(None, description="and again after every so many sweeps")


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

    beta_factors: dict[str, PositiveNumber] = Field(
        {}, description="beta of some p-bits as a multiple of the others', e.g. {hidden: 0.5}; stays through the run"
    )
    clamp: tuple[ClampSection, ...] = Field((), description='[{of: "s[0]", value: 1}, ..]')
    reset: tuple[ResetSection, ...] = Field((), description="[{to: random, every: 100}, ..]")

    tempering: TemperingSection | None = Field(None, description="{betas: {from: 0.2, to: 1, steps: 8}, every: 10}")

    @model_validator(mode="after")
    def _one_beta(self) -> Schedule:
        if self.beta is not None and self.tempering is not None:
            raise ValueError("has both 'beta' and 'tempering'; beta moves in time or from copy to copy, not both")
        return self

    @property
    def last_beta(self) -> float | None:
        """Beta of the law, where the schedule says it."""
        if self.tempering is not None:
            return self.tempering.ladder[-1]
        return self.stairs[-1][1] if self.stairs else None

    @property
    def stairs(self) -> Stairs:
        """(first sweep, beta) of every stair; empty where beta stands still."""
        if isinstance(self.beta, Ramp):
            return self.beta.stairs
        return self.beta or ()
