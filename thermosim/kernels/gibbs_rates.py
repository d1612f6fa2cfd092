"""Clocked p-bits whose rates depend on the bias, or whose response is no logistic: the slots of `gibbs`, by rates.

    P(turn) = (1 - exp(-K)) q,   K = (k_up + k_down) D,   q = k_up / (k_up + k_down) for one that is down, else 1 - q
    k_up D = r exp(-E_up max(1 - a/c_up, 0)^n),   k_down D = r exp(-E_down max(1 + a/c_down, 0)^n),   r = D/tau0

n = 0 marks a constant rate: K = r, q = p(a), logistic or another curve. One uniform (w / 2 + 1/2) 2^-31 decides; a turn
rarer than 2^-32 in a slot never happens. Same words as `gibbs`: named by slot and node, two replicas to a word.

Lanes are side by side in single precision, e = 6e-8. With r = |a| / c a share 1 -+ a/c has the error e (1 + 2 r) and
its power n times that; three products add 3 e x to an exponent x = E share^n. So ln k is good to
1e-6 + 3e-7 n E (1 + r)^n, down to rates of 2^-126. 1 - exp(-K) has the relative error of K, since 2^x - 1 is a series
without a constant term. Curves other than the logistic are computed one by one.
Neel, Ann. Geophys. 5, 99 (1949); Brown, Phys. Rev. 130, 1677 (1963).
"""

import math
from typing import NamedTuple

import numpy as np

from thermosim.kernels.gibbs import DOWN, HALF, LANES, arguments, draw_words, fields, shift
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.observe import observe
from thermosim.kernels.random import bits64
from thermosim.kernels.response import LOGISTIC, Curves, chance_up

_LANES, _HALF, _ONE = np.uint64(LANES), np.uint64(HALF), np.uint64(1)
_LN2, _LOG2E = np.float32(math.log(2.0)), np.float32(math.log2(math.e))
_ZERO, _UNIT, _HALF_BIT, _LARGEST = np.float32(0.0), np.float32(1.0), np.float32(0.5), np.float32(126.0)
_TO_UNIT, _1 = np.float32(2.0**-31), np.uint32(1)
_BIAS, _MANTISSA = np.int32(127), np.int32(23)
# (2^x - 1) / x for |x| <= 1/2: the series of exp(x ln 2), whose next term is 1e-8 of the sum
_D = [np.float32(math.log(2.0) ** k / math.factorial(k)) for k in range(1, 8)]
_D1, _D2, _D3, _D4, _D5, _D6, _D7 = _D


class Rates(NamedTuple):
    """Wells by place, each (node,) float64: r = D/tau0, barriers [kT], critical arguments, exponent n; curves."""

    attempts: np.ndarray
    up: np.ndarray
    down: np.ndarray
    critical_up: np.ndarray
    critical_down: np.ndarray
    exponent: np.ndarray
    curves: Curves


@jit
def _power(y):
    """2^-y - 1 and 2^-y of a float32 y >= 0, at most 2^-126 wrong."""
    y = min(y, _LARGEST)
    whole = np.int32(y + _HALF_BIT)
    x = np.float32(whole) - y
    less = x * (_D1 + x * (_D2 + x * (_D3 + x * (_D4 + x * (_D5 + x * (_D6 + x * _D7))))))
    scale = np.int32(np.int32(_BIAS - whole) << _MANTISSA).view(np.float32)
    return (scale - _UNIT) + scale * less, scale + scale * less


@jit_noalias
def _shares(field, critical_up, critical_down, rise, fall, lanes):
    """What is left of the barriers, as shares of their height."""
    up, down = _LN2 / np.float32(critical_up), _LN2 / np.float32(critical_down)
    for k in range(lanes):
        rise[k] = max(_UNIT - field[k] * up, _ZERO)
        fall[k] = max(_UNIT + field[k] * down, _ZERO)


@jit_noalias
def _raise(share, exponent, lanes):
    if exponent == 1.5:
        for k in range(lanes):
            share[k] *= np.sqrt(share[k])
    elif exponent == 2.0:
        for k in range(lanes):
            share[k] *= share[k]


@jit_noalias
def _escape(rise, fall, attempts, up, down, lanes):
    """Barriers to k_up D and k_down D."""
    r, high, low = np.float32(attempts), np.float32(up) * _LOG2E, np.float32(down) * _LOG2E
    for k in range(lanes):
        rise[k] = r * _power(high * rise[k])[1]
        fall[k] = r * _power(low * fall[k])[1]


@jit_noalias
def _relax(field, rise, fall, attempts, lanes):
    """k_up D and k_down D of logistic p-bits of constant rates; each is precise where it is small."""
    r = np.float32(attempts)
    for k in range(lanes):
        f = field[k]
        t = _power(abs(f))[1]
        along = r / (_UNIT + t)
        rise[k] = along if f >= _ZERO else along * t
        fall[k] = along * t if f >= _ZERO else along


@jit
def _curve(field, rise, fall, attempts, place, curves):
    for k in range(LANES):
        up = chance_up(place, math.log(2.0) * field[k], curves)
        rise[k], fall[k] = attempts * up, attempts * (1.0 - up)


@jit_noalias
def _decide(rise, fall, words, spins, begin, lanes):
    """New spins at a place."""
    for k in range(lanes):
        old = np.int32(spins[begin + k])
        total = rise[k] + fall[k]
        fresh = -_power(total * _LOG2E)[0]
        away = rise[k] if old == DOWN else fall[k]
        u = (np.float32(np.int32(words[k] >> _1)) + _HALF_BIT) * _TO_UNIT
        spins[begin + k] = np.int8(~old) if u * total < fresh * away else np.int8(old)


@jit
def slots_rates(state, hidden, keys, begin, end, plan, rates, drive):
    """Run the slots begin .. end-1 of one group; arguments as in `gibbs.slots`, whose `fresh` is not read."""
    bits, pairs = np.empty(HALF, np.uint64), np.empty(HALF, np.uint64)
    words = pairs.view(np.uint32)
    total, field = np.empty(LANES, np.int32), np.empty(LANES, np.float32)
    rise, fall = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    bounds, node = plan.bounds, plan.node
    attempts, exponent, kind = rates.attempts, rates.exponent, rates.curves.kind
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
            if exponent[place] != 0.0:
                _shares(field, rates.critical_up[place], rates.critical_down[place], rise, fall, _LANES)
                _raise(rise, exponent[place], _LANES)
                _raise(fall, exponent[place], _LANES)
                _escape(rise, fall, attempts[place], rates.up[place], rates.down[place], _LANES)
            elif kind[place] == LOGISTIC:
                _relax(field, rise, fall, attempts[place], _LANES)
            else:
                _curve(field, rise, fall, attempts[place], place, rates.curves)
            _decide(rise, fall, words, rng, at * _LANES, _LANES)
        if free:
            for k in range(lowest * LANES, highest * LANES):
                state[k] = hidden[k]


@jit
def run_rates(state, hidden, keys, begin, every, plan, rates, drive, watch, valid, seen):
    """Run all draws of `seen`, each after `every` further slots from slot `begin` on."""
    for number in range(seen.energy.shape[0]):
        slots_rates(state, hidden, keys, begin + number * every, begin + (number + 1) * every, plan, rates, drive)
        observe(state, watch, valid, number, seen)
