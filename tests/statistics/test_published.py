"""Published values that concern clocked p-bits, each recomputed from the program. See docs/explanation/evidence.md."""

import math
from fractions import Fraction

import numpy as np
import pytest

import thermosim as ts
from thermosim.analysis.colouring import colour_graph
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.engine.fabric import FabricRunner
from thermosim.ideal.exact import heat_bath, probabilities
from thermosim.models.cmos_rng import bias_energy, wire_energy
from thermosim.times import Clock

UPDATE, READ, WRITE = 7.09e-15, 1.692e-12, 153.6e-12


def ring(seed, normal=True, spins=8):
    rng = np.random.default_rng(seed)
    draw = rng.standard_normal if normal else lambda n: rng.uniform(-1, 1, n)
    edges = np.sort(np.stack([np.arange(spins), (np.arange(spins) + 1) % spins], axis=1), axis=1)
    return IsingLaw(edges, draw(spins), draw(spins), 1.5)


def fabric(law):
    n, colour = len(law.biases), colour_graph(len(law.biases), law.edges)
    one = np.ones(n)
    return Fabric(
        path="s", arrays={"s": (0, (n,))}, nodes=n, colours=int(colour.max()) + 1, colour=colour,
        clock=Clock("ck", Fraction(2_000_000)), rng="held", drawn=law, programmed=law, actual=law, slope=one,
        shift=0 * one, memory=0 * one, volts=0.026 * one, relaxation=1e-7 * one,
    )  # fmt: skip


def total_variation(counts, p):
    return 0.5 * np.abs(counts / counts.sum() - p).sum()


@pytest.mark.parametrize(("normal", "published"), [(True, 0.018), (False, 0.031)])
def test_ring_of_eight_counting_noise(normal, published):
    """H5: what a perfect sampler of 6,000 draws scores, over random rings at beta = 1.5."""
    rng = np.random.default_rng(1)
    laws = [probabilities(ring(seed, normal)) for seed in range(300)]
    scores = np.array([total_variation(rng.multinomial(6000, p), p) for p in laws])
    error = scores.std(ddof=1) / math.sqrt(len(scores))
    assert abs(scores.mean() - published) < 5 * error + 0.0005  # the page gives three digits
    assert abs(scores.mean() - 1.2 * published) > 5 * error + 0.0005


def test_ring_of_eight_reaches_the_counting_noise():
    """H5: 6,000 chains of 240 coloured sweeps; the published 0.052 is not the floor of such a run on an easy ring."""
    law = ring(5, normal=False)
    runner = FabricRunner(fabric(law), 2, 6000)
    runner.advance(239)
    states = runner.advance(1, record=True)["s:states"]
    p = probabilities(law)
    floor = 0.5 * np.abs(np.random.default_rng(3).multinomial(6000, p, 200) / 6000 - p).sum(axis=1)
    score = total_variation(np.bincount(states.ravel(), minlength=256), p)
    assert abs(score - floor.mean()) < 5 * floor.std()
    hotter = probabilities(IsingLaw(law.edges, law.weights, law.biases, 1.2))
    assert total_variation(np.bincount(states.ravel(), minlength=256), hotter) > floor.mean() + 5 * floor.std()


@pytest.mark.parametrize("coupling", [0.2, 0.5, 1.0, 1.5])
def test_two_spins_relax_with_the_square_of_tanh(coupling):
    law = IsingLaw(np.array([[0, 1]]), np.array([coupling]), np.zeros(2), 1.0)
    assert heat_bath(law).second_eigenvalue() == pytest.approx(math.tanh(coupling) ** 2, abs=1e-12)


def test_two_spins_mix_exponentially_slower_with_their_coupling():
    def time(coupling):
        return heat_bath(IsingLaw(np.array([[0, 1]]), np.array([coupling]), np.zeros(2), 1.0)).relaxation()

    assert math.log(time(5.0) / time(4.0)) == pytest.approx(2.0, abs=1e-2)


def test_telegraph_forgets_in_the_published_times():
    for interval, published in ((1.0, 0.368), (3.0, 0.050), (5.0, 0.007), (0.1, 0.905)):
        chip = ts.load("pbit", set={"instances.osc.frequency": f"{round(1e7 / interval)} Hz"})
        assert float(chip.program.fabrics[0].memory[0]) == pytest.approx(published, abs=5e-4)


def test_g12_has_29400_edges_of_degree_12_in_two_colours():
    grid = ts.load("pbit_grid").program.fabrics[0]
    assert len(grid.drawn.edges) == 29_400
    assert set(np.bincount(grid.drawn.edges.ravel())) == {12}
    assert grid.colours == 2


RULES = {
    "G8": ([(0, 1), (4, 1)], 43.0, 0.230), "G12": ([(0, 1), (4, 1), (9, 10)], 156.0, 0.834),
    "Z1": ([(1, 0), (2, 1), (2, 3), (4, 1)], 92.1, 0.492),
    "G16": ([(0, 1), (4, 1), (8, 7), (14, 9)], 272.1, 1.455),
    "G20": ([(0, 1), (4, 1), (3, 6), (8, 7), (14, 9)], 328.5, 1.756),
    "G24": ([(0, 1), (1, 2), (4, 1), (3, 6), (8, 7), (14, 9)], 347.3, 1.857),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_wire_energy_by_graph(name):
    """Capacitance [fF] of a node's wires and their energy [fJ] at 4 kT/q; 350 aF/um and cells of 6 um."""
    rules, capacitance, energy = RULES[name]
    length = 4 * sum(math.hypot(*rule) for rule in rules)
    eta, pitch = 350e-18 / 1e-6, 6e-6
    assert eta * pitch * length * 1e15 == pytest.approx(capacitance, abs=0.06)
    assert wire_energy(eta, pitch, 4 * 25.852e-3, length) * 1e15 == pytest.approx(energy, abs=6e-4)


def test_cell_energy_has_four_terms():
    eta, pitch, v = 350e-18 / 1e-6, 6e-6, 103.4e-3
    terms = [0.350, wire_energy(eta, pitch, v, 74.31) * 1e15, wire_energy(eta, pitch, v) * 1e15,
             bias_energy(7e-15, 5.91, v, 0.5) * 1e15]  # fmt: skip
    assert [round(term, 3) for term in terms] == [0.350, 0.834, 0.011, 0.111]
    assert round(sum(terms), 3) == 1.306


def test_z1_crossovers():
    """H4 and the derived totals of the chip, from the prices of its ledger."""
    assert (round(READ / UPDATE), round(WRITE / UPDATE), round(WRITE / READ)) == (239, 21_664, 91)
    assert pytest.approx(1.91e-9, rel=2e-3) == 269_568 * UPDATE
    assert pytest.approx(95.6e-3, rel=1e-3) == 269_568 * UPDATE * 50e6
