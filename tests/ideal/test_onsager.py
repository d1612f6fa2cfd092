"""Exact two-dimensional Ising lattice: closed forms against enumeration and transfer matrices."""

import math

import numpy as np
import pytest

from thermosim.circuit.program import IsingLaw
from thermosim.ideal import onsager
from thermosim.ideal.exact import energies


def torus(rows, columns, weight=1.0, field=0.0, beta=1.0):
    sites = np.arange(rows * columns).reshape(rows, columns)
    pairs = [np.stack([sites.ravel(), np.roll(sites, -1, axis).ravel()], axis=1) for axis in (0, 1)]
    edges = np.sort(np.concatenate(pairs), axis=1)
    return IsingLaw(edges, np.full(len(edges), weight), np.full(rows * columns, field), beta)


@pytest.mark.parametrize("coupling", [0.2, 0.44, 0.7])
def test_three_ways_to_the_partition_function_agree(coupling):
    energy = energies(torus(4, 3))
    exact = float(np.log(np.exp(-coupling * energy).sum()))
    assert onsager.log_partition_torus(4, 3, coupling) == pytest.approx(exact, abs=1e-10)
    assert onsager.log_partition_strip(4, 3, coupling) == pytest.approx(exact, abs=1e-10)
    mean = float(energy @ np.exp(-coupling * energy - exact)) / 12
    assert onsager.energy_torus(4, 3, coupling) == pytest.approx(mean, abs=1e-8)
    assert onsager.log_partition_torus(8, 6, coupling) == pytest.approx(onsager.log_partition_strip(8, 6, coupling))


def test_strip_with_a_field_against_enumeration():
    exact = float(np.log(np.exp(-0.3 * energies(torus(4, 3, 1.0, 0.5))).sum()))
    assert onsager.log_partition_strip(4, 3, 0.3, 0.15) == pytest.approx(exact, abs=1e-10)
    assert abs(onsager.log_partition_strip(4, 3, 0.3, 0.3) - exact) > 1e-3


def test_open_strip_against_enumeration():
    law = torus(4, 3)
    rows = law.edges // 3
    kept = np.abs(rows[:, 0] - rows[:, 1]) < 3  # cut the bonds between the last row and the first
    open_law = IsingLaw(law.edges[kept], law.weights[kept], law.biases, 1.0)
    exact = float(np.log(np.exp(-0.5 * energies(open_law)).sum()))
    assert onsager.log_partition_strip(4, 3, 0.5, periodic=False) == pytest.approx(exact, abs=1e-10)


def test_infinite_lattice():
    assert onsager.energy(onsager.CRITICAL) == pytest.approx(-math.sqrt(2.0))
    assert onsager.energy(0.3) == pytest.approx(onsager.energy_torus(64, 64, 0.3), abs=1e-8)
    assert onsager.energy(0.6) == pytest.approx(onsager.energy_torus(64, 64, 0.6), abs=1e-8)
    assert onsager.magnetisation(0.43) == 0.0
    assert onsager.magnetisation(0.5) == pytest.approx(0.9113, abs=1e-4)


def test_a_wide_strip_is_refused():
    with pytest.raises(ValueError, match="3 to 12"):
        onsager.log_partition_strip(4, 13, 0.3)
