"""How many independent samples a set of correlated chains is worth, and whether to believe the figure.

For chains x[r, t], r < R, t < N, with the mean m and variance v pooled over all of them:

    rho_k = sum_r sum_t (x[r, t] - m) (x[r, t+k] - m) / (R (N - k) v)
    tau(W) = 1 + 2 sum_{k=1..W} rho_k
    W      = smallest lag with W >= 6 max(1, tau(W), envelope(W))
    tau    = tau(W) (1 + (2 W + 1) / (R N)),   error = tau sqrt(2 (2 W + 1) / (R N)),   ESS = R N / tau

The mean is common to all chains, so replicas frozen in different states do not look mixed. `envelope` is tau with
|rho_k| wherever that is above three standard deviations of its noise, sqrt((1 + 2 sum rho^2) / (R N)): a damped
oscillation does not close the window at its first zero. The factor on tau removes the bias from the estimated mean.

Chains split into halves of n = N // 2 draws give M = 2 R means; with B their variance and w the mean variance inside:

    R-hat^2 = (n - 1) / n + B / w,        tau_between = n B / v

For settled chains R-hat^2 - 1 is about tau / n whatever the number of chains: R-hat > 1.01 alone would condemn
every run shorter than a hundred tau. The halves are therefore held against chance: (M - 1) tau_between / tau is
chi-squared with M - 1 degrees. Beyond its 1e-6 quantile the window has missed something slow, and tau_between is taken.

Verdicts, worst first:

    stuck        no variance at all, or no chain ever moved, or some never moved and the halves disagree beyond chance
    not settled  R-hat > 1.01 and the halves disagree beyond chance, or the second halves differ from the first by
                 the same amount in all chains (paired t-test at 1e-6); or R-hat > 1.1 where tau is too long to say;
                 or tau of the first half and of the whole differ by 15 % and three standard errors
    too short    N < 50 tau, or the window did not close within N / 2 lags
    ok

Sources: Madras and Sokal, J. Stat. Phys. 50, 109 (1988), eq. 4.19; Wolff, Comput. Phys. Commun. 156, 143 (2004),
eq. 49; Gelman et al., Bayesian Data Analysis, 3rd ed., section 11.4.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from thermosim.contracts import Floats

Verdict = Literal["ok", "too short", "not settled", "stuck"]
VERDICTS: tuple[Verdict, ...] = ("ok", "too short", "not settled", "stuck")
WINDOW = 6.0
LENGTH = 50.0
CHANCE = 1e-6
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Mixing:
    """Mixing of one observable; `tau` and its error count recorded samples, nan where they are undefined.

    `ess` counts effective samples of all chains together, nan where the verdict is stuck. `reason` says what
    led to a verdict other than ok.
    """

    name: str
    tau: float
    tau_error: float
    rhat: float
    ess: float
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class Correlation:
    """Integrated autocorrelation time, its standard error, the window in lags, and whether it closed."""

    tau: float
    error: float
    window: int
    closed: bool


def autocorrelation(x: Floats, lags: int) -> Floats:
    """rho_0 .. rho_lags of chains x (chain, draw) about their common mean, by FFT; nan where nothing varies."""
    from scipy import fft

    draws = x.shape[1]
    length = fft.next_fast_len(draws + lags, real=True)
    spectrum = fft.rfft(x - x.mean(), length, axis=1)
    power = np.einsum("rf,rf->f", spectrum.real, spectrum.real) + np.einsum("rf,rf->f", spectrum.imag, spectrum.imag)
    covariance = np.asarray(fft.irfft(power, length)[: lags + 1]) / (draws - np.arange(lags + 1.0))
    if not covariance[0] > 0.0:
        return np.full(lags + 1, math.nan)
    return np.asarray(covariance / covariance[0])


def windowed(rho: Floats, samples: int) -> Correlation:
    """Sum rho (lag,) up to its own window; `samples` is R N. Undefined where rho is.

    Not below the lesser of 1 / log10 R N (Stan's floor) and its own spread for independent draws: few draws make it as
    small as they like by chance.
    """
    if math.isnan(rho[0]):
        return Correlation(math.nan, math.nan, 0, False)
    tau = 2.0 * np.cumsum(rho) - 1.0
    noise = np.sqrt((2.0 * np.cumsum(rho**2) - 1.0) / samples)
    envelope = 2.0 * np.cumsum(np.where(np.abs(rho) > 3.0 * noise, np.abs(rho), 0.0)) - 1.0
    shut = np.arange(len(rho)) >= WINDOW * np.maximum(1.0, np.maximum(tau, envelope))
    closed = bool(shut.any())
    window = int(np.argmax(shut)) if closed else len(rho) - 1
    least = min(math.sqrt(2.0 * (2 * window + 1) / samples), 1.0 / max(1.0, math.log10(samples)))
    corrected = max(float(tau[window]) * (1.0 + (2 * window + 1) / samples), least)
    return Correlation(corrected, corrected * math.sqrt(2.0 * (2 * window + 1) / samples), window, closed)


def integrated_time(x: Floats) -> Correlation:
    """Integrated autocorrelation time of chains x (chain, draw) [recorded samples]."""
    return windowed(autocorrelation(x, x.shape[1] // 2), x.size)


def _halves(x: Floats) -> Floats:
    half = x.shape[1] // 2
    return np.concatenate([x[:, :half], x[:, -half:]])


def split_rhat(x: Floats) -> float:
    """Split R-hat of chains x (chain, draw); nan where the chains do not vary inside."""
    halves = _halves(x)
    n = halves.shape[1]
    within = float(halves.var(axis=1, ddof=1).mean())
    if within <= 0.0:
        return math.nan
    return math.sqrt((n - 1) / n + float(halves.mean(axis=1).var(ddof=1)) / within)


def assess(name: str, series: np.ndarray) -> Mixing:
    """Mixing of one observable from chains `series` (chain, draw)."""
    x = np.asarray(series, dtype=np.float64)
    chains, draws = x.shape
    if draws < 8:
        return Mixing(name, math.nan, math.nan, math.nan, math.nan, "too short", f"only {draws} samples recorded")
    still = np.ptp(x, axis=1) <= _ROUNDING * np.abs(x).max()
    if still.all():
        apart = np.ptp(x[:, 0]) > _ROUNDING * np.abs(x).max()
        reason = "no chain ever moved, and they froze in different states" if apart else "the observable never changed"
        return Mixing(name, math.nan, math.nan, math.nan, math.nan, "stuck", reason)

    whole = integrated_time(x)
    rhat = split_rhat(x)
    halves = _halves(x).mean(axis=1)
    between = x.shape[1] // 2 * float(halves.var(ddof=1)) / float(x.var())
    beyond_chance = between > chance_factor(len(halves) - 1) * (whole.tau + 3.0 * whole.error)
    tau, error = whole.tau, whole.error
    if beyond_chance:
        tau, error = between, between * math.sqrt(2.0 / (len(halves) - 1))
    drifts = _drift(halves[:chains], halves[chains:])
    verdict, reason = _judge(x, whole, rhat, beyond_chance, drifts, tau, int(still.sum()))
    return Mixing(name, tau, error, rhat, math.nan if verdict == "stuck" else chains * draws / tau, verdict, reason)


def _judge(
    x: Floats, whole: Correlation, rhat: float, beyond_chance: bool, drifts: bool, tau: float, still: int
) -> tuple[Verdict, str]:
    draws = x.shape[1]
    if still and beyond_chance:
        return "stuck", f"{still} of {len(x)} chains never moved"
    if drifts and rhat > 1.01:
        return "not settled", f"all chains drift: R-hat {rhat:.3f}"
    if beyond_chance and rhat > 1.01:
        return "not settled", f"chains disagree: R-hat {rhat:.3f}"
    short = not whole.closed or draws < LENGTH * max(tau, 1.0)  # few draws make tau look small by chance
    if short and rhat > 1.1:
        return "not settled", f"chains disagree: R-hat {rhat:.3f}"
    if short and tau < 1.0:
        return "too short", f"{draws} samples a chain; {LENGTH:g} are needed at least"
    if short:
        return (
            "too short",
            f"{draws} samples a chain are {draws / tau:.3g} autocorrelation times; {LENGTH:g} are needed",
        )
    half = integrated_time(x[:, : draws // 2])
    difference = abs(half.tau - whole.tau)
    if half.closed and difference > 0.15 * whole.tau + 3.0 * math.hypot(half.error, whole.error):
        return "not settled", f"tau is {half.tau:.3g} in the first half and {whole.tau:.3g} in the whole"
    return "ok", ""


def _drift(first: Floats, second: Floats) -> bool:
    """Whether the chains' half means moved together, by a paired t-test at 1e-6."""
    from scipy.special import stdtrit

    moved = second - first
    if len(moved) < 2:
        return False
    limit = float(stdtrit(len(moved) - 1, 1 - CHANCE / 2)) * float(moved.std(ddof=1)) / math.sqrt(len(moved))
    return abs(float(moved.mean())) > limit


def chance_factor(degrees: int) -> float:
    """Upper 1e-6 quantile of chi-squared over its degrees of freedom."""
    from scipy.special import chdtri

    return float(chdtri(degrees, CHANCE)) / degrees


def worst(observables: Iterable[Mixing]) -> Mixing | None:
    """The observable with the largest tau among those that have one; None if there is none."""
    valid = [one for one in observables if math.isfinite(one.tau)]
    return max(valid, key=lambda one: one.tau, default=None)


def overall(observables: Iterable[Mixing]) -> Verdict:
    """The worst verdict of all."""
    return max((one.verdict for one in observables), key=VERDICTS.index, default="too short")
