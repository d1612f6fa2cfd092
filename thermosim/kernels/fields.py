"""Couplings as padded rows: the neighbours of every node, in the order in which the nodes are updated.

Node at `place` p feels sum_k weight[k] s[source[k]], k in first[p] .. first[p+1]-1. Rows are padded with weights of
zero to multiples of :data:`STEP`, the number of neighbours that the kernels add in one pass.
"""

from typing import NamedTuple

import numpy as np

STEP = 4


class Rows(NamedTuple):
    """`first` (node + 1,) int64; `source` (entry,) uint32, a place; `weight` (entry,) float32."""

    first: np.ndarray
    source: np.ndarray
    weight: np.ndarray


def rows(places, targets, sources, weights):
    """Rows of directed couplings.

    Parameters
    ----------
    places : (node,) int64, place of every node in the order of update
    targets, sources : (coupling,) int64, the node that feels and the node that is felt
    weights : (coupling,) float64
    """
    nodes = len(places)
    at, of = places[targets], places[sources]
    order = np.lexsort((sources, at))  # sums run over neighbours in the fabric's numbering, whatever the colours
    at, of, weights = at[order], of[order], np.asarray(weights)[order]
    degree = np.bincount(at, minlength=nodes)
    first = np.concatenate([[0], np.cumsum(-(-degree // STEP) * STEP)]).astype(np.int64)
    entry = first[at] + np.arange(len(at)) - np.repeat(np.cumsum(degree) - degree, degree)
    source, weight = np.zeros(first[-1], dtype=np.uint32), np.zeros(first[-1], dtype=np.float32)
    source[entry], weight[entry] = of, weights
    return Rows(first, source, weight)
