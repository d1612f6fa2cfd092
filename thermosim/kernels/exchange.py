"""Replica exchange: neighbours in a ladder of betas exchange their states by Metropolis.

    accept with min(1, exp((beta_k - beta_l) (E_k - E_l))),   l = k + 1

which leaves prod_k exp(-beta_k E(x_k)) fixed: it is the ratio of that weight after the exchange to the one before.
Pairs (0, 1), (2, 3), .. and (1, 2), (3, 4), .. take turns. Random words: lane64(bits64(key, round), k), a key for each
replica.
Hukushima and Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996).
"""

import math

import numpy as np

from thermosim.kernels.jit import jit
from thermosim.kernels.random import bits64, lane64

_11 = np.uint64(11)
_TO_UNIT = 2.0**-53


@jit
def exchange(keys, number, betas, energy, unit, source, accepted):
    """Decide a round of exchanges.

    Parameters
    ----------
    keys : (replica,) uint64
    number : of the round; its parity says which pairs
    betas : (copy,) float64
    energy : (copy, replica) int64 in units of `unit`
    source : (copy, replica) int64, filled with the copy whose state each takes over
    accepted : (pair, replica) bool, filled
    """
    for k in range(betas.size):
        source[k] = k
    accepted[:] = False
    for r in range(keys.size):
        bits = bits64(keys[r], np.uint64(number))
        for k in range(number % 2, betas.size - 1, 2):
            gain = (betas[k] - betas[k + 1]) * (unit * np.float64(energy[k, r] - energy[k + 1, r]))
            chance = (np.float64(lane64(bits, np.uint64(k)) >> _11) + 0.5) * _TO_UNIT
            if gain >= 0.0 or chance < math.exp(gain):
                accepted[k, r] = True
                source[k, r], source[k + 1, r] = k + 1, k
