"""Factoring as a cost: E = (X Y - F)^2 with odd X = 1 + sum_k 2^k x_k and Y alike, k from 1, x bits.

In spins, x = (1 + m)/2, E is a polynomial of order four: :func:`cost_polynomial`, and :func:`native` for p-bits that
stand in products of three and four. On p-bits that couple in pairs,
every product w_kl = x_k y_l gets a p-bit of its own, held by an AND gate: :func:`factoring`. With
XY = 1 + sum 2^k x_k + sum 2^l y_l + sum 2^(k+l) w_kl the cost is quadratic, and

    E = (X Y - F)^2 + penalty sum_kl (AND gate of x_k, y_l, w_kl)

Borders et al., Nature 573, 390 (2019), for the polynomial and the sizes 35, 161, 945.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np

from thermosim.contracts import Floats, Ints
from thermosim.netlist.gates import GATES
from thermosim.netlist.problem import Problem, from_products, from_terms

Monomials = Mapping[tuple[int, ...], float]


def cost_polynomial(number: int, x_bits: int, y_bits: int) -> Monomials:
    """E as {spins of a product: coefficient}; spins 0 .. x_bits - 1 are x_1, x_2, .., those of y follow."""
    factors = [
        {(): 1.0 + sum(2.0 ** (k + 1) for k in range(bits)) / 2, **{(start + k,): 2.0**k for k in range(bits)}}
        for start, bits in ((0, x_bits), (x_bits, y_bits))
    ]
    difference = dict(_times(*factors))
    difference[()] = difference.get((), 0.0) - number
    return {spins: value for spins, value in sorted(_times(difference, difference).items()) if value != 0}


def _times(a: Monomials, b: Monomials) -> Monomials:
    """Product of two polynomials of spins: m^2 = 1."""
    found: dict[tuple[int, ...], float] = {}
    for (left, u), (right, v) in product(a.items(), b.items()):
        spins = tuple(sorted(set(left) ^ set(right)))
        found[spins] = found.get(spins, 0.0) + u * v
    return found


def polynomial_energy(polynomial: Monomials, states: Ints) -> Floats:
    """E (...,) of states (..., spin) of +-1."""
    energy = np.zeros(np.shape(states)[:-1])
    for spins, value in polynomial.items():
        energy += value * np.prod(states[..., list(spins)], axis=-1)
    return energy


def native(number: int, x_bits: int, y_bits: int) -> Problem:
    """The cost itself: spins x, y as in :func:`factors` and no others."""
    labels = [f"x{k + 1}" for k in range(x_bits)] + [f"y{k + 1}" for k in range(y_bits)]
    polynomial = cost_polynomial(number, x_bits, y_bits)
    return from_products(f"factor{number}", x_bits + y_bits, polynomial, labels, ground=0.0)


def factors(states: np.ndarray, x_bits: int, y_bits: int) -> tuple[np.ndarray, np.ndarray]:
    """X and Y (...,) of states (..., spin) whose first spins are the bits of x, then those of y."""
    up = np.asarray(states) > 0
    x = 1 + up[..., :x_bits] @ (2 << np.arange(x_bits))
    y = 1 + up[..., x_bits : x_bits + y_bits] @ (2 << np.arange(y_bits))
    return x, y


def factoring(number: int, x_bits: int, y_bits: int, penalty: float) -> Problem:
    """The cost with pairs only: spins x, y as in :func:`factors`, then w_kl row by row."""
    pairs_of = list(product(range(x_bits), range(y_bits)))
    spins = x_bits + y_bits + len(pairs_of)
    # XY - F = constant + sum slope_i m_i, with every bit (1 + m)/2
    slope = np.zeros(spins)
    slope[:x_bits] = 2.0 ** np.arange(x_bits)
    slope[x_bits : x_bits + y_bits] = 2.0 ** np.arange(y_bits)
    slope[x_bits + y_bits :] = [2.0 ** (k + m + 1) for k, m in pairs_of]
    constant = 1.0 + slope.sum() - number
    biases, offset = -2 * constant * slope, constant**2 + float(slope @ slope)
    pairs = [(i, j, -2 * float(slope[i] * slope[j])) for j in range(spins) for i in range(j)]
    gate = GATES["and"]
    for index, (k, m) in enumerate(pairs_of):
        places = (k, x_bits + m, x_bits + y_bits + index)
        for a, b in ((0, 1), (0, 2), (1, 2)):
            pairs.append((places[a], places[b], penalty * float(gate.coupling[a, b])))
        biases[list(places)] += penalty * gate.bias
        offset -= penalty * gate.ground
    labels = [f"x{k + 1}" for k in range(x_bits)] + [f"y{k + 1}" for k in range(y_bits)]
    labels += [f"x{k + 1}y{m + 1}" for k, m in pairs_of]
    return from_terms(f"factor{number}", spins, pairs, biases, offset, labels)
