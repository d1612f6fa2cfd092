"""Charges that jump: every jump in its turn (exact), or many at a time (leaps), one replica after another.

    ln lambda_r(N) = base_r + sum_i gain_ri N_i,   N -> N + t_r at rate lambda_r

Exact: waiting times and choices from the total rate (Gillespie, J. Comput. Phys. 22, 403, 1976). After a jump of r
every rate is multiplied by exp(response_sr); the rates are computed anew every REFRESH jumps, so that no rounding
gathers. The next jump stays due where it is when a run stops in between, and moves with the total rate when inputs
step.

Leaps: weak trapezoidal steps (Hu, Li, Min, J. Chem. Phys. 135, 024113, 2011; theta = 1/2) of length h,

    N' = N + t Poisson(h/2 lambda(N)),   N'' = N' + t Poisson(h/2 [2 lambda(N') - lambda(N)]_+)
    h max_s sum_r lambda_r |response_sr| <= leap

`leap` bounds the expected change of every ln lambda in a step. In a linear circuit of rate A the stationary variance
then is off by the share (A h)^3 / 8. The largest change that was met is kept.
"""

from math import exp, log
from typing import NamedTuple

import numpy as np

from thermosim.kernels.jit import jit
from thermosim.kernels.poisson import poisson
from thermosim.kernels.random import bits64, lane64, uniform

_ZERO, _ONE = np.uint64(0), np.uint64(1)
REFRESH = np.uint64(256)
LEAST, MOST = 1e-300, 1e30
"""Total rates [1/s] below which a circuit counts as still, and above which its numbers have left all reason."""


class Jumps(NamedTuple):
    """transfer (channel, node) int64; gain (channel, node): d ln lambda / d charge; response (channel, channel): change
    of the first channel's ln lambda by a jump of the second; factor (jumped, channel) = exp(response) transposed."""

    transfer: np.ndarray
    gain: np.ndarray
    response: np.ndarray
    factor: np.ndarray


@jit
def _rates(base, charge, jumps, rate):
    total = 0.0
    for r in range(rate.size):
        value = base[r]
        for i in range(charge.size):
            value += jumps.gain[r, i] * charge[i]
        rate[r] = exp(value)
        total += rate[r]
    return max(total, LEAST)


@jit
def _sum(rate):
    total = 0.0
    for r in range(rate.size):
        total += rate[r]
    return max(total, LEAST)


@jit
def begin(keys, base, charge, jumps, rate, due, count):
    """First jumps: rate (channel, replica) and due (replica,) [s] from base (channel, replica), charge (node,
    replica)."""
    for k in range(keys.size):
        own = np.empty(rate.shape[0])
        total = _rates(base[:, k], charge[:, k], jumps, own)
        rate[:, k] = own
        due[k] = -log(uniform(lane64(bits64(keys[k], count[k]), _ONE))) / total
        count[k] += _ONE


@jit
def rebase(now, base, charge, jumps, rate, due):
    """Inputs have stepped at `now` [s]: new rates, and what is left of each waiting time in units of the new total."""
    for k in range(due.size):
        own = rate[:, k].copy()
        before = _sum(own)
        total = _rates(base[:, k], charge[:, k], jumps, own)
        rate[:, k] = own
        due[k] = now + max(due[k] - now, 0.0) * (before / total)


@jit
def follow(keys, until, base, charge, jumps, rate, due, count, flow, seen):
    """Every jump up to each time of `until` (draw,) [s]; seen (draw, node, replica) int64 keeps the charges there.

    base, rate (channel, replica); charge (node, replica) int64; due (replica,); count (replica,) uint64; flow (channel,
    replica) int64 is increased by the jumps of each channel.
    """
    channels, nodes = jumps.transfer.shape
    own, here, done = np.empty(channels), np.empty(nodes, np.int64), np.empty(channels, np.int64)
    for k in range(keys.size):
        start = np.ascontiguousarray(base[:, k])
        own[:], here[:], done[:] = rate[:, k], charge[:, k], 0
        total, next_due, number = _sum(own), due[k], count[k]
        for draw in range(until.size):
            while next_due <= until[draw]:
                word = bits64(keys[k], number)
                number += _ONE
                left = uniform(lane64(word, _ZERO)) * total
                r = 0
                while r < channels - 1 and left >= own[r]:
                    left -= own[r]
                    r += 1
                done[r] += 1
                for i in range(nodes):
                    here[i] += jumps.transfer[r, i]
                if number % REFRESH == _ZERO:
                    total = _rates(start, here, jumps, own)
                else:
                    for s in range(channels):
                        own[s] *= jumps.factor[r, s]
                    total = _sum(own)
                next_due -= log(uniform(lane64(word, _ONE))) / total
                if not total < MOST:
                    next_due = np.nan  # ends the loop; the caller looks for it
            for i in range(nodes):
                seen[draw, i, k] = here[i]
        rate[:, k], charge[:, k] = own, here
        due[k], count[k] = next_due, number
        for r in range(channels):
            flow[r, k] += done[r]


@jit
def leap(keys, now, until, base, charge, jumps, count, flow, worst, bound, seen):
    """Leaps from `now` [s] to each time of `until` (draw,); worst (replica,) keeps the largest change of a ln rate.

    `bound` is the leap condition; the other arguments are those of :func:`follow`.
    """
    channels, nodes = jumps.transfer.shape
    first, second = np.empty(channels), np.empty(channels)
    here, half, done = np.empty(nodes, np.int64), np.empty(nodes, np.int64), np.empty(channels, np.int64)
    size = np.abs(jumps.response)
    for k in range(keys.size):
        start = np.ascontiguousarray(base[:, k])
        here[:], done[:] = charge[:, k], 0
        time, number = now, count[k]
        for draw in range(until.size):
            while time < until[draw]:
                _rates(start, here, jumps, first)
                fastest = LEAST
                for s in range(channels):
                    change = 0.0
                    for r in range(channels):
                        change += first[r] * size[s, r]
                    fastest = max(fastest, change)
                if not fastest < MOST:
                    worst[k] = np.nan
                    break
                left = until[draw] - time
                step = min(bound / fastest, left)
                word, lane = bits64(keys[k], number), _ZERO
                number += _ONE
                half[:] = here
                for r in range(channels):
                    jumped = poisson(lane64(word, lane), 0.5 * step * first[r])
                    lane += _ONE
                    done[r] += jumped
                    for i in range(nodes):
                        half[i] += jumped * jumps.transfer[r, i]
                _rates(start, half, jumps, second)
                here_after = half.copy()
                for r in range(channels):
                    jumped = poisson(lane64(word, lane), 0.5 * step * max(0.0, 2.0 * second[r] - first[r]))
                    lane += _ONE
                    done[r] += jumped
                    for i in range(nodes):
                        here_after[i] += jumped * jumps.transfer[r, i]
                for r in range(channels):
                    change = 0.0
                    for i in range(nodes):
                        change += jumps.gain[r, i] * (here_after[i] - here[i])
                    worst[k] = max(worst[k], abs(change))
                here[:] = here_after
                time = until[draw] if step == left else time + step
            for i in range(nodes):
                seen[draw, i, k] = here[i]
        charge[:, k] = here
        count[k] = number
        for r in range(channels):
            flow[r, k] += done[r]
