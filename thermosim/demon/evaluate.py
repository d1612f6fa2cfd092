"""Networks in plain NumPy: the value of a mixture's score or of a multilayer perceptron.

    mixture: sum_k r_k(y) (m_k - y) / sigma^2,   r_k ~ w_k exp(-|y - m_k|^2 / (2 sigma^2))
    energy network: -dE/dy by the chain rule, layer by layer

The engine runs networks in a kernel; this is for controllers that run outside of it, and for comparison.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, log_expit

from thermosim.contracts import MLP, Floats, Mixture, Network

ACTIVATIONS: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (lambda x: np.maximum(x, 0.0), lambda x: (x > 0).astype(float)),
    "silu": (lambda x: x * expit(x), lambda x: expit(x) * (1 + x * (1 - expit(x)))),
    "softplus": (lambda x: -log_expit(-x), expit),
}
"""Name -> the function and its derivative."""


def evaluate(network: Network, reads: Floats) -> Floats:
    """Value (output, replica) of `network` on volts (input, replica)."""
    return _score(network, reads) if isinstance(network, Mixture) else _perceptron(network, reads)


def _score(mixture: Mixture, reads: Floats) -> Floats:
    away = mixture.means[:, :, np.newaxis] - reads  # (component, dimension, replica)
    exponent = np.log(mixture.weights)[:, np.newaxis] - (away**2).sum(axis=1) / (2 * mixture.sigma**2)
    share = np.exp(exponent - exponent.max(axis=0))
    share /= share.sum(axis=0)
    return np.asarray((share[:, np.newaxis] * away).sum(axis=0) / mixture.sigma**2)


def _perceptron(network: MLP, reads: Floats) -> Floats:
    function, derivative = ACTIVATIONS[network.activation]
    value = reads / network.input_scale
    slopes = []
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        before = weight @ value + bias[:, np.newaxis]
        slopes.append(derivative(before))
        value = function(before)
    if network.output == "score":
        return np.asarray((network.weights[-1] @ value + network.biases[-1][:, np.newaxis]) * network.output_scale)
    gradient = np.repeat(network.weights[-1].T, reads.shape[1], axis=1)
    for weight, slope in zip(network.weights[-2::-1], slopes[::-1], strict=True):
        gradient = weight.T @ (slope * gradient)
    return np.asarray(-gradient * network.output_scale)
