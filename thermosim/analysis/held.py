"""A linear network under levels that are drawn at every clock edge and held: its periodic state in closed form.

    dx/dt = -A x + b u,   u new at t = k h, <u^2> = s^2
    after an edge         x(kh + t) = e^{-At} x(kh) + B(t) u,  B(t) = int_0^t e^{-Ar} b dr
    at the edges          P = Phi P Phi^T + s^2 B(h) B(h)^T,  Phi = e^{-Ah}
                          = Psi K^-1 S K^-T Psi^T,  Psi = int_0^h e^{-Ar} dr,  K = 1 - A Psi / 2,
                          (K^-1 A Psi) S + S (K^-1 A Psi)^T = s^2 b b^T
    mean over a period    A Pm + Pm A^T = s^2 (b M^T + M b^T),  M = (1/h) int_0^h B(t) dt,  <x u> = s^2 M

One RC with <u^2> = 2 k T_eff G / h has P = (k T_eff / C) (2 tau / h) tanh(h / 2 tau), 0.924 of k T_eff / C at h = tau,
and Pm = (k T_eff / C) (2 tau / h) (1 - (tau / h) (1 - e^{-h / tau})), 0.736 there: between its edges a node moves less.
Both derived here; the first is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, expm, solve_continuous_lyapunov, solve_triangular

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Periodic:
    """What held levels of m sources do to n unknowns: covariance (n, n) at the `edges` and its `mean` over a period;
    `with_levels` (n, m): mean over a period of <x u>."""

    edges: Floats
    mean: Floats
    with_levels: Floats


def periodic(capacitance: Floats, conductance: Floats, drive: Floats, variance: Floats, period: float) -> Periodic:
    """The periodic state of ``C dx = -(G x - K u) dt`` alone, K = `drive` (n, m), with levels of `variance` (m,).

    Raises
    ------
    ValueError
        If some mode does not decay.
    """
    root = cholesky(capacitance)
    half = solve_triangular(root, conductance, trans="T")
    rates = solve_triangular(root, half.T, trans="T").T
    into = solve_triangular(root, drive, trans="T")
    slowest = float(np.linalg.eigvals(rates).real.min())
    if slowest <= 0:
        told = f"the drift has the eigenvalue {slowest:.4g} 1/s, and every mode must decay"
        raise ValueError(f"no periodic state: {told}")
    n = len(rates)
    whole = np.zeros((3 * n, 3 * n))
    whole[:n, :n], whole[:n, n : 2 * n], whole[n : 2 * n, 2 * n :] = -rates * period, np.eye(n) * period, np.eye(n)
    moved = expm(whole)
    passed, average = moved[:n, n : 2 * n], moved[:n, 2 * n :] @ into
    lost = rates @ passed  # 1 - Phi without the cancellation, which slow modes would not survive
    between = np.eye(n) - lost / 2
    inner = solve_continuous_lyapunov(np.linalg.solve(between, lost), (into * variance) @ into.T)
    out = np.linalg.solve(between, passed)
    edges = out @ inner @ out.T
    given = (into * variance) @ average.T
    scale = float(np.abs(rates).max())
    mean = solve_continuous_lyapunov(rates / scale, (given + given.T) / scale)
    back = solve_triangular(root, np.eye(n))
    edges, mean = (back @ (part + part.T) @ back.T / 2 for part in (edges, mean))
    return Periodic(edges, mean, back @ average * variance)


def levels(bits: int, clip: float) -> tuple[Floats, Floats]:
    """Levels (2^bits,) in standard deviations of the normal law that is cut at +-`clip` and rounded, and their odds."""
    count = 2**bits
    step = 2 * clip / count
    values = (np.arange(count) + 0.5) * step - clip
    below = np.array([0.5 * math.erfc(-(k * step - clip) / math.sqrt(2)) for k in range(1, count)])
    return values, np.diff(np.concatenate([[0.0], below, [1.0]]))


def level_moments(bits: int | None, clip: float | None) -> tuple[float, float]:
    """Variance of the levels, of the normal law's, and their excess kurtosis."""
    if bits is None or clip is None:
        return 1.0, 0.0
    values, odds = levels(bits, clip)
    variance = float(odds @ values**2)
    return variance, float(odds @ values**4) / variance**2 - 3
