"""The exact Gaussian transition of a linear noisy network over a step with held inputs.

``C dv = -(G v - K u - i) dt + dq``, ``<dq dq^T> = S dt``  becomes  ``v' = Phi v + Gamma (u, 1) + L z``, z normal:

    Phi = exp(-A h),  Gamma = int_0^h exp(-A s) ds C^-1 (K, i),  Q = int_0^h exp(-A s) D exp(-A^T s) ds = L L^T

with ``A = C^-1 G`` and ``D = C^-1 S C^-1``. One block exponential at a small step (Van Loan, IEEE Trans. Autom.
Control 23, 395, 1978) is doubled up to h:

    Q(2h) = Q + Phi Q Phi^T,  Gamma(2h) = Gamma + Phi Gamma,  E(2h) = 2 E + E^2,  Phi = 1 + E

Nothing is inverted or diagonalised, so singular, zero-mode, non-normal and defective networks are ordinary cases.
E and not Phi is doubled while anything is left of the start: at the small step of a stiff network the slow modes are
1 - 1e-12, say, of which squares would keep four digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, expm, qr, solve_triangular

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Propagator:
    """One exact step of `seconds` for n nodes and m held inputs: ``v' = decay v + inputs (u, 1) + factor z``.

    decay (n, n) dimensionless; inputs (n, m + 1), the last column [V] is what the constant currents add and the
    others are dimensionless; covariance (n, n) [V^2] of what the noise adds; factor (n, n) [V], lower
    triangular with a diagonal that is not negative, ``factor factor^T = covariance``.
    """

    seconds: float
    decay: Floats
    inputs: Floats
    covariance: Floats
    factor: Floats


def square_root(covariance: Floats) -> Floats:
    """Lower triangular L with ``L L^T = covariance`` (n, n), also where the covariance is singular.

    Eigenvalues of the correlation matrix below zero (round-off) are clipped. Unlike the eigenvectors,
    the triangle is unique, so that it does not depend on how a linear algebra library orders them.
    """
    scale = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    scale[scale == 0.0] = 1.0
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    triangle = qr(root.T, mode="r")[0].T
    signs = np.where(np.diag(triangle) < 0.0, -1.0, 1.0)
    return np.ascontiguousarray(scale[:, np.newaxis] * np.tril(triangle) * signs)


def propagator(
    capacitance: Floats, conductance: Floats, noise: Floats, input_conductance: Floats, current: Floats, seconds: float
) -> Propagator:
    """Exact transition over `seconds` with inputs held.

    Parameters
    ----------
    capacitance : (n, n) [F], symmetric and positive definite
    conductance : (n, n) [S], any square matrix
    noise : (n, n) [A^2 s], two-sided intensity of the noise currents, positive semidefinite
    input_conductance : (n, m) [S], from held voltages u to the nodes
    current : (n,) [A], constant
    seconds : step [s], above 0

    Raises
    ------
    ValueError
        If the step is not above 0, the capacitance is not positive definite, or the network grows beyond any number.
    """
    if not seconds > 0.0:
        raise ValueError(f"a step must last longer than 0 s, got {seconds:g} s")
    # y = R v with C = R^T R makes every entry of the drift a rate, whatever the units and the spread of C.
    try:
        root = cholesky(capacitance)
    except np.linalg.LinAlgError:
        raise ValueError("the capacitance matrix is not positive definite: a node has no capacitance") from None
    sources = solve_triangular(root, np.column_stack([input_conductance, current]), trans="T")
    rates = solve_triangular(root, solve_triangular(root, conductance, trans="T").T, trans="T").T
    diffusion = solve_triangular(root, solve_triangular(root, noise, trans="T").T, trans="T")

    largest = float(np.linalg.norm(rates, 1)) * seconds
    doublings = max(0, math.ceil(math.log2(largest))) if largest > 0.0 else 0
    change, spread, held = _small_step(rates, diffusion, seconds / 2**doublings)
    added, one = held @ sources, np.eye(len(root))
    decay = one + change
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(doublings):
            spread = spread + decay @ spread @ decay.T
            spread = (spread + spread.T) / 2
            added = added + decay @ added
            if np.linalg.norm(decay) > 0.5:
                change = 2 * change + change @ change
                decay = one + change
            else:  # every mode has decayed, and small numbers keep their digits when they are squared
                decay = decay @ decay
    if not all(np.isfinite(part).all() for part in (decay, added, spread)):
        raise ValueError(f"over a step of {seconds:.4g} s the network grows beyond any number")

    back = solve_triangular(root, np.eye(len(root)))
    covariance = back @ spread @ back.T
    covariance = (covariance + covariance.T) / 2
    return Propagator(
        seconds=seconds,
        decay=np.ascontiguousarray(back @ decay @ root),
        inputs=np.ascontiguousarray(back @ added),
        covariance=covariance,
        factor=square_root(covariance),
    )


def _small_step(rates: Floats, diffusion: Floats, step: float) -> tuple[Floats, Floats, Floats]:
    """exp(-A h) - 1, Q(h) and int_0^h exp(-A s) ds for ``|A| h <= 1``."""
    n = len(rates)
    zero, one = np.zeros((n, n)), np.eye(n)
    drift = rates * step
    unit = float(np.abs(diffusion).max()) or 1.0
    block = expm(np.block([[drift, diffusion / unit], [zero, -drift.T]]))
    decay = block[n:, n:].T
    spread = decay @ block[:n, n:] * (unit * step)
    held = expm(np.block([[-drift, one], [zero, zero]]))[:n, n:] * step
    return -rates @ held, (spread + spread.T) / 2, held
