"""Spectra and transfer functions of a linear network.

    Y(w) = G + i w C,   S_vv(f) = 2 Y^-1 S Y^-H  [V^2/Hz, one-sided],   v = Y^-1 (K + i w F) u

S is the two-sided intensity of the noise currents. The integral of S_vv over f > 0 is the covariance, and over a band
it is the covariance of what an ideal filter lets through.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thermosim.analysis.linear import singular

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def admittance(capacitance: Floats, conductance: Floats, frequencies: Floats) -> Complexes:
    """Y (frequency, n, n) [S] at `frequencies` (frequency,) [Hz]."""
    w = 2 * np.pi * np.asarray(frequencies, dtype=float)
    return np.asarray(conductance + 1j * w[:, np.newaxis, np.newaxis] * capacitance)


def density(capacitance: Floats, conductance: Floats, noise: Floats, frequencies: Floats) -> Complexes:
    """One-sided spectral density matrix (frequency, n, n) [V^2/Hz]; the diagonal is real.

    Raises
    ------
    ValueError
        If some mode does not decay and one of the frequencies is its own, as 0 for charge that cannot leave.
    """
    inverse = _solved(capacitance, conductance, np.eye(len(capacitance)), frequencies)
    return np.asarray(2 * inverse @ noise @ inverse.conj().transpose(0, 2, 1))


def transfer(
    capacitance: Floats, conductance: Floats, input_conductance: Floats, input_capacitance: Floats, frequencies: Floats
) -> Complexes:
    """Gain (frequency, n, m) from every driven net to every node.

    Raises
    ------
    ValueError
        As :func:`density`.
    """
    w = 2 * np.pi * np.asarray(frequencies, dtype=float)
    drive = input_conductance + 1j * w[:, np.newaxis, np.newaxis] * input_capacitance
    return _solved(capacitance, conductance, drive, frequencies)


def _solved(capacitance: Floats, conductance: Floats, right: Complexes | Floats, frequencies: Floats) -> Complexes:
    """Y^-1 `right` (frequency, n, m), or the frequency at which there is none."""
    at = np.asarray(frequencies, dtype=float)
    if np.any(at == 0) and singular(conductance):
        raise ValueError("no density or gain at 0 Hz: some mode does not decay, as where charge cannot leave a node")
    try:
        return np.asarray(np.linalg.solve(admittance(capacitance, conductance, at), right))
    except np.linalg.LinAlgError:
        raise ValueError(
            f"no density or gain somewhere from {at.min():g} to {at.max():g} Hz: some mode there does not decay"
        ) from None


def band_covariance(capacitance: Floats, conductance: Floats, noise: Floats, low: float, high: float) -> Floats:
    """Covariance (n, n) [V^2] within the band from `low` to `high` [Hz]; infinity is a limit, too.

    The density over f = f0 tan(theta), which makes the integrand smooth up to f = infinity, by adaptive quadrature with
    a stop at the corner of every mode; small nodes as well as large ones, in units of what they have in equilibrium.

    Raises
    ------
    ValueError
        If the band is empty or negative, or the integral does not converge, as with a mode that does not decay and a
        band from 0, or with a quality above 1e8.
    """
    from scipy.integrate import quad_vec

    if not 0 <= low < high:
        raise ValueError(f"the band from {low:g} to {high:g} Hz is empty or negative")
    corners = np.abs(np.linalg.eigvals(np.linalg.solve(capacitance, conductance))) / (2 * np.pi)
    middle = float(np.exp(np.mean(np.log(corners[corners > 0])))) if np.any(corners > 0) else 1.0
    unit = np.sqrt(np.diag(np.linalg.inv(capacitance)))

    def slope(angle: float) -> Floats:
        at = density(capacitance, conductance, noise, np.array([middle * np.tan(angle)]))[0]
        return np.asarray(at.real / np.outer(unit, unit) * (middle / np.cos(angle) ** 2))

    ends = np.arctan(np.array([low, high]) / middle)
    inside = np.unique(np.arctan(corners / middle))
    points = inside[(inside > ends[0]) & (inside < ends[1])]
    found, error = quad_vec(slope, float(ends[0]), float(ends[1]), epsabs=0.0, epsrel=1e-10, points=points)
    if not error <= 1e-8 * np.linalg.norm(found):
        raise ValueError(
            f"the spectrum does not integrate from {low:g} to {high:g} Hz: some mode does not decay, "
            "or its quality is beyond 1e8"
        )
    found = found * np.outer(unit, unit)
    return np.asarray((found + found.T) / 2)
