"""Small p-bit fabrics by hand, gates with known laws, and the statistics that judge samples of them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from thermosim.analysis.colouring import colour_graph
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.times import Clock

FAR = 5.0  # standard errors: p < 1e-6
TICK = 1e-7  # s, period of the clock or the grid


def fabric(matrix, biases, *, order="coloured", memory=0.0, tau0=TICK, beta=1.0, every=TICK, **more: Any) -> Fabric:
    """P-bits of a symmetric coupling matrix; `tau0` and `memory` of each or of all."""
    matrix, biases = np.asarray(matrix, dtype=float), np.asarray(biases, dtype=float)
    edges = np.argwhere(np.triu(matrix))
    law = IsingLaw(edges, matrix[edges[:, 0], edges[:, 1]], biases, beta)
    n, one = len(biases), np.ones(len(biases))
    colour = {"coloured": colour_graph(n, edges), "sequential": np.arange(n)}.get(order, np.zeros(n))
    arrays = more.pop("arrays", {"s": (0, (n,))})
    defaults: dict[str, Any] = {"rng": "held"}
    return Fabric(
        path="s", arrays=arrays, nodes=n, colours=int(colour.max()) + 1, colour=colour.astype(np.int32),
        clock=Clock("ck", 1 / Fraction(repr(every))), drawn=law, programmed=law, actual=law, slope=one, shift=0 * one,
        memory=memory * one, volts=0.026 * one, relaxation=tau0 * one, order=order, **(defaults | more),
    )  # fmt: skip


FIVE = np.zeros((5, 5))
for _i, _j, _w in ((0, 1, 0.7), (1, 2, -0.4), (0, 2, 0.5), (2, 3, 0.6), (3, 4, -0.8), (1, 4, 0.3)):
    FIVE[_i, _j] = FIVE[_j, _i] = _w
TILTS = np.array([0.3, -0.2, 0.1, 0.0, -0.4])
"""A frustrated graph of five unequal p-bits that needs three colours."""

AND = np.array([[0, -1, 2], [-1, 0, 2], [2, 2, 0]]), np.array([1, 1, -2])
ADDER = np.array(
    [[0, -1, -1, 1, 2], [-1, 0, -1, 1, 2], [-1, -1, 0, 1, 2], [1, 1, 1, 0, -2], [2, 2, 2, -2, 0]]
), np.zeros(5)  # fmt: skip


def spins(n: int) -> np.ndarray:
    """All states (2^n, n), the first p-bit the lowest bit."""
    return 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1


def boltzmann(matrix, biases, beta: float = 1.0) -> np.ndarray:
    s = spins(len(biases))
    weight = np.exp(beta * (0.5 * np.einsum("si,ij,sj->s", s, matrix, s) + s @ biases))
    return weight / weight.sum()


def total_variation(p: np.ndarray, q: np.ndarray) -> float:
    return float(0.5 * np.abs(p - q).sum())


def agrees(values: np.ndarray, exact: Any) -> bool:
    """Whether means over replicas are within five standard errors of `exact`; values (replica, ...)."""
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return bool(np.all(np.abs(values.mean(axis=0) - exact) < FAR * error))


def occupation(states: np.ndarray, n: int) -> np.ndarray:
    """Share of each state in every replica (replica, 2^n) of states (replica, draw): independent across replicas."""
    return np.stack([np.bincount(row, minlength=2**n) for row in states]) / states.shape[1]
