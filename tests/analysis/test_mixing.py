"""Autocorrelation times against processes whose times are known, and the verdicts on runs that must not be believed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from thermosim.analysis.mixing import assess, integrated_time, overall, split_rhat, windowed, worst
from thermosim.contracts import Floats


def first_order(phi: float, chains: int, draws: int, seed: int) -> Floats:
    """Stationary AR(1) chains of unit variance: tau_int = (1 + phi) / (1 - phi)."""
    noise = np.random.default_rng(seed).standard_normal((chains, draws)) * math.sqrt(1 - phi**2)
    noise[:, 0] /= math.sqrt(1 - phi**2)
    return np.asarray(lfilter([1.0], [1.0, -phi], noise, axis=1))


@pytest.mark.parametrize("tau", [1, 3, 19, 199])
def test_first_order_process_has_its_time(tau: float) -> None:
    x = first_order((tau - 1) / (tau + 1), 64, 1000 + 100 * tau, seed=1)
    found = assess("x", x)
    assert found.verdict == "ok"
    assert abs(found.tau - tau) < 5 * found.tau_error
    assert found.tau_error < 0.2 * tau
    assert found.ess == pytest.approx(x.size / found.tau)
    # the other convention, the integral of the correlation, is rejected at this length
    assert abs(found.tau - tau / 2) > 5 * found.tau_error


def test_the_stated_error_is_the_scatter() -> None:
    found = [integrated_time(first_order(0.8, 2, 2000, seed)) for seed in range(200)]
    scatter = np.std([one.tau for one in found], ddof=1)
    stated = np.mean([one.error for one in found])
    assert abs(scatter / stated - 1) < 5 / math.sqrt(2 * 200)
    bias = np.mean([one.tau for one in found]) - 9.0
    assert abs(bias) < 5 * scatter / math.sqrt(200)


def test_mode_recorded_every_half_relaxation_time() -> None:
    x = first_order(math.exp(-0.5), 64, 4000, seed=2)
    mode, square = assess("mode", x), assess("square", x**2)
    assert abs(mode.tau - 4.083) < 5 * mode.tau_error
    assert abs(square.tau - 2.164) < 5 * square.tau_error
    assert abs(square.tau - 4.083) > 5 * square.tau_error


def test_isolated_p_bit_that_keeps_a_share_of_its_state() -> None:
    rng = np.random.default_rng(3)
    forget = rng.random((64, 4000)) > math.exp(-1)
    forget[:, 0] = True
    last = np.maximum.accumulate(np.where(forget, np.arange(4000), 0), axis=1)
    x = np.take_along_axis(np.where(rng.random((64, 4000)) < 0.55, 1.0, -1.0), last, axis=1)
    found = assess("s", x)
    assert abs(found.tau - 1 / math.tanh(0.5)) < 5 * found.tau_error
    assert abs(found.tau - 1 / math.tanh(0.25)) > 5 * found.tau_error


def test_oscillation_does_not_close_the_window_early() -> None:
    phi = -0.9
    found = assess("x", first_order(phi, 64, 4000, seed=4))
    assert abs(found.tau - (1 + phi) / (1 - phi)) < 5 * found.tau_error
    r, w = 0.98, 0.3
    noise = np.random.default_rng(5).standard_normal((64, 12_000))
    y = lfilter([1.0], [1.0, -2 * r * math.cos(w), r * r], noise, axis=1)[:, 1000:]
    # spectral density at zero over the variance of an AR(2) process
    a1, a2 = 2 * r * math.cos(w), -r * r
    variance = (1 - a2) / ((1 + a2) * ((1 - a2) ** 2 - a1**2))
    ringing = assess("y", y)
    assert abs(ringing.tau - 1 / (1 - a1 - a2) ** 2 / variance) < 5 * ringing.tau_error


@pytest.mark.parametrize("frozen", [np.zeros(8), np.arange(8.0), np.array([1.0] * 7 + [-1.0])])
def test_replicas_that_never_moved_are_stuck(frozen: Floats) -> None:
    found = assess("x", np.repeat(frozen[:, None], 1000, axis=1))
    assert found.verdict == "stuck"
    assert math.isnan(found.tau)
    assert math.isnan(found.ess)


def test_rounding_noise_on_a_frozen_value_is_no_motion() -> None:
    x = 0.1 * (1 + 1e-16 * np.random.default_rng(0).integers(-2, 3, (4, 1000)))
    assert assess("x", x).verdict == "stuck"


def test_one_frozen_replica_among_many_is_seen() -> None:
    x = first_order(0.5, 64, 4000, seed=6)
    x[3] = x[3, 0]
    found = assess("x", x)
    assert found.verdict == "stuck"
    assert found.reason == "1 of 64 chains never moved"


def test_rare_flips_that_some_replicas_never_saw_are_not_stuck() -> None:
    x = np.where(np.random.default_rng(7).random((64, 4000)) < 2e-4, 1.0, -1.0)
    assert (np.ptp(x, axis=1) == 0).any()
    assert assess("x", x).verdict == "ok"


def test_replicas_in_different_wells_are_not_settled() -> None:
    x = first_order(0.5, 16, 2000, seed=8)
    x[::2] += 4.0
    found = assess("x", x)
    assert found.verdict == "not settled"
    assert "chains disagree" in found.reason


def test_drift_common_to_all_replicas_is_not_settled() -> None:
    x = first_order(0.5, 64, 4000, seed=9) + 3 * np.exp(-np.arange(4000) / 400)
    found = assess("x", x)
    assert found.verdict == "not settled"
    assert "all chains drift" in found.reason


def test_small_slow_part_that_the_window_misses_is_found_between_chains() -> None:
    fast, slow = first_order(0.0, 64, 4000, seed=10), first_order(0.999, 64, 4000, seed=11)
    x = math.sqrt(0.98) * fast + math.sqrt(0.02) * slow
    assert integrated_time(x).tau < 3
    assert assess("x", x).tau > 10


@pytest.mark.parametrize(("tau", "draws"), [(40.0, 1000), (9.0, 200), (400.0, 4000)])
def test_short_runs_are_too_short_whatever_r_hat_says(tau: float, draws: int) -> None:
    found = assess("x", first_order((tau - 1) / (tau + 1), 64, draws, seed=12))
    assert found.verdict == "too short" or (found.rhat > 1.1 and found.verdict == "not settled")
    assert assess("x", np.zeros((4, 5)) + np.arange(5)).verdict == "too short"


def test_settled_chains_raise_no_alarm() -> None:
    """70 tau a chain: R-hat passes 1.01 although nothing is wrong."""
    seen = [assess("x", first_order(0.9, 8, 70 * 19, seed)) for seed in range(300)]
    assert any(one.rhat > 1.01 for one in seen)
    assert not any(one.verdict in ("not settled", "stuck") for one in seen)


def test_split_r_hat_is_that_of_arviz() -> None:
    from arviz_stats.base import array_stats

    x = first_order(0.9, 4, 500, seed=13) + np.arange(4)[:, None]
    assert split_rhat(x) == pytest.approx(float(array_stats.rhat(x, chain_axis=0, draw_axis=1, method="split")))


def test_window_of_a_known_correlation() -> None:
    found = windowed(0.5 ** np.arange(200.0), samples=10**12)
    assert found.tau == pytest.approx(3.0, rel=1e-4)
    assert found.window == 18
    assert not windowed(0.999 ** np.arange(200.0), samples=10**6).closed


def test_worst_and_overall() -> None:
    slow, fast = assess("slow", first_order(0.9, 8, 4000, 14)), assess("fast", first_order(0.0, 8, 4000, 15))
    stuck = assess("stuck", np.ones((8, 4000)))
    assert worst([fast, slow, stuck]) is slow
    assert overall([fast, slow]) == "ok"
    assert overall([fast, stuck, slow]) == "stuck"
    assert worst([stuck]) is None


@pytest.mark.filterwarnings("error")
def test_a_first_half_that_never_moved_has_no_time_and_raises_no_warning() -> None:
    assert math.isnan(integrated_time(np.ones((4, 100))).tau)
    x = np.zeros((8, 2000))
    x[:, 1500:] = np.random.default_rng(0).choice([0.0, 1.0], (8, 500))
    assert assess("x", x).verdict == "not settled"


def test_a_handful_of_draws_is_too_short_however_small_chance_makes_its_time():
    """Of many chains of 20 independent draws some seem antithetic: tau 0.05 is no reason to believe 400."""
    draws = np.random.default_rng(1).standard_normal((400, 1, 20))
    found = [assess("x", chain) for chain in draws]
    assert min(one.tau for one in found) == 1 / np.log10(20)
    assert "ok" not in {one.verdict for one in found}
    assert {one.reason for one in found if one.tau < 1 and one.verdict == "too short"} == {
        "20 samples a chain; 50 are needed at least"
    }
