"""Potts models at their transition: on a self-dual graph the energy of an edge is (1 + 1/sqrt q)/2, exactly.

With v = e^beta - 1 duality says Z_G(v) ~ v^E Z_G*(q/v); so where G is its own dual, d ln Z / d ln v = E/2 at
v = sqrt q, and <delta(c_i, c_j)> = (d ln Z / d ln v) (1 + v) / (v E) = (1 + 1/sqrt q)/2 on the mean of all edges, at
any size (Wu, Rev. Mod. Phys. 54, 235 (1982)). A square of L x L nodes with one more that is joined to the nodes of two
neighbouring sides (to the corner between them twice) is its own dual.
"""

import numpy as np
import pytest
from small_dits import dits
from small_fabrics import FAR

from thermosim.engine.categorical import DitRunner
from thermosim.ideal import potts as exact


def self_dual(q: int, size: int, beta: float):
    number = np.arange(size * size).reshape(size, size)
    right = np.stack([number[:, :-1], number[:, 1:]], -1).reshape(-1, 2)
    down = np.stack([number[:-1], number[1:]], -1).reshape(-1, 2)
    rim = np.concatenate([number[-1], number[:, -1]])
    apex = np.stack([rim, np.full(2 * size, size * size)], -1)
    edges, weight = np.unique(np.concatenate([right, down, apex]), axis=0, return_counts=True)
    assert weight.sum() == 2 * size**2
    return dits([q] * (size * size + 1), edges, [w * np.eye(q) for w in weight], beta=beta)


def per_edge(q: int, size: int, beta: float) -> float:
    law = self_dual(q, size, beta).drawn
    return float(-(exact.probabilities(law) @ exact.energies(law))) / (2 * size**2)


@pytest.mark.parametrize("q", [2, 3, 4, 7])
def test_the_graph_is_its_own_dual(q):
    """By enumeration of five nodes; a beta 1 % off is seen."""
    critical = np.log(1 + np.sqrt(q))
    expected = (1 + 1 / np.sqrt(q)) / 2
    assert per_edge(q, 2, critical) == pytest.approx(expected, abs=1e-13)
    assert per_edge(q, 2, 1.01 * critical) != pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("q", [3, 4])
def test_p_dits_have_the_energy_of_the_transition(q):
    """289 nodes; the standard error is from independent replicas, and a beta 1 % low is rejected at the same size."""
    size, expected = 16, (1 + 1 / np.sqrt(q)) / 2
    critical = float(np.log(1 + np.sqrt(q)))

    def apart(beta: float) -> float:
        runner = DitRunner(self_dual(q, size, beta), 1, 128)
        runner.advance(4000)
        energy = -runner.advance(4000, record=True, every=4)["d:energy"].mean(axis=1) / (2 * size**2)
        return float((energy.mean() - expected) / (energy.std(ddof=1) / np.sqrt(len(energy))))

    assert abs(apart(critical)) < FAR
    assert apart(0.99 * critical) < -FAR
