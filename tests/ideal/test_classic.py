"""Textbook samplers against enumeration; thresholds are five standard errors."""

from dataclasses import replace

import numpy as np
import pytest

from thermosim.analysis.mixing import integrated_time
from thermosim.circuit.program import IsingLaw
from thermosim.ideal.classic import anneal, energy_of, swendsen_wang, temper
from thermosim.ideal.exact import energies, probabilities, spin


def pairs(n, seed, ferro=False, field=0.0):
    rng = np.random.default_rng(seed)
    edges = np.array([(i, j) for i in range(n) for j in range(i + 1, n)])
    weights = rng.normal(0, 0.5, len(edges))
    biases = field * np.linspace(-1, 2, n) if field else np.zeros(n)
    return IsingLaw(edges, np.abs(weights) / 3 if ferro else weights, biases, 0.8)


def agrees(series, exact):
    time = integrated_time(series[None, :])
    return abs(series.mean() - exact) < 5 * series.std() * np.sqrt(time.tau / series.size)


@pytest.mark.parametrize("field", [0.0, 0.3])
def test_clusters_sample_the_law(field):
    law = pairs(8, 1, ferro=True, field=field)
    found = swendsen_wang(law, 60_000, 200, seed=2)
    p = probabilities(law)
    assert agrees(found.energy, p @ energies(law))
    mean = sum(spin(i, 8) for i in range(8)) / 8
    assert agrees(found.magnetisation if field else np.abs(found.magnetisation), p @ (mean if field else np.abs(mean)))
    colder = replace(law, beta=1.05 * law.beta)
    assert not agrees(found.energy, probabilities(colder) @ energies(colder)), "a temperature 5 % low"


def test_clusters_refuse_an_antiferromagnet():
    with pytest.raises(ValueError, match="negative"):
        swendsen_wang(pairs(4, 1), 10, 0, 1)


def test_tempering_samples_the_law_at_every_temperature():
    law = pairs(10, 3, field=0.2)
    betas = np.array([0.3, 0.6, 1.0])
    found = temper(law, betas, 60_000, 500, seed=4)
    for k, beta in enumerate(betas):
        here = replace(law, beta=beta)
        assert agrees(found.energy[:, k], probabilities(here) @ energies(here))
        hotter = replace(law, beta=0.95 * beta)
        assert not agrees(found.energy[:, k], probabilities(hotter) @ energies(hotter))
    assert np.all((found.accepted > 0.2) & (found.accepted <= 1))
    assert found.lowest == pytest.approx(energies(law).min())


def test_annealing_finds_the_ground_state():
    law = pairs(14, 5, field=0.1)
    found = anneal(law, np.linspace(0.1, 5.0, 200), 20, seed=6)
    assert found.energy.min() == pytest.approx(energies(law).min())
    np.testing.assert_allclose(energy_of(law, found.spins), found.energy)
    with pytest.raises(ValueError, match="ascend"):
        temper(law, np.array([1.0, 0.5]), 1, 0, 1)
