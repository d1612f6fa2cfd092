"""Ising models of THRML as problems: E = -beta (sum b_i s_i + sum J_ij s_i s_j) there, with booleans for spins.

The model's beta goes into couplings and biases, so that a chip at beta = 1 samples the model's own law. Spins are in
the order of the model's nodes; nodes that stand in edges alone follow. Nothing of THRML is imported.
Source: THRML, https://github.com/extropic-ai/thrml (`thrml.models.ising.IsingEBM`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thermosim.contracts import Floats
from thermosim.netlist.problem import Problem, from_terms


def from_thrml(model: Any, name: str = "thrml") -> Problem:
    """A `thrml.models.IsingEBM` as a problem; write it with `write_ij` to use it in a netlist.

    Raises
    ------
    ValueError
        If sizes do not agree, a number is not finite, or an edge joins a node to itself.
    """
    beta = float(np.asarray(model.beta))
    given, weights = (np.asarray(values, dtype=np.float64).ravel() for values in (model.biases, model.weights))
    if len(given) != len(model.nodes) or len(weights) != len(model.edges):
        sizes = f"{len(given)} biases for {len(model.nodes)} nodes, {len(weights)} weights for {len(model.edges)} edges"
        raise ValueError(f"the model does not fit together: {sizes}")
    if not (np.isfinite(beta) and np.all(np.isfinite(given)) and np.all(np.isfinite(weights))):
        raise ValueError("the model has numbers that are not finite")
    place: dict[Any, int] = {}
    for node in [*model.nodes, *(node for edge in model.edges for node in edge)]:
        place.setdefault(node, len(place))
    pairs = []
    for k, (a, b) in enumerate(model.edges):
        if a == b:
            raise ValueError(f"edge {k} joins a node to itself")
        pairs.append((place[a], place[b], beta * float(weights[k])))
    biases: Floats = np.zeros(len(place))
    np.add.at(biases, [place[node] for node in model.nodes], beta * given)
    return from_terms(name, len(place), pairs, biases)
