"""What statistics alone do to an answer: the closed form of the errors of a mean and of a covariance.

With C(s) = e^{-slope s} cov x and records of total time T (Isserlis' theorem):

    mean        E |m - m0|^2 = (1 / T) int tr C(s) ds
    covariance  E |S - S0|^2 = (1 / T) int (tr C(s))^2 + tr C(s)^2 ds

over all s, C(-s) = C(s)^T. In modes C(s) = sum_a e^{-r_a s} e_a f_a^T cov x, which need not be orthogonal,
the integrals are 2 / r_a and 2 / (r_a + r_b); with draws every h, 1 / r becomes (h / 2) coth(r h / 2), since the sums
over lags are geometric.
"""

from __future__ import annotations

import numpy as np

from thermosim.compile.chip import Run
from thermosim.compile.network import Network
from thermosim.contracts import Floats


def _lag_sum(rates: Floats, made: Run) -> Floats:
    """(h / 2) coth(r h / 2) over the recorded time of all replicas, for each rate [1/s]."""
    time = made.x.shape[0] * made.x.shape[1] * made.every
    return np.asarray(made.every / 2 / np.tanh(rates * made.every / 2) / time)


def mean_covariance(network: Network, made: Run) -> Floats:
    """Covariance of the mean over all draws: sum over lags of e^{-slope h} cov x."""
    values, vectors = np.linalg.eig(network.slope)
    sums = 2 * _lag_sum(values.real, made)
    found = (vectors.real * sums) @ np.linalg.inv(vectors.real) @ network.covariance
    return np.asarray((found + found.T) / 2)


def mean_error(network: Network, made: Run) -> float:
    """Root of the expected square of the Euclidean norm."""
    return float(np.sqrt(np.trace(mean_covariance(network, made))))


def covariance_error(network: Network, made: Run) -> float:
    """Root of the expected square of the Frobenius norm, in the units of the answer."""
    values, vectors = np.linalg.eig(network.slope)
    rates, right = values.real, vectors.real
    left = np.linalg.inv(right) @ network.covariance
    traces = np.einsum("ia,ai->a", right, left)
    crossed = left @ right
    sums = 2 * _lag_sum(np.add.outer(rates, rates), made)
    square = (sums * (np.outer(traces, traces) + crossed * crossed.T)).sum()
    return float(np.sqrt(square)) / network.scale
