"""Levels of a converter made of equal unit elements, and the one convention of codes.

level_k = -reference + 2 reference sum_{i<k} u_i / sum_i u_i,  k = 0 .. 2^bits - 1,  u_i = 1 + unit_mismatch g_i
Thermometer elements: levels rise with k. End points are exact, so the integral nonlinearity is a random bridge with
standard deviation unit_mismatch sqrt(k (2^bits - k) / 2^bits) LSB, at mid-scale 1/2 unit_mismatch sqrt(2^bits).

A DAC puts out level_k (mid-tread: code 2^(bits-1) is 0 V, the top code one step below the reference). An ADC has its
transitions at the same levels, k >= 1 (mid-rise: 0 V is a transition, code k stands for level_k + step/2). So the ADC's
error is odd in its input and averages to zero over a code, which keeps a symmetric law symmetric, and the DAC
can be told to do nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIDEST = 0.1
"""Largest relative sigma of a unit element: beyond it an element could come out negative."""


def unit_levels(bits: int, reference: float, unit_mismatch: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Levels (2^bits,) [V] of 2^bits unit elements of relative sigma `unit_mismatch`; nothing is drawn when it is 0.

    Raises
    ------
    ValueError
        If `unit_mismatch` lies outside [0, 0.1].
    """
    if not 0 <= unit_mismatch <= WIDEST:
        raise ValueError(f"unit_mismatch {unit_mismatch:g} is outside 0 .. {WIDEST:g}")
    count = 2**bits
    if unit_mismatch == 0:
        shares = np.arange(count, dtype=np.float64) / count
    else:
        sums = np.cumsum(1 + unit_mismatch * rng.standard_normal(count))
        shares = np.concatenate((np.zeros(1), sums[:-1])) / sums[-1]
    levels: NDArray[np.float64] = 2 * reference * shares - reference
    return levels
