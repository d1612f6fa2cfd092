"""Transfer curves: the probability p(a) with which a p-bit of constant rates answers to its argument.

    logistic   p = 1 / (1 + exp(-a)), in spin form <m> = tanh(a / 2)
    erf        p = (1 + erf(a sqrt(pi) / 4)) / 2: a comparator with Gaussian noise of sigma = 4 / sqrt(2 pi) = 1.596
    clipped    p = min(max(1/2 + a / 4, 0), 1)
    measured   straight lines between points, constant beyond them

All but the measured one have the slope 1/4 at p = 1/2, so one V_s means one gain whatever the curve. Only the logistic
has the odds exp(a) that make a symmetric network sample Boltzmann's law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from thermosim.contracts import Floats

_erfc = np.frompyfunc(math.erfc, 1, 1)


@dataclass(frozen=True)
class Curve:
    """A curve by its name; `points` (argument, probability) where it is straight lines."""

    name: str
    points: tuple[tuple[float, float], ...] = ()

    def chance(self, argument: Floats) -> Floats:
        """P(+1) at arguments (...,)."""
        if self.points:
            at, chance = np.array(self.points).T
            return np.asarray(np.interp(argument, at, chance))
        if self.name == "erf":
            return np.asarray(0.5 * _erfc(-0.25 * math.sqrt(math.pi) * np.asarray(argument)), dtype=np.float64)
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(argument))))


LOGISTIC = Curve("logistic")
ERF = Curve("erf")
CLIPPED = Curve("clipped", ((-2.0, 0.0), (2.0, 1.0)))
