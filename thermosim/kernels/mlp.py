"""Multilayer perceptrons in single precision, and minus the gradient of an energy network, on tiles of replicas.

    h_0 = y / input_scale,   h_l = f(W_l h_{l-1} + b_l),   last layer linear
    score:  value = output_scale h_L          energy:  value = -output_scale dE/dh_0,  E = h_L (one row)

The gradient is one pass backwards: g = W_L^T, then g <- W_l^T (f'(a_l) g). Sums run in a fixed order over full tiles,
so that a replica's bits do not depend on the batch it is in.
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.activation import KINDS, activate
from thermosim.kernels.jit import jit
from thermosim.kernels.tiles import WIDTH, add_product, aligned, load, store


class Perceptron(NamedTuple):
    """Arrays of a network, layer after layer; `sizes` (layers + 1,), matrices row after row."""

    sizes: np.ndarray
    weights: np.ndarray
    transposed: np.ndarray
    biases: np.ndarray
    kind: int
    energy: bool
    input_scale: float
    output_scale: float


def perceptron(weights, biases, activation, output="score", input_scale=1.0, output_scale=1.0):
    """Pack the layers of a network, `weights[l]` (out, in) and `biases[l]` (out,), for :func:`evaluate`."""
    sizes = [weights[0].shape[1], *(weight.shape[0] for weight in weights)]
    return Perceptron(
        np.array(sizes, np.int64),
        np.concatenate([np.asarray(weight, np.float32).ravel() for weight in weights]),
        np.concatenate([np.asarray(weight, np.float32).T.ravel() for weight in weights]),
        np.concatenate([np.asarray(bias, np.float32).ravel() for bias in biases]),
        KINDS.index(activation),
        output == "energy",
        float(input_scale),
        float(output_scale),
    )


@jit
def _scaled(source, factor, target):
    for i in range(source.shape[0]):
        for k in range(WIDTH):
            target[i, k] = np.float64(source[i, k]) * factor


@jit
def _multiply(target, factor):
    for i in range(target.shape[0]):
        for k in range(WIDTH):
            target[i, k] = target[i, k] * factor[i, k]


@jit
def evaluate(network, reads, out):
    """Value of the network: reads (inputs, replicas) [V] to out (outputs, replicas), both float64."""
    sizes = network.sizes
    layers = sizes.size - 1
    widest = sizes.max()
    total = sizes.sum()
    outputs = out.shape[0]
    wide = aligned(max(sizes[0], outputs), WIDTH)
    wide[:] = 0.0
    values = aligned(total, WIDTH // 2).view(np.float32)
    slopes = aligned(total, WIDTH // 2).view(np.float32)
    here = aligned(widest, WIDTH // 2).view(np.float32)
    there = aligned(widest, WIDTH // 2).view(np.float32)
    for begin in range(0, out.shape[1], WIDTH):
        width = min(WIDTH, out.shape[1] - begin)
        load(reads, begin, width, wide)
        _scaled(wide[: sizes[0]], 1.0 / network.input_scale, values)
        first = 0  # row of the layer in `values`
        weight = 0
        bias = 0
        for layer in range(layers):
            m, n = sizes[layer], sizes[layer + 1]
            after = values[first + m : first + m + n]
            for i in range(n):
                after[i] = network.biases[bias + i]
            add_product(
                after, network.weights[weight : weight + n * m].reshape((n, m)), values[first : first + m], False
            )
            if layer + 1 < layers:
                activate(network.kind, after, slopes[first + m : first + m + n])
            first += m
            weight += n * m
            bias += n
        if network.energy:
            for layer in range(layers - 1, -1, -1):
                m, n = sizes[layer], sizes[layer + 1]
                weight -= n * m
                if layer + 1 < layers:
                    _multiply(here[:n], slopes[first : first + n])
                else:
                    here[:n] = np.float32(1.0)
                there[:m] = np.float32(0.0)
                add_product(there[:m], network.transposed[weight : weight + n * m].reshape((m, n)), here[:n], False)
                first -= m
                here, there = there, here
            _scaled(here[:outputs], -network.output_scale, wide)
        else:
            _scaled(values[first : first + outputs], network.output_scale, wide)
        store(wide, begin, width, out)
