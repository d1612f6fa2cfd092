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
from scipy.linalg import expm

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


def moment_integral(
    drift: Floats, push: Floats, diffusion: Floats, mean: Floats, covariance: Floats, seconds: float
) -> Floats:
    """int <x x^T> dt over `seconds`, x = (v, 1), of dv = (push - drift v) dt + noise: (n + 1, n + 1).

    X = <x x^T> obeys a linear equation, X' = L X, so that one exponential gives X and its integral; for few nodes, as L
    has (n + 1)^4 entries.
    """
    n = len(mean)
    scale = float(np.sqrt(np.max(np.diag(covariance) + mean**2, initial=0.0))) or 1.0
    matrix = np.zeros((n + 1, n + 1))
    matrix[:n, :n], matrix[:n, n] = -drift, push / scale
    one, size = np.eye(n + 1), (n + 1) ** 2
    whole = np.zeros((2 * size, 2 * size))
    whole[:size, :size] = (np.kron(matrix, one) + np.kron(one, matrix)) * seconds
    added = np.zeros((n + 1, n + 1))
    added[:n, :n] = diffusion * (seconds / scale**2)
    whole[:size, size - 1] += added.ravel()
    whole[size:, :size] = np.eye(size)
    start = np.append(mean / scale, 1.0)
    moments = np.outer(start, start)
    moments[:n, :n] += covariance / scale**2
    found = (expm(whole)[size:, :size] @ moments.ravel()).reshape(n + 1, n + 1) * seconds
    units = np.append(np.full(n, scale), 1.0)
    return np.asarray(found * np.outer(units, units))


def _then(decay: Floats, offset: Floats, covariance: Floats, after: Stretch) -> Stretch:
    """One transition after another."""
    return Stretch(after.decay @ decay, after.decay @ offset + after.offset, _spread(covariance, after))


def _spread(covariance: Floats, after: Stretch) -> Floats:
    return np.asarray(after.decay @ covariance @ after.decay.T + after.covariance)
