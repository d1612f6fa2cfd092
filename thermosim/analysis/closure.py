"""Mean and covariance of a nonlinear noisy network, estimated: every curve by the line that fits it best under noise.

    k_b = <r_b'(u_b)>,   G_eq = G + B diag(k) B_s^T,   A_eq Sigma + Sigma A_eq^T = D,   G m - K u - i + B <r(u)> = 0

with u_b normal of the mean and variance that m and Sigma say; iterated until it repeats itself (statistical
linearisation; Roberts and Spanos, Random Vibration and Statistical Linearization, 1990, chapter 5). No law is claimed
with it: it says in which range voltages will be, and how fast they move there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.analysis.conduction import Conduction
from thermosim.analysis.linear import stationary
from thermosim.contracts import Floats

ROUNDS = 1000
WIDENINGS = 150
"""Times that the spread is widened where no line holds the network; 1.3^150 is more than any curve needs."""
POINTS = 32


@dataclass(frozen=True)
class Region:
    """Mean (b,) and standard deviation (b,) [V] of what each nonlinear element senses, and its mean slope (b,) [S].

    `centre` (n,) and `covariance` (n, n) of the unknowns themselves.
    """

    mean: Floats
    deviation: Floats
    slope: Floats
    centre: Floats
    covariance: Floats


def region(capacitance: Floats, conductance: Floats, noise: Floats, inflow: Floats, rest: Conduction,
           held: Floats) -> Region:  # fmt: skip
    """The range of every nonlinear element; `inflow` (n,) [A] = K u + i, `held` (b,) [V] = H u + o.

    Raises
    ------
    ValueError
        If no line keeps the network at rest: nothing bounds its voltages, as far as this estimate can tell.
    """
    n = len(capacitance)
    into, sense = rest.columns(n), rest.columns(n, sense=True)
    nodes, weights = np.polynomial.hermite_e.hermegauss(POINTS)
    weights = weights / weights.sum()
    centre, weight, rose, left = np.zeros(n), 0.5, True, WIDENINGS
    # Where the network at 0 V runs away, begin wide: a scale at which noise alone would hold it for one time constant.
    rate = float(np.abs(np.linalg.solve(capacitance, conductance)).max(initial=0.0)) or 1.0
    start = np.linalg.solve(capacitance, np.linalg.solve(capacitance, noise).T) / rate
    spread = start + 1e-12 * np.eye(n) * float(np.abs(start).max())
    before = (np.inf, np.inf)
    # Noise in proportion to C and reciprocal lines: Sigma = (s / 2) G_eq^-1, without a Lyapunov equation.
    share = float(np.trace(noise) / np.trace(capacitance))
    simple = bool(
        np.array_equal(conductance, conductance.T)
        and np.array_equal(into, sense)
        and np.allclose(noise, share * capacitance, rtol=0, atol=1e-12 * share * float(capacitance.max()))
    )
    for _ in range(ROUNDS):
        mean = sense.T @ centre + held
        deviation = np.sqrt(np.maximum(np.einsum("ib,ij,jb->b", sense, spread, sense), 0.0))
        at = mean[:, None] + deviation[:, None] * nodes
        slope = rest.slope(at) @ weights
        lines = conductance + into @ (slope[:, None] * sense.T)
        try:
            found = share / 2 * _inverse(lines) if simple else stationary(capacitance, lines, noise)
        except (ValueError, np.linalg.LinAlgError):
            spread, weight, left = spread * 1.3, max(0.7 * weight, 0.01), left - 1
            if not left:
                break
            continue
        residue = conductance @ centre - inflow + into @ (rest.current(at) @ weights)
        up = bool(np.trace(found) > np.trace(spread))
        weight = min(1.1 * weight, 0.5) if up == rose else max(0.7 * weight, 0.01)
        rose = up
        centre = centre - weight * np.linalg.solve(lines, residue)
        spread = spread + weight * (found - spread)
        now = float(np.trace(spread)), float(np.linalg.norm(centre))
        scale = float(np.sqrt(now[0])) or 1e-3 * now[1] or 1.0  # without noise the mean alone is sought
        wider = abs(now[0] - before[0]) / (1e-4 * now[0]) if now[0] else 0.0
        moved = wider, abs(now[1] - before[1]) / (1e-3 * scale)
        if max(moved) < weight:
            return Region(mean, deviation, slope, centre, spread)
        before = now
    raise ValueError("no straight lines in the place of its curves keep the network near a mean")


def _inverse(matrix: Floats) -> Floats:
    """Inverse of a positive definite matrix; LinAlgError for another."""
    half = np.linalg.inv(np.linalg.cholesky(matrix))
    return np.asarray(half.T @ half)
