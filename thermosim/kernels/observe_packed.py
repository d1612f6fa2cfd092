"""Observables of 64 replicas in words: what :mod:`thermosim.kernels.observe` sees of 32, to the same numbers.

Signed sums and pairs are counted in words. Energies weigh every coupling, which masks suit better than bits: each half
of the replicas is spread out into masks and seen by the kernels for those.
"""

import numpy as np

from thermosim.kernels.gibbs import BLOCK, LANES
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.observe import _counts, _energies, pack
from thermosim.kernels.packed import REPLICAS, ones, packed_slots
from thermosim.kernels.tiles import aligned

_1, _4, _7, _8 = np.uint64(1), np.uint64(4), np.uint64(7), np.uint64(8)
_BYTE, _32, _64 = np.uint64(0xFF), np.uint64(LANES), np.uint64(REPLICAS)
_COPIES, _DIAGONAL = np.uint64(0x0101010101010101), np.uint64(0x8040201008040201)
_LOW, _HIGH = np.uint64(0x7F7F7F7F7F7F7F7F), np.uint64(0x8080808080808080)


@jit_noalias
def _spread(state, upper, masks):
    """Masks of the half of the replicas that begins with `upper`, eight to a word: (node * 4,) uint64.

    Eight bits are copied to every byte, byte k keeps bit k, and what is not zero is made 0xFF: a loop over replicas
    takes ten times as long.
    """
    for p in range(np.uint64(state.size)):
        half = state[p] >> upper
        for part in range(_4):
            bits = (((half >> (part * _8)) & _BYTE) * _COPIES) & _DIAGONAL
            masks[p * _4 + part] = ((((bits + _LOW) | bits) & _HIGH) >> _7) * _BYTE


@jit_noalias
def _sums(state, place, left, right, valid, replicas, spin, pair):
    for node in range(np.uint64(place.size)):
        spin[node] += 2 * np.int64(ones(state[np.uint64(place[node])] & valid)) - replicas
    for edge in range(np.uint64(pair.size)):
        unlike = (state[np.uint64(left[edge])] ^ state[np.uint64(right[edge])]) & valid
        pair[edge] += replicas - 2 * np.int64(ones(unlike))


@jit
def packed_observe(state, watch, valid, draw, seen):
    """Write one draw of a group into `seen`; replicas of the group that exist are set in `valid` (uint64)."""
    place, first, source, weight, base, unit, sign, mask, left, right, rows = watch
    spread = aligned(state.size, LANES // 8).reshape(state.size * LANES // 8).view(np.uint64)
    masks = spread.view(np.int8)  # the first byte is the lowest: processors that Numba serves are little-endian
    total = aligned(BLOCK, LANES // 2).reshape(BLOCK * LANES // 2).view(np.int32)
    words = sign.shape[1]
    half_packed, packed = np.empty(words * LANES, np.uint32), np.empty(words * REPLICAS, np.uint32)
    for half in range(2):
        begin = half * LANES
        _spread(state, np.uint64(begin), spread)
        _energies(masks, first, source, weight, base, unit, total, seen.energy[draw, begin : begin + LANES])
        pack(masks, place, half_packed, _32)
        packed.reshape((words, REPLICAS))[:, begin : begin + LANES] = half_packed.reshape((words, LANES))
    _counts(packed, sign, mask, seen.count[draw], _64)
    seen.packed[draw] = packed[:REPLICAS]
    for row in range(rows.size):
        for k in range(REPLICAS):
            up = (state[rows[row]] >> np.uint64(k)) & _1
            seen.spins[draw, row, k] = np.int8(2 * np.int64(up) - 1)
    _sums(state, place, left, right, valid, np.int64(ones(valid)), seen.spin, seen.pair)


@jit
def packed_run(state, hidden, key, begin, every, bounds, wiring, chances, watch, valid, seen):
    """Run all draws of `seen`, each after `every` further slots from slot `begin` on."""
    for draw in range(seen.energy.shape[0]):
        packed_slots(state, hidden, key, begin + draw * every, begin + (draw + 1) * every, bounds, wiring, chances)
        packed_observe(state, watch, valid, draw, seen)
