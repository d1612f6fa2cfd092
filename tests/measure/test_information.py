"""What a run's digital side learns: closed forms of the periodic demon, codes against readings, and the words."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are

import thermosim
from thermosim.analysis.information import landauer
from thermosim.analysis.propagator import propagator
from thermosim.constants import BOLTZMANN
from thermosim.engine import learning
from thermosim.engine.simulator import run
from thermosim.errors import NetlistError
from thermosim.record import load as load_record
from thermosim.report.overview import tell

NETLISTS = Path(__file__).parents[2] / "netlists"
FAR = 5.0  # standard errors: p < 1e-6
KT = BOLTZMANN * 300

DEMON = """
thermosim: 1
name: one_demon
temperature: 300 K
instances:
  C: {type: capacitor, c: 1 fF, pins: {p: x, n: 0}}
  Cu: {type: capacitor, c: 0.5 fF, pins: {p: x, n: u}}
  R: {type: resistor, r: 100 MOhm, pins: {p: x, n: w}}
  A: {type: adc, bits: 10, reference: 16 mV, latency: 1 cycle, noise: 1 mV, energy: 1 pJ,
      pins: {in: x, clock: ck, out: y}}
  D: {type: dac, bits: 10, reference: 16 mV, settling: 7 ns, energy: 0.2 pJ, pins: {in: d, clock: ck, out: u}}
  E: {type: dac, bits: 10, reference: 16 mV, settling: 12 ns, energy: 0.2 pJ, pins: {in: e, clock: ck, out: w}}
  K: {type: clock, frequency: 20 MHz, pins: {out: ck}}
controllers:
  demon:
    program: proportional
    gain: [[1.2], [-0.7]]
    clock: ck
    reads: {y: y}
    writes: {d: d, e: e}
    latency: 1 cycle
    arithmetic: {card: digital/cmos45}
