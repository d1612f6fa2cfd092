"""Spectra of noise currents that are not white, and of shot noise with its reservoirs, in closed form.

    shot               S_I = 2 q I coth(q V / 2 k T);   V -> 0 at I = G V:  4 k T G
    relaxing current   <w(t) w(0)> = s^2 e^(-t / tau),  S_I = 4 s^2 tau / (1 + (2 pi f tau)^2)
    1/f                n relaxing currents of equal variance A D at corners f_low e^((k + 1/2) D),
                       D = ln(f_high / f_low) / n

Their sum has the variance A ln(f_high / f_low) exactly. On an endless grid f S / A = 1 + 2 sum_m sech(m pi^2 / D)
cos(2 pi m x / D), x the distance to a corner in ln f (Poisson's sum; the transform of sech is sech): a ripple r of
2 sech(pi^2 / D), with harmonics of r^2 / 4 and less. At the ends of the band it follows
(2 / pi) (atan(f_high / f) - atan(f_low / f)), a half at f_low and f_high and, well inside,
1 - (2 / pi) (f_low / f + f / f_high).
The same idea: Plaszczynski, astro-ph/0510081; derived again here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thermosim.constants import BOLTZMANN, CHARGE

Floats = NDArray[np.float64]


def junction_density(conductance: float, voltage: float, temperature: float) -> float:
    """One-sided density [A^2/Hz] of electrons that cross a junction of I = `conductance` `voltage` both ways."""
    thermal = 4 * BOLTZMANN * temperature * conductance
    bias = 2 * CHARGE * conductance * abs(voltage)
    ratio = bias / thermal if thermal > 0 else np.inf  # q V / 2 k T
    if ratio > 350:
        return bias
    return float(thermal if ratio < 1e-9 else bias / np.tanh(ratio))


def saturated_density(current: float, gain: float = 1.0, excess: float = 1.0) -> float:
    """One-sided density 2 q I F M^2 [A^2/Hz] of a primary current [A] in which no electron comes back."""
    return 2 * CHARGE * abs(current) * excess * gain**2


def relaxing_density(variance: float, time: float, frequencies: Floats) -> Floats:
    """One-sided density [A^2/Hz] of one relaxing current."""
    return np.asarray(4 * variance * time / (1 + (2 * np.pi * frequencies * time) ** 2))


def grid(low: float, high: float, ripple: float) -> Floats:
    """Corners [Hz] of the relaxing currents that stand for 1/f noise, the fewest whose ripple is at most `ripple`."""
    widest = np.pi**2 / np.arccosh(2 / ripple)
    count = int(np.ceil(np.log(high / low) / widest))
    step = np.log(high / low) / count
    return np.asarray(low * np.exp((np.arange(count) + 0.5) * step))


def ripple(corners_per_unit: float) -> float:
    """Relative ripple of 1/f noise with so many corners in an interval of ln f: 2 sech(pi^2 per unit)."""
    return float(2 / np.cosh(np.pi**2 * corners_per_unit))


def flicker_variance(strength: float, low: float, high: float) -> float:
    """A ln(f_high / f_low) [A^2], the integral of A / f over the band and the variance of the sum."""
    return float(strength * np.log(high / low))


def flicker_density(strength: float, low: float, high: float, corners: Floats, frequencies: Floats) -> Floats:
    """One-sided density [A^2/Hz] of the sum of relaxing currents that stands for A / f."""
    each = flicker_variance(strength, low, high) / len(corners)
    times = 1 / (2 * np.pi * corners)
    return np.asarray(sum(relaxing_density(each, float(time), frequencies) for time in times))


def band_edges(low: float, high: float, frequencies: Floats) -> Floats:
    """f S / A of endlessly many corners between `low` and `high` [Hz]: what the ends of the band take away."""
    return np.asarray((np.arctan(high / frequencies) - np.arctan(low / frequencies)) * 2 / np.pi)
