"""Observables of one replica: what :mod:`thermosim.kernels.observe` sees of a group, to the same bits.

Sums over draws of s_i and s_i s_j are counted in bytes, by place and by entry of the rows, in which every edge stands
once. Bytes are added up when they are full and after the last draw:

    sum of s_i = D - 2 (draws with s_i down),   sum of s_i s_j = D - 2 (draws with s_i and s_j apart),   D draws
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.blocks import Blocks
from thermosim.kernels.chain import SIZE, chain_slots, sums
from thermosim.kernels.dense import dense_slots
from thermosim.kernels.gibbs import DOWN
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.observe import Watch, ones
from thermosim.kernels.runs import RUN, Runs, bring

_FULL = 127
"""Draws that fit into a byte."""
_ONE, _8, _56 = np.uint64(1), np.uint64(8), np.uint64(56)
_BITS, _GATHER = np.uint64(0x0101010101010101), np.uint64(0x0102040810204080)


class ChainWatch(NamedTuple):
    """What is observed: a Watch, its rows in blocks, and their runs.

    edge (entry,) int32: the edge of each entry, from 1 on; 0 where it has none. sign, mask (row, ceil(node / 32))
    uint32: as of the Watch, but by place.
    """

    watch: Watch
    laid: Blocks
    found: Runs
    edge: np.ndarray
    sign: np.ndarray
    mask: np.ndarray


class Tally(NamedTuple):
    """Draws since bytes were last added up: down (node,) int8 by place, apart (entry,) int8; room for a draw's work.

    held (word * 32 + RUN,) int8, outputs by place; near (room,) int8; total (SIZE,) int32; packed (word,) and
    count (row,) uint32.
    """

    down: np.ndarray
    apart: np.ndarray
    held: np.ndarray
    near: np.ndarray
    total: np.ndarray
    packed: np.ndarray
    count: np.ndarray


@jit_noalias
def _level(state, total, first, size):
    """-sum of s f over a block."""
    level = np.int64(0)
    for k in range(size):
        f = np.int64(total[k])
        level += f if state[first + k] == DOWN else -f
    return level


@jit_noalias
def _compare(state, near, first, size, begin, end, apart):
    """Count the entries of a block whose ends differ."""
    for line in range(begin, end, size):
        at = line - begin
        for k in range(size):
            apart[line + k] -= near[at + k] ^ state[first + k]


@jit_noalias
def _copy(state, size, held, down):
    for k in range(size):
        held[k] = state[k]
        down[k] += np.int8(1) + state[k]


@jit_noalias
def _pack(eight, packed):
    """One bit for each output: eight bytes side by side to the eight bits of a byte by one product."""
    for word in range(np.uint64(packed.size)):
        bits = np.uint64(0)
        for part in range(np.uint64(4)):
            byte = ((eight[word * np.uint64(4) + part] & _BITS) * _GATHER) >> _56
            bits |= byte << (part * _8)
        packed[word] = np.uint32(bits)


@jit_noalias
def _count(packed, sign, mask, count):
    for row in range(np.uint64(count.size)):
        number = np.uint32(0)
        for word in range(np.uint64(packed.size)):
            number += ones(np.uint32((packed[word] ^ sign[row, word]) & mask[row, word]))
        count[row] = number


@jit
def tally(watched):
    """A Tally of no draws."""
    rows, words = watched.sign.shape
    return Tally(
        np.zeros(watched.watch.place.size, np.int8), np.zeros(watched.edge.size, np.int8),
        np.zeros(words * 32 + RUN, np.int8), np.empty(watched.found.room, np.int8), np.empty(SIZE, np.int32),
        np.empty(words, np.uint32), np.empty(rows, np.uint32),
    )  # fmt: skip


@jit
def add_up(watched, draws, counted, seen):
    """Add up the bytes of some draws, and begin anew."""
    down, apart, place, edge = counted.down, counted.apart, watched.watch.place, watched.edge
    for node in range(place.size):
        seen.spin[node] += draws - 2 * np.int64(down[place[node]])
    for entry in range(edge.size):
        if edge[entry] > 0:
            seen.pair[edge[entry] - 1] += draws - 2 * np.int64(apart[entry])
    down[:] = 0
    apart[:] = 0


@jit
def chain_observe(state, watched, draw, lane, seen, counted):
    """Write one draw of a replica into column `lane` of `seen`, as :func:`thermosim.kernels.observe.observe` does.

    state (node or more,) int8. Sums over draws go to the bytes of `counted`.
    """
    watch, laid, level = watched.watch, watched.laid, np.int64(0)
    down, apart, held, near, total, packed, count = counted
    _copy(state, np.uint64(watch.place.size), held, down)
    place, _, begins, source, weight = laid
    span, run, target, origin, entry, last, _ = watched.found
    for b in range(np.uint64(place.size - 1)):
        first, size = np.uint64(place[b]), np.uint64(place[b + _ONE] - place[b])
        begin, end = np.uint64(begins[b]), np.uint64(begins[b + _ONE])
        bring(b, held, begin, source, span, run, target, origin, entry, last, near)
        sums(near, weight, watch.base, first, size, begin, end, total)
        _compare(held, near, first, size, begin, end, apart)
        level += _level(held, total, first, size)
    seen.energy[draw, lane] = watch.unit * level
    _pack(held.view(np.uint64), packed)
    _count(packed, watched.sign, watched.mask, count)
    lanes = seen.energy.shape[1]
    for row in range(count.size):
        seen.count[draw, row * lanes + lane] = count[row]
    for node in range(min(watch.place.size, 32)):
        seen.packed[draw, lane] |= np.uint32(np.uint32(held[watch.place[node]] & 1) << np.uint32(node))
    for row in range(watch.rows.size):
        seen.spins[draw, row, lane] = np.int8(-1 - 2 * held[watch.rows[row]])


@jit
def chain_draws(draws, watched, first, lane, seen):
    """Write draws (draw, node) int8 of a replica into `seen` from draw `first` on."""
    counted = tally(watched)
    for lower in range(0, draws.shape[0], _FULL):
        upper = min(lower + _FULL, draws.shape[0])
        for draw in range(lower, upper):
            chain_observe(draws[draw], watched, first + draw, lane, seen, counted)
        add_up(watched, upper - lower, counted, seen)


@jit
def chain_run(state, hidden, key, upper, begin, every, plan, given, laid, found, drive, watched, lane, seen):
    """Run all draws of `seen`, each after `every` further slots from slot `begin` on."""
    counted, draws = tally(watched), seen.energy.shape[0]
    for lower in range(0, draws, _FULL):
        for draw in range(lower, min(lower + _FULL, draws)):
            at = begin + draw * every
            chain_slots(state, hidden, key, upper, at, at + every, plan, given, laid, found, drive)
            chain_observe(state, watched, draw, lane, seen, counted)
        add_up(watched, min(_FULL, draws - lower), counted, seen)


@jit
def dense_run(state, key, upper, begin, every, plan, matrix, drive, watched, lane, seen):
    """The same with :func:`thermosim.kernels.dense.dense_slots`."""
    counted, draws = tally(watched), seen.energy.shape[0]
    for lower in range(0, draws, _FULL):
        for draw in range(lower, min(lower + _FULL, draws)):
            dense_slots(state, key, upper, begin + draw * every, begin + (draw + 1) * every, plan, matrix, drive)
            chain_observe(state, watched, draw, lane, seen, counted)
        add_up(watched, min(_FULL, draws - lower), counted, seen)
