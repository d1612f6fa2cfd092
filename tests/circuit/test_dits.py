"""Netlists with p-dits: the laws that they make, whichever array comes first, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thermosim.api import load
from thermosim.circuit import assemble, elaborate, lint
from thermosim.circuit.dits import DitFabric
from thermosim.netlist import load_text

HEAD = """\
thermosim: 1
name: dits
models:
  three: {{type: pdit, q: 3, tau0: 10 ns, bias: [0.1, -0.2, 0.4]}}
  two: {{type: pdit, q: 2, tau0: 10 ns}}
  rng: {{type: cmos_rng, v_s: 26 mV, tau0: 50 ns, bias: 0.3}}
  wire: {{type: synapse{synapse}}}
instances:
{instances}
  K: {{type: clock, frequency: 3.3333 MHz, pins: {{out: ck}}}}
couplings:
{couplings}
updates: {{clock: ck, beta: 0.8}}
{more}
run: {{duration: {run}}}
"""


def chip(
    instances: str, couplings: str, synapse: str = "", more: str = "", file: str = "dits.yaml", run: str = "10 sweeps"
) -> Any:
    text = HEAD.format(instances=instances, couplings=couplings, synapse=synapse, more=more, run=run)
    circuit = elaborate(load_text(text, file))
    return circuit, assemble(circuit)


def fabric(*args: str, **more: str) -> DitFabric:
    program = chip(*args, **more)[1]
    assert not program.fabrics
    (found,) = program.dits
    return found


TABLE = np.array([[0.5, -0.1], [0.2, 0.9], [-0.3, 0.4]])  # of a p-dit with a p-bit
MIXED = """\
  m: {{between: [{ends}], model: wire, matrix: [[1, 2], [0, 3]], table: {table}}}
  bits: {{between: [s, s], model: wire, lattice: {{name: complete}}, weight: 0.7}}
"""


@pytest.mark.parametrize("dit", ["a", "z"])
@pytest.mark.parametrize("dit_first", [True, False])
def test_a_table_has_a_row_for_each_state_of_the_first_array(dit: str, dit_first: bool) -> None:
    """Whether the array of p-dits stands before or behind the p-bits in the coupling and in the fabric's own order."""
    table = TABLE if dit_first else TABLE.T
    couplings = MIXED.format(ends=f"{dit}, s" if dit_first else f"s, {dit}", table=table.tolist())
    found = fabric(f"  {dit}: {{model: three, shape: [2]}}\n  s: {{model: rng, shape: [2]}}", couplings)
    d, s = found.nodes_of(dit), found.nodes_of("s")
    weights = np.array([[1, 2], [0, 3]]) if dit_first else np.array([[1, 2], [0, 3]]).T
    rng = np.random.default_rng(1)
    for _ in range(20):
        c, x = rng.integers(0, 3, 2), rng.integers(0, 2, 2)
        state = np.zeros(4, dtype=int)
        state[d], state[s] = c, x
        spins = 2 * x - 1
        expected = sum(weights[i, j] * TABLE[c[i], x[j]] for i in range(2) for j in range(2))
        expected += 0.7 * spins[0] * spins[1] + np.array([0.1, -0.2, 0.4])[c].sum() + 0.3 * spins.sum()
        assert found.drawn.energy(state) == pytest.approx(-expected, abs=1e-12)
    assert found.drawn.beta == 0.8
    assert found.pbits == {"s"}


def test_memory_is_that_of_each_device() -> None:
    """A slot of 300 ns: a p-dit of three states forgets in 30 ns, a p-bit in 50 ns."""
    found = fabric(
        "  a: {model: three}\n  s: {model: rng}",
        "  m: {between: [a, s], model: wire, matrix: [[1]], table: [[1, 0], [0, 1], [0, 0]]}",
    )
    assert found.memory == pytest.approx([np.exp(-10), np.exp(-6)], rel=1e-3)


