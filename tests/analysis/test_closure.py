"""Statistical linearisation of one node against the closed form of its closure, by both ways to a covariance."""

from __future__ import annotations

import numpy as np
import pytest

from thermosim.analysis.closure import region
from thermosim.analysis.conduction import POLYNOMIAL, Conduction


def _cubic(nodes: int, c3: float) -> Conduction:
    """A cubic from the first of some nodes to ground."""
    one = np.array([0])
    return Conduction(
        np.array([POLYNOMIAL]), one, np.array([nodes]), one, np.array([nodes]), np.array([[0.0, c3, 0.0, 0.0]]),
        np.zeros((1, 0)), np.zeros(1), (None,),
    )  # fmt: skip


@pytest.mark.parametrize("g1", [5e-6, -1e-5])
@pytest.mark.parametrize("beside", [0.0, 3.0], ids=["equal noise", "another node with more noise"])
def test_one_cubic_closes_as_it_should(g1: float, beside: float) -> None:
    """sigma^2 (g1 + 3 c3 sigma^2) = S / 2 C; a node beside it that it does not feel changes nothing."""
    c3, noise, c = 2e-3, 1e-20, 1e-12
    n = 2 if beside else 1
    found = region(
        c * np.eye(n), np.diag([g1, 1e-6][:n]), noise * np.diag([1.0, 1.0 + beside][:n]), np.zeros(n), _cubic(n, c3),
        np.zeros(1),
    )  # fmt: skip
    sigma2 = (-g1 + np.sqrt(g1**2 + 6 * c3 * noise / c)) / (6 * c3)
    assert found.deviation[0] ** 2 == pytest.approx(sigma2, rel=2e-3)
    assert found.slope[0] == pytest.approx(3 * c3 * sigma2, rel=2e-3)
    assert abs(found.mean[0]) < 1e-3 * found.deviation[0]


def test_nothing_holds_a_current_that_falls_with_its_voltage() -> None:
    with pytest.raises(ValueError, match="no straight lines"):
        region(1e-12 * np.eye(1), np.array([[-1e-6]]), 1e-20 * np.eye(1), np.zeros(1), _cubic(1, -1e-3), np.zeros(1))
