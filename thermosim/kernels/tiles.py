"""Fixed tiles of WIDTH columns (replicas, or successive steps), and products with them in a fixed order.

    total[:, k] += matrix @ terms[:, k],   terms added one after the other, column index first to last, never fused

A full tile is always worked on, so that what happens in one column cannot depend on how many there are.
"""

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.registers import block_sum, block_sum_of_two

WIDTH = 64
"""Columns of a tile; part of no result."""

_HALF = WIDTH // 2
_add_to_four_rows = block_sum(4, _HALF, WIDTH)  # sixteen registers of doubles, and half a load for each product
_four_rows_of_two = block_sum_of_two(4, _HALF, WIDTH)
_row_of_two = block_sum_of_two(1, WIDTH, WIDTH)
add_to_row = block_sum(1, WIDTH, WIDTH)
"""One row of a product; the arguments are those of :func:`thermosim.kernels.registers.block_sum`."""

SHORT = 16
"""Columns of a short row."""
add_to_short_row = block_sum(1, SHORT, WIDTH)
"""The first columns of a row alone, for few nodes."""

_LINE = 64  # bytes of a cache line: wide loads that cross two lines take twice as long


@jit
def aligned(rows, columns):
    """Uninitialised float64 array (rows, columns) that starts on a cache line."""
    size = rows * columns
    buffer = np.empty(size + _LINE // 8)
    first = (_LINE - buffer.ctypes.data % _LINE) % _LINE // 8
    return buffer[first : first + size].reshape((rows, columns))


@jit
def add_product(total, matrix, terms, lower):
    """total += matrix @ terms: (n, WIDTH), (n, m), (m, WIDTH); zeros of a `lower` triangular matrix are passed over.

    All C-contiguous, of one kind of floats. Rows are taken by fours: the bits are those of rows taken one by one.
    """
    n, m = matrix.shape
    fours = n - n % 4
    for i in range(0, fours, 4):
        columns = min(m, i + 4) if lower else m
        for half in range(0, WIDTH, _HALF):
            _add_to_four_rows(total, total, i * WIDTH + half, matrix, i * m, m, terms, half, columns)
    for i in range(fours, n):
        add_to_row(total, total, i * WIDTH, matrix, i * m, m, terms, 0, m)


@jit
def sum_of_two(total, start, lower, x, full, y):
    """total = start + lower @ x + full @ y, in this order: what two calls of :func:`add_product` give, bit for bit.

    `lower` and `full` (n, n), the first lower triangular; the others (n, WIDTH), total and y not the same. Totals stay
    in registers from one product to the next: with eight nodes that is a third of the time of a step.
    """
    n = len(lower)
    fours = n - n % 4
    for i in range(0, fours, 4):
        for half in range(0, WIDTH, _HALF):
            place = i * WIDTH + half
            _four_rows_of_two(total, start, place, lower, i * n, n, x, half, i + 4, full, i * n, n, y, half, n)
    for i in range(fours, n):
        _row_of_two(total, start, i * WIDTH, lower, i * n, n, x, 0, n, full, i * n, n, y, 0, n)


@jit_noalias
def copy(source, target):
    """target = source, both C-contiguous and of one size; assignment to a slice takes several times as long."""
    numbers, places = source.reshape(-1), target.reshape(-1)
    for k in range(places.size):
        places[k] = numbers[k]


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
