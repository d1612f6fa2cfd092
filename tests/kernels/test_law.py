"""Laws: the mixture's score against the gradient of its log density, and the affine law around a network."""

import numpy as np
from scipy.special import logsumexp

from thermosim.kernels.law import law, mixture, mixture_score, mlp
from thermosim.kernels.mlp import evaluate, perceptron

MEANS = np.array([[0.04, -0.02, 0.01], [-0.05, 0.03, 0.0], [0.0, 0.06, -0.04]])
SIGMA = 0.03
WEIGHTS = np.array([0.5, 0.2, 0.3])


def log_density(y):
    distance = ((y.T[:, np.newaxis] - MEANS) ** 2).sum(axis=2)
    return logsumexp(np.log(WEIGHTS) - distance / (2 * SIGMA**2), axis=1)


def score(y):
    out = np.empty_like(y)
    mixture_score(MEANS, SIGMA, WEIGHTS, y, out)
    return out


def test_score_is_the_gradient_of_the_log_density():
    y = np.random.default_rng(1).normal(size=(3, 50)) * 0.08
    expected = np.empty_like(y)
    for i in range(3):
        shift = np.zeros((3, 1))
        shift[i] = 1e-6
        expected[i] = (log_density(y + shift) - log_density(y - shift)) / 2e-6
    np.testing.assert_allclose(score(y), expected, rtol=1e-5, atol=1e-5)


def test_score_far_from_every_mean_is_that_of_the_nearest():
    y = np.array([[40.0], [-20.0], [10.0]])
    np.testing.assert_allclose(score(y)[:, 0], (MEANS[0] - y[:, 0]) / SIGMA**2, rtol=1e-12)


def test_one_component_is_linear():
    y, out = np.array([[0.3, -0.1]]), np.empty((1, 2))
    mixture_score(np.array([[0.1]]), 0.5, np.array([1.0]), y, out)
    np.testing.assert_allclose(out, (0.1 - y) / 0.25, rtol=1e-14)


def test_affine_law_around_a_mixture():
    rng = np.random.default_rng(2)
    gain, linear, constant = rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.normal(size=2)
    y, out = 0.08 * rng.normal(size=(3, 70)), np.empty((2, 70))
    law(mixture(MEANS, SIGMA, WEIGHTS), gain, linear, constant)(y, out)
    np.testing.assert_allclose(out, gain @ score(y) + linear @ y + constant[:, np.newaxis], rtol=1e-12)


def test_affine_law_around_a_perceptron_and_around_nothing():
    rng = np.random.default_rng(3)
    network = perceptron([rng.normal(size=(5, 3)), rng.normal(size=(4, 5))], [np.ones(5), np.zeros(4)], "tanh")
    gain, linear, constant = rng.normal(size=(2, 4)), rng.normal(size=(2, 3)), rng.normal(size=2)
    y, value, out = rng.normal(size=(3, 7)), np.empty((4, 7)), np.empty((2, 7))
    evaluate(network, y, value)
    law(mlp(network), gain, linear, constant)(y, out)
    np.testing.assert_allclose(out, gain @ value + linear @ y + constant[:, np.newaxis], rtol=1e-12)
    law(None, np.zeros((2, 0)), linear, constant)(y, out)
    np.testing.assert_allclose(out, linear @ y + constant[:, np.newaxis], rtol=1e-12)


def test_a_replica_does_not_depend_on_its_batch():
    rng = np.random.default_rng(4)
    whole = law(mixture(MEANS, SIGMA, WEIGHTS), rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.normal(size=2))
    y, out, alone = 0.08 * rng.normal(size=(3, 130)), np.empty((2, 130)), np.empty((2, 1))
    whole(y, out)
    for r in (0, 64, 129):
        whole(y[:, r : r + 1].copy(), alone)
        assert np.array_equal(alone[:, 0], out[:, r])
