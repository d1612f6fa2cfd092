"""A fabric whose ticks update all p-bits, a random subset of them, or one that is picked, instead of a colour.

A sweep is one tick, or one tick for each p-bit where they are picked one by one. What a tick does is
:mod:`thermosim.kernels.orders`; replicas, words and stops are those of :mod:`thermosim.engine.fabric`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from thermosim.circuit.dits import DitFabric
from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats, Ints
from thermosim.engine.categorical import DitRunner
from thermosim.engine.cells import CellRunner
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.free import FreeRunner
from thermosim.engine.group import Group
from thermosim.engine.groups import LaneGroup
from thermosim.engine.observables import Watched
from thermosim.engine.tallies import owners
from thermosim.engine.tempering import TemperedRunner
from thermosim.kernels.bodies import Bodies, body_run_ticks, body_ticks, observe_bodies
from thermosim.kernels.gibbs import LANES, Plan
from thermosim.kernels.observe import Seen
from thermosim.kernels.orders import PARALLEL, RANDOM, SUBSET, run, ticks
from thermosim.streams import key

KINDS = {"parallel": PARALLEL, "subset": SUBSET, "random": RANDOM}
_NONE = np.zeros(0, dtype=np.float32)


class OrderedGroup(LaneGroup):
    """Replicas side by side; `latched` (array + 1, LANES) counts their outputs latched since it was set to zero."""

    def __init__(self, fabric: Fabric, plan: Plan, keys: np.ndarray, replicas: int) -> None:
        self._mode = KINDS[fabric.order], fabric.chance, fabric.rng == "free"
        super().__init__(plan, keys, replicas, fabric.rng == "free" or fabric.order != "random")
        self._arrays = owners(fabric)[plan.node.astype(np.int64)]
        self._owner = self._arrays
        self.latched = np.zeros((len(fabric.arrays) + 1, LANES), dtype=np.int64)

    def take_up(self, plan: Plan) -> None:
        """As of any group; p-bits that are held count for nobody, in the last row of `latched`."""
        super().take_up(plan)
        self._owner = np.where(plan.fresh == 0, len(self.latched) - 1, self._arrays)

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


class OrderedBodyGroup(OrderedGroup):
    """The same of p-bits in terms of three or four."""

    def __init__(self, fabric: Fabric, plan: Plan, terms: Bodies, keys: np.ndarray, replicas: int) -> None:
        super().__init__(fabric, plan, keys, replicas)
        self._terms = terms

    def slots(self, begin: int, end: int, drive: Floats | None = None) -> None:
        body_ticks(
            *self._mode, self._state, self._hidden, self.keys, begin, end, self.plan, self._terms, self._padded(drive),
            self._owner, self.latched,
        )  # fmt: skip

    def run(self, begin: int, every: int, watched: Watched, seen: Seen) -> None:
        body_run_ticks(
            *self._mode, self._state, self._hidden, self.keys, begin, every, self.plan, self._terms, _NONE, self._owner,
            self.latched, watched.lanes, watched.bodies, self._valid(), seen,
        )  # fmt: skip

    def observe(self, watched: Watched, seen: Seen) -> None:
        observe_bodies(self._state, watched.lanes, watched.bodies, self._valid(), 0, seen)


class OrderedRunner(FabricRunner):
    """State of one fabric of order parallel, subset or random after `slot` ticks."""

    def _latched(self, begin: int, end: int) -> Ints:
        """Outputs latched (array, replica) since the last call; held ones are none."""
        counts = np.concatenate([group.latched for group in self._ordered], axis=1)[:-1, : self.replicas]
        for group in self._ordered:
            group.latched[:] = 0
        return counts

    def _in_order(self) -> Ints:
        """Nodes as they are numbered: the kernels pick one by its place."""
        return np.arange(self.fabric.nodes)

    def _kernels(self) -> tuple[str, ...]:
        return (self.fabric.order,) * -(-self.replicas // LANES)

    def _made(self, keys: np.ndarray) -> list[Group]:
        terms = self._bodies

        def group(mine: np.ndarray, replicas: int) -> OrderedGroup:
            if terms is None:
                return OrderedGroup(self.fabric, self._plan, mine, replicas)
            return OrderedBodyGroup(self.fabric, self._plan, terms, mine, replicas)

        self._ordered = [group(mine, min(LANES, self.replicas - number * LANES)) for number, mine in enumerate(keys)]
        return list(self._ordered)


Runner = FabricRunner | FreeRunner | TemperedRunner | DitRunner | CellRunner


def runner(fabric: Fabric | DitFabric, seed: int, replicas: int, threads: int) -> Runner:
    """The runner of a fabric's order; sequential updates are a colouring with one p-bit of each colour."""
    if isinstance(fabric, DitFabric):
        return DitRunner(fabric, seed, replicas, threads)
    if fabric.inner:
        return CellRunner(fabric, seed, replicas, threads)
    if fabric.order == "free":
        return FreeRunner(fabric, seed, replicas, threads)
    kind = OrderedRunner if fabric.order in KINDS else FabricRunner
    if fabric.tempering is None:
        return kind(fabric, seed, replicas, threads)
    last = len(fabric.tempering.betas) - 1
    copies = []
    for k, beta in enumerate(fabric.tempering.betas):
        copy = replace(fabric, actual=replace(fabric.actual, beta=beta), tempering=None)
        copies.append(kind(copy, seed if k == last else int(key(seed, "copy", k)), replicas, threads))
    return TemperedRunner(fabric, copies, seed)
