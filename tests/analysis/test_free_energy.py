"""Estimates from work against the exact law of a staircase; scatter of estimates against their foretold errors."""

import numpy as np
import pytest
from h_matrices import matrix
from scipy.linalg import expm

from thermosim.analysis.free_energy import Staircase, bennett, jarzynski, staircase

FAR = 5.0


def climbed(switches, dwell, n=3, seed=5, near=0.0):
    """Matrices and decays of x' = -A x between a diagonal and a matrix with couplings of both signs."""
    a = matrix(n, True, seed)
    start = (1 - near) * np.diag(np.linspace(1.0, 3.0, n)) + near * np.diag(np.diag(a))
    steps = [start + k / switches * (a - start) for k in range(switches + 1)]
    return steps, [expm(-dwell * one) for one in steps]


def law(switches, dwell, **options):
    steps, decays = climbed(switches, dwell, **options)
    return staircase(steps, [np.linalg.inv(one) for one in steps], decays), steps


def works(steps, decays, runs, rng):
    """Drawn works, by the staircase itself."""
    x = np.linalg.cholesky(np.linalg.inv(steps[0])) @ rng.standard_normal((len(steps[0]), runs))
    work = np.zeros(runs)
    for k in range(len(steps) - 1):
        work += ((steps[k + 1] - steps[k]) @ x * x).sum(axis=0) / 2
        rest = np.linalg.inv(steps[k + 1])
        spread = rest - decays[k + 1] @ rest @ decays[k + 1].T
        x = decays[k + 1] @ x + np.linalg.cholesky(spread) @ rng.standard_normal(x.shape)
    return work


@pytest.mark.parametrize("switches", [1, 2, 7])
@pytest.mark.parametrize("dwell", [1e-3, 0.3, 50.0])
def test_jarzynskis_equality_holds_in_the_exact_law_at_any_speed(switches, dwell):
    found, steps = law(switches, dwell)
    exact = (np.linalg.slogdet(steps[-1])[1] - np.linalg.slogdet(steps[0])[1]) / 2
    assert found.difference == pytest.approx(exact, rel=1e-9)
    doubled = Staircase(2 * found.mu, 2 * found.offset)
    assert abs(doubled.difference - exact) > 1e-2  # mutant: x^T dA x without its half
    first = np.trace((steps[1] - steps[0]) @ np.linalg.inv(steps[0])) / 2
    if switches == 1:
        assert found.mean == pytest.approx(first, rel=1e-9)
    assert found.mean > exact


def test_work_lost_on_slow_stairs_falls_as_one_over_their_number():
    """The sum of Kullback-Leibler divergences between neighbours, each of second order in the step."""
    lost = [(one := law(switches, 20.0)[0]).mean - one.difference for switches in (1, 32, 128)]
    assert lost[1] / lost[2] == pytest.approx(4, rel=0.1)
    steps = climbed(1, 20.0)[0]
    apart = np.trace(steps[1] @ np.linalg.inv(steps[0])) - len(steps[0])
    apart -= np.linalg.slogdet(steps[1])[1] - np.linalg.slogdet(steps[0])[1]
    assert lost[0] == pytest.approx(apart / 2, rel=1e-9)  # that of one switch, which waits for nothing


def test_estimates_scatter_as_the_closed_forms_say_and_bennetts_own_error_agrees():
    steps, decays = climbed(3, 0.4, near=0.8)
    found, back = (
        law(3, 0.4, near=0.8)[0],
        staircase(steps[::-1], [np.linalg.inv(one) for one in steps[::-1]], decays[::-1]),
    )
    rng, blocks, runs = np.random.default_rng(1), 3000, 200
    up = works(steps, decays, blocks * runs, rng)
    down = works(steps[::-1], decays[::-1], blocks * runs, rng)
    for drawn, exact in ((up, found), (down, back)):
        assert abs(drawn.mean() - exact.mean) < FAR * np.sqrt(exact.variance / drawn.size)
        assert abs(drawn.var() / exact.variance - 1) < 0.05
        assert abs(2 * drawn.mean() - exact.mean) > FAR * np.sqrt(exact.variance / drawn.size)
    pairs = list(zip(up.reshape(blocks, runs), down.reshape(blocks, runs), strict=True))
    estimates = [bennett(one, other) for one, other in pairs]
    values = np.array([one.value for one in estimates])
    wanted = found.bennett_error(runs)
    spread = FAR / np.sqrt(2 * blocks)
    assert abs(values.std() / wanted - 1) < spread
    assert abs(values.mean() - found.difference) < FAR * wanted / np.sqrt(blocks) + 2 / runs**1.5
    assert abs(np.mean([one.error for one in estimates]) / wanted - 1) < 0.05
    assert abs(wanted / found.bennett_error(2 * runs) - np.sqrt(2)) < 1e-12
    assert abs(values.std() / found.bennett_error(2 * runs) - 1) > spread  # mutant: one way's runs counted twice
    # The way down: on the way up rare runs decide, and the variance of exp(-W) does not exist.
    assert found.jarzynski_error(runs) == np.inf
    alone = np.array([jarzynski(few).value for few in down.reshape(-1, 20)])
    bias = back.jarzynski_error(20) ** 2 / 2
    error = alone.std() / np.sqrt(len(alone))
    assert alone.mean() - back.difference > FAR * error  # the bias is there
    assert abs(alone.mean() - back.difference - bias) < FAR * error + 0.3 * bias
    assert abs(alone.std() / back.jarzynski_error(20) - 1) < 0.1
    assert wanted < back.jarzynski_error(runs)


def test_jarzynski_says_when_its_error_is_infinite_and_both_are_exact_without_loss():
    found = staircase([np.eye(1), np.eye(1) * 0.4], [np.eye(1), np.eye(1) / 0.4], [np.eye(1)] * 2)
    assert found.jarzynski_error(100) == np.inf
    assert np.isfinite(found.bennett_error(100))
    still = Staircase(np.zeros(3), 0.7)
    assert still.difference == 0.7
    assert still.bennett_error(10) == pytest.approx(0.0, abs=1e-7)
    assert bennett(np.full(5, 0.7), np.full(5, -0.7)).value == pytest.approx(0.7)


def test_unequal_numbers_of_runs():
    steps, decays = climbed(2, 0.5)
    found, rng = law(2, 0.5)[0], np.random.default_rng(2)
    one = bennett(works(steps, decays, 40_000, rng), works(steps[::-1], decays[::-1], 10_000, rng))
    assert abs(one.value - found.difference) < FAR * one.error
    assert found.bennett_error(40_000) < one.error < found.bennett_error(10_000)
