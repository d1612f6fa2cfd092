"""The fixed observables of a fabric: energy under the drawn law, means of arrays, projections, states if it is small.

    E = -(sum_edges J_ij s_i s_j + sum_i h_i s_i + sum_terms K prod s),
    mean = sum_i s_i / N,   projection_k = sum_i c_ki s_i / sqrt(n),   c_ki = +-1

The signs c are drawn from the fabric's path alone, so that they are the same in every run. Means and projections
are exact integers before they are divided. Directed couplings have no energy, and none is recorded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Ints
from thermosim.kernels.blocks import blocks
from thermosim.kernels.bodies import BodyWatch
from thermosim.kernels.chain import SIZE
from thermosim.kernels.fields import rows
from thermosim.kernels.observe import Seen, Watch
from thermosim.kernels.observe_chain import ChainWatch
from thermosim.kernels.runs import runs
from thermosim.streams import generator

PROJECTIONS = 32
ENERGY_UNITS = 2**26
"""Units of energy in the largest sum of magnitudes around a node: energies are exact multiples of a unit."""
PACKED = 20
"""Largest fabric whose states are recorded whole."""


def projection_signs(path: str, nodes: int) -> np.ndarray:
    """Signs +-1 (PROJECTIONS, nodes) int8 of a fabric's projections; none for a single node, whose mean says it all."""
    count = PROJECTIONS if nodes > 1 else 0
    bits = generator(0, path, "projections").integers(0, 2, (count, nodes))
    return (2 * bits - 1).astype(np.int8)


def bytes_per_draw(fabric: Fabric) -> int:
    """Bytes that the series of a fabric take for each replica and sweep: eight for a number, four for a state."""
    numbers = 1 + len(fabric.arrays) + (PROJECTIONS if fabric.nodes > 1 else 0)
    return 8 * numbers + (4 if fabric.nodes <= PACKED else 0)


class Watched(NamedTuple):
    """What is observed, as the kernels for groups and those for single replicas want it."""

    lanes: Watch
    chain: ChainWatch
    bodies: BodyWatch


class Observer:
    """Turns what the kernels count in groups of replicas into series (chain, draw)."""

    def __init__(self, fabric: Fabric, places: Ints) -> None:
        self.fabric, self._places = fabric, places
        law, n = fabric.drawn, fabric.nodes
        self._arrays = {
            path: (first, int(np.prod(shape, dtype=np.int64))) for path, (first, shape) in fabric.arrays.items()
        }
        signs = projection_signs(fabric.path, n)
        inside = np.zeros((len(self._arrays), n), dtype=bool)
        for row, (first, size) in enumerate(self._arrays.values()):
            inside[row, first : first + size] = True
        up = np.vstack([np.ones_like(inside), signs > 0])
        counted = np.vstack([inside, np.ones((len(signs), n), dtype=bool)])
        left, right = places[law.edges[:, 0]], places[law.edges[:, 1]]
        # Every edge once, at its end of lower colour: with two colours half of the nodes then have no rows at all.
        swap = left > right
        targets, sources = np.where(swap, law.edges.T[::-1], law.edges.T)
        around = np.abs(law.biases) + law.reach()
        unit = float(np.exp2(np.ceil(np.log2(max(around.max(), 1e-30) / ENERGY_UNITS))))
        weights, biases = (np.rint(values / unit).astype(np.int64) for values in (law.weights, law.biases))
        once = rows(places, targets, sources, 2 * weights)
        order = np.argsort(places)
        base = biases[order]
        np.subtract.at(base, places[targets], weights)
        self._sizes = counted.sum(axis=1)
        packed = (_packed(up), _packed(counted))
        none = np.zeros(0, dtype=np.int64)
        self._plain = Watch(
            places, once.first, once.source, once.weight, base.astype(np.int32), unit, *packed, left, right, none
        )  # fmt: skip
        bounds = np.array([0, n])  # nothing moves while it is observed: blocks need not lie in a colour
        laid = blocks(once, bounds, SIZE)
        # The same rows with the numbers of edges instead of weights, of which some may be zero.
        edge = blocks(rows(places, targets, sources, np.arange(1, len(weights) + 1)), bounds, SIZE).weight.astype(
            np.int32
        )
        by_place = (_packed(up[:, order]), _packed(counted[:, order]))
        self._chain = ChainWatch(self._plain, laid, runs(laid, edge != 0), edge, *by_place)
        members = np.where(law.terms.members < 0, -1, places[law.terms.members])
        self._bodies = BodyWatch(members, np.rint(law.terms.weights / unit).astype(np.int64), unit)

    def watch(self, nodes: Ints) -> Watched:
        """What the kernels observe, with the spins of `nodes` one by one."""
        watch = self._plain._replace(rows=self._places[nodes])
        return Watched(watch, self._chain._replace(watch=watch), self._bodies)

    def blank(self, draws: int, nodes: int, lanes: int) -> Seen:
        """Room for the draws of one group."""
        return Seen(
            energy=np.zeros((draws, lanes)),
            count=np.zeros((draws, len(self._sizes) * lanes), dtype=np.uint32),
            packed=np.zeros((draws, lanes), dtype=np.uint32),
            spins=np.zeros((draws, nodes, lanes), dtype=np.int8),
            spin=np.zeros(self.fabric.nodes, dtype=np.int64),
            pair=np.zeros(len(self.fabric.drawn.edges), dtype=np.int64),
            term=np.zeros(len(self.fabric.drawn.terms), dtype=np.int64),
        )

    def series(self, groups: list[Seen], replicas: int) -> dict[str, np.ndarray]:
        """Series (chain, draw) by their names in a record, ``<fabric>:energy`` and so on.

        Where nodes are watched one by one also ``spins`` (draw, node, chain).
        """
        prefix = f"{self.fabric.path}:"
        counts = [seen.count.reshape(len(seen.energy), -1, seen.energy.shape[1]) for seen in groups]
        count = np.concatenate(counts, axis=2)[:, :, :replicas]
        sums = self._sizes[:, np.newaxis, np.newaxis] - 2 * count.astype(np.int64).transpose(1, 2, 0)
        out: dict[str, np.ndarray] = {}
        if self.fabric.drawn.symmetric:
            out[f"{prefix}energy"] = _chains([seen.energy for seen in groups], replicas)
        for row, path in enumerate(self._arrays):
            out[f"{prefix}mean({path})"] = sums[row] / self._sizes[row]
        for k, row in enumerate(range(len(self._arrays), len(sums))):
            out[f"{prefix}projection[{k}]"] = sums[row] / np.sqrt(self.fabric.nodes)
        if self.fabric.nodes <= PACKED:
            out[f"{prefix}states"] = _chains([seen.packed for seen in groups], replicas)
        if groups[0].spins.shape[1]:
            out["spins"] = np.concatenate([seen.spins for seen in groups], axis=2)[:, :, :replicas]
        return out


def _chains(parts: list[np.ndarray], replicas: int) -> np.ndarray:
    """(draw, lane) of every group -> (chain, draw)."""
    return np.ascontiguousarray(np.concatenate(parts, axis=1)[:, :replicas].T)


def _packed(bits: np.ndarray) -> np.ndarray:
    """Rows of booleans (row, node) -> words (row, ceil(node / 32)) uint32, the first node the lowest bit."""
    words = -(-bits.shape[1] // 32)
    padded = np.zeros((len(bits), words * 32), dtype=np.uint64)
    padded[:, : bits.shape[1]] = bits
    packed: np.ndarray = (
        (padded.reshape(len(bits), words, 32) << np.arange(32, dtype=np.uint64)).sum(axis=2).astype(np.uint32)
    )
    return packed
