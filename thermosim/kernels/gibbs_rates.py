"""Clocked p-bits whose rates depend on the bias: the slots of `gibbs`, with two wells instead of one relaxation time.

    P(s' = +1) = p + (x - p) exp(-K),   K = (k_up + k_down) D,   p = k_up / (k_up + k_down)
    k_up D = r exp(-E_up max(1 - a/c_up, 0)^n),   k_down D = r exp(-E_down max(1 + a/c_down, 0)^n),   r = D/tau0

n = 0 marks a constant rate: K = r, p = 1 / (1 + e^-a). One uniform (w + 1/2) 2^-32 decides; a flip rarer than 2^-33 in
a slot never happens. Same words as `gibbs`: named by slot and node, two replicas to a word.
Neel, Ann. Geophys. 5, 99 (1949); Brown, Phys. Rev. 130, 1677 (1963).
"""

import math
from typing import NamedTuple

import numpy as np

from thermosim.kernels.gibbs import DOWN, HALF, LANES, UP, arguments, draw_words, fields, shift
from thermosim.kernels.jit import jit
from thermosim.kernels.observe import observe
from thermosim.kernels.random import bits64

_LANES, _HALF, _ONE = np.uint64(LANES), np.uint64(HALF), np.uint64(1)
_LN2 = math.log(2.0)
_TO_UNIT = 2.0**-32


class Rates(NamedTuple):
    """Wells by place, each (node,) float64: r = D/tau0, barriers [kT], critical arguments, exponent n."""

    attempts: np.ndarray
    up: np.ndarray
    down: np.ndarray
    critical_up: np.ndarray
    critical_down: np.ndarray
    exponent: np.ndarray


@jit
def lowered(barrier, share, exponent):
    """Barrier [kT] times max(share, 0)^exponent."""
    share = max(share, 0.0)
    if exponent == 1.0:
        return barrier * share
    if exponent == 2.0:
        return barrier * share * share
    return barrier * share * math.sqrt(share)


@jit
def outcome(a, up, rates, place):
    """P(s' = +1) of the p-bit at a place with the argument a that was `up`, or not, at the begin of the slot."""
    attempts, exponent = rates.attempts[place], rates.exponent[place]
    if exponent == 0.0:
        p, total = 1.0 / (1.0 + math.exp(-a)), attempts
    else:
        rise = attempts * math.exp(-lowered(rates.up[place], 1.0 - a / rates.critical_up[place], exponent))
        fall = attempts * math.exp(-lowered(rates.down[place], 1.0 + a / rates.critical_down[place], exponent))
        total = rise + fall
        p = rise / total if total > 0.0 else 0.5
    fresh = -math.expm1(-total)
    return fresh * p + (1.0 - fresh) * (1.0 if up else 0.0)


@jit
def slots_rates(state, hidden, keys, begin, end, plan, rates, drive):
    """Run the slots begin .. end-1 of one group; arguments as in `gibbs.slots`, whose `fresh` is not read."""
    bits, pairs = np.empty(HALF, np.uint64), np.empty(HALF, np.uint64)
    words = pairs.view(np.uint32)
    total, field = np.empty(LANES, np.int32), np.empty(LANES, np.float32)
    bounds, node = plan.bounds, plan.node
    colours = bounds.size - 1
    free = hidden.size > 0
    rng = hidden if free else state
    for slot in range(begin, end):
        colour = slot % colours
        lowest, highest = bounds[colour], bounds[colour + 1]
        for k in range(HALF):
            bits[k] = bits64(keys[k], np.uint64(slot))
        first, last = (0, node.size) if free else (lowest, highest)
        for place in range(first, last):
            at = np.uint64(place)
            draw_words(bits, node, at, _ONE, pairs, _HALF)
            fields(state, plan.first, plan.source, plan.weight, plan.base, at, _ONE, total)
            arguments(total, plan.scale, plan.bias, at, _ONE, field, _LANES)
            if drive.size > 0:
                shift(drive, at * _LANES, _LANES, field)
            for k in range(LANES):
                u = (float(words[k]) + 0.5) * _TO_UNIT
                index = place * LANES + k
                up = u < outcome(_LN2 * field[k], rng[index] != DOWN, rates, place)
                rng[index] = np.int8(UP) if up else np.int8(DOWN)
        if free:
            for k in range(lowest * LANES, highest * LANES):
                state[k] = hidden[k]


@jit
def run_rates(state, hidden, keys, begin, every, plan, rates, drive, watch, valid, seen):
    """Run all draws of `seen`, each after `every` further slots from slot `begin` on."""
    for number in range(seen.energy.shape[0]):
        slots_rates(state, hidden, keys, begin + number * every, begin + (number + 1) * every, plan, rates, drive)
        observe(state, watch, valid, number, seen)
