"""The experiment runs small: it writes its figure and its table, and the adder samples the law of its gates."""

import csv
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import thermosim as ts
from thermosim.ideal.exact import probabilities
from thermosim.netlist.gates import GATES

FOLDER = Path(__file__).parents[2] / "experiments" / "invertible_logic"


def test_quick_run(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["run.py", "--quick", "--out", str(tmp_path)])
    runpy.run_path(str(FOLDER / "run.py"), run_name="__main__")
    assert (tmp_path / "invertible_logic.png").stat().st_size > 10_000
    table = list(csv.reader((tmp_path / "invertible_logic.csv").open()))
    medians = {(row[0], row[1]): int(row[3]) for row in table[1:4]}
    # Blind guesses need 6; a median of 32 replicas scatters by about a third.
    assert medians["multiplier", "35"] < 12
    assert medians["cost", "35"] < 12
    # Four p-bits whose 16 states hold two solutions, the only minima: a few sweeps at most.
    assert medians["native", "35"] < 6
    assert table[3][:3] == ["native", "35", "4"]
    assert float(table[3][6]) > 0.9, "annealed in 100 sweeps"
    # 6,400 reads of 32 replicas that correlate over a few sweeps: TV of a perfect sampler is about 0.02
    assert all(float(row[3].split()[1]) < 0.06 for row in table[4:])


def test_the_adder_backwards_has_the_published_probability():
    chip = ts.load(FOLDER / "gates.yaml", set={"couplings.circuit.problem.file": "free.logic"})
    p = probabilities(chip.program.fabrics[0].drawn)
    assert round(np.sort(p)[-8:].sum(), 4) == 0.8083


PART = """
thermosim: 1
include: [FILE]
models: {rng: {type: cmos_rng, tau0: 100 ns, v_s: 26 mV}, wire: {type: synapse}}
instances:
  g: {subcircuit: KIND}
  clock: {type: clock, frequency: 2 MHz, pins: {out: ck}}
updates: {clock: ck}
run: {duration: 10 sweeps}
"""


@pytest.mark.parametrize("kind", GATES)
def test_gates_of_the_parts_are_those_of_the_table(kind, tmp_path):
    parts = FOLDER.parents[1] / "netlists" / "parts" / "gates.yaml"
    (tmp_path / "c.yaml").write_text(PART.replace("FILE", str(parts)).replace("KIND", kind))
    fabric = ts.load(tmp_path / "c.yaml").program.fabrics[0]
    gate = GATES[kind]
    pins = [*gate.pins, *["aux"] * gate.auxiliaries]
    order = [fabric.arrays[f"g.{pin}"][0] for pin in pins]
    coupling = np.zeros((len(pins), len(pins)))
    coupling[tuple(fabric.drawn.edges.T)] = fabric.drawn.weights
    np.testing.assert_array_equal((coupling + coupling.T)[np.ix_(order, order)], gate.coupling)
    np.testing.assert_array_equal(fabric.drawn.biases[order], gate.bias)
