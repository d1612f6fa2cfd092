"""Heat, entropy and currents of a linear network in its stationary state, bath by bath, in closed form.

    heat into a resistor      Qdot_b = G_b (<u_b>^2 + B_b^T Sigma B_b) - (S_b / 2) B_b^T C^-1 B_b
    work of injected noise    Wdot_s = (S_s / 2) B_s^T C^-1 B_s
    circulation               Z = A Sigma - D / 2,  antisymmetric; zero where the voltages obey detailed balance
    entropy that they show    sigma = 2 tr(D^-1 J Sigma^-1 J^T)   [k/s],   J = (A + E A E) Sigma / 2 - D / 2

    power into a part         Pdot = tr(P G_p Sigma) - (1/2) tr(P C^-1 S_p)   beside that of the means

G_p and S_p are the part's share of G and S, P the unknowns that store energy. An element at an eliminated node has no
heat of its own, but the part of all that meet there has. The second term of Qdot is the Stratonovich correlation of the
branch's own noise with the voltage it moves; for a resistor it is G_b k T_b B_b^T C^-1 B_b, so that equilibrium carries
no heat. Heat counts the work that noise sources without a bath do; sigma sees the voltages alone and is a lower bound
of sum_b Qdot_b / (k T_b).
E turns currents round; without coils J is Z. With them Z contains the exchange of energy, too.
Sekimoto, Stochastic Energetics (2010), ch. 4; Ciliberto et al., PRL 110, 180601 (2013); with odd unknowns Landi, Tome,
de Oliveira, J. Phys. A 46, 395001 (2013); derived for any network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def noise_work(capacitance: Floats, column: Floats, intensity: float) -> float:
    """Power [W] that a noise current of two-sided `intensity` [A^2 s] along `column` (n,) puts into the capacitors."""
    return float(0.5 * intensity * column @ np.linalg.solve(capacitance, column))


def heat_rate(
    capacitance: Floats, covariance: Floats, column: Floats, voltage: float, conductance: float, intensity: float
) -> float:
    """Mean heat [W] into one branch.

    Parameters
    ----------
    capacitance, covariance : (n, n) [F], [V^2]
    column : (n,), +1 and -1 at the branch's nodes
    voltage : mean voltage across it [V]
    conductance : [S]
    intensity : of its own noise [A^2 s], two-sided
    """
    square = voltage**2 + float(column @ covariance @ column)
    return conductance * square - noise_work(capacitance, column, intensity)


def part_power(capacitance: Floats, covariance: Floats, conductance: Floats, noise: Floats, stores: Floats) -> float:
    """Mean power [W] that fluctuations carry into a part with its share of G [S] and S [A^2 s]; all (n, n).

    `stores` (n,): 1 for unknowns with energy (voltages of nets, currents), 0 for inner voltages of amplifiers.
    """
    taken = np.einsum("i,ij,ji->", stores, conductance, covariance)
    given = np.einsum("i,ij,ji->", stores, np.linalg.inv(capacitance), noise)
    return float(taken - given / 2)


def circulation(drift: Floats, covariance: Floats, diffusion: Floats) -> Floats:
    """Z = A Sigma - D / 2 (n, n) [V^2/s], antisymmetric."""
    whole = drift @ covariance
    return np.asarray((whole - whole.T) / 2 + (whole + whole.T - diffusion) / 2)


def visible_entropy(drift: Floats, covariance: Floats, diffusion: Floats, parity: Floats | None = None) -> float | None:
    """Entropy production that the unknowns show [k/s].

    Time reversal E = diag(`parity`) turns currents round (-1, else 1), so that of A only (A + E A E) / 2 relaxes and
    the rest exchanges energy. None where relaxation moves a direction without noise, or where one noise moves currents
    and voltages together, whose reversal has no law of this form.
    """
    scale = np.sqrt(np.diag(covariance))
    if np.any(scale == 0):
        return None
    outer = np.outer(scale, scale)
    signs = np.ones_like(outer) if parity is None else np.outer(parity, parity)
    relaxing, spread = drift * (1 + signs) / 2 * scale / scale[:, np.newaxis], diffusion / outer
    values, vectors = np.linalg.eigh(spread)
    noisy = values > 1e-12 * values[-1]
    if np.abs(spread * (1 - signs)).max() > 1e-10 * np.abs(spread).max():
        return None
    if np.abs(vectors[:, ~noisy].T @ relaxing).max(initial=0.0) > 1e-10 * np.abs(relaxing).max():
        return None
    flow = relaxing @ (covariance / outer) - spread / 2
    if np.all(signs > 0):
        flow = (flow - flow.T) / 2  # it is, but for round-off
    seen = vectors[:, noisy].T @ flow
    return float(2 * np.sum(seen * np.linalg.solve(covariance / outer, seen.T).T / values[noisy][:, np.newaxis]))
