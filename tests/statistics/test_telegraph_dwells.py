"""Random telegraph noise in continuous time: dwells, autocorrelation and spectrum of one free-running p-bit."""

import numpy as np
from scipy.stats import chisquare
from small_fabrics import TICK, agrees, fabric

from thermosim.engine.free import FreeRunner

STEP = 0.05
"""Of the grid, in tau0: on it the telegraph is a chain with the memory exp(-STEP)."""
CERTAIN = 1e-6


def traces(replicas=256, draws=4000, bias=0.3):
    """Outputs (replica, draw) and P(+1)."""
    part = FreeRunner(fabric(np.zeros((1, 1)), [bias], order="free", every=STEP * TICK), 1, replicas)
    part.advance(400)
    return part.advance(draws, record=True)["s:mean(s)"], 1 / (1 + np.exp(-2 * bias))


def likelihood(counts, edges, rate):
    """p of counts of a geometric law between edges, by chi-squared."""
    survival = np.where(np.isinf(edges), 0.0, (1 - rate) ** (np.minimum(edges, 1e9) - 1))
    return chisquare(counts, -counts.sum() * np.diff(survival)).pvalue


def test_dwells_are_exponential():
    """On the grid geometric: up is left with (1 - p)(1 - exp(-STEP)), down with p (1 - exp(-STEP))."""
    seen, p = traces()
    for state, leave in ((1, 1 - p), (-1, p)):
        dwells = []
        for trace in seen:
            turns = np.flatnonzero(np.diff(trace)) + 1
            lengths, first = np.diff(turns), trace[turns[:-1]]
            dwells.append(lengths[first == state])
        found = np.concatenate(dwells)
        edges = np.array([*range(1, 150, 6), np.inf])
        counts = np.histogram(found, edges)[0]

        rate = leave * -np.expm1(-STEP)
        assert likelihood(counts, edges, rate) > CERTAIN
        assert likelihood(counts, edges, 1.1 * rate) < CERTAIN, "a rate 10 % high"
        assert likelihood(counts, edges, (1 - leave) * -np.expm1(-STEP)) < CERTAIN, "the other state's"


def test_autocorrelation_and_corner_of_the_spectrum():
    """C(t) = 4 p (1 - p) exp(-t / tau0); the power has fallen to half where the frequency is 1 / (2 pi tau0)."""
    seen, p = traces()
    fluctuation = seen - (2 * p - 1)
    lags = np.array([0, 10, 20, 60])
    products = np.stack([(fluctuation[:, : 4000 - k] * fluctuation[:, k:]).mean(axis=1) for k in lags], axis=1)
    exact = 4 * p * (1 - p) * np.exp(-lags * STEP)
    assert agrees(products, exact)
    assert not agrees(products, 4 * p * (1 - p) * np.exp(-1.1 * lags * STEP)), "10 % faster"
    power = np.abs(np.fft.rfft(fluctuation, axis=1)[:, 1:]) ** 2 / 4000
    omega = 2 * np.pi * np.arange(1, power.shape[1] + 1) / 4000
    corner = np.searchsorted(omega, STEP)  # omega tau0 = 1
    low, half = power[:, :6].mean(axis=1), power[:, corner - 3 : corner + 3].mean(axis=1)
    # The periodogram of a finite trace leaks a little; the chain's own spectrum is the Lorentzian to order STEP^2.
    assert abs(half.mean() / low.mean() - 0.5) < 5 * 0.5 * np.hypot(
        half.std() / half.mean(), low.std() / low.mean()
    ) / np.sqrt(len(seen))
