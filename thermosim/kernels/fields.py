"""Couplings in whole numbers, so that a field is an exact sum: the same bits in any order, by any kernel.

    f_i = scale_i (base_i + sum_j w_ij [s_j up]) + b_i,   base_i = -sum_j w_ij / 2,   w_ij even integers

Weights that are few multiples of one step are those multiples; others are rounded to 2^-29 of the sum of the
magnitudes of their row, which is finer than single precision. Rows are padded with zeros to multiples of :data:`STEP`.
"""

from typing import NamedTuple

import numpy as np

STEP = 4
LARGEST = 2**29
"""Bound of the sum of magnitudes of a row."""
FEW = 31
"""Largest multiple of a step that counts as few: four of them, of either sign, fit into a signed byte."""


class Rows(NamedTuple):
    """`first` (node + 1,) int64; `source` (entry,) uint32, a place; `weight` (entry,) int32; a row for each place."""

    first: np.ndarray
    source: np.ndarray
    weight: np.ndarray


def rows(places, targets, sources, weights):
    """Rows of directed couplings.

    Parameters
    ----------
    places : (node,) int64, place of every node in the order of update
    targets, sources : (coupling,) int64, the node that feels and the node that is felt
    weights : (coupling,) integers
    """
    nodes = len(places)
    at, of = places[targets], places[sources]
    order = np.lexsort((sources, at))
    at, of, weights = at[order], of[order], np.asarray(weights)[order]
    degree = np.bincount(at, minlength=nodes)
    first = np.concatenate([[0], np.cumsum(-(-degree // STEP) * STEP)]).astype(np.int64)
    entry = first[at] + np.arange(len(at)) - np.repeat(np.cumsum(degree) - degree, degree)
    source, weight = np.zeros(first[-1], dtype=np.uint32), np.zeros(first[-1], dtype=np.int32)
    source[entry], weight[entry] = of, weights
    return Rows(first, source, weight)


def whole(weights):
    """Multiples (int64) of a common step and the step, where the weights are at most FEW of it; else None."""
    sizes = np.abs(weights[weights != 0.0])
    if not len(sizes):
        return np.zeros(len(weights), dtype=np.int64), 1.0
    for parts in range(1, FEW + 1):
        step = sizes.min() / parts
        multiples = np.rint(weights / step)
        if np.abs(multiples).max() > FEW:
            return None
        if np.allclose(weights, multiples * step, rtol=1e-12, atol=0.0):
            return multiples.astype(np.int64), float(step)
    return None


def fixed(nodes, targets, weights, bound=LARGEST):
    """Integers (coupling,) int64 and the power of two (node,) that each stands for, row by row.

    Sums of magnitudes of a row stay below about `bound`.
    """
    total = np.bincount(targets, np.abs(weights), minlength=nodes)
    unit = np.exp2(np.clip(np.ceil(np.log2(np.maximum(total, 1e-30) / bound)), -120, 120))
    return np.rint(weights / unit[targets]).astype(np.int64), unit
