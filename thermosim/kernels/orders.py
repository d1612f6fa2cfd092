"""Ticks that update other p-bits than those of one colour: all, each with a probability, or one that is picked.

    parallel, subset   every p-bit sees the outputs of before the tick; all are latched, or each with `chance`
    random             one p-bit, each equally likely, sees the outputs of before the tick and is latched

What an RNG does within the tick is :mod:`thermosim.kernels.gibbs`: a held one restarts from its latched output, a free
one relaxes in every tick. Every replica picks for itself, so that replicas are independent.

Random words beyond those of the p-bits: lane64(bits64(key, slot), CHOICE + node) and lane64(.., PICK + 0 or 1), with a
resolution of 2^-32 for `chance` and 2^-53 for a pick.
"""

import numpy as np

from thermosim.kernels.gibbs import DOWN, HALF, LANES, _relax, settle, workspace
from thermosim.kernels.jit import jit
from thermosim.kernels.observe import observe
from thermosim.kernels.random import bits64, lane64

PARALLEL, SUBSET, RANDOM = 0, 1, 2
CHOICE, PICK, NOISE = np.uint64(1) << np.uint64(40), np.uint64(1) << np.uint64(41), np.uint64(1) << np.uint64(42)
_11, _32 = np.uint64(11), np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_TO_UNIT = 2.0**-53


@jit
def picks(bits, nodes, picked):
    """One place for every lane."""
    for k in range(HALF):
        for half in range(2):
            word = lane64(bits[k], PICK + np.uint64(half))
            picked[2 * k + half] = np.int64(np.float64(word >> _11) * _TO_UNIT * nodes)


@jit
def _one_each(state, bits, picked, plan, drive):
    """The picked p-bit of every lane restarts from its output and relaxes for one tick."""
    for k in range(LANES):
        place = picked[k]
        at, total = place * LANES + k, plan.base[place]
        for entry in range(plan.first[place], plan.first[place + 1]):
            if state[np.int64(plan.source[entry]) * LANES + k] != DOWN:
                total += plan.weight[entry]
        field = np.float32(total) * plan.scale[place] + plan.bias[place]
        if drive.size > 0:
            field += drive[at]
        pair = lane64(bits[k // 2], NOISE)
        word = np.uint32(pair & _LOW if k % 2 == 0 else pair >> _32)
        state[at] = np.int8(settle(field, word, plan.fresh[place], np.int32(state[at])))


@jit
def latch(state, hidden, bits, node, threshold, owner, latched):
    """Outputs become their RNG's value, each with probability threshold / 2^32."""
    for place in range(node.size):
        for k in range(HALF):
            word = lane64(bits[k], CHOICE + node[place])
            for half in range(2):
                at = place * LANES + 2 * k + half
                if (word & _LOW if half == 0 else word >> _32) < threshold:
                    state[at] = hidden[at]
                    latched[owner[place], 2 * k + half] += 1


@jit
def ticks(kind, chance, free, state, hidden, keys, begin, end, plan, drive, owner, latched):
    """Run the slots begin .. end-1 of one group.

    Parameters
    ----------
    kind, chance : PARALLEL, SUBSET or RANDOM; the probability of a subset
    free : whether RNGs relax in every tick, else they restart from the latched output
    state, hidden : (node * LANES,) int8, outputs and RNGs; held RNGs that are picked one by one need no `hidden`
    keys, plan, drive : as for :func:`thermosim.kernels.gibbs.slots`, the places being the nodes
    owner : (node,) int64, the array of each node
    latched : (array, LANES) int64, to which the outputs that were latched are added
    """
    bits, pairs, words, total, field = workspace()
    node, picked = plan.node, np.empty(LANES, np.int64)
    threshold = np.uint64(round(chance * 4294967296.0))
    for slot in range(begin, end):
        for k in range(HALF):
            bits[k] = bits64(keys[k], np.uint64(slot))
        if kind == RANDOM:
            picks(bits, node.size, picked)
            for k in range(LANES):
                latched[owner[picked[k]], k] += 1
            if not free:
                _one_each(state, bits, picked, plan, drive)
                continue
        if not free:
            hidden[:] = state
        _relax(0, node.size, state, hidden, bits, plan, drive, total, field, pairs, words)
        if kind == RANDOM:
            for k in range(LANES):
                state[picked[k] * LANES + k] = hidden[picked[k] * LANES + k]
        elif kind == SUBSET:
            latch(state, hidden, bits, node, threshold, owner, latched)
        else:
            state[:] = hidden
            for place in range(node.size):
                latched[owner[place]] += 1


@jit
def run(kind, chance, free, state, hidden, keys, begin, every, plan, drive, owner, latched, watch, valid, seen):
    """Run all draws of `seen`, each after `every` further slots from slot `begin` on."""
    for draw in range(seen.energy.shape[0]):
        first = begin + draw * every
        ticks(kind, chance, free, state, hidden, keys, first, first + every, plan, drive, owner, latched)
        observe(state, watch, valid, draw, seen)
