"""Observables of a group of p-bit replicas: energies, signed sums, packed states, and sums of s_i and s_i s_j.

Spins are packed into words, a bit set where a spin is up. With m the mask of a row, c its signs and N its number of
nodes,

    sum_i c_i s_i = N - 2 popcount((word xor c) & m)
    sum over replicas of s_i s_j = R - 2 popcount(word_i xor word_j)

so all sums are exact integers, whatever their order. So is the energy, in units of a power of two:

    energy / unit = -sum_i s_i (base_i + sum_j w_ij [s_j up]), every edge in the row of one of its ends
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.gibbs import BLOCK, DOWN, LANES, fields, slots, workspace
from thermosim.kernels.jit import jit, jit_noalias

_LANES = np.uint64(LANES)
_FIRST, _FIVE, _31 = np.uint64(1), np.uint64(5), np.uint64(31)
_1, _2, _4, _24 = np.uint32(1), np.uint32(2), np.uint32(4), np.uint32(24)
_PAIRS, _QUADS, _BYTES, _ONES = (
    np.uint32(0x55555555),
    np.uint32(0x33333333),
    np.uint32(0x0F0F0F0F),
    np.uint32(0x01010101),
)


class Watch(NamedTuple):
    """What is observed of a fabric.

    place (node,) int64 of every node. first, source, weight: :class:`thermosim.kernels.fields.Rows` of the drawn law
    with every edge once, and base (node,) int32 with the biases. unit: of energies. sign, mask
    (row, ceil(node / 32)) uint32: c and m of the signed sums. left, right (edge,) int64: places of the ends. rows
    (any,) int64: places whose spins are kept one by one.
    """

    place: np.ndarray
    first: np.ndarray
    source: np.ndarray
    weight: np.ndarray
    base: np.ndarray
    unit: float
    sign: np.ndarray
    mask: np.ndarray
    left: np.ndarray
    right: np.ndarray
    rows: np.ndarray


class Seen(NamedTuple):
    """What was observed in one group.

    energy (draw, LANES) float64; count (draw, row * LANES) uint32, the popcounts of the rows; packed (draw, LANES)
    uint32, the first 32 nodes; spins (draw, row of Watch.rows, LANES) int8; spin (node,) and pair (edge,) int64, sums
    of s over replicas in the mask `valid` and over draws, added to what is there; term (term,) int64: those of terms.
    """

    energy: np.ndarray
    count: np.ndarray
    packed: np.ndarray
    spins: np.ndarray
    spin: np.ndarray
    pair: np.ndarray
    term: np.ndarray


@jit
def ones(word):
    """Number of bits set in a uint32."""
    word = np.uint32(word - ((word >> _1) & _PAIRS))
    word = np.uint32((word & _QUADS) + ((word >> _2) & _QUADS))
    word = np.uint32((word + (word >> _4)) & _BYTES)
    return np.uint32(np.uint32(word * _ONES) >> _24)


@jit_noalias
def _lower(state, begin, places, total, energy, lanes):
    """energy -= sum of s f over a block."""
    for p in range(places):
        at = (begin + p) * lanes
        for k in range(lanes):
            f = np.int64(total[p * lanes + k])
            energy[k] += f if state[at + k] == DOWN else -f


@jit
def _energies(state, first, source, weight, base, unit, total, energy):
    level = np.zeros(LANES, np.int64)
    for lower in range(0, base.size, BLOCK):
        begin, places = np.uint64(lower), np.uint64(min(BLOCK, base.size - lower))
        fields(state, first, source, weight, base, begin, places, total)
        _lower(state, begin, places, total, level, _LANES)
    for k in range(LANES):
        energy[k] = unit * level[k]


@jit_noalias
def pack(state, place, packed, lanes):
    """Pack 32 nodes to a word: packed (ceil(node / 32) * LANES,) uint32."""
    for k in range(packed.size):
        packed[k] = np.uint32(0)
    for node in range(np.uint64(place.size)):
        begin, block = np.uint64(place[node]) * lanes, (node >> _FIVE) * lanes
        bit = np.uint32(node & _31)
        for k in range(lanes):
            up = _1 if state[begin + k] != DOWN else np.uint32(0)
            packed[block + k] |= np.uint32(up << bit)


@jit_noalias
def _counts(packed, sign, mask, count, lanes):
    for k in range(count.size):
        count[k] = np.uint32(0)
    for row in range(sign.shape[0]):
        at = np.uint64(row) * lanes
        for block in range(sign.shape[1]):
            begin, c, m = np.uint64(block) * lanes, sign[row, block], mask[row, block]
            for k in range(lanes):
                count[at + k] += ones(np.uint32((packed[begin + k] ^ c) & m))


@jit_noalias
def replica_words(state, valid, words, lanes):
    """One word per place, with a bit for every replica."""
    for at in range(np.uint64(words.size)):
        word = np.uint32(0)
        for k in range(lanes):
            up = _1 if state[at * lanes + k] != DOWN else np.uint32(0)
            word |= np.uint32(up << np.uint32(k))
        words[at] = word & valid


@jit_noalias
def _sums(words, place, left, right, replicas, spin, pair):
    for node in range(np.uint64(place.size)):
        spin[node] += 2 * np.int64(ones(words[np.uint64(place[node])])) - replicas
    for edge in range(np.uint64(pair.size)):
        pair[edge] += replicas - 2 * np.int64(ones(words[np.uint64(left[edge])] ^ words[np.uint64(right[edge])]))


@jit
def observe(state, watch, valid, draw, seen):
    """Write one draw of a group into `seen`; replicas of the group that exist are set in `valid` (uint32)."""
    place, first, source, weight, base, unit, sign, mask, left, right, rows = watch
    total = workspace()[3]
    packed = np.empty(sign.shape[1] * LANES, np.uint32)
    words = np.empty(place.size, np.uint32)
    _energies(state, first, source, weight, base, unit, total, seen.energy[draw])
    pack(state, place, packed, _LANES)
    _counts(packed, sign, mask, seen.count[draw], _LANES)
    seen.packed[draw] = packed[:LANES]
    for row in range(rows.size):
        for k in range(LANES):
            seen.spins[draw, row, k] = np.int8(-1 - 2 * state[rows[row] * LANES + k])
    replica_words(state, valid, words, _LANES)
    _sums(words, place, left, right, np.int64(ones(valid)), seen.spin, seen.pair)


@jit
def run(state, hidden, keys, begin, every, plan, drive, watch, valid, seen):
    """Run all draws of `seen`, each after `every` further slots from slot `begin` on."""
    for draw in range(seen.energy.shape[0]):
        slots(state, hidden, keys, begin + draw * every, begin + (draw + 1) * every, plan, drive)
        observe(state, watch, valid, draw, seen)
