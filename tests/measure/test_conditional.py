"""A summary of a chip with held p-bits speaks of the law given them: enumerated, sampled, mixing, ledger."""

import numpy as np
import pytest

import thermosim as ts

CHIP = """
thermosim: 1
models:
  rng:  {type: cmos_rng, tau0: 100 ns, v_s: 26 mV, e_cell: 2 fJ}
  wire: {type: synapse}
instances:
  s:     {model: rng, shape: SHAPE, bias: 0.2}
  clock: {type: clock, frequency: 2 MHz, pins: {out: ck}}
couplings:
  p: {between: [s, s], model: wire, COUPLING}
updates: {clock: ck, beta: 1}
schedule: {clamp: CLAMP}
run: {duration: 2000 sweeps, burn_in: 100 sweeps, replicas: 64}
"""
GATE = "matrix: [[0, -1, 2], [-1, 0, 2], [2, 2, 0]]"
GRID = "lattice: {name: grid}, weight: 0.2"


def measured(tmp_path, clamp, shape="[3]", coupling=GATE, seed=1, measured_as=None):
    """Summary of a chip; `measured_as`: other clamps under which its record is measured."""
    path = tmp_path / "c.yaml"

    def load(clamp):
        path.write_text(CHIP.replace("CLAMP", clamp).replace("SHAPE", shape).replace("COUPLING", coupling))
        return ts.load(path)

    record = ts.simulate(load(clamp), seed=seed)
    if measured_as is not None:
        record.program = load(measured_as).program
    return ts.measure(record)


def excess(summary):
    return max(one.excess for one in summary.target[0].distances)


def test_a_small_fabric_is_held_against_the_enumerated_conditional_law(tmp_path):
    summary = measured(tmp_path, '[{of: "s[2]", value: -1}]')
    assert excess(summary) < 5
    assert summary.target[0].law == "as drawn"
    assert summary.verdict == "ok"
    assert abs(summary.temperature[0].ratio - 1) < 5 * summary.temperature[0].error
    assert any("1 of 3 p-bits are held through the recorded window" in note for note in summary.notes)
    rows = {row.action: row for row in summary.energy.rows}
    assert rows["cell"].count == 2 * 2000 * 64
    assert not any("mean(s)" in one.name and one.verdict == "stuck" for one in summary.mixing[0].observables)
    wrong = measured(tmp_path, '[{of: "s[2]", value: -1}]', measured_as='[{of: "s[2]", value: 1}]')
    assert excess(wrong) > 5, "the law of another clamp must show"


def test_a_large_fabric_is_held_against_a_heat_bath_of_the_conditional_law(tmp_path):
    ends = '[{of: "s[0,*]", value: 1}, {of: "s[5,*]", value: [1, -1, -1, -1, -1, -1]}]'
    summary = measured(tmp_path, ends, "[6, 6]", GRID)
    names = {one.quantity for one in summary.target[0].distances}
    assert {"pair correlations, rms", "means, rms", "energy", "mean(s)"} <= names
    assert excess(summary) < 5
    other = '[{of: "s[0,*]", value: 1}, {of: "s[5,*]", value: [-1, -1, -1, -1, -1, -1]}]'
    assert excess(measured(tmp_path, ends, "[6, 6]", GRID, measured_as=other)) > 5


@pytest.mark.parametrize("clamp", ['[{of: "s[2]", value: -1, from: 500}]', '[{of: "s[2]", value: -1, until: 1000}]'])
def test_clamps_that_come_or_go_leave_no_law(tmp_path, clamp):
    summary = measured(tmp_path, clamp)
    assert summary.target[0].law == "none"
    assert not summary.target[0].distances
    assert not summary.temperature
    assert any("clamps come or go in the recorded window" in note for note in summary.notes)


def test_what_never_comes_is_told(tmp_path):
    summary = measured(tmp_path, '[{of: "s[2]", value: -1, from: 2100}, {of: "s[1]", value: 1, until: 10}]')
    assert any("1 of its clamps and resets never come, for the run ends with sweep 2099" in n for n in summary.notes)
    assert excess(summary) < 5


def test_clamps_that_end_with_the_burn_in_leave_the_law_alone(tmp_path):
    summary = measured(tmp_path, '[{of: "s[2]", value: -1, until: 100}]')
    assert excess(summary) < 5
    assert len(summary.mixing[0].observables) > 3
    writes = {row.action: row.count for row in summary.energy.unpriced}
    assert writes["write"] == (3 + 1) * 64, "all before the window: three programmed, one clamped"
    assert np.isfinite(summary.ess)
