"""Poisson numbers as a pure function of (key, counter, lane).

Mean below 10: inversion, one uniform. Above: transformed rejection with squeeze, exact (algorithm PTRS of Hoermann,
Insur. Math. Econ. 12, 39, 1993), uniforms from successive lanes.
"""

from math import exp, floor, lgamma, log, sqrt

import numpy as np

from thermosim.kernels.jit import jit
from thermosim.kernels.random import lane64

_11, _ONE = np.uint64(11), np.uint64(1)
_TO_UNIT = 2.0**-53


@jit
def unit(word):
    """A number in (0, 1) from a uint64."""
    return (np.float64(word >> _11) + 0.5) * _TO_UNIT


@jit
def poisson(mean, bits, lane):
    """A Poisson number (int64) of `mean`, from lanes `lane` (uint64), .. of `bits` (uint64); and the next free lane."""
    if mean <= 0.0:
        return np.int64(0), lane
    if mean < 10.0:
        left = unit(lane64(bits, lane))
        term = exp(-mean)
        count = np.int64(0)
        while left > term and count < 200:
            left -= term
            count += 1
            term *= mean / count
        return count, lane + _ONE
    root = sqrt(mean)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2.0)
    log_mean = log(mean)
    while True:
        u = unit(lane64(bits, lane)) - 0.5
        v = unit(lane64(bits, lane + _ONE))
        lane += _ONE + _ONE
        us = 0.5 - abs(u)
        k = floor((2.0 * a / us + b) * u + mean + 0.43)
        if us >= 0.07 and v <= squeeze:
            return np.int64(k), lane
        if k < 0.0 or (us < 0.013 and v > us):
            continue
        if log(v) + log(inverse) - log(a / (us * us) + b) <= -mean + k * log_mean - lgamma(k + 1.0):
            return np.int64(k), lane
