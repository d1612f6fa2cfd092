"""Perceptrons against double precision, gradients against finite differences, and bits that depend on no batch."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from thermosim.kernels.activation import KINDS, activate, exp_negative
from thermosim.kernels.mlp import evaluate, perceptron

ACTIVATIONS = {
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(float)),
    "silu": (lambda x: x / (1 + np.exp(-x)), lambda x: (1 + np.exp(-x) * (1 + x)) / (1 + np.exp(-x)) ** 2),
    "softplus": (lambda x: np.logaddexp(0, x), lambda x: 1 / (1 + np.exp(-x))),
}
SINGLE = float(np.finfo(np.float32).eps)


def layers(sizes, seed=1):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(b, a)) / np.sqrt(a) for a, b in pairwise(sizes)]
    return [w.astype(np.float32) for w in weights], [0.3 * rng.normal(size=b).astype(np.float32) for b in sizes[1:]]


def forward(weights, biases, activation, inputs):
    """The same network in double precision."""
    h = inputs
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        h = weight.astype(float) @ h + bias.astype(float)[:, np.newaxis]
        if layer < len(weights) - 1:
            h = ACTIVATIONS[activation][0](h)
    return h


@pytest.mark.parametrize("kind", KINDS)
def test_activations_and_slopes(kind):
    x = np.linspace(-20, 20, 64 * 500).reshape(500, 64).astype(np.float32)
    values, slopes = x.copy(), np.empty_like(x)
    activate(KINDS.index(kind), values, slopes)
    function, slope = ACTIVATIONS[kind]
    size = 1 + (0 if kind == "tanh" else np.abs(x))
    assert np.max(np.abs(values - function(x.astype(float))) / size) < 2 * SINGLE
    assert np.max(np.abs(slopes - slope(x.astype(float))) / size) < 4 * SINGLE


def test_activations_far_out():
    """No overflow: tanh ends at +-1, softplus at 0 and x, silu at -0 and x."""
    for kind, expected in (("tanh", [-1, 1]), ("relu", [0, 1e4]), ("silu", [0, 1e4]), ("softplus", [0, 1e4])):
        values = np.tile(np.array([-1e4, 1e4], np.float32), 32).reshape(1, 64)
        activate(KINDS.index(kind), values, np.empty_like(values))
        np.testing.assert_allclose(values[0, :2], expected, atol=1e-30)


def test_exponential():
    x = np.linspace(-80, 0, 20001).astype(np.float32)
    found = np.array([exp_negative(value) for value in x], float)
    exact = np.exp(x.astype(float))
    assert np.max(np.abs(found / exact - 1) / (1 + np.abs(x))) < 2 * SINGLE


@pytest.mark.parametrize("kind", KINDS)
def test_score_network(kind):
    weights, biases = layers([3, 17, 9, 2])
    reads, out = np.random.default_rng(2).normal(size=(3, 70)), np.empty((2, 70))
    evaluate(perceptron(weights, biases, kind, "score", 0.5, 3.0), reads, out)
    expected = 3.0 * forward(weights, biases, kind, reads / 0.5)
    assert np.max(np.abs(out - expected)) < 20 * SINGLE * np.abs(expected).max()


@pytest.mark.parametrize("kind", KINDS)
def test_energy_network_is_minus_the_gradient(kind):
    """Of the energy with respect to the scaled input, against central differences in double precision."""
    weights, biases = layers([3, 17, 9, 1], seed=5)
    reads, out = np.random.default_rng(3).normal(size=(3, 70)), np.empty((3, 70))
    evaluate(perceptron(weights, biases, kind, "energy", 0.5, 3.0), reads, out)
    scaled, expected = reads / 0.5, np.empty((3, 70))
    for i in range(3):
        shift = np.zeros((3, 1))
        shift[i] = 1e-6
        high, low = (forward(weights, biases, kind, scaled + sign * shift)[0] for sign in (1, -1))
        expected[i] = -3.0 * (high - low) / 2e-6
    near_kink = 1e-5 if kind == "relu" else 0.0
    assert np.quantile(np.abs(out - expected), 1 - near_kink) < 40 * SINGLE * np.abs(expected).max()


def test_a_network_without_hidden_layers_is_affine():
    weights, biases = layers([3, 2])
    reads, out = np.random.default_rng(2).normal(size=(3, 4)), np.empty((2, 4))
    evaluate(perceptron(weights, biases, "relu"), reads, out)
    np.testing.assert_allclose(out, forward(weights, biases, "relu", reads), rtol=1e-5)


@pytest.mark.parametrize("output", ["score", "energy"])
def test_a_replica_does_not_depend_on_its_batch(output):
    weights, biases = layers([4, 33, 1 if output == "energy" else 4])
    network = perceptron(weights, biases, "silu", output)
    reads, out, alone = np.random.default_rng(2).normal(size=(4, 130)), np.empty((4, 130)), np.empty((4, 1))
    evaluate(network, reads, out)
    for r in (0, 63, 64, 129):
        evaluate(network, reads[:, r : r + 1].copy(), alone)
        assert np.array_equal(alone[:, 0], out[:, r])


SMALL = """
import numpy as np
from thermosim.kernels.mlp import evaluate, perceptron
weights = [np.array([[0.3, -0.7], [1.1, 0.2], [0.5, 0.6]]), np.array([[0.4, -0.9, 0.3]])]
for kind in ("tanh", "relu", "silu", "softplus"):
    out = np.empty((2, 2))
    network = perceptron(weights, [np.array([0.1, -0.2, 0.3]), np.array([0.05])], kind, "energy", 0.7, 1.3)
    evaluate(network, np.array([[0.3, -1.2], [0.8, 0.1]]), out)
    print(out.tobytes().hex())
"""


def test_interpreted_equals_compiled():
    printed = []
    for disabled in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled}
        done = subprocess.run(
            [sys.executable, "-c", SMALL], env=environment, capture_output=True, text=True, check=True
        )
        printed.append(done.stdout)
    assert printed[0] == printed[1] != ""
