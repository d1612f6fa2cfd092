"""Clocked p-bits in terms of three and four: law and bits of :mod:`thermosim.kernels.gibbs`, with products of masks.

    f_i = scale_i (base_i + sum_j w_ij [s_j up] + sum_t K_t prod_{j in t, j != i} s_j) + b_i,   K_t integers

Spins are masks, -1 up and 0 down; let x be the xor of the masks of a member's others. Two others differ where x = -1,
and of three an odd number is up there, so that with K & x being K there and 0 elsewhere

    terms of three:  K prod = K - 2 (K & x)        terms of four:  K prod = -K + 2 (K & x)

The constants go to the base. All sums are exact integers, so nothing depends on the order of terms.
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.gibbs import (
    BLOCK,
    DOWN,
    HALF,
    LANES,
    arguments,
    draw,
    draw_words,
    fields,
    settle,
    shift,
    workspace,
)
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.observe import observe, ones, replica_words
from thermosim.kernels.orders import NOISE, RANDOM, SUBSET, latch, picks
from thermosim.kernels.random import bits64, lane64

_LANES, _HALF, _ONE, _TWO = np.uint64(LANES), np.uint64(HALF), np.uint64(1), np.uint64(2)
_32, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


class Bodies(NamedTuple):
    """What every p-bit feels of its terms, by place.

    Of terms of three: first3 (node + 1,) int64, other3 (entry, 2) uint32 places, weight3 (entry,) int32, -2 K; rows are
    padded to even lengths by zeros. Of terms of four: first4, other4 (entry, 3), weight4, 2 K.
    """

    first3: np.ndarray
    other3: np.ndarray
    weight3: np.ndarray
    first4: np.ndarray
    other4: np.ndarray
    weight4: np.ndarray


class BodyWatch(NamedTuple):
    """What is observed of terms: members (term, 4) int64 places, -1 first if three; weight (term,) in units."""

    members: np.ndarray
    weight: np.ndarray
    unit: float


def bodies(places, members, others, integers):
    """Rows of terms, and the constants (node,) that they add to the bases.

    Parameters
    ----------
    places : (node,) int64, place of every node
    members : (entry,) int64, the node that feels
    others : (entry, 3) int64, the nodes that it feels, -1 first where they are two
    integers : (entry,) int64, K in the unit of the member's row
    """
    parts, constants = [], np.zeros(len(places), dtype=np.int64)
    for width, sign in ((2, 1), (3, -1)):
        mine = (others >= 0).sum(axis=1) == width
        np.add.at(constants, members[mine], sign * integers[mine])
        at = places[members[mine]]
        order = np.argsort(at, kind="stable")
        degree = np.bincount(at, minlength=len(places))
        first = np.concatenate([[0], np.cumsum(degree + degree % 2)]).astype(np.int64)
        entry = first[at[order]] + np.arange(len(at)) - np.repeat(np.cumsum(degree) - degree, degree)
        other, weight = np.zeros((first[-1], width), np.uint32), np.zeros(first[-1], np.int32)
        other[entry] = places[others[mine][order][:, 3 - width :]]
        weight[entry] = -2 * sign * integers[mine][order]
        parts += [first, other, weight]
    return Bodies(*parts), constants


@jit_noalias
def add_three(state, first, other, weight, begin, places, total):
    """Add the terms of three to sums (places * LANES,) int32."""
    for p in range(places):
        at = p * _LANES
        for entry in range(np.uint64(first[begin + p]), np.uint64(first[begin + p + _ONE]), _TWO):
            a, b = np.uint64(other[entry, 0]) * _LANES, np.uint64(other[entry, 1]) * _LANES
            c, d = np.uint64(other[entry + _ONE, 0]) * _LANES, np.uint64(other[entry + _ONE, 1]) * _LANES
            wa, wc = weight[entry], weight[entry + _ONE]
            for k in range(_LANES):
                x, y = np.int32(state[a + k] ^ state[b + k]), np.int32(state[c + k] ^ state[d + k])
                total[at + k] += np.int32((wa & x) + (wc & y))


@jit_noalias
def add_four(state, first, other, weight, begin, places, total):
    """Add the terms of four to sums (places * LANES,) int32."""
    for p in range(places):
        at = p * _LANES
        for entry in range(np.uint64(first[begin + p]), np.uint64(first[begin + p + _ONE])):
            a, b = np.uint64(other[entry, 0]) * _LANES, np.uint64(other[entry, 1]) * _LANES
            c, w = np.uint64(other[entry, 2]) * _LANES, weight[entry]
            for k in range(_LANES):
                total[at + k] += w & np.int32(state[a + k] ^ state[b + k] ^ state[c + k])


@jit
def _relax(lowest, highest, state, rng, bits, plan, terms, drive, total, field, pairs, words):
    """As in `gibbs`, with terms."""
    for lower in range(lowest, highest, BLOCK):
        begin, places = np.uint64(lower), np.uint64(min(BLOCK, highest - lower))
        draw_words(bits, plan.node, begin, places, pairs, _HALF)
        fields(state, plan.first, plan.source, plan.weight, plan.base, begin, places, total)
        if terms.weight3.size > 0:
            add_three(state, terms.first3, terms.other3, terms.weight3, begin, places, total)
        if terms.weight4.size > 0:
            add_four(state, terms.first4, terms.other4, terms.weight4, begin, places, total)
        arguments(total, plan.scale, plan.bias, begin, places, field, _LANES)
        if drive.size > 0:
            shift(drive, begin * _LANES, places * _LANES, field)
        draw(field, words, plan.fresh, rng, begin, places)


@jit
def body_slots(state, hidden, keys, begin, end, plan, terms, drive):
    """Run the slots begin .. end-1 of one group; arguments as in `gibbs.slots`, and Bodies."""
    bits, pairs, words, total, field = workspace()
    bounds = plan.bounds
    colours = bounds.size - 1
    for slot in range(begin, end):
        colour = slot % colours
        lowest, highest = bounds[colour], bounds[colour + 1]
        for k in range(HALF):
            bits[k] = bits64(keys[k], np.uint64(slot))
        if hidden.size == 0:
            _relax(lowest, highest, state, state, bits, plan, terms, drive, total, field, pairs, words)
        else:
            _relax(0, plan.node.size, state, hidden, bits, plan, terms, drive, total, field, pairs, words)
            for k in range(lowest * LANES, highest * LANES):
                state[k] = hidden[k]


@jit
def _sum_of(state, place, lane, plan, terms):
    """Sum of integers that one p-bit of one replica feels."""
    total = plan.base[place]
    for entry in range(plan.first[place], plan.first[place + 1]):
        if state[np.int64(plan.source[entry]) * LANES + lane] != DOWN:
            total += plan.weight[entry]
    for entry in range(terms.first3[place], terms.first3[place + 1]):
        x = np.int32(0)
        for k in range(2):
            x ^= np.int32(state[np.int64(terms.other3[entry, k]) * LANES + lane])
        total += terms.weight3[entry] & x
    for entry in range(terms.first4[place], terms.first4[place + 1]):
        x = np.int32(0)
        for k in range(3):
            x ^= np.int32(state[np.int64(terms.other4[entry, k]) * LANES + lane])
        total += terms.weight4[entry] & x
    return np.int32(total)


@jit
def body_ticks(kind, chance, free, state, hidden, keys, begin, end, plan, terms, drive, owner, latched):
    """Run the ticks begin .. end-1 of one group; arguments as in `orders.ticks`, and Bodies."""
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
                for k in range(LANES):
                    place = picked[k]
                    f = np.float32(_sum_of(state, place, k, plan, terms)) * plan.scale[place] + plan.bias[place]
                    if drive.size > 0:
                        f += drive[place * LANES + k]
                    pair = lane64(bits[k // 2], NOISE)
                    word = np.uint32(pair & _LOW if k % 2 == 0 else pair >> _32)
                    at = place * LANES + k
                    state[at] = np.int8(settle(f, word, plan.fresh[place], np.int32(state[at])))
                continue
        if not free:
            hidden[:] = state
        _relax(0, node.size, state, hidden, bits, plan, terms, drive, total, field, pairs, words)
        if kind == RANDOM:
            for k in range(LANES):
                state[picked[k] * LANES + k] = hidden[picked[k] * LANES + k]
        elif kind == SUBSET:
            latch(state, hidden, bits, node, threshold, owner, latched)
        else:
            state[:] = hidden
            for place in range(node.size):
                latched[owner[place]] += 1


@jit_noalias
def _add_odd(state, a, b, c, d, weight, level):
    """level += weight where an odd number of four places is up."""
    for k in range(_LANES):
        level[k] += weight & np.int64(state[a + k] ^ state[b + k] ^ state[c + k] ^ state[d + k])


@jit_noalias
def _add_odd_of_three(state, a, b, c, weight, level):
    for k in range(_LANES):
        level[k] += weight & np.int64(state[a + k] ^ state[b + k] ^ state[c + k])


@jit
def observe_bodies(state, watch, seen_by, valid, draw, seen):
    """Write one draw of a group into `seen`: as :func:`observe`, with the energy and the sums of terms.

    A product of four is -1 where an odd number is up, one of three is +1 there.
    """
    observe(state, watch, valid, draw, seen)
    level, constant = np.zeros(LANES, np.int64), np.int64(0)
    words, replicas = np.empty(watch.place.size, np.uint32), np.int64(ones(valid))
    replica_words(state, valid, words, _LANES)
    for term in range(seen_by.weight.size):
        first, weight = seen_by.members[term, 0], seen_by.weight[term]
        i, j, k = seen_by.members[term, 1], seen_by.members[term, 2], seen_by.members[term, 3]
        odd = words[i] ^ words[j] ^ words[k]
        a, b, c = np.uint64(i) * _LANES, np.uint64(j) * _LANES, np.uint64(k) * _LANES
        if first < 0:
            _add_odd_of_three(state, a, b, c, -2 * weight, level)
            constant += weight
            seen.term[term] += 2 * np.int64(ones(odd)) - replicas
        else:
            _add_odd(state, np.uint64(first) * _LANES, a, b, c, 2 * weight, level)
            constant -= weight
            seen.term[term] += replicas - 2 * np.int64(ones(odd ^ words[first]))
    for lane in range(LANES):
        seen.energy[draw, lane] += seen_by.unit * (level[lane] + constant)


@jit
def body_run(state, hidden, keys, begin, every, plan, terms, drive, watch, seen_by, valid, seen):
    """Run all draws of `seen`, each after `every` further slots from slot `begin` on."""
    for number in range(seen.energy.shape[0]):
        body_slots(state, hidden, keys, begin + number * every, begin + (number + 1) * every, plan, terms, drive)
        observe_bodies(state, watch, seen_by, valid, number, seen)


@jit
def body_run_ticks(
    kind,
    chance,
    free,
    state,
    hidden,
    keys,
    begin,
    every,
    plan,
    terms,
    drive,
    owner,
    latched,
    watch,
    seen_by,
    valid,
    seen,
):
    """The same by ticks of another order."""
    for number in range(seen.energy.shape[0]):
        first = begin + number * every
        body_ticks(kind, chance, free, state, hidden, keys, first, first + every, plan, terms, drive, owner, latched)
        observe_bodies(state, watch, seen_by, valid, number, seen)
