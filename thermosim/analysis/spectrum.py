"""Spectra and transfer functions of a linear network.

    Y(w) = G + i w C,   S_vv(f) = 2 Y^-1 S Y^-H  [V^2/Hz, one-sided],   v = Y^-1 (K + i w F) u

S is the two-sided intensity of the noise currents. The integral of S_vv over f > 0 is the covariance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def admittance(capacitance: Floats, conductance: Floats, frequencies: Floats) -> Complexes:
    """Y (frequency, n, n) [S] at `frequencies` (frequency,) [Hz]."""
    w = 2 * np.pi * np.asarray(frequencies, dtype=float)
    return np.asarray(conductance + 1j * w[:, np.newaxis, np.newaxis] * capacitance)


def density(capacitance: Floats, conductance: Floats, noise: Floats, frequencies: Floats) -> Complexes:
    """One-sided spectral density matrix (frequency, n, n) [V^2/Hz]; the diagonal is real."""
    inverse = np.linalg.inv(admittance(capacitance, conductance, frequencies))
    return np.asarray(2 * inverse @ noise @ inverse.conj().transpose(0, 2, 1))


def transfer(
    capacitance: Floats, conductance: Floats, input_conductance: Floats, input_capacitance: Floats, frequencies: Floats
) -> Complexes:
    """Gain (frequency, n, m) from every driven net to every node."""
    w = 2 * np.pi * np.asarray(frequencies, dtype=float)
    drive = input_conductance + 1j * w[:, np.newaxis, np.newaxis] * input_capacitance
    return np.asarray(np.linalg.solve(admittance(capacitance, conductance, frequencies), drive))
