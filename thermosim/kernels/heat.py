"""Charges, voltages and heat of a linear noisy network over equal steps, many replicas side by side.

    u = B^T v + held,  i0 = G u + driven,  w = L z,  q = Gamma i0 + w,  v' = v - C^-1 B q
    heat_b += q_b (u - e q / 2)_b - sum_k omega_k / 2 [x_k, y_k]_b - constant_b - [I / h, q]_b - [xi, eta]_b
    [x, y]_b = (e x)_b y_b - x_b (e y)_b,   which sums to zero

x_k and y_k are the mean path of the charges and its slope at the Gauss nodes, see :mod:`thermosim.analysis.heat`; I, xi
and eta are normals that draw the areas about it.
Sums run in a fixed order, as in :mod:`thermosim.kernels.ou`: a replica has the same bits in any company.
"""

import numpy as np

from thermosim.kernels.jit import jit
from thermosim.kernels.normal import fill, workspace
from thermosim.kernels.random import bits64
from thermosim.kernels.tiles import WIDTH, add_product, aligned, load, store


@jit
def _exchange(heat, weight, x, y, elastance, ex, ey):
    """heat_b -= weight [x, y]_b; ex, ey are work space."""
    ex[:] = 0.0
    ey[:] = 0.0
    add_product(ex, elastance, x, False)
    add_product(ey, elastance, y, False)
    for b in range(len(heat)):
        for r in range(WIDTH):
            heat[b, r] -= weight * (ex[b, r] * y[b, r] - x[b, r] * ey[b, r])


@jit
def follow(
    state, held, columns, moved, conductance, driven, response, factor, elastance, path, slope, weights, constant,
    shift, swirl, keys, first, count, charge, heat,
):  # fmt: skip
    """Advance state (n, replicas) [V] by `count` steps in place, adding to charge [C] and heat [J] (branch, replicas).

    held (branch, replicas) [V]: what driven ends add to the voltage across; columns (branch, n): B^T; moved (n, branch)
    [1/F]: -C^-1 B; conductance, driven (branch,) [S], [A into the branch]; the rest from
    :class:`thermosim.analysis.heat.HeatStep`; keys (replicas,) uint64; first: uint64 number of the first step. With
    inductors the rows go on with their charges, whose `columns` pick the current, and with their currents, whose
    `columns` are L^-1 B^T; the heat of those rows has no meaning.
    """
    n, replicas = state.shape
    k = len(conductance)
    value, volts, across, noise, moves = (
        aligned(n, WIDTH), aligned(k, WIDTH), aligned(k, WIDTH), aligned(4 * k, WIDTH), aligned(k, WIDTH)
    )  # fmt: skip
    start, gone, total = aligned(2 * k, WIDTH), aligned(k, WIDTH), aligned(k, WIDTH)
    x, y, ex, ey = aligned(k, WIDTH), aligned(k, WIDTH), aligned(k, WIDTH), aligned(k, WIDTH)
    value[:] = 0.0
    volts[:] = 0.0
    gone[:] = 0.0
    total[:] = 0.0
    bits = np.zeros(WIDTH, np.uint64)
    high, low, even, odd = workspace()
    for begin in range(0, replicas, WIDTH):
        width = min(WIDTH, replicas - begin)
        load(state, begin, width, value)
        load(held, begin, width, volts)
        load(charge, begin, width, gone)
        load(heat, begin, width, total)
        for t in range(count):
            for r in range(width):
                bits[r] = bits64(keys[begin + r], first + np.uint64(t))
            fill(bits, noise, high, low, even, odd)
            across[:] = volts
            add_product(across, columns, value, False)
            for b in range(k):
                for r in range(WIDTH):
                    start[b, r] = conductance[b] * across[b, r] + driven[b]
            start[k:] = 0.0
            add_product(start[k:], factor, noise[:k], True)
            moves[:] = start[k:]
            add_product(moves, response, start[:k], False)
            add_product(value, moved, moves, False)
            gone += moves
            ex[:] = 0.0
            add_product(ex, elastance, moves, False)
            for b in range(k):
                for r in range(WIDTH):
                    total[b, r] += moves[b, r] * (across[b, r] - 0.5 * ex[b, r]) - constant[b]
            for node in range(len(weights)):
                x[:] = 0.0
                y[:] = 0.0
                add_product(x, path[node], start, False)
                add_product(y, slope[node], start, False)
                _exchange(total, 0.5 * weights[node], x, y, elastance, ex, ey)
            for b in range(k):
                for r in range(WIDTH):
                    noise[2 * k + b, r] *= swirl[b]
                    noise[3 * k + b, r] *= swirl[b]
            x[:] = 0.0
            add_product(x, shift, noise[k : 2 * k], False)
            _exchange(total, 1.0, x, moves, elastance, ex, ey)
            _exchange(total, 1.0, noise[2 * k : 3 * k], noise[3 * k :], elastance, ex, ey)
        store(value, begin, width, state)
        store(gone, begin, width, charge)
        store(total, begin, width, heat)
