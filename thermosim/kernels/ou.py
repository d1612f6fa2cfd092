"""Exact steps of a linear noisy network with held inputs, for many replicas and for many steps.

    v_i' = g_i + sum_j L_ij z_j + sum_j Phi_ij v_j,   z standard normals of (key of the replica, step counter, node)

Phi, L and the held drive g come from :class:`thermosim.analysis.propagator.Propagator`. Every sum runs in this order,
one product after the other and never fused: the bits of a replica are the same in any company, and the
same whether steps are taken one by one or many at a time, vectorised over replicas, over time or over nodes.
"""

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.normal import BATCH, fill, hash_keys, workspace
from thermosim.kernels.random import bits64
from thermosim.kernels.tiles import (
    SHORT,
    WIDTH,
    add_product,
    add_to_row,
    add_to_short_row,
    aligned,
    load,
    store,
    sum_of_two,
)

_FEW, _FEW_LARGE, _LARGE = 16, 24, 8
"""Fewer replicas than _FEW, or _FEW_LARGE from _LARGE nodes on, are advanced one by one, noise vectorised over time."""


@jit
def product(matrix, columns, out):
    """out (n, replicas) = matrix (n, m) @ columns (m, replicas): the drive Gamma (u, 1), or a jump C^-1 F du."""
    n, m = matrix.shape
    replicas = out.shape[1]
    terms, total = aligned(m, WIDTH), aligned(n, WIDTH)
    terms[:] = 0.0
    for begin in range(0, replicas, WIDTH):
        width = min(WIDTH, replicas - begin)
        load(columns, begin, width, terms)
        total[:] = 0.0
        add_product(total, matrix, terms, False)
        store(total, begin, width, out)


@jit_noalias
def _put(row, out, begin, width):
    for k in range(width):
        out[begin + k] = row[k]


