"""Switch: a resistor of two values, r_on while it is closed and r_off while it is open, with Johnson noise in either.

S(t) = 2 k T / r(t), two-sided: opening one onto a capacitor C leaves <v^2> = k T / C there, whatever r_on is.
Nyquist, Phys. Rev. 32, 110 (1928), for each state; the sampled k T / C follows from equipartition.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, StrictBool, WithJsonSchema, model_validator

from thermosim.models.base import Kelvins, Model, Ohms, Pin, Seconds, Share
from thermosim.models.passives import TWO_TERMINAL


def _unwrapped(value: object) -> object:
    """One interval may stand without the outer brackets."""
    if isinstance(value, list) and len(value) == 2 and not any(isinstance(part, list) for part in value):
        return [value]
    return value


Closed = Annotated[
    tuple[tuple[Seconds, Seconds], ...],
    BeforeValidator(_unwrapped),
    WithJsonSchema({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}),
]


class Switch(Model):
    """Switch between p and n: closed for `duty` of each period of its clock, or during the intervals `closed`."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = (*TWO_TERMINAL, Pin("clock", "clock", "in", optional=True))
    mismatched: ClassVar[tuple[str, ...]] = ("r_on", "r_off")

    type: Literal["switch"] = "switch"
    r_on: Ohms
    r_off: Ohms
    duty: Share | None = Field(None, description="share of the period for which its clock closes it, e.g. 0.45")
    phase: Share = Field(0.0, description="share of the period after each edge at which it closes, e.g. 0.5")
    delay: Seconds = Field(0.0, description="time after that")
    closed: Closed | None = Field(None, description='without a clock: when it is closed, e.g. [["1 us", "3 us"]]')
    temperature: Kelvins | None = None
    noisy: StrictBool = True

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.r_on >= self.r_off:
            raise ValueError("r_on is below r_off: a closed switch conducts better than an open one")
        if self.duty is not None and not 0 < self.duty < 1:
            raise ValueError("duty lies between 0 and 1; a switch that never moves is a resistor")
        if self.closed is not None:
            times = [time for interval in self.closed for time in interval]
            if not times or any(later <= earlier for earlier, later in pairwise(times)):
                raise ValueError("'closed' holds intervals [from, until] that follow each other in time")
            if self.duty is not None or self.phase or self.delay:
                raise ValueError("duty, phase and delay belong to a clock; 'closed' says all times itself")
        return self
