"""What probability a p-bit answers with, where it is not the logistic function of its argument.

    logistic   p = 1 / (1 + exp(-a))
    erf        p = (1 + erf(a sqrt(pi) / 4)) / 2
    table      straight lines between points, constant beyond them

The first two have the slope 1/4 at a = 0. `kind` is LOGISTIC, ERF, or TABLE + the number of a table.
"""

from math import erfc, exp, pi, sqrt
from typing import NamedTuple

import numpy as np

from thermosim.kernels.jit import jit

LOGISTIC, ERF, TABLE = 0, 1, 2
ERF_SLOPE = sqrt(pi) / 4.0


class Curves(NamedTuple):
    """kind (node,) int64; table t has the points first[t]:first[t + 1] of argument, chance (point,) float64."""

    kind: np.ndarray
    first: np.ndarray
    argument: np.ndarray
    chance: np.ndarray


@jit
def _straight(table, a, curves):
    """Between the two points around a."""
    low, high = curves.first[table], curves.first[table + 1] - 1
    if a <= curves.argument[low]:
        return curves.chance[low]
    if a >= curves.argument[high]:
        return curves.chance[high]
    while high - low > 1:
        middle = (low + high) >> 1
        if curves.argument[middle] <= a:
            low = middle
        else:
            high = middle
    share = (a - curves.argument[low]) / (curves.argument[high] - curves.argument[low])
    return curves.chance[low] + share * (curves.chance[high] - curves.chance[low])


@jit
def chance_up(node, a, curves):
    """P(+1) of a p-bit at the argument a."""
    kind = curves.kind[node]
    if kind == LOGISTIC:
        return 1.0 / (1.0 + exp(-a))
    if kind == ERF:
        return 0.5 * erfc(-ERF_SLOPE * a)
    return _straight(kind - TABLE, a, curves)
