"""Clocked p-bits with few-bit couplings: law and bits of :mod:`thermosim.kernels.gibbs`, one byte to a coupling.

Couplings are multiples w of one step, |w| <= 31, so that four of them, masked by spins, add up in a signed byte:

    sum_i = base_i + 2 sum_j w_ij [s_j up]

A vector register then adds four times as many couplings.
"""

import numpy as np

from thermosim.kernels.gibbs import BLOCK, HALF, LANES, draw, draw_words, shift, workspace
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.observe import observe
from thermosim.kernels.random import bits64

_LANES, _HALF = np.uint64(LANES), np.uint64(HALF)
_ONE, _TWO, _THREE, _STEP = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)


@jit_noalias
def _fields(state, first, source, weight, base, begin, places, total):
    for p in range(places):
        at = p * _LANES
        for k in range(_LANES):
            total[at + k] = np.int16(0)
        for entry in range(np.uint64(first[begin + p]), np.uint64(first[begin + p + _ONE]), _STEP):
            a, b = np.uint64(source[entry]) * _LANES, np.uint64(source[entry + _ONE]) * _LANES
            c, d = np.uint64(source[entry + _TWO]) * _LANES, np.uint64(source[entry + _THREE]) * _LANES
            wa, wb, wc, wd = weight[entry], weight[entry + _ONE], weight[entry + _TWO], weight[entry + _THREE]
            for k in range(_LANES):
                four = np.int8(
                    (wa & state[a + k]) + (wb & state[b + k]) + (wc & state[c + k]) + (wd & state[d + k])
                )  # fmt: skip
                total[at + k] += np.int16(four)


@jit_noalias
def _arguments(total, base, scale, bias, begin, places, field):
    for p in range(places):
        level, s, b = base[begin + p], scale[begin + p], bias[begin + p]
        for k in range(_LANES):
            field[p * _LANES + k] = np.float32(np.int32(level + 2 * np.int32(total[p * _LANES + k]))) * s + b


@jit
def _relax(lowest, highest, state, rng, bits, plan, small, drive, total, field, pairs, words):
    _, node, first, source, _, base, scale, bias, fresh = plan
    for lower in range(lowest, highest, BLOCK):
        begin, places = np.uint64(lower), np.uint64(min(BLOCK, highest - lower))
        draw_words(bits, node, begin, places, pairs, _HALF)
        _fields(state, first, source, small, base, begin, places, total)
        _arguments(total, base, scale, bias, begin, places, field)
        if drive.size > 0:
            shift(drive, begin * _LANES, places * _LANES, field)
        draw(field, words, fresh, rng, begin, places)


@jit
def few_slots(state, hidden, keys, begin, end, plan, small, drive):
    """Run the slots begin .. end-1 of one group; `small` (entry,) int8: weight / 2."""
    bits, pairs, words, sums, field = workspace()
    total = sums.view(np.int16)
    bounds = plan.bounds
    colours = bounds.size - 1
    for slot in range(begin, end):
        colour = slot % colours
        lowest, highest = bounds[colour], bounds[colour + 1]
        for k in range(HALF):
            bits[k] = bits64(keys[k], np.uint64(slot))
        if hidden.size == 0:
            _relax(lowest, highest, state, state, bits, plan, small, drive, total, field, pairs, words)
        else:
            _relax(0, plan.node.size, state, hidden, bits, plan, small, drive, total, field, pairs, words)
            for k in range(lowest * LANES, highest * LANES):
                state[k] = hidden[k]


@jit
def few_run(state, hidden, keys, begin, every, plan, small, drive, watch, valid, seen):
    """Run all draws of `seen`, each after `every` further slots from slot `begin` on."""
    for number in range(seen.energy.shape[0]):
        few_slots(state, hidden, keys, begin + number * every, begin + (number + 1) * every, plan, small, drive)
        observe(state, watch, valid, number, seen)
