"""Time to solution and energy to solution of a heuristic that succeeds with probability p in a run of time t.

    TTS99 = t ln(1 - 0.99) / ln(1 - p),  at least t;   ETS99 = the same with joules per run

The interval is that of p by Clopper and Pearson, Biometrika 26, 404 (1934), carried through.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import beta


@dataclass(frozen=True)
class ToSolution:
    """Cost to find the solution once with the `wanted` certainty, in the unit of the cost of a run; inf if never."""

    value: float
    low: float
    high: float


def repeats(success: float, wanted: float = 0.99) -> float:
    """Runs until one of them succeeds with probability `wanted`, at least 1."""
    if success <= 0:
        return math.inf
    return 1.0 if success >= wanted else math.log1p(-wanted) / math.log1p(-success)


def to_solution(cost: float, successes: int, runs: int, wanted: float = 0.99, confidence: float = 0.95) -> ToSolution:
    """Cost to solution from `successes` in `runs` runs of `cost` each (seconds, joules or sweeps)."""
    if not 0 <= successes <= runs or runs < 1:
        raise ValueError(f"{successes} successes in {runs} runs")
    tail = (1.0 - confidence) / 2
    least = float(beta.ppf(tail, successes, runs - successes + 1)) if successes else 0.0
    most = float(beta.ppf(1 - tail, successes + 1, runs - successes)) if successes < runs else 1.0
    return ToSolution(*(cost * repeats(p, wanted) for p in (successes / runs, most, least)))
