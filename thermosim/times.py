"""Time as a whole number of femtoseconds, and rational clocks.

Edge k of a clock of frequency f falls at floor(k 10^15 / f) fs: a clock whose
period is not a whole number of femtoseconds does not drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

FEMTOSECONDS = 10**15
LIMIT = 9 * 10**18  # 2.5 hours; int64 in kernels ends at 2.56 hours


def femtoseconds(seconds: float | str | Fraction) -> int:
    """Convert a duration [s] to whole femtoseconds.

    A float stands for the shortest decimal that prints as it (1e-9 is exactly one nanosecond).

    Raises
    ------
    ValueError
        If the duration is not a whole number of femtoseconds, negative, or past 2.5 hours.
    """
    exact = Fraction(repr(seconds)) if isinstance(seconds, float) else Fraction(seconds)
    ticks = exact * FEMTOSECONDS
    if ticks.denominator != 1:
        raise ValueError(f"{float(exact):g} s is not a whole number of femtoseconds")
    if ticks < 0:
        raise ValueError(f"{float(exact):g} s is negative")
    if ticks > LIMIT:
        raise ValueError(f"{float(exact):g} s is past the limit of 2.5 hours (9e18 fs)")
    return int(ticks)


def seconds(femto: int) -> float:
    """Convert femtoseconds to seconds."""
    return femto / FEMTOSECONDS


@dataclass(frozen=True)
class Clock:
    """A rational clock: `path` names it, `frequency` is exact [Hz]."""

    path: str
    frequency: Fraction

    def edge(self, k: int) -> int:
        """Time of edge k [fs]; edge 0 is at time 0."""
        return int(k * FEMTOSECONDS * self.frequency.denominator // self.frequency.numerator)

    def first_edge_at(self, time: int) -> int:
        """Index of the first edge at or after `time` [fs]."""
        k = int(time * self.frequency.numerator // (FEMTOSECONDS * self.frequency.denominator))
        while self.edge(k) < time:
            k += 1
        return k

    @property
    def period(self) -> float:
        """Mean period [s]."""
        return float(1 / self.frequency)
