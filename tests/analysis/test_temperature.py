"""Effective temperature by pseudo-likelihood: draws from a known law, its error, and what it cannot tell."""

import math

import numpy as np

from thermosim.analysis.temperature import inverse_temperature
from thermosim.circuit.program import IsingLaw
from thermosim.ideal.exact import probabilities, spin
from thermosim.measure.temperature import pulls

EDGES = np.array([(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (1, 3)])
LAW = IsingLaw(EDGES, np.array([0.7, -0.4, 0.5, 0.9, -0.6, 0.3]), np.array([0.2, 0.0, -0.3, 0.1, 0.4]), 1.0)
STATES = np.stack([spin(i, 5) for i in range(5)], axis=1)


def draws(beta, chains, length, seed):
    law = IsingLaw(LAW.edges, LAW.weights, LAW.biases, beta)
    return np.random.default_rng(seed).choice(32, (chains, length), p=probabilities(law))


def test_temperature_of_draws_from_a_law():
    for beta in (0.3, 0.85, 2.0):
        found = inverse_temperature(pulls(LAW, STATES), draws(beta, 32, 4000, 1))
        assert abs(found.beta - beta) < 5 * found.error
        assert abs(found.beta - 1.05 * beta) > 5 * found.error or beta == 2.0
        assert found.error < 0.02 * beta


def test_error_is_the_scatter_of_repeats():
    fits = [inverse_temperature(pulls(LAW, STATES), draws(1.0, 16, 200, seed)) for seed in range(100)]
    scatter = np.std([one.beta for one in fits], ddof=1)
    error = np.sqrt(np.mean([one.error**2 for one in fits]))
    # relative standard error of a deviation from 100 values: 7 %
    assert abs(scatter / error - 1) < 5 * 0.071


def test_frozen_spins_have_no_temperature():
    ferro = IsingLaw(np.array([(0, 1)]), np.array([1.0]), np.zeros(2), 1.0)
    frozen = inverse_temperature(pulls(ferro, np.ones((1, 2))), np.zeros((4, 10), dtype=int))
    assert math.isnan(frozen.beta)
    assert math.isnan(inverse_temperature(pulls(LAW, STATES), draws(1.0, 1, 500, 3)).error)
