"""A tempered chip from netlist to summary: its law, what is told of exchanges and counted, going on after a stop."""

import numpy as np
import pytest

import thermosim as ts
from thermosim.engine.simulator import run
from thermosim.record import load

CHIP = """
thermosim: 1
models:
  rng:  {type: cmos_rng, tau0: 100 ns, v_s: 26 mV, e_cell: 2 fJ}
  wire: {type: synapse}
instances:
  s:     {model: rng, shape: [4], bias: 0.1}
  clock: {type: clock, frequency: 2 MHz, pins: {out: ck}}
couplings:
  p: {between: [s, s], model: wire, matrix: [[0, 1, 0, -0.5], [1, 0, 0.7, 0], [0, 0.7, 0, 1], [-0.5, 0, 1, 0]]}
updates: {clock: ck}
VARIATION
schedule: {tempering: {betas: BETAS, every: 3}}
run: {duration: 3000 sweeps, burn_in: 100 sweeps, replicas: 64}
"""


def chip(tmp_path, betas="[0.4, 0.9, 1.8]", variation=""):
    (tmp_path / "c.yaml").write_text(CHIP.replace("BETAS", betas).replace("VARIATION", variation))
    return ts.load(tmp_path / "c.yaml")


def excess(summary, law="as drawn"):
    return max(one.excess for one in summary.target[0].distances if one.law == law)


def test_the_recorded_copy_has_the_law_of_the_last_beta(tmp_path):
    loaded = chip(tmp_path)
    record = ts.simulate(loaded, seed=2)
    summary = ts.measure(record)
    assert excess(summary) < 5
    assert "slowest mode of the sweep of a copy alone" in summary.mixing[0].exact
    record.program = chip(tmp_path, "[0.4, 0.9, 1.7]").program
    assert excess(ts.measure(record)) > 5, "another last beta must show"
    notes = " ".join(summary.notes)
    assert "3 copies of the chip run at betas of 0.4 to 1.8 and the last is recorded" in notes
    assert "exchanges between neighbours in beta are accepted with 0." in notes
    assert "tempering — " not in notes
    rows = {row.action: row for row in summary.energy.rows}
    assert rows["cell"].count == 3 * 4 * 3000 * 64
    unpriced = {row.action: row.count for row in summary.energy.unpriced}
    assert unpriced["exchanges"] == 1000 * 64
    assert unpriced["reads"] == 2 * 4 * 1000 * 64
    assert unpriced["energy_terms"] == 2 * (4 + 4) * 1000 * 64
    assert 0 < unpriced["write"] < unpriced["reads"]


def test_mismatch_is_told_and_offsets_alone_are_not(tmp_path):
    offsets = chip(tmp_path, variation="variation: {seed: 1, mismatch: {s.offset: {sigma: 3 mV}}}")
    assert not any("tempering — " in note for note in offsets.program.notes)
    summary = ts.measure(ts.simulate(offsets, seed=2))
    assert excess(summary, "as built") < 5
    assert excess(summary) > 5
    gains = chip(tmp_path, variation="variation: {seed: 1, mismatch: {s.gain: {sigma: 10 %}}}")
    assert any("tempering — exchanges weigh states" in note for note in gains.program.notes)
    summary = ts.measure(ts.simulate(gains, seed=2))
    assert not any(one.law == "as built" for one in summary.target[0].distances), "nobody knows that law"
    assert "tempering — exchanges weigh" in summary.target[0].note


def test_a_gap_in_the_ladder_is_told(tmp_path):
    summary = ts.measure(ts.simulate(chip(tmp_path, "[0.001, 9]"), seed=2))
    assert any("put a beta between them" in note for note in summary.notes)


@pytest.mark.parametrize("stop", [5e10, 1.5e12])
def test_a_tempered_run_goes_on_after_a_stop_to_the_same_bits(tmp_path, stop):
    program = chip(tmp_path).program
    whole = run(program, {}, seed=2, replicas=3, threads=1)
    half = run(program, {}, seed=2, replicas=3, threads=1, stop=lambda now: now >= stop)
    assert half.checkpoint
    rest = run(program, {}, seed=2, replicas=3, threads=1, resume=load(half.save(tmp_path / "r")))
    for part in ("series", "samples", "times", "sums", "counters"):
        for name, values in getattr(whole, part).items():
            np.testing.assert_array_equal(getattr(rest, part)[name], values, name)
    assert whole.sums["s:trips"].sum() > 0
