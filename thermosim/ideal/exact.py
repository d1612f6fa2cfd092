"""Exact laws of small fabrics by enumeration, and the exact relaxation of their clocked sweeps.

State k in 0 .. 2^n - 1 has spin i up where bit i of k is set. The law is

    p(s) = exp(-beta E(s)) / Z,   E(s) = -(sum_edges J_ij s_i s_j + sum_i h_i s_i + sum_terms K prod s)

and of directed couplings without a cycle p(s) = prod_i P(s_i | parents of i) = prod_i 1 / (1 + exp(-2 beta s_i I_i)).
One slot lets every p-bit i of one colour forget with memory m_i under a constant field; on functions of the state,

    (T_i f)(s) = m_i f(s) + (1 - m_i) [q_i f(s, s_i = +1) + (1 - q_i) f(s, s_i = -1)],
    q_i = 1 / (1 + exp(-(2 beta slope_i I_i + shift_i))),   I_i of :mod:`thermosim.circuit.ising`

P-bits of one colour do not couple, so their T_i commute, and a sweep is the product of the colours in their order.
The operator is applied without being stored; its second largest eigenvalue lambda in modulus gives the relaxation
time -1 / ln |lambda| in sweeps. Lazy heat-bath updates leave p fixed where slope = 1 and shift = 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from thermosim.contracts import Floats
from thermosim.ideal.sweep_spectrum import SweepSpectrum

if TYPE_CHECKING:
    from thermosim.circuit.program import Fabric, IsingLaw

ENUMERABLE = 20
SPECTRAL = 16
STATIONARY = 14


def energies(law: IsingLaw) -> Floats:
    """E of every state (2^n,), with the first spin as the lowest bit.

    Raises
    ------
    ValueError
        If couplings are directed, which have no energy.
    """
    if not law.symmetric:
        raise ValueError("directed couplings have no energy")
    spins = len(law.biases)
    last: list[list[tuple[list[int], float]]] = [[] for _ in range(spins)]
    for members, weight in zip(law.terms.members.tolist(), law.terms.weights, strict=True):
        last[members[-1]].append(([i for i in members[:-1] if i >= 0], float(weight)))
    fields: list[list[tuple[int, float]]] = [[] for _ in range(spins)]
    for (i, j), weight in zip(law.edges, law.weights, strict=True):
        fields[max(i, j)].append((int(min(i, j)), float(weight)))
    energy = np.zeros(1)
    for i in range(spins):
        field = np.full(energy.size, law.biases[i])
        for j, weight in fields[i]:
            field += weight * spin(j, i)
        for others, weight in last[i]:
            product = np.full(energy.size, weight)
            for j in others:
                product *= spin(j, i)
            field += product
        energy = np.concatenate([energy + field, energy - field])
    return energy


def spin(i: int, spins: int) -> Floats:
    """Value +-1 of spin i in every state (2^spins,)."""
    return np.tile(np.repeat([-1.0, 1.0], 2**i), 2 ** (spins - i - 1))


def probabilities(law: IsingLaw) -> Floats:
    """Law (2^n,) of at most 20 spins: Boltzmann's, or the product of conditionals of directed ones without a cycle.

    Raises
    ------
    ValueError
        If directed couplings close a cycle: then the order of updates decides the law, see :class:`Sweep`.
    """
    if not law.symmetric:
        return _conditionals(law)
    weight = -law.beta * energies(law)
    weight = np.exp(weight - weight.max())
    return np.asarray(weight / weight.sum())


def _conditionals(law: IsingLaw) -> Floats:
    """Product over all spins of P(s_i | parents)."""
    n = len(law.biases)
    if law.depths() is None:
        raise ValueError("directed couplings that close a cycle have no law but that of their updates")
    p = np.ones(2**n)
    for i, argument in enumerate(_arguments(law, np.ones(n), np.zeros(n))):
        up = 0.5 * (1.0 + np.tanh(argument / 2.0)).reshape(-1, 2**i)
        shaped = p.reshape(-1, 2, 2**i)
        p = (shaped * np.stack([1.0 - up, up], axis=1)).reshape(-1)
    return p


def means(law: IsingLaw) -> tuple[Floats, Floats]:
    """<s_i> (node,) and <s_i s_j> (edge,) of the Boltzmann law."""
    p, n = probabilities(law), len(law.biases)
    columns = [spin(i, n) for i in range(n)]
    single = np.array([p @ column for column in columns])
    pair = np.array([p @ (columns[i] * columns[j]) for i, j in law.edges])
    return single, pair


@dataclass(frozen=True)
class Sweep(SweepSpectrum):
    """Sweep operator of a fabric with held p-bits: per node the pair of probabilities of ending up.

    `up` (node, 2^(n-1)): q_i for each state of the others; `memory` (node,), or per node
    (2^(n-1),) too where it depends on the bias; `order`: nodes by colour.
    """

    spins: int
    up: tuple[Floats, ...]
    memory: Floats | tuple[Floats, ...]
    order: tuple[int, ...]

    def _kept(self, i: int) -> Floats:
        """Memory of node i, shaped to go with (2^(n-1-i), 2^i) states of the others."""
        kept = np.asarray(self.memory[i])
        return kept.reshape(-1, 2**i) if kept.ndim else kept.reshape(1, 1)

    def functions(self, f: Floats) -> Floats:
        """Expectation of f one sweep later, for every state now (2^n,)."""
        for i in reversed(self.order):
            f = f.reshape(-1, 2, 2**i)
            q = self.up[i].reshape(-1, 2**i)
            kept = self._kept(i)
            mean = ((1.0 - kept) * (f[:, 0] + q * (f[:, 1] - f[:, 0])))[:, None, :]
            f = (kept[:, None, :] * f + mean).reshape(-1)
        return f

    def distribution(self, p: Floats) -> Floats:
        """Law one sweep after the law p (2^n,)."""
        for i in self.order:
            p = p.reshape(-1, 2, 2**i)
            q = self.up[i].reshape(-1, 2**i)
            kept = self._kept(i)
            total = (1.0 - kept) * (p[:, 0] + p[:, 1])
            p = (kept[:, None, :] * p + np.stack([(1.0 - q) * total, q * total], axis=1)).reshape(-1)
        return p

    @property
    def size(self) -> int:
        """Number of states."""
        return 1 << self.spins

    def integrated_time(self, p: Floats, f: Floats, limit: int = 100_000) -> float:
        """tau_int = 1 + 2 sum_k rho_k of the function f under the stationary law p [sweeps]."""
        centred = f - p @ f
        variance = float(p @ centred**2)
        later, total = centred, 0.0
        for _ in range(limit):
            later = self.functions(later)
            rho = float(p @ (centred * later)) / variance
            total += rho
            if float(p @ later**2) < 1e-20 * variance:
                break
        return 1.0 + 2.0 * total


def _arguments(law: IsingLaw, slope: Floats, shift: Floats) -> Iterator[Floats]:
    """Argument of each node's response in every state of the others (2^(n-1),)."""
    n = len(law.biases)
    targets, sources, weights = law.couplings()
    members, others, values = law.terms.felt()
    for i in range(n):
        field = np.full(2**n, law.biases[i])
        for j, weight in zip(sources[targets == i], weights[targets == i], strict=True):
            field += weight * spin(int(j), n)
        for group, weight in zip(others[members == i].tolist(), values[members == i], strict=True):
            product = np.full(2**n, float(weight))
            for j in group:
                if j >= 0:
                    product *= spin(j, n)
            field += product
        yield (2.0 * law.beta * slope[i] * field.reshape(-1, 2, 2**i)[:, 0] + shift[i]).reshape(-1)


