"""Clocked p-dits with memory, one colour after the other, LANES replicas side by side.

    P(c_i' = a) = (1 - memory_i) e_a / sum_b e_b + memory_i [c_i = a],   e_a = 2^(scale_i (n_a - max_b n_b))
    n_a = base_i(a) + sum_j w_ij(a, c_j), integers

One uniform u in (0, 1] decides: u > 1 - memory holds the state; else, m being the first of the most probable states and
C_a the sums of e_b over b <= a other than m, the first a with u (1 + C) < (1 - memory) C_a is taken, and m if there is
none. Small u are finely spaced, so the states beside the most probable one keep their rates.

Error. Sums and their differences from the largest are exact; a weight is rounded to half of 2^-28 of what its node can
feel, so the log-odds of a node with d neighbours are off by at most beta (d + 1) 2^-28 times that. Single precision
then adds a relative error of 1e-7 + 2^-23 |log-odds| to e_a, and 2^-24 to each sum and to u: a probability is off by at
most (q + 6) 2^-24, and a state that is rarer than 2^-24 of those before it may be lost.

Rule: Geman and Geman, IEEE PAMI 6, 721 (1984). Random words as in :mod:`thermosim.kernels.gibbs`.
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.gibbs import HALF, LANES, START, draw_words, workspace
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.random import bits64

LARGEST = 2**28
"""Bound of the magnitude of a sum."""
PLANES, WORDS = 4, 15
"""Bit planes that count set bits, and how many words they can hold."""
ROWS = 32
"""Projections: the bits of a word."""
_LANES, _ONE = np.uint64(LANES), np.uint64(1)
_1 = np.uint32(1)
_UNIT, _HALF_BIT, _ZERO = np.float32(1.0), np.float32(0.5), np.float32(0.0)
_TO_UNIT, _MOST = np.float32(2.0**-31), np.float32(126.0)
_BIAS, _MANTISSA = np.int32(127), np.int32(23)
# 2^x for |x| <= 1/2: Chebyshev interpolation, relative error 1.0e-7
_C0, _C1, _C2 = np.float32(1.0000001192092896), np.float32(0.6931471824645996), np.float32(0.2402210682630539)
_C3, _C4, _C5 = np.float32(0.055503569543361664), np.float32(0.009676031768321991), np.float32(0.0013390863314270973)


class Plan(NamedTuple):
    """What a categorical fabric does in a sweep; arrays by place, the order of update.

    bounds (colours + 1,) int64: first place of every colour. node (node,) uint64, which names its noise. states (node,)
    int64. first (node + 1,), source (entry,), table (entry,) int64: neighbours of each place, and where in `entries`
    int32 their table begins, w(a, b) at a width + b with b the neighbour's state. base (node * width,) int32. scale
    (node,) float32, in units of ln 2. fresh (node,) float32: 1 - memory.
    """

    bounds: np.ndarray
    node: np.ndarray
    states: np.ndarray
    first: np.ndarray
    source: np.ndarray
    table: np.ndarray
    entries: np.ndarray
    base: np.ndarray
    scale: np.ndarray
    fresh: np.ndarray
    width: int


class Watch(NamedTuple):
    """What is observed. Nodes are given by their places.

    place (node,) int64. owner (node,) int64: the first of the rows (state of an array) that count its states. signs
    (node * width,) uint32: a bit for each projection, set where the sign is +1. left, right, table (edge,)
    int64, entries int64: tables of the drawn law in units of energy; bias (node * width,) int64; unit. radix (node,)
    uint32: what a state weighs in the number of the state of all. rows (any,) int64: nodes whose states are kept.
    """

    place: np.ndarray
    owner: np.ndarray
    signs: np.ndarray
    left: np.ndarray
    right: np.ndarray
    table: np.ndarray
    entries: np.ndarray
    bias: np.ndarray
    unit: float
    radix: np.ndarray
    rows: np.ndarray
    width: int


class Seen(NamedTuple):
    """What was observed in one group.

    energy (draw, LANES) float64; occupied (draw, row * LANES) int32; plus (draw, ROWS * LANES) int32, nodes of sign +1;
    number (draw, LANES) uint32, all of these zero beforehand; kept (draw, row of Watch.rows, LANES) int8; state
    (node * width,) and bond (edge,) int64: counts of states and sums of J in units, over the first replicas and draws.
    """

    energy: np.ndarray
    occupied: np.ndarray
    plus: np.ndarray
    number: np.ndarray
    kept: np.ndarray
    state: np.ndarray
    bond: np.ndarray


@jit_noalias
def _fields(state, source, table, entries, base, q, width, begin, end, low, total):
    """Sums (q * LANES,) of one place with the neighbours of the entries begin .. end-1; its base begins at `low`."""
    for a in range(q):
        level = base[low + a]
        for k in range(_LANES):
            total[a * _LANES + k] = level
    for entry in range(begin, end):
        at, row = np.uint64(source[entry]) * _LANES, np.uint64(table[entry])
        for a in range(q):
            for k in range(_LANES):
                total[a * _LANES + k] += entries[row + np.uint64(state[at + k])]
            row += width


@jit_noalias
def _choose(total, words, q, scale, fresh, weight, most, best, cumulated, at, state):
    """New states of one place, whose states begin at `at`."""
    for k in range(_LANES):
        most[k] = total[k]
        best[k] = np.int32(0)
        cumulated[k] = _ZERO
    for a in range(_ONE, q):
        number = np.int32(a)
        for k in range(_LANES):
            larger = total[a * _LANES + k] > most[k]
            best[k] = number if larger else best[k]
            most[k] = total[a * _LANES + k] if larger else most[k]
    for a in range(q):
        number = np.int32(a)
        for k in range(_LANES):
            y = min(np.float32(np.int32(most[k] - total[a * _LANES + k])) * scale, _MOST)
            whole = np.int32(y + _HALF_BIT)
            x = np.float32(whole) - y
            t = _C5 * x + _C4
            t = t * x + _C3
            t = t * x + _C2
            t = t * x + _C1
            t = t * x + _C0
            t = t * np.int32(np.int32(_BIAS - whole) << _MANTISSA).view(np.float32)
            cumulated[k] += t if best[k] != number else _ZERO
            weight[a * _LANES + k] = cumulated[k]
    for k in range(_LANES):
        u = (np.float32(np.int32(words[k] >> _1)) + _HALF_BIT) * _TO_UNIT
        cumulated[k] = u * (_UNIT + cumulated[k])
        # What is kept is decided last, and the old state is read before.
        most[k] = np.int32(state[at + k]) if u > fresh else np.int32(-1)
    for step in range(q):
        a = q - _ONE - step
        number = np.int32(a)
        for k in range(_LANES):
            best[k] = number if cumulated[k] < fresh * weight[a * _LANES + k] else best[k]
    for k in range(_LANES):
        state[at + k] = np.int8(best[k] if most[k] < 0 else most[k])


@jit
def slots(state, keys, begin, end, plan):
    """Run the slots begin .. end-1 of a group; state (node * LANES,) int8 by place and replica, keys (HALF,) uint64."""
    bits, pairs, words, _, _ = workspace()
    width = np.uint64(plan.width)
    total, weight = np.empty(plan.width * LANES, np.int32), np.empty(plan.width * LANES, np.float32)
    most, best = np.empty(LANES, np.int32), np.empty(LANES, np.int32)
    cumulated = np.empty(LANES, np.float32)
    colours = plan.bounds.size - 1
    for slot in range(begin, end):
        colour = slot % colours
        for k in range(HALF):
            bits[k] = bits64(keys[k], np.uint64(slot))
        for place in range(np.uint64(plan.bounds[colour]), np.uint64(plan.bounds[colour + 1])):
            q = np.uint64(plan.states[place])
            draw_words(bits, plan.node, place, _ONE, pairs, np.uint64(HALF))
            _fields(
                state, plan.source, plan.table, plan.entries, plan.base, q, width, np.uint64(plan.first[place]),
                np.uint64(plan.first[place + _ONE]), place * width, total,
            )  # fmt: skip
            _choose(
                total, words, q, plan.scale[place], plan.fresh[place], weight, most, best, cumulated, place * _LANES,
                state,
            )  # fmt: skip


@jit
def start(keys, plan, state):
    """First states at random, each equally likely but for 2^-32 q."""
    bits, pairs, words, _, _ = workspace()
    for k in range(HALF):
        bits[k] = bits64(keys[k], START)
    for place in range(plan.node.size):
        draw_words(bits, plan.node, np.uint64(place), _ONE, pairs, np.uint64(HALF))
        for k in range(LANES):
            state[place * LANES + k] = np.int8((np.uint64(words[k]) * np.uint64(plan.states[place])) >> np.uint64(32))


@jit_noalias
def _node(state, at, row, owner, radix, bias, signs, level, words, number, occupied, lanes):
    """What the states of one node, which begin at `at`, add to the sums of every lane."""
    for k in range(lanes):
        c = np.uint64(state[at + k])
        level[k] -= bias[row + c]
        words[k] = signs[row + c]
        number[k] += np.uint32(radix * np.uint32(c))
        occupied[(owner + c) * lanes + k] += np.int32(1)


@jit_noalias
def _add(words, planes, lanes):
    """Add a word for each lane to the counters of its bits; planes (PLANES * LANES,), low bits first."""
    for k in range(lanes):
        carry = words[k]
        for plane in range(np.uint64(PLANES)):
            before = planes[plane * lanes + k]
            planes[plane * lanes + k] = before ^ carry
            carry &= before


@jit_noalias
def _flush(planes, plus, rows, lanes):
    """Move the counts of the planes into plus (ROWS * LANES,)."""
    for row in range(rows):
        shift = np.uint32(row)
        for k in range(lanes):
            bits = np.uint32(0)
            for plane in range(np.uint64(PLANES)):
                bits |= np.uint32(((planes[plane * lanes + k] >> shift) & _1) << np.uint32(plane))
            plus[row * lanes + k] += np.int32(bits)
    for k in range(planes.size):
        planes[k] = np.uint32(0)


@jit_noalias
def _bond(state, left, right, row, width, entries, level, replicas, lanes):
    """Take J of one edge from every level; its sum over the first replicas."""
    total = np.int64(0)
    for k in range(lanes):
        value = entries[row + np.uint64(state[left + k]) * width + np.uint64(state[right + k])]
        level[k] -= value
        total += value if k < replicas else np.int64(0)
    return total


@jit_noalias
def _tally(state, at, replicas, row, counts):
    for k in range(replicas):
        counts[row + np.uint64(state[at + k])] += 1


@jit
def observe(state, watch, replicas, draw, seen):
    """Write one draw of a group into `seen`; its first `replicas` lanes count in the sums."""
    width, lanes, some = np.uint64(watch.width), np.uint64(LANES), np.uint64(replicas)
    level, words = np.zeros(LANES, np.int64), np.zeros(LANES, np.uint32)
    planes = np.zeros(PLANES * LANES, np.uint32)
    number, plus, occupied = seen.number[draw], seen.plus[draw], seen.occupied[draw]
    for node in range(np.uint64(watch.place.size)):
        at, row = np.uint64(watch.place[node]) * lanes, node * width
        _node(
            state, at, row, np.uint64(watch.owner[node]), watch.radix[node], watch.bias, watch.signs, level, words,
            number, occupied, lanes,
        )  # fmt: skip
        _tally(state, at, some, row, seen.state)
        _add(words, planes, lanes)
        if node % np.uint64(WORDS) == np.uint64(WORDS - 1):
            _flush(planes, plus, np.uint64(ROWS), lanes)
    _flush(planes, plus, np.uint64(ROWS), lanes)
    for edge in range(np.uint64(watch.left.size)):
        left, right = np.uint64(watch.left[edge]) * lanes, np.uint64(watch.right[edge]) * lanes
        table = np.uint64(watch.table[edge])
        seen.bond[edge] += _bond(state, left, right, table, width, watch.entries, level, some, lanes)
    for k in range(LANES):
        seen.energy[draw, k] = watch.unit * level[k]
    for row in range(watch.rows.size):
        at = watch.place[watch.rows[row]] * LANES
        for k in range(LANES):
            seen.kept[draw, row, k] = state[at + k]


@jit
def run(state, keys, begin, every, plan, watch, replicas, seen):
    """Run all draws of `seen`, each after `every` further slots from slot `begin` on."""
    for draw in range(seen.energy.shape[0]):
        slots(state, keys, begin + draw * every, begin + (draw + 1) * every, plan)
        observe(state, watch, replicas, draw, seen)
