"""Clocked p-bits with few-bit couplings, 64 replicas to a word: sums in bit slices, random bits plane by plane.

    level_i = sum_j |w_ij| [s_j agrees with the sign of w_ij],   f_i = scale_i (bottom_i + 2 level_i) + b_i
    u < fresh_i p_i: up,   else u < fresh_i: down,   else held;   p_i = 1 / (1 + 2^-f_i), fresh_i = 1 - memory_i

A level is a small number, so each p-bit has one threshold for each. The first PLANES bits of u are words with a bit for
every replica, held against the digits of the thresholds, which a tree of choices finds by the bits of the level. Where
u has not parted from a threshold by then, in one lane of 2^PLANES, it goes on with 64 bits of the lane's own: nothing
is rounded but the response itself (relative error 1e-7, as in :mod:`thermosim.kernels.gibbs`). A p-bit with fresh = 0
never changes.

The law is that of `gibbs`; the bits are not. Words: lane64(bits64(key, slot), node + n 2^48), with n < PLANES for
planes and 64 + lane for single lanes; one key for 64 replicas.
Carry-save addition in bit slices: Knuth, The Art of Computer Programming 4A, 7.1.3.
"""

import numpy as np

from thermosim.kernels.gibbs import START
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.packed_tables import PLANES, SIZE, chance, first_digits
from thermosim.kernels.random import GOLDEN, bits64, mix64
from thermosim.kernels.tiles import aligned

REPLICAS = 64
"""Replicas of one group."""

_0, _1, _2, _3, _4 = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_EIGHT, _TOP = np.uint64(8), np.uint64(56)
_B0, _B1, _B2, _B3, _B4, _B5, _B6, _B7 = (np.uint64(1 << k) for k in range(8))
_PAIRS, _QUADS, _BYTES = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
_ONES = np.uint64(0x0101010101010101)
_PLANE, _OWN = np.uint64((int(GOLDEN) << 48) % 2**64), np.uint64((int(GOLDEN) << 54) % 2**64)
_ALWAYS = np.float32(1.0)


@jit
def ones(word):
    """Number of bits set in a uint64."""
    word = word - ((word >> _1) & _PAIRS)
    word = (word & _QUADS) + ((word >> _2) & _QUADS)
    return (((word + (word >> _4)) & _BYTES) * _ONES) >> _TOP


@jit
def _digit_of(weight, bit, word):
    """`word` where a coupling has the bit in its magnitude."""
    return word if (abs(np.int64(weight)) & bit) != 0 else _0


@jit_noalias
def _levels(state, near, odd, source, weight, line, begin, end, digits, slices, size, x, count, carry, total):
    """Levels of the places of a block in slices: four couplings at a time, digit by digit of their magnitudes."""
    b, c, d = size, _2 * size, _3 * size
    for k in range(slices * size):
        total[k] = _0
    for entry in range(begin, end, _4 * size):
        for part in range(_4):
            at, to = entry + part * size, part * size
            if near[line] >= 0:
                beside = np.uint64(near[line])
                for k in range(size):
                    x[to + k] = state[beside + k] ^ np.uint64(np.int64(weight[at + k]) >> 63)
                if odd[line] >= 0:
                    k = np.uint64(odd[line])
                    x[to + k] = state[source[at + k]] ^ np.uint64(np.int64(weight[at + k]) >> 63)
            else:
                for k in range(size):
                    x[to + k] = state[source[at + k]] ^ np.uint64(np.int64(weight[at + k]) >> 63)
            line += _1
        for digit in range(digits):
            bit = np.int64(1) << np.int64(digit)
            for k in range(size):
                e, f = _digit_of(weight[entry + k], bit, x[k]), _digit_of(weight[entry + b + k], bit, x[b + k])
                g, h = _digit_of(weight[entry + c + k], bit, x[c + k]), _digit_of(weight[entry + d + k], bit, x[d + k])
                one = e ^ f ^ g
                two = (e & f) | (g & (e | f))
                more = one & h
                count[k] = one ^ h
                count[b + k] = two ^ more
                count[c + k] = two & more
                carry[k] = _0
            for q in range(digit, slices):
                at, of = q * size, (q - digit) * size
                if q < digit + _3:
                    for k in range(size):
                        old, new, carried = total[at + k], count[of + k], carry[k]
                        total[at + k] = old ^ new ^ carried
                        carry[k] = (old & new) | (carried & (old | new))
                else:
                    for k in range(size):
                        old, carried = total[at + k], carry[k]
                        total[at + k] = old ^ carried
                        carry[k] = old & carried


@jit
def _either(code, zero, one, low, high):
    """A digit by one bit of the level: `low` where the bit is off, `high` where it is on."""
    return (low if (code & zero) != _0 else _0) | (high if (code & one) != _0 else _0)


