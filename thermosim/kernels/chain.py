"""Clocked p-bits of one replica: the law and the bits of :mod:`thermosim.kernels.gibbs`, with nodes side by side.

Blocks of p-bits of one colour go through the stages together. Their rows are stored entry by entry, so that
consecutive lanes hold consecutive places: entry d of the p-bit at lane k of a block is at begin + d size + k.

On lattices the neighbours of consecutive places mostly follow one another, too. Where those of four entries do, but for
one place each at the most, they are read as they stand instead of one by one: found in the rows, not in the netlist.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from thermosim.kernels.gibbs import DOWN, START, UP, settle
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.random import bits64, lane64

SIZE = 128
"""Places of a block at most; part of no result."""
_HALF_WORD, _31 = np.uint64(32), np.uint32(31)
_ZERO, _ONE, _TWO, _THREE, _STEP = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)


class Blocks(NamedTuple):
    """Rows block by block.

    place (block + 1,) int64: first place of every block, which lies in one colour. block (colours + 1,) int64: first
    block of every colour. begin (block + 1,) int64: first entry. source (entry,) uint32; weight (entry,) int32. line
    (block + 1,) int64: first line of every block, a line being one entry of all its places. near (line,) int64: source
    of lane 0 of a line whose sources follow one another, alike for four lines, or -1. odd (line,) int64: the one lane
    that does not, or -1.
    """

    place: np.ndarray
    block: np.ndarray
    begin: np.ndarray
    source: np.ndarray
    weight: np.ndarray
    line: np.ndarray
    near: np.ndarray
    odd: np.ndarray


def blocks(rows, bounds, most=SIZE):
    """Blocks of `rows`, whose lengths are multiples of four, for colours that begin at `bounds`; `most` places each."""
    parts = [np.arange(lower, upper, most) for lower, upper in pairwise(bounds)]
    place = np.concatenate([*parts, bounds[-1:]]).astype(np.int64)
    sizes, length = np.diff(place), np.diff(rows.first)
    depth = np.maximum.reduceat(length, place[:-1]) if len(sizes) else sizes
    begin = np.concatenate([[0], np.cumsum(depth * sizes)]).astype(np.int64)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    target = np.repeat(np.arange(len(length)), length)
    entry = np.arange(len(rows.source)) - rows.first[target]
    at = begin[owner[target]] + entry * sizes[owner[target]] + target - place[owner[target]]
    source, weight = np.zeros(begin[-1], np.uint32), np.zeros(begin[-1], np.int32)
    source[at], weight[at] = np.where(rows.weight == 0, target, rows.source), rows.weight
    count = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    line = np.concatenate([[0], np.cumsum(depth)]).astype(np.int64)
    return Blocks(place, count, begin, source, weight, line, *_followed(source, np.repeat(sizes, depth), len(length)))


def _followed(source, length, nodes):
    """`near` and `odd` of :class:`Blocks` for lines of these lengths."""
    if not len(length):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    first = np.cumsum(length) - length
    lane = np.arange(len(source)) - np.repeat(first, length)
    offset = source.astype(np.int64) - lane
    near = offset[first + length // 2]
    off = offset != np.repeat(near, length)
    strays = np.add.reduceat(off.astype(np.int64), first)
    odd = np.where(strays == 1, np.add.reduceat(off * lane, first), -1)
    follows = ((strays <= 1) & (near >= 0) & (near + length <= nodes)).reshape(-1, 4).all(axis=1).repeat(4)
    return np.where(follows, near, -1), np.where(follows, odd, -1)


@jit_noalias
def chain_words(bits, half, node, first, size, words):
    """32 random bits for each of the places from `first` on."""
    for k in range(size):
        words[k] = np.uint32(lane64(bits, node[first + k]) >> half)


@jit_noalias
def chain_fields(state, source, weight, near, odd, base, first, size, begin, end, line, total):
    """Sums of the places of one block, its entries begin .. end-1, lines from `line` on."""
    for k in range(size):
        total[k] = base[first + k]
    for entry in range(begin, end, _STEP * size):
        b, c, d = entry + size, entry + _TWO * size, entry + _THREE * size
        if near[line] >= 0:
            p, q = np.uint64(near[line]), np.uint64(near[line + _ONE])
            r, s = np.uint64(near[line + _TWO]), np.uint64(near[line + _THREE])
            for k in range(size):
                total[k] += ((weight[entry + k] & state[p + k]) + (weight[b + k] & state[q + k])) + (
                    (weight[c + k] & state[r + k]) + (weight[d + k] & state[s + k])
                )
            for part in range(_STEP):
                if odd[line + part] >= 0:
                    k = np.uint64(odd[line + part])
                    at, wrong = entry + part * size + k, np.uint64(near[line + part]) + k
                    total[k] += (weight[at] & state[source[at]]) - (weight[at] & state[wrong])
        else:
            for k in range(size):
                total[k] += (
                    (weight[entry + k] & state[source[entry + k]]) + (weight[b + k] & state[source[b + k]])
                ) + ((weight[c + k] & state[source[c + k]]) + (weight[d + k] & state[source[d + k]]))
        line += _STEP


@jit_noalias
def _arguments(total, scale, bias, first, size, field):
    for k in range(size):
        field[k] = np.float32(total[k]) * scale[first + k] + bias[first + k]


@jit_noalias
def _shift(drive, first, size, field):
    for k in range(size):
        field[k] += drive[first + k]


@jit_noalias
def chain_draw(field, words, fresh, spins, first, size):
    """New spins of the places from `first` on."""
    for k in range(size):
        spins[first + k] = settle(field[k], words[k], fresh[first + k], spins[first + k])


@jit
def _relax(lowest, highest, state, rng, bits, half, plan, laid, drive, total, field, words):
    """Let the RNGs of the blocks lowest .. highest-1 relax for one slot under the outputs `state`."""
    _, node, _, _, _, base, scale, bias, fresh = plan
    place, _, begin, source, weight, line, near, odd = laid
    for b in range(lowest, highest):
        at, size = np.uint64(place[b]), np.uint64(place[b + 1] - place[b])
        chain_words(bits, half, node, at, size, words)
        chain_fields(
            state, source, weight, near, odd, base, at, size, np.uint64(begin[b]), np.uint64(begin[b + 1]),
            np.uint64(line[b]), total,
        )  # fmt: skip
        _arguments(total, scale, bias, at, size, field)
        if drive.size > 0:
            _shift(drive, at, size, field)
        chain_draw(field, words, fresh, rng, at, size)


@jit
def chain_start(key, upper, node, state):
    """First spins of a replica, the upper or lower one of its pair: state (node,) int32."""
    bits, half = bits64(key, START), _HALF_WORD if upper else _ZERO
    for place in range(node.size):
        state[place] = UP if np.uint32(lane64(bits, node[place]) >> half) >> _31 != 0 else DOWN


@jit
def chain_slots(state, hidden, key, upper, begin, end, plan, laid, drive):
    """Run the slots begin .. end-1 of one replica.

    Parameters
    ----------
    state : (node,) int32, outputs by place; changed in place
    hidden : (node,) int32, bits of free RNGs; or (0,)
    key : uint64, of the replica's pair, of which it is the `upper` one or not
    plan, laid : Plan, Blocks
    drive : (node,) float32, what analog inputs add to the biases, in units of ln 2; or (0,)
    """
    half = _HALF_WORD if upper else _ZERO
    total, field, words = np.empty(SIZE, np.int32), np.empty(SIZE, np.float32), np.empty(SIZE, np.uint32)
    bounds, block = plan.bounds, laid.block
    colours = bounds.size - 1
    for slot in range(begin, end):
        colour = slot % colours
        bits = bits64(key, np.uint64(slot))
        if hidden.size == 0:
            _relax(
                block[colour], block[colour + 1], state, state, bits, half, plan, laid, drive, total, field, words
            )  # fmt: skip
        else:
            _relax(0, block[colours], state, hidden, bits, half, plan, laid, drive, total, field, words)
            for k in range(bounds[colour], bounds[colour + 1]):
                state[k] = hidden[k]
