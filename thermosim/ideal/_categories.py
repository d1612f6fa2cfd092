"""Kernel of the ideal heat-bath sampler of categorical nodes: chain after chain, in double precision.

    P(c_i = a | rest) = exp(f(a)) / sum_b exp(f(b)),   f(a) = beta (sum_j J_ij(a, c_j) + h_i(a))

A state is taken where the running sum of exp(f) first exceeds u times the whole. xoshiro256++ gives u, 53 bits of it.
Source of the generator: Blackman and Vigna, ACM Trans. Math. Softw. 47, 36 (2021).
"""

from __future__ import annotations

import math

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias


@jit
def _turned(x, by):
    return (x << np.uint64(by)) | (x >> np.uint64(64 - by))


@jit
def _uniform(s):
    """Next number in [0, 1) of the generator s (4,) uint64."""
    result = _turned(s[0] + s[3], 23) + s[0]
    shifted = s[1] << np.uint64(17)
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= shifted
    s[3] = _turned(s[3], 45)
    return np.float64(result >> np.uint64(11)) * 2.0**-53


@jit
def sweep(state, generator, states, first, source, table, tables, biases, weight):
    """Draw every node once, in order; state (node,) int64 in place."""
    for i in range(states.size):
        q, most = states[i], -np.inf
        for a in range(q):
            f = biases[i, a]
            for entry in range(first[i], first[i + 1]):
                f += tables[table[entry], a, state[source[entry]]]
            weight[a] = f
            most = max(most, f)
        total = 0.0
        for a in range(q):
            total += math.exp(weight[a] - most)
            weight[a] = total
        u = _uniform(generator) * total
        a = 0
        while a < q - 1 and weight[a] <= u:
            a += 1
        state[i] = a


@jit_noalias
def _add(sums, signs):
    for row in range(sums.size):
        sums[row] += signs[row]


@jit
def advance(
    state, generator, law, sweeps, owner, signs, energies, drawn, singles, edges, block_of, energy, occupied, projected,
    visits, bonds, squares,
):  # fmt: skip
    """Run one chain and observe every sweep.

    law: arguments of :func:`sweep` behind the generator, at beta. energies (edge, Q, Q) and singles (node, Q): J and h
    as they are; drawn (edge, 2) is `edges`. Fills projected (row, sweep) and adds to energy (sweep,), occupied (row,
    sweep), visits (block, node, Q), bonds (block, edge), squares (edge,).
    """
    states, first, source, table, tables, biases, weight = law
    rows = signs.shape[2]
    sums = np.empty(rows, np.int64)
    for t in range(sweeps):
        sweep(state, generator, states, first, source, table, tables, biases, weight)
        block = block_of[t]
        sums[:] = 0
        for i in range(states.size):
            c = state[i]
            energy[t] -= singles[i, c]
            occupied[owner[i] + c, t] += 1
            visits[block, i, c] += 1
            _add(sums, signs[i, c])
        for row in range(rows):
            projected[row, t] = sums[row]
        for e in range(edges.shape[0]):
            value = energies[drawn[e], state[edges[e, 0]], state[edges[e, 1]]]
            energy[t] -= value
            bonds[block, e] += value
            squares[e] += value * value
