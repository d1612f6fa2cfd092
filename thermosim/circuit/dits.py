"""P-dits that couple, with the p-bits among them: what the kernels and the laws want of a categorical fabric.

    E(c) = -(sum_edges J_e(c_i, c_j) + sum_i h_i(c_i)),   the law is exp(-beta E)

A p-bit is a p-dit of two states, 0 down and 1 up: J s s' is the table [[J, -J], [-J, J]] and h s the biases (-h, h).
So the p-dit of two states with the Potts coupling J delta(c, c') and biases h(a) is, but for a constant, the p-bit with
the coupling J/2 and the bias (h(1) - h(0))/2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from thermosim.contracts import Floats, Ints
from thermosim.times import Clock


@dataclass(frozen=True)
class PottsLaw:
    """Energies of the states of nodes that have `states` (node,) of them each.

    `edges` (edge, 2) with i < j; `tables` (edge, Q, Q) with Q the most states, the first index the state of i; `biases`
    (node, Q). What lies beyond a node's states is zero and never looked at. Dimensionless.
    """

    states: Ints
    edges: Ints
    tables: Floats
    biases: Floats
    beta: float

    @property
    def nodes(self) -> int:
        return len(self.states)

    @property
    def coupled(self) -> bool:
        """Whether any nodes feel each other."""
        return len(self.edges) > 0

    @property
    def count(self) -> float:
        """Number of states of all nodes together, infinite where it has more than 60 bits."""
        return float(math.prod(self.states.tolist())) if np.log2(self.states).sum() < 60 else math.inf

    def energy(self, states: Ints) -> Floats:
        """E (...,) of states (..., node)."""
        at = np.asarray(states)
        i, j = self.edges.T
        pairs = self.tables[np.arange(len(self.edges)), at[..., i], at[..., j]].sum(axis=-1)
        single = self.biases[np.arange(self.nodes), at].sum(axis=-1)
        return np.asarray(-(pairs + single), dtype=np.float64)


@dataclass(frozen=True)
class DitFabric:
    """P-dits and p-bits that couple, updated colour by colour.

    A slot of the colour of node i keeps its state with probability `memory` and else draws a with

        P(a) ~ exp(beta slope_i (sum_j J_ij(a, c_j) + h_i(a)) + shift_i [a = 1])

    `slope` and `shift` (node,) are those of p-bits that differ from their drawing, 1 and 0 for p-dits. `arrays`:
    instance path -> (first node, shape); `pbits` those that are arrays of p-bits, whose states are shown as +-1.
    """

    path: str
    arrays: Mapping[str, tuple[int, tuple[int, ...]]]
    pbits: frozenset[str]
    colours: int
    colour: np.ndarray
    clock: Clock
    drawn: PottsLaw
    programmed: PottsLaw
    actual: PottsLaw
    slope: Floats
    shift: Floats
    memory: Floats
    relaxation: Floats
    """Of each node [s]."""
    schedule: tuple[tuple[int, float], ...] = ()
    order: Literal["coloured", "sequential"] = "coloured"
    settling: float = 0.0
    delay: float = 0.0
    input_nets: None = None
    rng: Literal["held"] = "held"
    inner: tuple[()] = ()
    every: int = 1
    """Sweeps from one draw to the next."""
    read: bool = False
    """Whether a draw is a read of the host, which is paid."""

    @property
    def nodes(self) -> int:
        return self.drawn.nodes

    @property
    def ticks(self) -> int:
        """Clock ticks of a sweep."""
        return self.colours

    @property
    def moves(self) -> bool:
        """Whether anything is scheduled in the course of its run."""
        return bool(self.schedule)

    def sizes(self) -> dict[str, int]:
        """Elements of every array."""
        return {path: math.prod(shape) for path, (_, shape) in self.arrays.items()}

    def nodes_of(self, path: str) -> slice:
        """Nodes of an array."""
        first, shape = self.arrays[path]
        return slice(first, first + int(np.prod(shape, dtype=np.int64)))

    def is_pbit(self) -> np.ndarray:
        """(node,) bool."""
        found = np.zeros(self.nodes, dtype=bool)
        for path in self.pbits:
            found[self.nodes_of(path)] = True
        return found
