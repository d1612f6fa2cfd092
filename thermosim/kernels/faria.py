"""P-bit cells of Faria and others, a step of time at a time: the persistent threshold and the tuned magnet.

    design 1 (3T-1MTJ): r_T <- r_T + (1 - e^(-D/tau_T)) (tanh I - r_T);  with probability 1 - exp(-D/tau_N(r)) redraw
                        r from U(-1, 1), tau_N(r) = tau_N exp(r pinning);  m = sgn(r_T - r)
    design 2 (SOT):     m <- -m with probability 1 - exp(-D e^(-m I) / tau_N)

I = a / 2, a the argument of the response (log-odds of +1 of an isolated cell without pinning). Random words:
lane64(bits64(key, step), 2 cell + purpose).
Faria, Kaiser, Camsari, Datta, Front. Comput. Neurosci. 15, 584797 (2021).
"""

import math

import numpy as np

from thermosim.kernels.jit import jit
from thermosim.kernels.random import lane64

COLUMNS_1 = ("follow", "attempts", "pinning")
"""A row for each cell of design 1: 1 - e^(-D/tau_T), D/tau_N, pinning."""
COLUMNS_2 = ("attempts",)
"""A row for each cell of design 2: D/tau_N."""
_TO_UNIT = 2.0**-64
_DECIDE, _REDRAW = np.uint64(0), np.uint64(1)


@jit
def _uniform(word, cell, purpose):
    return (float(lane64(word, np.uint64(2 * cell) + purpose)) + 0.5) * _TO_UNIT


@jit
def move_1(table, inner, level, bits, width, out):
    """One step of design 1: inner (2 cell, lane) holds r and r_T of each cell; out (cell, lane) +-1."""
    for cell in range(table.shape[0]):
        follow, attempts, pinning = table[cell, 0], table[cell, 1], table[cell, 2]
        even = -math.expm1(-attempts)
        for k in range(width):
            r = inner[2 * cell, k]
            chance = even if pinning == 0.0 else -math.expm1(-attempts * math.exp(-pinning * r))
            if _uniform(bits[k], cell, _DECIDE) < chance:
                r = 2.0 * _uniform(bits[k], cell, _REDRAW) - 1.0
                inner[2 * cell, k] = r
            inner[2 * cell + 1, k] += follow * (math.tanh(0.5 * level[cell, k]) - inner[2 * cell + 1, k])
            out[cell, k] = 1 if inner[2 * cell + 1, k] > r else -1


@jit
def move_2(table, inner, level, bits, width, out):
    """One step of design 2: inner (cell, lane) holds m."""
    for cell in range(table.shape[0]):
        for k in range(width):
            m = inner[cell, k]
            if _uniform(bits[k], cell, _DECIDE) < -math.expm1(-table[cell, 0] * math.exp(-0.5 * m * level[cell, k])):
                m = -m
                inner[cell, k] = m
            out[cell, k] = 1 if m > 0.0 else -1
