"""Which p-bits of a fabric couple: the netlist's couplings in one numbering of nodes, parallel ones added up."""

from __future__ import annotations

from typing import Literal

import numpy as np

from thermosim.circuit.circuit import Synapses
from thermosim.contracts import Floats, Ints
from thermosim.terms import LARGEST, Terms

Starts = dict[str, tuple[int, tuple[int, ...]]]
"""First node and shape of every array of a fabric."""
Version = Literal["drawn", "programmed", "actual"]


class Pairs:
    """Pairs (edge, 2) with i < j in the fabric's numbering; parallel couplings of a pair add up."""

    def __init__(self, inside: list[Synapses], starts: Starts) -> None:
        self._inside = inside
        listed = [np.zeros((0, 2), dtype=np.int64), *(_shifted(synapse, starts) for synapse in inside)]
        ends = np.concatenate(listed)
        self.edges, slot = np.unique(np.sort(ends, axis=1), axis=0, return_inverse=True)
        self._slot = slot.ravel()
        none = np.zeros(0, dtype=bool)
        both = np.concatenate([none, *(np.full(len(synapse.edges), not synapse.directed) for synapse in inside)])
        self._onward, self._back = both | (ends[:, 0] < ends[:, 1]), both | (ends[:, 0] > ends[:, 1])

    def weights(self, which: Version) -> tuple[Floats, Floats | None]:
        """What the second feels of the first, and the first of the second where that is not the same throughout."""
        listed = np.concatenate([np.zeros(0), *(getattr(synapse, which) for synapse in self._inside)])
        onward, back = np.zeros(len(self.edges)), np.zeros(len(self.edges))
        np.add.at(onward, self._slot[self._onward], listed[self._onward])
        np.add.at(back, self._slot[self._back], listed[self._back])
        return onward, None if np.array_equal(onward, back) else back


class Products:
    """Terms in the fabric's numbering; parallel ones add up."""

    def __init__(self, inside: list[Synapses], starts: Starts) -> None:
        self._inside = inside
        listed = [np.zeros((0, LARGEST), dtype=np.int64)]
        for synapse in inside:
            members = np.sort(_shifted(synapse, starts), axis=1)
            listed.append(np.pad(members, ((0, 0), (LARGEST - members.shape[1], 0)), constant_values=-1))
        self._members, slot = np.unique(np.concatenate(listed), axis=0, return_inverse=True)
        self._slot = slot.ravel()

    def of(self, which: Version) -> Terms:
        """The terms with their weights."""
        summed = np.zeros(len(self._members))
        np.add.at(summed, self._slot, np.concatenate([np.zeros(0), *(getattr(s, which) for s in self._inside)]))
        return Terms(self._members, summed)


def _shifted(synapse: Synapses, starts: Starts) -> Ints:
    """Ends of the edges in the fabric's numbering, as they are listed."""
    return np.asarray(synapse.edges + np.array([starts[end][0] for end in synapse.ends]), dtype=np.int64)
