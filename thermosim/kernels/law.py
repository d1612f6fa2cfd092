"""Affine laws around a network for a batch of replicas.

    writes = gain network(reads) + linear reads + constant

The score of a Gaussian mixture with isotropic components is

    score(y) = sum_k r_k (m_k - y) / sigma^2,   r_k proportional to w_k exp(-|y - m_k|^2 / (2 sigma^2))

evaluated with the largest exponent taken out, so that it stays finite far from every mean. Sums run in a fixed order
over full tiles of replicas: a replica's bits do not depend on the batch it is in.
"""

import math
from collections.abc import Callable

import numpy as np

from thermosim.kernels.jit import jit
from thermosim.kernels.mlp import Perceptron, evaluate
from thermosim.kernels.tiles import WIDTH, add_product, aligned, load, store


@jit
def mixture_score(means, sigma, weights, reads, out):
    """Score of a mixture at reads (dimension, replicas) [V] into out of the same shape [1/V].

    means (components, dimension) [V]; sigma [V]; weights (components,), positive.
    """
    components, dimension = means.shape
    precision = 1.0 / (sigma * sigma)
    exponent = np.empty(components)
    for r in range(out.shape[1]):
        largest = -np.inf
        for k in range(components):
            distance = 0.0
            for i in range(dimension):
                distance += (reads[i, r] - means[k, i]) ** 2
            exponent[k] = math.log(weights[k]) - 0.5 * precision * distance
            largest = max(largest, exponent[k])
        whole = 0.0
        for k in range(components):
            exponent[k] = math.exp(exponent[k] - largest)
            whole += exponent[k]
        for i in range(dimension):
            mean = 0.0
            for k in range(components):
                mean += exponent[k] / whole * means[k, i]
            out[i, r] = (mean - reads[i, r]) * precision


@jit
def affine(gain, values, linear, reads, constant, out):
    """out = constant + gain @ values + linear @ reads: (writes, replicas), columns of the matrices in order."""
    inputs, terms, total = aligned(reads.shape[0], WIDTH), aligned(values.shape[0], WIDTH), aligned(out.shape[0], WIDTH)
    inputs[:] = 0.0
    terms[:] = 0.0
    for begin in range(0, out.shape[1], WIDTH):
        width = min(WIDTH, out.shape[1] - begin)
        load(reads, begin, width, inputs)
        load(values, begin, width, terms)
        for i in range(out.shape[0]):
            total[i] = constant[i]
        add_product(total, gain, terms, False)
        add_product(total, linear, inputs, False)
        store(total, begin, width, out)


Evaluation = Callable[[np.ndarray, np.ndarray], None]
"""Called with reads (n, replicas) and out (m, replicas), both float64 and C-contiguous; fills out."""


def mixture(means, sigma, weights) -> Evaluation:
    """The score of a mixture as a network of :func:`law`."""
    means, weights, sigma = (
        np.ascontiguousarray(means, np.float64),
        np.ascontiguousarray(weights, np.float64),
        float(sigma),
    )

    def network(reads, out):
        mixture_score(means, sigma, weights, reads, out)

    return network


def mlp(arrays: Perceptron) -> Evaluation:
    """A perceptron (score or energy) as a network of :func:`law`."""

    def network(reads, out):
        evaluate(arrays, reads, out)

    return network


def law(network: Evaluation | None, gain, linear, constant) -> Evaluation:
    """The law as a function of (reads, out); gain (writes, values), linear (writes, reads), constant (writes,)."""
    gain, linear = np.ascontiguousarray(gain, np.float64), np.ascontiguousarray(linear, np.float64)
    constant = np.ascontiguousarray(constant, np.float64)
    outputs = gain.shape[1] if network is not None else 0
    gain = np.ascontiguousarray(gain[:, :outputs])

    def evaluation(reads, out):
        values = np.empty((outputs, reads.shape[1]))
        if network is not None:
            network(reads, values)
        affine(gain, values, linear, reads, constant, out)

    return evaluation
