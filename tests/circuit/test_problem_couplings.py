"""A `problem` of a netlist becomes the couplings and biases of its p-bits, or says where it does not fit."""

from pathlib import Path

import numpy as np
import pytest

import thermosim as ts
from thermosim.errors import NetlistError

CHIP = """
thermosim: 1
models:
  rng:  {{type: cmos_rng, tau0: 100 ns, v_s: 26 mV}}
  wire: {{type: synapse}}
instances:
  s:     {{model: rng, shape: [{size}], bias: 0.25}}
  clock: {{type: clock, frequency: 2 MHz, pins: {{out: ck}}}}
couplings:
  p: {{between: [s, s], model: wire, problem: {problem}}}
updates: {{clock: ck}}
run: {{duration: 2000 sweeps, burn_in: 50 sweeps, replicas: 32}}
"""


def load(tmp_path: Path, problem: str, size: int = 3):
    (tmp_path / "a.ij").write_text("0 1 0.5\n1 2 -0.75\n1 1 0.5\n")
    (tmp_path / "chip.yaml").write_text(CHIP.format(problem=problem, size=size))
    return ts.load(tmp_path / "chip.yaml")


@pytest.mark.parametrize(("problem", "factor"), [("a.ij", 1.0), ("{file: a.ij, scale: 2}", 2.0)])
def test_weights_and_biases_reach_the_law(tmp_path, problem, factor):
    law = load(tmp_path, problem).program.fabrics[0].actual
    assert law.edges.tolist() == [[0, 1], [1, 2]]
    np.testing.assert_allclose(law.weights, factor * np.array([0.5, -0.75]))
    np.testing.assert_allclose(law.biases, 0.25 + factor * np.array([0, 0.5, 0]))


def test_the_chip_samples_the_law_of_the_problem(tmp_path):
    chip = load(tmp_path, "a.ij")
    summary = ts.measure(ts.simulate(chip, seed=3))
    total = next(one for one in summary.target[0].distances if one.quantity.startswith("TV"))
    assert total.excess < 5
    wrong = ts.load(tmp_path / "chip.yaml", set={"couplings.p.problem": {"file": "a.ij", "scale": 1.1}})
    swapped = ts.simulate(wrong, seed=3)
    swapped.program = chip.program
    mutant = ts.measure(swapped).target[0].distances
    assert next(one for one in mutant if one.quantity.startswith("TV")).excess > 5, "a factor of 1.1 must show"


def test_generated_problems_run(tmp_path):
    chip = load(tmp_path, "{planted: torus, size: 4, seed: 2}", 16)
    assert len(chip.program.fabrics[0].drawn.edges) == 32
    assert chip.program.fabrics[0].colours == 2


@pytest.mark.parametrize(
    ("problem", "size", "message"),
    [
        ("a.ij", 4, "couplings.p.problem: the problem has 3 spins and 's' 4 p-bits; say shape: [3]"),
        ("b.ij", 3, "couplings.p.problem: no file 'b.ij' beside the netlist or here"),
        ("{file: a.ij, first: 1}", 3, "couplings.p.problem: a.ij:1: spin 0 is out of range: 1"),
        ("{file: a.ij, planted: torus, size: 3}", 3, "needs one of 'file' and 'planted'"),
        ("{planted: torus}", 3, "'size' belongs to 'planted'"),
        ("{planted: torus, size: 2}", 4, "collapses on a torus of [2, 2]"),
    ],
)
def test_misfits_are_told_with_their_place(tmp_path, problem, size, message):
    with pytest.raises(NetlistError) as caught:
        load(tmp_path, problem, size)
    assert message in str(caught.value)
    assert "chip.yaml:10" in str(caught.value)
