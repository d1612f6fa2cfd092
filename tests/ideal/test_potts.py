"""Exact laws of categorical nodes against plain sums over all states; the heat bath against them."""

import itertools

import numpy as np
import pytest
from small_dits import MIXED_BIASES, MIXED_EDGES, MIXED_STATES, MIXED_TABLES, mixed, potts
from small_fabrics import FAR

from thermosim.engine.dit_observables import signs_of
from thermosim.ideal import potts as exact
from thermosim.ideal import potts_gibbs


def by_hand(beta):
    """Weights of all states, the first node the lowest digit."""
    energy = []
    for turned in itertools.product(*(range(q) for q in MIXED_STATES[::-1])):
        c = turned[::-1]
        e = -sum(bias[a] for bias, a in zip(MIXED_BIASES, c, strict=True))
        energy.append(e - sum(table[c[i], c[j]] for (i, j), table in zip(MIXED_EDGES, MIXED_TABLES, strict=True)))
    weight = np.exp(-beta * np.array(energy))
    return np.array(energy), weight / weight.sum()


def test_enumeration_is_the_sum_over_all_states():
    law = mixed(beta=0.7).drawn
    energy, p = by_hand(0.7)
    assert np.allclose(exact.energies(law), energy, atol=1e-12)
    assert np.allclose(exact.probabilities(law), p, atol=1e-14)
    states = np.stack(np.unravel_index(np.arange(72), MIXED_STATES, order="F"), axis=1)
    assert np.allclose(law.energy(states), energy, atol=1e-12)
    assert np.allclose(exact.occupation(law, p, 2), np.bincount(states[:, 2], p), atol=1e-14)


@pytest.mark.parametrize("memory", [0.0, 0.3])
def test_a_sweep_leaves_its_law_fixed_and_forgets_another(memory):
    fabric = mixed(memory=memory)
    sweep, p = exact.sweep_of(fabric), exact.probabilities(fabric.drawn)
    assert np.allclose(sweep.distribution(p), p, atol=1e-15)
    found = sweep.stationary(np.full(72, 1 / 72))
    assert found is not None
    assert np.allclose(found, p, atol=1e-9)
    f = np.random.default_rng(1).normal(size=72)
    q = np.random.default_rng(2).random(72)
    assert sweep.distribution(q) @ f == pytest.approx(q @ sweep.functions(f))
    wrong = exact.sweep(fabric.drawn, range(4), np.full(4, memory), np.array([1, 1, 1.05, 1]), np.zeros(4))
    assert not np.allclose(wrong.distribution(p), p, atol=1e-4)


def test_the_slowest_mode_of_two_forms_agrees():
    """Dense for few states, by iteration for more; memory m of a single node is its eigenvalue."""
    one = mixed(memory=0.3)
    dense = np.stack([exact.sweep_of(one).functions(unit) for unit in np.eye(72)], axis=1)
    values = sorted(np.abs(np.linalg.eigvals(dense)))
    assert abs(exact.sweep_of(one).second_eigenvalue()) == pytest.approx(values[-2], abs=1e-9)
    big = exact.sweep_of(potts(3, (2, 3), 0.5))
    dense = np.stack([big.functions(unit) for unit in np.eye(729)], axis=1)
    assert abs(big.second_eigenvalue()) == pytest.approx(sorted(np.abs(np.linalg.eigvals(dense)))[-2], abs=1e-8)


def test_the_heat_bath_samples_the_enumerated_law_with_honest_errors():
    law = mixed().drawn
    run = potts_gibbs.run(law, law, np.array([0, 3, 5, 9]), 64, 4096, 100, 1, signs_of("d", law.states))
    p = exact.probabilities(law)
    occupations = np.concatenate([exact.occupation(law, p, node) for node in range(4)])
    apart = (run.state.mean - occupations) / run.state.error
    assert np.all(np.abs(apart) < FAR)
    assert 0.2 < (apart**2).mean() < 4
    states = np.stack(np.unravel_index(np.arange(72), MIXED_STATES, order="F"), axis=1)
    i, j = law.edges.T
    bonds = p @ law.tables[np.arange(4), states[:, i], states[:, j]]
    assert np.all(np.abs(run.bond.mean - bonds) < FAR * run.bond.error)
    assert abs(run.energy.mean() - p @ exact.energies(law)) < FAR * run.energy.std() * np.sqrt(2 / run.energy.size)
    hot = exact.probabilities(mixed(beta=0.9).drawn)
    wrong = np.concatenate([exact.occupation(law, hot, node) for node in range(4)])
    assert np.any(np.abs(run.state.mean - wrong) > FAR * run.state.error)
    assert np.allclose(run.occupied[:3].sum(axis=0), 1)
    assert potts_gibbs.speed(law, 2, least=1e-4).seconds > 0
