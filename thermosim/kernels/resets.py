"""Random bits for p-bits that are set at random before a sweep, named by (stream of resets, sweep, node).

Words as in :mod:`thermosim.kernels.gibbs`: lane64(bits64(key, sweep), node), its halves for two replicas.
"""

import numpy as np

from thermosim.kernels.jit import jit
from thermosim.kernels.random import bits64, lane64

_31, _63, _ONE = np.uint64(31), np.uint64(63), np.uint64(1)


@jit
def random_bits(keys, sweep, node, up):
    """Fill `up` (node, 2 keys) bool for the nodes numbered `node` (node,) uint64; keys (pair of replicas,) uint64."""
    for k in range(keys.size):
        bits = bits64(keys[k], np.uint64(sweep))
        for n in range(node.size):
            word = lane64(bits, node[n])
            up[n, 2 * k] = (word >> _31) & _ONE != 0
            up[n, 2 * k + 1] = word >> _63 != 0
