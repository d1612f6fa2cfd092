"""Clocked p-bits of one replica on a dense graph: fields are kept, and a flip adds a column of couplings to them.

    sum_i -> sum_i +- w_ij for all i, when s_j turns up or down

Sums are integers, so that kept fields never drift from fresh ones and the bits are those of
:mod:`thermosim.kernels.gibbs`. A sweep costs the flips, not the couplings.
"""

import numpy as np

from thermosim.kernels.gibbs import DOWN, settle
from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.random import bits64, lane64

_HALF_WORD, _ZERO = np.uint64(32), np.uint64(0)


def columns(rows, nodes):
    """Couplings (node, node) int32, row j what all others feel of the p-bit at place j."""
    matrix = np.zeros((nodes, nodes), dtype=np.int32)
    target = np.repeat(np.arange(nodes), np.diff(rows.first))
    used = rows.weight != 0
    matrix[rows.source[used], target[used]] = rows.weight[used]
    return matrix


@jit_noalias
def _raise(total, column):
    for i in range(np.uint64(total.size)):
        total[i] += column[i]


@jit_noalias
def _lower(total, column):
    for i in range(np.uint64(total.size)):
        total[i] -= column[i]


@jit
def dense_slots(state, key, upper, begin, end, plan, matrix, drive):
    """Run the slots begin .. end-1 of one replica whose RNGs restart from the latched value.

    Parameters
    ----------
    state : (node or more,) int8, outputs by place; changed in place
    key : uint64, of the replica's pair, of which it is the `upper` one or not
    plan : Plan
    matrix : (node, node) int32 of :func:`columns`
    drive : (node,) float32, what analog inputs add to the biases, in units of ln 2; or (0,)
    """
    half = _HALF_WORD if upper else _ZERO
    bounds, node, scale, bias, fresh = plan.bounds, plan.node, plan.scale, plan.bias, plan.fresh
    total = plan.base.copy()
    for place in range(node.size):
        if state[place] != DOWN:
            _raise(total, matrix[place])
    colours = bounds.size - 1
    for slot in range(begin, end):
        colour = slot % colours
        bits = bits64(key, np.uint64(slot))
        for place in range(bounds[colour], bounds[colour + 1]):
            field = np.float32(total[place]) * scale[place] + bias[place]
            if drive.size > 0:
                field += drive[place]
            word = np.uint32(lane64(bits, node[place]) >> half)
            old = np.int32(state[place])
            new = settle(field, word, fresh[place], old)
            if new != old:
                state[place] = new
                if old == DOWN:
                    _raise(total, matrix[place])
                else:
                    _lower(total, matrix[place])
