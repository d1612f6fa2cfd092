"""What a linear network makes of noise that is drawn every h and joined by straight lines, as ngspice's TRNOISE is.

Draws of variance S / h (S two-sided) at the knots have the time-averaged spectrum S sinc^4(f h), which is the
autocorrelation S r(t) with the cubic B-spline r of knots every h. So, with the stationary R(t) = exp(-A t) Sigma
under white noise of the same S,

    <v v^T> averaged over time = integral_0^{2h} r(t) (R(t) + R(t)^T) dt,   of one RC: 1 - (7/15) h/tau + ...
"""

from __future__ import annotations

import numpy as np

from thermosim.analysis import linear
from thermosim.analysis.linear import Floats

ORDER = 24
"""Gauss points in each of the two intervals: round-off for h up to many relaxation times."""


def covariance(capacitance: Floats, conductance: Floats, noise: Floats, interval: float) -> Floats:
    """Covariance (n, n) [V^2], averaged over time, of draws every `interval` h [s]; two-sided `noise` S [A^2 s].

    Raises
    ------
    ValueError
        If some mode does not decay.
    """
    points, weights = np.polynomial.legendre.leggauss(ORDER)
    lags = np.concatenate([(points + 1) / 2, (points + 3) / 2])  # in units of h
    spline = np.where(lags < 1, 2 / 3 - lags**2 + lags**3 / 2, (2 - lags) ** 3 / 6)
    later = linear.autocovariance(capacitance, conductance, noise, lags * interval)
    half = np.einsum("k,kij->ij", np.tile(weights / 2, 2) * spline, later)
    return np.asarray(half + half.T)
