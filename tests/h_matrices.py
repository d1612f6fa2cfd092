"""Matrices that passive parts can hold."""

import numpy as np


def matrix(n: int, signs: bool, seed: int, tilt: float = 0.5) -> np.ndarray:
    """A positive definite H-matrix with uneven rows: not dominant unless `tilt` is 0, asymmetric under reversal."""
    rng = np.random.default_rng(seed)
    sizes = np.triu(rng.random((n, n)) * (rng.random((n, n)) < 0.8), 1)
    sign = np.where(rng.random((n, n)) < 0.5, 1.0, -1.0) if signs else -np.ones((n, n))
    off = np.triu(sizes * sign, 1)
    uneven = np.exp(tilt * rng.standard_normal(n))
    found = (off + off.T + np.diag((sizes + sizes.T).sum(axis=1) + rng.uniform(0.1, 0.6, n))) * np.outer(uneven, uneven)
    return (found + found.T) / 2
