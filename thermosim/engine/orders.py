"""A fabric whose ticks update all p-bits, a random subset of them, or one that is picked, instead of a colour.

A sweep is one tick, or one tick for each p-bit where they are picked one by one. What a tick does is
:mod:`thermosim.kernels.orders`; replicas, words and stops are those of :mod:`thermosim.engine.fabric`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats, Ints
from thermosim.engine.fabric import _NOBODY, _NONE, FabricRunner
from thermosim.engine.free import FreeRunner
from thermosim.kernels.gibbs import LANES
from thermosim.kernels.orders import PARALLEL, RANDOM, SUBSET, run, ticks

KINDS = {"parallel": PARALLEL, "subset": SUBSET, "random": RANDOM}


class OrderedRunner(FabricRunner):
    """State of one fabric of order parallel, subset or random after `slot` ticks."""

    def __init__(self, fabric: Fabric, seed: int, replicas: int, threads: int = 1, up: bool = False) -> None:
        super().__init__(fabric, seed, replicas, threads, up)
        if fabric.order != "random" and not self._hidden.size:
            self._hidden = self._state.copy()
        sizes = [int(np.prod(shape, dtype=np.int64)) for _, shape in fabric.arrays.values()]
        self._owner = np.repeat(np.arange(len(sizes)), sizes)[self._order]
        self._latched = np.zeros((self._groups, len(sizes), LANES), dtype=np.int64)

    def advance(
        self, sweeps: int, record: bool = False, every: int = 1, nodes: Ints = _NOBODY
    ) -> dict[str, np.ndarray]:
        """As of a coloured fabric."""
        if self.fabric.input_nets is not None:
            raise ValueError("this fabric has analog inputs: advance it slot by slot")
        if record and sweeps % every:
            raise ValueError(f"{sweeps} sweeps are not a whole number of draws, one every {every}")
        begin, step = self.slot, every * self.fabric.ticks
        self.slot += sweeps * self.fabric.ticks
        if not record:
            self._each(lambda g: ticks(*self._mode, *self._bits(g), begin, self.slot, *self._rest(g, _NONE)))
            return {}
        watch = self.observer.watch(nodes)
        seen = [self.observer.blank(sweeps // every, len(nodes)) for _ in range(self._groups)]
        self._each(
            lambda g: run(
                *self._mode, *self._bits(g), begin, step, *self._rest(g, _NONE), watch, self._valid(g), seen[g]
            )
        )
        return self._recorded(seen, len(nodes))

    def advance_slot(self, volts: Floats | None = None) -> None:
        """Run one tick, with `volts` (node, replica) [V] at the analog inputs."""
        drive = self._drive(volts)
        begin = self.slot
        self.slot += 1
        self._each(lambda g: ticks(*self._mode, *self._bits(g), begin, begin + 1, *self._rest(g, drive[g])))

    def tally(self, begin: int, end: int) -> Ints:
        """Outputs latched (array, replica) since the last call."""
        counts = np.concatenate(list(self._latched), axis=1)[:, : self.replicas].copy()
        self._latched[:] = 0
        return counts

    @property
    def _mode(self) -> tuple[int, float, bool]:
        return KINDS[self.fabric.order], self.fabric.chance, self.fabric.rng == "free"

    def _rest(self, group: int, drive: np.ndarray) -> tuple[Any, ...]:
        return self._plan, drive, self._owner, self._latched[group]


def runner(fabric: Fabric, seed: int, replicas: int, threads: int) -> FabricRunner | FreeRunner:
    """The runner of a fabric's order; sequential updates are a colouring with one p-bit of each colour."""
    if fabric.order == "free":
        return FreeRunner(fabric, seed, replicas, threads)
    kind = OrderedRunner if fabric.order in KINDS else FabricRunner
    return kind(fabric, seed, replicas, threads)
