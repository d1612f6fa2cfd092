"""Enumerated laws and sweep operators against brute force and against each other."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from thermosim.circuit.program import IsingLaw
from thermosim.contracts import Floats
from thermosim.ideal.exact import energies, heat_bath, means, probabilities, spin, sweep

LAW = IsingLaw(
    np.array([[0, 1], [1, 2], [2, 3], [0, 3]]), np.array([0.5, -0.7, 0.3, 0.9]), np.array([0.1, -0.2, 0.4, 0.0]), 0.8
)
CUBE = IsingLaw(
    np.array([[a, a | 1 << k] for a in range(8) for k in range(3) if not a >> k & 1]),
    0.7 * np.array([1, -1, 1, 1, -1, -1, 1, 1, -1, 1, -1, 1.0]), np.zeros(8), 1.0,
)  # fmt: skip


def test_energies_count_each_edge_once() -> None:
    for state, reverse in enumerate(product((-1, 1), repeat=4)):
        s = np.array(reverse[::-1])
        pairs = sum(w * s[i] * s[j] for (i, j), w in zip(LAW.edges, LAW.weights, strict=True))
        assert energies(LAW)[state] == pytest.approx(-(pairs + LAW.biases @ s))
        assert [spin(i, 4)[state] for i in range(4)] == list(s)


def test_laws_known_by_hand() -> None:
    alone = IsingLaw(np.zeros((0, 2), dtype=int), np.zeros(0), np.array([0.1]), 1.0)
    assert probabilities(alone)[1] == pytest.approx(0.5498, abs=5e-5)
    pair = IsingLaw(np.array([[0, 1]]), np.array([0.5]), np.zeros(2), 1.0)
    assert probabilities(pair)[[0, 3]].sum() == pytest.approx(0.7311, abs=5e-5)
    single, double = means(pair)
    np.testing.assert_allclose(single, 0, atol=1e-15)
    np.testing.assert_allclose(double, math.tanh(0.5))


def dense(law: IsingLaw, order: list[int], memory: Floats) -> Floats:
    """Transition matrix (from, to) of a sweep, state by state."""
    n = len(law.biases)
    total = np.eye(2**n)
    for i in order:
        step = np.zeros((2**n, 2**n))
        for state in range(2**n):
            s = np.array([1 if state >> k & 1 else -1 for k in range(n)])
            field = law.biases[i] + sum(
                w * s[b if a == i else a] for (a, b), w in zip(law.edges, law.weights, strict=True) if i in (a, b)
            )
            up = 1 / (1 + math.exp(-2 * law.beta * field))
            step[state, state] += memory[i]
            step[state, state | 1 << i] += (1 - memory[i]) * up
            step[state, state & ~(1 << i)] += (1 - memory[i]) * (1 - up)
        total = total @ step
    return total


def test_sweep_is_the_product_of_its_transition_matrices() -> None:
    order, memory = [2, 0, 3, 1], np.array([0.1, 0.4, 0.0, 0.3])
    matrix = dense(LAW, order, memory)
    operator = sweep(LAW, order, memory, np.ones(4), np.zeros(4))
    f, p = np.random.default_rng(0).random((2, 16))
    np.testing.assert_allclose(operator.functions(f), matrix @ f, atol=1e-14)
    np.testing.assert_allclose(operator.distribution(p), p @ matrix, atol=1e-14)
    # the same colours in the other order are another operator
    assert np.abs(sweep(LAW, order[::-1], memory, np.ones(4), np.zeros(4)).functions(f) - matrix @ f).max() > 1e-3


@pytest.mark.parametrize("memory", [0.0, math.exp(-1), 0.9])
def test_held_sweeps_leave_the_boltzmann_law_fixed(memory: float) -> None:
    p = probabilities(CUBE)
    colour = [bin(i).count("1") % 2 for i in range(8)]
    operator = sweep(CUBE, np.argsort(colour, kind="stable"), np.full(8, memory), np.ones(8), np.zeros(8))
    assert np.abs(operator.distribution(p) - p).max() < 1e-12
    off = sweep(CUBE, range(8), np.full(8, memory), np.ones(8), np.full(8, 0.1))
    assert np.abs(off.distribution(p) - p).max() > 1e-5


def test_second_eigenvalue_matrix_free_and_dense() -> None:
    memory = np.full(8, 0.3)
    operator = sweep(CUBE, range(8), memory, np.ones(8), np.zeros(8))
    values = np.linalg.eigvals(dense(CUBE, list(range(8)), memory))
    exact = sorted(np.abs(values))[-2]
    assert abs(operator.second_eigenvalue()) == pytest.approx(exact, rel=1e-8)
    assert operator.relaxation() == pytest.approx(-1 / math.log(exact), rel=1e-7)
    small = sweep(LAW, range(4), np.full(4, 0.3), np.ones(4), np.zeros(4))
    exact = sorted(np.abs(np.linalg.eigvals(dense(LAW, [0, 1, 2, 3], np.full(4, 0.3)))))[-2]
    assert abs(small.second_eigenvalue()) == pytest.approx(exact, rel=1e-10)


def test_isolated_p_bit_relaxes_in_one_tau() -> None:
    alone = IsingLaw(np.zeros((0, 2), dtype=int), np.zeros(0), np.array([0.1]), 1.0)
    operator = sweep(alone, [0], np.array([math.exp(-1)]), np.ones(1), np.zeros(1))
    assert operator.relaxation() == pytest.approx(1.0)
    assert operator.integrated_time(probabilities(alone), spin(0, 1)) == pytest.approx(2.164, abs=5e-4)
    assert heat_bath(alone).relaxation() == 0.0


def test_stationary_law_of_a_die_with_mismatch() -> None:
    slope, shift = np.array([1.0, 1.1, 0.9, 1.0]), np.array([0.2, 0.0, -0.1, 0.0])
    operator = sweep(LAW, [0, 2, 1, 3], np.full(4, 0.2), slope, shift)
    law = operator.stationary(probabilities(LAW))
    assert law is not None
    np.testing.assert_allclose(operator.distribution(law), law, atol=1e-10)
    assert np.abs(law - probabilities(LAW)).sum() > 0.02
    # an offset alone is a bias of its own: 2 beta h = shift
    biased = IsingLaw(LAW.edges, LAW.weights, LAW.biases + shift / (2 * LAW.beta), LAW.beta)
    found = sweep(LAW, range(4), np.zeros(4), np.ones(4), shift).stationary(probabilities(LAW))
    np.testing.assert_allclose(found, probabilities(biased), atol=1e-9)
