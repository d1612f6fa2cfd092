"""Designs 1 and 2 on a pair: the persistent threshold misses the Boltzmann law by a closed form, a magnet does not."""

import numpy as np
import pytest

from thermosim.kernels.behavioural import cells
from thermosim.streams import replica_keys

CHAINS, TIME = 12, 4000.0


def unequal(design, strength, step=0.01, tau_s=0.0, tau_t=0.0, latch=0.0):
    """P(m1 != m2) and its standard error over chains."""
    couplings, between = np.array([[0.0, strength], [strength, 0.0]]), round(latch / step)
    found = [
        cells(design, couplings, np.zeros(2), step, tau_s, tau_t, 0.0, between, key, 5000, round(TIME / step))[[1, 2]]
        for key in replica_keys(1, f"{design} {strength} {tau_s} {tau_t} {latch}", CHAINS)
    ]
    sums = np.sum(found, axis=1)
    return sums.mean(), sums.std(ddof=1) / np.sqrt(CHAINS)


def boltzmann(strength):
    return (1 - np.tanh(strength)) / 2


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_persistent_threshold_samples_another_law(strength):
    """(1 - t)^2 / 2 with t = tanh J; a step D adds less than D, the time for which wires show the old output."""
    mean, error = unequal(1, strength)
    limit = (1 - np.tanh(strength)) ** 2 / 2
    assert limit - 5 * error < mean < limit + 0.01 + 5 * error
    assert boltzmann(strength) - mean > 20 * error


def test_a_tuned_magnet_samples_the_boltzmann_law():
    mean, error = unequal(2, 1.0, step=0.002)
    # all cells move at once: the error of a step is at most its length times the largest rate, e
    assert abs(mean - boltzmann(1.0)) < 5 * error + 0.002 * np.e
    assert abs(mean - (1 - np.tanh(1.0)) ** 2 / 2) > 5 * error + 0.002 * np.e


@pytest.mark.parametrize(
    ("design", "strength", "tau", "published"),
    [(1, 0.5, 0.5, 0.241), (1, 1.0, 0.1, 0.049), (1, 1.0, 3.0, 0.276), (2, 1.0, 0.1, 0.162), (2, 1.0, 3.0, 0.362)],
)
def test_slow_response(design, strength, tau, published):
    """Values of a run of the same cells with steps of 0.02, to three digits and its own noise, taken as ours."""
    slow = {"tau_t": tau} if design == 1 else {"tau_s": tau}
    mean, error = unequal(design, strength, step=0.02, **slow)
    assert abs(mean - published) < 5 * np.hypot(error, error) + 5e-4


def test_a_latch_mends_design_1():
    """Read one cell after the other, rarely enough for the threshold to be redrawn, and the law is Boltzmann's."""
    mean, error = unequal(1, 0.5, step=0.05, latch=6.0)
    assert abs(mean - boltzmann(0.5)) < 5 * error
    assert abs(mean - (1 - np.tanh(0.5)) ** 2 / 2) > 5 * error
