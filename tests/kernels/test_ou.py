"""Exact steps: the law of a driven network out of equilibrium, and bits that depend on no company and no chunking."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import chi2

from thermosim.analysis.linear import drift, mean, stationary
from thermosim.analysis.propagator import propagator
from thermosim.constants import BOLTZMANN
from thermosim.kernels.ou import product, step, steps

P_MIN = 1e-6
CAPACITANCE = np.diag([1e-12, 2e-12])
CONDUCTANCE = np.array([[1.5e-6, -0.5e-6], [-0.5e-6, 1 / 3e6 + 0.5e-6]])
NOISE = 2 * BOLTZMANN * 300.0 * np.diag([1e-6, 1 / 3e6])
DRIVE = np.array([[1e-6], [0.0]])
STEP = 0.8e-6
EXACT = propagator(CAPACITANCE, CONDUCTANCE, NOISE, DRIVE, np.zeros(2), STEP)
HELD = 1e-4


def keys(replicas, seed=1):
    return np.random.default_rng(seed).integers(0, 2**64, replicas, dtype=np.uint64)


def p_of(observed, expected_second, count):
    """P value of second moments of Gaussian vectors (count, d), all entries together, by their exact covariance."""
    d = len(expected_second)
    upper = np.triu_indices(d)
    difference = (observed - expected_second)[upper]
    s = expected_second
    pairs = list(zip(*upper, strict=True))
    spread = np.array([[s[i, k] * s[j, m] + s[i, m] * s[j, k] for k, m in pairs] for i, j in pairs]) / count
    return chi2.sf(difference @ np.linalg.solve(spread, difference), len(pairs))


@pytest.fixture(scope="module")
def two_times():
    """Deviations from the mean at two successive steps, 60 steps after the start: (replicas, 4)."""
    replicas = 65536
    state, drive = np.zeros((2, replicas)), EXACT.inputs @ np.array([[HELD], [1.0]])
    out = np.empty((60, 2, replicas))
    steps(state, EXACT.decay, drive, EXACT.factor, keys(replicas), np.uint64(0), np.arange(2), out)
    centre = mean(CONDUCTANCE, DRIVE, np.zeros(2), np.array([HELD]))
    return np.vstack([out[-2], out[-1]]).T - np.tile(centre, 2)


def joint_law(temperature_factor=1.0, transpose=False):
    sigma = temperature_factor * stationary(CAPACITANCE, CONDUCTANCE, NOISE)
    lagged = EXACT.decay.T @ sigma if transpose else EXACT.decay @ sigma
    return np.block([[sigma, lagged.T], [lagged, sigma]])


def test_second_moments_at_two_times(two_times):
    observed = two_times.T @ two_times / len(two_times)
    assert p_of(observed, joint_law(), len(two_times)) > P_MIN
    assert p_of(observed, joint_law(temperature_factor=1.05), len(two_times)) < P_MIN
    assert p_of(observed, joint_law(transpose=True), len(two_times)) < P_MIN


def test_mean_under_a_held_drive(two_times):
    scores = two_times.mean(axis=0) / np.sqrt(np.diag(joint_law()) / len(two_times))
    assert chi2.sf(np.max(scores**2), 1) * scores.size > P_MIN
    missed = HELD * 0.5 / np.sqrt(joint_law()[0, 0] / len(two_times))
    assert chi2.sf(missed**2, 1) < P_MIN, "half the drive would be seen"


def test_without_noise_it_is_the_differential_equation():
    start = np.array([[0.3, -1.0], [0.7, 0.2]])
    state = start.copy()
    for counter in range(5):
        step(state, EXACT.decay, np.zeros((2, 1)), np.zeros((2, 2)), keys(2), np.uint64(counter))
    np.testing.assert_allclose(state, expm(-5 * STEP * drift(CAPACITANCE, CONDUCTANCE)) @ start, rtol=1e-12)


def network(n, replicas, seed=3):
    rng = np.random.default_rng(seed)
    decay = 0.5 * np.eye(n) + 0.3 * rng.normal(size=(n, n)) / np.sqrt(n)
    factor = np.tril(rng.normal(size=(n, n)))
    return rng.normal(size=(n, replicas)), decay, rng.normal(size=(n, replicas)), factor


@pytest.mark.parametrize(("n", "replicas"), [(4, 64), (5, 70), (3, 1), (16, 1), (64, 1), (9, 20), (64, 2), (70, 3)])
def test_many_steps_are_as_many_single_steps(n, replicas):
    """Both vectorisations, sizes beside the tile width, and a cut in the middle: every bit the same."""
    start, decay, drive, factor = network(n, replicas)
    single, streams, count = start.copy(), keys(replicas), 135
    trace = np.empty((count, n, replicas))
    for t in range(count):
        step(single, decay, drive, factor, streams, np.uint64(10 + t))
        trace[t] = single
    for cut in (0, 41, 64):
        state, nodes = start.copy(), np.arange(n)[::-1].copy()
        head, tail = np.empty((cut, n, replicas)), np.empty((count - cut, n, replicas))
        steps(state, decay, drive, factor, streams, np.uint64(10), nodes, head)
        steps(state, decay, drive, factor, streams, np.uint64(10 + cut), nodes, tail)
        assert np.array_equal(np.concatenate([head, tail])[:, ::-1], trace)
        assert np.array_equal(state, single)


def test_a_replica_does_not_depend_on_its_company():
    start, decay, drive, factor = network(6, 130)
    together, streams = start.copy(), keys(130)
    step(together, decay, drive, factor, streams, np.uint64(9))
    for r in (0, 63, 64, 129):
        alone = start[:, r : r + 1].copy()
        step(alone, decay, drive[:, r : r + 1].copy(), factor, streams[r : r + 1], np.uint64(9))
        assert np.array_equal(alone[:, 0], together[:, r])


def test_a_shared_drive_is_the_same_drive_for_all():
    start, decay, drive, factor = network(5, 20)
    shared, each = start.copy(), start.copy()
    step(shared, decay, drive[:, :1].copy(), factor, keys(20), np.uint64(0))
    step(each, decay, np.repeat(drive[:, :1], 20, axis=1), factor, keys(20), np.uint64(0))
    assert np.array_equal(shared, each)


def test_product():
    rng = np.random.default_rng(4)
    matrix, columns = rng.normal(size=(5, 3)), rng.normal(size=(3, 70))
    out, alone = np.empty((5, 70)), np.empty((5, 1))
    product(matrix, columns, out)
    np.testing.assert_allclose(out, matrix @ columns, rtol=1e-12, atol=1e-14)
    product(matrix, columns[:, 66:67].copy(), alone)
    assert np.array_equal(alone[:, 0], out[:, 66])


SMALL = """
import warnings
import numpy as np
from thermosim.kernels.ou import steps
warnings.simplefilter("ignore", RuntimeWarning)
n = 5
numbers = np.arange(1.0, 1 + n * n).reshape((n, n))
state, drive, keys = 0.3 / numbers[:, :1], 0.01 * numbers[:, 1:2], np.array([77], np.uint64)
decay, factor, out = 0.7 / numbers, np.tril(1 / (numbers + 2)), np.empty((2, n, 1))
steps(state, decay, drive, factor, keys, np.uint64(3), np.arange(n), out)
print(out.tobytes().hex())
"""


def test_interpreted_equals_compiled():
    printed = []
    for disabled in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled}
        done = subprocess.run(
            [sys.executable, "-c", SMALL], env=environment, capture_output=True, text=True, check=True
        )
        printed.append(done.stdout)
    assert printed[0] == printed[1] != ""
