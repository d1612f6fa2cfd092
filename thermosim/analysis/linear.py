"""Exact laws of linear noisy networks: covariance, mean, relaxation modes, autocovariance.

``C dv = -(G v - K u - i) dt + dq``, ``<dq dq^T> = S dt``, drift ``A = C^-1 G``, diffusion ``D = C^-1 S C^-1``:

    A Sigma + Sigma A^T = D,   G <v> = K u + i,   <v(t) v(0)^T> - <v><v>^T = exp(-A t) Sigma

(Gardiner, Stochastic Methods, 4th ed., section 4.4.6). S is two-sided: a resistor adds 2 k T G.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, eig, expm, solve_continuous_lyapunov, solve_triangular

Floats = NDArray[np.float64]

MODAL = 1e3
"""Condition of a mode, |left| |right|, beyond which sums over modes lose more than six digits of fifteen."""


@dataclass(frozen=True)
class Modes:
    """Relaxation modes, slowest first: ``left[k] @ v(t)`` relaxes as exp(-rates[k] t).

    rates (n,) [1/s], complex where the network rings; times (n,) [s] = 1/Re(rates), infinite for a mode
    that does not decay; right (n, n) modes as columns, left (n, n) as rows, ``left @ right = 1``.
    """

    rates: np.ndarray
    times: Floats
    right: np.ndarray
    left: np.ndarray


def drift(capacitance: Floats, conductance: Floats) -> Floats:
    """A = C^-1 G (n, n) [1/s]."""
    return np.asarray(np.linalg.solve(capacitance, conductance))


def diffusion(capacitance: Floats, noise: Floats) -> Floats:
    """D = C^-1 S C^-1 (n, n) [V^2/s] from the two-sided current noise S [A^2 s]."""
    matrix = np.linalg.solve(capacitance, np.linalg.solve(capacitance, noise).T)
    return np.asarray((matrix + matrix.T) / 2)


def input_jump(capacitance: Floats, input_capacitance: Floats) -> Floats:
    """C^-1 F (n, m): what a step of a driven net adds to each node at once, through coupling capacitors."""
    return np.asarray(np.linalg.solve(capacitance, input_capacitance))


def mean(conductance: Floats, input_conductance: Floats, current: Floats, held: Floats) -> Floats:
    """Stationary mean (n,) [V] with inputs held at `held` (m,) [V].

    Raises
    ------
    ValueError
        If the conductance matrix is singular: some node has no path to a fixed voltage.
    """
    if singular(conductance):
        raise ValueError(
            "no stationary mean: the conductance matrix is singular, a node has no path to a fixed voltage"
        )
    return np.asarray(np.linalg.solve(conductance, input_conductance @ held + current))


def singular(conductance: Floats) -> bool:
    """Whether charge cannot leave some node, row by row in units of its own: currents and voltages have unlike ones."""
    largest = np.abs(conductance).max(axis=1, keepdims=True, initial=0.0)
    even = conductance / np.where(largest > 0, largest, 1.0)
    return bool(np.linalg.matrix_rank(even) < len(conductance))


def modes(capacitance: Floats, conductance: Floats) -> Modes:
    """Relaxation modes of the network.

    For a reciprocal network (G symmetric) rates and modes are real, ``left = right^T C``, and
    ``(left[k] @ v)^2 / 2`` is the energy in mode k.
    """
    root = cholesky(capacitance)
    rates = _rates(root, conductance)
    if np.array_equal(conductance, conductance.T):
        values, vectors = np.linalg.eigh((rates + rates.T) / 2)
        inverse: np.ndarray = vectors.T
    else:
        values, vectors = eig(rates)
        inverse = np.linalg.inv(vectors)
    tiny = len(rates) * np.finfo(float).eps * float(np.abs(values).max(initial=0.0))
    values = np.where(np.abs(values) <= tiny, 0.0, values)
    order = np.argsort(values.real, kind="stable")
    with np.errstate(divide="ignore"):
        times = 1.0 / values.real[order]
    return Modes(values[order], times, solve_triangular(root, vectors[:, order]), inverse[order] @ root)


def relaxation_times(capacitance: Floats, conductance: Floats) -> Floats:
    """Relaxation times (n,) [s], slowest first."""
    return modes(capacitance, conductance).times


def stationary(capacitance: Floats, conductance: Floats, noise: Floats) -> Floats:
    """Stationary covariance (n, n) [V^2].

    Unknowns w that nothing drives but their own noise, <w^2> = S / (2 C G), are solved for first, one by one: their
    rates may be decades below those of the rest, where one equation for all would lose them in round-off.

    Raises
    ------
    ValueError
        If some mode does not decay; the message gives the eigenvalue of the drift.
    """
    alone, drives = _autonomous(capacitance, conductance, noise)
    if alone.all():
        return np.diag(np.diag(noise) / (2 * np.diag(capacitance) * np.diag(conductance)))
    if drives.any():
        return _driven(capacitance, conductance, noise, np.flatnonzero(drives), np.flatnonzero(~drives))
    root = cholesky(capacitance)
    rates = _rates(root, conductance)
    scale = float(np.abs(rates).max()) or 1.0
    slowest = min(np.linalg.eigvals(rates / scale), key=lambda value: value.real)
    small = len(rates) * np.finfo(float).eps
    if slowest.real <= small:
        shown = f"{slowest.real * scale:.4g}" + (f"{slowest.imag * scale:+.4g}i" if slowest.imag else "")
        why = "every mode must decay" if slowest.real <= 0 else f"beside rates of {scale:.4g} 1/s that is round-off"
        raise ValueError(f"no stationary law: the drift C^-1 G has the eigenvalue {shown} 1/s, and {why}")
    spread = solve_triangular(root, solve_triangular(root, noise, trans="T").T, trans="T")
    unit = float(np.abs(spread).max()) or 1.0
    covariance = solve_continuous_lyapunov(rates / scale, spread / unit) * (unit / scale)
    back = solve_triangular(root, np.eye(len(root)))
    covariance = back @ covariance @ back.T
    return np.asarray((covariance + covariance.T) / 2)


def variances(capacitance: Floats, conductance: Floats, noises: Iterable[Floats]) -> Iterator[Floats]:
    """Stationary variance of every unknown (n,) [V^2] under each of many noises (n, n) of one network that settles.

    In modes, ``<y_i y_j*> = N_ij / (r_i + r_j*)``: one decomposition serves all; where it is ill-conditioned, as near
    a defective drift, or loses the slowest rates in its round-off, :func:`stationary` does.
    """
    found = modes(capacitance, conductance)
    root = cholesky(capacitance)
    into = solve_triangular(root, solve_triangular(root, found.left.T, trans="T")).T  # left C^-1
    sizes = np.linalg.norm(root @ found.right, axis=0) * np.linalg.norm(into @ root.T, axis=1)
    lost = found.rates.real.min(initial=np.inf) <= 1e6 * np.finfo(float).eps * np.abs(found.rates).max(initial=0.0)
    if lost or sizes.max(initial=1.0) > MODAL:
        for noise in noises:
            yield np.diag(stationary(capacitance, conductance, noise))
        return
    sums = found.rates[:, np.newaxis] + found.rates.conj()
    for noise in noises:
        rows = np.flatnonzero(noise.any(axis=1))
        own = into[:, rows] @ noise[np.ix_(rows, rows)] @ into[:, rows].conj().T / sums
        yield np.einsum("ki,ki->k", found.right @ own, found.right.conj()).real


def _autonomous(capacitance: Floats, conductance: Floats, noise: Floats) -> tuple[np.ndarray, np.ndarray]:
    """Unknowns (n,) that decay and that nothing drives but their own noise, and which of them drive others."""
    apart = ~np.eye(len(capacitance), dtype=bool)
    touched = ((capacitance != 0) | (conductance != 0) | (noise != 0)) & apart
    alone = ~touched.any(axis=1) & (np.diag(conductance) > 0)
    return alone, alone & touched.any(axis=0)


def _driven(capacitance: Floats, conductance: Floats, noise: Floats, alone: np.ndarray, rest: np.ndarray) -> Floats:
    """Stationary covariance of autonomous unknowns w and those v that they drive.

    (G_vv + r C_vv) <v w> = -G_vw <w^2> for each w of rate r;  <v v^T> obeys the same equation as ever with the noise
    S_vv - G_vw <w v^T> C_vv - its transpose.
    """
    inner, own, into = np.ix_(rest, rest), np.diag(conductance)[alone], conductance[np.ix_(rest, alone)]
    variance = np.diag(noise)[alone] / (2 * np.diag(capacitance)[alone] * own)
    together = np.empty((len(rest), len(alone)))
    for k, rate in enumerate(own / np.diag(capacitance)[alone]):
        together[:, k] = np.linalg.solve(conductance[inner] + rate * capacitance[inner], -into[:, k] * variance[k])
    coloured = into @ together.T @ capacitance[inner]
    covariance = np.zeros_like(capacitance)
    covariance[inner] = stationary(capacitance[inner], conductance[inner], noise[inner] - coloured - coloured.T)
    covariance[np.ix_(rest, alone)], covariance[np.ix_(alone, rest)] = together, together.T
    covariance[alone, alone] = variance
    return covariance


def autocovariance(capacitance: Floats, conductance: Floats, noise: Floats, lags: Floats) -> Floats:
    """Stationary <v(t) v(0)^T> about the mean at `lags` t [s], not negative: (lags, n, n) [V^2]."""
    covariance = stationary(capacitance, conductance, noise)
    root = cholesky(capacitance)
    rates = _rates(root, conductance)
    back = solve_triangular(root, np.eye(len(root)))
    return np.stack([back @ expm(-rates * lag) @ root @ covariance for lag in lags])


def is_reversible(capacitance: Floats, conductance: Floats, noise: Floats, parity: Floats | None = None) -> bool:
    """Whether the unknowns obey detailed balance: A D symmetric, to round-off.

    Time reversal E = diag(parity) turns currents round (`parity` -1, else 1). With such the condition is E Sigma E =
    Sigma and E (A Sigma) E = (A Sigma)^T (Gardiner, section 6.3.5), for a network that has a stationary law.
    Reversible voltages may still hide heat that flows between resistors of unequal temperature.
    """
    root = cholesky(capacitance)
    if parity is not None and np.any(parity < 0):
        covariance = root @ stationary(capacitance, conductance, noise) @ root.T
        flow = _rates(root, conductance) @ covariance
        signs = np.outer(parity, parity)
        small = 1e-10 * float(np.abs(np.diag(covariance)).max()), 1e-10 * float(np.abs(flow).max())
        even = np.abs(covariance * (1 - signs)).max() <= small[0]
        return bool(even and np.abs(signs * flow - flow.T).max() <= small[1])
    spread = solve_triangular(root, solve_triangular(root, noise, trans="T").T, trans="T")
    product = _rates(root, conductance) @ spread
    size = np.abs(_rates(root, conductance)) @ np.abs(spread)
    return bool(np.all(np.abs(product - product.T) <= 16 * len(root) * np.finfo(float).eps * (size + size.T)))


def mode_tau_int(rate: float, every: float) -> float:
    """1 + 2 sum_{k>=1} rho_k of a mode of `rate` [1/s] recorded `every` [s]: coth(rate every / 2), in samples."""
    return float(1.0 / np.tanh(rate * every / 2))


def mode_square_tau_int(rate: float, every: float) -> float:
    """The same for the square of a Gaussian mode, whose correlations are the squares: coth(rate every)."""
    return float(1.0 / np.tanh(rate * every))


def _rates(root: Floats, conductance: Floats) -> Floats:
    """The drift in coordinates y = R v, C = R^T R: R^-T G R^-1 [1/s], symmetric if G is."""
    half = solve_triangular(root, conductance, trans="T")
    return np.asarray(solve_triangular(root, half.T, trans="T").T)
