"""Unclocked p-bit cells of Faria and others, in small steps: the persistent threshold and the tuned magnet.

    I <- I + (1 - e^(-D/tau_S)) (sum_j J_ij m_j + h_i - I)
    design 1 (3T-1MTJ): r_T <- r_T + (1 - e^(-D/tau_T)) (tanh I - r_T);  with probability 1 - exp(-D/tau_N(r)) redraw
                        r from U(-1, 1), tau_N(r) = tau_N exp(r pinning);  m = sgn(r_T - r)
    design 2 (SOT):     m <- -m with probability 1 - exp(-D e^(-m I) / tau_N)

All cells move at once in a step from the outputs of the step before, as wires do; times in units of tau_N, and a time
constant of 0 follows at once. `latch` > 0 adds a clocked latch: one cell after the other is read, the next one `latch`
later, and the couplings see what was read.
Faria, Kaiser, Camsari, Datta, Front. Comput. Neurosci. 15, 584797 (2021).
"""

import math

import numpy as np

from thermosim.kernels.jit import jit
from thermosim.kernels.random import bits64, lane64

_TO_UNIT = 2.0**-64
_DECIDE, _REDRAW = np.uint64(0), np.uint64(1)


@jit
def _follow(step, constant):
    return 1.0 if constant == 0.0 else -math.expm1(-step / constant)


@jit
def _uniform(word, cell, purpose):
    return (float(lane64(word, np.uint64(2 * cell) + purpose)) + 0.5) * _TO_UNIT


@jit
def cells(design, couplings, biases, step, tau_s, tau_t, pinning, latch, key, burn_in, steps):
    """Time that a network of n cells spends in each of its states, (2^n,) shares; bit i of a state is cell i up.

    Parameters
    ----------
    design : 1 or 2
    couplings : (n, n) float64; biases : (n,) float64
    step, tau_s, tau_t : in units of tau_N; tau_t and `pinning` belong to design 1
    latch : steps between two readings, or 0 where outputs are wired through
    key : uint64; burn_in, steps : number of steps
    """
    n = biases.size
    magnet, out, seen, held = np.ones(n), np.ones(n), np.ones(n), np.zeros(n)
    threshold, current, level = np.zeros(n), np.zeros(n), np.zeros(n)
    share = np.zeros(2**n)
    fast, slow = _follow(step, tau_s), _follow(step, tau_t)
    for t in range(burn_in + steps):
        word = bits64(key, np.uint64(t))
        seen[:] = held if latch > 0 and t > 0 else out
        for i in range(n):
            wanted = biases[i]
            for j in range(n):
                wanted += couplings[i, j] * seen[j]
            current[i] += fast * (wanted - current[i])
            decide = _uniform(word, i, _DECIDE)
            if design == 1:
                level[i] += slow * (math.tanh(current[i]) - level[i])
                if decide < -math.expm1(-step * math.exp(-pinning * threshold[i])):
                    threshold[i] = 2.0 * _uniform(word, i, _REDRAW) - 1.0
                out[i] = 1.0 if level[i] > threshold[i] else -1.0
            else:
                if decide < -math.expm1(-step * math.exp(-magnet[i] * current[i])):
                    magnet[i] = -magnet[i]
                out[i] = magnet[i]
        if latch == 0 or t == 0:
            held[:] = out
        elif t % latch == 0:
            held[(t // latch) % n] = out[(t // latch) % n]
        if t >= burn_in:
            state = 0
            for i in range(n):
                if held[i] > 0.0:
                    state |= 1 << i
            share[state] += 1.0 / steps
    return share
