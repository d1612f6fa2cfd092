"""A reprogrammed die is the die that the other weights would have given."""

import numpy as np
import pytest

import thermosim as ts
from thermosim.circuit.reprogram import reprogram

CHIP = """
thermosim: 1
models:
  rng:  {type: cmos_rng, tau0: 100 ns, v_s: 26 mV}
  wire: {type: synapse, bits: 5, j_max: 1}
instances:
  b:     {model: rng, shape: [2], bias: 0.5}
  a:     {model: rng, shape: [3], bias: "{0.1 * i}"}
  clock: {type: clock, frequency: 2 MHz, pins: {out: ck}}
couplings:
  inside: {between: [b, b], model: wire, matrix: [[0, WEIGHT], [WEIGHT, 0]]}
  across: {between: [b, a], model: wire, matrix: [[0, 0.3, WEIGHT], [-0.2, 0, 0]]}
variation: {seed: 3, mismatch: {inside.weight: {sigma: 10 %}, across.weight: {sigma: 5 %}, a.offset: {sigma: 3 mV}}}
updates: {clock: ck}
run: {duration: 10 sweeps}
"""


def chip(tmp_path, weight):
    (tmp_path / "c.yaml").write_text(CHIP.replace("WEIGHT", str(weight)))
    return ts.load(tmp_path / "c.yaml")


def test_it_is_the_die_of_the_other_weights(tmp_path):
    first, second = chip(tmp_path, 0.4), chip(tmp_path, -0.77)
    law = second.program.fabrics[0].drawn
    circuit, program = reprogram(first.circuit, first.program, law.weights, law.biases)
    found, wanted = program.fabrics[0], second.program.fabrics[0]
    for which in ("drawn", "programmed", "actual"):
        for part in ("edges", "weights", "biases"):
            np.testing.assert_array_equal(getattr(getattr(found, which), part), getattr(getattr(wanted, which), part))
    np.testing.assert_array_equal(found.shift, wanted.shift)
    assert found.colour is first.program.fabrics[0].colour
    assert not np.array_equal(wanted.actual.weights, wanted.programmed.weights), "mismatch must be at work"
    back = reprogram(circuit, program, first.program.fabrics[0].drawn.weights, first.program.fabrics[0].drawn.biases)
    np.testing.assert_array_equal(back[1].fabrics[0].actual.weights, first.program.fabrics[0].actual.weights)


def test_a_chip_without_one_fabric_is_refused():
    idle = ts.load("smode4")
    with pytest.raises(ValueError, match="one fabric of p-bits and the chip has 0"):
        reprogram(idle.circuit, idle.program, np.zeros(0), np.zeros(0))
