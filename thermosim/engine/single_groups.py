"""Groups of few replicas, which are worked on one by one."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from thermosim.contracts import Floats
from thermosim.engine.group import NO_DRIVE, Group
from thermosim.engine.observables import Watched
from thermosim.kernels.blocks import Blocks
from thermosim.kernels.chain import chain_slots, chain_start, parameters
from thermosim.kernels.dense import dense_slots
from thermosim.kernels.gibbs import Plan
from thermosim.kernels.observe import Seen
from thermosim.kernels.observe_chain import chain_draws, chain_run, dense_run
from thermosim.kernels.runs import RUN, Runs


class SingleGroup(Group):
    """Replicas one by one."""

    def __init__(self, plan: Plan, keys: np.ndarray, replicas: int, free: bool) -> None:
        super().__init__(plan, keys, replicas)
        self._room = np.full((replicas, self.nodes + RUN), -1, dtype=np.int8)
        self._hidden = self._room.copy() if free else self._room[:, :0]

    @property
    def lanes(self) -> int:
        return self.replicas

    def _of(self, k: int) -> tuple[np.ndarray, bool]:
        """Key of the pair of a replica, and which one of the pair it is."""
        return self.keys[k // 2], k % 2 == 1

    def start(self) -> None:
        for k in range(self.replicas):
            chain_start(*self._of(k), self.plan.node, self._room[k])
        if self._hidden.size:
            self._hidden[:] = self._room

    def slots(self, begin: int, end: int, drive: Floats | None = None) -> None:
        for k in range(self.replicas):
            self._slots(k, begin, end, NO_DRIVE if drive is None else np.ascontiguousarray(drive[:, k], np.float32))

    @abstractmethod
    def _slots(self, k: int, begin: int, end: int, drive: np.ndarray) -> None:
        """Run slots of one replica."""

    def observe(self, watched: Watched, seen: Seen) -> None:
        for k in range(self.replicas):
            chain_draws(self._room[k : k + 1], watched.chain, 0, k, seen)

    def bits(self, hidden: bool = False) -> np.ndarray:
        up: np.ndarray = (self._hidden if hidden else self._room)[:, : self.nodes].T != 0
        return up

    def set_bits(self, up: np.ndarray, hidden: bool = False) -> None:
        (self._hidden if hidden else self._room)[:, : self.nodes] = -up.T.astype(np.int8)


class ChainGroup(SingleGroup):
    """Replicas one by one, p-bits of a colour side by side."""

    def __init__(self, plan: Plan, keys: np.ndarray, replicas: int, free: bool, laid: Blocks, found: Runs) -> None:
        super().__init__(plan, keys, replicas, free)
        self._laid, self._found = laid, found
        self._parameters = parameters(plan)

    def take_up(self, plan: Plan) -> None:
        """As of any group."""
        super().take_up(plan)
        self._parameters = parameters(plan)

    def _slots(self, k: int, begin: int, end: int, drive: np.ndarray) -> None:
        chain_slots(
            self._room[k], self._hidden[k], *self._of(k), begin, end, self.plan, self._parameters, self._laid,
            self._found, drive,
        )  # fmt: skip

    def run(self, begin: int, every: int, watched: Watched, seen: Seen) -> None:
        for k in range(self.replicas):
            chain_run(
                self._room[k], self._hidden[k], *self._of(k), begin, every, self.plan, self._parameters, self._laid,
                self._found, NO_DRIVE, watched.chain, k, seen,
            )  # fmt: skip


class DenseGroup(SingleGroup):
    """Replicas one by one, with a matrix of couplings."""

    def __init__(self, plan: Plan, keys: np.ndarray, replicas: int, matrix: np.ndarray) -> None:
        super().__init__(plan, keys, replicas, False)
        self._matrix = matrix

    def _slots(self, k: int, begin: int, end: int, drive: np.ndarray) -> None:
        dense_slots(self._room[k], *self._of(k), begin, end, self.plan, self._matrix, drive)

    def run(self, begin: int, every: int, watched: Watched, seen: Seen) -> None:
        for k in range(self.replicas):
            dense_run(
                self._room[k], *self._of(k), begin, every, self.plan, self._matrix, NO_DRIVE, watched.chain, k, seen
            )  # fmt: skip
