"""Clocked p-bits with memory, one colour after the other, LANES replicas side by side.

    P(s_i' = +1) = (1 - memory_i) p_i + memory_i (1 + s_i) / 2,   p_i = 1 / (1 + 2^-f_i)
    f_i = scale_i (base_i + sum_j w_ij [s_j up]) + b_i, in units of ln 2

One uniform u in (0, 1] decides: u > 1 - memory holds the spin; else u (1 + t) < (1 - memory) t, t = 2^-|f|, sets it
against its field and everything else along it. Small u are finely spaced (2^-32), so rare flips keep their rate, and
up and down are alike. t is a polynomial of degree 5 (relative error 1e-7) times a power of two. Sums are of integers
and the rest is single precision without fused operations: a replica's bits depend neither on its neighbours in the
group, nor on the vector width, nor on the kernel (:mod:`thermosim.kernels.chain`, `few`, `dense` compute the same;
`packed` has bits of its own).

Spins are masks: -1 (all bits set) is up, 0 is down. Random words: lane64(bits64(key, slot), node), its halves
for the replicas 2 k and 2 k + 1 of a group.
Rules: Geman and Geman, IEEE PAMI 6, 721 (1984); two-state relaxation: Gardiner, Handbook of Stochastic Methods, 3.8.2.
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.random import bits64, lane64
from thermosim.kernels.tiles import aligned

LANES = 32
"""Replicas of one group."""
HALF = LANES // 2
# A loop over replicas of a length known to the compiler is unrolled into whole registers. That suits sums; where the
# length is an argument instead, unrolling would keep the loop from being vectorised.
_LANES, _HALF = np.uint64(LANES), np.uint64(HALF)
BLOCK = 16
"""Places that pass through a stage together; no part of any result."""
START = np.uint64(0xFFFFFFFFFFFFFFFF)
"""The slot number whose words choose the first spins."""

UP, DOWN = np.int32(-1), np.int32(0)
_31, _1 = np.uint32(31), np.uint32(1)
_ONE, _TWO, _THREE, _STEP = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
_ZERO, _UNIT, _HALF_BIT = np.float32(0.0), np.float32(1.0), np.float32(0.5)
_TO_UNIT = np.float32(2.0**-31)
_LARGEST = np.float32(126.0)
_BIAS, _MANTISSA = np.int32(127), np.int32(23)
# 2^x for |x| <= 1/2: Chebyshev interpolation, relative error 1.0e-7
_C0, _C1, _C2 = np.float32(1.0000001192092896), np.float32(0.6931471824645996), np.float32(0.2402210682630539)
_C3, _C4, _C5 = np.float32(0.055503569543361664), np.float32(0.009676031768321991), np.float32(0.0013390863314270973)


class Plan(NamedTuple):
    """What a fabric does in a sweep; arrays by place, the order of update.

    bounds (colours + 1,) int64: first place of every colour. node (node,) uint32: the node at each place, whose
    number names its noise. first, source, weight: :class:`thermosim.kernels.fields.Rows`. base (node,) int32. scale,
    bias (node,) float32, in units of ln 2. fresh (node,) float32: 1 - memory.
    """

    bounds: np.ndarray
    node: np.ndarray
    first: np.ndarray
    source: np.ndarray
    weight: np.ndarray
    base: np.ndarray
    scale: np.ndarray
    bias: np.ndarray
    fresh: np.ndarray


def scaled(plan, shift, ratio):
    """The plan at `ratio` times its beta: all but the `shift` (node,) within its biases. Couplings stay whole numbers.

    A ratio of 1 gives the plan's own numbers, so that a run may come back to them or resume with them.
    """
    scale = plan.scale.astype(np.float64) * ratio
    bias = plan.bias.astype(np.float64) * ratio + shift * (1.0 - ratio)
    return plan._replace(scale=scale.astype(np.float32), bias=bias.astype(np.float32))


@jit_noalias
def draw_words(bits, node, begin, places, words, half):
    """One random word for each pair of replicas at the places from `begin` on."""
    for p in range(places):
        name = node[begin + p]
        for k in range(half):
            words[p * half + k] = lane64(bits[k], name)


@jit_noalias
def fields(state, first, source, weight, base, begin, places, total):
    """Sums base + sum_j w_ij [s_j up], (places * LANES,) int32, at the places from `begin` on."""
    for p in range(places):
        at, level = p * _LANES, base[begin + p]
        for k in range(_LANES):
            total[at + k] = level
        for entry in range(np.uint64(first[begin + p]), np.uint64(first[begin + p + _ONE]), _STEP):
            a, b = np.uint64(source[entry]) * _LANES, np.uint64(source[entry + _ONE]) * _LANES
            c, d = np.uint64(source[entry + _TWO]) * _LANES, np.uint64(source[entry + _THREE]) * _LANES
            wa, wb, wc, wd = weight[entry], weight[entry + _ONE], weight[entry + _TWO], weight[entry + _THREE]
            for k in range(_LANES):
                four = np.int32(
                    (wa & np.int32(state[a + k])) + (wb & np.int32(state[b + k]))
                    + (wc & np.int32(state[c + k])) + (wd & np.int32(state[d + k]))
                )  # fmt: skip
                total[at + k] += four


@jit_noalias
def arguments(total, scale, bias, begin, places, field, lanes):
    """Arguments of the sigmoid in units of ln 2 from sums of integers."""
    for p in range(places):
        s, b = scale[begin + p], bias[begin + p]
        for k in range(lanes):
            field[p * lanes + k] = np.float32(total[p * lanes + k]) * s + b


@jit_noalias
def shift(drive, begin, size, field):
    """Add what analog inputs drive."""
    for k in range(size):
        field[k] += drive[begin + k]


@jit
def odds(f):
    """2^-|f|, the odds against the field; relative error 1e-7."""
    y = min(abs(f), _LARGEST)
    whole = np.int32(y + _HALF_BIT)
    x = np.float32(whole) - y
    t = _C5 * x + _C4
    t = t * x + _C3
    t = t * x + _C2
    t = t * x + _C1
    t = t * x + _C0
    return t * np.int32(np.int32(_BIAS - whole) << _MANTISSA).view(np.float32)


@jit
def settle(f, word, renewed, old):
    """The next spin of one p-bit: 32 random bits against its argument f, in units of ln 2."""
    t = odds(f)
    u = (np.float32(np.int32(word >> _1)) + _HALF_BIT) * _TO_UNIT
    along = UP if f >= _ZERO else DOWN
    new = np.int32(~along) if u * (_UNIT + t) < renewed * t else along
    return old if u > renewed else new


@jit_noalias
def draw(field, words, fresh, spins, begin, places):
    """New spins at the places from `begin` on."""
    for p in range(places):
        renewed = fresh[begin + p]
        for k in range(_LANES):
            at = (begin + p) * _LANES + k
            spins[at] = np.int8(settle(field[p * _LANES + k], words[p * _LANES + k], renewed, np.int32(spins[at])))


@jit
def _relax(lowest, highest, state, rng, bits, plan, drive, total, field, pairs, words):
    """Let the RNGs at the places lowest .. highest-1 relax for one slot under the fields of the outputs `state`.

    Stages run over BLOCK places at a time: every call counts the references of its arrays, and what passes between
    stages stays in the fastest cache. Only the last stage writes spins, so that no stage has arguments that overlap.
    """
    _, node, first, source, weight, base, scale, bias, fresh = plan
    for lower in range(lowest, highest, BLOCK):
        begin, places = np.uint64(lower), np.uint64(min(BLOCK, highest - lower))
        draw_words(bits, node, begin, places, pairs, _HALF)
        fields(state, first, source, weight, base, begin, places, total)
        arguments(total, scale, bias, begin, places, field, _LANES)
        if drive.size > 0:
            shift(drive, begin * _LANES, places * _LANES, field)
        draw(field, words, fresh, rng, begin, places)


@jit
def workspace():
    """Room for a block, each piece from the start of a cache line on: bits, pairs of words, words, sums, arguments."""
    pairs = aligned(BLOCK, HALF).reshape(BLOCK * HALF).view(np.uint64)
    total = aligned(BLOCK, HALF).reshape(BLOCK * HALF).view(np.int32)
    field = aligned(BLOCK, HALF).reshape(BLOCK * HALF).view(np.float32)
    return np.empty(HALF, np.uint64), pairs, pairs.view(np.uint32), total, field


@jit
def start(keys, node, state):
    """First spins +-1 at random: state (node * LANES,) int8."""
    bits, pairs = np.empty(HALF, np.uint64), np.empty(HALF, np.uint64)
    words = pairs.view(np.uint32)
    for k in range(HALF):
        bits[k] = bits64(keys[k], START)
    for place in range(node.size):
        draw_words(bits, node, np.uint64(place), _ONE, pairs, _HALF)
        for k in range(LANES):
            state[place * LANES + k] = np.int8(UP) if (words[k] >> _31) != 0 else np.int8(DOWN)


@jit
def slots(state, hidden, keys, begin, end, plan, drive):
    """Run the slots begin .. end-1 of one group.

    Parameters
    ----------
    state : (node * LANES,) int8, outputs by place and replica; changed in place
    hidden : (node * LANES,) int8, bits of free RNGs; or (0,) where RNGs restart from the latched value
    keys : (LANES / 2,) uint64
    plan : Plan
    drive : (node * LANES,) float32, what analog inputs add to the biases, in units of ln 2; or (0,)
    """
    bits, pairs, words, total, field = workspace()
    bounds = plan.bounds
    colours = bounds.size - 1
    for slot in range(begin, end):
        colour = slot % colours
        lowest, highest = bounds[colour], bounds[colour + 1]
        for k in range(HALF):
            bits[k] = bits64(keys[k], np.uint64(slot))
        if hidden.size == 0:
            _relax(lowest, highest, state, state, bits, plan, drive, total, field, pairs, words)
        else:
            _relax(0, plan.node.size, state, hidden, bits, plan, drive, total, field, pairs, words)
            for k in range(lowest * LANES, highest * LANES):
                state[k] = hidden[k]
