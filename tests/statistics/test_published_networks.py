"""Published tables of p-bit networks, by exact enumeration and exact matrices. See docs/explanation/evidence.md."""

import numpy as np
import pytest
from small_fabrics import ADDER, AND, boltzmann, spins, total_variation

GATES = {"AND": AND, "FA5": ADDER}


def stationary(matrix):
    """The row vector that a transition matrix leaves as it is."""
    n = len(matrix)
    system = np.vstack([matrix.T - np.eye(n), np.ones(n)])
    return np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]


def autonomous(gate, beta, step):
    """All p-bits tried at once in each step: p_flip = 1 - exp(-step exp(-beta I_i m_i)), in units of tau_N."""
    coupling, bias = GATES[gate]
    s = spins(len(bias))
    flip = -np.expm1(-step * np.exp(-beta * s * (s @ coupling + bias)))
    changed = s[:, None, :] != s[None, :, :]
    return np.where(changed, flip[:, None, :], 1 - flip[:, None, :]).prod(axis=2)


AUTONOMOUS = {
    ("AND", 0.5): "0.79 0.385 0.073 0.018 0.0034 0.0003",
    ("AND", 1): "0.994 0.886 0.122 0.019 0.0033 0.0003",
    ("FA5", 0.5): "1.00 0.986 0.139 0.029 0.0055 0.0005",
    ("FA5", 1): "1.00 1.00 1.0 0.584 0.0073 0.0007",
}


@pytest.mark.parametrize(("gate", "beta"), AUTONOMOUS)
def test_steps_of_time_with_all_p_bits_at_once_are_not_boltzmann(gate, beta):
    """Sutton et al. 2020; a step of tau_N / 6, a public default, is far outside. The limit of small steps is exact."""
    p = boltzmann(*GATES[gate], beta)
    for step, published in zip((1, 0.5, 1 / 6, 0.05, 0.01, 0.001), AUTONOMOUS[gate, beta].split(), strict=True):
        found = total_variation(stationary(autonomous(gate, beta, step)), p)
        assert f"{found:.{len(published.partition('.')[2])}f}" == published


CLAUSES = {
    "COPY": ([[0, 1], [1, 0]], [0, 0], -1, 2, (0.731, 0.881, 0.982), 3),
    "NOT": ([[0, -1], [-1, 0]], [0, 0], -1, 2, (0.731, 0.881, 0.982), 3),
    "3-XOR +": ([[0, -1, -1, 2], [-1, 0, -1, 2], [-1, -1, 0, 2], [2, 2, 2, 0]], [1, 1, 1, -2], -4, 2,
                (0.6016, 0.8083, 0.9689), 4),
    "3-XOR -": ([[0, -1, -1, 2], [-1, 0, -1, 2], [-1, -1, 0, 2], [2, 2, 2, 0]], [-1, -1, -1, 2], -4, 2,
                (0.6016, 0.8083, 0.9689), 4),
    "3-SAT": ([[0, -1, 0, 2], [-1, 0, 0, 2], [0, 0, 0, -1], [2, 2, -1, 0]], [-1, -1, 1, 3], -4, 4,
              (0.9072, 0.9870, 0.9998), 4),
}  # fmt: skip


@pytest.mark.parametrize("name", CLAUSES)
def test_clauses_have_their_gap_and_probability(name):
    coupling, bias, ground, gap, published, digits = CLAUSES[name]
    coupling, bias = np.array(coupling), np.array(bias)
    s = spins(len(bias))
    energy = -0.5 * np.einsum("si,ij,sj->s", s, coupling, s) - s @ bias
    best = energy == energy.min()
    assert (energy.min(), np.unique(energy)[1] - energy.min()) == (ground, gap)
    truth = {"COPY": s[:, 0] == s[:, 1], "NOT": s[:, 0] == -s[:, 1]}.get(name)
    if name.startswith("3-XOR"):
        truth = s[:, :3].prod(axis=1) == (1 if name.endswith("+") else -1)
        assert best.sum() == 4, "one state of the handle for each solution"
    if name == "3-SAT":
        truth = (s[:, :3] > 0).any(axis=1)
        assert best.sum() == 7
    assert np.all(truth[best])
    for beta, expected in zip((0.5, 1, 2), published, strict=True):
        assert round(boltzmann(coupling, bias, beta)[best].sum(), digits) == expected


@pytest.mark.parametrize(
    ("edges", "best", "states"),
    [([(k, (k + 1) % 5) for k in range(5)], 4, 10), ([(i, j) for i in range(4) for j in range(i)], 4, 6)],
    ids=["C5", "K4"],
)
def test_largest_cuts(edges, best, states):
    n = 1 + max(max(edge) for edge in edges)
    s = spins(n)
    cut = sum((1 - s[:, i] * s[:, j]) // 2 for i, j in edges)
    assert (cut.max(), (cut == best).sum()) == (best, states)