def test_mismatch_of_a_p_bit_moves_slope_and_shift() -> None:
    more = "variation: {corner: odd, corners: {odd: {s.v_s: 1.25}}}"
    found = fabric(
        "  a: {model: three}\n  s: {model: rng, offset: 2 mV}",
        "  m: {between: [a, s], model: wire, matrix: [[1]], table: [[1, 0], [0, 1], [0, 0]]}",
        more=more,
    )
    assert found.slope == pytest.approx([1, 0.8])
    assert found.shift == pytest.approx([0, 0])


def test_weights_are_quantised_and_the_table_is_wiring() -> None:
    found = fabric(
        "  a: {model: three, shape: [2]}",
        "  m: {between: [a, a], model: wire, lattice: {name: complete}, weight: 0.55}",
        synapse=", bits: 3, j_max: 0.9",
    )
    assert found.drawn.tables[0] == pytest.approx(0.55 * np.eye(3))
    assert found.programmed.tables[0] == pytest.approx(0.6 * np.eye(3))
    assert found.actual.tables[0] == pytest.approx(0.6 * np.eye(3))


def test_a_file_gives_tables_and_biases(tmp_path: Path) -> None:
    (tmp_path / "p.dat").write_text("J 0 1 0 2 0.5\nJ 1 2 2 1 -0.75\nh 2 1 0.3\n")
    found = fabric(
        "  a: {model: three, shape: [3]}",
        "  m: {between: [a, a], model: wire, tables: p.dat}",
        file=str(tmp_path / "dits.yaml"),
    )
    own = np.array([0.1, -0.2, 0.4])
    assert found.drawn.energy(np.array([0, 2, 1])) == pytest.approx(-(own[[0, 2, 1]].sum() + 0.5 - 0.75 + 0.3))
    assert found.drawn.energy(np.array([2, 0, 1])) == pytest.approx(-(own[[2, 0, 1]].sum() + 0.3))


def test_biases_may_differ_from_element_to_element() -> None:
    found = fabric(
        '  a: {type: pdit, q: 2, tau0: 10 ns, shape: [2], bias: [0, "{0.5*i}"]}',
        "  m: {between: [a, a], model: wire, lattice: {name: complete}, weight: 1}",
    )
    assert np.array_equal(found.drawn.biases, [[0, 0], [0, 0.5]])


def test_parallel_couplings_add_up() -> None:
    found = fabric(
        "  a: {model: two, shape: [2]}",
        "  m: {between: [a, a], model: wire, lattice: {name: complete}, weight: 1}\n"
        "  n: {between: [a, a], model: wire, lattice: {name: complete}, weight: 2, table: [[0, 1], [1, 0]]}",
    )
    assert np.array_equal(found.drawn.tables, [[[1, 2], [2, 1]]])


def test_p_dits_alone_and_p_bits_alone_are_fabrics_apart() -> None:
    _, program = chip(
        "  a: {model: two, shape: [2]}\n  s: {model: rng, shape: [2]}",
        "  m: {between: [a, a], model: wire, lattice: {name: complete}, weight: 1}\n"
        "  n: {between: [s, s], model: wire, lattice: {name: complete}, weight: 1}",
        run="10 us",
    )
    assert [one.path for one in program.fabrics] == ["s"]
    assert [one.path for one in program.dits] == ["a"]


def test_what_a_reader_must_know_is_said() -> None:
    circuit, program = chip(
        "  a: {model: three, shape: [3]}",
        "  m: {between: [a, a], model: wire, lattice: {name: complete}, weight: 1}",
    )
    assert any("close odd loops" in note for note in program.notes)
    assert not any("is priced for" in note for note in program.notes)
    assert lint(circuit, program) == ()
    fast = load("potts", set={"instances.clock.frequency": "40 MHz"})
    assert any("0.0833 times as many" in note for note in fast.program.notes)
    assert [problem.rule for problem in fast.lints] == ["rng-memory"]
