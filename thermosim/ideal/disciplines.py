"""Exact chains of few p-bits under update orders without colours, as dense matrices over their 2^n states.

    parallel   T(s, s') = prod_i P_i(s'_i | s),   P_i(+1 | s) = m_i (1 + s_i) / 2 + (1 - m_i) q_i(s)
    subset     the same with P_i replaced by chance P_i + (1 - chance) [s'_i = s_i]
    random     T = (1/n) sum_i P_i;  a sweep is its n-th power
    free       generator L(s, s with s_i turned) = k_i(s) q_i(s with s_i turned), and minus the sum on the diagonal

q_i(s) is the probability of +1, m_i the memory of a tick. k_i = 1/tau0, or cosh(a_i / 2) / tau0 for Arrhenius rates.
State k has spin i up where bit i of k is set. Kemeny and Snell, Finite Markov Chains, 1960.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from thermosim.contracts import Floats

if TYPE_CHECKING:
    from thermosim.circuit.program import Fabric

DENSE = 9
"""Most p-bits of a dense chain."""


def known(fabric: Fabric) -> bool:
    """Whether the outputs alone are a chain that :func:`sweep_matrix` or :func:`generator` gives."""
    alone = not fabric.inner and fabric.nodes <= DENSE and fabric.rng == "held" and fabric.input_nets is None
    return alone and (fabric.order != "free" or fabric.settling + fabric.delay == 0)


def spins(n: int) -> Floats:
    """All states (2^n, n)."""
    up = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return np.asarray(2.0 * up - 1.0, dtype=np.float64)


def arguments(fabric: Fabric) -> Floats:
    """Log-odds of +1 of every p-bit in every state (2^n, n)."""
    law = fabric.actual
    return np.asarray(2 * law.beta * fabric.slope * law.fields(spins(fabric.nodes)) + fabric.shift)


def chances(fabric: Fabric) -> Floats:
    """q: chance of +1 that a redraw gives every p-bit in every state (2^n, n)."""
    a, wells = arguments(fabric), fabric.barriers
    if wells is None:
        return np.asarray(1 / (1 + np.exp(-a)))
    return np.stack([wells.curves[i].chance(a[:, i]) for i in range(fabric.nodes)], axis=1)


def tick_matrix(fabric: Fabric) -> Floats:
    """T[s, s'] of one tick of order parallel, subset or random."""
    s, n = spins(fabric.nodes), fabric.nodes
    up = fabric.memory * (s > 0) + (1 - fabric.memory) * chances(fabric)
    states = np.arange(2**n)
    if fabric.order == "random":
        matrix = np.zeros((2**n, 2**n))
        for i in range(n):
            matrix[states, states | (1 << i)] += up[:, i] / n
            matrix[states, states & ~(1 << i)] += (1 - up[:, i]) / n
        return matrix
    if fabric.order == "subset":
        up = fabric.chance * up + (1 - fabric.chance) * (s > 0)
    matrix = np.ones((2**n, 2**n))
    for i in range(n):
        matrix *= np.where(s[:, i] > 0, up[:, i : i + 1], 1 - up[:, i : i + 1])
    return matrix


def sweep_matrix(fabric: Fabric) -> Floats:
    """T[s, s'] between two observations; one interval of the grid for free-running p-bits."""
    if fabric.order == "free":
        from scipy.linalg import expm

        return np.asarray(expm(generator(fabric) * fabric.clock.period))
    return np.asarray(np.linalg.matrix_power(tick_matrix(fabric), fabric.ticks))


def generator(fabric: Fabric) -> Floats:
    """L[s, s'] [1/s] of free-running p-bits with instantaneous synapses."""
    s, n, a = spins(fabric.nodes), fabric.nodes, arguments(fabric)
    up = chances(fabric)
    rates = np.where(s > 0, 1 - up, up) / fabric.relaxation
    if fabric.arrhenius:
        rates = np.where(fabric.arrhenius, np.exp(-s * a / 2) / (2 * fabric.relaxation), rates)
    states, matrix = np.arange(2**n), np.zeros((2**n, 2**n))
    for i in range(n):
        matrix[states, states ^ (1 << i)] = rates[:, i]
    return matrix - np.diag(matrix.sum(axis=1))


def stationary(fabric: Fabric) -> Floats:
    """Law (2^n,) that the dynamics leave fixed."""
    matrix = generator(fabric) * fabric.relaxation.mean() if fabric.order == "free" else tick_matrix(fabric)
    size = len(matrix)
    balance = matrix.T if fabric.order == "free" else matrix.T - np.eye(size)
    balance[-1] = 1.0  # one equation follows from the others; the law sums to one
    law = np.linalg.solve(balance, np.eye(size)[-1])
    return np.asarray(law.clip(0) / law.clip(0).sum())


def relaxation(fabric: Fabric) -> float:
    """Relaxation time of the slowest mode [sweeps or intervals]."""
    if fabric.order == "free":
        return 1.0 / float(-np.sort(np.linalg.eigvals(generator(fabric)).real)[-2]) / fabric.clock.period
    modulus = float(np.sort(np.abs(np.linalg.eigvals(sweep_matrix(fabric))))[-2])
    if modulus < 1e-12:
        return 0.0
    return math.inf if modulus >= 1.0 else -1.0 / math.log(modulus)
