"""Colours for the nodes of a graph, so that no edge joins two of one colour and these can be updated together.

The next node to be coloured is the one whose neighbours show the most different colours, then the one of highest
degree, then the first; it takes the lowest colour that its neighbours leave free. On a bipartite graph this gives two
colours.

Source: Brelaz, Commun. ACM 22, 251 (1979) (DSATUR and its exactness on bipartite graphs).
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import numpy as np

from thermosim.contracts import Ints


def colour_graph(n: int, edges: Ints) -> np.ndarray:
    """Colour (n,) int32 of every node of a graph with `edges` (edge, 2); a pure function of the graph.

    Colours count from 0 without gaps: one for a graph without edges, two for a bipartite one, few for others.

    Raises
    ------
    ValueError
        If an edge joins a node to itself or to one that does not exist.
    """
    pairs = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    if pairs.size and (pairs.min() < 0 or pairs.max() >= n):
        raise ValueError(f"an edge names a node outside 0 .. {n - 1}")
    if (pairs[:, 0] == pairs[:, 1]).any():
        raise ValueError(f"node {pairs[pairs[:, 0] == pairs[:, 1]][0, 0]} has an edge to itself")
    ends = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    degree = np.bincount(ends[:, 0], minlength=n).tolist()
    first = np.concatenate([[0], np.cumsum(degree)]).astype(np.int64).tolist()
    others = ends[:, 1].tolist()

    colour = [-1] * n
    seen: list[set[int]] = [set() for _ in range(n)]
    waiting = [(0, -degree[node], node) for node in range(n)]
    heapify(waiting)
    while waiting:
        saturation, _, node = heappop(waiting)
        if colour[node] >= 0 or -saturation < len(seen[node]):
            continue  # coloured already, or waiting elsewhere in the heap with more colours around it
        free = 0
        while free in seen[node]:
            free += 1
        colour[node] = free
        for other in others[first[node] : first[node + 1]]:
            if colour[other] < 0 and free not in seen[other]:
                seen[other].add(free)
                heappush(waiting, (-len(seen[other]), -degree[other], other))
    return np.array(colour, dtype=np.int32)


def check_colouring(edges: Ints, colour: np.ndarray) -> tuple[int, int] | None:
    """The first edge of `edges` (edge, 2) whose ends have one colour; None if there is none."""
    pairs = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    bad = np.flatnonzero(colour[pairs[:, 0]] == colour[pairs[:, 1]])
    return (int(pairs[bad[0], 0]), int(pairs[bad[0], 1])) if bad.size else None
