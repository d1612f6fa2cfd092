"""Floors of histograms of correlated states: a known spectrum, a frustrated torus, a chip that hid below."""

from __future__ import annotations

import numpy as np
import pytest
from small_fabrics import boltzmann, fabric, spins

from thermosim.analysis import distance
from thermosim.analysis.distance import alike, coincidence_times, histogram_distances, total_variation_floor
from thermosim.engine.fabric import FabricRunner

MEMORY = np.array([0.0, 0.3, 0.6, 0.8, 0.9])
TILTS = np.array([0.2, 0.5, -0.3, 0.4, -0.6])
"""P-bits that do not couple: P(i up at t + k | up at t) = p_i + (1 - p_i) memory_i^k."""


def run(chip, seed, replicas, sweeps):
    part = FabricRunner(chip, seed, replicas)
    part.advance(1000)
    return part.advance(sweeps, record=True)["s:states"]


def product_times():
    """tau of every state of the uncoupled p-bits: P(s_t+k = s | s_t = s) is a product over them."""
    p = 1 / (1 + np.exp(-2 * spins(5) * TILTS))
    law = p.prod(axis=1)
    again = np.array([(p + (1 - p) * MEMORY**k).prod(axis=1) for k in range(1, 400)])
    return law, 1 + 2 * ((again - law) / (1 - law)).sum(axis=0)


def test_times_of_uncoupled_p_bits_are_those_of_their_spectrum() -> None:
    _, times = product_times()
    states = run(fabric(np.zeros((5, 5)), TILTS, memory=MEMORY), 1, 64, 20_000)
    frequency = np.bincount(states.ravel(), minlength=32) / states.size
    found = coincidence_times(states, frequency, np.arange(32))
    np.testing.assert_allclose(found, times, rtol=0.05)
    assert times.max() > 2 * times.min()


def test_scores_of_uncoupled_p_bits_are_their_floor() -> None:
    """64 perfect runs: their scores have the floor's mean, and that of normal errors of their exact sizes."""
    law, times = product_times()
    chip = fabric(np.zeros((5, 5)), TILTS, memory=MEMORY)
    found = [histogram_distances(run(chip, seed, 16, 2000), law, "x")[0] for seed in range(64)]
    scores, floors = np.array([one.value for one in found]), np.array([one.floor for one in found])
    error = scores.std(ddof=1) / 8
    normal = np.sqrt(law * (1 - law) * times / 32_000 / (2 * np.pi)).sum()
    assert abs(scores.mean() - normal) < 5 * error
    assert abs(scores.mean() - floors.mean()) < 5 * error
    assert abs(scores.mean() - 1.25 * floors.mean()) > 5 * error
    assert abs(scores.mean() - 0.75 * floors.mean()) > 5 * error


def torus(beta=1.0, memory=0.0):
    """Sixteen p-bits on a 4 x 4 torus with weights +-1/2: the chip and its law at beta 1."""
    sites, matrix = np.arange(16).reshape(4, 4), np.zeros((16, 16))
    edges = np.concatenate([np.stack([sites, np.roll(sites, -1, axis)], -1).reshape(-1, 2) for axis in (0, 1)])
    for (i, j), weight in zip(edges, np.random.default_rng(0).choice([-0.5, 0.5], len(edges)), strict=True):
        matrix[i, j] = matrix[j, i] = weight
    return fabric(matrix, np.zeros(16), beta=beta, memory=memory), boltzmann(matrix, np.zeros(16))


@pytest.mark.parametrize(("memory", "beyond"), [(0.0, 0.02), (0.7, 0.07)])
def test_a_perfect_torus_scores_its_floor(memory, beyond) -> None:
    """Never above it by more than a hundredth, below it by no more than the docstring of the module says."""
    chip, law = torus(memory=memory)
    found = [histogram_distances(run(chip, seed, 16, 4000), law, "x") for seed in range(6)]
    for one in zip(*found, strict=True):
        ratio = np.array([each.value / each.floor for each in one])
        assert 1 - beyond < ratio.mean() < 1.01
        assert max(each.excess for each in one) < 5


def test_a_chip_that_hid_below_one_time_for_all_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """3 % hotter, with memory: its score lies below the floor of one time for all states and above that of groups."""
    chip, law = torus(beta=0.97, memory=0.7)
    states = run(chip, 1, 16, 20_000)
    for one in histogram_distances(states, law, "x"):
        assert one.excess > 5
    monkeypatch.setattr(distance, "alike", lambda p: np.zeros(len(p), dtype=np.int64))
    for one in histogram_distances(states, law, "x"):
        assert one.excess < -2


def test_groups_hold_equal_shares() -> None:
    p = np.exp(-np.arange(5000) / 700.0)
    p /= p.sum()
    groups = alike(p)
    share = np.bincount(groups, np.sqrt(p * (1 - p)))
    assert len(share) == distance.GROUPS
    assert share.max() < 1.1 * share.min()
    assert np.all(np.diff(groups) <= 0), "likelier states in higher groups"
    assert not alike(np.array([0.0, 1.0])).any()


def test_a_floor_of_unlike_lengths_is_that_of_its_halves() -> None:
    """Means add up over states, and equal lengths are one length."""
    p = np.array([0.1, 0.2, 0.3, 0.4])
    assert total_variation_floor(p, np.full(4, 900.0)) == total_variation_floor(p, 900.0)
    short, long = total_variation_floor(p, 100.0)[0], total_variation_floor(p, 10_000.0)[0]
    mixed = total_variation_floor(p, np.array([100.0, 10_000.0, 100.0, 10_000.0]))[0]
    other = total_variation_floor(p, np.array([10_000.0, 100.0, 10_000.0, 100.0]))[0]
    assert mixed + other == pytest.approx(short + long, rel=1e-12)


def test_states_that_err_together_scatter_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """One slow p-bit beside six fast ones moves all states at once: scores keep to the stated spread."""
    tilts = np.full(7, 0.1)
    chip = fabric(np.zeros((7, 7)), tilts, memory=np.array([0.98, 0, 0, 0, 0, 0, 0]))
    law = boltzmann(np.zeros((7, 7)), tilts)
    runs = [run(chip, seed, 32, 1500) for seed in range(64)]
    for quantity in (0, 1):
        excess = np.array([histogram_distances(states, law, "x")[quantity].excess for states in runs])
        assert abs(excess.mean()) < 1, "the slow mode is too faint for the window, but not for the spread"
        assert excess.std(ddof=1) < 1.5
    monkeypatch.setattr(distance, "shared_error", lambda parts, size: 0.0)
    alone = [histogram_distances(states, law, "x")[0].excess for states in runs]
    assert np.std(alone, ddof=1) > 2
