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

An inductor is a branch whose current is no function of the charges: q_L and the change j of its current follow

    dq_L = (i_L + j) dt,   L dj = (u_L0 - (e q)_L) dt

without noise of their own, and (q, q_L, j) is the process that is sampled. What inductors take in is the change of
i^T L i / 2. The sum of the other heats is then no identity, but holds as follows: areas about the mean path leave it
alone if the time integrals I of the charges move no coil's flux, (e I)_L = 0, to which they are held; those of the
mean path keep it as far as the quadrature does, which has six nodes here, and an error of 1e-18.
Sekimoto, Stochastic Energetics (2010), ch. 4, for the heat; the areas are derived here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermosim.analysis.propagator import propagator

Floats = NDArray[np.float64]

NODES, NODES_WITH_COILS = 3, 6
"""Gauss nodes in a step."""


@dataclass(frozen=True)
class HeatStep:
    """One step of `seconds` of the charges of k branches.

    With m inductors there are k + 2 m rows: branches, charges of inductors [C], changes of their currents [A].
    `response` [s] and `factor` [C], lower triangular: ``q = response i0 + factor z``; `elastance` e [1/F], zero for the
    currents; `path`, `slope` (node, row, 2 rows): mean path and its derivative at the Gauss nodes, of (i0, w);
    `weights` (node,) [s]; `constant` (row,) [J]: what the areas about the mean path hold; `shift` (row, row) [C]: root
    of the covariance of I / h; `swirl` (row,) [C]: standard deviation of each of the two factors of which a_cb is made.
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


def heat_step(
    capacitance: Floats,
    columns: Floats,
    conductance: Floats,
    intensity: Floats,
    seconds: float,
    coils: Floats | None = None,
    inductance: Floats | None = None,
) -> HeatStep:
    """Charges and heat over `seconds` with inputs and source currents held.

    Parameters
    ----------
    capacitance : (n, n) [F], symmetric and positive definite
    columns : (n, k), incidence B: +1 and -1 at the nodes of each branch
    conductance, intensity : (k,) [S], [A^2 s, two-sided]; zero for what does not conduct or has no noise
    seconds : the step [s]; of the order of the fastest relaxation time or less, for the nodes to suffice
    coils, inductance : (n, m), (m, m) [H]: incidence of inductors, and their matrix; none if None

    Raises
    ------
    ValueError
        If the step is not above 0.
    """
    coils = np.zeros((len(capacitance), 0)) if coils is None else coils
    m, k = coils.shape[1], len(conductance)
    inverse_inductance = np.zeros((0, 0)) if inductance is None else np.linalg.inv(inductance)
    charges = np.hstack([columns, coils])
    rows = k + 2 * m
    elastance = np.zeros((rows, rows))
    inner = charges.T @ np.linalg.solve(capacitance, charges)
    elastance[: k + m, : k + m] = (inner + inner.T) / 2
    drift, spread_rate = np.zeros((rows, rows)), np.zeros(rows)
    drift[:k] = conductance[:, np.newaxis] * elastance[:k]
    drift[k : k + m, k + m :] = -np.eye(m)
    drift[k + m :] = inverse_inductance @ elastance[k : k + m]
    spread_rate[:k] = intensity
    noise, one = np.diag(spread_rate), np.eye(rows)
    # Currents in units that make a charge of them within a rate of the coils: all entries of the drift are rates then.
    ringing = float(np.abs(drift[k + m :, k : k + m]).sum(axis=1).max(initial=0.0))
    size = np.diag(np.where(np.arange(rows) < k + m, 1.0, 1 / ringing if ringing else 1.0))

    def over(span: float) -> tuple[Floats, Floats, Floats, Floats]:
        """Phi, Gamma, Q and a root of Q."""
        exact = propagator(size, size @ drift, noise, size, np.zeros(rows), span)
        return exact.decay, exact.inputs[:, :rows], exact.covariance, exact.factor

    _, response, spread, factor = over(seconds)
    inverse = _inverse(spread)
    count = NODES_WITH_COILS if m else NODES
    points, weights = np.polynomial.legendre.leggauss(count)
    path, slope, constant = np.empty((count, rows, 2 * rows)), np.empty((count, rows, 2 * rows)), np.zeros(rows)
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
    charge = np.sqrt(spread_rate * seconds)
    flux = charge[:, np.newaxis] * elastance[:, k : k + m]
    free = one - flux @ np.linalg.pinv(flux) if m else one
    return HeatStep(
        seconds, response, factor, elastance, path, slope, weights, constant,
        charge[:, np.newaxis] / 12**0.5 * free, charge / 24**0.25,
    )  # fmt: skip


def _inverse(spread: Floats) -> Floats:
    """Q^+, by the correlations; what a step makes certain is not asked of the noise."""
    scale = np.sqrt(np.clip(np.diag(spread), 0.0, None))
    scale[scale == 0] = np.inf
    outer = np.outer(scale, scale)
    return np.asarray(np.linalg.pinv(spread / outer, rcond=1e-11, hermitian=True) / outer)
