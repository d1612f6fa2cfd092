"""Converters at work on arrays: analog to code through a table of transitions, volts to the nearest code.

    code = number of transitions T_k <= gain v + offset + spread z,   z standard normal of (replica's key, conversion)
    code = floor((volts - offset) / step + 1/2), clipped to 0 .. top

(IEEE Std 1241-2023: the transition levels are the converter.)
"""

import numpy as np

from thermosim.kernels.jit import jit
from thermosim.kernels.normal import normals


@jit
def convert(values, rows, gain, offset, spread, transitions, low, high, keys, counter, codes, clipped):
    """One conversion of every element and replica; `codes` is filled, `clipped` counts up.

    values (any, replicas) [V], rows (n,) of values that the n converters see; gain, offset [V], spread [V rms] (n,);
    transitions (n, codes - 1) [V] ascending; low, high [V]: a conversion whose input lies outside is clipped.
    keys (replicas,) uint64, counter uint64 the number of this conversion; codes (n, replicas) and clipped (replicas,)
    int64.
    """
    n, replicas = codes.shape
    count = transitions.shape[1]
    noisy = False
    for i in range(n):
        noisy = noisy or spread[i] > 0.0
    noise = np.empty((n, replicas if noisy else 0))
    if noisy:
        normals(keys, counter, noise)
    for i in range(n):
        levels = transitions[i]
        seen = values[rows[i]]
        # The nominal step gives a first guess; the table decides.
        per_step = (count + 1) / (high - low)
        for r in range(replicas):
            x = gain[i] * seen[r] + offset[i]
            if noisy:
                x += spread[i] * noise[i, r]
            if not (x >= low and x <= high):
                clipped[r] += 1
            guess = (x - low) * per_step
            k = int(guess) if guess > 0.0 else 0
            if k > count:
                k = count
            while k < count and levels[k] <= x:
                k += 1
            while k > 0 and levels[k - 1] > x:
                k -= 1
            codes[i, r] = k


@jit
def quantise(volts, offset, step, top, codes, clipped):
    """Nearest nominal code of every channel and replica; what lies beyond the ends is clipped and counted.

    volts (n, replicas) [V]; offset, step (n,) [V]; top (n,) int64 the last code; codes (n, replicas) int64; clipped
    (n, replicas) int64 is filled with 0 or 1. Returns how many were clipped.
    """
    n, replicas = volts.shape
    beyond = 0
    for i in range(n):
        for r in range(replicas):
            code = np.floor((volts[i, r] - offset[i]) / step[i] + 0.5)
            out = code < 0.0 or code > top[i]
            clipped[i, r] = out
            beyond += out
            codes[i, r] = int(min(max(code, 0.0), float(top[i])))
    return beyond


@jit
def look_up(levels, codes, volts):
    """volts[i, r] = levels[i, codes[i, r]]: output levels (n, codes) [V] of n converters at codes (n, replicas)."""
    n, replicas = codes.shape
    for i in range(n):
        for r in range(replicas):
            volts[i, r] = levels[i, codes[i, r]]
