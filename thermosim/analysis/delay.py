"""Variance of one relaxing mode under sampled, held and delayed linear feedback.

    dv = (-rate v + gain y) dt + sqrt(diffusion) dW,   y(t) = v(k period) on [k period, (k+1) period) + latency

With latency = m period + d, 0 <= d < period, the samples obey exactly

    v_{k+1} = a v_k + b0 v_{k-m} + b1 v_{k-m-1} + noise,    a = exp(-rate period)
    b0 = gain (1 - exp(-rate (period - d))) / rate,   b1 = gain (exp(-rate (period - d)) - a) / rate

and their covariance solves a discrete Lyapunov equation (derived here from the exact transition with held input).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_discrete_lyapunov


def delayed_loop_variance(
    rate: float, gain: float, diffusion: float, period: float, latency: float, sensor_variance: float = 0.0
) -> float:
    """Stationary variance of the mode at its sampling instants [V^2].

    Parameters
    ----------
    rate : relaxation rate without the loop [1/s], above 0
    gain : what the held sample adds to dv/dt [1/s]; negative feedback is negative
    diffusion : <dv^2> = diffusion dt [V^2/s]
    period : between samples [s]
    latency : from a sample to its effect on the mode [s]
    sensor_variance : of independent noise that each sample carries [V^2]

    Raises
    ------
    ValueError
        If the loop is unstable; the message gives the largest eigenvalue of one period.
    """
    late, rest = divmod(latency, period)
    if np.isclose(rest, period, rtol=1e-9, atol=0):  # a latency of m periods written in decimals
        late, rest = late + 1, 0.0
    m = round(late)
    decay, part = np.exp(-rate * period), np.exp(-rate * (period - rest))
    newer, older = gain * -np.expm1(-rate * (period - rest)) / rate, gain * (part - decay) / rate
    recursion = np.eye(m + 2, k=-1)
    recursion[0, 0] = decay
    recursion[0, m] += newer
    recursion[0, m + 1] += older
    largest = float(np.abs(np.linalg.eigvals(recursion)).max())
    if largest >= 1:
        raise ValueError(f"the delayed loop is unstable: its largest eigenvalue per period is {largest:.4g}")
    kick = np.zeros((m + 2, m + 2))
    kick[0, 0] = diffusion * -np.expm1(-2 * rate * period) / (2 * rate)
    # The sensor's noise enters with the newest sample, and acts at once where that sample does.
    heard = np.zeros(m + 2)
    heard[1] = 1.0
    heard[0] = newer if m == 0 else 0.0
    kick += sensor_variance * np.outer(heard, heard)
    return float(solve_discrete_lyapunov(recursion, kick)[0, 0])
