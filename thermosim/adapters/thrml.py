"""Models of THRML for chips: Ising models as problems, categorical factors as tables of p-dits.

    IsingEBM:  E = -beta (sum b_i s_i + sum J_ij s_i s_j), booleans for spins
    CategoricalEBMFactor:  E = -sum_k W_k[c_i, c_j], or W_k[c_i] with one group of nodes

The Ising model's beta goes into couplings and biases, so that a chip at beta = 1 samples the model's own law. Spins are
in the order of the model's nodes; nodes that stand in edges alone follow. Nothing of THRML is imported.
Source: THRML, https://github.com/extropic-ai/thrml (`thrml.models.ising`, `thrml.models.discrete_ebm`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from thermosim.contracts import Floats
from thermosim.netlist.problem import Problem, from_terms
from thermosim.netlist.tables import Tables


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


def tables_from_thrml(nodes: Sequence[Any], factors: Iterable[Any]) -> Tables:
    """Factors over one or two groups of categorical `nodes`, all of one number of states, as tables and biases.

    Factors of one pair add up. Write the result with `thermosim.netlist.tables.write_tables` to use it in a netlist.

    Raises
    ------
    ValueError
        If a factor has spins or more than two groups, sizes do not agree, or a number is not finite.
    """
    place = {node: k for k, node in enumerate(nodes)}
    tables: dict[tuple[int, int], Floats] = {}
    biases: Floats | None = None
    for number, factor in enumerate(factors):
        groups = [list(block.nodes) for block in factor.categorical_node_groups]
        weights = np.asarray(factor.weights, dtype=np.float64)
        if len(factor.spin_node_groups) or len(groups) not in (1, 2):
            raise ValueError(f"factor {number} is not of one or two categorical groups: it has no table of p-dits")
        biases = np.zeros((len(nodes), weights.shape[1])) if biases is None else biases
        if weights.shape != (len(groups[0]), *(biases.shape[1:] * len(groups))) or len(groups[-1]) != len(groups[0]):
            shape = " x ".join(map(str, weights.shape))
            raise ValueError(
                f"factor {number} has weights {shape} for {len(groups[0])} nodes of {biases.shape[1]} states"
            )
        if not np.all(np.isfinite(weights)):
            raise ValueError(f"factor {number} has numbers that are not finite")
        for k, ends in enumerate(zip(*groups, strict=True)):
            at = [place[node] for node in ends]
            if len(at) == 1:
                biases[at[0]] += weights[k]
                continue
            if at[0] == at[1]:
                raise ValueError(f"factor {number} joins a node to itself")
            table = weights[k] if at[0] < at[1] else weights[k].T
            pair = (min(at), max(at))
            tables[pair] = tables.get(pair, 0.0) + table
    if biases is None or not tables:
        raise ValueError("no factor of two groups: p-dits with a bias of their own say it better")
    edges = np.array(sorted(tables), dtype=np.int64)
    return Tables(edges, np.stack([tables[i, j] for i, j in edges.tolist()]), biases)
