"""The delayed pair in closed form against its limits and against a chain with the delay as a row of memories."""

import numpy as np
import pytest

from thermosim.analysis.delayed_pair import pair_correlation


def test_limits():
    assert pair_correlation(0.7, 0.0, 1e-7) == pytest.approx(np.tanh(0.7), rel=1e-14)
    assert abs(pair_correlation(0.7, 1e-4, 1e-7)) < 1e-200
    assert pair_correlation(-0.7, 3e-8, 1e-7) == pytest.approx(-pair_correlation(0.7, 3e-8, 1e-7), rel=1e-13)
    assert pair_correlation(1.0, 1e-7, 1e-7, arrhenius=True) == pytest.approx(
        pair_correlation(1.0, np.cosh(1.0), 1.0), rel=1e-13
    )


def by_erlang_lines(coupling, delay, stages):
    """<s_1 s_2> where each p-bit's value reaches the other through `stages` memories, each refreshed at random.

    A refreshed memory copies the one before it; `stages` of them at rate stages / delay lag by `delay` on average.
    """
    size = 2 * (stages + 1)
    states = np.arange(2**size)
    s = 2 * ((states[:, None] >> np.arange(size)) & 1) - 1
    matrix, c = np.zeros((len(states),) * 2), np.tanh(coupling)
    for one, other in ((0, stages + 1), (stages + 1, 0)):
        matrix[states, states ^ (1 << one)] += 0.5 * (1 - c * s[:, one] * s[:, other + stages])
        for k in range(one + 1, one + stages + 1):
            differs = s[:, k] != s[:, k - 1]
            matrix[states[differs], states[differs] ^ (1 << k)] += stages / delay
    balance = (matrix - np.diag(matrix.sum(axis=1))).T
    balance[-1] = 1.0
    law = np.linalg.solve(balance, np.eye(len(states))[-1])
    return law @ (s[:, 0] * s[:, stages + 1])


@pytest.mark.parametrize("delay", [0.3, 1.0, 2.5])
def test_it_is_the_limit_of_many_memories(delay):
    """The lag of n memories varies by 1/sqrt(n): the error goes as 1/n, and extrapolates to the closed form."""
    exact = pair_correlation(1.0, delay, 1.0)
    found = np.array([by_erlang_lines(1.0, delay, n) for n in (1, 2, 3, 4)])
    errors = np.abs(found - exact)
    assert np.all(np.diff(errors) < 0)
    extrapolated = np.polyfit(1 / np.array([2, 3, 4]), found[1:], 2)[-1]
    assert abs(extrapolated - exact) < errors[-1] / 5
