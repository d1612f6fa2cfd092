"""Standard normals: moments, law, tails, independence; bits that depend on nothing but key, counter and node."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import binom, kstest, norm

from thermosim.kernels.normal import normals

P_MIN = 1e-6
EVEN_MOMENTS = {2: 1, 4: 3, 6: 15, 8: 105, 10: 945, 12: 10395}


def draw(nodes=16, streams=128, steps=1000, seed=1):
    """(steps, nodes, streams)"""
    keys = np.random.default_rng(seed).integers(0, 2**64, streams, dtype=np.uint64)
    out = np.empty((steps, nodes, streams))
    for step in range(steps):
        normals(keys, np.uint64(step), out[step])
    return out


@pytest.fixture(scope="module")
def sample():
    return draw()


def moment_scores(values):
    """z score of the moments 1 to 6 against a standard normal."""
    scores = []
    for order in range(1, 7):
        expected = EVEN_MOMENTS.get(order, 0)
        variance = EVEN_MOMENTS[2 * order] - expected**2
        scores.append((np.mean(values**order) - expected) / np.sqrt(variance / values.size))
    return np.array(scores)


def p_of_largest(scores):
    return scores.size * 2 * norm.sf(np.abs(scores).max())


def test_moments(sample):
    assert p_of_largest(moment_scores(sample)) > P_MIN
    assert p_of_largest(moment_scores(1.005 * sample)) < P_MIN, "the test must reject half a percent in scale"
    assert p_of_largest(moment_scores(sample + 0.01)) < P_MIN, "and a shift of a hundredth"


def test_law(sample):
    values = sample.ravel()
    assert kstest(values, norm.cdf).pvalue > P_MIN
    assert kstest(values + 0.005, norm.cdf).pvalue < P_MIN


def test_tails(sample):
    for limit in (3.0, 4.0, 4.5):
        for tail in (sample > limit, sample < -limit):
            count, expected = int(tail.sum()), norm.sf(limit)
            assert 2 * min(binom.cdf(count, sample.size, expected), binom.sf(count - 1, sample.size, expected)) > P_MIN
    heavy = int((np.abs(1.05 * sample) > 4.0).sum())
    assert binom.sf(heavy - 1, sample.size, 2 * norm.sf(4.0)) < P_MIN, "the test must reject a scale of 1.05"


def correlation_scores(first, second):
    """z scores of the correlations of values, of squares, and of values with squares."""
    pairs = [(first, second), (first**2 - 1, second**2 - 1), (first, second**2 - 1)]
    scales = [1.0, 2.0, np.sqrt(2.0)]
    return np.array([(a * b).sum() / np.sqrt(a.size) / scale for (a, b), scale in zip(pairs, scales, strict=True)])


def test_independence(sample):
    """Across the two normals of a pair, nodes, steps and replicas; also of the squares, which share a radius."""
    cases = [
        (sample[:, 0::2], sample[:, 1::2]),
        (sample[:, :-2], sample[:, 2:]),
        (sample[:-1], sample[1:]),
        (sample[..., :-1], sample[..., 1:]),
    ]
    scores = np.concatenate([correlation_scores(*case) for case in cases])
    assert p_of_largest(scores) > P_MIN
    mixed = 0.01 * sample[:-1] + np.sqrt(1 - 0.01**2) * sample[1:]
    assert p_of_largest(correlation_scores(sample[:-1], mixed)) < P_MIN, "the test must reject a correlation of 0.01"


def test_a_stream_does_not_depend_on_its_company():
    keys = np.random.default_rng(2).integers(0, 2**64, 131, dtype=np.uint64)
    together, alone = np.empty((5, 131)), np.empty((5, 1))
    normals(keys, np.uint64(7), together)
    for replica in (0, 63, 64, 130):
        normals(keys[replica : replica + 1], np.uint64(7), alone)
        assert np.array_equal(alone[:, 0], together[:, replica])
    fewer = np.empty((3, 131))
    normals(keys, np.uint64(7), fewer)
    assert np.array_equal(fewer, together[:3])


WITHOUT_JIT = """
import warnings
import numpy as np
from thermosim.kernels.normal import normals
warnings.simplefilter("ignore", RuntimeWarning)
out = np.empty((3, 2))
normals(np.array([3, 2**63 + 11], np.uint64), np.uint64(5), out)
print(out.tobytes().hex())
"""


def test_interpreted_equals_compiled():
    out = np.empty((3, 2))
    normals(np.array([3, 2**63 + 11], np.uint64), np.uint64(5), out)
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_JIT], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == out.tobytes().hex()
