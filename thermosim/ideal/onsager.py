"""The square-lattice Ising model without field, exactly: infinite, on a torus, and any narrow strip.

    u / J = -coth 2K [1 + (2/pi) (2 tanh^2 2K - 1) F(kappa)],  kappa = 2 sinh 2K / cosh^2 2K
    m = (1 - sinh^-4 2K)^(1/8)

K = beta J, F the complete elliptic integral of the first kind. On a torus of L x M spins the sum over states is
Z = (2 sinh 2K)^(LM/2) / 2 times four products over the momenta of a row.

Sources: Onsager, Phys. Rev. 65, 117 (1944); Kaufman, Phys. Rev. 76, 1232 (1949); Yang, Phys. Rev. 85, 808 (1952).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ellipk

from thermosim.contracts import Floats

CRITICAL = 0.5 * math.log(1.0 + math.sqrt(2.0))
"""beta J at which the infinite lattice orders."""
WIDEST = 12
"""Widest strip whose transfer matrix is applied."""


def energy(coupling: float) -> float:
    """Energy per spin of the infinite lattice in units of J at `coupling` = beta J > 0."""
    k = 2.0 * coupling
    modulus = 2.0 * math.sinh(k) / math.cosh(k) ** 2
    factor = 2.0 * math.tanh(k) ** 2 - 1.0
    # At the critical point the integral diverges and its factor vanishes; their product tends to 0.
    product = 0.0 if modulus**2 >= 1.0 else factor * float(ellipk(modulus**2))
    return -(1.0 + 2.0 / math.pi * product) / math.tanh(k)


def magnetisation(coupling: float) -> float:
    """Spontaneous magnetisation per spin of the infinite lattice; 0 above the critical temperature."""
    if coupling <= CRITICAL:
        return 0.0
    return float((1.0 - math.sinh(2.0 * coupling) ** -4) ** 0.125)


def log_partition_torus(rows: int, columns: int, coupling: float) -> float:
    """ln Z of a torus of at least 3 x 3 spins (Kaufman)."""
    c = math.cosh(2 * coupling) / math.tanh(2 * coupling) - np.cos(np.pi * np.arange(2 * columns) / columns)
    gamma = np.arccosh(c)
    gamma[0] = 2 * coupling + math.log(math.tanh(coupling))  # signed: it changes sign at the critical point
    odd, even = rows * gamma[1::2] / 2, rows * gamma[0::2] / 2
    logs, signs = [], []
    for x in (odd, even):
        logs += [_log_cosh(x), _log_sinh(x)]
        signs += [1.0, float(np.sign(x).prod())]
    largest = max(logs)
    total = largest + math.log(sum(sign * math.exp(log - largest) for log, sign in zip(logs, signs, strict=True)))
    return float(0.5 * rows * columns * math.log(2 * math.sinh(2 * coupling)) - math.log(2.0) + total)


def _log_cosh(x: Floats) -> float:
    return float((np.abs(x) + np.log1p(np.exp(-2 * np.abs(x)))).sum())


def _log_sinh(x: Floats) -> float:
    with np.errstate(divide="ignore"):
        return float((np.abs(x) + np.log(-np.expm1(-2 * np.abs(x)))).sum())


def energy_torus(rows: int, columns: int, coupling: float, step: float = 1e-4) -> float:
    """Energy per spin of a torus in units of J, -d ln Z / dK / N by a five-point difference."""
    at = [log_partition_torus(rows, columns, coupling + k * step) for k in (-2, -1, 1, 2)]
    slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step)
    return -slope / (rows * columns)


def log_partition_strip(rows: int, columns: int, coupling: float, field: float = 0.0, periodic: bool = True) -> float:
    """ln Z of a strip by its transfer matrix: `columns` around (a ring), `rows` long, closed (`periodic`) or open.

    Both counts at least 3; `field` = beta h.
    """
    if not 3 <= columns <= WIDEST:
        raise ValueError(f"a strip of {columns} columns; transfer matrices are built for 3 to {WIDEST}")
    spins = 2.0 * ((np.arange(2**columns)[:, None] >> np.arange(columns)) & 1) - 1.0
    inside = coupling * (spins * np.roll(spins, 1, axis=1)).sum(axis=1) + field * spins.sum(axis=1)
    if periodic:
        between = np.exp(coupling * (spins @ spins.T) + 0.5 * (inside[:, None] + inside[None, :]))
        values = np.linalg.eigvalsh(between)
        return float(rows * math.log(values[-1]) + math.log(((values / values[-1]) ** rows).sum()))
    vector, scale = np.exp(inside - inside.max()), float(inside.max())
    weight = np.exp(inside - inside.max())
    for _ in range(rows - 1):
        for column in range(columns):
            pairs = vector.reshape(-1, 2, 2**column)
            same, other = math.exp(coupling), math.exp(-coupling)
            vector = np.stack(
                [same * pairs[:, 0] + other * pairs[:, 1], other * pairs[:, 0] + same * pairs[:, 1]], 1
            ).reshape(-1)
        vector = vector * weight
        scale += float(inside.max()) + math.log(vector.max())
        vector = vector / vector.max()
    return scale + math.log(vector.sum())
