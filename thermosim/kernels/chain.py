"""Clocked p-bits of one replica: the law and the bits of :mod:`thermosim.kernels.gibbs`, with nodes side by side.

Blocks of p-bits of one colour go through the stages together: random words, neighbours, sums, arguments, spins.
Outputs are bytes, and what is alike at all places is stored for one block only, because chains of many p-bits wait
for the memory.
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.gibbs import DOWN, START, UP, settle
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.random import bits64, lane64
from thermosim.kernels.runs import bring

SIZE = 1024
"""Places of a block at most; part of no result."""
_HALF_WORD, _31 = np.uint64(32), np.uint32(31)
_ZERO, _ONE, _TWO, _THREE, _STEP = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)


class Parameters(NamedTuple):
    """Those of a :class:`thermosim.kernels.gibbs.Plan`, by place, or of one block where all places are alike.

    base (node,) int32; scale, bias, fresh (node,) or (SIZE,) float32. step (3,) uint64: of the last three from one
    place to the first place of another block, 1 or 0.
    """

    base: np.ndarray
    scale: np.ndarray
    bias: np.ndarray
    fresh: np.ndarray
    step: np.ndarray


def parameters(plan):
    """Parameters of a plan."""
    values = (plan.scale, plan.bias, plan.fresh)
    alike = [len(part) >= SIZE and bool((part.view(np.int32) == part.view(np.int32)[0]).all()) for part in values]
    stored = (part[:SIZE].copy() if same else part for part, same in zip(values, alike, strict=True))
    return Parameters(plan.base, *stored, 1 - np.array(alike, dtype=np.uint64))


@jit_noalias
def _words(bits, half, node, first, size, words):
    """32 random bits for each of the places from `first` on."""
    for k in range(size):
        words[k] = np.uint32(lane64(bits, np.uint64(node[first + k])) >> half)


@jit_noalias
def sums(near, weight, base, first, size, begin, end, total):
    """Sums of the places of one block, whose entries are begin .. end-1 and whose neighbours are `near`."""
    for k in range(size):
        total[k] = base[first + k]
    at = _ZERO
    for entry in range(begin, end, _STEP * size):
        b, c, d = size, _TWO * size, _THREE * size
        for k in range(size):
            total[k] += (
                (weight[entry + k] & np.int32(near[at + k])) + (weight[entry + b + k] & np.int32(near[at + b + k]))
            ) + (
                (weight[entry + c + k] & np.int32(near[at + c + k]))
                + (weight[entry + d + k] & np.int32(near[at + d + k]))
            )
        at += _STEP * size


@jit_noalias
def _arguments(total, scale, of_scale, bias, of_bias, size, field):
    for k in range(size):
        field[k] = np.float32(total[k]) * scale[of_scale + k] + bias[of_bias + k]


@jit_noalias
def _shift(drive, first, size, field):
    for k in range(size):
        field[k] += drive[first + k]


@jit_noalias
def _draw(field, words, fresh, of_fresh, spins, first, size):
    """New spins of the places from `first` on."""
    for k in range(size):
        spins[first + k] = np.int8(settle(field[k], words[k], fresh[of_fresh + k], np.int32(spins[first + k])))


@jit
def chain_start(key, upper, node, state):
    """First spins of a replica, the upper or lower one of its pair: state (node or more,) int8."""
    bits, half = bits64(key, START), _HALF_WORD if upper else _ZERO
    for place in range(node.size):
        state[place] = UP if np.uint32(lane64(bits, np.uint64(node[place])) >> half) >> _31 != 0 else DOWN


@jit
def chain_slots(state, hidden, key, upper, begin, end, plan, given, laid, found, drive):
    """Run the slots begin .. end-1 of one replica.

    Parameters
    ----------
    state : (node + RUN,) int8, outputs by place; changed in place
    hidden : (node,) int8, bits of free RNGs; or (0,)
    key : uint64, of the replica's pair, of which it is the `upper` one or not
    plan, given, laid, found : Plan, its Parameters, its rows in Blocks, their Runs
    drive : (node,) float32, what analog inputs add to the biases, in units of ln 2; or (0,)
    """
    half = _HALF_WORD if upper else _ZERO
    near, total = np.empty(found.room, np.int8), np.empty(SIZE, np.int32)
    field, words = np.empty(SIZE, np.float32), np.empty(SIZE, np.uint32)
    # Taken out of their tuples once, because every time costs reference counts.
    node, bounds = plan.node, plan.bounds
    base, scale, bias, fresh, step = given
    place, block, first_entry, source, weight = laid
    span, run, target, origin, first, last, _ = found
    colours, free = bounds.size - 1, hidden.size > 0
    rng = hidden if free else state
    for slot in range(begin, end):
        colour = slot % colours
        bits = bits64(key, np.uint64(slot))
        lowest, highest = (0, block[colours]) if free else (block[colour], block[colour + 1])
        for b in range(np.uint64(lowest), np.uint64(highest)):
            at, size = np.uint64(place[b]), np.uint64(place[b + _ONE] - place[b])
            entry, stop = np.uint64(first_entry[b]), np.uint64(first_entry[b + _ONE])
            _words(bits, half, node, at, size, words)
            bring(b, state, entry, source, span, run, target, origin, first, last, near)
            sums(near, weight, base, at, size, entry, stop, total)
            _arguments(total, scale, at * step[0], bias, at * step[1], size, field)
            if drive.size > 0:
                _shift(drive, at, size, field)
            _draw(field, words, fresh, at * step[2], rng, at, size)
        if free:
            for k in range(bounds[colour], bounds[colour + 1]):
                state[k] = hidden[k]
