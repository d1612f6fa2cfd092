"""What changes in time, as staircases over whole femtoseconds.

    value = v_k from t_k until t_(k+1)

A clocked switch is closed (1) from floor((k + phase) T) + delay until floor((k + phase + duty) T) + delay for every
whole k, before time 0 too; T is the exact period of its clock, so that its edges do not drift.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, Protocol

from thermosim.times import FEMTOSECONDS


class Signal(Protocol):
    """A value that changes at known times."""

    @property
    def name(self) -> str:
        """For messages, e.g. ``generator 'pull'``."""
        ...

    @property
    def period(self) -> Fraction | None:
        """After which it begins again [fs]; None if it does not."""
        ...

    def at(self, time: int) -> float:
        """Value from `time` [fs] on."""
        ...

    def after(self, time: int) -> int | None:
        """The first change after `time` [fs]; None if there is none."""
        ...

    def extremes(self) -> tuple[float, float]:
        """Smallest and largest value that it ever has."""
        ...


class _Edges(NamedTuple):
    """Times floor((k slope + offset) / divisor) + delay [fs] in plain integers."""

    slope: int
    offset: int
    divisor: int
    delay: int

    @classmethod
    def of(cls, frequency: Fraction, share: Fraction, delay: int) -> _Edges:
        """Edge k at floor((k + share) / frequency) + delay."""
        period = FEMTOSECONDS / frequency
        return cls(
            period.numerator * share.denominator, period.numerator * share.numerator,
            period.denominator * share.denominator, delay,
        )  # fmt: skip

    def edge(self, k: int) -> int:
        return (k * self.slope + self.offset) // self.divisor + self.delay

    def last(self, time: int) -> int:
        """Number of the last edge at or before `time`."""
        return ((time - self.delay + 1) * self.divisor - 1 - self.offset) // self.slope


@dataclass(frozen=True)
class Clocked:
    """1 for `duty` of each period of a clock of `frequency` [Hz], from `phase` periods and `delay` [fs] after its edge,
    else 0."""

    clock: str
    frequency: Fraction
    phase: Fraction
    duty: Fraction
    delay: int

    @property
    def name(self) -> str:
        return f"clock '{self.clock}'"

    @property
    def period(self) -> Fraction:
        return FEMTOSECONDS / self.frequency

    @cached_property
    def _closes(self) -> _Edges:
        return _Edges.of(self.frequency, self.phase, self.delay)

    @cached_property
    def _opens(self) -> _Edges:
        return _Edges.of(self.frequency, self.phase + self.duty, self.delay)

    def at(self, time: int) -> float:
        return float(time < self._opens.edge(self._closes.last(time)))

    def after(self, time: int) -> int:
        return min(edges.edge(edges.last(time) + 1) for edges in (self._closes, self._opens))

    def extremes(self) -> tuple[float, float]:
        return 0.0, 1.0


@dataclass(frozen=True)
class Stairs:
    """`values` from `times` [fs] on, the first at 0; again after `length` [fs], or the last to the end."""

    name: str
    times: tuple[int, ...] = field(repr=False)
    values: tuple[float, ...] = field(repr=False)
    length: int | None

    @property
    def period(self) -> Fraction | None:
        return None if self.length is None else Fraction(self.length)

    def at(self, time: int) -> float:
        inside = time if self.length is None else time % self.length
        return self.values[bisect_right(self.times, inside) - 1]

    def after(self, time: int) -> int | None:
        rounds = 0 if self.length is None else time // self.length * self.length
        k = bisect_right(self.times, time - rounds)
        if k < len(self.times):
            return rounds + self.times[k]
        if self.length is None:
            return None
        again = rounds + self.length
        return again if self.values[0] != self.values[-1] else again + self.times[1] if len(self.times) > 1 else None

    def extremes(self) -> tuple[float, float]:
        return min(self.values), max(self.values)


def merged(name: str, times: list[int], values: list[float], length: int | None) -> Stairs:
    """Stairs without those that change nothing."""
    kept = [k for k in range(len(times)) if k == 0 or values[k] != values[k - 1]]
    return Stairs(name, tuple(times[k] for k in kept), tuple(values[k] for k in kept), length)
