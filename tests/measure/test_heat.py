"""The second ledger through a netlist: the same bits however it runs, closed forms beside it, and its words."""

import json
import signal

import numpy as np
import pytest

import thermosim
from thermosim.constants import BOLTZMANN
from thermosim.engine import heat as ledgers
from thermosim.engine.simulator import run
from thermosim.kernels.heat import follow

TWO_BATHS = """
thermosim: 1
name: two_baths
temperature: 300 K
instances:
  C1: {type: capacitor, c: 1 pF, pins: {p: a, n: 0}}
  C2: {type: capacitor, c: 2 pF, pins: {p: b, n: 0}}
  Cc: {type: capacitor, c: 1 pF, pins: {p: a, n: b}}
  R1: {type: resistor, r: 100 kOhm, pins: {p: a, n: 0}}
  R2: {type: resistor, r: 100 kOhm, temperature: 600 K, pins: {p: b, n: drive}}
  R3: {type: resistor, r: 300 kOhm, pins: {p: b, n: 0}}
  I: {type: current_source, i: 1 nA, pins: {p: a, n: 0}}
  N: {type: white_noise, psd: 4e-26 A^2/Hz, pins: {p: a, n: 0}}
  V: {type: voltage_source, v: 0.1 mV, pins: {p: drive, n: 0}}
run: {duration: 20 us, burn_in: 2050 ns, replicas: 64, record: {a: every 500 ns}, measure: [mixing, heat]}
"""


@pytest.fixture
def chip(tmp_path):
    (tmp_path / "two.yaml").write_text(TWO_BATHS)
    return thermosim.load(tmp_path / "two.yaml")


def test_measured_powers_stand_beside_their_closed_forms(chip):
    record = thermosim.simulate(chip, seed=2)
    summary = thermosim.measure(record)
    heat = summary.heat[0]
    assert heat.seconds == pytest.approx(20e-6, rel=1e-12)
    rates = {one.path: one for one in (*heat.baths, *heat.sources)}
    assert list(rates) == ["R1", "R2", "R3", "I", "N", "drive"]
    for one in rates.values():
        assert abs(one.watts - one.expected) < 5 * one.error
    assert abs(rates["I"].watts - 2 * rates["I"].expected) > 5 * rates["I"].error  # a factor of 2 would be seen
    assert rates["drive"].expected == pytest.approx(1e-4**2 / 400e3, rel=1e-9)
    assert abs(rates["R2"].watts + rates["R2"].expected) > 5 * rates["R2"].error  # and a sign
    assert rates["R2"].thermal == pytest.approx(rates["R2"].watts / (BOLTZMANN * 600), rel=1e-12)
    assert np.isnan(rates["I"].thermal)
    assert abs(heat.entropy - heat.entropy_expected) < 5 * heat.entropy_error
    analysed = {one.path: one.watts for one in (*thermosim.analyze(chip)[0].heats, *thermosim.analyze(chip)[0].works)}
    assert {path: one.expected for path, one in rates.items()} == pytest.approx(analysed, rel=1e-12)
    assert heat.residue < 1e-12
    assert "heat into R1 at 300 K" in str(summary)
    assert json.loads(json.dumps(summary.to_dict()))["heat"][0]["baths"][0]["path"] == "R1"


def test_a_ledger_does_not_depend_on_company_interruption_or_threads(chip):
    whole = thermosim.simulate(chip, seed=5, replicas=70)
    alone = thermosim.simulate(chip, seed=5, replicas=3, threads=1)
    half = run(chip.program, {}, seed=5, replicas=70, stop=lambda now: now >= 9_000_000_000)
    assert not half.meta["complete"]
    # The last draw up to 9 us is at 2.05 + 6.5 us.
    assert thermosim.measure(half).heat[0].seconds == pytest.approx(6.5e-6, rel=1e-9)
    resumed = run(chip.program, {}, seed=5, replicas=70, resume=half)
    for name in ("a:heat", "a:work", "a:gained"):
        np.testing.assert_array_equal(whole.sums[name][..., :3], alone.sums[name])
        np.testing.assert_array_equal(whole.sums[name], resumed.sums[name])
    np.testing.assert_array_equal(whole.samples["a"], resumed.samples["a"])


def test_the_pieces_of_a_step_may_be_taken_in_several_calls(chip, monkeypatch):
    """A kernel that returns often hears a second Ctrl-C; the bits are those of one call."""
    whole = thermosim.simulate(chip, seed=5)
    calls = []

    def counted(*arguments):
        calls.append(arguments[-3])
        return follow(*arguments)

    monkeypatch.setattr(ledgers, "_BULK", 5 * 5**2 * 64)
    monkeypatch.setattr(ledgers, "follow", counted)
    parts = thermosim.simulate(chip, seed=5)
    assert max(calls) == 5
    for name in ("a:heat", "a:work", "a:gained"):
        np.testing.assert_array_equal(whole.sums[name], parts.sums[name])
    np.testing.assert_array_equal(whole.samples["a"], parts.samples["a"])


CONVERTER = """models:
  adc8: {type: adc, bits: 8, reference: 1 V, jitter: 1 ns, noise: 1 mV, latency: 1 cycle}
instances:"""
SAMPLED = TWO_BATHS.replace("instances:", CONVERTER).replace(
    "run:",
    """  adc: {model: adc8, pins: {in: b, clock: ck, out: y}}
  dac: {type: dac, bits: 8, reference: 1 V, settling: 20 ns, pins: {in: y, clock: ck, out: u}}
  Ru: {type: resistor, r: 1 MOhm, pins: {p: a, n: u}}
  osc: {type: clock, frequency: 1 MHz, pins: {out: ck}}
run:""",
)
SWITCHED = TWO_BATHS.replace(
    "run:",
    """  S: {type: switch, r_on: 50 kOhm, r_off: 1 GOhm, duty: 0.4, pins: {p: a, n: 0, clock: ck}}
  osc: {type: clock, frequency: 1 MHz, pins: {out: ck}}
run:""",
)


@pytest.mark.parametrize("text", [TWO_BATHS, SAMPLED, SWITCHED], ids=["alone", "sampled", "switched"])
@pytest.mark.parametrize("call", [1, 30, 61, 83])
def test_ctrl_c_within_a_booked_step_stops_at_once_and_goes_on_to_the_same_bits(tmp_path, monkeypatch, text, call):
    (tmp_path / "chip.yaml").write_text(text)
    chip = thermosim.load(tmp_path / "chip.yaml")
    whole = thermosim.simulate(chip, seed=5)
    calls = []

    def interrupted(*arguments):
        calls.append(arguments[-3])
        if len(calls) == call:
            signal.raise_signal(signal.SIGINT)
        return follow(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ledgers, "_BULK", 5 * 5**2 * 64)
        patch.setattr(ledgers, "follow", interrupted)
        half = thermosim.simulate(chip, seed=5)
    assert not half.meta["complete"]
    assert half.checkpoint
    assert len(calls) <= call + 1  # a step's last call ends the step, and the event after it is the last
    resumed = thermosim.simulate(chip, seed=5, resume=half)
    assert resumed.meta["complete"]
    for name, sums in whole.sums.items():
        np.testing.assert_array_equal(sums, resumed.sums[name], name)
    for name, counts in whole.counters.items():
        np.testing.assert_array_equal(counts, resumed.counters[name], name)
    np.testing.assert_array_equal(whole.samples["a"], resumed.samples["a"])
