"""Ground states of gates, circuits and factoring costs, by enumeration, against truth tables and published numbers."""

from pathlib import Path

import numpy as np
import pytest

import thermosim as ts
from thermosim.netlist.factoring import cost_polynomial, factoring, factors, polynomial_energy
from thermosim.netlist.gates import GATES
from thermosim.netlist.logic import Logic, values
from thermosim.netlist.problem import enumerate_states

TRUTH = {"and": (0.9073, 0.9864, 0.9997), "full_adder": (0.6016, 0.8083, 0.9689), "xor": (0.8702, 0.9818, 0.9997)}
TRUTH |= dict.fromkeys(("or", "nand", "nor"), TRUTH["and"]) | {"half_adder": TRUTH["full_adder"]}


def rows(gate):
    """States of a gate, their energies, and whether their pins are a row of the truth table."""
    s = enumerate_states(len(gate.bias))
    energy = -(0.5 * np.einsum("ki,ij,kj->k", s, gate.coupling, s) + s @ gate.bias)
    up = (s > 0).astype(int)
    true = [tuple(r[gate.inputs : len(gate.pins)]) == gate.truth(*map(int, r[: gate.inputs])) for r in up]
    return s, energy, np.array(true)


@pytest.mark.parametrize("name", GATES)
def test_ground_states_are_the_truth_table(name):
    gate = GATES[name]
    assert np.array_equal(gate.coupling, gate.coupling.T)
    s, energy, true = rows(gate)
    ground = energy == energy.min()
    assert energy.min() == gate.ground
    assert np.unique(energy)[1] - energy.min() == gate.gap
    assert np.all(true[ground])
    assert ground.sum() == 2**gate.inputs == len(np.unique(s[ground][:, : gate.inputs], axis=0))


@pytest.mark.parametrize("name", TRUTH)
def test_probability_of_the_truth_table_is_the_published_one(name):
    _, energy, _ = rows(GATES[name])
    for beta, published in zip((0.5, 1, 2), TRUTH[name], strict=True):
        p = np.exp(-beta * (energy - energy.min()))
        assert round(p[energy == energy.min()].sum() / p.sum(), 4) == published


def test_a_multiplier_knows_its_products():
    logic = Logic()
    logic.multiply("x", 2, "y", 2, "p")
    problem = logic.problem("times")
    s = enumerate_states(problem.spins)
    energy = problem.energy(s)
    ground = s[energy == energy.min()]
    x, y, p = (values(problem, ground, name, bits) for name, bits in (("x", 2), ("y", 2), ("p", 4)))
    assert energy.min() == 0
    assert sorted(zip(x, y, strict=True)) == [(a, b) for a in range(4) for b in range(4)]
    assert np.array_equal(x * y, p)


@pytest.mark.parametrize(("x_bits", "y_bits"), [(3, 3), (3, 5), (6, 4)])
def test_a_larger_multiplier_has_energy_zero_on_every_product(x_bits, y_bits):
    logic = Logic()
    logic.multiply("x", x_bits, "y", y_bits, "p")
    problem = logic.problem("times")
    for x, y in ((5, 7), (7, 3), (1, 6), (0, 5)):
        state = circuit_state(logic, {**bits("x", x, x_bits), **bits("y", y, y_bits)})
        assert problem.energy(state) == 0
        assert values(problem, state, "p", x_bits + y_bits) == x * y


def bits(name, value, count):
    return {f"{name}{k}": value >> k & 1 for k in range(count)}


def circuit_state(logic, known):
    """Every gate in its turn: outputs from inputs."""
    up = [known.get(name, 0) for name in logic.names]
    for kind, spins in logic.gates:
        gate = GATES[kind]
        outputs = gate.truth(*(up[spin] for spin in spins[: gate.inputs]))
        for spin, value in zip(spins[gate.inputs :], outputs, strict=True):
            up[spin] = value
    return 2 * np.array(up) - 1


def test_ties_hold_a_satisfiable_circuit_at_zero():
    logic = Logic()
    logic.gate("full_adder", "a", "b", "ci", "s", "co")
    logic.tie("s", 0)
    logic.tie("co", 1)
    problem = logic.problem("backwards")
    s = enumerate_states(5)
    energy = problem.energy(s)
    ground = (s[energy == energy.min()] > 0).astype(int)
    assert energy.min() == 0
    assert sorted(ground[:, :3].sum(axis=1)) == [2, 2, 2]
    with pytest.raises(ValueError, match="tied to both"):
        logic.tie("s", 1)


