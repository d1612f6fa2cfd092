"""A fabric whose ticks update all p-bits, a random subset of them, or one that is picked, instead of a colour.

A sweep is one tick, or one tick for each p-bit where they are picked one by one. What a tick does is
:mod:`thermosim.kernels.orders`; replicas, words and stops are those of :mod:`thermosim.engine.fabric`.
"""

from __future__ import annotations

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats, Ints
from thermosim.engine.cells import CellRunner
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.free import FreeRunner
from thermosim.engine.groups import Group, LaneGroup
from thermosim.engine.observables import Watched
from thermosim.kernels.gibbs import LANES, Plan
from thermosim.kernels.observe import Seen
from thermosim.kernels.orders import PARALLEL, RANDOM, SUBSET, run, ticks

KINDS = {"parallel": PARALLEL, "subset": SUBSET, "random": RANDOM}
_NONE = np.zeros(0, dtype=np.float32)


class OrderedGroup(LaneGroup):
    """Replicas side by side; `latched` (array, LANES) counts their outputs latched since it was set to zero."""

    def __init__(self, fabric: Fabric, plan: Plan, keys: np.ndarray, replicas: int) -> None:
        self._mode = KINDS[fabric.order], fabric.chance, fabric.rng == "free"
        super().__init__(plan, keys, replicas, fabric.rng == "free" or fabric.order != "random")
        sizes = [int(np.prod(shape, dtype=np.int64)) for _, shape in fabric.arrays.values()]
        self._owner = np.repeat(np.arange(len(sizes)), sizes)[plan.node.astype(np.int64)]
        self.latched = np.zeros((len(sizes), LANES), dtype=np.int64)

    def slots(self, begin: int, end: int, drive: Floats | None = None) -> None:
        ticks(
            *self._mode, self._state, self._hidden, self.keys, begin, end, self.plan, self._padded(drive), self._owner,
            self.latched,
        )  # fmt: skip

    def run(self, begin: int, every: int, watched: Watched, seen: Seen) -> None:
        run(
            *self._mode, self._state, self._hidden, self.keys, begin, every, self.plan, _NONE, self._owner,
            self.latched, watched.lanes, self._valid(), seen,
        )  # fmt: skip


class OrderedRunner(FabricRunner):
    """State of one fabric of order parallel, subset or random after `slot` ticks."""

    def tally(self, begin: int, end: int) -> Ints:
        """Outputs latched (array, replica) since the last call."""
        counts = np.concatenate([group.latched for group in self._ordered], axis=1)[:, : self.replicas]
        for group in self._ordered:
            group.latched[:] = 0
        return counts

    def _kernels(self) -> tuple[str, ...]:
        return (self.fabric.order,) * -(-self.replicas // LANES)

    def _made(self, keys: np.ndarray) -> list[Group]:
        self._ordered = [
            OrderedGroup(self.fabric, self._plan, mine, min(LANES, self.replicas - number * LANES))
            for number, mine in enumerate(keys)
        ]
        return list(self._ordered)


def runner(fabric: Fabric, seed: int, replicas: int, threads: int) -> FabricRunner | FreeRunner | CellRunner:
    """The runner of a fabric's order; sequential updates are a colouring with one p-bit of each colour."""
    if fabric.inner:
        return CellRunner(fabric, seed, replicas, threads)
    if fabric.order == "free":
        return FreeRunner(fabric, seed, replicas, threads)
    kind = OrderedRunner if fabric.order in KINDS else FabricRunner
    return kind(fabric, seed, replicas, threads)
