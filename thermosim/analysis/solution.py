"""Time to solution: how long until the best state has been seen with 99 % certainty, by runs that are repeated.

    TTS99 = t ln(1 - 0.99) / ln(1 - p),   at least t;   p: chance that one run of length t succeeds

With k successes in n runs p has a beta posterior (Jeffreys), whose quantiles give the interval.
Ronnow et al., Science 345, 420 (2014).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

CERTAINTY = 0.99


@dataclass(frozen=True)
class Repeats:
    """Runs that reach the solution with 99 % certainty, and the ends of the 68 % interval; inf where none did."""

    value: float
    low: float
    high: float


def repeats(successes: int, runs: int) -> Repeats:
    """Runs needed, from `successes` in `runs` independent runs."""
    from scipy.stats import beta

    if not 0 <= successes <= runs or runs < 1:
        raise ValueError(f"{successes} successes in {runs} runs")
    low, high = (float(beta.ppf(q, successes + 0.5, runs - successes + 0.5)) for q in (0.16, 0.84))
    return Repeats(_runs(successes / runs), _runs(high), _runs(low) if successes else math.inf)


def _runs(p: float) -> float:
    if p <= 0:
        return math.inf
    return 1.0 if p >= CERTAINTY else math.log(1 - CERTAINTY) / math.log(1 - p)