@jit_noalias
def _decide(
    total, slices, groups, code, renewed, fresh, name, offset, first, size, hot, digit, noise, less, kept, on, off
):
    """Hold the first PLANES bits of u against both thresholds.

    less: u < fresh p; kept: u < fresh; `on` and `off` are the lanes where these are not known yet.
    """
    b, c = size, _2 * size
    for k in range(size):
        sure = _ALL if fresh[first + k] == _ALWAYS else _0
        noise[k] = offset + name[first + k]
        less[k], on[k], kept[k], off[k], digit[k] = _0, _ALL, sure, ~sure, _0
    for g in range(groups):
        for k in range(size):
            hot[g * size + k] = _ALL
        for q in range(slices - _3):
            unlike = _ALL if (g >> q) & _1 == _0 else _0
            for k in range(size):
                hot[g * size + k] &= total[(q + _3) * size + k] ^ unlike
    for plane in range(np.uint64(PLANES)):
        down = _TOP - plane * _EIGHT
        for g in range(groups):
            at, here = g * size, first * groups + g * size
            for k in range(size):
                w, x, y, z = code[here + k] >> down, total[k], total[b + k], total[c + k]
                p, q = _either(w, _B0, _B1, ~x, x), _either(w, _B2, _B3, ~x, x)
                r, s = _either(w, _B4, _B5, ~x, x), _either(w, _B6, _B7, ~x, x)
                p ^= (p ^ q) & y
                r ^= (r ^ s) & y
                digit[k] |= (p ^ ((p ^ r) & z)) & hot[at + k]
        for k in range(size):
            u, t, f = mix64(noise[k] + plane * _PLANE), digit[k], _ALL if renewed[first + k] & (_B7 >> plane) else _0
            less[k] |= on[k] & t & ~u
            on[k] &= ~(t ^ u)
            kept[k] |= off[k] & f & ~u
            off[k] &= ~(f ^ u)
            digit[k] = _0


@jit_noalias
def _undecided(on, off, total, slices, size, rest, word, at, lane, level):
    """List undecided lanes: place in the block, number, level. Returns how many.

    Every round takes one lane of each word that has any, so that no branch hangs on chance.
    """
    words, found = _0, _0
    for k in range(size):
        rest[k] = on[k] | off[k]
        word[words] = k
        words += _1 if rest[k] != _0 else _0
    while words != _0:
        left = _0
        for n in range(words):
            k = word[n]
            lowest = rest[k] & (~rest[k] + _1)
            rest[k] ^= lowest
            value = np.int32(0)
            for q in range(slices):
                value |= np.int32(np.int32((total[q * size + k] & lowest) != _0) << np.int32(q))
            at[found], lane[found], level[found] = k, ones(lowest - _1), value
            found += _1
            word[left] = k
            left += _1 if rest[k] != _0 else _0
        words = left
    return found


@jit
def _beyond(share):
    """What is left of a probability beyond its first digits, in units of the last."""
    return share * 256.0 - np.float64(np.int64(first_digits(share)))


@jit_noalias
def _finish(found, at, lane, level, noise, bottom, scale, bias, fresh, first, on, off, less, kept):
    """Decide the listed lanes by 64 bits of their own."""
    for n in range(found):
        k, bit = at[n], _1 << lane[n]
        i = first + k
        u = (np.float64(np.int64(mix64(noise[k] + _OWN + lane[n] * _PLANE) >> _1)) + 0.5) * 2.0**-63
        rises = u < _beyond(chance(level[n], bottom[i], scale[i], bias[i], fresh[i]))
        renews = u < _beyond(np.float64(fresh[i]))
        less[k] |= on[k] & (bit if rises else _0)
        kept[k] |= off[k] & (bit if renews else _0)


@jit_noalias
def _take(less, kept, spins, first, size):
    for k in range(size):
        spins[first + k] = less[k] | (~kept[k] & spins[first + k])


@jit
def _lines(rows):
    return aligned(rows, SIZE).reshape(rows * SIZE).view(np.uint64)


@jit
def packed_start(key, node, state):
    """First spins at random: state (node,) uint64."""
    offset = bits64(key, START)
    for place in range(node.size):
        state[place] = mix64(offset + (node[place] + _1) * GOLDEN)


@jit
def packed_slots(state, hidden, key, begin, end, bounds, wiring, chances):
    """Run the slots begin .. end-1 of one group.

    Parameters
    ----------
    state : (node,) uint64, outputs by place, a bit for each replica; changed in place
    hidden : (node,) uint64, bits of free RNGs; or (0,) where RNGs restart from the latched value
    key : uint64, of the group
    bounds : (colours + 1,) int64, first place of every colour
    wiring, chances : of :mod:`thermosim.kernels.packed_tables`
    """
    place, block, begins, lines, near, odd, source, weight, name, _, _ = wiring
    bottom, scale, bias, fresh, _, code, renewed = chances
    digits, slices, groups = np.uint64(wiring.digits), np.uint64(wiring.slices), np.uint64(chances.groups)
    x, count, carry, total, hot = _lines(4), _lines(3), _lines(1), _lines(wiring.slices), _lines(chances.groups)
    digit, noise, less, kept, on, off = _lines(1), _lines(1), _lines(1), _lines(1), _lines(1), _lines(1)
    rest, word = _lines(1), _lines(1)
    at, lane, level = _lines(REPLICAS), _lines(REPLICAS), np.empty(REPLICAS * SIZE, np.int32)
    colours, free = bounds.size - 1, hidden.size > 0
    rng = hidden if free else state
    for slot in range(begin, end):
        colour = slot % colours
        offset = bits64(key, np.uint64(slot))
        for b in range(0 if free else block[colour], block[colours if free else colour + 1]):
            first = np.uint64(place[b])
            size = np.uint64(place[b + 1]) - first
            entry, stop = np.uint64(begins[b]), np.uint64(begins[b + 1])
            _levels(
                state, near, odd, source, weight, np.uint64(lines[b]), entry, stop, digits, slices, size, x, count,
                carry, total,
            )  # fmt: skip
            _decide(
                total, slices, groups, code, renewed, fresh, name, offset, first, size, hot, digit, noise, less, kept,
                on, off,
            )  # fmt: skip
            found = _undecided(on, off, total, slices, size, rest, word, at, lane, level)
            _finish(found, at, lane, level, noise, bottom, scale, bias, fresh, first, on, off, less, kept)
            _take(less, kept, rng, first, size)
        if free:
            for k in range(bounds[colour], bounds[colour + 1]):
                state[k] = hidden[k]
