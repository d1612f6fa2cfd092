"""Heat, entropy and currents of a linear network in its stationary state, bath by bath, in closed form.

    heat into a resistor      Qdot_b = G_b (<u_b>^2 + B_b^T Sigma B_b) - (S_b / 2) B_b^T C^-1 B_b
    work of injected noise    Wdot_s = (S_s / 2) B_s^T C^-1 B_s
    circulation               Z = A Sigma - D / 2,  antisymmetric; zero where the voltages obey detailed balance
    entropy that they show    sigma = 2 tr(D^-1 Z Sigma^-1 Z^T)   [k/s]

    power into a part         Pdot = tr(P G_p Sigma) - (1/2) tr(P C^-1 S_p)   beside that of the means

G_p and S_p are the part's share of G and S, P the unknowns that store energy. An element at an eliminated node has no
heat of its own, but the part of all that meet there has. The second term of Qdot is the Stratonovich correlation of the
branch's own noise with the voltage it moves; for a resistor it is G_b k T_b B_b^T C^-1 B_b, so that equilibrium carries
no heat. Heat counts the work that noise sources without a bath do; sigma sees the voltages alone and is a lower bound
of sum_b Qdot_b / (k T_b).
Sekimoto, Stochastic Energetics (2010), ch. 4; Ciliberto et al., PRL 110, 180601 (2013); derived for any network.
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


def visible_entropy(drift: Floats, covariance: Floats, diffusion: Floats) -> float | None:
    """Entropy production that the voltages show [k/s]; None where some direction has no noise."""
    scale = np.sqrt(np.diag(covariance))
    if np.any(scale == 0) or np.linalg.cond(diffusion / np.outer(scale, scale)) > 1e12:
        return None
    whole = drift @ covariance
    turning = (whole - whole.T) / 2
    return float(2 * np.trace(np.linalg.solve(diffusion, turning) @ np.linalg.solve(covariance, turning.T)))
