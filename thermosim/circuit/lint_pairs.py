"""The lint of pairs that are coupled twice: weights of separate couplings add up, and nothing says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from thermosim.circuit.circuit import At, Circuit, Synapses
from thermosim.circuit.program import Program
from thermosim.contracts import Ints
from thermosim.errors import Position


class _Nodes(NamedTuple):
    """P-bits and p-dits by number, one array after the other: `first` node of every array, and `total` of nodes."""

    first: dict[str, int]
    total: int

    def edges(self, synapse: Synapses) -> Ints:
        """Edges (edge, 2) of a coupling by the numbers of their nodes."""
        return synapse.edges + np.array([self.first[end] for end in synapse.ends], dtype=np.int64)

    def name(self, circuit: Circuit, node: int) -> str:
        path = next(path for path, begin in reversed(self.first.items()) if begin <= node)
        return circuit.instances[path].element(node - self.first[path])


def coupled_twice(circuit: Circuit, program: Program) -> Iterator[tuple[Position | None, str, str]]:
    """A pair that two couplings of the netlist, or of one subcircuit, join: they add up."""
    arrays = circuit.of_family("pbit") + circuit.of_family("pdit")
    ends = np.cumsum([0, *(array.size for array in arrays)]).tolist()
    nodes = _Nodes({array.path: end for array, end in zip(arrays, ends[:-1], strict=True)}, ends[-1])
    bodies: dict[tuple[At, str], list[Synapses]] = {}
    for synapse in circuit.synapses:
        if len(synapse.ends) == 2:
            bodies.setdefault((synapse.at[:-1], synapse.path.rpartition(".")[0]), []).append(synapse)
    said: set[tuple[At, ...]] = set()
    for body in bodies.values():
        for joined, pairs in _shared(nodes, body) if len(body) > 1 else ():
            lines = tuple(synapse.at for synapse in joined)
            if lines not in said:  # they may stand in a subcircuit of many copies
                more = f"; the same holds for {len(pairs) - 1} more" if len(pairs) > 1 else ""
                where = circuit.netlist.document.position(lines[-1])
                yield where, f"couplings.{joined[-1].path}", _told(circuit, nodes, joined, pairs[0]) + more
            said.add(lines)


def _shared(nodes: _Nodes, body: list[Synapses]) -> Iterator[tuple[tuple[Synapses, ...], list[tuple[int, int]]]]:
    """Couplings of a body that act from the same node on the same other, and these pairs, each in one direction."""
    key, owner = [], []
    for number, synapse in enumerate(body):
        a, b = nodes.edges(synapse)[synapse.drawn.reshape(len(synapse.edges), -1).any(axis=1)].T
        felt = a * nodes.total + b if synapse.directed else np.concatenate([a, b]) * nodes.total + np.append(b, a)
        key.append(felt)
        owner.append(np.full(len(felt), number))
    keys, owners = np.concatenate(key), np.concatenate(owner)
    order = np.lexsort((owners, keys))
    unique, first, count = np.unique(keys[order], return_index=True, return_counts=True)
    found: dict[tuple[int, ...], set[tuple[int, int]]] = {}
    for k in np.flatnonzero(count > 1):
        a, b = divmod(int(unique[k]), nodes.total)
        pairs = found.setdefault(tuple(owners[order][first[k] : first[k] + count[k]].tolist()), set())
        pairs |= {(a, b)} if (b, a) not in pairs else set()
    for joined, pairs in found.items():
        yield tuple(body[number] for number in joined), sorted(pairs)


def _told(circuit: Circuit, nodes: _Nodes, joined: tuple[Synapses, ...], pair: tuple[int, int]) -> str:
    """Which couplings join a pair, and their sum where they are numbers and not tables."""
    told, total = [], 0.0
    for synapse in joined:
        edges = nodes.edges(synapse)
        same = (edges == pair).all(axis=1) | (not synapse.directed and (edges == pair[::-1]).all(axis=1))
        edge = int(np.flatnonzero(same)[0])
        number = synapse.table is None and synapse.drawn.size == len(synapse.edges)
        total += float(synapse.drawn[edge]) if number else np.nan
        value = f"{synapse.drawn[edge]:.6g}" if number else "a table"
        told.append(f"'{synapse.path}' ({value}, {circuit.netlist.document.position(synapse.at)})")
    names = " and ".join(nodes.name(circuit, node) for node in pair)
    result = f" up to {total:.6g}" if np.isfinite(total) else ""
    return f"{names} are coupled by {' and by '.join(told)}, which add{result}; couple a pair once, by the sum"
