"""A fabric of p-dits at work: slot k draws the nodes of colour k mod colours, and all colours make a sweep.

    P(a) ~ exp(beta slope_i (sum_j J_ij(a, c_j) + h_i(a)) + shift_i [a = 1]),   kept with probability memory_i

Words are named by (seed, fabric path, pair of replicas, slot, node), so the bits of a replica depend neither on the
number of replicas nor on threads, and a run can stop and go on after any slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from thermosim.circuit.dits import DitFabric, PottsLaw
from thermosim.contracts import Floats, Ints
from thermosim.engine.dit_observables import DitObserver
from thermosim.kernels.categorical import LARGEST, Plan, Seen, Watch, observe, run, slots, start
from thermosim.kernels.gibbs import HALF, LANES
from thermosim.streams import replica_keys

_NOBODY = np.zeros(0, dtype=np.int64)


class DitRunner:
    """State of one categorical fabric after `slot` slots.

    `state` (node, Q): counts of the states of every node, `bond` (edge,): sums of J(c_i, c_j) of the drawn law in
    units, over replicas and recorded draws, `count` of them; exact.
    """

    def __init__(self, fabric: DitFabric, seed: int, replicas: int, threads: int = 1) -> None:
        self.fabric, self.replicas, self.slot = fabric, replicas, 0
        self._order = np.argsort(fabric.colour, kind="stable")
        self._places = np.argsort(self._order)
        self._beta = fabric.actual.beta
        self._plan = plan(fabric, self._order, self._places, self._beta)
        self.observer = DitObserver(fabric, self._places)
        self.state: Ints = np.zeros((fabric.nodes, self._plan.width), dtype=np.int64)
        self.bond: Ints = np.zeros(len(fabric.drawn.edges), dtype=np.int64)
        self.count = 0
        self._groups = -(-replicas // LANES)
        self._threads = min(threads, self._groups)
        self._keys = replica_keys(seed, f"dits {fabric.path}", self._groups * HALF).reshape(-1, HALF)
        self._states = np.zeros((self._groups, fabric.nodes * LANES), dtype=np.int8)
        for keys, state in zip(self._keys, self._states, strict=True):
            start(keys, self._plan, state)

    def kernel_names(self) -> list[str]:
        """The one kernel that there is, and on how many replicas."""
        return [f"categorical ({self.replicas} replicas)"]

    def advance(
        self, sweeps: int, record: bool = False, every: int = 1, nodes: Ints = _NOBODY
    ) -> dict[str, np.ndarray]:
        """Run whole sweeps, recording a draw after every `every` of them if asked to, as a fabric of p-bits does.

        Raises
        ------
        ValueError
            If `every` does not divide `sweeps`, or is not 1 under a schedule.
        """
        if record and sweeps % every:
            raise ValueError(f"{sweeps} sweeps are not a whole number of draws, one every {every}")
        if record and every > 1 and self.fabric.schedule:
            raise ValueError("a fabric under a schedule records every sweep")
        parts = [self._advance(span, record, every, nodes) for span in self._spans(sweeps)]
        return {name: np.concatenate([part[name] for part in parts], axis=int(name != "spins")) for name in parts[0]}

    def _spans(self, sweeps: int) -> Iterator[int]:
        """Lengths of the stretches in which beta stands still; its plan is taken up before each."""
        while True:
            now, stairs = self.slot // self.fabric.ticks, self.fabric.schedule
            beta = next((b for begin, b in reversed(stairs) if begin <= now), self.fabric.actual.beta)
            if beta != self._beta:
                self._beta, self._plan = beta, plan(self.fabric, self._order, self._places, beta)
            changes = [begin for begin, _ in stairs if now < begin < now + sweeps]
            span = changes[0] - now if changes else sweeps
            yield span
            sweeps -= span
            if sweeps == 0:
                return

    def _advance(self, sweeps: int, record: bool, every: int, nodes: Ints) -> dict[str, np.ndarray]:
        begin, ticks = self.slot, self.fabric.ticks
        self.slot += sweeps * ticks
        if not record:
            self._each(lambda g: slots(self._states[g], self._keys[g], begin, begin + sweeps * ticks, self._plan))
            return {}
        watch = self.observer.watch(nodes)
        seen = [self.observer.blank(sweeps // every, len(nodes)) for _ in range(self._groups)]

        def work(g: int) -> None:
            run(
                self._states[g], self._keys[g], begin, every * ticks, self._plan, watch, self._size(g), seen[g]
            )  # fmt: skip

        self._each(work)
        return self._recorded(seen, nodes)

    def observe(self, nodes: Ints = _NOBODY) -> dict[str, np.ndarray]:
        """One draw of the present state, as :meth:`advance` records it."""
        watch: Watch = self.observer.watch(nodes)
        seen = [self.observer.blank(1, len(nodes)) for _ in range(self._groups)]
        self._each(lambda g: observe(self._states[g], watch, self._size(g), 0, seen[g]))
        return self._recorded(seen, nodes)

    def tally(self, begin: int, end: int) -> dict[str, Ints]:
        """States drawn in the slots begin .. end-1 by the names of their counters, ``<array>.updates`` (replica,)."""
        colours, arrays = self.fabric.colours, self.fabric.arrays
        each = np.zeros((len(arrays), colours), dtype=np.int64)
        for row, path in enumerate(arrays):
            each[row] = np.bincount(self.fabric.colour[self.fabric.nodes_of(path)], minlength=colours)
        visits = [len(range(begin + (colour - begin) % colours, end, colours)) for colour in range(colours)]
        drawn = each @ np.array(visits)
        return {f"{path}.updates": np.full(self.replicas, drawn[row]) for row, path in enumerate(arrays)}

    def states(self) -> np.ndarray:
        """States (node, replica) int8, p-bits as 0 and 1."""
        by_place = self._states.reshape(self._groups, self.fabric.nodes, LANES).transpose(1, 0, 2)
        return np.ascontiguousarray(by_place.reshape(self.fabric.nodes, -1)[self._places, : self.replicas])

    def sums(self) -> dict[str, np.ndarray]:
        """Sums by their names in a record, and the present state."""
        path, last = self.fabric.path, self.states()
        bits = self.fabric.is_pbit()
        last[bits] = 2 * last[bits] - 1
        return {
            f"{path}:state": self.state.copy(),
            f"{path}:bond": self.bond * self.observer.unit,
            f"{path}:count": np.array(self.count, dtype=np.int64),
            f"{path}:last": last,
        }

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on, and the sums so far."""
        kept = {"slot": self.slot, "states": self.states(), "count": self.count}
        return kept | {"state": self.state.copy(), "bond": self.bond.copy()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.slot, self.count = int(kept["slot"]), int(kept["count"])
        self.state[:], self.bond[:] = kept["state"], kept["bond"]
        for g, group in enumerate(self._states.reshape(self._groups, self.fabric.nodes, LANES)):
            group[:, : self._size(g)] = kept["states"][self._order, g * LANES : g * LANES + self._size(g)]

    def _size(self, group: int) -> int:
        """Replicas of a group that somebody sees."""
        return min(LANES, self.replicas - group * LANES)

    def _each(self, work: Callable[[int], None]) -> None:
        if self._threads == 1:
            for group in range(self._groups):
                work(group)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(work, range(self._groups)))

    def _recorded(self, seen: list[Seen], nodes: Ints) -> dict[str, np.ndarray]:
        for group in seen:
            self.state += group.state.reshape(self.state.shape)
            self.bond += group.bond
        self.count += self.replicas * len(seen[0].energy)
        series = self.observer.series(seen, self.replicas)
        if len(nodes):
            kept = np.concatenate([group.kept for group in seen], axis=2)[:, :, : self.replicas]
            bits = self.fabric.is_pbit()[nodes]
            kept[:, bits] = 2 * kept[:, bits] - 1
            series["spins"] = kept
        return series


