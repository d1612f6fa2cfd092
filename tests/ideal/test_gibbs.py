"""The ideal heat-bath sampler against enumeration; a sampler at another temperature is told apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from thermosim.analysis.mixing import integrated_time
from thermosim.circuit.program import IsingLaw
from thermosim.ideal.exact import energies, heat_bath, means, probabilities, spin
from thermosim.ideal.gibbs import BLOCKS, LANES, HeatBath, neighbours, run, speed


@pytest.fixture(scope="module")
def law() -> IsingLaw:
    rng = np.random.default_rng(1)
    pairs = np.array([(i, j) for i in range(10) for j in range(i + 1, 10)])
    edges = pairs[rng.permutation(len(pairs))[:18]]
    return IsingLaw(edges, rng.normal(0, 0.5, 18), rng.normal(0, 0.3, 10), 0.9)


@pytest.fixture(scope="module")
def sampled(law: IsingLaw) -> HeatBath:
    return run(law, [(0, 4), (4, 6)], chains=64, sweeps=8000, burn_in=200, seed=1)


def test_means_are_those_of_the_law(law: IsingLaw, sampled: HeatBath) -> None:
    single, pair = means(law)
    z = np.concatenate(
        [(sampled.spin.mean - single) / sampled.spin.error, (sampled.pair.mean - pair) / sampled.pair.error]
    )
    # standard errors from 2 x 16 blocks: Student's t with 31 degrees, beyond 6.0 with probability 1e-6
    assert np.abs(z).max() < 6.6
    assert 0.5 < np.std(z) < 1.6
    _, hot_pair = means(replace(law, beta=0.95 * law.beta))
    assert np.abs((sampled.pair.mean - hot_pair) / sampled.pair.error).max() > 6.6


def test_energy_and_array_means_are_followed_exactly(law: IsingLaw, sampled: HeatBath) -> None:
    p, e = probabilities(law), energies(law)
    assert sampled.energy.shape == (64, 8000)
    time = integrated_time(sampled.energy)
    error = np.sqrt(p @ (e - p @ e) ** 2 * time.tau / sampled.energy.size)
    assert abs(sampled.energy.mean() - p @ e) < 5 * error
    assert -float(law.weights @ sampled.pair.mean + law.biases @ sampled.spin.mean) == pytest.approx(
        sampled.energy.mean(), abs=1e-4
    )
    np.testing.assert_allclose(sampled.magnetisation[0].mean(), sampled.spin.mean[:4].mean(), atol=1e-12)
    np.testing.assert_allclose(sampled.magnetisation[1].mean(), sampled.spin.mean[4:].mean(), atol=1e-12)


def test_times_are_those_of_the_exact_sweep(law: IsingLaw, sampled: HeatBath) -> None:
    operator, p = heat_bath(law), probabilities(law)
    time = integrated_time(sampled.energy)
    exact = operator.integrated_time(p, energies(law))
    assert abs(time.tau - exact) < 5 * time.error
    single = [operator.integrated_time(p, spin(i, 10)) * (1 - float(p @ spin(i, 10)) ** 2) for i in range(10)]
    variance = 10 - (np.array([p @ spin(i, 10) for i in range(10)]) ** 2).sum()
    assert sampled.spin.time == pytest.approx(sum(single) / variance, rel=5 * np.sqrt(2 / (2 * BLOCKS - 1) / 10))


def test_same_seed_same_bits_whatever_the_threads(law: IsingLaw) -> None:
    one = run(law, [(0, 10)], chains=64, sweeps=50, burn_in=10, seed=7, threads=1)
    two = run(law, [(0, 10)], chains=64, sweeps=50, burn_in=10, seed=7, threads=2)
    other = run(law, [(0, 10)], chains=64, sweeps=50, burn_in=10, seed=8)
    np.testing.assert_array_equal(one.energy, two.energy)
    np.testing.assert_array_equal(one.pair.mean, two.pair.mean)
    assert not np.array_equal(one.energy, other.energy)
    assert run(law, [(0, 10)], chains=3, sweeps=50, burn_in=10, seed=7).energy.shape == (LANES, 50)


def test_neighbours_are_symmetric_and_scaled() -> None:
    law = IsingLaw(np.array([[0, 2], [1, 2]]), np.array([0.5, -1.0]), np.zeros(3), 2.0)
    table, coupling = neighbours(law)
    np.testing.assert_array_equal(table, [[2, 0, 0, 0], [2, 0, 0, 0], [0, 1, 0, 0]])
    np.testing.assert_array_equal(coupling, np.array([[2, 0, 0, 0], [-4, 0, 0, 0], [2, -4, 0, 0]], dtype=np.float32))


def test_spins_without_couplings() -> None:
    law = IsingLaw(np.zeros((0, 2), dtype=np.int64), np.zeros(0), np.array([0.1, -2.0]), 1.0)
    found = run(law, [(0, 2)], chains=64, sweeps=2000, burn_in=10, seed=1)
    assert np.abs((found.spin.mean - np.tanh([0.1, -2.0])) / found.spin.error).max() < 6.6


def test_projections_follow_the_spins(law: IsingLaw) -> None:
    first, second = np.where(np.arange(10) < 4, 1, 0), np.where(np.arange(10) >= 4, 1, 0)
    signs = np.stack([first + second, first - second]).astype(np.int8)
    found = run(law, [(0, 4), (4, 6)], chains=32, sweeps=300, burn_in=10, seed=3, signs=signs)
    a, b = 4 * found.magnetisation[0], 6 * found.magnetisation[1]
    np.testing.assert_allclose(found.projection, np.stack([a + b, a - b]) / np.sqrt(10), atol=1e-6)


def test_one_slow_mode_is_one_moment_and_free_spins_are_many() -> None:
    sites = np.arange(36).reshape(6, 6)
    edges = np.concatenate([np.stack([sites, np.roll(sites, -1, axis)], -1).reshape(-1, 2) for axis in (0, 1)])
    edges.sort(axis=1)
    slow = run(IsingLaw(edges, np.full(72, 0.4), np.zeros(36), 1.0), [(0, 36)], 64, 4000, 400, 1)
    free = run(IsingLaw(edges, np.zeros(72), np.zeros(36), 1.0), [(0, 36)], 64, 4000, 400, 1)
    assert slow.spin.independent < 2
    assert free.spin.independent > 25
    mean = integrated_time(slow.magnetisation[0])
    error = slow.magnetisation[0].std() * np.sqrt(mean.tau / slow.energy.size)
    # 31 degrees of freedom of a single mode
    assert abs(np.sqrt((slow.spin.error**2).mean()) / error - 1) < 5 / np.sqrt(2 * 31)


def test_bare_sweeps_are_timed_for_one_chain(law: IsingLaw) -> None:
    found = speed(law, 40)
    assert found.chains == 64
    assert 0 < found.seconds < 1e-3
