"""Poisson counts of any mean, from the words of one name.

    mean <  10:  the smallest k with P(0) + .. + P(k) > u
    mean >= 10:  transformed rejection: k = floor((2 a / (1/2 - |u|) + b) u + mean + 0.43), u uniform in (-1/2, 1/2)
    mean > MOST: the sum of equal parts, so that no cancellation costs more than 1e-8

Hormann, Insurance: Mathematics and Economics 12, 39 (1993), algorithm PTRS.
"""

from math import ceil, exp, floor, lgamma, log, sqrt

import numpy as np

from thermosim.kernels.jit import jit
from thermosim.kernels.random import bits64, lane64, uniform

MOST = 2.0**20
_ONE, _TWO = np.uint64(1), np.uint64(2)


@jit
def _few(u, mean):
    """Inversion, from zero on."""
    k, p = 0, exp(-mean)
    below = p
    while u > below and p > 0.0:
        k += 1
        p *= mean / k
        below += p
    return k


@jit
def _many(bits, mean):
    """Rejection below a hat that a table-free transformation draws; its words are the lanes of `bits`."""
    b = 0.931 + 2.53 * sqrt(mean)
    a = -0.059 + 0.02483 * b
    scale = log(1.1239 + 1.1328 / (b - 3.4))
    inside = 0.9277 - 3.6224 / (b - 2.0)
    lane = np.uint64(0)
    while True:
        u, v = uniform(lane64(bits, lane)) - 0.5, uniform(lane64(bits, lane + _ONE))
        lane += _TWO
        edge = 0.5 - abs(u)
        k = floor((2.0 * a / edge + b) * u + mean + 0.43)
        if edge >= 0.07 and v <= inside:
            return np.int64(k)
        if k < 0 or (edge < 0.013 and v > edge):
            continue
        if log(v) + scale - log(a / (edge * edge) + b) <= k * log(mean) - mean - lgamma(k + 1.0):
            return np.int64(k)


@jit
def poisson(bits, mean):
    """A count of the given mean (finite, at least 0) as a function of 64 random bits."""
    if mean < 10.0:
        return np.int64(_few(uniform(bits), mean))
    parts = np.int64(ceil(mean / MOST))
    total = np.int64(0)
    for part in range(parts):
        total += _many(bits64(bits, np.uint64(part)), mean / parts)
    return total