def sweep(law: IsingLaw, order: Iterable[int], memory: Floats, slope: Floats, shift: Floats) -> Sweep:
    """Sweep of a law whose p-bits are updated in `order` (any order within a colour)."""
    up = tuple(0.5 * (1.0 + np.tanh(argument / 2.0)) for argument in _arguments(law, slope, shift))
    return Sweep(len(law.biases), up, np.asarray(memory, dtype=np.float64), tuple(order))


def sweep_of(fabric: Fabric) -> Sweep:
    """The sweep that a fabric with held p-bits performs, mismatch and memory included."""
    order = [int(i) for i in np.argsort(fabric.colour, kind="stable")]
    if fabric.barriers is None:
        return sweep(fabric.actual, order, fabric.memory, fabric.slope, fabric.shift)
    arguments = _arguments(fabric.actual, fabric.slope, fabric.shift)
    rates = [fabric.barriers.rates(i, argument) for i, argument in enumerate(arguments)]
    up = tuple(rise / (rise + fall) for rise, fall in rates)
    memory = tuple(np.exp(-(rise + fall) * fabric.clock.period) for rise, fall in rates)
    return Sweep(fabric.nodes, up, memory, tuple(order))


def heat_bath(law: IsingLaw) -> Sweep:
    """Node after node, each forgetting everything: the ideal digital sampler's sweep."""
    n = len(law.biases)
    return sweep(law, range(n), np.zeros(n), np.ones(n), np.zeros(n))
