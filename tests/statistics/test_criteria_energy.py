"""The published energies come out of a run's ledger, and frozen chips have no energy per effective sample."""

import json
import math

import numpy as np
import pytest

import thermosim as ts

SWEEPS = 20


def ledger(**settings):
    short = {
        "run.duration": f"{SWEEPS} sweeps",
        "run.burn_in": "0 sweeps",
        "run.replicas": 3,
        "run.measure": ["energy"],
    }
    return ts.measure(ts.simulate(ts.load("pbit_grid", set=short | settings)))


def test_the_grid_at_the_cards_supply_costs_1_600_nj_a_step_and_82_nj_the_codon_problem():
    summary = ledger(**{"models.wire.v_dd": "103.4 mV"})
    cell = summary.energy.window.value / (3 * SWEEPS * 4900)  # once per cell and sweep, whatever the colours
    assert cell * 1e15 == pytest.approx(1.306, abs=5e-4)
    assert 250 * 4900 * cell * 1e9 == pytest.approx(1.600, abs=5e-4)
    assert 2e4 * 3147 * cell * 1e9 == pytest.approx(82, abs=0.5)
    each = {row.action: row.joules / (3 * SWEEPS * 4900) * 1e15 for row in summary.energy.rows}
    for action, published in (("rng", 0.350), ("wire", 0.834), ("clock", 0.011), ("bias", 0.111)):
        assert each[action] == pytest.approx(published, abs=5e-4)
    says = {row.action: f"{row.grade}; {row.source}" for row in summary.energy.rows}
    assert says["rng"].startswith("measured")
    assert "v_sig: calibrated" in says["wire"]
    assert "v_sig: calibrated" in says["clock"]
    assert "tau_ratio: calibrated" in says["bias"]
    assert not any(says[action].startswith("measured") for action in ("wire", "clock", "bias"))
    assert not any("multiplies its bias energy" in note for note in summary.notes)


def test_the_shipped_grid_states_what_its_larger_supply_costs():
    summary = ledger()
    bias = next(row for row in summary.energy.rows if row.action == "bias")
    factor = (290 / 103.4) ** 2
    assert bias.joules / (3 * SWEEPS * 4900) * 1e15 == pytest.approx(0.1106 * factor, rel=2e-3)
    assert any(f"multiplies its bias energy by {factor:.3g}" in note for note in summary.notes)


def test_the_headline_is_another_card_of_2_fj_a_cell():
    summary = ledger(**{"models.rng.card": "cmos_rng/extropic2025_headline"})
    assert summary.energy.window.value / (3 * SWEEPS * 4900) == pytest.approx(2e-15, rel=1e-9)


FROZEN = """\
thermosim: 1
name: frozen
models:
  rng: {{card: cmos_rng/extropic2025, v_s: 26 mV}}
  wire: {{type: synapse, v_dd: 103.4 mV}}
instances:
  s: {{model: rng, shape: [2, 1], bias: {bias}}}
  osc: {{type: clock, frequency: 2 MHz, pins: {{out: ck}}}}
couplings: {{j: {{between: [s, s], model: wire, lattice: {{offsets: [[1, 0]], boundary: open}}, weight: {weight}}}}}
updates: {{order: coloured, clock: ck, rng: held}}
run: {{duration: 400 sweeps, burn_in: 20 sweeps, replicas: 32, measure: [{measure}]}}
"""


def measured(tmp_path, bias, weight, measure="energy, mixing"):
    path = tmp_path / "frozen.yaml"
    path.write_text(FROZEN.format(bias=bias, weight=weight, measure=measure))
    record = ts.simulate(ts.load(path), seed=61)
    return record, ts.measure(record)


def assert_stuck(summary):
    assert summary.verdict == "stuck"
    assert math.isnan(summary.ess)
    assert math.isnan(summary.energy.per_effective_sample.value)
    assert summary.energy.per_raw_sample.value > 0
    plain = json.loads(json.dumps(summary.to_dict(), allow_nan=False))
    assert plain["energy"]["per_effective_sample"]["value"] is None


def test_replicas_frozen_in_the_same_state_are_stuck(tmp_path):
    record, summary = measured(tmp_path, bias=40, weight=0)
    assert np.all(record.series["s:states"] == 3)
    assert_stuck(summary)
    assert "undefined" in str(summary)


def test_replicas_frozen_in_different_states_are_stuck(tmp_path):
    record, summary = measured(tmp_path, bias=0, weight=40)
    states = record.series["s:states"]
    assert np.all(states == states[:, :1])
    assert set(states[:, 0]) == {0, 3}
    assert_stuck(summary)


def test_the_same_pair_that_moves_is_not_stuck(tmp_path):
    _, summary = measured(tmp_path, bias=0, weight=0.5)
    assert summary.verdict == "ok"
    assert summary.energy.per_effective_sample.value > summary.energy.per_raw_sample.value


@pytest.mark.parametrize(("bias", "weight"), [(40, 0), (0, 40), (10, 0)])
def test_frozen_replicas_have_no_distance_and_no_price_that_is_not_a_number(tmp_path, bias, weight):
    _, summary = measured(tmp_path, bias, weight, "energy, mixing, target")
    assert_stuck(summary)
    assert summary.target[0].distances == ()
    assert "stuck" in summary.target[0].note
    assert "nan J" not in str(summary)
    assert "nan s" not in str(summary)


def test_a_node_without_noise_is_stuck():
    record = ts.simulate(ts.load("noisy_capacitor", set={"instances.R.noisy": False, "instances.N.psd": "0 A^2/Hz"}))
    assert not record.samples["x"].any()
    summary = ts.measure(record)
    assert summary.verdict == "stuck"
    assert math.isnan(summary.ess)
