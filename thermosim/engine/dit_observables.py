"""The fixed observables of a categorical fabric: energy as drawn, occupation of states, projections, states if few.

    E = -(sum_edges J_e(c_i, c_j) + sum_i h_i(c_i)),   occupation_a = sum_i [c_i = a] / N of an array of p-dits,
    mean = sum_i s_i / N of an array of p-bits,   projection_k = sum_i d_ki(c_i) / sqrt(n),   d_ki(a) = +-1

The signs d are drawn from the fabric's path alone. No node has one sign for all of its states, since that would say
nothing of it; for two states the signs are opposite, as for p-bits. All sums are whole numbers before they are divided.
"""

from __future__ import annotations

import numpy as np

from thermosim.circuit.dits import DitFabric
from thermosim.contracts import Ints
from thermosim.kernels.categorical import ROWS, Seen, Watch
from thermosim.kernels.gibbs import LANES
from thermosim.streams import generator

ENERGY_UNITS = 2**40
"""Units of energy in the sum of all magnitudes: energies are exact multiples of a unit."""
STATES = 2**20
"""States of all nodes together, at most, for which the state is recorded whole."""


def signs_of(path: str, states: Ints) -> np.ndarray:
    """Signs +-1 (ROWS, node, Q) int8 of the projections; zero beyond a node's states."""
    width = int(states.max())
    signs = 2 * generator(0, path, "projections").integers(0, 2, (ROWS, len(states), width)) - 1
    signs[:, np.arange(width) >= states[:, None]] = 0
    same = np.abs(signs.sum(axis=2)) == states
    turned = (np.arange(ROWS)[:, None] + np.arange(len(states))) % states
    rows, nodes = np.nonzero(same)
    signs[rows, nodes, turned[rows, nodes]] *= -1
    return signs.astype(np.int8)


def rows_of(fabric: DitFabric) -> dict[str, int]:
    """Number of states of every array."""
    return {path: int(fabric.drawn.states[fabric.nodes_of(path)][0]) for path in fabric.arrays}


def bytes_per_draw(fabric: DitFabric) -> int:
    """Bytes that the series of a fabric take for each replica and sweep."""
    occupations = sum(1 if path in fabric.pbits else states for path, states in rows_of(fabric).items())
    numbers = 1 + occupations + (ROWS if fabric.nodes > 1 else 0)
    return 8 * numbers + (4 if fabric.drawn.count <= STATES else 0)


def radix(states: Ints) -> Ints:
    """What the state of each node counts in the number of the state of all, the first node the least."""
    return np.concatenate([[1], np.cumprod(states[:-1])]).astype(np.int64)


class DitObserver:
    """Turns what the kernel counts into series (chain, draw); `unit` of energies."""

    def __init__(self, fabric: DitFabric, places: Ints) -> None:
        self.fabric = fabric
        law, width = fabric.drawn, int(fabric.drawn.states.max())
        self._rows = rows_of(fabric)
        owner, first = np.zeros(fabric.nodes, dtype=np.int64), 0
        for path, states in self._rows.items():
            owner[fabric.nodes_of(path)] = first
            first += states
        self._count = first
        span = np.abs(law.tables).max(axis=(1, 2), initial=0.0).sum() + np.abs(law.biases).max(axis=1).sum()
        self.unit = float(np.exp2(np.ceil(np.log2(max(float(span), 1e-30) / ENERGY_UNITS))))
        known, which = np.unique(law.tables.reshape(len(law.edges), width**2), axis=0, return_inverse=True)
        bits = np.uint32(1) << np.arange(ROWS, dtype=np.uint32)
        up = signs_of(fabric.path, law.states) > 0
        few = law.count <= STATES
        self._watch = Watch(
            place=places.astype(np.int64),
            owner=owner,
            signs=(up * bits[:, None, None]).sum(axis=0).astype(np.uint32).ravel(),
            left=places[law.edges[:, 0]].astype(np.int64),
            right=places[law.edges[:, 1]].astype(np.int64),
            table=which.ravel().astype(np.int64) * width**2,
            entries=np.rint(known / self.unit).astype(np.int64).ravel(),
            bias=np.rint(law.biases / self.unit).astype(np.int64).ravel(),
            unit=self.unit,
            radix=(radix(law.states) if few else np.zeros(fabric.nodes)).astype(np.uint32),
            rows=np.zeros(0, dtype=np.int64),
            width=width,
        )

    def watch(self, nodes: Ints) -> Watch:
        """What the kernel observes, with the states of `nodes` one by one."""
        return self._watch._replace(rows=np.asarray(nodes, dtype=np.int64))

    def blank(self, draws: int, nodes: int) -> Seen:
        """Room for the draws of one group."""
        return Seen(
            energy=np.zeros((draws, LANES)),
            occupied=np.zeros((draws, self._count * LANES), dtype=np.int32),
            plus=np.zeros((draws, ROWS * LANES), dtype=np.int32),
            number=np.zeros((draws, LANES), dtype=np.uint32),
            kept=np.zeros((draws, nodes, LANES), dtype=np.int8),
            state=np.zeros(self.fabric.nodes * self._watch.width, dtype=np.int64),
            bond=np.zeros(len(self.fabric.drawn.edges), dtype=np.int64),
        )

    def series(self, groups: list[Seen], replicas: int) -> dict[str, np.ndarray]:
        """Series (chain, draw) by their names in a record: ``<fabric>:energy`` and so on."""

        def chains(parts: list[np.ndarray]) -> np.ndarray:
            """(draw, .., lane) of every group -> (.., chain, draw)."""
            whole = np.concatenate(parts, axis=-1)[..., :replicas]
            return np.ascontiguousarray(np.moveaxis(whole, 0, -1))

        prefix, nodes = f"{self.fabric.path}:", self.fabric.nodes
        out = {f"{prefix}energy": chains([seen.energy for seen in groups])}
        occupied = chains([seen.occupied.reshape(len(seen.occupied), -1, LANES) for seen in groups])
        first = 0
        for path, states in self._rows.items():
            size = int(np.prod(self.fabric.arrays[path][1], dtype=np.int64))
            if path in self.fabric.pbits:
                out[f"{prefix}mean({path})"] = (occupied[first + 1] - occupied[first]) / size
            else:
                for a in range(states):
                    out[f"{prefix}occupation({path})[{a}]"] = occupied[first + a] / size
            first += states
        if nodes > 1:
            plus = chains([seen.plus.reshape(len(seen.plus), ROWS, LANES) for seen in groups])
            for k in range(ROWS):
                out[f"{prefix}projection[{k}]"] = (2 * plus[k] - nodes) / np.sqrt(nodes)
        if self.fabric.drawn.count <= STATES:
            out[f"{prefix}states"] = chains([seen.number for seen in groups])
        return out
