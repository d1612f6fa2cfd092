"""Edges from graph files of NetworkX: GraphML, GML, and edge lists; needs the extra `ising`.

Nodes whose names are all whole numbers keep them, from 0; others are numbered in the order of the file. Weights are
the attribute `weight`, which every edge has or none. Source: NetworkX, https://networkx.org.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from thermosim.contracts import Floats, Ints

GRAPHS = (".graphml", ".gml", ".edgelist")


def read_graph(path: Path) -> tuple[Ints, Floats | None]:
    """Edges (edge, 2) and weights (edge,), or None where there are none."""
    try:
        import networkx as nx
    except ImportError:
        raise ValueError(f"'{path.name}' needs the extra: pip install 'thermosim-hil[ising]'") from None
    try:
        if path.suffix == ".graphml":
            graph = nx.read_graphml(path)
        elif path.suffix == ".gml":
            graph = nx.read_gml(path, label=None)
        else:
            graph = nx.read_edgelist(path)
    except (nx.NetworkXException, ValueError, TypeError, KeyError, SyntaxError) as error:
        raise ValueError(f"'{path.name}' is no graph: {error}") from None
    if graph.is_directed() or graph.is_multigraph():
        raise ValueError(f"'{path.name}' is directed or has parallel edges; couplings join each pair once")
    names: list[Any] = list(graph.nodes)
    whole = all(str(name).isdigit() for name in names)
    place = {name: int(name) if whole else k for k, name in enumerate(names)}
    edges = np.array([[place[a], place[b]] for a, b in graph.edges], dtype=np.int64).reshape(-1, 2)
    given = [data.get("weight") for *_, data in graph.edges(data=True)]
    if all(weight is None for weight in given):
        return edges, None
    if any(weight is None for weight in given):
        raise ValueError(f"'{path.name}' gives a weight to some edges and not to others")
    return edges, np.array(given, dtype=np.float64)
