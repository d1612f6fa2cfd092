"""A fabric of free-running p-bits: each replica follows its own exact chain, seen on the grid of the fabric's clock.

`slot` counts intervals of the grid. A replica's chain is named by (seed, fabric path, replica): its bits depend neither
on other replicas nor on threads, and not on how often a run stops between two observations.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats, Ints
from thermosim.engine.agenda import Edges
from thermosim.engine.observables import Observer
from thermosim.engine.tallies import owners, writes
from thermosim.errors import SimulationError
from thermosim.kernels.gibbs import LANES
from thermosim.kernels.observe import Seen, observe
from thermosim.kernels.random import bits64
from thermosim.kernels.telegraph import Net, State, alias_table, begin, follow
from thermosim.streams import replica_keys
from thermosim.times import FEMTOSECONDS

_NOBODY = np.zeros(0, dtype=np.int64)
_START = np.uint64(0xFFFFFFFFFFFFFFFF)
_ROOM = 64
"""Flips under way that a queue holds before it grows."""
_BUFFER = 1 << 22
"""Outputs of a group that are kept before they are observed."""
STEEPEST = 1000.0
"""Largest log-odds of an Arrhenius p-bit: beyond it a rate leaves the range of numbers."""


class FreeRunner:
    """State of one free-running fabric after `slot` intervals of its grid; an interval counts as a sweep.

    `spin` (node,), `pair` (edge,), `count`: sums over replicas and recorded draws, as of a clocked fabric.
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
        self._net, bias = _net(fabric, self._held)
        self.observer = Observer(fabric, np.arange(n, dtype=np.int64))
        self.spin: Ints = np.zeros(n, dtype=np.int64)
        self.pair: Ints = np.zeros(len(fabric.actual.edges), dtype=np.int64)
        self.count = 0
        self._keys = replica_keys(seed, f"free {fabric.path}", replicas)
        self._states = [_first(self._keys[r], self._net, bias, bool(np.any(self._net.arrhenius)), up, self._held)
                        for r in range(replicas)]  # fmt: skip
        self._queues = [(np.zeros(_ROOM), np.zeros(_ROOM, dtype=np.int64)) for _ in range(replicas)]

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
        steps = np.arange(every, sweeps + 1, every) if record else np.array([sweeps] if sweeps else [], dtype=np.int64)
        until = np.array([self._edges.at(self.slot + int(step)) for step in steps]) / FEMTOSECONDS
        self.slot += sweeps
        seen = [self.observer.blank(len(until) if record else 0, len(nodes), LANES) for _ in range(self._groups)]
        if self._threads == 1:
            for group in range(self._groups):
                self._group(group, until, record, nodes, seen[group])
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(lambda g: self._group(g, until, record, nodes, seen[g]), range(self._groups)))
        if not record:
            return {}
        for part in seen:
            self.spin += part.spin
            self.pair += part.pair
        self.count += self.replicas * len(until)
        series = self.observer.series(seen, self.replicas)
        if len(nodes):
            series["spins"] = np.concatenate([part.spins for part in seen], axis=2)[:, :, : self.replicas]
        return series

    def _group(self, group: int, until: Floats, record: bool, nodes: Ints, seen: Seen) -> None:
        """Run the replicas of a group one after the other, a buffer of draws at a time."""
        first = group * LANES
        lanes = range(min(LANES, self.replicas - first))
        watch, valid = self.observer.watch(nodes).lanes, np.uint32(2 ** len(lanes) - 1)
        room = max(1, _BUFFER // (self.fabric.nodes * LANES))
        for lower in range(0, len(until), room):
            part = until[lower : lower + room]
            draws = np.full((len(part), self.fabric.nodes * LANES), -1, dtype=np.int8)
            for lane in lanes:
                r = first + lane
                self._queues[r] = follow(
                    self._keys[r], part, self._net, self._states[r], *self._queues[r], draws, lane
                )  # fmt: skip
            for k in range(len(part) if record else 0):
                observe(draws[k], watch, valid, lower + k, seen)

    def kernel_names(self) -> list[str]:
        """The kernel that works here, and on how many replicas."""
        return [f"telegraph ({self.replicas} replicas)"]

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
        return np.array([state.spin for state in self._states]).T.astype(np.int8)

    def sums(self) -> dict[str, np.ndarray]:
        """Sums by their names in a record, and the present state."""
        path = self.fabric.path
        count = np.array(self.count, dtype=np.int64)
        sums = {f"{path}:spin": self.spin.copy(), f"{path}:pair": self.pair.copy(), f"{path}:count": count}
        return sums | {f"{path}:last": self.spins()}

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on, and the sums so far."""
        states = {name: np.array([getattr(state, name) for state in self._states]) for name in State._fields}
        queues = [[times.copy(), nodes.copy()] for times, nodes in self._queues]
        kept = {"slot": self.slot, "states": states, "queues": queues}
        return kept | {"spin": self.spin.copy(), "pair": self.pair.copy(), "count": self.count}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.slot, self.count = int(kept["slot"]), int(kept["count"])
        self.spin[:], self.pair[:] = kept["spin"], kept["pair"]
        for name in State._fields:
            for state, values in zip(self._states, kept["states"][name], strict=True):
                getattr(state, name)[:] = values
        self._queues = [(np.array(times), np.array(nodes)) for times, nodes in kept["queues"]]


def _net(fabric: Fabric, held: np.ndarray) -> tuple[Net, Floats]:
    """The fabric as the kernel wants it, those that are `held` (node,) without a rate; the constant part of inputs."""
    law, n = fabric.actual, fabric.nodes
    scale = 2.0 * law.beta * fabric.slope
    felt, sources, weights = law.couplings()
    order = np.lexsort((felt, sources))
    weight = (scale[felt] * weights)[order]
    bias = scale * law.biases + fabric.shift
    arrhenius = np.array(fabric.arrhenius or (False,) * n)
    steepest = np.abs(bias) + np.bincount(felt[order], np.abs(weight), n)
    if np.any(arrhenius) and steepest[arrhenius].max() > STEEPEST:
        raise SimulationError(
            f"{fabric.path}: an input of an Arrhenius p-bit reaches log-odds of {steepest[arrhenius].max():.3g}, and "
            f"its rates leave the range of numbers above {STEEPEST:g}; lower the weights or beta"
        )
    rate = np.where(held == 0, np.where(arrhenius, 0.5, 1.0) / fabric.relaxation, 0.0)
    chance, alias = alias_table(rate)
    first = np.concatenate([[0], np.cumsum(np.bincount(sources, minlength=n))]).astype(np.int64)
    return Net(
        first, felt[order], weight, rate, arrhenius, chance, alias, float(rate.sum()), fabric.settling, fabric.delay
    ), bias  # fmt: skip


def _first(key: np.uint64, net: Net, bias: Floats, heaped: bool, up: bool, held: np.ndarray) -> State:
    """A replica at time 0, with p-bits `held` (node,) at +-1 or, where that is 0, free."""
    n = len(bias)
    words = np.array([bits64(key, _START - np.uint64(node)) for node in range(n)], dtype=np.uint64)
    spin = np.where(held == 0, np.where(up | (words >> np.uint64(63) == 1), 1.0, -1.0), held)
    goal = bias.copy()
    np.add.at(goal, net.felt, net.weight * np.repeat(spin, np.diff(net.first)))
    rows = n if heaped else 0
    state = State(
        spin, goal, goal.copy(), np.zeros(n), np.zeros(rows), np.zeros(rows), np.zeros(rows, dtype=np.int64),
        np.zeros(rows, dtype=np.int64), np.zeros(2), np.zeros(1, dtype=np.uint64), np.zeros(2, dtype=np.int64),
    )  # fmt: skip
    begin(key, net, state)
    return state
