"""Exact laws of small categorical fabrics by enumeration, and the exact relaxation of their sweeps.

State k counts in mixed radix, the first node the lowest digit. The law is

    p(c) = exp(-beta E(c)) / Z,   E(c) = -(sum_edges J_e(c_i, c_j) + sum_i h_i(c_i))

One slot lets every node i of one colour forget with memory m_i; on functions of the state,

    (T_i f)(c) = m_i f(c) + (1 - m_i) sum_a q_i(a) f(c, c_i = a),   q_i = softmax of what node i sees

and a sweep is the product of the T_i in the order of their colours. Arrays have one axis for each node.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from thermosim.contracts import Floats
from thermosim.ideal.sweep_spectrum import SweepSpectrum

if TYPE_CHECKING:
    from thermosim.circuit.dits import DitFabric, PottsLaw

ENUMERABLE = 2**20
SPECTRAL = 2**14
STATIONARY = 2**14
"""States of all nodes up to which the law, the slowest mode, and the law that a sweep leaves fixed are known."""


def _shape(law: PottsLaw) -> tuple[int, ...]:
    """Axes of a function of the state: the last node first, so that the first is the lowest digit."""
    return tuple(int(q) for q in law.states[::-1])


def _axis(law: PottsLaw, node: int) -> int:
    return law.nodes - 1 - node


def _along(law: PottsLaw, nodes: tuple[int, ...], values: Floats) -> Floats:
    """`values` (state of nodes[0], state of nodes[1], ..) as a function of the state of all."""
    shape, axes = [1] * law.nodes, [_axis(law, node) for node in nodes]
    for axis, size in zip(axes, values.shape, strict=True):
        shape[axis] = size
    return values.transpose(np.argsort(axes)).reshape(shape)


def pull(law: PottsLaw, node: int) -> Floats:
    """f(a) of one node, sum_j J(a, c_j) + h(a), as a function of the states of all (its own axis is a)."""
    total: Floats = np.zeros(_shape(law)) + _along(law, (node,), law.biases[node, : law.states[node]])
    for (i, j), table in zip(law.edges.tolist(), law.tables, strict=True):
        if node in (i, j):
            total = total + _along(law, (i, j), table[: law.states[i], : law.states[j]])
    return total


def energies(law: PottsLaw) -> Floats:
    """E of every state (states,)."""
    total: Floats = np.zeros(_shape(law))
    for node in range(law.nodes):
        total = total - _along(law, (node,), law.biases[node, : law.states[node]])
    for (i, j), table in zip(law.edges.tolist(), law.tables, strict=True):
        total = total - _along(law, (i, j), table[: law.states[i], : law.states[j]])
    return total.ravel()


def probabilities(law: PottsLaw) -> Floats:
    """Boltzmann law (states,)."""
    weight = -law.beta * energies(law)
    weight = np.exp(weight - weight.max())
    return np.asarray(weight / weight.sum())


def occupation(law: PottsLaw, p: Floats, node: int) -> Floats:
    """Law of the state of one node (state,)."""
    axes = tuple(axis for axis in range(law.nodes) if axis != _axis(law, node))
    return np.asarray(p.reshape(_shape(law)).sum(axis=axes))


@dataclass(frozen=True)
class DitSweep(SweepSpectrum):
    """Sweep operator: `draws` the law q_i of every node (own axis a), `memory` (node,), `order` of the nodes."""

    shape: tuple[int, ...]
    draws: tuple[Floats, ...]
    memory: Floats
    order: tuple[int, ...]

    def functions(self, f: Floats) -> Floats:
        """Expectation of f one sweep later, for every state now (states,)."""
        f = f.reshape(self.shape)
        for i in reversed(self.order):
            axis = len(self.shape) - 1 - i
            mean = (self.draws[i] * f).sum(axis=axis, keepdims=True)
            f = self.memory[i] * f + (1.0 - self.memory[i]) * mean
        return f.ravel()

    def distribution(self, p: Floats) -> Floats:
        """Law one sweep after the law p (states,)."""
        p = p.reshape(self.shape)
        for i in self.order:
            axis = len(self.shape) - 1 - i
            p = self.memory[i] * p + (1.0 - self.memory[i]) * self.draws[i] * p.sum(axis=axis, keepdims=True)
        return p.ravel()

    @property
    def size(self) -> int:
        """Number of states."""
        return math.prod(self.shape)


def sweep(law: PottsLaw, order: Iterable[int], memory: Floats, slope: Floats, shift: Floats) -> DitSweep:
    """Sweep of a law whose nodes are drawn in `order`."""
    draws = []
    for i in range(law.nodes):
        argument = law.beta * slope[i] * pull(law, i)
        argument = argument + _along(law, (i,), shift[i] * (np.arange(law.states[i]) == 1))
        axis = _axis(law, i)
        weight = np.exp(argument - argument.max(axis=axis, keepdims=True))
        draws.append(weight / weight.sum(axis=axis, keepdims=True))
    return DitSweep(_shape(law), tuple(draws), np.asarray(memory, dtype=np.float64), tuple(order))


def sweep_of(fabric: DitFabric) -> DitSweep:
    """The sweep that a fabric performs, mismatch and memory included."""
    order = [int(i) for i in np.argsort(fabric.colour, kind="stable")]
    return sweep(fabric.actual, order, fabric.memory, fabric.slope, fabric.shift)
