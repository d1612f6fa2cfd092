"""Information that a controller gains from noisy sensors of a linear plant, exact whatever it does with it.

    I = sum_k ln [p(y_k | v_k) / p(y_k | y_1 .. y_k-1)]   [nats],   y = H v + n,  n ~ N(0, R)

The denominator is the Kalman predictive density N(H m, H P H^T + R), controls entering as known inputs; it holds for
any controller, memory and latency, since what is done to the plant is a function of readings gone by. Then (Sagawa,
Ueda, PRL 104, 090602, 2010; Horowitz, Vaikuntanathan, PRE 82, 061120, 2010)

    <exp(-(W - dF) / kT - I)> = 1,   W_extracted <= -dF + kT <I>,   erasing b bits costs at least b k T ln 2

The average is 1 for every normalised predictive density, also a wrong one: look at the innovations as well, which are
independent and of variance 1 for the right one, and at the mean information.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from thermosim.analysis.propagator import Propagator
from thermosim.constants import BOLTZMANN

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gained:
    """What one reading tells: `information` (replica,) [nats] and normalised `innovations` (channel, replica)."""

    information: Floats
    innovations: Floats


class Knowledge:
    """What the readings so far say of the state: `mean` (node, replica) [V], `covariance` (node, node) [V^2].

    `observed` H (channel, node); `sensor` R (channel, channel) [V^2], positive definite: a reading without noise would
    gain infinite information.
    """

    def __init__(self, mean: Floats, covariance: Floats, observed: Floats, sensor: Floats) -> None:
        self.mean, self.covariance = np.array(mean, dtype=float), np.array(covariance, dtype=float)
        self._observed, self._sensor = observed, sensor
        self._root = np.linalg.cholesky(sensor)

    def read(self, reading: Floats, state: Floats) -> Gained:
        """Take up a `reading` (channel, replica) [V] of the true `state` (node, replica) [V].

        The state enters the information alone, never what is known of it.
        """
        rows = self._observed
        spread = rows @ self.covariance @ rows.T + self._sensor
        root = np.linalg.cholesky(spread)
        error = reading - rows @ self.mean
        innovations = solve_triangular(root, error, lower=True)
        noise = solve_triangular(self._root, reading - rows @ state, lower=True)
        information = (innovations**2 - noise**2).sum(axis=0) / 2
        information += np.log(np.diag(root)).sum() - np.log(np.diag(self._root)).sum()
        gain = np.linalg.solve(spread, rows @ self.covariance).T
        self.mean = self.mean + gain @ error
        rest = np.eye(len(self.covariance)) - gain @ rows
        self.covariance = rest @ self.covariance @ rest.T + gain @ self._sensor @ gain.T
        return Gained(information, innovations)

    def shift(self, volts: Floats) -> None:
        """The controller moves the state by `volts` (node, replica) [V], at once."""
        self.mean = self.mean + volts

    def pass_by(self, step: Propagator, held: Floats) -> None:
        """Time goes by with inputs `held` (input, replica) [V], which the controller knows."""
        ones = np.ones((1, self.mean.shape[1]))
        self.mean = step.decay @ self.mean + step.inputs @ np.vstack([held, ones])
        self.covariance = step.decay @ self.covariance @ step.decay.T + step.covariance


def landauer(bits: float, temperature: float) -> float:
    """The least heat [J] that erasing `bits` gives to a bath of `temperature` [K]: bits k T ln 2."""
    return float(bits * BOLTZMANN * temperature * np.log(2.0))
