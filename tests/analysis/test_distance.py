"""Scores of perfect samplers against their stated floors, and samplers that are wrong against the same floors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.special import ndtr

from thermosim.analysis.distance import (
    coincidence_times,
    covariance_error,
    histogram_distances,
    kolmogorov_smirnov,
    moment_error,
    relative_entropy,
    relative_entropy_floor,
    total_variation,
    total_variation_floor,
)
from thermosim.contracts import Floats

LAWS = [np.array([0.45, 0.55]), np.array([0.02, 0.98]), np.array([0.7, 0.2, 0.1]), np.exp(-np.arange(300.0) / 20)]


@pytest.mark.parametrize("weights", LAWS)
@pytest.mark.parametrize("draws", [200, 5000])
def test_floors_are_the_scores_of_a_perfect_sampler(weights: Floats, draws: int) -> None:
    p, trials = weights / weights.sum(), 2000
    counts = np.random.default_rng(0).multinomial(draws, p, size=trials) / draws
    for measure, floor in ((total_variation, total_variation_floor), (relative_entropy, relative_entropy_floor)):
        scores = np.array([measure(frequency, p) for frequency in counts])
        mean, spread = floor(p, draws)
        error = scores.std(ddof=1) / math.sqrt(trials)
        assert abs(scores.mean() - mean) < 5 * error + 0.01 * mean * (draws < 1000)
        assert spread == pytest.approx(scores.std(ddof=1), rel=0.2)
        # half as many draws is told apart
        assert abs(scores.mean() - floor(p, draws / 2)[0]) > 5 * error


def test_floors_of_a_four_by_four_torus() -> None:
    """The floor of 2^16 states falls from 0.12 to 0.013 between 1e5 and 1e7 draws, as independent draws do."""
    from thermosim.circuit.program import IsingLaw
    from thermosim.ideal.exact import probabilities

    sites = np.arange(16).reshape(4, 4)
    edges = np.concatenate([np.stack([sites, np.roll(sites, -1, axis)], -1).reshape(-1, 2) for axis in (0, 1)])
    edges.sort(axis=1)
    weights = np.random.default_rng(0).choice([-0.5, 0.5], len(edges))
    p = probabilities(IsingLaw(edges, weights, np.zeros(16), 1.0))
    for draws in (10**5, 10**6):
        frequency = np.random.default_rng(draws).multinomial(draws, p) / draws
        mean, spread = total_variation_floor(p, draws)
        assert abs(total_variation(frequency, p) - mean) < 5 * spread


def lazy_states(p: Floats, keep: float, chains: int, draws: int, seed: int) -> np.ndarray:
    """Chains that keep their state with probability `keep` and else draw anew: tau = (1 + keep) / (1 - keep)."""
    rng = np.random.default_rng(seed)
    renew = rng.random((chains, draws)) > keep
    renew[:, 0] = True
    last = np.maximum.accumulate(np.where(renew, np.arange(draws), 0), axis=1)
    return np.take_along_axis(rng.choice(len(p), size=(chains, draws), p=p), last, axis=1)


def test_correlated_histogram_scores_its_floor_and_a_wrong_law_does_not() -> None:
    p = np.exp(-np.arange(64.0) / 9)
    p /= p.sum()
    states = lazy_states(p, 0.6, 16, 4000, seed=1)
    frequency = np.bincount(states.ravel(), minlength=64) / states.size
    assert coincidence_times(states, frequency, np.zeros(64, int))[0] == pytest.approx(4.0, rel=0.1)
    for distance in histogram_distances(states, p, "as drawn"):
        assert abs(distance.excess) < 5
        assert distance.error < distance.value
    hotter = p**0.85 / (p**0.85).sum()
    for distance in histogram_distances(states, hotter, "as drawn"):
        assert distance.excess > 5


def test_jackknife_error_is_the_scatter_of_a_wrong_sampler() -> None:
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.45, 0.3, 0.25])
    found = [histogram_distances(lazy_states(q, 0.0, 4, 1000, seed), p, "x")[0] for seed in range(200)]
    values = np.array([one.value for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(values.std(ddof=1), rel=5 / math.sqrt(2 * 200) + 0.05)


def test_states_that_never_change_leave_no_length() -> None:
    stuck = np.zeros((4, 100), dtype=np.uint32)
    assert histogram_distances(stuck, np.array([0.5, 0.5]), "x")[0].value == pytest.approx(0.5)
    assert math.isnan(coincidence_times(stuck, np.array([1.0, 0.0]), np.zeros(2, int))[0])


@pytest.mark.parametrize("tau", [1, 9])
def test_kolmogorov_smirnov_of_correlated_normals(tau: int) -> None:
    phi = (tau - 1) / (tau + 1)
    noise = np.random.default_rng(2).standard_normal((64, 16, 1500)) * math.sqrt(1 - phi**2)
    noise[..., 0] /= math.sqrt(1 - phi**2)
    x = lfilter([1.0], [1.0, -phi], noise, axis=-1)
    right = [kolmogorov_smirnov(ndtr(one), "normal", tau, "KS") for one in x]
    scores = np.array([one.value for one in right])
    floor, spread = right[0].floor, right[0].floor_spread
    if tau == 1:
        assert abs(scores.mean() - floor) < 5 * spread / math.sqrt(len(x)) + 0.02 * floor
    # the error of a correlated chain is smoother than that of independent draws: never above their floor
    assert 0.5 * floor < scores.mean() < floor + 5 * spread / math.sqrt(len(x))
    assert scores.std(ddof=1) == pytest.approx(spread, rel=0.5)
    wrong = kolmogorov_smirnov(ndtr(x[:8].reshape(128, 1500) / 1.1), "normal", tau, "KS")
    assert wrong.excess > 5
    assert abs(wrong.value - 0.0231) < 5 * wrong.error


def test_covariance_of_gaussian_draws() -> None:
    covariance = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, -0.3], [0.0, -0.3, 0.7]])
    rng = np.random.default_rng(3)
    perfect = rng.multivariate_normal(np.zeros(3), covariance, size=40_000)
    samples = rng.multivariate_normal(np.zeros(3), covariance, size=(200, 1000))
    found = [covariance_error(np.cov(one.T), covariance, perfect, "x", 1000) for one in samples]
    scores = np.array([one.value for one in found])
    assert abs(scores.mean() - found[0].floor) < 5 * scores.std() / math.sqrt(200) + 0.02 * found[0].floor
    exact = math.sqrt((np.sum(covariance**2) + np.trace(covariance) ** 2) / 1000) / np.linalg.norm(covariance)
    assert math.hypot(found[0].floor, found[0].floor_spread) == pytest.approx(exact, rel=0.03)
    hot = covariance_error(1.05 * np.cov(perfect.T), covariance, perfect, "x", 40_000)
    assert hot.excess > 5


def test_moments_against_a_reference_with_errors() -> None:
    rng = np.random.default_rng(4)
    truth = rng.uniform(-0.5, 0.5, 3000)
    own = truth + rng.standard_normal(3000) * np.sqrt((1 - truth**2) / 5000)
    reference = truth + 0.01 * rng.standard_normal(3000)
    square = float((1 - truth**2).mean()) / 5000 + 0.01**2
    right = moment_error(own, reference, "x", square, 0.0, 3000, 5000, "pairs")
    assert abs(right.excess) < 5
    assert moment_error(1.05 * own, reference, "x", square, 0.0, 3000, 5000, "pairs").excess > 5
    assert moment_error(own, reference, "x", square - 0.01**2, 0.0, 3000, 5000, "pairs").excess > 5


@pytest.mark.parametrize("modes", [1, 8, 200])
def test_moments_that_move_together_scatter_as_few_do(modes: int) -> None:
    n, trials = 200, 400
    rng = np.random.default_rng(5)
    errors = rng.standard_normal((trials, modes)).repeat(n // modes, axis=1)
    found = [moment_error(one, np.zeros(n), "x", 1.0, 0.0, modes, 1.0, "means") for one in errors]
    excess = np.array([one.excess for one in found])
    assert abs(excess.mean()) < 5 / math.sqrt(trials)
    # the excess kurtosis of a half-normal score is 0.87, so this error is a little above that of a normal one
    assert abs(excess.std(ddof=1) - 1) < 5 * math.sqrt((2 + 0.87) / (4 * trials))
    if modes < n:
        taken_apart = [moment_error(one, np.zeros(n), "x", 1.0, 0.0, n, 1.0, "means").excess for one in errors]
        assert np.std(taken_apart) > 1 + 5 * math.sqrt((2 + 0.87) / (4 * trials))


def test_what_cannot_vary_is_exceeded_by_nothing_or_without_limit() -> None:
    assert moment_error(np.ones(3), np.ones(3), "x", 0.0, 0.0, 1.0, 1.0, "means").excess == 0
    assert moment_error(np.zeros(3), np.ones(3), "x", 0.0, 0.0, 1.0, 1.0, "means").excess == math.inf


def test_a_law_without_scatter_has_no_covariance_error() -> None:
    with pytest.raises(ValueError, match="without any scatter"):
        covariance_error(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((9, 1)), "x", 9.0)


@pytest.mark.filterwarnings("error")
def test_entropy_from_a_law_that_almost_forbids_a_state_is_finite() -> None:
    assert relative_entropy(np.array([0.5, 0.5]), np.array([1.0, 1e-320])) == pytest.approx(
        math.log(0.5) - 0.5 * math.log(1e-320), rel=1e-3
    )
