"""Outputs of all neighbours of a block of p-bits, brought together in the order of its couplings.

On lattices the neighbours of consecutive places follow one another, too, until a row ends or wraps around. Such runs
are found in the rows, whatever the netlist calls the lattice, and RUN outputs are copied at a time, wanted or not: what
is too many is written over by what comes next, and what lies beyond the last one is room that nobody reads. The
outputs of lines without runs are looked up one by one.

A block is a sequence of spans: some runs, then some entries that are looked up.
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.blocks import lines
from thermosim.kernels.jit import jit_noalias

RUN = 32
"""Outputs that are copied at a time; arrays of outputs have room for as many beyond their last one."""
WORTH = 2
"""Entries that could be looked up while one run is copied."""
_RUN, _ONE = np.uint64(RUN), np.uint64(1)


class Runs(NamedTuple):
    """Where the neighbours are.

    span (block + 1,) int64: first span of every block. run (span + 1,) int64: first run of every span. target (run,)
    uint32: first entry of a run, counted from the block's; origin (run,) uint32: the place of its first neighbour.
    first, last (span,) int64: entries that are looked up. room: of the neighbours of the largest block.
    """

    span: np.ndarray
    run: np.ndarray
    target: np.ndarray
    origin: np.ndarray
    first: np.ndarray
    last: np.ndarray
    room: int


def runs(laid, wanted):
    """Runs of :class:`thermosim.kernels.blocks.Blocks`; of some entries the neighbours are `wanted` (entry,) bool."""
    first, length = lines(laid)
    entries, entry = len(laid.source), np.arange(len(laid.source))
    lower = np.repeat(first, length)
    # Where none is wanted any will do, such as the one that comes next.
    given = np.maximum.accumulate(np.where(wanted, entry, lower))
    offset = (laid.source.astype(np.int64) - entry)[given]
    begins = np.concatenate([[True], offset[1:] != offset[:-1]])[:entries] | (entry == lower)
    begins |= (entry - np.maximum.accumulate(np.where(begins, entry, 0))) % RUN == 0
    follows = np.add.reduceat(begins, first, dtype=np.int64) * WORTH <= length if len(first) else first == 0
    start = np.flatnonzero(begins & np.repeat(follows, length))
    origin = np.minimum(start + offset[start], laid.place[-1])

    # Spans begin with every block, and with every line that follows after one that does not.
    block = np.repeat(np.arange(len(laid.place) - 1), np.diff(laid.begin))
    heads = first == laid.begin[block[first]]
    heads[1:] |= follows[1:] & ~follows[:-1]
    at = np.append(first[heads], entries)
    looked = np.concatenate([[0], np.cumsum(np.where(follows, 0, length))])[
        np.append(np.flatnonzero(heads), len(first))
    ]
    return Runs(
        np.searchsorted(at, laid.begin), np.searchsorted(start, at),
        (start - laid.begin[block[start]]).astype(np.uint32), origin.astype(np.uint32),
        at[1:] - np.diff(looked), at[1:], int(np.diff(laid.begin).max(initial=0)) + RUN,
    )  # fmt: skip


# Arrays, not tuples of them: every tuple that a call is given costs reference counts.
@jit_noalias
def bring(block, state, begin, source, span, run, target, origin, first, last, near):
    """Outputs near (room,) int8 of the neighbours of one block that begins with entry `begin`.

    state (node + RUN,) int8; source of the Blocks, and the arrays of their Runs.
    """
    for part in range(np.uint64(span[block]), np.uint64(span[block + _ONE])):
        for k in range(np.uint64(run[part]), np.uint64(run[part + _ONE])):
            to, of = np.uint64(target[k]), np.uint64(origin[k])
            for lane in range(_RUN):
                near[to + lane] = state[of + lane]
        for entry in range(np.uint64(first[part]), np.uint64(last[part])):
            near[entry - begin] = state[np.uint64(source[entry])]
