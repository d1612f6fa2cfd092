"""Effective temperature of spins by pseudo-likelihood: the beta that explains best every spin given the others.

    max over b of sum ln P(s_i | rest) = -sum ln(1 + exp(-2 b s_i I_i)),   I_i = sum_j J_ij s_j + h_i

The error is that of an M-estimator, from the scatter of the score between chains, so correlation between draws and
between spins of one state is in it. Source: Besag, The Statistician 24, 179 (1975).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from thermosim.contracts import Floats


@dataclass(frozen=True)
class InverseTemperature:
    """`beta` with its standard error `error`; nan where the states do not settle it (frozen, or a single chain)."""

    beta: float
    error: float


def inverse_temperature(pull: Floats, which: np.ndarray, steps: int = 60) -> InverseTemperature:
    """Fit beta.

    Parameters
    ----------
    pull
        s_i I_i of every distinct state (state, node).
    which
        The state that each draw is in (chain, draw).
    """
    counts = np.bincount(which.ravel(), minlength=len(pull)).astype(np.float64)
    seen = np.flatnonzero(counts)
    a, weight = 2.0 * pull[seen], counts[seen]
    if not np.any(a < 0):
        return InverseTemperature(math.nan, math.nan)  # every spin obeys its field: any colder beta fits better
    beta = 0.0
    for _ in range(steps):
        against = 0.5 * (1.0 - np.tanh(0.5 * beta * a))
        slope = weight @ (a * against).sum(axis=1)
        curvature = weight @ (a**2 * against * (1.0 - against)).sum(axis=1)
        move = slope / curvature
        # The likelihood is concave; a bounded step keeps Newton from overshooting where it is flat.
        beta += math.copysign(min(abs(move), 0.5 * abs(beta) + 0.5 / float(np.abs(a).max())), move)
        if abs(move) < 1e-12 * max(1.0, abs(beta)):
            break
    if len(which) < 2:
        return InverseTemperature(float(beta), math.nan)
    score = np.zeros(len(pull))
    against = 0.5 * (1.0 - np.tanh(0.5 * beta * a))
    score[seen] = (a * against).sum(axis=1)
    curvature = weight @ (a**2 * against * (1.0 - against)).sum(axis=1)
    scatter = score[which].sum(axis=1).std(ddof=1) * math.sqrt(len(which))
    return InverseTemperature(float(beta), float(scatter / curvature))
