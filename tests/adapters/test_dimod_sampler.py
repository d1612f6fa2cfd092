"""The chip as a dimod sampler: dimod's own assertions, energies, the law it samples, and what it tells of itself."""

import itertools
import unittest

import numpy as np
import pytest

dimod = pytest.importorskip("dimod")
testing = pytest.importorskip("dimod.testing")

from thermosim.adapters.dimod import ChipSampler, StructuredChipSampler  # noqa: E402
from thermosim.errors import NetlistError  # noqa: E402
from thermosim.netlist.planted import torus  # noqa: E402

SHORT = {"num_reads": 2, "sweeps": 2, "seed": 1}


class Quick(ChipSampler):
    """Few short reads: dimod's tests ask for energies and labels, not for low energies."""

    def sample(self, bqm, **parameters):
        return super().sample(bqm, **(SHORT | parameters))


def test_a_polynomial_is_a_problem_of_products_and_back():
    """Energies state by state, bits and spins; products of five are refused with the reason."""
    from thermosim.netlist.problem_bqm import from_polynomial, to_polynomial

    terms = {(): 0.5, ("a",): 1.0, ("a", "b"): -2.0, ("a", "b", "c"): 0.7, ("a", "b", "c", "d"): 1.5}
    bits = dimod.BinaryPolynomial(terms, "BINARY")
    problem = from_polynomial(bits)
    assert problem.labels == ("a", "b", "c", "d")
    for state in itertools.product((0, 1), repeat=4):
        spins = 2 * np.array(state) - 1
        wanted = bits.energy(dict(zip("abcd", state, strict=True)))
        assert abs(problem.energy(spins) - wanted) < 1e-12
        assert abs(to_polynomial(problem).energy(dict(enumerate(spins.tolist()))) - wanted) < 1e-12
    with pytest.raises(ValueError, match="a product of 5 spins; p-bits have terms of at most 4"):
        from_polynomial(dimod.BinaryPolynomial({tuple("abcde"): 1.0}, "SPIN"))


def test_chips_of_more_than_symmetric_pairs_are_no_samplers_of_models():
    with pytest.raises(ValueError, match="coupling 'birth' is directed; only symmetric pairs can be programmed anew"):
        ChipSampler("relatedness")
    terms = {"couplings": {"c": {"between": ["s", "s", "s"], "model": "wire", "terms": [[0, 1, 2, 1.0]]}}}
    with pytest.raises(ValueError, match="coupling 'c' has products of three or four p-bits"):
        ChipSampler("relatedness", terms)


@testing.load_sampler_bqm_tests(Quick)
class TestEveryModel(unittest.TestCase):
    """dimod's tests over models of every kind."""

    def test_api(self):
        testing.assert_sampler_api(ChipSampler())


@pytest.fixture(scope="module")
def grid():
    return StructuredChipSampler("pbit_grid", {"variation": {}})


def test_structured_api(grid):
    testing.assert_sampler_api(grid)
    testing.assert_structured_api(grid)
    assert len(grid.nodelist) == 4900
    assert len(grid.edgelist) == 29400


def test_structured_refuses_what_it_has_no_wire_for(grid):
    with pytest.raises(dimod.exceptions.BinaryQuadraticModelStructureError):
        grid.sample_ising({}, {(0, 3): 1.0}, **SHORT)
    answer = grid.sample_ising({0: 8.0}, {(0, 1): -8.0}, **SHORT, beta=1.0)
    assert answer.variables == [0, 1]


def boltzmann(bqm, beta):
    states = np.array(list(itertools.product((-1, 1), repeat=bqm.num_variables)))
    weight = np.exp(-beta * bqm.energies((states, list(bqm.variables))))
    return states, weight / weight.sum()


def deviation(beta_of_law: float) -> float:
    """Largest deviation of the sampled from the expected frequencies, in standard errors of independent reads."""
    bqm = dimod.BinaryQuadraticModel({"a": 0.3, "b": -0.1, "c": 0.0}, {"ab": -0.7, "bc": 0.5, "ca": 0.2}, 1.0, "SPIN")
    reads = 20_000
    answer = ChipSampler(set={"models.wire.bits": 24}).sample(bqm, num_reads=reads, sweeps=40, beta=0.8, seed=5)
    states, p = boltzmann(bqm, beta_of_law)
    rows = answer.record.sample[:, [answer.variables.index(v) for v in bqm.variables]]
    seen = np.array([np.all(rows == state, axis=1).mean() for state in states])
    return float(np.max(np.abs(seen - p) / np.sqrt(p * (1 - p) / reads)))


