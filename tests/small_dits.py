"""Small categorical fabrics by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from thermosim.analysis.colouring import colour_graph
from thermosim.circuit.dits import DitFabric, PottsLaw
from thermosim.times import Clock

TICK = 1e-7  # s


def dits(states, edges, tables, biases=None, *, beta=1.0, memory=0.0, **more: Any) -> DitFabric:
    """Nodes of `states` each; `tables` (states of i, states of j) for each edge i < j."""
    states, edges = np.asarray(states, dtype=np.int64), np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    n, width = len(states), int(np.max(states))
    padded, single = np.zeros((len(edges), width, width)), np.zeros((n, width))
    for whole, table in zip(padded, tables, strict=True):
        whole[: np.shape(table)[0], : np.shape(table)[1]] = table
    for row, bias in zip(single, [()] * n if biases is None else biases, strict=True):
        row[: len(bias)] = bias
    law, one = PottsLaw(states, edges, padded, single, beta), np.ones(n)
    colour = colour_graph(n, edges)
    # An array is of cells of one kind.
    arrays = {"d": (0, (n,))} if len(set(states)) == 1 else {f"d{i}": (i, (1,)) for i in range(n)}
    defaults: dict[str, Any] = {
        "path": "d", "arrays": arrays, "pbits": frozenset(), "drawn": law, "programmed": law, "actual": law,
        "slope": one, "shift": 0 * one,
    }  # fmt: skip
    return DitFabric(
        **(defaults | more), colours=int(colour.max()) + 1, colour=colour,
        clock=Clock("ck", 1 / Fraction(repr(TICK))), memory=memory * one, relaxation=0.1 * TICK * one,
    )  # fmt: skip


def potts(q: int, shape: tuple[int, int], beta: float, **more: Any) -> DitFabric:
    """Potts model of coupling 1 on a torus."""
    rows, columns = shape
    number = np.arange(rows * columns).reshape(shape)
    edges = np.concatenate([np.stack([number, np.roll(number, -1, axis)], -1).reshape(-1, 2) for axis in (0, 1)])
    edges = np.sort(edges, axis=1)
    tables = [np.eye(q)] * len(edges)
    return dits([q] * number.size, edges, tables, beta=beta, arrays={"d": (0, shape)}, **more)


RANDOM = np.random.default_rng(5)
MIXED_STATES = [3, 2, 4, 3]
MIXED_EDGES = [(0, 1), (1, 2), (0, 2), (2, 3)]
MIXED_TABLES = [RANDOM.normal(0, 0.7, (MIXED_STATES[i], MIXED_STATES[j])) for i, j in MIXED_EDGES]
MIXED_BIASES = [RANDOM.normal(0, 0.4, q) for q in MIXED_STATES]


def mixed(**more: Any) -> DitFabric:
    """Four unequal nodes of 3, 2, 4 and 3 states in a triangle with a tail; no table is symmetric."""
    return dits(MIXED_STATES, MIXED_EDGES, MIXED_TABLES, MIXED_BIASES, **more)


def counted(series: np.ndarray, states: int) -> np.ndarray:
    """Share of each state in every replica (replica, state) of states (replica, draw)."""
    return np.stack([np.bincount(row, minlength=states) for row in series]) / series.shape[1]
