"""What a summary says of networks that change in time: the law of a phase, or that there is none."""

import math

import pytest
from moving_chips import SWITCHED, chip

import thermosim
from thermosim.errors import NetlistError


def summary(folder, body=SWITCHED, **values):
    return thermosim.measure(thermosim.simulate(chip(folder, body, **values), seed=4))


def test_at_one_phase_the_samples_are_held_against_the_state_that_repeats(tmp_path):
    found = summary(tmp_path, run__duration="2 ms", run__replicas=8)
    assert found.verdict == "ok"
    (target,) = found.target
    assert target.law == "the network as drawn, at this phase"
    assert all(one.value < one.floor + 5 * one.floor_spread for one in target.distances)
    # A die whose capacitor is half as large is another law.
    spread = {"variation": {"corner": "small", "corners": {"small": {"C.c": 0.5}}}}
    wrong = summary(tmp_path, run__duration="2 ms", run__replicas=8, **spread)
    assert any(one.value > one.floor + 5 * one.floor_spread for one in wrong.target[0].distances)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (
            {"run__record": {"x": "every 300 ns", "y": "every 300 ns"}},
            "not recorded at one phase of its period of 1 us",
        ),
        ({"instances__CK__frequency": "1.000003 MHz"}, "not recorded at one phase of its period"),
    ],
)
def test_elsewhere_nothing_is_claimed(tmp_path, values, says):
    found = summary(tmp_path, run__replicas=4, **values)
    assert found.verdict == "not settled"
    assert math.isnan(found.ess)
    assert says in found.target[0].note
    assert not found.target[0].distances
    assert says in found.mixing[0].observables[0].reason


def test_what_does_not_repeat_has_no_stationary_state(tmp_path):
    body = """
generators: {g: {points: [[0 s, 1], [1 us, 2]]}}
instances:
  R: {type: resistor, r: 1 MOhm, gain: g, pins: {p: x, n: 0}}
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
run: {duration: 10 us, replicas: 4, record: {x: every 1 us}, measure: [mixing, target, heat]}
"""
    chip_ = chip(tmp_path, body)
    (network,) = thermosim.analyze(chip_)
    assert network.reason == "generator 'g' does not repeat, so there is no stationary state"
    found = thermosim.measure(thermosim.simulate(chip_, seed=1))
    assert found.target[0].note == network.reason
    assert found.heat[0].reason == network.reason
    assert math.isnan(found.heat[0].baths[0].expected)


def test_nothing_settles_without_a_bath(tmp_path):
    body = """
instances:
  K: {type: clock, frequency: 1 MHz, pins: {out: ck}}
  S: {type: switch, r_on: 1 kOhm, r_off: 1 GOhm, duty: 0.5, pins: {p: x, n: y, clock: ck}}
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  D: {type: capacitor, c: 1 pF, pins: {p: y, n: 0}}
run: {duration: 10 us, replicas: 4, record: {x: every 1 us}}
"""
    (network,) = thermosim.analyze(chip(tmp_path, body))
    assert network.reason.startswith("no periodic state: a mode is multiplied by 1 in each period")


def test_the_score_demon_is_refused_on_a_plant_that_moves(tmp_path):
    body = """
generators: {g: {points: [[0 s, 1], [1 us, 2]], period: 2 us}}
instances:
  K: {type: clock, frequency: 1 MHz, pins: {out: ck}}
  R: {type: resistor, r: 1 MOhm, gain: g, pins: {p: x, n: u}}
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  A: {type: adc, bits: 8, reference: 0.5 V, latency: 1 cycle, pins: {in: x, clock: ck, out: y}}
  D: {type: dac, bits: 8, reference: 0.5 V, settling: 20 ns, pins: {in: d, clock: ck, out: u}}
target: {gaussian_mixture: {means: [[1], [-1]], sigma: 0.1, unit: mV}, of: [x]}
controllers: {k: {program: score, clock: ck, network: target, reads: {y: y}, writes: {d: d}}}
run: {duration: 10 us, replicas: 4, record: {x: every 1 us}}
"""
    with pytest.raises(NetlistError, match="the score demon knows the plant as it stands still"):
        chip(tmp_path, body)
