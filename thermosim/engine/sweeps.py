"""A fabric in the flow of time: slot k runs over the clock period that begins at edge k, a sweep over `ticks` slots.

A fabric without analog inputs needs no events: it catches up many sweeps at a time. One with analog inputs samples
them at the edge that begins each slot. Observables are recorded at the end of every sweep after the burn-in, spins
where asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thermosim.circuit.program import Fabric, Probe
from thermosim.contracts import Ints
from thermosim.engine.agenda import Edges
from thermosim.engine.counters import Counters
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.held import Held
from thermosim.engine.island import IslandRunner
from thermosim.engine.jumps import JumpRunner
from thermosim.engine.orders import runner


def sweeps_until(fabric: Fabric, time: int) -> int:
    """Sweeps of `fabric` that end at or before `time` [fs]."""
    return Edges(fabric.clock).count_until(time) // fabric.ticks


class FabricPart:
    """One fabric between burn-in and end. `sweeps` are complete, `taken` of them recorded."""

    def __init__(
        self,
        fabric: Fabric,
        probes: tuple[Probe, ...],
        window: tuple[int, int],
        islands: Mapping[str, IslandRunner | JumpRunner],
        rails: Held,
        counters: Counters,
        seed: int,
        threads: int,
    ) -> None:
        """`window`: burn-in and end [fs]; `islands`: analog net -> its island."""
        replicas = rails.values.shape[1]
        self.fabric, self.runner = fabric, runner(fabric, seed, replicas, threads)
        self.edges = Edges(fabric.clock)
        self.burn_in, self.end = (sweeps_until(fabric, time) for time in window)
        self.sweeps = self.taken = 0
        self.series: dict[str, np.ndarray] = {}
        self.probes = {probe.name: probe for probe in probes if probe.kind == "bit" and probe.nets[0] in fabric.arrays}
        self._columns: dict[str, Ints] = {}
        self.samples: dict[str, np.ndarray] = {}
        nodes: list[int] = []
        for name, probe in self.probes.items():
            first, shape = fabric.arrays[probe.nets[0]]
            size, draws = int(np.prod(shape, dtype=np.int64)), (self.end - self.burn_in) // probe.every
            self._columns[name] = np.arange(len(nodes), len(nodes) + size)
            nodes += range(first, first + size)
            self.samples[name] = np.zeros((replicas, draws, size), dtype=np.int8)
        self._nodes = np.array(nodes, dtype=np.int64)
        self._sources = _sources(fabric, islands, rails)
        self._rails = rails
        self._updates = [counters.new(path, "updates") for path in fabric.arrays]

    @property
    def analog(self) -> bool:
        """Whether it must sample analog inputs at every slot."""
        return self.fabric.input_nets is not None

    @property
    def work(self) -> int:
        """P-bits that are worked on in a sweep of one replica, about."""
        fabric = self.fabric
        if fabric.order == "free":
            return int(np.ceil((fabric.clock.period / fabric.relaxation).sum()))
        return fabric.nodes * (fabric.ticks if fabric.rng == "free" else 1)

    @property
    def _clocked(self) -> FabricRunner:
        """The runner of a fabric that has slots; free-running p-bits have no analog inputs, which would ask for one."""
        if not isinstance(self.runner, FabricRunner):
            raise TypeError(f"{self.fabric.path}: free-running p-bits have no slots")
        return self.runner

    def _ends(self, sweep: int) -> int:
        return self.edges.at(sweep * self.fabric.ticks)

    def catch_up(self, time: int) -> None:
        """Complete every sweep that ends at or before `time` [fs]; for a fabric without analog inputs."""
        goal = min(sweeps_until(self.fabric, time), self.end)
        if self.sweeps < min(goal, self.burn_in):
            begin = self.runner.slot
            self.runner.advance(min(goal, self.burn_in) - self.sweeps)
            self._count(begin, [counter.counts[0] for counter in self._updates])
            self.sweeps = min(goal, self.burn_in)
        if self.sweeps < goal:
            begin = self.runner.slot
            seen = self.runner.advance(goal - self.sweeps, record=True, nodes=self._nodes)
            self._count(begin, [counter.counts[1] for counter in self._updates])
            self.sweeps = goal
            self._keep(seen)

    def _count(self, begin: int, rows: list[Ints]) -> None:
        """Add the updates of each array since slot `begin` to its row (replicas,)."""
        for row, updates in zip(rows, self.runner.tally(begin, self.runner.slot), strict=True):
            row += updates

    def slot(self, time: int, number: int) -> None:
        """Run slot `number`, which begins at `time` [fs], on the voltages of that instant."""
        self.complete(time)
        volts = np.zeros((self.fabric.nodes, self._rails.values.shape[1]))
        for source, rows, nodes in self._sources:
            if isinstance(source, Held):
                volts[nodes] = source.values[rows]
            else:
                source.advance(time)
                volts[nodes] = source.state[rows]
        self._clocked.advance_slot(volts)
        self._count(number, [counter.at(time) for counter in self._updates])

    def complete(self, time: int) -> None:
        """Record the sweep that ends at `time` [fs], if there is one; for a fabric with analog inputs."""
        done = self.runner.slot // self.fabric.ticks
        if done > self.sweeps and self._ends(done) <= time:
            self.sweeps = done
            if self.burn_in < done <= self.end:
                self._keep(self._clocked.observe(self._nodes))

    def _keep(self, seen: dict[str, np.ndarray]) -> None:
        """Store draws: series (chain, draw) and spins (draw, node, chain)."""
        spins = seen.pop("spins", None)
        count = next(iter(seen.values())).shape[1]
        here = slice(self.taken, self.taken + count)
        for name, values in seen.items():
            if name not in self.series:
                self.series[name] = np.zeros((len(values), self.end - self.burn_in), dtype=values.dtype)
            self.series[name][:, here] = values
        if spins is not None:
            for name, probe in self.probes.items():
                picked = np.arange(self.taken, self.taken + count)
                mine = (picked + 1) % probe.every == 0
                draws = (picked[mine] + 1) // probe.every - 1
                self.samples[name][:, draws] = spins[mine][:, self._columns[name]].transpose(2, 0, 1)
        self.taken += count

    def times(self) -> dict[str, Ints]:
        """Times of the draws taken [fs]: of the series under ``<fabric>:sweeps``, of each probe under its name."""
        ends = np.array([self._ends(self.burn_in + k + 1) for k in range(self.taken)], dtype=np.int64)
        return {f"{self.fabric.path}:sweeps": ends} | {
            name: ends[p.every - 1 :: p.every] for name, p in self.probes.items()
        }

    def results(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Series and samples taken so far."""
        samples = {name: values[:, : self.taken // self.probes[name].every] for name, values in self.samples.items()}
        return {name: values[:, : self.taken] for name, values in self.series.items()}, samples

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on."""
        return {"runner": self.runner.checkpoint(), "sweeps": self.sweeps, "taken": self.taken}

    def restore(self, kept: dict[str, Any], series: dict[str, np.ndarray], samples: dict[str, np.ndarray]) -> None:
        """Take up the state that :meth:`checkpoint` gave, with what :meth:`results` gave."""
        self.runner.restore(kept["runner"])
        self.sweeps, self.taken = kept["sweeps"], kept["taken"]
        for name, values in series.items():
            if name.startswith(f"{self.fabric.path}:"):
                self.series[name] = np.zeros((len(values), self.end - self.burn_in), dtype=values.dtype)
                self.series[name][:, : self.taken] = values
        for name, room in self.samples.items():
            room[:, : samples[name].shape[1]] = samples[name]


def _sources(
    fabric: Fabric, islands: Mapping[str, IslandRunner | JumpRunner], rails: Held
) -> list[tuple[IslandRunner | JumpRunner | Held, Ints, Ints]]:
    """Where the analog inputs come from: source, its rows, the nodes that see them."""
    found: dict[int, tuple[IslandRunner | JumpRunner | Held, list[int], list[int]]] = {}
    for node, net in enumerate(fabric.input_nets or ()):
        if net:
            source = islands.get(net, rails)
            _, rows, nodes = found.setdefault(id(source), (source, [], []))
            rows.append(source.rows[net])
            nodes.append(node)
    return [(source, np.array(rows), np.array(nodes)) for source, rows, nodes in found.values()]
