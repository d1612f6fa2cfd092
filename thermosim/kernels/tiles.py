"""Fixed tiles of WIDTH columns (replicas, or successive steps), and products with them in a fixed order.

    total[:, k] += matrix @ terms[:, k],   terms added one after the other, column index first to last, never fused

A full tile is always worked on, so that what happens in one column cannot depend on how many there are.
"""

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias

WIDTH = 64
"""Columns of a tile; part of no result."""

_LINE = 64  # bytes of a cache line: wide loads that cross two lines take twice as long


@jit
def aligned(rows, columns):
    """Uninitialised float64 array (rows, columns) that starts on a cache line."""
    size = rows * columns
    buffer = np.empty(size + _LINE // 8)
    first = (_LINE - buffer.ctypes.data % _LINE) % _LINE // 8
    return buffer[first : first + size].reshape((rows, columns))


@jit_noalias
def add_row(total, row, terms, columns):
    """total[k] += sum_j row[j] terms[j, k] for j below `columns`; total (WIDTH,), row (m,), terms (m, WIDTH)."""
    quads = columns - columns % 4
    for j in range(0, quads, 4):
        a, b, c, d = row[j], row[j + 1], row[j + 2], row[j + 3]
        x, y, u, w = terms[j], terms[j + 1], terms[j + 2], terms[j + 3]
        for k in range(WIDTH):
            total[k] = total[k] + a * x[k] + b * y[k] + c * u[k] + d * w[k]
    for j in range(quads, columns):
        a, x = row[j], terms[j]
        for k in range(WIDTH):
            total[k] = total[k] + a * x[k]


@jit_noalias
def add_product(total, matrix, terms, lower):
    """total += matrix @ terms: (n, WIDTH), (n, m), (m, WIDTH); zeros of a `lower` triangular matrix are passed over.

    The loops of :func:`add_row` stand here again: a call for each short row would cost more than the row.
    """
    n, m = matrix.shape
    for i in range(n):
        sums, row = total[i], matrix[i]
        columns = min(m, (i | 3) + 1) if lower else m
        quads = columns - columns % 4
        for j in range(0, quads, 4):
            a, b, c, d = row[j], row[j + 1], row[j + 2], row[j + 3]
            x, y, u, w = terms[j], terms[j + 1], terms[j + 2], terms[j + 3]
            for k in range(WIDTH):
                sums[k] = sums[k] + a * x[k] + b * y[k] + c * u[k] + d * w[k]
        for j in range(quads, columns):
            a, x = row[j], terms[j]
            for k in range(WIDTH):
                sums[k] = sums[k] + a * x[k]


@jit_noalias
def load(source, begin, width, tile):
    """Copy columns begin .. begin + width of `source` to the front of `tile`."""
    for i in range(source.shape[0]):
        for k in range(width):
            tile[i, k] = source[i, begin + k]


@jit_noalias
def store(tile, begin, width, target):
    """Copy the front of `tile` to columns begin .. begin + width of `target`."""
    for i in range(target.shape[0]):
        for k in range(width):
            target[i, begin + k] = tile[i, k]
