"""Projected autocorrelation r_yy as the papers on thermodynamic models define it.

    y = x W,  W_id uniform in (-1, 1) / sqrt(n),  r_yy[k] = mean over d of <(y_t - m)(y_{t+k} - m)> / var(y)

States go through 32 fixed random directions. Its tail falls as sigma_2^k, sigma_2 the second eigenvalue of a step.
The mean and variance are pooled over the chains, so that chains frozen apart do not look decorrelated, which a
chain's own mean would make them. Source: Jelincic et al., arXiv:2510.23972, appendix on autocorrelation.
"""

from __future__ import annotations

import numpy as np

from thermosim.contracts import Floats
from thermosim.streams import generator

DIRECTIONS = 32


def directions(nodes: int, seed: int = 0) -> Floats:
    """The fixed directions (node, 32)."""
    uniform = generator(seed, "analysis.projected").uniform(-1.0, 1.0, (nodes, DIRECTIONS))
    return np.asarray(uniform / np.sqrt(nodes))


def projected_autocorrelation(states: np.ndarray, lags: int, own_mean: bool = False, seed: int = 0) -> Floats:
    """r_yy of lags 0 .. lags - 1 from states (chain, draw, node); `own_mean` subtracts each chain's own mean."""
    y = states @ directions(states.shape[2], seed)
    y = y - y.mean(axis=1 if own_mean else (0, 1), keepdims=True)
    draws = y.shape[1]
    variance = (y**2).mean(axis=(0, 1))
    if not np.all(variance > 0):
        return np.ones(lags)  # nothing moves: as correlated as can be
    rho = [(y[:, : draws - k] * y[:, k:]).mean(axis=(0, 1)) / variance for k in range(lags)]
    return np.asarray(np.mean(rho, axis=1))
