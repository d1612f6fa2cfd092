"""Free-running p-bits whose inputs follow at once, as one stream of candidates without times.

    redraws      p-bit i is redrawn from p(a_i) at the rate 1 / tau0_i:         flips at (1 / tau0) p(a) or (1 - p)
    rejections   p-bit i is tried at k0_i exp(b_i / 2), b_i >= |a_i| for ever:  flips at k0 exp(-s a / 2)

All candidates are one Poisson stream of the summed rate, each of p-bit i with a chance in proportion to its own rate
(superposition; Walker's alias table). Given their number in an interval, the times of a Poisson stream are independent
and uniform, and independent of which p-bits and thresholds they carry. So the state at the end of the interval depends
on the times through their order only, and any order of independent candidates has the same law: an interval is a
Poisson count and that many candidates, and counts of disjoint intervals are independent. No time is ever drawn.

A candidate carries the threshold that its p-bit's argument is compared with. With u = v or 1 - v, v in (0, 1/2]:

    redraw, logistic   up if a > ln(u / (1 - u))         rejection   flip if s a + b < -2 ln u
    redraw, other      up if u < p(a)

Arguments are kept as whole multiples of 2^-60 of the largest, and changed by the flips: their sums are exact. The
logarithm is 2 artanh(x) to x^9 (relative error 1e-8), in single precision: the odds of a flip are exact to 1e-5 and a
chance to 1e-7, however rare. Random words: lane64(bits64(key, c / BLOCK), c mod BLOCK) for the candidate c of a
replica, and lane BLOCK + c mod BLOCK for its threshold; bits64(key, 2^63 + slot) for the counts of the grid.

Uniformisation: Jensen, Skand. Aktuarietidskr. 36, 87 (1953). Order statistics: Kingman, Poisson Processes (1993), 2.4.
"""

from math import log
from typing import NamedTuple

import numpy as np

from thermosim.kernels.gibbs import DOWN
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.poisson import poisson
from thermosim.kernels.random import bits64, lane64, uniform
from thermosim.kernels.response import Curves, chance_up

BLOCK = 4096
"""Candidates that are drawn together."""
REDRAW, CURVED, REJECT = 0, 1, 2
"""Of what kind the candidates of a fabric are: of logistic p-bits, of others too, of Arrhenius ones too."""
_BLOCK, _INTERVALS, _NEXT = np.uint64(BLOCK), np.uint64(2**63), np.uint32(1)
_ONE, _27, _37 = np.uint64(1), np.uint64(27), np.uint64(37)
NODES = 2**27
"""Most p-bits: a site has 37 bits below its number."""
_FRACTION = np.uint64(2**37 - 1)
_F0, _F1, _F2, _F3, _F5, _F7, _F9 = (np.float32(x) for x in (0.0, 1.0, 2.0, 2 / 3, 2 / 5, 2 / 7, 2 / 9))
_HALF, _LN2 = np.float32(0.5), np.float32(log(2.0))
_64, _63 = np.float32(2.0**-64), np.float32(2.0**-63)
_ROOT_HALF, _23 = np.int32(0x3F3504F3), np.int32(23)


class StreamNet(NamedTuple):
    """A fabric; arguments in `unit`s.

    first (node + 1,) int64, felt (entry,) uint32, weight (entry,) int64: turning p-bit j up adds weight to the
    arguments of felt[first[j]:first[j + 1]]. chance (node,) uint64 of 2^37, alias (node,) uint32: alias table of the
    rates, empty where all are equal. bound (node,) int64 and arrhenius (node,) bool: for rejections. curves: for
    others than the logistic. mean: candidates in an interval of the grid.
    """

    first: np.ndarray
    felt: np.ndarray
    weight: np.ndarray
    chance: np.ndarray
    alias: np.ndarray
    bound: np.ndarray
    arrhenius: np.ndarray
    curves: Curves
    unit: float
    mean: float


class StreamState(NamedTuple):
    """One replica: level (node,) int64, the arguments; up (node,) int8 masks; count (1,) int64 of candidates."""

    level: np.ndarray
    up: np.ndarray
    count: np.ndarray


@jit
def log_of(r):
    """ln r of a normal float32: r = 2^e m, sqrt(1/2) < m < sqrt(2), ln m = 2 artanh((m - 1) / (m + 1))."""
    bits = np.float32(r).view(np.int32)
    e = np.int32(np.int32(bits - _ROOT_HALF) >> _23)
    m = np.int32(bits - np.int32(e << _23)).view(np.float32)
    x = (m - _F1) / (m + _F1)
    z = x * x
    return np.float32(e) * _LN2 + x * (_F2 + z * (_F3 + z * (_F5 + z * (_F7 + z * _F9))))


