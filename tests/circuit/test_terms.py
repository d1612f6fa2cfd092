"""Products of three and four in a netlist: what is listed, held, varied and coloured, and what is refused."""

import numpy as np
import pytest
from small_fabrics import spins
from small_laws import fabric, program

from thermosim.errors import NetlistError
from thermosim.models import quantise
from thermosim.netlist.factoring import cost_polynomial, factors, native
from thermosim.netlist.problem_files import read_problem
from thermosim.netlist.term_files import write_terms

CUBIC = "c: {between: [s, s, s], model: wire, terms: [[0, 1, 2, 0.5], [4, 3, 1, -0.7]]}"
QUARTIC = "q: {between: [s, s, s, s], model: wire, terms: [[3, 0, 2, 4, 0.6]]}"


def test_terms_are_those_of_the_netlist():
    law = fabric(5, f"{CUBIC}, {QUARTIC}").drawn
    s = spins(5)
    a, b, c, d, e = s.T
    np.testing.assert_allclose(law.energy(s), -(0.5 * a * b * c - 0.7 * b * d * e + 0.6 * a * c * d * e), atol=1e-15)


def test_members_come_from_their_arrays():
    """[0, 1, 2] of [s, s, t] is element 2 of t; arrays coupled by a term alone are one fabric."""
    two = (
        "thermosim: 1\nname: t\nmodels: {rng: {type: cmos_rng, v_s: 26 mV, tau0: 20 ns}, wire: {type: synapse}}\n"
        "instances:\n  s: {model: rng, shape: [2]}\n  t: {model: rng, shape: [3]}\n"
        "  K: {type: clock, frequency: 2 MHz, pins: {out: ck}}\n"
        "couplings: {c: {between: [s, s, t], model: wire, terms: [[0, 1, 2, 0.5], [1, 0, 0, 2]]}}\n"
        "updates: {clock: ck}\nrun: {duration: 10 sweeps}\n"
    )
    from thermosim.circuit import assemble, elaborate
    from thermosim.netlist import load_text

    (one,) = assemble(elaborate(load_text(two, "t.yaml"))).fabrics
    assert one.nodes == 5
    found = dict(zip(map(tuple, one.drawn.terms.members.tolist()), one.drawn.terms.weights, strict=True))
    assert found == {(-1, 0, 1, 2): 2.0, (-1, 0, 1, 4): 0.5}


def test_p_bits_of_one_term_have_different_colours():
    made = fabric(5, f"{CUBIC}, {QUARTIC}")
    for members in made.drawn.terms.members:
        colours = made.colour[members[members >= 0]]
        assert len(set(colours.tolist())) == len(colours)
    alone = fabric(3, "c: {between: [s, s, s], model: wire, terms: [[0, 1, 2, 1]]}")
    assert alone.colours == 3


def test_terms_are_quantised_and_clipped_as_weights_are():
    four = "model: {type: synapse, bits: 4, j_max: 0.6}"
    law = fabric(5, CUBIC.replace("model: wire", four))
    drawn, held = law.drawn.terms.weights, law.programmed.terms.weights
    np.testing.assert_array_equal(held, quantise(drawn, 4, 0.6))
    assert np.abs(held).max() == 0.6
    assert not np.array_equal(drawn, held)


def test_terms_of_a_die_differ_from_the_drawing():
    law = fabric(5, f"{CUBIC}, {QUARTIC}", more="variation: {mismatch: {c.weight: {sigma: 10 %}}}")
    drawn, actual = law.drawn.terms, law.actual.terms
    assert np.all(drawn.weights[drawn.orders == 3] != actual.weights[actual.orders == 3])
    assert np.all(drawn.weights[drawn.orders == 4] == actual.weights[actual.orders == 4])


