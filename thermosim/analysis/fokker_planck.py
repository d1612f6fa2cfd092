"""A symmetric magnet as diffusion of z = m_z: decay rates, stationary law and mean times, from its operator.

    du/dt = d/dz [(1 - z^2) (du/dz - (2 Delta z + x) u)] / 2,   u ~ exp(Delta z^2 + x z) stationary

in units of lambda = 2 a g0 kT / (mu0 M_s V (1 + a^2)); x is the axial field mu0 H M_s V / kT plus the spin current
hbar I_s / (2 q a kT). In Legendre polynomials, with (1 - z^2) P_l' = l (l + 1) (P_(l-1) - P_(l+1)) / (2 l + 1) and
z P_l = ((l + 1) P_(l+1) + l P_(l-1)) / (2 l + 1), the backward operator has five diagonals:

    L f = ((1 - z^2) f')' / 2 + (2 Delta z + x) (1 - z^2) f' / 2

Mean time from z = -1 to b, by quadrature:

    T = 2 int_-1^b dy exp(-Delta y^2 - x y) / (1 - y^2) int_-1^y exp(Delta w^2 + x w) dw

Brown, Phys. Rev. 130, 1677 (1963); Coffey and Kalmykov, J. Appl. Phys. 112, 121301 (2012).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigvals
from scipy.special import dawsn, i0e

from thermosim.contracts import Floats

LARGEST = 20.0
"""Barrier [kT] up to which rounding leaves the slowest rate three digits."""


def operator(barrier: float, bias: float, terms: int) -> Floats:
    """Backward operator (terms, terms) on Legendre coefficients, in units of lambda."""
    degree = np.arange(terms + 1)
    slope = np.zeros((terms + 1, terms + 1))  # of (1 - z^2) f'
    weight = degree * (degree + 1) / (2 * degree + 1)
    slope[degree[:-1], degree[1:]] = weight[1:]
    slope[degree[1:], degree[:-1]] = -weight[:-1]
    times = np.zeros((terms + 1, terms + 1))  # by z
    times[degree[1:], degree[:-1]] = ((degree + 1) / (2 * degree + 1))[:-1]
    times[degree[:-1], degree[1:]] = (degree / (2 * degree + 1))[1:]
    whole: Floats = np.diag(-0.5 * degree * (degree + 1)) + (barrier * times + 0.5 * bias * np.eye(terms + 1)) @ slope
    return np.asarray(whole[:terms, :terms])


def rates(barrier: float, bias: float = 0.0, count: int = 1) -> Floats:
    """The `count` smallest decay rates above zero, in units of lambda.

    Raises
    ------
    ValueError
        If the barrier is beyond what the arithmetic resolves.
    """
    if abs(barrier) > LARGEST:
        raise ValueError(f"a barrier of {barrier:.3g} kT is beyond the {LARGEST:g} kT that rates are resolved to")
    terms = int(60 + 6 * (abs(barrier) + abs(bias)))
    found = np.sort(np.real(eigvals(-operator(barrier, bias, terms))))
    return np.asarray(found[1 : 1 + count])


def asymptote(barrier: float) -> float:
    """Slowest rate by Brown's formula for high barriers, 2 Delta^(3/2) exp(-Delta) / sqrt(pi), in units of lambda."""
    return float(2 * barrier**1.5 * math.exp(-barrier) / math.sqrt(math.pi))


def square(barrier: float) -> float:
    """<m_z^2> under exp(Delta z^2): (sqrt(Delta) / D(sqrt(Delta)) - 1) / (2 Delta), D Dawson's function.

    An easy plane has Delta < 0, and sqrt(pi) exp(Delta) erfi becomes erf in the same formula.
    """
    if barrier == 0:
        return 1 / 3
    root = math.sqrt(abs(barrier))
    ratio = root / dawsn(root) if barrier > 0 else 2 * root * math.exp(barrier) / (math.sqrt(math.pi) * math.erf(root))
    return float((ratio - 1) / (2 * barrier))


class Stationary(NamedTuple):
    """Moments under a law of z: P(z > threshold), <z>, <|z|>, and the slope d logit P / dx of a weight exp(x z)."""

    above: float
    mean: float
    size: float
    slope: float


def stationary(barrier: float, bias: float = 0.0, threshold: float = 0.0, plane: float = 0.0) -> Stationary:
    """Moments under exp(Delta z^2 + x z - K m_x^2), K = `plane` for a hard axis x across z, by quadrature.

    The mean over the angle around z leaves exp(Delta z^2 + x z) e^(-y) I_0(y), y = K (1 - z^2) / 2. Gauss and Legendre
    on either side of the threshold and of zero, where the slope is <z | above> - <z | below>.
    """
    node, weight = np.polynomial.legendre.leggauss(400)
    corners = sorted({-1.0, min(0.0, threshold), max(0.0, threshold), 1.0})
    z = np.concatenate([(a + b) / 2 + (b - a) / 2 * node for a, b in pairwise(corners)])
    w = np.concatenate([(b - a) / 2 * weight for a, b in pairwise(corners)])
    power = barrier * z * z + bias * z
    w = w * np.exp(power - power.max()) * i0e(0.5 * plane * (1 - z * z))
    w /= w.sum()
    above = z > threshold
    share = float(w[above].sum())
    slope = float(w[above] @ z[above] / share - w[~above] @ z[~above] / (1 - share))
    return Stationary(share, float(w @ z), float(w @ np.abs(z)), slope)


def passage(barrier: float, bias: float, target: float) -> float:
    """Mean time from z = -1 to `target`, in units of 1/lambda."""
    node, weight = np.polynomial.legendre.leggauss(400)
    y, total = -1 + (target + 1) * (node + 1) / 2, 0.0
    for at, width in zip(y, weight * (target + 1) / 2, strict=True):
        w = -1 + (at + 1) * (node + 1) / 2
        inner = weight @ np.exp(barrier * (w * w - at * at) + bias * (w - at)) * (at + 1) / 2
        total += width * inner / (1 - at * at)
    return float(2 * total)