def directed(law: PottsLaw) -> tuple[Ints, Ints, Floats]:
    """Both directions of every edge: node that feels, node that is felt, table (own state, felt state)."""
    i, j = law.edges.T
    tables = np.concatenate([law.tables, law.tables.transpose(0, 2, 1)])
    return np.concatenate([i, j]), np.concatenate([j, i]), tables


def plan(fabric: DitFabric, order: Ints, places: Ints, beta: float) -> Plan:
    """The fabric as the kernel wants it: by place, tables in whole numbers, at an inverse temperature `beta`."""
    law, n = fabric.actual, fabric.nodes
    targets, sources, tables = directed(law)
    tables = tables * fabric.slope[targets, None, None]
    biases = law.biases * fabric.slope[:, None]
    biases[:, 1] += fabric.shift / beta
    feels = np.abs(biases).max(axis=1)
    np.add.at(feels, targets, np.abs(tables).max(axis=(1, 2), initial=0.0))
    unit = np.where(feels > 0, feels, 1.0) / LARGEST
    rows = np.lexsort((sources, places[targets]))
    whole = np.rint(tables / unit[targets, None, None]).astype(np.int32)[rows]
    known: dict[bytes, int] = {}
    which = [known.setdefault(table.tobytes(), len(known)) for table in whole]
    width = law.tables.shape[1]
    entries = np.array([np.frombuffer(table, dtype=np.int32) for table in known], dtype=np.int32).ravel()
    return Plan(
        bounds=np.searchsorted(fabric.colour[order], np.arange(fabric.colours + 1)).astype(np.int64),
        node=order.astype(np.uint64),
        states=law.states[order],
        first=np.searchsorted(places[targets][rows], np.arange(n + 1)).astype(np.int64),
        source=places[sources][rows].astype(np.int64),
        table=np.array(which, dtype=np.int64) * width**2,
        entries=entries,
        base=np.rint(biases / unit[:, None]).astype(np.int32)[order].ravel(),
        scale=(beta * unit / np.log(2.0))[order].astype(np.float32),
        fresh=(1.0 - fabric.memory[order]).astype(np.float32),
        width=width,
    )
