"""Poisson numbers against their law, at means on either side of the change of method."""

import numpy as np
import pytest
from jump_chips import chi_square
from scipy.stats import poisson as law

from thermosim.kernels.jit import jit
from thermosim.kernels.poisson import poisson
from thermosim.kernels.random import bits64

MEANS = (0.02, 0.7, 9.9, 10.1, 60.0, 3e4)


@jit
def draw(mean, count):
    out = np.empty(count, np.int64)
    for k in range(count):
        out[k], _ = poisson(mean, bits64(np.uint64(7), np.uint64(k)), np.uint64(0))
    return out


@pytest.mark.parametrize("mean", MEANS)
def test_the_law_is_poisson_and_a_mean_three_per_cent_off_is_not(mean):
    drawn = draw(mean, 400_000)
    low, high = int(drawn.min()), int(drawn.max())
    width = max(1, (high - low) // 60)
    edges = np.arange(low, high + width, width)
    counts = np.bincount((drawn - low) // width, minlength=len(edges)).astype(float)

    def score(mean):
        p = np.diff(law.cdf(np.append(edges - 1, edges[-1] + width - 1), mean))
        p[0] += law.cdf(edges[0] - 1, mean)
        p[-1] += law.sf(edges[-1] + width - 1, mean)
        return chi_square(counts, p)

    assert abs(score(mean)) < 5
    assert score(1.03 * mean) > (5 if mean > 0.1 else 1)


def test_the_next_lane_is_a_fresh_one():
    key = bits64(np.uint64(1), np.uint64(1))
    _, lane = poisson(5.0, key, np.uint64(3))
    assert lane == 4
    _, lane = poisson(50.0, key, np.uint64(3))
    assert lane >= 5
    assert poisson(0.0, key, np.uint64(3)) == (0, 3)
