"""Wiring and thresholds of few-bit p-bits, laid out for :mod:`thermosim.kernels.packed`.

level_i = sum_j |w_ij| [s_j agrees with the sign of w_ij],   f_i = scale_i (bottom_i + 2 level_i) + b_i
p_i = 1 / (1 + 2^-f_i), by the response of :mod:`thermosim.kernels.gibbs` (relative error 1e-7)
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.blocks import blocks, lines
from thermosim.kernels.fields import Rows
from thermosim.kernels.gibbs import odds
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.random import GOLDEN

PLANES = 8
"""Digits of a threshold that are held against words of random bits; those of eight levels fill a word."""
SIZE = 128
"""Places of a block at most; part of no result."""

_0, _1 = np.uint64(0), np.uint64(1)
_NEVER = np.float32(0.0)


class Wiring(NamedTuple):
    """Rows in blocks: place, block, begin and source as of :class:`thermosim.kernels.blocks.Blocks`.

    line (block + 1,) int64: first line of every block, a line being one entry of all its places. near (line,) int64:
    source of lane 0 of a line whose sources follow one another but for one place at the most, or -1. odd (line,) int64:
    the one lane that does not, or -1. weight (entry,) int8. name (node,) uint64: (1 + node) g. digits: bits of the
    largest magnitude. slices: bits of the largest level, at least three.
    """

    place: np.ndarray
    block: np.ndarray
    begin: np.ndarray
    line: np.ndarray
    near: np.ndarray
    odd: np.ndarray
    source: np.ndarray
    weight: np.ndarray
    name: np.ndarray
    digits: int
    slices: int


class Chances(NamedTuple):
    """What p-bits do at each level, by place.

    bottom (node,) int32; scale, bias, fresh (node,) float32. groups: eight levels each. code (node * groups,) uint64:
    byte b from the left holds digit b of the eight thresholds fresh p, word after word by block, group and place.
    renewed (node,) uint64: the first digits of fresh.
    """

    bottom: np.ndarray
    scale: np.ndarray
    bias: np.ndarray
    fresh: np.ndarray
    groups: int
    code: np.ndarray
    renewed: np.ndarray


def spans(plan):
    """Sum of magnitudes of every row and of those of its negative weights (node,) int64, in units of weights."""

    def of_rows(values):
        return np.diff(np.concatenate([[0], np.cumsum(values, dtype=np.int64)])[plan.first])

    return of_rows(np.abs(plan.weight)), of_rows(np.maximum(-plan.weight, 0))


def wire(plan):
    """The rows of a :class:`thermosim.kernels.gibbs.Plan`, whose weights are even, in blocks."""
    laid = blocks(Rows(plan.first, plan.source, plan.weight), plan.bounds, SIZE)
    weight = (laid.weight // 2).astype(np.int8)
    return Wiring(
        laid.place, laid.block, laid.begin, *_followed(laid, len(plan.node)), laid.source, weight,
        (plan.node + _1) * GOLDEN, int(np.abs(weight).max(initial=0)).bit_length(),
        max(3, (int(spans(plan)[0].max(initial=0)) // 2).bit_length()),
    )  # fmt: skip


def _followed(laid, nodes):
    """`line`, `near` and `odd` of :class:`Wiring`."""
    first, length = lines(laid)
    line = np.searchsorted(first, laid.begin)
    if not len(first):
        return line, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    lane = np.arange(len(laid.source)) - np.repeat(first, length)
    own = np.repeat(laid.place[:-1], np.diff(laid.begin))  # what a weight of zero goes with follows, too
    offset = np.where(laid.weight == 0, own, laid.source.astype(np.int64) - lane)
    near = offset[first + length // 2]
    off = offset != np.repeat(near, length)
    strays = np.add.reduceat(off.astype(np.int64), first)
    odd = np.where(strays == 1, np.add.reduceat(off * lane, first), -1)
    follows = (strays <= 1) & (near >= 0) & (near + length <= nodes)
    return line, np.where(follows, near, -1), np.where(follows, odd, -1)


def chances(plan, wiring):
    """Thresholds of a plan, laid out as its `wiring`."""
    magnitude, negative = spans(plan)
    groups = int(magnitude.max(initial=0)) // 2 // 8 + 1
    bottom = (plan.base - negative).astype(np.int32)
    code, renewed = np.empty(len(plan.node) * groups, dtype=np.uint64), np.empty(len(plan.node), dtype=np.uint64)
    _codes(bottom, plan.scale, plan.bias, plan.fresh, wiring.place, np.int64(groups), code, renewed)
    return Chances(bottom, plan.scale, plan.bias, plan.fresh, groups, code, renewed)


@jit
def chance(level, bottom, scale, bias, fresh):
    """Probability to be renewed and up, at one level."""
    f = np.float32(bottom + np.int32(2) * level) * scale + bias
    t = np.float64(odds(f))
    return np.float64(fresh) * (1.0 if f >= _NEVER else t) / (1.0 + t)


@jit
def first_digits(share):
    """The first PLANES binary digits of a probability; certainty has ones alone."""
    return min(np.uint64(share * 256.0), np.uint64(255))


@jit_noalias
def _codes(bottom, scale, bias, fresh, place, groups, code, renewed):
    for b in range(place.size - 1):
        first, size = place[b], place[b + 1] - place[b]
        for k in range(size):
            i = first + k
            renewed[i] = first_digits(np.float64(fresh[i]))
            for g in range(groups):
                word = _0
                for level in range(8):
                    digits = first_digits(chance(np.int32(8 * g + level), bottom[i], scale[i], bias[i], fresh[i]))
                    for plane in range(PLANES):
                        word |= ((digits >> np.uint64(7 - plane)) & _1) << np.uint64(56 - 8 * plane + level)
                code[first * groups + g * size + k] = word