run: {duration: 50 us, burn_in: 2050 ns, replicas: 64, record: {x: every 230 ns}, measure: [energy, heat, information]}
"""


@pytest.fixture
def chip(tmp_path):
    return lambda **changes: load(tmp_path, changes)


def load(tmp_path, changes):
    (tmp_path / "one.yaml").write_text(DEMON)
    return thermosim.load(tmp_path / "one.yaml", set={name.replace("__", "."): v for name, v in changes.items()})


def measured(chip, seed=3, **options):
    record = thermosim.simulate(chip, seed=seed, **options)
    return record, thermosim.measure(record)


def known(noise, period=50e-9):
    """Nats of a reading once the demon knows all that it can: 1/2 ln(1 + P- / V)."""
    capacitance, resistance = 1.5e-15, 1e8
    free = KT / capacitance
    decay = math.exp(-2 * period / (resistance * capacitance))
    before = free
    for _ in range(10_000):
        after = before * noise**2 / (before + noise**2)
        before = decay * after + free * (1 - decay)
    return 0.5 * math.log(1 + before / noise**2)


def test_readings_tell_the_closed_form_whatever_is_done_with_them(chip):
    """Feedback through a resistor and a capacitor, late, on a grid of codes: none of it enters."""
    _, summary = measured(chip())
    (found,) = summary.information
    assert found.readers == ("demon",)
    assert found.conversions == 1000
    assert abs(found.readings.nats - known(1e-3)) < FAR * found.readings.error
    assert abs(found.readings.nats - known(1.05e-3)) > FAR * found.readings.error  # 5 % of the noise would be seen
    assert found.readings.trust == "believed"
    assert found.readings.rate == pytest.approx(found.readings.nats * 20e6, rel=1e-12)
    # Ten bits of 32 mV, 1 mV of noise: nothing is lost.
    assert abs(found.codes.nats - found.readings.nats) < 1e-3
    assert found.bound == min(found.codes.rate, found.readings.rate)
    assert found.floor == pytest.approx(landauer(found.bound / math.log(2), 300.0), rel=1e-12)
    assert found.floor == pytest.approx(KT * found.bound, rel=1e-12)
    tick = 3 * 1.5e-12 + 0.0
    assert found.watts >= 20e6 * (1e-12 + 2 * 0.2e-12 + tick)
    assert found.watts == pytest.approx(summary.energy.window.value / 64 / 50e-6, rel=1e-12)


def test_a_learner_that_does_not_know_of_the_controls_is_not_believed(chip, monkeypatch):
    for name in ("shift", "pass_by"):
        whole = getattr(learning.Learner, name)
        if name == "shift":
            monkeypatch.setattr(learning.Learner, name, lambda self, moved: None)
        else:
            monkeypatch.setattr(
                learning.Learner, name, lambda self, step, drive, now, whole=whole: whole(self, step, 0 * drive, now)
            )
        _, summary = measured(chip())
        (found,) = summary.information
        assert found.readings.trust == "not believed"
        told = tell(summary, chip())
        (section,) = [one for one in told.sections if one.title == "Information"]
        assert section.badge.text == "not believed"
        assert "do not have variance 1" in section.remarks[0]
        monkeypatch.undo()


def test_coarse_codes_tell_less_than_readings_and_than_their_entropy(chip):
    rates = []
    for bits in (1, 2, 4, 8):
        _, summary = measured(chip(instances__A__bits=bits))
        (found,) = summary.information
        assert abs(found.readings.nats - known(1e-3)) < FAR * found.readings.error
        assert found.codes.nats < found.readings.nats + FAR * found.codes.error
        assert found.codes.nats < found.entropy
        assert found.entropy <= bits * math.log(2) * (1 + 1e-9)
        rates.append(found.codes.rate)
    assert rates == sorted(rates)


def test_a_sensor_without_noise_leaves_the_codes_alone(chip):
    _, summary = measured(chip(instances__A__noise="0 V", instances__A__bits=6))
    (found,) = summary.information
    assert found.readings.trust == "undefined"
    assert found.codes.nats < found.entropy
    assert found.law_by == "codes"
    assert json.loads(json.dumps(summary.to_dict()))["information"][0]["readings"]["nats"] is None
    assert "tells without end" in str(tell(summary, chip()))


def test_the_second_law_holds_with_information_and_fails_without(chip):
    """A demon that reads well and drives gently cools the bath: it needs what it learnt."""
    quiet = chip(controllers__demon__gain=[[0.0], [-0.5]], controllers__demon__latency="0 cycles",
                 instances__A__latency="0 cycles", instances__A__noise="0.2 mV", instances__D__settling="0 ns",
                 instances__E__settling="0 ns")  # fmt: skip
    _, summary = measured(quiet)
    (found,), (heat,) = summary.information, summary.heat
    assert heat.entropy < -FAR * heat.entropy_error  # heat is taken from one bath
    assert found.law > FAR * found.law_error
    assert found.law == pytest.approx(heat.entropy + found.codes.rate, rel=0.05)
    assert "entropy with information" in str(tell(summary, quiet))


@pytest.mark.parametrize("heat", [(), ("heat",)])
def test_information_does_not_touch_the_run_and_not_its_company(chip, heat):
    with_it = chip(run__measure=["energy", *heat, "information"])
    without = chip(run__measure=["energy", *heat])
    whole = thermosim.simulate(with_it, seed=5, replicas=70)
    np.testing.assert_array_equal(whole.samples["x"], thermosim.simulate(without, seed=5, replicas=70).samples["x"])
    alone = thermosim.simulate(with_it, seed=5, replicas=3, threads=1)
    half = run(with_it.program, with_it.controllers, seed=5, replicas=70, stop=lambda now: now >= 20_000_000_000)
    assert not half.meta["complete"]
    resumed = run(with_it.program, with_it.controllers, seed=5, replicas=70, resume=half)
    for name in ("x:told", "x:squares", "x:unknown"):
        np.testing.assert_array_equal(whole.sums[name][..., :3], alone.sums[name])
        np.testing.assert_array_equal(whole.sums[name], resumed.sums[name])
    np.testing.assert_array_equal(whole.sums["x:codes"], resumed.sums["x:codes"])


def test_what_is_not_built_is_refused_by_name(chip):
    with pytest.raises(NetlistError, match=r"information is not built where a sampling instant is uncertain \('A'\)"):
        chip(instances__A__jitter="1 ps")
    with pytest.raises(
        NetlistError, match=r"information is not built where an unbuffered sampler takes charge \('A'\)"
    ):
        chip(instances__A__sample_capacitance="1 aF", instances__A__buffered=False, run__measure=["information"])


def test_four_modes_read_by_converters_of_a_real_die(tmp_path):
    """Nats of an instant are half ln det (1 + g^2 P- / V), P- from Riccati's equation, with this die's gain."""
    noise, gain = 20e-3, 1.1
    chip = thermosim.load(
        NETLISTS / "smode4.yaml",
        set={"models.adc8.noise": "20 mV", "models.adc8.gain_error": gain - 1, "models.adc8.offset": "5 mV",
             "models.adc8.unit_mismatch": 0.02, "run.duration": "60 us", "run.burn_in": "20 us",
             "run.measure": ["information"]},
    )  # fmt: skip
    record, summary = measured(chip, replicas=64)
    (found,) = summary.information
    law = chip.program.islands[0].actual
    none = np.zeros((4, 0))
    step = propagator(law.capacitance, law.conductance, law.noise, none, np.zeros(4), 100e-9)
    for believed in (gain, 1.0):
        before = solve_discrete_are(step.decay.T, believed * np.eye(4), step.covariance, noise**2 * np.eye(4))
        exact = 0.5 * np.linalg.slogdet(np.eye(4) + believed**2 * before / noise**2)[1] / 4
        far = abs(found.readings.nats - exact) / found.readings.error
        assert far < FAR if believed == gain else far > FAR
    assert found.readings.trust == "believed"
    assert found.codes.nats < found.readings.nats
    assert found.conversions == 4 * 600
    assert record.sums["x[0]:codes"].sum() == 4 * 600 * 64


def test_a_window_that_begins_in_a_known_state_has_no_second_law(chip):
    _, summary = measured(chip(run__burn_in="0 s"), replicas=4)
    assert math.isnan(summary.information[0].law)
    assert summary.information[0].readings.trust == "believed"


def test_a_record_that_was_written_tells_the_same(chip, tmp_path):
    made = chip(run__duration="5 us")
    record, summary = measured(made, replicas=8)
    record.save(tmp_path / "out")
    again = load_record(tmp_path / "out")
    again.program = made.program
    assert str(thermosim.measure(again)) == str(summary)
