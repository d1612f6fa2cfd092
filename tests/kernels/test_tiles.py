"""Products of tiles: sums in the order that is promised, to the last bit, for every remainder of rows and columns."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numba.core.errors import TypingError

from thermosim.kernels.tiles import WIDTH, add_product, sum_of_two


def in_order(total, matrix, terms):
    """total + matrix @ terms, column after column, each product and each sum rounded."""
    total = total.copy()
    for j in range(matrix.shape[1]):
        total += matrix[:, j : j + 1] * terms[j]
    return total


def numbers(n, m, kind, seed=5):
    rng = np.random.default_rng(seed)
    shapes = (n, WIDTH), (n, m), (m, WIDTH)
    return tuple(rng.normal(size=shape).astype(kind) for shape in shapes)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 5), (4, 4), (5, 0), (7, 9), (8, 64), (66, 67)])
def test_products_are_summed_in_order(n, m, kind):
    total, matrix, terms = numbers(n, m, kind)
    expected = in_order(total, matrix, terms)
    got = total.copy()
    add_product(got, matrix, terms, False)
    assert np.array_equal(got, expected)
    if m > 5:
        backwards = in_order(total, matrix[:, ::-1], terms[::-1])
        assert not np.array_equal(got, backwards), "the order of the sum is seen in the bits"


@pytest.mark.parametrize("n", [1, 2, 4, 6, 9])
def test_zeros_above_the_diagonal_are_passed_over(n):
    total, matrix, terms = numbers(n, n, np.float64)
    lower, full = total.copy(), total.copy()
    add_product(lower, np.tril(matrix), terms, True)
    add_product(full, np.tril(matrix), terms, False)
    assert np.array_equal(lower, full)


@pytest.mark.parametrize("n", [1, 3, 4, 8, 11])
def test_two_products_at_once_are_one_after_the_other(n):
    start, factor, normals = numbers(n, n, np.float64)
    _, decay, value = numbers(n, n, np.float64, seed=8)
    factor, kept = np.tril(factor), start.copy()
    total = np.full((n, WIDTH), np.nan)
    sum_of_two(total, start, factor, normals, decay, value)
    assert np.array_equal(total, in_order(in_order(start, factor, normals), decay, value))
    assert not np.array_equal(total, in_order(in_order(start, decay, value), factor, normals)), "the order is seen"
    assert np.array_equal(start, kept)


def test_a_transposed_matrix_is_refused():
    total, matrix, terms = numbers(4, 4, np.float64)
    with pytest.raises(TypingError, match="C-contiguous arrays of one kind of floats are needed"):
        add_product(total, matrix.T, terms, False)


def test_what_comes_with_a_nan_stays_in_its_column():
    total, matrix, terms = numbers(6, 6, np.float64)
    terms[2, 17] = np.nan
    add_product(total, matrix, terms, False)
    assert np.array_equal(np.flatnonzero(np.isnan(total).any(axis=0)), [17])


INTERPRETED = """
import numpy as np
from thermosim.kernels.tiles import add_product, sum_of_two
rng = np.random.default_rng(6)
for kind in (np.float64, np.float32):
    total, matrix, terms = (rng.normal(size=shape).astype(kind) for shape in ((6, 64), (6, 7), (7, 64)))
    add_product(total, matrix, terms, False)
    print(total.tobytes().hex())
square = [np.tril(rng.normal(size=(6, 6))) for _ in range(2)]
total = np.empty((6, 64))
sum_of_two(total, rng.normal(size=(6, 64)), square[0], rng.normal(size=(6, 64)), square[1], rng.normal(size=(6, 64)))
print(total.tobytes().hex())
"""


def test_interpreted_equals_compiled():
    printed = []
    for disabled in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled}
        command = [sys.executable, "-c", INTERPRETED]
        printed.append(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert printed[0] == printed[1] != ""
