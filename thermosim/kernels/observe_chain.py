"""Observables of one replica: what :mod:`thermosim.kernels.observe` sees of a group, to the same bits."""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.chain import SIZE, Blocks, chain_fields, chain_slots
from thermosim.kernels.dense import dense_slots
from thermosim.kernels.gibbs import DOWN
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.observe import Watch, ones

_32 = np.uint64(32)


class ChainWatch(NamedTuple):
    """What is observed: a Watch, and its rows in blocks."""

    watch: Watch
    laid: Blocks


@jit_noalias
def _level(state, total, first, size):
    """-sum of s f over a block."""
    level = np.int64(0)
    for k in range(size):
        f = np.int64(total[k])
        level += f if state[first + k] == DOWN else -f
    return level


@jit_noalias
def _pack(state, place, packed):
    for word in range(np.uint64(packed.size)):
        bits = np.uint32(0)
        for k in range(min(_32, np.uint64(place.size) - word * _32)):
            bits |= np.uint32(np.uint32(state[np.uint64(place[word * _32 + k])] & np.int32(1)) << np.uint32(k))
        packed[word] = bits


@jit_noalias
def _count(packed, sign, mask, count):
    for row in range(sign.shape[0]):
        c, m = sign[row], mask[row]
        number = np.uint32(0)
        for word in range(np.uint64(packed.size)):
            number += ones(np.uint32((packed[word] ^ c[word]) & m[word]))
        count[row] = number


@jit_noalias
def _sums(state, place, left, right, spin, pair):
    for node in range(np.uint64(place.size)):
        spin[node] -= 1 + 2 * np.int64(state[np.uint64(place[node])])
    for edge in range(np.uint64(pair.size)):
        pair[edge] += 1 + 2 * np.int64(state[np.uint64(left[edge])] ^ state[np.uint64(right[edge])])


@jit
def chain_observe(state, watched, draw, lane, seen):
    """Write one draw of a replica into column `lane` of `seen`, as :func:`thermosim.kernels.observe.observe` does."""
    place, _, _, _, base, unit, sign, mask, left, right, rows = watched.watch
    at, _, begin, source, weight, line, near, odd = watched.laid
    total, level = np.empty(SIZE, np.int32), np.int64(0)
    for b in range(at.size - 1):
        first, size = np.uint64(at[b]), np.uint64(at[b + 1] - at[b])
        chain_fields(
            state, source, weight, near, odd, base, first, size, np.uint64(begin[b]), np.uint64(begin[b + 1]),
            np.uint64(line[b]), total,
        )  # fmt: skip
        level += _level(state, total, first, size)
    seen.energy[draw, lane] = unit * level
    packed, count = np.empty(sign.shape[1], np.uint32), np.empty(sign.shape[0], np.uint32)
    _pack(state, place, packed)
    _count(packed, sign, mask, count)
    lanes = seen.energy.shape[1]
    for row in range(count.size):
        seen.count[draw, row * lanes + lane] = count[row]
    seen.packed[draw, lane] = packed[0]
    for row in range(rows.size):
        seen.spins[draw, row, lane] = np.int8(-1 - 2 * state[rows[row]])
    _sums(state, place, left, right, seen.spin, seen.pair)


@jit
def chain_run(state, hidden, key, upper, begin, every, plan, laid, drive, watched, lane, seen):
    """Run all draws of `seen`, each after `every` further slots from slot `begin` on."""
    for draw in range(seen.energy.shape[0]):
        chain_slots(state, hidden, key, upper, begin + draw * every, begin + (draw + 1) * every, plan, laid, drive)
        chain_observe(state, watched, draw, lane, seen)


@jit
def dense_run(state, key, upper, begin, every, plan, matrix, drive, watched, lane, seen):
    """The same with :func:`thermosim.kernels.dense.dense_slots`."""
    for draw in range(seen.energy.shape[0]):
        dense_slots(state, key, upper, begin + draw * every, begin + (draw + 1) * every, plan, matrix, drive)
        chain_observe(state, watched, draw, lane, seen)
