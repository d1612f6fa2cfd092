"""Annealing at a constant beta samples the law; a ramp finds ground states; energies are those of the states."""

import numpy as np
import pytest

from thermosim.analysis.solution import to_solution
from thermosim.circuit.program import IsingLaw
from thermosim.ideal.annealing import anneal
from thermosim.ideal.exact import probabilities
from thermosim.netlist.planted import torus
from thermosim.netlist.problem import enumerate_states, from_terms


def law_of(problem, beta=1.0):
    return IsingLaw(problem.edges, problem.weights, problem.biases, beta)


TRIANGLE = from_terms("t", 3, [(0, 1, 0.7), (1, 2, -0.4), (0, 2, 0.3)], [0.2, -0.5, 0.1])


def deviation(beta):
    """Largest deviation of final states from the law at `beta`, in standard errors; chains are independent."""
    run = anneal(law_of(TRIANGLE), ((0, 0.2), (5, 1.0)), 40, 20_000, 3)
    seen = np.bincount((run.states > 0) @ [1, 2, 4], minlength=8) / len(run.states)
    p = probabilities(law_of(TRIANGLE, beta))
    return np.max(np.abs(seen - p) / np.sqrt(p * (1 - p) / len(run.states)))


def test_the_last_beta_is_what_it_samples():
    assert deviation(1.0) < 5
    assert deviation(1.1) > 5


def test_energies_are_those_of_the_states():
    run = anneal(law_of(TRIANGLE), ((0, 0.5), (3, 2.0), (50, 9.0)), 20, 64, 1)
    np.testing.assert_allclose(run.energy[:, -1], TRIANGLE.energy(run.states), atol=1e-5)
    assert run.energy.shape == (64, 20)


def test_a_ramp_finds_the_exact_ground_state_of_a_torus():
    problem = torus(8, 3)
    run = anneal(law_of(problem), tuple((10 * k, 0.1 + 0.15 * k) for k in range(20)), 200, 64, 1)
    assert run.energy.min() == pytest.approx(problem.ground, abs=1e-4), "energies are kept in single precision"
    assert np.mean(problem.energy(run.states) == problem.ground) > 0.5


def test_stairs_begin_at_zero():
    with pytest.raises(ValueError, match="begins at sweep 0"):
        anneal(law_of(TRIANGLE), ((1, 0.5),), 20, 64, 1)


def test_repeats_to_solution():
    assert to_solution(1, 50, 100).value == pytest.approx(np.log(0.01) / np.log(0.5))
    assert to_solution(1, 100, 100).value == 1
    none = to_solution(1, 0, 100)
    assert none.value == np.inf
    assert 100 < none.low < np.inf
    some = to_solution(1, 9, 100)
    assert some.low < some.value < some.high
    with pytest.raises(ValueError, match="3 successes in 2 runs"):
        to_solution(1, 3, 2)


def test_enumeration_agrees_on_a_small_torus():
    problem = torus(4, 2)
    run = anneal(law_of(problem), tuple((5 * k, 0.2 * (k + 1)) for k in range(15)), 100, 64, 5)
    assert run.energy.min() == pytest.approx(problem.energy(enumerate_states(16)).min(), abs=1e-4)
