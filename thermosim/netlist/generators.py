"""Function generators: dimensionless gains h(t) that elements follow by name, as staircases.

    h(t) = h_k  from t_k until t_(k+1)

which is what the digital-to-analog converter of an arbitrary waveform generator puts out at its update rate.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictStr, model_validator

from thermosim.models.base import Frequency
from thermosim.netlist.fields import Duration, Number, Section
from thermosim.units import Span


def _in_seconds(span: Span) -> Span:
    if span.unit != "s":
        raise ValueError("a generator knows no sweeps; give a time, e.g. 1 ms")
    return span


Time = Annotated[Duration, AfterValidator(_in_seconds)]


class Generator(Section):
    """A gain that changes in time, in stairs; an element follows it with `gain: NAME`."""

    rate: Frequency | None = Field(None, description="updates per second of the staircase, e.g. 1 MHz")
    expression: StrictStr | None = Field(
        None, description='of the time t, parameters and pi, e.g. "{1 + 0.5 * sin(2 * pi * f * t)}"'
    )
    points: tuple[tuple[Time, Number], ...] | None = Field(
        None, description="[time, gain] pairs from 0 s on, e.g. [[0 s, 0], [1 us, 1]]"
    )
    file: StrictStr | None = Field(None, description="the same from a .csv file: lines of seconds,gain")
    between: Literal["steps", "lines"] = Field(
        "steps", description="points are held until the next, or joined by lines that are updated at the rate"
    )
    period: Time | None = Field(None, description="after which it begins again")
    until: Time | None = Field(None, description="where an expression ends; the last gain stays")

    @model_validator(mode="after")
    def _stated_once(self) -> Generator:
        given = [key for key in ("expression", "points", "file") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError("needs one of 'expression', 'points' and 'file'" + (", not two" if given else ""))
        if self.expression is not None:
            if self.between != "steps":
                raise ValueError("'between' belongs to points; an expression is updated at the rate")
            if (self.period is None) == (self.until is None):
                raise ValueError("an expression needs 'period', after which it repeats, or 'until', where it ends")
        elif self.until is not None:
            raise ValueError("'until' belongs to an expression; the last point stays by itself")
        if (self.rate is None) == (self.expression is not None or self.between == "lines"):
            raise ValueError(
                "needs the rate of its updates, e.g. rate: 1 MHz" if self.rate is None
                else "points that are held need no rate; say between: lines to join them"
            )  # fmt: skip
        for key in ("period", "until"):
            span = getattr(self, key)
            if span is not None and span.value <= 0:
                raise ValueError(f"'{key}' is a time above zero")
        if self.points is not None:
            times = [point[0].value for point in self.points]
            if not times or times[0] != 0 or any(b <= a for a, b in pairwise(times)):
                raise ValueError("expected [time, gain] pairs whose times begin at 0 s and rise")
            if self.period is not None and times[-1] >= self.period.value:
                raise ValueError("the last point lies beyond the period")
        return self

    @property
    def end(self) -> Fraction | None:
        """Where what is stated ends [s]; None for points that do not repeat."""
        span = self.period or self.until
        return None if span is None else Fraction(span.value)
