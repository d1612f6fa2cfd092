"""Observables of 64 replicas in words: what :mod:`thermosim.kernels.observe` sees of 32, to the same numbers."""

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.observe import _counts
from thermosim.kernels.packed import REPLICAS, ones, packed_slots
from thermosim.kernels.tiles import aligned

HALF = 32
_1, _32, _64 = np.uint32(1), np.uint64(HALF), np.uint64(REPLICAS)
_5, _31 = np.uint64(5), np.uint64(31)


@jit_noalias
def _energies(state, first, source, weight, base, bit, total, level, upper):
    """level -= sum of s f over all places, for one half of the replicas; total (HALF,) int32 is room."""
    for p in range(np.uint64(base.size)):
        for k in range(HALF):
            total[k] = base[p]
        for entry in range(np.uint64(first[p]), np.uint64(first[p + np.uint64(1)])):
            w, half = weight[entry], np.uint32(state[source[entry]] >> upper)
            for k in range(HALF):
                total[k] += w if (half & bit[k]) != 0 else np.int32(0)
        mine = np.uint32(state[p] >> upper)
        for k in range(HALF):
            f = np.int64(total[k])
            level[k] += -f if (mine & bit[k]) != 0 else f


@jit_noalias
def _pack(state, place, packed, upper, lane):
    """Words of 32 nodes for one half of the replicas: packed (ceil(node / 32) * REPLICAS,) uint32, zero before."""
    for node in range(np.uint64(place.size)):
        half, at = np.uint32(state[np.uint64(place[node])] >> upper), (node >> _5) * _64 + upper
        shift = np.uint32(node & _31)
        for k in range(HALF):
            packed[at + np.uint64(k)] |= np.uint32(np.uint32((half >> lane[k]) & _1) << shift)


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
    lane = np.arange(HALF).astype(np.uint32)
    bit = _1 << lane
    total = aligned(1, HALF // 2).reshape(HALF // 2).view(np.int32)
    packed = np.zeros(sign.shape[1] * REPLICAS, np.uint32)
    for half in range(2):
        upper = np.uint64(half) * _32
        level = np.zeros(HALF, np.int64)
        _energies(state, first, source, weight, base, bit, total, level, upper)
        for k in range(HALF):
            seen.energy[draw, half * HALF + k] = unit * level[k]
        _pack(state, place, packed, upper, lane)
    _counts(packed, sign, mask, seen.count[draw], _64)
    seen.packed[draw] = packed[:REPLICAS]
    for row in range(rows.size):
        for k in range(REPLICAS):
            up = (state[rows[row]] >> np.uint64(k)) & np.uint64(1)
            seen.spins[draw, row, k] = np.int8(2 * np.int64(up) - 1)
    _sums(state, place, left, right, valid, np.int64(ones(valid)), seen.spin, seen.pair)


@jit
def packed_run(state, hidden, key, begin, every, bounds, wiring, chances, watch, valid, seen):
    """Run all draws of `seen`, each after `every` further slots from slot `begin` on."""
    for draw in range(seen.energy.shape[0]):
        packed_slots(state, hidden, key, begin + draw * every, begin + (draw + 1) * every, bounds, wiring, chances)
        packed_observe(state, watch, valid, draw, seen)
