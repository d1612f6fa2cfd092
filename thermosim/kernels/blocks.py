"""Rows of couplings block by block, entry by entry, so that consecutive lanes hold consecutive places.

Entry d of the p-bit at lane k of a block is at begin + d size + k, for every d below the longest row of the block: what
shorter rows lack is filled with zeros. A block lies in one colour. It is halved until its entries fit in the first
cache and few of them are such zeros: one p-bit with very many neighbours must not lengthen the rows of many others.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

ENTRIES, IDLE = 2**15, 2**10
"""Entries of a block, and of those the ones that fill up its rows, at most; part of no result."""


class Blocks(NamedTuple):
    """Rows block by block.

    place (block + 1,) int64: first place of every block. block (colours + 1,) int64: first block of every colour. begin
    (block + 1,) int64: first entry. source (entry,) uint32; weight (entry,) int32, or int8 where all of them fit.
    """

    place: np.ndarray
    block: np.ndarray
    begin: np.ndarray
    source: np.ndarray
    weight: np.ndarray


def blocks(rows, bounds, most):
    """Blocks of `rows`, whose lengths are multiples of four, for colours that begin at `bounds`; `most` places each."""
    length = np.diff(rows.first)
    place = _halved(length, np.concatenate([*(np.arange(a, b, most) for a, b in pairwise(bounds)), bounds[-1:]]))
    sizes, depth = np.diff(place), _depth(length, place)
    begin = np.concatenate([[0], np.cumsum(depth * sizes)]).astype(np.int64)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    target = np.repeat(np.arange(len(length)), length)
    entry = np.arange(len(rows.source)) - rows.first[target]
    at = begin[owner[target]] + entry * sizes[owner[target]] + target - place[owner[target]]
    source, weight = np.zeros(begin[-1], np.uint32), np.zeros(begin[-1], np.int32)
    source[at], weight[at] = rows.source, rows.weight
    if np.abs(weight).max(initial=0) <= np.iinfo(np.int8).max:
        weight = weight.astype(np.int8)
    return Blocks(place, np.searchsorted(place, bounds).astype(np.int64), begin, source, weight)


def lines(laid):
    """First entry and length (line,) of every line, which is one entry of all places of a block."""
    sizes = np.diff(laid.place)
    length = np.repeat(sizes, np.diff(laid.begin) // np.maximum(sizes, 1))
    return np.cumsum(length) - length, length


def _depth(length, place):
    """Longest row (block,) of every block."""
    return np.maximum.reduceat(length, place[:-1]) if len(place) > 1 else np.zeros(0, np.int64)


def _halved(length, place):
    """First places of blocks, each halved until it has no more than ENTRIES entries, of which IDLE are idle."""
    ends = np.concatenate([[0], np.cumsum(length)])
    while True:
        sizes = np.diff(place)
        entries = sizes * _depth(length, place)
        large = np.flatnonzero((sizes > 1) & ((entries > ENTRIES) | (entries - np.diff(ends[place]) > IDLE)))
        if not len(large):
            return place.astype(np.int64)
        place = np.insert(place, large + 1, place[large] + sizes[large] // 2)