def test_the_cost_polynomial_of_35_is_the_published_one():
    found = cost_polynomial(35, 2, 2)
    x1, x2, y1, y2 = range(4)
    published = {
        (): 546, (x1,): -112, (y1,): -112, (x2,): -224, (y2,): -224, (x1, x2): 84, (y1, y2): 84, (x1, y1): -6,
        (x1, y2): -12, (x2, y1): -12, (x2, y2): -24, (x1, x2, y1): 32, (x1, y1, y2): 32, (x1, x2, y2): 64,
        (x2, y1, y2): 64, (x1, x2, y1, y2): 16,
    }  # fmt: skip
    assert found == published


@pytest.mark.parametrize(
    ("number", "x_bits", "y_bits", "orders", "solutions"),
    [
        (35, 2, 2, [4, 6, 4, 1], {(5, 7), (7, 5)}),
        (161, 2, 4, [6, 15, 16, 6], {(7, 23)}),
        (945, 5, 3, [8, 28, 45, 30], {(63, 15)}),
    ],
)
def test_the_cost_is_zero_at_the_factors_alone(number, x_bits, y_bits, orders, solutions):
    polynomial = cost_polynomial(number, x_bits, y_bits)
    assert np.bincount([len(spins) for spins in polynomial])[1:].tolist() == orders
    s = enumerate_states(x_bits + y_bits)
    x, y = factors(s, x_bits, y_bits)
    energy = polynomial_energy(polynomial, s)
    np.testing.assert_array_equal(energy, (x * y - number) ** 2)
    assert set(zip(x[energy == 0].tolist(), y[energy == 0].tolist(), strict=True)) == solutions


@pytest.mark.parametrize(("number", "x_bits", "y_bits", "solutions"), [(35, 2, 2, 2), (161, 2, 4, 1)])
def test_pairs_alone_hold_the_same_cost(number, x_bits, y_bits, solutions):
    problem = factoring(number, x_bits, y_bits, penalty=20.0)
    s = enumerate_states(problem.spins)
    energy = problem.energy(s)
    x, y = factors(s, x_bits, y_bits)
    up = s > 0
    product = up[:, :x_bits, None] & up[:, None, x_bits : x_bits + y_bits]
    held = np.all(product.reshape(len(s), -1) == up[:, x_bits + y_bits :], axis=1)
    np.testing.assert_allclose(energy[held], (x[held] * y[held] - number) ** 2, atol=1e-9)
    assert np.sum(energy < 1e-9) == solutions
    assert np.all(energy > -1e-9)


def test_the_multiplier_of_the_parts_has_the_products_as_its_ground_states(tmp_path):
    """Twelve p-bits from the shipped file: 16 of 4,096 states are ground states, and each is a product."""
    chip = tmp_path / "multiplier.yaml"
    chip.write_text(
        "thermosim: 1\nname: multiplier\ninclude: [parts/gates.yaml]\n"
        "models: {rng: {card: cmos_rng/extropic2025, v_s: 26 mV}, wire: {type: synapse}}\n"
        "instances: {m: {subcircuit: multiplier}, clock: {type: clock, frequency: 1 MHz, pins: {out: ck}}}\n"
        "updates: {order: coloured, clock: ck}\nrun: {duration: 10 sweeps}\n"
    )
    parts = Path(__file__).parents[2] / "netlists" / "parts"
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "gates.yaml").write_text((parts / "gates.yaml").read_text())
    fabric = ts.load(chip).program.fabrics[0]
    s = enumerate_states(fabric.nodes)
    energy = fabric.drawn.energy(s)
    ground = s[energy == energy.min()] > 0

    def number(name, bits):
        return sum(2**k * ground[:, fabric.arrays[f"m.{name}{k}"][0]] for k in range(bits))

    x, y, p = number("x", 2), number("y", 2), number("p", 4)
    assert sorted(zip(x, y, strict=True)) == [(a, b) for a in range(4) for b in range(4)]
    assert np.array_equal(x * y, p)
    assert np.unique(energy)[1] - energy.min() == 2
