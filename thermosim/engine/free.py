"""A fabric of free-running p-bits: each replica follows its own exact chain, seen on the grid of the fabric's clock.

`slot` counts intervals of the grid. A replica's chain is named by (seed, fabric path, replica): its bits depend neither
on other replicas nor on threads, and not on how often a run stops between two observations.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Ints
from thermosim.engine.agenda import Edges
from thermosim.engine.free_chains import Couplings, Events, Method, Stream
from thermosim.engine.groups import FEW
from thermosim.engine.observables import Observer
from thermosim.engine.tallies import owners, writes
from thermosim.engine.totals import Totals
from thermosim.engine.workers import each
from thermosim.kernels.gibbs import LANES
from thermosim.kernels.observe import Seen, observe
from thermosim.kernels.observe_chain import chain_observe
from thermosim.streams import replica_keys
from thermosim.times import FEMTOSECONDS

_NOBODY = np.zeros(0, dtype=np.int64)
_BUFFER = 1 << 22
"""Outputs of a group that are kept before they are observed."""


class FreeRunner:
    """State of one free-running fabric after `slot` intervals of its grid; an interval counts as a sweep.

    `totals`: sums over replicas and recorded draws, as of a clocked fabric.
    """

    def __init__(self, fabric: Fabric, seed: int, replicas: int, threads: int = 1, up: bool = False) -> None:
        """First outputs at random from the replica's stream, or all `up`; inputs settled on them.

        Raises
        ------
        SimulationError
            If a rate can leave the range of numbers.
        """
        self.fabric, self.replicas, self.slot = fabric, replicas, 0
        self._groups = -(-replicas // LANES)
        self._threads = min(threads, self._groups)
        n = fabric.nodes
        self._edges = Edges(fabric.clock)
        self._held = np.zeros(n, dtype=np.int8) if fabric.timetable is None else fabric.timetable.held(0)
        couplings = Couplings(fabric, self._held)
        self.method = couplings.method()
        self._method: Method = (Stream if self.method in ("stream", "rejection") else Events)(couplings)
        self.observer = Observer(fabric, np.arange(n, dtype=np.int64))
        self.totals = Totals(fabric)
        self._keys = replica_keys(seed, f"free {fabric.path}", replicas)
        self._states = [self._method.first(key, up) for key in self._keys]

    def advance(
        self, sweeps: int, record: bool = False, every: int = 1, nodes: Ints = _NOBODY
    ) -> dict[str, np.ndarray]:
        """Run whole intervals; with `record` a draw after every `every` of them, as a clocked fabric gives it.

        Raises
        ------
        ValueError
            If `every` does not divide `sweeps`.
        """
        if record and sweeps % every:
            raise ValueError(f"{sweeps} intervals are not a whole number of draws, one every {every}")
        if not record:
            every = max(sweeps, 1)
        slots = self.slot + np.arange(0, sweeps, every)
        self.slot += sweeps
        seen = [
            self.observer.blank(len(slots) if record else 0, len(nodes), self._lanes(group))
            for group in range(self._groups)
        ]

        def work(group: int) -> None:
            self._group(group, slots, every, record, nodes, seen[group])

        each(self._threads, work, self._groups)
        if not record:
            return {}
        self.totals.add(seen, self.replicas * len(slots))
        return self.observer.series(seen, self.replicas)

    def _lanes(self, group: int) -> int:
        """Columns of what is seen of a group: few replicas are observed one by one, others side by side."""
        size = min(LANES, self.replicas - group * LANES)
        return size if size <= FEW else LANES

    def _group(self, group: int, slots: Ints, every: int, record: bool, nodes: Ints, seen: Seen) -> None:
        """Run the replicas of a group one after the other, a buffer of draws at a time."""
        first, watch = group * LANES, self.observer.watch(nodes)
        size = min(LANES, self.replicas - first)
        valid, width = np.uint32(2**size - 1), 1 if size <= FEW else LANES
        room = max(1, _BUFFER // (self.fabric.nodes * width))
        for lower in range(0, len(slots), room):
            part = slots[lower : lower + room]
            until = np.array([self._edges.at(int(slot) + every) for slot in part]) / FEMTOSECONDS
            draws = np.full((len(part), self.fabric.nodes * width), -1, dtype=np.int8)
            for lane in range(size):
                r = first + lane
                at = lane if width > 1 else 0
                self._method.follow(self._keys[r], self._states[r], int(part[0]), every, until, draws, at)
                for k in range(len(part) if record and width == 1 else 0):
                    chain_observe(draws[k], watch.chain, lower + k, lane, seen)
            for k in range(len(part) if record and width > 1 else 0):
                observe(draws[k], watch.lanes, valid, lower + k, seen)

    def kernel_names(self) -> list[str]:
        """The method that works here, and on how many replicas."""
        return [f"{self.method} ({self.replicas} replicas)"]

    def tally(self, begin: int, end: int) -> dict[str, Ints]:
        """Actions between two numbers of intervals by the names of their counters, (replica,): ``<array>.updates``, one
        of every p-bit that is not held and relaxation time tau0, and ``<array>.writes`` of those that are."""
        passed = [np.floor(self._edges.at(k) / FEMTOSECONDS / self.fabric.relaxation) for k in (begin, end)]
        each = np.where(self._held == 0, passed[1] - passed[0], 0)
        sums = np.bincount(owners(self.fabric), each, minlength=len(self.fabric.arrays)).astype(np.int64)
        updates = {f"{p}.updates": np.full(self.replicas, c) for p, c in zip(self.fabric.arrays, sums, strict=True)}
        return updates | writes(self.fabric, begin, end, self.replicas)

    def spins(self) -> np.ndarray:
        """Outputs (node, replica) +-1 int8."""
        return np.array([self._method.spins(state) for state in self._states]).T

    def sums(self) -> dict[str, np.ndarray]:
        """Sums by their names in a record, and the present state."""
        return self.totals.named() | {f"{self.fabric.path}:last": self.spins()}

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on, and the sums so far."""
        kept = {"slot": self.slot, "states": [self._method.kept(state) for state in self._states]}
        return kept | self.totals.checkpoint()

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.slot = int(kept["slot"])
        self.totals.restore(kept)
        for state, values in zip(self._states, kept["states"], strict=True):
            self._method.take_up(state, values)