@jit
def _many(state, decay, drive, factor, keys, first, count, nodes, out):
    """`count` steps vectorised over replicas; out[t] holds `nodes` after step t, if it has room."""
    n, replicas = state.shape
    value, total, held = aligned(n, WIDTH), aligned(n, WIDTH), aligned(n, WIDTH)
    value[:] = 0.0
    held[:] = 0.0
    pairs = (n + 1) // 2
    ahead = min(count, max(1, BATCH // max(1, pairs)))  # steps whose normals are drawn together, to fill a batch
    normals, bits = aligned(ahead * n, WIDTH), np.zeros(ahead * WIDTH, np.uint64)
    high, low, even, odd = workspace()
    for begin in range(0, replicas, WIDTH):
        width = min(WIDTH, replicas - begin)
        load(state, begin, width, value)
        if drive.shape[1] == 1:
            for i in range(n):
                held[i] = drive[i, 0]
        else:
            load(drive, begin, width, held)
        for t in range(count):
            slot = t % ahead
            if slot == 0:
                for later in range(ahead):
                    hash_keys(keys[begin : begin + width], first + np.uint64(t + later), bits[later * WIDTH :])
                fill(bits, normals, high, low, even, odd)
            sum_of_two(total, held, factor, normals[slot * n : (slot + 1) * n], decay, value)
            value, total = total, value
            if t < out.shape[0]:
                for node in range(nodes.size):
                    _put(value[nodes[node]], out[t, node], begin, width)
        store(value, begin, width, state)


@jit
def _in_columns(matrix):
    """The transposed matrix (n, n) in groups of WIDTH of its columns, filled up with zeros: (groups, n, WIDTH)."""
    n = len(matrix)
    groups = (n + WIDTH - 1) // WIDTH
    columns = aligned(groups * n, WIDTH).reshape((groups, n, WIDTH))
    columns[:] = 0.0
    for i in range(n):
        for j in range(n):
            columns[i // WIDTH, j, i % WIDTH] = matrix[i, j]
    return columns


@jit
def _recur(value, columns, count):
    """value[k + 1] += Phi value[k] for k below `count`; columns from :func:`_in_columns`."""
    groups, n, _ = columns.shape
    length = groups * WIDTH
    if n <= SHORT:
        for k in range(count):
            add_to_short_row(value, value, (k + 1) * length, value, k * length, 0, columns, 0, n)
        return
    for k in range(count):
        for group in range(groups):
            place = (k + 1) * length + group * WIDTH
            add_to_row(value, value, place, value, k * length, 0, columns, group * n * WIDTH, n)


@jit_noalias
def _turn(noise, value):
    """value[1 + k, i] = noise[i, k], eight rows of `noise` at a time: as many cache lines as a load port can hold."""
    for i in range(0, noise.shape[0], 8):
        for k in range(WIDTH):
            for node in range(8):
                value[1 + k, i + node] = noise[i + node, k]


@jit_noalias
def _record(value, nodes, out):
    for k in range(out.shape[0]):
        row = value[k + 1]
        for node in range(nodes.size):
            out[k, node] = row[np.uint64(nodes[node])]  # unsigned: no test for indices that count from the end


@jit_noalias
def _record_all(value, out):
    """The same for all nodes in order, into rows of `out` without gaps."""
    n = out.shape[1]
    for k in range(out.shape[0]):
        for node in range(n):
            out[k, node] = value[k + 1, node]


@jit
def _few(state, decay, drive, factor, keys, first, count, nodes, out):
    """`count` steps, replica by replica: noise vectorised over WIDTH steps, the recursion over nodes."""
    n, replicas = state.shape
    columns = _in_columns(decay)
    normals, noise = aligned(n, WIDTH), aligned(n + 7 - (n + 7) % 8, WIDTH)
    value = aligned(WIDTH + 1, len(columns) * WIDTH)
    noise[:] = 0.0
    value[:] = 0.0
    bits = np.empty(WIDTH, np.uint64)
    high, low, even, odd = workspace()
    in_order = replicas == 1 and np.array_equal(nodes, np.arange(n))
    for r in range(replicas):
        for i in range(n):
            value[0, i] = state[i, r]
        for begin in range(0, count, WIDTH):
            width = min(WIDTH, count - begin)
            for k in range(WIDTH):
                bits[k] = bits64(keys[r], first + np.uint64(begin + k))
            fill(bits, normals, high, low, even, odd)
            for i in range(n):
                noise[i] = drive[i, r if drive.shape[1] > 1 else 0]
            add_product(noise, factor, normals, True)
            _turn(noise, value)
            _recur(value, columns, width)
            if in_order:
                _record_all(value, out[begin : begin + width].reshape((width, n)))
            else:
                _record(value, nodes, out[begin : begin + width, :, r])
            value[0] = value[width]
        for i in range(n):
            state[i, r] = value[0, i]


@jit
def step(state, decay, drive, factor, keys, counter):
    """Advance state (n, replicas) [V] by one step, in place.

    decay (n, n), factor (n, n) lower triangular [V]; drive (n, replicas) or (n, 1) [V], from :func:`product`;
    keys (replicas,) uint64; counter uint64, the number of this step. All arrays C-contiguous.
    """
    _many(state, decay, drive, factor, keys, counter, 1, np.empty(0, np.int64), np.empty((0, 0, 0)))


@jit
def steps(state, decay, drive, factor, keys, first, nodes, out):
    """As many steps as out (steps, nodes.size, replicas) has room for; out[t] holds `nodes` after step first + t.

    `nodes` is int64. The other arguments, and every bit, are those of as many calls of :func:`step`.
    """
    if state.shape[1] < (_FEW_LARGE if len(state) >= _LARGE else _FEW):
        _few(state, decay, drive, factor, keys, first, out.shape[0], nodes, out)
    else:
        _many(state, decay, drive, factor, keys, first, out.shape[0], nodes, out)