def test_reads_follow_the_law_of_the_model():
    assert deviation(0.8) < 5
    assert deviation(0.88) > 5, "a beta that is wrong by a tenth must show"


def test_bits_and_spins_are_one_problem():
    bits = dimod.BinaryQuadraticModel({"x": -2.0, "y": 1.0}, {("x", "y"): -3.0}, 0.5, "BINARY")
    one = ChipSampler().sample(bits, num_reads=64, sweeps=20, seed=7)
    two = ChipSampler().sample(bits.change_vartype("SPIN", inplace=False), num_reads=64, sweeps=20, seed=7)
    np.testing.assert_array_equal(2 * one.record.sample - 1, two.record.sample)
    np.testing.assert_allclose(one.record.energy, two.record.energy)
    assert one.vartype is dimod.BINARY
    assert one.first.energy == bits.energy(one.first.sample)


def test_another_set_of_weights_on_the_same_graph_keeps_the_wires():
    sampler = ChipSampler()
    sampler.sample_ising({}, {(0, 1): 1.0, (1, 2): -0.5}, **SHORT)
    colour = sampler._wired.program.fabrics[0].colour
    answer = sampler.sample_ising({}, {(0, 1): -3.0, (1, 2): 3.0}, num_reads=64, sweeps=50, seed=1)
    assert sampler._wired.program.fabrics[0].colour is colour
    assert answer.first.energy == -6
    fresh = ChipSampler().sample_ising({}, {(0, 1): -3.0, (1, 2): 3.0}, num_reads=64, sweeps=50, seed=1)
    np.testing.assert_array_equal(fresh.record.sample, answer.record.sample)


def test_chip_data_and_scaling():
    answer = ChipSampler().sample_ising({0: 1.0}, {(0, 1): -8.0}, num_reads=4, sweeps=100, seed=1)
    chip = answer.info["chip"]
    assert chip["scale"] == pytest.approx(6.35 / 8)
    assert chip["colours"] == 2
    assert chip["seconds_per_read"] == pytest.approx(100 * 2 / 2e6)
    assert chip["joules"] > 0
    cells = 4 * 100 * 2
    assert 1e-16 < chip["joules"] / cells < 1e-14
    with pytest.raises(ValueError, match=r"exceeds the synapses' full scale of 6\.35"):
        ChipSampler().sample_ising({}, {(0, 1): -8.0}, auto_scale=False, **SHORT)


def test_annealing_ends_at_its_last_beta():
    problem = torus(8, 3)
    pairs = {(i, j): -w for (i, j), w in zip(problem.edges.tolist(), problem.weights, strict=True)}
    bqm = dimod.BinaryQuadraticModel({}, pairs, 0.0, "SPIN")
    cold, warm, still, same = (
        ChipSampler().sample(bqm, num_reads=64, sweeps=100, seed=1, **given).record.energy
        for given in ({"beta_range": (0.1, 3.0)}, {"beta_range": (3.0, 0.1)}, {"beta_range": (2.0, 2.0)}, {"beta": 2.0})
    )
    assert cold.min() == problem.ground
    np.testing.assert_array_equal(still, same)
    error = np.hypot(cold.std(), warm.std()) / 8
    # To second order <E> = -128 tanh(beta) at the warm end, where loops of four hardly count.
    assert abs(warm.mean() + 128 * np.tanh(0.1)) < 5 * error
    assert warm.mean() - cold.mean() > 50 * error


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="70 variables and the chip 64 p-bits"):
        ChipSampler().sample_ising(dict.fromkeys(range(70), 1.0), {}, **SHORT)
    with pytest.raises(ValueError, match="no Ising chip"):
        ChipSampler("smode4")
    with pytest.raises(ValueError, match="'and_backwards' has more than a beta in its schedule"):
        StructuredChipSampler("and_backwards")
    with pytest.raises(ValueError, match="'full_adder' has several arrays"):
        ChipSampler("full_adder").sample_ising({0: 1}, {(0, 1): 1})
    with pytest.raises(ValueError, match="above zero"):
        ChipSampler().sample_ising({0: 1}, {}, num_reads=0)
    with pytest.raises(NetlistError):
        ChipSampler("no_such_chip")
