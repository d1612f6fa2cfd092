"""Clocked p-bits with memory, one colour after the other, LANES replicas side by side.

    P(s_i' = +1) = (1 - memory_i) p_i + memory_i (1 + s_i) / 2,   p_i = 1 / (1 + 2^-f_i),   f_i = (sum_j w_ij s_j + b_i) / ln 2

One uniform u in (0, 1] decides: u > 1 - memory holds the spin; else u (1 + t) < (1 - memory) t, t = 2^-|f|, sets it against its
field and everything else along it. Small u are finely spaced (2^-32), so rare flips keep their rate, and up and down are alike.
t is a polynomial of degree 5 (relative error 1e-7) times a power of two. Sums are in single precision in a fixed order, without
fused operations: a replica's bits depend neither on its neighbours in the group nor on the vector width.

Random words: lane64(bits64(key, slot), node), its halves for the replicas 2 k and 2 k + 1 of a group.
Rules: Geman and Geman, IEEE PAMI 6, 721 (1984); two-state relaxation: Gardiner, Handbook of Stochastic Methods, 3.8.2.
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.random import bits64, lane64

LANES = 32
"""Replicas of one group."""
HALF = LANES // 2
START = np.uint64(0xFFFFFFFFFFFFFFFF)
"""The slot number whose words choose the first spins."""

_31, _1 = np.uint32(31), np.uint32(1)
_ZERO, _UNIT, _HALF_BIT = np.float32(0.0), np.float32(1.0), np.float32(0.5)
_TO_UNIT = np.float32(2.0**-31)
_LARGEST = np.float32(126.0)
_BIAS, _MANTISSA = np.int32(127), np.int32(23)
# 2^x for |x| <= 1/2: Chebyshev interpolation, relative error 1.0e-7
_C0, _C1, _C2 = np.float32(1.0000001192092896), np.float32(0.6931471824645996), np.float32(0.2402210682630539)
_C3, _C4, _C5 = np.float32(0.055503569543361664), np.float32(0.009676031768321991), np.float32(0.0013390863314270973)


class Plan(NamedTuple):
    """What a fabric does in a sweep; arrays by place, the order of update.

    bounds (colours + 1,) int64: first place of every colour. node (node,) uint64: the node at each place, whose number names its
    noise. first, source, weight: :class:`thermosim.kernels.fields.Rows` with weights in units of ln 2. bias (node,) float32 in
    units of ln 2. fresh (node,) float32: 1 - memory.
    """

    bounds: np.ndarray
    node: np.ndarray
    first: np.ndarray
    source: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    fresh: np.ndarray


@jit_noalias
def _words(bits, node, words):
    for k in range(words.size):
        words[k] = lane64(bits[k], node)


@jit_noalias
def fill(value, field):
    for k in range(field.size):
        field[k] = value


@jit_noalias
def _copy(source, begin, field):
    for k in range(np.uint64(field.size)):
        field[k] = source[begin + k]


@jit_noalias
def add(state, a, b, c, d, wa, wb, wc, wd, field):
    """field += the pull of the four neighbours whose spins begin at a, b, c and d."""
    for k in range(np.uint64(field.size)):
        field[k] += (wa * state[a + k] + wb * state[b + k]) + (wc * state[c + k] + wd * state[d + k])


@jit_noalias
def _draw(field, words, fresh, spins, begin):
    for k in range(np.uint64(field.size)):
        f = field[k]
        y = min(abs(f), _LARGEST)
        whole = np.int32(y + _HALF_BIT)
        x = np.float32(whole) - y
        t = _C5 * x + _C4
        t = t * x + _C3
        t = t * x + _C2
        t = t * x + _C1
        t = t * x + _C0
        t = t * np.int32((_BIAS - whole) << _MANTISSA).view(np.float32)
        u = (np.float32(np.int32(words[k] >> _1)) + _HALF_BIT) * _TO_UNIT
        along = _UNIT if f >= _ZERO else -_UNIT
        new = -along if u * (_UNIT + t) < fresh * t else along
        spins[begin + k] = spins[begin + k] if u > fresh else new


@jit
def _relax(lowest, highest, state, rng, bits, node, first, source, weight, bias, drive, fresh, field, pairs, words):
    """Let the RNGs at the places lowest .. highest-1 relax for one slot under the fields of the outputs `state`.

    The loop is in here, not around a function of one place: every call counts the references of all its arrays.
    """
    lanes = np.uint64(LANES)
    for place in range(lowest, highest):
        begin = np.uint64(place) * lanes
        _words(bits, node[place], pairs)
        if drive.size > 0:
            _copy(drive, begin, field)
        else:
            fill(bias[place], field)
        for k in range(np.uint64(first[place]), np.uint64(first[place + 1]), np.uint64(4)):
            a, b = np.uint64(source[k]) * lanes, np.uint64(source[k + np.uint64(1)]) * lanes
            c, d = np.uint64(source[k + np.uint64(2)]) * lanes, np.uint64(source[k + np.uint64(3)]) * lanes
            wa, wb, wc, wd = weight[k], weight[k + np.uint64(1)], weight[k + np.uint64(2)], weight[k + np.uint64(3)]
            add(state, a, b, c, d, wa, wb, wc, wd, field)
        _draw(field, words, fresh[place], rng, begin)


@jit
def start(keys, node, state):
    """First spins +-1 at random: state (node * LANES,) float32."""
    bits, pairs = np.empty(HALF, np.uint64), np.empty(HALF, np.uint64)
    words = pairs.view(np.uint32)
    for k in range(HALF):
        bits[k] = bits64(keys[k], START)
    for place in range(node.size):
        _words(bits, node[place], pairs)
        for k in range(LANES):
            state[place * LANES + k] = _UNIT if (words[k] >> _31) != 0 else -_UNIT


@jit
def slots(state, hidden, keys, begin, end, plan, drive):
    """Run the slots begin .. end-1 of one group.

    Parameters
    ----------
    state : (node * LANES,) float32, outputs +-1 by place and replica; changed in place
    hidden : (node * LANES,) float32, bits of free RNGs; or (0,) where RNGs restart from the latched value
    keys : (LANES / 2,) uint64
    plan : Plan
    drive : (node * LANES,) float32, biases with analog inputs, which then replace those of the plan; or (0,)
    """
    bits, pairs = np.empty(HALF, np.uint64), np.empty(HALF, np.uint64)
    words = pairs.view(np.uint32)
    field = np.empty(LANES, np.float32)
    bounds, node, first, source, weight, bias, fresh = plan
    colours = bounds.size - 1
    for slot in range(begin, end):
        colour = slot % colours
        lowest, highest = bounds[colour], bounds[colour + 1]
        for k in range(HALF):
            bits[k] = bits64(keys[k], np.uint64(slot))
        if hidden.size == 0:
            _relax(
                lowest, highest, state, state, bits, node, first, source, weight, bias, drive, fresh, field, pairs, words
            )
        else:
            _relax(0, node.size, state, hidden, bits, node, first, source, weight, bias, drive, fresh, field, pairs, words)
            for k in range(lowest * LANES, highest * LANES):
                state[k] = hidden[k]
