"""Planted energies are the lowest ones, and no state lies below them."""

import numpy as np
import pytest

from thermosim.netlist.planted import planted, torus, torus_ground, wishart, xorsat
from thermosim.netlist.problem import enumerate_states


@pytest.mark.parametrize("problem", [wishart(12, 0.75, 1), wishart(9, 0.3, 2), xorsat(6, 1), xorsat(9, 4)])
def test_the_planted_state_is_lowest(problem):
    energy = problem.energy(enumerate_states(problem.spins))
    assert np.isclose(energy.min(), problem.ground, atol=1e-9)
    assert np.isclose(problem.energy(problem.planted), problem.ground, atol=1e-9)


def test_xorsat_is_three_regular_and_has_the_solutions_of_its_equations():
    problem = xorsat(8, 3)
    energy, s = problem.energy(enumerate_states(16)), enumerate_states(16)
    assert energy.min() == -32
    solved = s[energy == energy.min()][:, :8]
    assert len(np.unique(solved, axis=0)) == len(solved), "one auxiliary state for each solution"
    assert np.log2(len(solved)) % 1 == 0, "solutions of linear equations are a power of two"


@pytest.mark.parametrize(("side", "seed"), [(3, 0), (3, 1), (4, 0), (4, 5)])
def test_the_transfer_matrix_finds_the_lowest_energy_of_a_torus(side, seed):
    problem = torus(side, seed)
    assert problem.ground == problem.energy(enumerate_states(side * side)).min()
    assert set(problem.weights) == {-1.0, 1.0}


def test_a_ferromagnet_has_all_its_bonds():
    problem = torus(6, 1)
    ferromagnet = type(problem)("f", problem.edges, np.abs(problem.weights), problem.biases)
    assert torus_ground(ferromagnet, 6) == -72


def test_the_same_seed_gives_the_same_problem():
    for kind, size in (("wishart", 8), ("xorsat", 8), ("torus", 4)):
        one, two, other = planted(kind, size, 1), planted(kind, size, 1), planted(kind, size, 2)
        assert np.array_equal(one.weights, two.weights)
        assert not (len(one.weights) == len(other.weights) and np.array_equal(one.weights, other.weights))
