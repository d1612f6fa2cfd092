"""Edges of regular lattices, each once, with their lengths in cell pitches.

A rule (a, b) joins (x, y) to (x+a, y+b), (x-b, y+a), (x-a, y-b), (x+b, y-a), the rotations by 90 degrees,
so that two index offsets, (a, b) and (-b, a), give each edge once. x is the first index of the array.
If a + b is odd for every rule, the lattice is bipartite (open, or a torus with even sides).
Rules of G12: Extropic's DTM paper (arXiv:2510.23972); of Z1: arXiv:2608.01615; of the other G: unverified.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, prod

import numpy as np
from numpy.typing import NDArray

from thermosim.errors import suggestion

Rules = tuple[tuple[int, int], ...]
RULES: dict[str, Rules] = {
    "square": ((0, 1),),
    "grid": ((0, 1),),
    "king": ((0, 1), (1, 1)),
    "G8": ((0, 1), (4, 1)),
    "G12": ((0, 1), (4, 1), (9, 10)),
    "G16": ((0, 1), (4, 1), (8, 7), (14, 9)),
    "G20": ((0, 1), (4, 1), (3, 6), (8, 7), (14, 9)),
    "G24": ((0, 1), (1, 2), (4, 1), (3, 6), (8, 7), (14, 9)),
    "Z1": ((1, 0), (2, 1), (2, 3), (4, 1)),
}
_OFFSETS: dict[str, tuple[tuple[int, ...], ...]] = {
    "chain": ((1,),),
    "ring": ((1,),),
    "triangular": ((0, 1), (1, 0), (1, -1)),
    "cubic": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}
NAMES = (
    "chain",
    "ring",
    "square",
    "grid",
    "king",
    "triangular",
    "cubic",
    "complete",
    *(n for n in RULES if n[0] in "GZ"),
)


MOST_EDGES = 2 * 10**7
"""Edges of a graph: being elaborated they take about 370 bytes each at the peak (measured on a torus), 7 GiB in all."""


def refuse_too_many(edges: int, what: str) -> None:
    """Raise ValueError before memory ends, where a graph has more than MOST_EDGES edges."""
    if edges > MOST_EDGES:
        raise ValueError(
            f"{what} has {edges:.3g} edges, more than memory holds ({MOST_EDGES:.0e}); use a smaller shape or a "
            "sparser graph"
        )


def wire_length(name: str) -> float:
    """Length of the wires that one cell drives, to all its neighbours: sum of 4 sqrt(a^2+b^2) [cell pitches]."""
    return sum(4 * hypot(a, b) for a, b in RULES[name])


def lattice_edges(
    lattice: str | Sequence[Sequence[int]], shape: tuple[int, ...], boundary: str | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Edges of a lattice on an array of `shape`.

    Parameters
    ----------
    lattice
        A name, or index offsets to half of the neighbours.
    shape
        Of the array; elements are numbered row by row.
    boundary
        ``torus``, or ``open`` (the same as None).

    Returns
    -------
    edges
        (edge, 2) with first < second, sorted.
    lengths
        (edge,) [cell pitches]: of the offset, also where it wraps around a torus.

    Raises
    ------
    ValueError
        If the lattice does not exist, does not fit the shape, or has edges that coincide.
    """
    shown = f"lattice '{lattice}'" if isinstance(lattice, str) else "the lattice of these offsets"
    nodes = prod(shape)
    if lattice == "complete":
        refuse_too_many(nodes * (nodes - 1) // 2, f"{shown} of {nodes} elements")
        return _complete(shape, boundary)
    offsets = _offsets(lattice)
    refuse_too_many(nodes * len(offsets), f"{shown} of {nodes} elements")
    dimensions = len(offsets[0])
    if any(len(offset) != dimensions for offset in offsets):
        raise ValueError("offsets must have one length, that of the shape")
    if dimensions != len(shape):
        raise ValueError(
            f"{shown} needs a shape of {dimensions} {'number' if dimensions == 1 else 'numbers'}, got {list(shape)}"
        )
    if lattice == "chain" and boundary == "torus":
        raise ValueError("a chain is open; a closed one is 'ring'")
    if lattice == "ring" and boundary == "open":
        raise ValueError("a ring is closed; an open one is 'chain'")
    edges, lengths = _shifted(offsets, shape, wrap=boundary == "torus" or lattice == "ring")
    _refuse_collapse(edges, lengths, shown, shape, wrap=boundary == "torus" or lattice == "ring")
    edges.sort(axis=1)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    return edges[order], lengths[order]


def _offsets(lattice: str | Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    if not isinstance(lattice, str):
        return tuple(tuple(int(step) for step in offset) for offset in lattice)
    if lattice in _OFFSETS:
        return _OFFSETS[lattice]
    if lattice in RULES:
        return tuple(offset for a, b in RULES[lattice] for offset in ((a, b), (-b, a)))
    raise ValueError(f"unknown lattice '{lattice}'{suggestion(lattice, NAMES)}")


def _complete(shape: tuple[int, ...], boundary: str | None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if boundary == "torus":
        raise ValueError("a complete graph has no boundary; leave it out")
    places = np.array(list(np.ndindex(*shape)), dtype=np.float64).reshape(prod(shape), len(shape))
    edges = np.stack(np.triu_indices(prod(shape), 1), axis=1).astype(np.int64)
    return edges, np.linalg.norm(places[edges[:, 0]] - places[edges[:, 1]], axis=1)


def _shifted(
    offsets: tuple[tuple[int, ...], ...], shape: tuple[int, ...], wrap: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs (element, element at the offset) for every element and offset that stays on the array."""
    index = np.indices(shape).reshape(len(shape), -1)
    flat = np.arange(prod(shape), dtype=np.int64)
    sides = np.array(shape).reshape(-1, 1)
    edges, lengths = [], []
    for offset in offsets:
        target = index + np.array(offset).reshape(-1, 1)
        inside = np.ones(flat.size, dtype=bool) if wrap else np.all((target >= 0) & (target < sides), axis=0)
        neighbour = np.ravel_multi_index(tuple(target % sides), shape)
        edges.append(np.stack([flat[inside], neighbour[inside]], axis=1))
        lengths.append(np.full(int(inside.sum()), hypot(*offset)))
    return np.concatenate(edges).astype(np.int64), np.concatenate(lengths)


def _refuse_collapse(
    edges: NDArray[np.int64], lengths: NDArray[np.float64], shown: str, shape: tuple[int, ...], wrap: bool
) -> None:
    ordered = np.sort(edges, axis=1)
    loops = int(np.sum(ordered[:, 0] == ordered[:, 1]))
    doubled = len(edges) - len(np.unique(ordered, axis=0))
    if loops or doubled:
        where = f" on a torus of {list(shape)}" if wrap else f" at shape {list(shape)}"
        many = (
            f"{loops} edges join an element to itself"
            if loops
            else f"{doubled} of {len(edges)} edges coincide with others"
        )
        do = "use a larger shape or an open boundary" if wrap else "give each neighbour once, without its opposite"
        raise ValueError(f"{shown} collapses{where}: {many}; {do}")
