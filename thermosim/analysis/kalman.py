"""Exact likelihood of a record of a linear network, through noisy sensors, by the Kalman filter.

    v_k+1 = Phi v_k + Gamma (u, 1) + L z,   y_k = H v_k + n_k,   n_k ~ N(0, R)

    innovation e_k = y_k - H m_k,  W_k = H P_k H^T + R,   ln p = -1/2 sum_k [e_k^T W_k^-1 e_k + ln det(2 pi W_k)]

Phi and L are those of the exact transition over each interval, whatever it is. Kalman, J. Basic Eng. 82, 35 (1960).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from thermosim.analysis.propagator import Propagator, propagator

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Filtered:
    """Result of a filter over `draws` readings.

    `log_likelihood` [nats]; `mean` (draw, n) and `covariance` (draw, n, n) of the state given the readings so far;
    `innovations` (draw, channel): normalised, independent and of variance 1 if the network is the right one; nan
    where a reading is missing.
    """

    log_likelihood: float
    mean: Floats
    covariance: Floats
    innovations: Floats


def kalman(
    capacitance: Floats, conductance: Floats, noise: Floats, times: Floats, readings: Floats, sensor: Floats, *,
    start: tuple[Floats, Floats], drive: Floats | None = None, observed: Floats | None = None,
) -> Filtered:  # fmt: skip
    """Filter one replica's readings.

    Parameters
    ----------
    capacitance, conductance, noise : (n, n), the network; noise two-sided [A^2 s]
    times : (draw,) [s], rising
    readings : (draw, channel) [V]; nan is missing
    sensor : (channel, channel) [V^2], covariance of the sensors' own noise; may be zero
    start : mean (n,) and covariance (n, n) of the state at the first time, before it is read
    drive : (n,) [A], constant currents K u + i; none if left out
    observed : (channel, n), H; the nodes themselves if left out

    Raises
    ------
    ValueError
        If times do not rise, or a reading is certain beforehand and differs from what is certain.
    """
    n = len(capacitance)
    seen = np.eye(n) if observed is None else observed
    current = np.zeros(n) if drive is None else drive
    if np.any(np.diff(times) <= 0):
        raise ValueError("times must rise")
    steps: dict[float, Propagator] = {}
    mean, covariance = (np.array(part, dtype=float) for part in start)
    total, means, covariances = 0.0, np.empty((len(times), n)), np.empty((len(times), n, n))
    innovations = np.full(readings.shape, np.nan)
    for k, reading in enumerate(readings):
        if k:
            span = round(float(times[k] - times[k - 1]), 18)
            if span not in steps:
                steps[span] = propagator(capacitance, conductance, noise, np.zeros((n, 0)), current, span)
            step = steps[span]
            mean = step.decay @ mean + step.inputs[:, -1]
            covariance = step.decay @ covariance @ step.decay.T + step.covariance
        here = np.isfinite(reading)
        if here.any():
            rows = seen[here]
            spread = rows @ covariance @ rows.T + sensor[np.ix_(here, here)]
            try:
                factor, _ = cho_factor(spread, lower=True)
            except np.linalg.LinAlgError:
                raise ValueError(f"reading {k} is certain beforehand: give the sensors noise") from None
            factor = np.tril(factor)
            error = reading[here] - rows @ mean
            gain = cho_solve((factor, True), rows @ covariance).T
            normal = np.linalg.solve(factor, error)
            innovations[k, here] = normal
            total -= 0.5 * float(normal @ normal) + float(np.log(np.diag(factor)).sum())
            total -= 0.5 * here.sum() * np.log(2 * np.pi)
            mean = mean + gain @ error
            rest = np.eye(n) - gain @ rows
            covariance = rest @ covariance @ rest.T + gain @ sensor[np.ix_(here, here)] @ gain.T
        means[k], covariances[k] = mean, covariance
    return Filtered(float(total), means, covariances, innovations)
