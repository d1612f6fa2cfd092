"""Graphs that are no regular grid: layers of a Boltzmann machine, and the graphs of published annealers.

    layers   [a, b, ..]: every p-bit of a layer with every one of the next (two layers: RBM, more: DBM)
    chimera  [m] or [m, n, t]: m x n cells K(t,t); a line of t joins the cells of a column, another those of a row
    pegasus  [m]: lines of 12 tracks, shifted; a segment spans 12 crossing tracks; the main fabric without stray ends
    zephyr   [m] or [m, t]: 2 m + 1 lines of t tracks each way; a segment spans two of them, two overlap everywhere

Segments cross (internal couplers), follow one another on their track (external) and lie side by side (odd).
Chimera: Bunyk et al., IEEE Trans. Appl. Supercond. 24, 1700110 (2014). Pegasus: Boothby et al., arXiv:2003.00133.
Zephyr: Boothby, King and Raymond, D-Wave technical report 14-1056A-A (2021).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from thermosim.contracts import Ints

_MANY = 99
_VERTICAL = (2, 2, 2, 2, 10, 10, 10, 10, 6, 6, 6, 6)
_HORIZONTAL = (6, 6, 6, 6, 2, 2, 2, 2, 10, 10, 10, 10)
"""First crossing track of a pegasus segment on each of the 12 tracks, up to whole spans."""


def topology_edges(name: str, sizes: tuple[int, ...]) -> tuple[int, Ints]:
    """Number of nodes and edges (edge, 2), first < second, sorted, of a topology.

    Raises
    ------
    ValueError
        If the topology does not exist or its sizes do not describe one.
    """
    build, least, most, minimum = TOPOLOGIES[name]
    if not least <= len(sizes) <= most or min(sizes, default=0) < minimum:
        wanted = "1 number" if most == 1 else f"{least} to {most} numbers" if most < _MANY else f"{least} or more"
        raise ValueError(f"'{name}' needs sizes: {wanted} of at least {minimum}, got {list(sizes)}")
    nodes, edges = build(*sizes)
    edges = np.sort(edges, axis=1)
    return nodes, edges[np.lexsort((edges[:, 1], edges[:, 0]))]


def _layers(*sizes: int) -> tuple[int, Ints]:
    first = np.concatenate([[0], np.cumsum(sizes)])
    blocks = [_all(np.arange(a, b), np.arange(b, c)) for (a, b), (_, c) in pairwise(pairwise(first))]
    return int(first[-1]), np.concatenate(blocks)


def _all(left: Ints, right: Ints) -> Ints:
    """Every pair of two sets (edge, 2)."""
    return np.stack([np.repeat(left, len(right)), np.tile(right, len(left))], axis=1).astype(np.int64)


def _stacked(pairs: list[tuple[Ints, Ints]]) -> Ints:
    """Edges between arrays of equal shape, element by element."""
    return np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in pairs]).astype(np.int64)


def _chimera(m: int, n: int | None = None, t: int = 4) -> tuple[int, Ints]:
    columns = m if n is None else n
    node = np.arange(m * columns * 2 * t).reshape(m, columns, 2, t)
    cells = np.broadcast_arrays(node[:, :, 0, :, np.newaxis], node[:, :, 1, np.newaxis, :])
    lines = [(node[:-1, :, 0], node[1:, :, 0]), (node[:, :-1, 1], node[:, 1:, 1])]
    return node.size, _stacked([(cells[0], cells[1]), *lines])


def _pegasus(m: int) -> tuple[int, Ints]:
    node = np.arange(24 * m * (m - 1)).reshape(2, m, 12, m - 1)  # orientation, line, track, segment
    along = (node[..., :-1], node[..., 1:])
    beside = (node[:, :, 0::2], node[:, :, 1::2])
    track = 12 * np.arange(m)[:, np.newaxis] + np.arange(12)  # (line, track): where a line lies among the others
    spans = 12 * np.arange(m - 1)
    first = [np.array(offsets)[:, np.newaxis] + spans for offsets in (_VERTICAL, _HORIZONTAL)]  # (track, segment)
    vertical, horizontal = node[0].reshape(m, 12, m - 1), node[1].reshape(m, 12, m - 1)
    crossing = []
    for line in range(m):
        for k in range(12):
            for z in range(m - 1):
                begins = first[0][k, z]
                w, other = divmod(np.arange(begins, begins + 12), 12)
                inside = w < m
                w, other = w[inside], other[inside]
                # the segment of each crossed line that spans this one's track
                segment = (track[line, k] - np.array(_HORIZONTAL)[other]) // 12
                kept = (segment >= 0) & (segment < m - 1)
                met = horizontal[w[kept], other[kept], segment[kept]]
                crossing.append(np.stack([np.full(met.size, vertical[line, k, z]), met], axis=1))
    internal = np.concatenate(crossing)
    # Segments that cross nothing but strays are no part of the fabric.
    edges = np.concatenate([internal, _stacked([along, beside])])
    kept_nodes = np.bincount(internal.ravel(), minlength=node.size) > 0
    number = np.cumsum(kept_nodes) - 1
    edges = edges[kept_nodes[edges].all(axis=1)]
    return int(kept_nodes.sum()), number[edges].astype(np.int64)


def _zephyr(m: int, t: int = 4) -> tuple[int, Ints]:
    node = np.arange(4 * t * m * (2 * m + 1)).reshape(2, 2 * m + 1, t, 2, m)  # orientation, line, track, shift, segment
    along = (node[..., :-1], node[..., 1:])
    beside = [(node[..., 0, :], node[..., 1, :]), (node[..., 1, :-1], node[..., 0, 1:])]
    crossing = []
    for line in range(2 * m + 1):
        for other in range(2 * m + 1):
            mine, theirs = (_covering(node[u, a], b, m) for u, a, b in ((0, line, other), (1, other, line)))
            crossing.append(_all(mine, theirs))
    return node.size, np.concatenate([*crossing, _stacked([along, *beside])])


def _covering(line: Ints, place: int, m: int) -> Ints:
    """Segments of a line (track, shift, segment) that span a place: shift j begins at 2 z + j and spans two."""
    found = [line[:, j, (place - j) // 2] for j in (0, 1) if 0 <= (place - j) // 2 < m]
    return np.concatenate(found)


TOPOLOGIES: dict[str, tuple[Callable[..., tuple[int, Ints]], int, int, int]] = {
    "layers": (_layers, 2, _MANY, 1),
    "chimera": (_chimera, 1, 3, 1),
    "pegasus": (_pegasus, 1, 1, 2),
    "zephyr": (_zephyr, 1, 2, 1),
}
"""Builder, fewest and most sizes, and the least of each."""