def test_the_products_of_a_problem_are_varied_with_its_pairs(tmp_path, monkeypatch):
    """Pairs, threes and fours of one problem: one path in `variation`, draws of their own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.terms").write_text("0 1 1\n0 1 2 1\n1 2 3 1\n0 1 2 3 1\n")
    couple = "c: {between: [s, s], model: wire, problem: f.terms}"
    law = fabric(4, couple, more="variation: {mismatch: {c.weight: {sigma: 10 %}}}")
    ratio = np.concatenate([law.actual.weights / law.drawn.weights, law.actual.terms.weights / law.drawn.terms.weights])
    assert len(ratio) == 4
    assert len(set(ratio.tolist())) == 4
    assert 0 < np.abs(ratio - 1).max() < 0.6


def test_parallel_terms_add_up_and_a_file_says_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.terms").write_text("# three of s\n0 1 2 0.5\n4, 3, 1, -0.7  # commas\n")
    law = fabric(
        5, CUBIC.replace("[[0, 1, 2, 0.5], [4, 3, 1, -0.7]]", "c.terms") + ", " + CUBIC.replace("c:", "d:")
    ).drawn
    assert sorted(law.terms.weights.tolist()) == [-1.4, 1.0]


@pytest.mark.parametrize(
    ("number", "x", "y", "orders", "solutions"),
    [(35, 2, 2, [4, 6, 4, 1], 2), (161, 2, 4, [6, 15, 16, 6], 1), (945, 5, 3, [8, 28, 45, 30], 1)],
)
def test_the_cost_of_factoring_is_a_chip(number, x, y, orders, solutions, tmp_path):
    """The energy is (X Y - F)^2 state by state, in the published numbers of terms; ground states are factors."""
    write_terms(native(number, x, y), tmp_path / "f.terms")
    n = x + y
    couple = f"c: {{between: [s, s], model: wire, problem: {{file: {tmp_path / 'f.terms'}, scale: {1 / number!r}}}}}"
    law = fabric(n, couple).drawn
    counts = [n, len(law.edges), *(int((law.terms.orders == k).sum()) for k in (3, 4))]
    assert counts == orders
    s = spins(n)
    a, b = factors(s, x, y)
    constant = cost_polynomial(number, x, y)[()]
    np.testing.assert_allclose(law.energy(s) * number + constant, (a * b - number) ** 2, atol=1e-8 * number**2)
    assert int((a * b == number).sum()) == solutions


def test_native_xorsat_has_its_planted_ground_state():
    couple = "c: {between: [s, s], model: wire, problem: {planted: xorsat_terms, size: 12, seed: 3}}"
    law = fabric(12, couple).drawn
    energy = law.energy(spins(12))
    assert energy.min() == -12.0
    assert not len(law.edges)
    assert np.bincount(law.terms.felt()[0]).tolist() == [3] * 12
    quadratised = fabric(24, couple.replace("xorsat_terms", "xorsat"))
    assert quadratised.nodes == 24, "the same equations in pairs need an auxiliary each"


def test_a_chip_of_terms_is_measured_whole():
    """Energy, target, temperature and an unpriced row for the products; nothing drops a term."""
    made = program(5, f"{CUBIC}, {QUARTIC}")
    assert any(row.price.action == "products" and row.price.joules is None for row in made.prices)
    assert any("p-bits of one term must not be updated together" in note for note in made.notes)


TOO = "couplings.c.terms: "


@pytest.mark.parametrize(
    ("coupling", "message"),
    [
        ("c: {between: [s, s, s], model: wire, terms: [[0, 1, 1, 1]]}",
         TOO + "term 0 = (0, 1, 1) has element 1 of 's' twice, and s^2 = 1: state the lower order"),
        ("c: {between: [s, s, s], model: wire, terms: [[0, 1, 5, 1]]}",
         TOO + "term 0 = (0, 1, 5) is out of range: 's' has elements 0 to 4"),
        ("c: {between: [s, s, s], model: wire, terms: [[0, 1, -1, 1]]}",
         TOO + "term 0 = (0, 1, -1) is out of range: 's' has elements 0 to 4"),
        ("c: {between: [s, s, s], model: wire, terms: [[0, 1, 2.5, 1]]}",
         TOO + "term 0: 2.5 is no element; elements are whole numbers from 0"),
        ("c: {between: [s, s, s], model: wire, terms: [[0, 1, 2, .inf]]}",
         "couplings.c.terms.0.3: 'inf': expected a plain number"),
        ("c: {between: [s, s, s], model: wire, terms: [[0, 1, 2, 3, 1]]}",
         TOO + "term 0 has 5 entries; expected 3 elements, one of each array in 'between', and a weight"),
        ("c: {between: [s, s, s], model: wire, terms: [[0, 1, 2, 1], [2, 0, 1, 2]]}",
         TOO + "term 1 = (2, 0, 1) states the product of term 0 again; state each term once"),
        ("c: {between: [s, s, s], model: wire, terms: []}", TOO + "no term: leave the coupling out"),
        ("c: {between: [s, s, s, s, s], model: wire, terms: [[0, 1, 2, 3, 4, 1]]}",
         "couplings.c: 'between' names 5 arrays; products have at most 4 p-bits: split longer ones with an auxiliary "
         "p-bit"),
        ("c: {between: [s, s], model: wire, terms: [[0, 1, 1]]}",
         "'terms' are products of three or four p-bits: between: [s, s, s]; pairs are 'edges' or a 'matrix'"),
        ("c: {between: [s, s, s], model: wire, lattice: {name: ring}}",
         "'lattice' joins two arrays, and 'between' names 3"),
        ("c: {between: [s, s, s], model: wire}", "three or four arrays need 'terms', e.g. terms: [[0, 1, 2, 0.5]]"),
        ("c: {between: [s, s, s], model: wire, terms: [[0, 1, 2, 1]], weight: 2}",
         "couplings.c.weight: the terms already carry weights; leave 'weight' out"),
        ("c: {between: [s, s, s], model: wire, terms: x.terms}", TOO + "no file 'x.terms' beside the netlist or here"),
        ("c: {between: [s, s, q], model: wire, terms: [[0, 1, 2, 1]]}",
         "couplings.c.between: 'q' is no array of p-bits"),
    ],
)  # fmt: skip
def test_mistakes(coupling, message):
    with pytest.raises(NetlistError) as caught:
        program(5, coupling)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1 2\n0 1 2 x\n", "f.terms:2: expected a weight, got 'x'"),
        ("0 1 2 3 4 1\n", "f.terms:1: expected one to 4 spins and a weight, got 6 fields"),
        ("0 1 2 1\n2 1 0 1\n", "f.terms:2: states the term 2 1 0 again; line 1 has it already"),
        ("0 1 1 1\n", "f.terms:1: the term 0 1 1 has a spin twice, and s^2 = 1: state the lower order"),
        ("0 1 a 1\n", "f.terms:1: expected the numbers of spins, got '0 1 a'"),
        ("0 1 -2 1\n", "f.terms:1: spin -2 is out of range: 0 to 67108863"),
        ("0 1 99999999999 1\n", "f.terms:1: spin 99999999999 is out of range: 0 to 67108863"),
        ("0 1 2 nan\n", "f.terms:1: the weight nan is not finite"),
        ("# nothing\n", "f.terms: no term: lines are the spins of a product and its weight"),
    ],
)
def test_mistakes_in_files(text, message, tmp_path):
    (tmp_path / "f.terms").write_text(text)
    with pytest.raises(ValueError, match=r"f\.terms") as caught:
        read_problem(tmp_path / "f.terms")
    assert str(caught.value) == message


def test_a_problem_goes_through_a_file_unchanged(tmp_path):
    problem = native(161, 2, 4)
    write_terms(problem, tmp_path / "f.terms")
    again = read_problem(tmp_path / "f.terms")
    s = spins(6)
    np.testing.assert_array_equal(again.energy(s) + problem.offset, problem.energy(s))


@pytest.mark.parametrize(
    ("updates", "rng", "message"),
    [
        ("order: free", "",
         "couplings.c: terms of three or four are not built for order free; every clocked order has them"),
        ("clock: ck", "{card: mtj/telegraph_ns, barrier: 4, critical: 400 mV}",
         "terms of three or four are not built for p-bits with barriers that depend on the bias"),
    ],
)  # fmt: skip
def test_what_is_not_built_is_refused_by_name(updates, rng, message):
    with pytest.raises(NetlistError) as caught:
        program(5, CUBIC, updates, rng=rng, duration="10 us")
    assert message in str(caught.value)
