"""Charges through every branch of a linear network over a step, and the heat that they leave, given the charges.

q_b is the charge that passed branch b since the step began, e = B^T C^-1 B (V per C), i0 its current at the start:

    dq = (i0 - A q) dt + sqrt(S) dW,   A = diag(G) e,   u(t) = u0 - e q(t),   v' = v - C^-1 B q   (Kirchhoff)

so that q is itself an Ornstein-Uhlenbeck process from 0, sampled exactly. Heat into b, Stratonovich, splits into what
the end points fix and a sum of areas that paths enclose,

    Q_b = int u_b o dq_b = q_b (u0 - e q / 2)_b - sum_c e_bc A_cb,   A_cb = 1/2 int (q_c dq_b - q_b dq_c)

The first part sums to the loss of stored energy whatever the step; the second sums to zero over b, e being symmetric
and A antisymmetric. The midpoint rule leaves the areas out, which takes from the cold bath and gives to the hot one;
here their conditional expectation given (i0, q) is booked. With w = q - Gamma i0, the mean path is

    q(t) = Gamma_t i0 + Q_t Phi_(h-t)^T Q_h^+ w,    q'(t) = i0 - A q(t) + S Phi_(h-t)^T Q_h^+ w

(smoothing of a Gaussian process); its areas are a sum over three Gauss nodes, of relative error (2 h / tau)^6 / 2e6.
What fluctuates about it adds a constant, so that the mean heat of every branch is exact at any step. The areas are then
drawn about this expectation as those of Brownian bridges, right to leading order in h / tau:

    A_cb += (q_b I_c - q_c I_b) / h + a_cb,   <I_b^2> = S_b h^3 / 12,   <a_cb^2> = S_c S_b h^2 / 12

(P. Levy 1951 for the area; a_cb is a product of normals with these variances, not of its law). Expectations alone would
keep the means and break the fluctuation theorems, the split between baths being too quiet by a share of order h / tau.
Sekimoto, Stochastic Energetics (2010), ch. 4, for the heat; the areas are derived here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermosim.analysis.propagator import propagator

Floats = NDArray[np.float64]

NODES = 3
"""Gauss nodes in a step."""


@dataclass(frozen=True)
class HeatStep:
    """One step of `seconds` of the charges of k branches.

    `response` (k, k) [s] and `factor` (k, k) [C], lower triangular: ``q = response i0 + factor z``; `elastance` e
    (k, k) [1/F]; `path`, `slope` (node, k, 2 k): mean path and its derivative at the Gauss nodes, of (i0, w);
    `weights` (node,) [s]; `constant` (k,) [J]: what the areas about the mean path hold; `shift`, `swirl` (k,) [C]:
    standard deviation of I / h, and of each of the two factors of which a_cb is made.
    """

    seconds: float
    response: Floats
    factor: Floats
    elastance: Floats
    path: Floats
    slope: Floats
    weights: Floats
    constant: Floats
    shift: Floats
    swirl: Floats


def heat_step(capacitance: Floats, columns: Floats, conductance: Floats, intensity: Floats, seconds: float) -> HeatStep:
    """Charges and heat over `seconds` with inputs and source currents held.

    Parameters
    ----------
    capacitance : (n, n) [F], symmetric and positive definite
    columns : (n, k), incidence B: +1 and -1 at the nodes of each branch
    conductance, intensity : (k,) [S], [A^2 s, two-sided]; zero for what does not conduct or has no noise
    seconds : the step [s]; of the order of the fastest relaxation time or less, for the nodes to suffice

    Raises
    ------
    ValueError
        If the step is not above 0.
    """
    k = len(conductance)
    elastance = columns.T @ np.linalg.solve(capacitance, columns)
    elastance = (elastance + elastance.T) / 2
    drift, one, noise = conductance[:, np.newaxis] * elastance, np.eye(k), np.diag(intensity)

    def over(span: float) -> tuple[Floats, Floats, Floats, Floats]:
        """Phi, Gamma, Q and a root of Q."""
        exact = propagator(one, drift, noise, one, np.zeros(k), span)
        return exact.decay, exact.inputs[:, :k], exact.covariance, exact.factor

    _, response, spread, factor = over(seconds)
    inverse = _inverse(spread)
    points, weights = np.polynomial.legendre.leggauss(NODES)
    path, slope, constant = np.empty((NODES, k, 2 * k)), np.empty((NODES, k, 2 * k)), np.zeros(k)
    weights = weights * seconds / 2
    for number, at in enumerate((1 + points) / 2 * seconds):
        gone, come = over(at), over(seconds - at)
        pull = come[0].T @ inverse
        mean = gone[2] @ pull
        rate = noise @ pull - drift @ mean
        path[number] = np.hstack([gone[1], mean])
        slope[number] = np.hstack([one - drift @ gone[1], rate])
        # Expected area of the noise, less the expected area of its mean path.
        whole = np.diag(gone[2] @ drift.T @ elastance - elastance @ gone[2] @ drift.T)
        along = np.diag(elastance @ mean @ spread @ rate.T - mean @ spread @ rate.T @ elastance)
        constant += weights[number] / 2 * (whole - along)
    charge = np.sqrt(intensity * seconds)
    return HeatStep(
        seconds, response, factor, elastance, path, slope, weights, constant, charge / 12**0.5, charge / 24**0.25
    )


def _inverse(spread: Floats) -> Floats:
    """Q^+, by the correlations; what a step makes certain is not asked of the noise."""
    scale = np.sqrt(np.clip(np.diag(spread), 0.0, None))
    scale[scale == 0] = np.inf
    outer = np.outer(scale, scale)
    return np.asarray(np.linalg.pinv(spread / outer, rcond=1e-11, hermitian=True) / outer)
