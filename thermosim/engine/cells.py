"""A fabric of p-bits with an inner state: integrated in equal steps of time, wired through or latched by its clock.

The inputs settle exactly between two steps; the device's step is that of its kernel (:mod:`thermosim.kernels.cells`).
`slot` counts slots of the clock, or intervals of the grid. Noise is named by (seed, fabric path, replica, step): the
bits of a replica depend neither on other replicas nor on threads, and a run can stop and go on after any sweep.

A further device needs an :class:`thermosim.models.pbit.Inner` of its kind, a branch of the kernel and a line of KINDS.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thermosim.circuit.inner import reach
from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats, Ints
from thermosim.engine.agenda import Edges
from thermosim.engine.observables import Observer
from thermosim.engine.totals import Totals
from thermosim.engine.workers import each
from thermosim.errors import SimulationError
from thermosim.kernels import cells, faria, macrospin
from thermosim.kernels.cells import Net, State
from thermosim.kernels.fields import fixed, whole
from thermosim.kernels.gibbs import LANES
from thermosim.kernels.observe import Seen, observe
from thermosim.kernels.random import bits64
from thermosim.kernels.tiles import WIDTH
from thermosim.streams import replica_keys
from thermosim.times import FEMTOSECONDS
from thermosim.units import show

_NOBODY = np.zeros(0, dtype=np.int64)
_START = np.uint64(0xFFFFFFFFFFFFFFFF)
_BUFFER = 1 << 22
"""Outputs of a tile that are kept before they are observed."""
_HALVES = WIDTH // LANES


class Kind(NamedTuple):
    """A device: its number in the kernel, the columns of its table, and the rows of inner state of a node."""

    code: int
    columns: tuple[str, ...]
    rows: int


KINDS = {
    "design1": Kind(cells.DESIGN_1, faria.COLUMNS_1, 2),
    "design2": Kind(cells.DESIGN_2, faria.COLUMNS_2, 1),
    "macrospin": Kind(cells.MACROSPIN, macrospin.COLUMNS, 3),
}


class CellRunner:
    """State of one fabric of cells after `slot` slots.

    `spin` (node,), `pair` (edge,), `count`: sums over replicas and recorded draws, as of any fabric.
    """

    def __init__(self, fabric: Fabric, seed: int, replicas: int, threads: int = 1, up: bool = False) -> None:
        """First outputs at random from the replica's stream, or all `up`; inputs settled on them.

        Raises
        ------
        SimulationError
            If the steps are too long for the weights, which may have been programmed since the chip was read, or
            beta is scheduled.
        """
        self.fabric, self.replicas, self.slot = fabric, replicas, 0
        self.kind = KINDS[fabric.inner[0].kind]
        self.step = fabric.clock.period / fabric.steps
        _check_step(fabric, self.step)
        if fabric.schedule:
            raise SimulationError(f"{fabric.path}: a schedule is not built for p-bits with inner state")
        self._edges = Edges(fabric.clock)
        self._net = _net(fabric, self.step)
        self._table = _table(fabric, self.kind, self.step)
        self.observer = Observer(fabric, np.arange(fabric.nodes, dtype=np.int64))
        self.totals = Totals(fabric)
        keys = replica_keys(seed, f"cells {fabric.path}", replicas)
        self._keys = [keys[first : first + WIDTH] for first in range(0, replicas, WIDTH)]
        self._threads = min(threads, len(self._keys))
        self._tiles = [self._first(mine, up) for mine in self._keys]

    def advance(
        self, sweeps: int, record: bool = False, every: int = 1, nodes: Ints = _NOBODY
    ) -> dict[str, np.ndarray]:
        """Run whole sweeps; with `record` a draw after every `every` of them, as a clocked fabric gives it.

        Raises
        ------
        ValueError
            If `every` does not divide `sweeps`.
        """
        if record and sweeps % every:
            raise ValueError(f"{sweeps} sweeps are not a whole number of draws, one every {every}")
        stride = (every if record else sweeps) * self.fabric.ticks
        draws = sweeps // every if record else min(sweeps, 1)
        begin, self.slot = self.slot, self.slot + sweeps * self.fabric.ticks
        seen = [[self.observer.blank(draws if record else 0, len(nodes), LANES) for _ in range(_HALVES)]
                for _ in self._tiles]  # fmt: skip

        def work(tile: int) -> None:
            self._run(tile, begin, stride, draws, seen[tile] if record else [], nodes)

        each(self._threads, work, len(self._tiles))
        return self._recorded([half for halves in seen for half in halves], draws) if record else {}

    def _run(self, tile: int, begin: int, stride: int, draws: int, seen: list[Seen], nodes: Ints) -> None:
        """Run a tile, a buffer of draws at a time."""
        keys, watch = self._keys[tile], self.observer.watch(nodes).lanes
        room = max(1, _BUFFER // (self.fabric.nodes * WIDTH))
        for lower in range(0, draws, room):
            count = min(room, draws - lower)
            states = np.full((_HALVES, count, self.fabric.nodes * LANES), -1, dtype=np.int8)
            cells.follow(
                self.kind.code, self._table, keys, begin + lower * stride, stride, self.fabric.steps, self._net,
                self._tiles[tile], states,
            )  # fmt: skip
            for half, part in enumerate(seen):
                lanes = min(LANES, len(keys) - half * LANES)
                for k in range(count if lanes > 0 else 0):
                    observe(states[half, k], watch, np.uint32(2**lanes - 1), lower + k, part)

    def observe(self, nodes: Ints = _NOBODY) -> dict[str, np.ndarray]:
        """One draw of the present state, as :meth:`advance` records it."""
        seen, watch = [], self.observer.watch(nodes).lanes
        for first in range(0, self.replicas, LANES):
            spins = self.spins()[:, first : first + LANES]
            state = np.full((self.fabric.nodes, LANES), -1, dtype=np.int8)
            state[:, : spins.shape[1]] = np.where(spins > 0, -1, 0)
            seen.append(self.observer.blank(1, len(nodes), LANES))
            observe(state.ravel(), watch, np.uint32(2 ** spins.shape[1] - 1), 0, seen[-1])
        return self._recorded(seen, 1)

    def _recorded(self, seen: list[Seen], draws: int) -> dict[str, np.ndarray]:
        self.totals.add(seen, self.replicas * draws)
        return self.observer.series(seen, self.replicas)

    def kernel_names(self) -> list[str]:
        """The kernel that works here, and on how many replicas."""
        return [f"{self.fabric.inner[0].kind} in steps of {self.step:.3g} s ({self.replicas} replicas)"]

    def tally(self, begin: int, end: int) -> dict[str, Ints]:
        """Updates between two slots by the names of their counters, ``<array>.updates`` (replica,): outputs latched, or
        one for each relaxation time if wired."""
        if self._net.colours:
            visits = np.array([len(range(begin + (c - begin) % self._net.colours, end, self._net.colours))
                               for c in range(self._net.colours)])  # fmt: skip
            each = visits[self.fabric.colour]
        else:
            passed = [np.floor(self._edges.at(k) / FEMTOSECONDS / self.fabric.relaxation) for k in (begin, end)]
            each = (passed[1] - passed[0]).astype(np.int64)
        return {
            f"{path}.updates": np.full(self.replicas, each[a : a + int(np.prod(s, dtype=np.int64))].sum())
            for path, (a, s) in self.fabric.arrays.items()
        }

    def spins(self) -> np.ndarray:
        """Outputs that the couplings see (node, replica) +-1 int8."""
        return np.concatenate([tile.seen for tile in self._tiles], axis=1)[:, : self.replicas]

    def inner(self) -> Floats:
        """Inner states (row, replica), `rows` of each node in turn."""
        return np.concatenate([tile.inner for tile in self._tiles], axis=1)[:, : self.replicas]

    def sums(self) -> dict[str, np.ndarray]:
        """Sums by their names in a record, and the present state."""
        return self.totals.named() | {f"{self.fabric.path}:last": self.spins()}

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on, and the sums so far."""
        tiles = {name: np.array([getattr(tile, name) for tile in self._tiles]) for name in State._fields}
        return {"slot": self.slot, "tiles": tiles} | self.totals.checkpoint()

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.slot = int(kept["slot"])
        self.totals.restore(kept)
        for name in State._fields:
            for tile, values in zip(self._tiles, kept["tiles"][name], strict=True):
                getattr(tile, name)[:] = values

    def _first(self, keys: np.ndarray, up: bool) -> State:
        """A tile at time 0: thresholds at random, magnets along their first output."""
        n, net = self.fabric.nodes, self._net
        rows = range(2 * n)
        words = np.array([[bits64(key, _START - np.uint64(row)) for key in keys] for row in rows], dtype=np.uint64)
        spin = np.ones((n, WIDTH))
        spin[:, : len(keys)] = np.where(up | (words[:n] >> np.uint64(63) == 1), 1, -1)
        total = np.zeros((n, WIDTH), dtype=np.int64)
        np.add.at(total, net.felt, net.weight[:, None] * np.repeat(spin.astype(np.int64), np.diff(net.first), axis=0))
        level = net.unit[:, None] * total + net.bias[:, None]
        inner = np.zeros((self.kind.rows * n, WIDTH))
        if self.kind.code == cells.DESIGN_1:
            inner[::2, : len(keys)] = words[n:].astype(np.float64) * 2.0**-63 - 1.0
            inner[1::2] = np.tanh(level / 2)
        else:
            inner[self.kind.rows - 1 :: self.kind.rows] = spin
        first = spin.astype(np.int8)
        return State(inner, level, total, first, first.copy())


