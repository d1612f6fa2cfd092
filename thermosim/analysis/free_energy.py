"""Free-energy differences from work, in kT: Jarzynski, Bennett's acceptance ratio, the exact law of a staircase.

    Jarzynski   dF = -ln <exp(-W)>;  variance (<e^-2W> / <e^-W>^2 - 1) / n, bias + half of that
    Bennett     sum over forward f(m + W - dF) = sum over reverse f(-m + W + dF),  f(x) = 1 / (1 + e^x),
                m = ln n_F / n_R;  variance sum over both of (<f^2> / <f>^2 - 1) / n

A staircase of energies x^T A_k x / 2 with linear dynamics between its switches makes all x at the switches one
Gaussian vector of covariance C, and the work W = x^T M x / 2 + w0 with the blocks A_{k+1} - A_k in M. With mu the
eigenvalues of C M

    <exp(-s W)> = e^(-s w0) prod (1 + s mu)^(-1/2)
    <f(W - dF)> = 1/2 - int_0^inf Im[<e^{i w (W - dF)}>] / sinh(pi w) dw;  variance of Bennett's (1 / <f> - 2) / n

for n runs each way, by Crooks' relation; sqrt(det A_0 / det A_K) = <exp(-W)> holds whatever the time between switches.
Jarzynski, PRL 78, 2690 (1997); Bennett, J. Comput. Phys. 22, 245 (1976), eqs 12 and 10b; the staircase is derived here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit, logsumexp

from thermosim.contracts import Floats


@dataclass(frozen=True)
class Estimate:
    """A free-energy difference with its standard error, and the bias to leading order, all in kT."""

    value: float
    error: float
    bias: float


def jarzynski(work: Floats) -> Estimate:
    """From independent works (run,) [kT]; error and bias by the delta method, from the same runs."""
    n = work.size
    value = -float(logsumexp(-work) - math.log(n))
    weights = np.exp(-(work - work.min()))
    variance = float(weights.var(ddof=1) / weights.mean() ** 2 / n)
    return Estimate(value, math.sqrt(variance), variance / 2)


def bennett(forward: Floats, reverse: Floats) -> Estimate:
    """From independent works (run,) [kT] there and back; its bias is of higher order and is given as 0."""
    shift = math.log(forward.size / reverse.size)

    def apart(value: float) -> float:
        return float(expit(-(shift + forward - value)).sum() - expit(-(reverse - shift + value)).sum())

    low, high = float(min(forward.min(), -reverse.max())), float(max(forward.max(), -reverse.min()))
    value = float(brentq(apart, low - abs(shift) - 1, high + abs(shift) + 1, xtol=1e-12))
    variance = 0.0
    for accepted in (expit(-(shift + forward - value)), expit(-(reverse - shift + value))):
        variance += float((np.mean(accepted**2) / np.mean(accepted) ** 2 - 1) / accepted.size)
    return Estimate(value, math.sqrt(variance), 0.0)


@dataclass(frozen=True)
class Staircase:
    """The exact law of the work of one direction: eigenvalues `mu` of C M, and the constant `offset` w0 [kT]."""

    mu: Floats
    offset: float

    @property
    def mean(self) -> float:
        """<W> [kT]."""
        return float(self.mu.sum()) / 2 + self.offset

    @property
    def variance(self) -> float:
        """var W [kT^2]."""
        return float((self.mu**2).sum()) / 2

    @property
    def difference(self) -> float:
        """-ln <exp(-W)>, the free-energy difference [kT]; -inf where the mean does not exist."""
        if 1 + self.mu.min(initial=0.0) <= 0:
            return -math.inf
        return float(np.log1p(self.mu).sum()) / 2 + self.offset

    def jarzynski_error(self, runs: int) -> float:
        """Standard error of Jarzynski's estimate; infinite where <exp(-2 W)> is."""
        if 1 + 2 * self.mu.min(initial=0.0) <= 0:
            return math.inf
        excess = math.expm1(float((np.log1p(self.mu) - np.log1p(2 * self.mu) / 2).sum()))
        return math.sqrt(max(excess, 0.0) / runs)

    def bennett_error(self, runs: int) -> float:
        """Standard error of Bennett's estimate from `runs` there and as many back."""
        lost = self.mean - self.difference

        def integrand(w: float) -> float:
            if w == 0:
                return lost / math.pi
            phase = -0.5 * np.log(1 - 1j * w * self.mu).sum() + 1j * w * (self.offset - self.difference)
            return float(np.exp(phase).imag) / math.sinh(math.pi * w)

        accepted = 0.5 - quad(integrand, 0.0, 12.0, limit=400)[0]
        return math.sqrt(max(1 / accepted - 2, 0.0) / runs)


def staircase(matrices: Sequence[Floats], covariances: Sequence[Floats], decays: Sequence[Floats]) -> Staircase:
    """The law of the work of climbing `matrices` A_0 .. A_K.

    Parameters
    ----------
    matrices : (n, n) each, energies x^T A x / 2 in kT
    covariances : stationary covariance of x at each of them; A^-1 unless something adds to it, the first is the start's
    decays : (n, n) each, x -> decay x over the time spent at it; the first and the last do not matter
    """
    n, count = len(matrices[0]), len(matrices) - 1
    joint, form = np.zeros((count * n, count * n)), np.zeros((count * n, count * n))
    offset, now = 0.0, np.asarray(covariances[0])
    for k in range(count):
        here = slice(k * n, (k + 1) * n)
        if k:
            before = joint[: k * n, (k - 1) * n : k * n]
            now = covariances[k] + decays[k] @ (now - covariances[k]) @ decays[k].T
            joint[: k * n, here] = before @ decays[k].T
            joint[here, : k * n] = joint[: k * n, here].T
        joint[here, here] = now
        change = matrices[k + 1] - matrices[k]
        form[here, here] = change
        # What a covariance beside A^-1 adds to the mean is known, and is not counted as work.
        offset -= float(np.trace(change @ (covariances[k] - np.linalg.inv(matrices[k])))) / 2
    values, vectors = np.linalg.eigh(joint)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    return Staircase(np.linalg.eigvalsh(root.T @ form @ root), offset)