@jit_noalias
def _sites(bits, begin, count, nodes, site, rest):
    """A p-bit for each candidate, all alike, and what is left of its bits."""
    for k in range(count):
        share = (lane64(bits, begin + k) >> _27) * nodes
        site[k] = np.uint32(share >> _37)
        rest[k] = share & _FRACTION


@jit_noalias
def _aliased(site, rest, count, chance, alias):
    for k in range(count):
        if rest[k] >= chance[site[k]]:
            site[k] = alias[site[k]]


@jit_noalias
def _logistic(bits, begin, count, scale, threshold):
    """Logistic numbers in units."""
    for k in range(count):
        word = lane64(bits, begin + k)
        v = (np.float32(np.int64(word >> _ONE)) + _HALF) * _64
        x = log_of(v / (_F1 - v)) * scale
        threshold[k] = x if (word & _ONE) != 0 else -x


@jit_noalias
def _waits(bits, begin, count, scale, site, arrhenius, threshold):
    """Twice an exponential number in units where the p-bit is Arrhenius, else what is there."""
    for k in range(count):
        u = (np.float32(np.int64(lane64(bits, begin + k) >> _ONE)) + _HALF) * _63
        x = -_F2 * log_of(u) * scale
        threshold[k] = x if arrhenius[site[k]] else threshold[k]


# The loops over candidates take arrays, not tuples of them: every tuple that a call is given costs reference counts.
@jit_noalias
def redraw(site, threshold, count, level, up, first, felt, weight):
    for k in range(count):
        node = site[k]
        new = np.float64(level[node]) > threshold[k]
        if new != (up[node] != DOWN):
            up[node] = np.int8(-1) if new else np.int8(0)
            for entry in range(np.uint64(first[node]), np.uint64(first[node + _NEXT])):
                level[felt[entry]] += weight[entry] if new else -weight[entry]


@jit_noalias
def _reject(site, threshold, count, level, up, first, felt, weight, bound):
    for k in range(count):
        node = site[k]
        new = up[node] == DOWN
        along = -level[node] if new else level[node]
        if np.float64(along + bound[node]) < threshold[k]:
            up[node] = np.int8(-1) if new else np.int8(0)
            for entry in range(np.uint64(first[node]), np.uint64(first[node + _NEXT])):
                level[felt[entry]] += weight[entry] if new else -weight[entry]


@jit
def _curved(bits, begin, site, count, level, up, first, felt, weight, unit, curves):
    for k in range(count):
        node = site[k]
        new = uniform(lane64(bits, begin + np.uint64(k))) < chance_up(node, unit * level[node], curves)
        if new != (up[node] != DOWN):
            up[node] = np.int8(-1) if new else np.int8(0)
            for entry in range(np.uint64(first[node]), np.uint64(first[node + _NEXT])):
                level[felt[entry]] += weight[entry] if new else -weight[entry]


@jit
def follow_stream(key, kind, slot, every, net, state, draws, lane, width):
    """Run one replica from interval `slot` of the grid on and note its outputs after every `every` intervals.

    draws (draw, node * width) int8 masks, of which `lane` is filled.
    """
    site, rest, threshold = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.float32)
    level, up, counted = state
    first, felt, weight = net.first, net.felt, net.weight
    nodes, scale = up.size, np.float32(1.0 / net.unit)
    for draw in range(draws.shape[0]):
        left = np.int64(0)
        for interval in range(slot + draw * every, slot + (draw + 1) * every):
            left += poisson(bits64(key, _INTERVALS + np.uint64(interval)), net.mean)
        while left > 0:
            block, at = divmod(counted[0], BLOCK)
            count = min(left, BLOCK - at)
            left -= count
            counted[0] += count
            bits, begin, many = bits64(key, np.uint64(block)), np.uint64(at), np.uint64(count)
            _sites(bits, begin, many, np.uint64(nodes), site, rest)
            if net.chance.size > 0:
                _aliased(site, rest, many, net.chance, net.alias)
            if kind == CURVED:
                _curved(bits, begin + _BLOCK, site, count, level, up, first, felt, weight, net.unit, net.curves)
                continue
            _logistic(bits, begin + _BLOCK, many, scale, threshold)
            if kind == REDRAW:
                redraw(site, threshold, many, level, up, first, felt, weight)
            else:
                _waits(bits, begin + _BLOCK, many, scale, site, net.arrhenius, threshold)
                _reject(site, threshold, many, level, up, first, felt, weight, net.bound)
        for node in range(nodes):
            draws[draw, node * width + lane] = up[node]
