"""The stationary state of a linear noisy network that repeats: its mean and covariance at each phase of a period.

Stretch k of a period takes v to Phi_k v + g_k and adds noise of covariance Q_k. Over the period v' = M v + b + noise Q,

    M = Phi_K .. Phi_1,   Sigma = M Sigma M^T + Q,   m = M m + b

(discrete Lyapunov equation, solved by doubling: Q <- Q + M Q M^T, M <- M^2; Smith, SIAM J. Appl. Math. 16, 198, 1968).
The state exists if every multiplier, eigenvalue of M, is inside the unit circle (Floquet).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_DOUBLINGS = 60


@dataclass(frozen=True)
class Stretch:
    """v' = decay v + offset + noise of `covariance`: (n, n), (n,), (n, n)."""

    decay: Floats
    offset: Floats
    covariance: Floats


@dataclass(frozen=True)
class PeriodicState:
    """`means` (k, n) and `covariances` (k, n, n) at the beginning of each stretch; `multipliers` (n,) of a period,
    complex, the slowest mode first."""

    means: Floats
    covariances: Floats
    multipliers: np.ndarray


def periodic_state(stretches: Sequence[Stretch]) -> PeriodicState:
    """The state that repeats after all stretches.

    Raises
    ------
    ValueError
        If there is none: the message gives the multiplier.
    """
    n = len(stretches[0].offset)
    whole = Stretch(np.eye(n), np.zeros(n), np.zeros((n, n)))
    for stretch in stretches:
        whole = _then(whole.decay, whole.offset, whole.covariance, stretch)
    multipliers = np.linalg.eigvals(whole.decay)
    multipliers = multipliers[np.argsort(-np.abs(multipliers), kind="stable")]
    largest = float(np.abs(multipliers[0]))
    if largest >= 1 - 64 * n * np.finfo(float).eps:
        raise ValueError(f"no periodic state: a mode is multiplied by {largest:.9g} in each period and never settles")
    covariance, power = whole.covariance, whole.decay
    for _ in range(_DOUBLINGS):
        covariance = covariance + power @ covariance @ power.T
        power = power @ power
        if not power.any():
            break
    mean = np.linalg.solve(np.eye(n) - whole.decay, whole.offset)
    means, covariances = [], []
    for stretch in stretches:
        means.append(mean)
        covariances.append((covariance + covariance.T) / 2)
        mean, covariance = stretch.decay @ mean + stretch.offset, _spread(covariance, stretch)
    return PeriodicState(np.array(means), np.array(covariances), multipliers)


def _then(decay: Floats, offset: Floats, covariance: Floats, after: Stretch) -> Stretch:
    """One transition after another."""
    return Stretch(after.decay @ decay, after.decay @ offset + after.offset, _spread(covariance, after))


def _spread(covariance: Floats, after: Stretch) -> Floats:
    return np.asarray(after.decay @ covariance @ after.decay.T + after.covariance)
