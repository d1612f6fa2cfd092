"""Moments of a normal on an interval, and what one code tells, against quadrature."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, truncnorm

from thermosim.kernels.knowledge import cell, pass_by, take_codes, take_readings

FAR = 5.0  # standard errors: p < 1e-6


@pytest.mark.parametrize(
    ("a", "b"),
    [(-1.0, 2.0), (0.3, 0.31), (0.3, 0.34), (-math.inf, 0.7), (2.0, math.inf), (-8.0, -6.5), (5.0, 5.001), (5.0, 5.009), (7.0, 7.02), (-0.2, 0.1)],
)
def test_a_cell_has_the_probability_mean_and_variance_of_the_cut_normal(a, b):
    log, mean, variance = cell(a, b)
    wanted = quad(norm.pdf, a, b, epsabs=0, epsrel=1e-13)[0]
    assert log == pytest.approx(math.log(wanted), rel=1e-9, abs=1e-9)
    first = quad(lambda x: x * norm.pdf(x), a, b, epsabs=1e-300, epsrel=1e-13)[0] / wanted
    second = quad(lambda x: (x - first) ** 2 * norm.pdf(x), a, b, epsabs=1e-300, epsrel=1e-12)[0] / wanted
    assert mean == pytest.approx(first, rel=1e-7)
    assert variance == pytest.approx(second, rel=1e-6)
    mirrored = cell(-b, -a)
    assert mirrored == pytest.approx((log, -mean, variance), rel=1e-12)


def test_far_tails_stay_finite_and_right():
    for a, b in ((32.0, math.inf), (45.0, 45.5), (40.0, 40.0001), (-math.inf, -50.0), (-33.0, -32.5)):
        log, mean, _ = cell(a, b)
        wanted = norm.logsf(a) if b == math.inf else norm.logcdf(b) if a == -math.inf else None
        if wanted is not None:
            assert log == pytest.approx(wanted, rel=2e-6)
        assert a <= mean <= b
        assert mean == pytest.approx(truncnorm(a, b).mean() if abs(a) < 35 else min(a, b, key=abs), rel=2e-3)


def one_code(noise, levels, believed=1.0, replicas=400_000, seed=4):
    """A standard normal state, one code of it: nats told, squares, and the code; `believed`: prior variance."""
    generator = np.random.default_rng(seed)
    state = generator.standard_normal((1, replicas))
    x = 1.1 * state + 0.2 + noise * generator.standard_normal((1, replicas))
    codes = np.searchsorted(levels, x[0], side="right")[np.newaxis]
    mean, own = np.zeros((1, replicas)), np.full((replicas, 1, 1), believed)
    told, squares = np.zeros((2, replicas))
    rows, one = np.zeros(1, dtype=np.int64), np.ones(1)
    take_codes(mean, own, rows, 1.1 * one, 0.2 * one, noise * one, levels[np.newaxis], codes, state, told, squares)
    return told, squares, codes[0], mean[0], own[:, 0, 0], state[0]


def deviation(values, exact):
    return abs(values.mean() - exact) / values.std() * math.sqrt(values.size)


@pytest.mark.parametrize("noise", [0.0, 0.6])
def test_a_first_code_tells_its_mutual_information_with_the_state(noise):
    levels = np.array([-0.9, 0.1, 0.5])
    told, squares, codes, mean, own, state = one_code(noise, levels)
    edges = np.array([-np.inf, *levels, np.inf])

    def given(v):
        if noise == 0:
            return np.diff((edges > 1.1 * v + 0.2).astype(float))
        return np.diff(norm.cdf((edges - 1.1 * v - 0.2) / noise))

    grid = np.linspace(-8, 8, 40_001)
    weight = norm.pdf(grid) * (grid[1] - grid[0])
    table = np.array([given(v) for v in grid])
    marginal = weight @ table
    exact = weight @ np.where(table > 0, table * np.log(np.where(table > 0, table, 1) / marginal), 0).sum(axis=1)
    assert deviation(told, exact) < FAR
    assert deviation(squares, 1.0) < FAR
    if noise:  # each code could have come from any state
        assert deviation(np.exp(-told), 1.0) < FAR
    for code in range(4):  # the belief afterwards: exact moments given the code
        here = codes == code
        assert deviation(state[here], mean[here][0]) < FAR
        spread = (state[here] - mean[here][0]) ** 2
        assert deviation(spread, own[here][0]) < FAR
    wrong = one_code(noise, levels, believed=2.0)
    assert wrong[0].mean() > exact  # any other normalised law tells too much ...
    assert deviation(wrong[0], exact) > FAR
    assert deviation(wrong[1], 1.0) > FAR  # ... and its squares show it


def test_fine_codes_tell_what_the_reading_tells():
    levels = np.linspace(-6, 6, 2**12 + 1)[1:-1]
    told = one_code(0.6, levels)[0]
    exact = 0.5 * math.log(1 + 1.1**2 / 0.6**2)
    assert deviation(told, exact) < FAR
    generator = np.random.default_rng(1)
    state = generator.standard_normal((1, 400_000))
    seen = 1.1 * state + 0.2 + 0.6 * generator.standard_normal(state.shape)
    nats, squares, shared = np.zeros(state.size), np.zeros(state.size), np.ones((1, 1, 1))
    rows, one = np.zeros(1, dtype=np.int64), np.ones(1)
    take_readings(np.zeros_like(state), shared, rows, 1.1 * one, 0.2 * one, 0.6 * one, seen, state, nats, squares)
    assert deviation(nats, exact) < FAR
    assert deviation(squares, 1.0) < FAR
    assert shared[0, 0, 0] == pytest.approx(1 / (1 + 1.1**2 / 0.6**2), rel=1e-12)


def exact_surprise(codes, levels, decay, spread, points=401):
    """-ln P(c_k | c_1 .. c_k-1) of a noiseless quantiser of a relaxing normal, by Bayes on a grid (time, replica)."""
    grid = np.linspace(-6, 6, points)
    move = np.exp(-((grid[:, np.newaxis] - decay * grid) ** 2) / (2 * spread))
    move /= move.sum(axis=0)
    weight = np.repeat(norm.pdf(grid)[:, np.newaxis], codes.shape[1], axis=1)
    cells = np.searchsorted(levels, grid, side="right")
    surprise = np.empty(codes.shape)
    for k, seen in enumerate(codes):
        weight /= weight.sum(axis=0)
        kept = weight * (cells[:, np.newaxis] == seen)
        surprise[k] = -np.log(kept.sum(axis=0))
        weight = move @ kept
    return surprise


@pytest.mark.parametrize("levels", [(-0.705, 0.165, 0.795), (0.255,)])
def test_the_belief_by_moments_bounds_what_codes_tell_and_closely(levels):
    """One and two bits of a sensor without noise, ten in a relaxation time; levels lie between points of the grid."""
    decay, replicas, times = math.exp(-0.1), 1500, 60
    spread, levels = 1 - decay**2, np.array(levels)
    generator = np.random.default_rng(6)
    state = generator.standard_normal((1, replicas))
    mean, own = np.zeros((1, replicas)), np.ones((replicas, 1, 1))
    told, codes = np.zeros(replicas), np.empty((times, replicas), dtype=np.int64)
    rows, one = np.zeros(1, dtype=np.int64), np.ones(1)
    for k in range(times):
        codes[k] = np.searchsorted(levels, state[0], side="right")
        seen = codes[k : k + 1]
        take_codes(mean, own, rows, one, 0 * one, 0 * one, levels[np.newaxis], seen, state, told, np.zeros(replicas))
        pass_by(mean, own, decay * np.eye(1), np.zeros((1, replicas)), spread * np.eye(1))
        state = decay * state + math.sqrt(spread) * generator.standard_normal((1, replicas))
    exact = exact_surprise(codes, levels, decay, spread).sum(axis=0)
    above = told - exact
    assert above.mean() > -FAR * above.std() / math.sqrt(replicas)
    assert above.mean() < 0.003 * exact.mean()
    assert exact.mean() < times * math.log(len(levels) + 1)
