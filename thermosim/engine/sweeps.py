"""A fabric in the flow of time: slot k runs over the clock period that begins at edge k, a sweep over `ticks` slots.

A fabric without analog inputs needs no events: it catches up many sweeps at a time. One with analog inputs samples
them at the edge that begins each slot. Observables are recorded at the end of every sweep after the burn-in, spins
where asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thermosim.circuit.dits import DitFabric
from thermosim.circuit.program import Fabric, Probe
from thermosim.contracts import Floats, Ints
from thermosim.engine.agenda import Edges
from thermosim.engine.counters import Counters
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.held import Held
from thermosim.engine.island import IslandRunner
from thermosim.engine.jumps import JumpRunner
from thermosim.engine.nonlinear import NonlinearRunner
from thermosim.engine.orders import runner


def sweeps_until(fabric: Fabric | DitFabric, time: int) -> int:
    """Sweeps of `fabric` that end at or before `time` [fs]."""
    return Edges(fabric.clock).count_until(time) // fabric.ticks


class FabricPart:
    """One fabric between burn-in and end. `sweeps` are complete, `taken` of them recorded."""

    def __init__(
        self,
        fabric: Fabric | DitFabric,
        probes: tuple[Probe, ...],
        window: tuple[int, int],
        islands: Mapping[str, IslandRunner | JumpRunner | NonlinearRunner],
        rails: Held,
        counters: Counters,
        seed: int,
        threads: int,
    ) -> None:
        """`window`: burn-in and end [fs]; `islands`: analog net -> its island."""
        replicas = rails.values.shape[1]
        self.fabric, self.runner = fabric, runner(fabric, seed, replicas, threads)
        self.edges = Edges(fabric.clock)
        self._window_begins = window[0]
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
        names = [name.rpartition(".") for name in self.runner.tally(0, 0)]
        self._counters = {f"{path}.{action}": counters.new(path, action) for path, _, action in names}
        for path, size in fabric.sizes().items():
            counters.new(path, "writes").counts[0] += size * self._copies  # all are programmed once before they run
        if fabric.schedule:
            steps = counters.new(fabric.path, "beta steps").counts
            for sweep, _ in fabric.schedule[1:]:
                steps[int(sweep >= self.burn_in)] += int(sweep < self.end)
        self._reads = [(counters.new(path, "reads"), size) for path, size in fabric.sizes().items() if fabric.read]

    @property
    def analog(self) -> bool:
        """Whether it must sample analog inputs at every slot."""
        return self.fabric.input_nets is not None

    @property
    def work(self) -> int:
        """Updates of p-bits that take as long as a sweep of one replica, about."""
        fabric = self.fabric
        if isinstance(fabric, DitFabric):
            return int(fabric.drawn.states.sum()) * 4
        if fabric.inner:
            return fabric.nodes * fabric.ticks * fabric.steps
        if fabric.order == "free":
            return int(np.ceil((fabric.clock.period / fabric.relaxation).sum()))
        return self._copies * fabric.nodes * (fabric.ticks if fabric.rng == "free" else 1)

    @property
    def _copies(self) -> int:
        """Chips that run for each replica."""
        tempering = None if isinstance(self.fabric, DitFabric) else self.fabric.tempering
        return 1 if tempering is None else len(tempering.betas)

    @property
    def _clocked(self) -> FabricRunner:
        """The runner of a fabric that has slots and knobs; others have no analog inputs and no controller."""
        if not isinstance(self.runner, FabricRunner):
            raise TypeError(f"{self.fabric.path}: only clocked p-bits that are not tempered are run slot by slot")
        return self.runner

    def _ends(self, sweep: int) -> int:
        return self.edges.at(sweep * self.fabric.ticks)

    def catch_up(self, time: int) -> None:
        """Complete every sweep that ends at or before `time` [fs]; for a fabric without analog inputs."""
        goal = min(sweeps_until(self.fabric, time), self.end)
        if self.sweeps < min(goal, self.burn_in):
            begin = self.runner.slot
            self.runner.advance(min(goal, self.burn_in) - self.sweeps)
            self._count(begin, 0)
            self.sweeps = min(goal, self.burn_in)
        while self.sweeps < goal:
            self._forward(goal - self.sweeps)

    def _forward(self, left: int) -> None:
        """Some of the `left` sweeps of the window: up to the next draw, or many draws in one go."""
        begin, every = self.runner.slot, self.fabric.every
        ahead = every - (self.sweeps - self.burn_in) % every
        seen = None
        if left < ahead:
            self.runner.advance(done := left)
        elif ahead < every or (every > 1 and self.fabric.moves):  # something may change between two draws
            self.runner.advance(ahead - 1)
            seen = self.runner.advance(1, record=True, nodes=self._nodes)
            done = ahead
        else:
            done = left // every * every
            seen = self.runner.advance(done, record=True, every=every, nodes=self._nodes)
        self._count(begin, 1)
        self.sweeps += done
        if seen is not None:
            self._keep(seen)

    def spins(self) -> np.ndarray:
        """Outputs (node, replica) +-1 int8 after the last sweep."""
        return self._clocked.spins()

    def program(self, kind: str, nodes: Ints, values: Floats) -> None:
        """Write a knob of the p-bits: trims [V] or biases of `nodes`, or beta as a share of the law's."""
        self._clocked.program(kind, nodes, values)

    def _count(self, begin: int, row: int) -> None:
        """Add what was done since slot `begin` to the counters, in burn-in (row 0) or window (row 1)."""
        for name, count in self.runner.tally(begin, self.runner.slot).items():
            self._counters[name].counts[row] += count

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
        self._count(number, 0 if time < self._window_begins else 1)

    def complete(self, time: int) -> None:
        """Record the sweep that ends at `time` [fs], if there is one; for a fabric with analog inputs."""
        done = self.runner.slot // self.fabric.ticks
        if done > self.sweeps and self._ends(done) <= time:
            self.sweeps = done
            if self.burn_in < done <= self.end and (done - self.burn_in) % self.fabric.every == 0:
                self._keep(self._clocked.observe(self._nodes))

    def _keep(self, seen: dict[str, np.ndarray]) -> None:
        """Store draws: series (chain, draw) and spins (draw, node, chain)."""
        spins = seen.pop("spins", None)
        count = next(iter(seen.values())).shape[1]
        here = slice(self.taken, self.taken + count)
        for name, values in seen.items():
            if name not in self.series:
                self.series[name] = self._room(values)
            self.series[name][:, here] = values
        if spins is not None:
            for name, probe in self.probes.items():
                picked, every = np.arange(self.taken, self.taken + count), self._draws(probe)
                mine = (picked + 1) % every == 0
                draws = (picked[mine] + 1) // every - 1
                self.samples[name][:, draws] = spins[mine][:, self._columns[name]].transpose(2, 0, 1)
        self.taken += count
        for counter, size in self._reads:
            counter.counts[1] += count * size

    def _room(self, values: np.ndarray) -> np.ndarray:
        """Room for all draws of a series."""
        return np.zeros((len(values), (self.end - self.burn_in) // self.fabric.every), dtype=values.dtype)

    def _draws(self, probe: Probe) -> int:
        """Draws of the fabric from one of the probe's to the next."""
        return probe.every // self.fabric.every

    def times(self) -> dict[str, Ints]:
        """Times of the draws taken [fs]: of the series under ``<fabric>:sweeps``, of each probe under its name."""
        every = self.fabric.every
        ends = np.array([self._ends(self.burn_in + (k + 1) * every) for k in range(self.taken)], dtype=np.int64)
        return {f"{self.fabric.path}:sweeps": ends} | {
            name: ends[self._draws(probe) - 1 :: self._draws(probe)] for name, probe in self.probes.items()
        }

    def results(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Series and samples taken so far."""
        samples = {
            name: values[:, : self.taken // self._draws(self.probes[name])] for name, values in self.samples.items()
        }
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
                self.series[name] = self._room(values)
                self.series[name][:, : self.taken] = values
        for name, room in self.samples.items():
            room[:, : samples[name].shape[1]] = samples[name]


def _sources(
    fabric: Fabric | DitFabric, islands: Mapping[str, IslandRunner | JumpRunner | NonlinearRunner], rails: Held
) -> list[tuple[IslandRunner | JumpRunner | NonlinearRunner | Held, Ints, Ints]]:
    """Where the analog inputs come from: source, its rows, the nodes that see them."""
    found: dict[int, tuple[IslandRunner | JumpRunner | NonlinearRunner | Held, list[int], list[int]]] = {}
    for node, net in enumerate(fabric.input_nets or ()):
        if net:
            source = islands.get(net, rails)
            _, rows, nodes = found.setdefault(id(source), (source, [], []))
            rows.append(source.rows[net])
            nodes.append(node)
    return [(source, np.array(rows), np.array(nodes)) for source, rows, nodes in found.values()]