def _check_step(fabric: Fabric, step: float) -> None:
    reaches = reach(fabric.actual, fabric.slope, fabric.shift)
    for item, (first, shape) in zip(fabric.inner, fabric.arrays.values(), strict=True):
        limits = item.limits(reaches[first : first + int(np.prod(shape, dtype=np.int64))])
        for what, most in limits.items():
            if step > most * (1 + 1e-9):
                raise SimulationError(
                    f"{fabric.path}: a step of {show(step, 's')} is too long for these weights: {what} allows "
                    f"{show(most, 's')}; say a shorter updates.step"
                )


def _table(fabric: Fabric, kind: Kind, step: float) -> Floats:
    """Columns of every node, (node, column)."""
    parts = []
    for item, (_, shape) in zip(fabric.inner, fabric.arrays.values(), strict=True):
        columns, size = item.columns(step), int(np.prod(shape, dtype=np.int64))
        parts.append(np.column_stack([np.broadcast_to(columns[name], size) for name in kind.columns]))
    return np.ascontiguousarray(np.concatenate(parts))


def _net(fabric: Fabric, step: float) -> Net:
    """The couplings as the kernel wants them, inputs in units of the argument."""
    law, n = fabric.actual, fabric.nodes
    scale = 2.0 * law.beta * fabric.slope
    felt, sources, weights = law.couplings()
    few = whole(weights)
    if few is None:
        integers, unit = fixed(n, felt, scale[felt] * weights)
    else:
        integers, unit = few[0], scale * few[1]
    order = np.lexsort((felt, sources))
    first = np.concatenate([[0], np.cumsum(np.bincount(sources, minlength=n))]).astype(np.int64)
    return Net(
        first,
        felt[order],
        integers[order],
        unit,
        scale * law.biases + fabric.shift,
        1.0 if fabric.settling == 0 else float(-np.expm1(-step / fabric.settling)),
        fabric.colour.astype(np.int64),
        0 if fabric.order == "free" else fabric.colours,
    )
