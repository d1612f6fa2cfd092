"""Which p-bits of a fabric are held, set or renewed in which sweep; sweep k is the one that k sweeps came before.

    held(k)     = values of the clamps with begin <= k < end, 0 where a p-bit is free
    written(k)  = p-bits of clamps that begin at k, and of resets that fall on k

Before sweep k states are exchanged first, then p-bits are reset, then clamped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from thermosim.contracts import Ints


@dataclass(frozen=True)
class Clamp:
    """`nodes` are held at `values` (node,) int8 +-1 in the sweeps begin .. end-1, to the end if that is None."""

    nodes: Ints
    values: np.ndarray
    begin: int = 0
    end: int | None = None

    def holds(self, sweep: int) -> bool:
        return self.begin <= sweep and (self.end is None or sweep < self.end)


@dataclass(frozen=True)
class Reset:
    """`nodes` are set to `values` (node,) int8 +-1, at random if None, before sweep `at` and `every` so many later."""

    nodes: Ints
    values: np.ndarray | None
    at: int = 0
    every: int | None = None

    def falls_on(self, sweep: int) -> bool:
        late = sweep - self.at
        return late == 0 or (late > 0 and self.every is not None and late % self.every == 0)

    def next_after(self, sweep: int) -> int | None:
        if sweep < self.at:
            return self.at
        return None if self.every is None else sweep + self.every - (sweep - self.at) % self.every

    def times(self, begin: int, end: int) -> int:
        """How often it falls on a sweep begin .. end-1."""
        if self.every is None:
            return int(begin <= self.at < end)
        return max(-(-(end - self.at) // self.every), 0) - max(-(-(begin - self.at) // self.every), 0)


@dataclass(frozen=True)
class Tempering:
    """Copies of a fabric at rising `betas`, the last that of its law; states are exchanged `every` so many sweeps."""

    betas: tuple[float, ...]
    every: int


@dataclass(frozen=True)
class Timetable:
    """All clamps and resets of a fabric of `nodes` p-bits."""

    nodes: int
    clamps: tuple[Clamp, ...] = ()
    resets: tuple[Reset, ...] = ()

    @property
    def touched(self) -> Ints:
        """P-bits that are ever held or set."""
        named = [clamp.nodes for clamp in self.clamps] + [reset.nodes for reset in self.resets]
        return np.unique(np.concatenate(named)) if named else np.zeros(0, dtype=np.int64)

    def held(self, sweep: int) -> np.ndarray:
        """Values (node,) int8 at which p-bits are held in a sweep; 0 where they are free."""
        values = np.zeros(self.nodes, dtype=np.int8)
        for clamp in self.clamps:
            if clamp.holds(sweep):
                values[clamp.nodes] = clamp.values
        return values

    def next_change(self, sweep: int) -> int | None:
        """The first sweep after `sweep` before which something happens."""
        edges = [edge for clamp in self.clamps for edge in (clamp.begin, clamp.end) if edge is not None]
        later = [reset.next_after(sweep) for reset in self.resets]
        return min((edge for edge in (*edges, *later) if edge is not None and edge > sweep), default=None)

    def stretches(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Sweeps begin .. end-1 in stretches in which the same p-bits are held."""
        edges = {sweep for clamp in self.clamps for sweep in (clamp.begin, clamp.end) if sweep is not None}
        cuts = [begin, *sorted(sweep for sweep in edges if begin < sweep < end), end]
        yield from ((a, b) for a, b in pairwise(cuts) if a < b)

    def written(self, begin: int, end: int) -> Ints:
        """How often each p-bit (node,) was set before a sweep begin .. end-1."""
        counts: Ints = np.zeros(self.nodes, dtype=np.int64)
        for clamp in self.clamps:
            counts[clamp.nodes] += begin <= clamp.begin < end
        for reset in self.resets:
            counts[reset.nodes] += reset.times(begin, end)
        return counts

    def standing(self, begin: int, end: int) -> tuple[np.ndarray, bool]:
        """Values (node,) int8 at which p-bits are held through the sweeps begin .. end-1, and whether that is all:
        False where a clamp comes or goes in between."""
        first = self.held(begin)
        same = all(np.array_equal(first, self.held(start)) for start, _ in self.stretches(begin, end))
        return first, same
