"""Exact draws and exact distribution functions must agree with each other and with moments by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from thermosim.contracts import Mixture
from thermosim.ideal.gaussian import gaussian, of_mixture, principal_directions, responsibility

MIXTURE = Mixture(np.array([[0.04, 0.04, 0.04], [-0.04, -0.04, 0.0]]), 0.03, np.array([0.7, 0.3]))


def test_draws_follow_the_distribution_function_of_every_projection() -> None:
    law = of_mixture(MIXTURE)
    draws = law.draw(50_000, np.random.default_rng(1))
    for direction in np.array([[1, 0, 0], [0, 0, 1.0], [1, 2, -1]]):
        z = np.sort(draws @ direction)
        gap = np.abs(law.cdf(direction, z) - (np.arange(50_000) + 0.5) / 50_000).max()
        assert gap < 2.7 / math.sqrt(50_000)  # probability 1e-6
        wrong = of_mixture(Mixture(MIXTURE.means, 0.03, np.array([0.67, 0.33])))
        assert np.abs(wrong.cdf(direction, z) - (np.arange(50_000) + 0.5) / 50_000).max() > 2.7 / math.sqrt(50_000) or (
            direction[2] == 1
        )


def test_moments_of_a_mixture() -> None:
    law = of_mixture(MIXTURE)
    np.testing.assert_allclose(law.mean, [0.016, 0.016, 0.028])
    difference = MIXTURE.means[0] - MIXTURE.means[1]
    np.testing.assert_allclose(law.total_covariance, 0.03**2 * np.eye(3) + 0.21 * np.outer(difference, difference))


def test_gaussian_is_one_component() -> None:
    law = gaussian(np.array([1.0, -1.0]), np.array([[2.0, 1.0], [1.0, 3.0]]))
    direction = np.array([1.0, 2.0])
    # mean -1, variance 2 + 4 + 12
    assert law.cdf(direction, np.array([-1.0 + math.sqrt(18)]))[0] == pytest.approx(0.8413447)


def test_responsibility_and_principal_directions() -> None:
    y = np.array([[0.0, 0.0, 0.02], [0.04, 0.04, 0.04]])
    found = responsibility(MIXTURE, y)
    assert found[0] == pytest.approx(0.7)  # half-way between the means
    ratio = 0.7 / 0.3 * math.exp((0.08**2 + 0.08**2 + 0.04**2) / (2 * 0.03**2))
    assert found[1] == pytest.approx(ratio / (1 + ratio))
    (direction,) = principal_directions(MIXTURE)
    np.testing.assert_allclose(np.abs(direction), np.array([2, 2, 1]) / 3)
    assert len(principal_directions(Mixture(np.zeros((1, 3)), 1.0, np.ones(1)))) == 0
