"""What is measured of chips with products and of directed ones: every term counts, and what has no law says so."""

import math
from dataclasses import replace

import numpy as np
import pytest
from small_fabrics import FAR
from small_laws import program

from thermosim.circuit.program import IsingLaw
from thermosim.engine.simulator import run
from thermosim.ideal.annealing import anneal
from thermosim.ideal.cost import heat_bath_sample
from thermosim.measure import measure
from thermosim.measure.platforms import platforms
from thermosim.measure.temperature import effective_temperature
from thermosim.netlist.factoring import factors, native
from thermosim.terms import NO_TERMS

COUPLE = (
    "c: {between: [s, s], model: wire, problem: {planted: xorsat_terms, size: 24, seed: 3, scale: 0.4}}, "
    "p: {between: [s, s], model: wire, lattice: {name: ring}, weight: 0.3}"
)


@pytest.fixture(scope="module")
def measured():
    made = program(24, COUPLE, bias="0.1", duration="3000 sweeps", more="", tau0="20 ns")
    record = run(made, {}, 5, 64)
    return made, record, measure(record)


def test_a_large_chip_of_terms_is_held_against_an_ideal_run_of_its_law(measured):
    """Pairs, means and energy are as close as a perfect sampler's, the sums of products among them."""
    made, record, summary = measured
    (target,) = summary.target
    assert target.law == "as drawn"
    assert {one.quantity for one in target.distances} >= {"pair correlations, rms", "means, rms", "energy"}
    for one in target.distances:
        assert one.value < one.floor + FAR * max(one.floor_spread, one.error), one.quantity
    law = made.fabrics[0].drawn
    count = float(record.sums["s:count"])
    total = sum(
        float(values @ record.sums[f"s:{name}"])
        for name, values in (("pair", law.weights), ("spin", law.biases), ("term", law.terms.weights))
    )
    assert math.isclose(-total / count, record.series["s:energy"].mean(), rel_tol=1e-6)
    products = law.terms.weights @ record.sums["s:term"] / count
    assert abs(products) > 1.0, "what dropping the terms would miss"


def test_the_temperature_of_terms_is_the_declared_one():
    """By pseudo-likelihood with the products in every field; without them the states look another temperature."""
    couple = (
        "c: {between: [s, s, s], model: wire, terms: [[0, 1, 2, 0.5], [1, 3, 4, -0.7]]}, "
        "q: {between: [s, s, s, s], model: wire, terms: [[0, 2, 3, 4, 0.6]]}, "
        "p: {between: [s, s], model: wire, lattice: {name: ring}, weight: 0.3}"
    )
    made = program(5, couple, bias="0.1", duration="2000 sweeps", tau0="20 ns")
    record, fabric = run(made, {}, 5, 64), made.fabrics[0]
    found = effective_temperature(record, fabric)
    assert abs(found.ratio - 1) < FAR * found.error
    bare = replace(fabric, drawn=replace(fabric.drawn, terms=NO_TERMS))
    wrong = effective_temperature(record, bare)
    assert abs(wrong.ratio - 1) > FAR * wrong.error


def test_the_ideal_digital_sampler_pays_for_products(measured):
    """A term of three costs each of its members two multiply-adds: degree 2 from the ring and 6 from three terms."""
    card = next(card for card in platforms() if card.name.endswith("asic28_pbit"))
    row = next(one for one in measured[2].ideal if one.platform == card.name)
    tau = float(row.sampler.split("tau ")[1].split()[0])
    assert math.isclose(row.joules, heat_bath_sample(card, 24, 8.0, tau).joules, rel_tol=0.01)


def test_products_are_listed_as_unpriced(measured):
    rows = [row for row in measured[2].energy.unpriced if row.action == "products"]
    assert [row.count for row in rows] == [24 * 3000 * 64]


def test_a_cycle_of_directions_has_no_target():
    made = program(3, "g: {from: s, to: s, model: wire, matrix: [[0, 1, 0], [0, 0, 1], [1, 0, 0]]}")
    summary = measure(run(made, {}, 1, 32))
    (target,) = summary.target
    assert (target.law, target.distances) == ("none", ())
    assert target.note.startswith("directed couplings that close a cycle: no energy")
    assert any("there is no energy and the chip has a stationary law" in note for note in summary.notes)


def test_a_large_bayesian_network_says_why_there_is_no_distance(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chain.csv").write_text("".join(f"{k},{k + 1}\n" for k in range(23)))
    made = program(24, "g: {from: s, to: s, model: wire, edges: chain.csv, weight: 0.5}")
    (target,) = measure(run(made, {}, 1, 32)).target
    assert target.note == "the law of a Bayesian network is summed over its states, up to 20 p-bits"


def test_annealing_on_a_processor_knows_products():
    """The native cost of 35 at its end is a pair of factors in nearly every chain."""
    problem = native(35, 2, 2).scaled(1 / 35)
    law = IsingLaw(problem.edges, problem.weights, problem.biases, 1.0, None, problem.terms)
    found = anneal(law, ((0, 0.1), (100, 0.5), (200, 5.0)), 300, 64, 1)
    a, b = factors(found.states, 2, 2)
    assert (a * b == 35).mean() > 0.9
    energy = law.energy(found.states)
    np.testing.assert_allclose(found.energy[:, -1], energy, atol=1e-3)
