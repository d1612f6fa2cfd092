"""Directed couplings: what is felt by whom, which of them have a law, and in which order parents and children go."""

import numpy as np
import pytest
from small_fabrics import spins
from small_laws import fabric, program

from thermosim.circuit.discipline import ancestral, discipline
from thermosim.errors import NetlistError

UNEQUAL = "g: {from: s.out, to: s.in, model: wire, matrix: [[0, 0.5, 0], [-0.2, 0, 0.7], [0, 0, 0]]}"
MATRIX = np.array([[0, 0.5, 0], [-0.2, 0, 0.7], [0, 0, 0]])


def test_row_i_of_a_matrix_is_what_element_i_drives():
    law = fabric(3, UNEQUAL, bias='"{0.1 * i}"').actual
    s = spins(3)
    np.testing.assert_allclose(law.fields(s), s @ MATRIX + [0, 0.1, 0.2], atol=1e-15)
    assert not np.allclose(law.fields(s), s @ MATRIX.T + [0, 0.1, 0.2]), "the transposed matrix"
    assert not law.symmetric
    assert law.depths() is None


def test_a_lattice_has_two_directed_couplings_on_every_edge():
    law = fabric(4, "g: {from: s, to: s, model: wire, lattice: {name: ring}, weight: {normal: {sigma: 1}}}").drawn
    assert law.edges.tolist() == [[0, 1], [0, 3], [1, 2], [2, 3]]
    assert len(set(np.concatenate([law.weights, law.back]))) == 8, "every direction has a draw of its own"
    even = fabric(4, "g: {from: s, to: s, model: wire, lattice: {name: ring}, weight: 0.3}").drawn
    assert even.symmetric


def test_a_directed_and_a_symmetric_coupling_on_one_pair_add_up():
    both = (
        "a: {between: [s, s], model: wire, matrix: [[0, 0.5], [0.5, 0]]}, "
        "b: {from: s, to: s, model: wire, matrix: [[0, 0.2], [0, 0]]}"
    )
    law = fabric(2, both).drawn
    assert law.edges.tolist() == [[0, 1]]
    assert (law.weights.tolist(), law.back.tolist()) == ([0.7], [0.5])


def test_mismatch_is_drawn_for_each_direction():
    """Equal as drawn, so that the law as drawn is Boltzmann's; unequal on the die, which then has none."""
    spread = "variation: {mismatch: {g.weight: {sigma: 20 %}}}"
    directed = fabric(2, "g: {from: s, to: s, model: wire, lattice: {name: chain}, weight: 0.6}", more=spread)
    assert directed.drawn.symmetric
    assert not directed.actual.symmetric
    assert 0.01 < abs(directed.actual.weights[0] - directed.actual.back[0]) < 1
    assert "1 of 1 pairs feel each other differently" in discipline(directed).reason
    one = fabric(2, "g: {between: [s, s], model: wire, lattice: {name: chain}, weight: 0.6}", more=spread)
    assert one.actual.symmetric, "one synapse serves both"
    assert one.actual.weights[0] != 0.6


TREE = "g: {from: s, to: s, model: wire, matrix: [[0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]]}"
"""3 drives 1; 1 and 2 drive 0."""


@pytest.mark.parametrize(("order", "colour"), [("coloured", [2, 1, 0, 0]), ("sequential", [3, 2, 0, 1])])
def test_parents_come_before_their_children(order, colour):
    made = fabric(4, TREE, f"clock: ck, order: {order}")
    assert made.colour.tolist() == colour
    assert ancestral(made)
    reason = discipline(made).reason
    assert "without a cycle: a Bayesian network" in reason
    assert "parents before their children" in reason


@pytest.mark.parametrize(
    "updates", ["order: random", "order: parallel", "order: subset, chance: 0.5", "order: coloured, rng: free"]
)
def test_a_note_says_where_the_order_is_not_ancestral(updates):
    made = program(4, TREE, f"clock: ck, {updates}")
    assert not ancestral(made.fabrics[0])
    assert any("is not ancestral, so p-bits answer to what their parents were" in note for note in made.notes)


def test_a_cycle_of_three_has_no_law():
    ring = "g: {from: s, to: s, model: wire, matrix: [[0, 1, 0], [0, 0, 1], [1, 0, 0]]}"
    made = fabric(3, ring)
    assert made.actual.depths() is None
    assert len(set(made.colour.tolist())) == 3
    assert "there is no energy" in discipline(made).reason


def test_wires_of_a_directed_coupling_hang_on_its_source():
    """A ring with two directed couplings on each edge has the wires of the symmetric ring."""
    card = "{card: cmos_rng/extropic2025, v_s: 26 mV}"

    def joules(coupling):
        made = program(4, coupling, rng=card)
        return next(row.price.joules for row in made.prices if row.price.action == "wire")

    lattice = "model: wire, lattice: {name: ring}, weight: 1}"
    ring = joules("g: {between: [s, s], " + lattice)
    assert ring > 0
    assert joules("g: {from: s, to: s, " + lattice) == pytest.approx(ring)


def test_the_load_of_a_p_bit_is_what_it_feels():
    """A p-bit that only drives has no load: the budget is broken by the driven one alone."""
    law = fabric(2, "g: {from: s, to: s, model: wire, matrix: [[0, 5], [0, 0]]}").programmed
    assert law.reach().tolist() == [0.0, 5.0]


@pytest.mark.parametrize(
    ("coupling", "message"),
    [
        ("g: {from: s.in, to: s, model: wire, lattice: {name: ring}, weight: 1}",
         "couplings.g.from: 's.in': a coupling goes from outputs to inputs; write s or s.out"),
        ("g: {from: s, to: s.out, model: wire, lattice: {name: ring}, weight: 1}",
         "couplings.g.to: 's.out': a coupling goes from outputs to inputs; write s or s.in"),
        ("g: {from: q, to: s, model: wire, lattice: {name: ring}, weight: 1}",
         "couplings.g.from: 'q' is no array of p-bits"),
        ("g: {from: s, to: s, model: {type: resistor, r: 1 MOhm}, lattice: {name: ring}}",
         "couplings.g.from: a two-terminal element has no direction: use between: [a, b], or a synapse"),
        ("g: {from: s, to: s, model: wire, problem: x.ij}",
         "couplings.g: a problem has no direction: use 'between' for it"),
        ("g: {from: s, to: s, model: wire, matrix: [[1, 0, 0], [0, 0, 0], [0, 0, 0]]}",
         "couplings.g.matrix: couples element 0 to itself"),
        ("g: {between: [s, s], model: wire, matrix: [[0, 1, 0], [0, 0, 0], [0, 0, 0]]}",
         "is not symmetric: [0, 1] is 1, [1, 0] is 0; for directed couplings say 'from' and 'to'"),
    ],
)  # fmt: skip
def test_mistakes(coupling, message):
    with pytest.raises(NetlistError) as caught:
        program(3, coupling)
    assert message in str(caught.value)
