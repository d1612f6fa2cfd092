"""Mean heats and works of the state that repeats, in closed form beside the ledger."""

import numpy as np
import pytest
from moving_chips import KNOBS, chip

import thermosim
from thermosim.analysis.linear import stationary
from thermosim.analysis.periodic import moment_integral
from thermosim.analysis.propagator import propagator
from thermosim.measure.periodic import periodic

FAR = 5.0  # standard errors: p < 1e-6

MOVED = """
generators:
  hops: {points: [[0 s, 1], [3 us, -1], [7.3 us, 0.25]], period: 11 us}
  g: {points: [[0 s, 1], [2 us, 5]], period: 5.5 us}
instances:
  CK: {type: clock, frequency: 1 MHz, pins: {out: phi}}
  V: {type: voltage_source, v: 100 uV, gain: hops, pins: {p: u, n: 0}}
  W: {type: voltage_source, v: -30 uV, pins: {p: w, n: 0}}
  R: {type: resistor, r: 1 MOhm, gain: g, temperature: 400 K, pins: {p: u, n: x}}
  RW: {type: resistor, r: 2 MOhm, pins: {p: w, n: y}}
  I: {type: current_source, i: 50 pA, gain: hops, pins: {p: y, n: 0}}
  N: {type: white_noise, psd: 1e-26 A^2/Hz, gain: g, pins: {p: x, n: 0}}
  S: {type: switch, r_on: 1 MOhm, r_off: 50 MOhm, temperature: 100 K, duty: 0.3, pins: {p: x, n: y, clock: phi}}
  C1: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  C2: {type: capacitor, c: 2 pF, pins: {p: y, n: 0}}
  C3: {type: capacitor, c: 0.5 pF, pins: {p: y, n: u}}
run: {duration: 55 us, burn_in: 66 us, replicas: 2000, record: {x: every 11 us, y: every 11 us},
      measure: [mixing, heat]}
"""


TURNED = KNOBS.replace("burn_in: 0 us, replicas: 5", "burn_in: 66 us, replicas: 4000")


@pytest.mark.parametrize(("body", "baths", "sources"), [
    (MOVED, {"R", "RW", "S"}, {"I", "N", "u", "w"}),
    (TURNED, {"RW", "RX", "RY"}, {"C1", "C12", "CU", "I", "u", "w"}),
])  # fmt: skip
def test_every_bath_and_source_has_its_closed_form(tmp_path, body, baths, sources):
    (found,) = thermosim.measure(thermosim.simulate(chip(tmp_path, body), seed=3)).heat
    assert found.reason == ""
    for rate in (*found.baths, *found.sources):
        assert abs(rate.watts - rate.expected) < FAR * rate.error, rate.path
        assert abs(rate.watts - 2 * rate.expected) > FAR * rate.error, rate.path
    assert {rate.path for rate in found.baths} == baths
    assert {rate.path for rate in found.sources} == sources
    assert abs(found.entropy - found.entropy_expected) < FAR * found.entropy_error
    heat, work = (sum(rate.expected for rate in rates) for rates in (found.baths, found.sources))
    assert abs(heat - work) < 1e-9 * max(abs(rate.expected) for rate in found.sources)
    assert found.residue < 1e-12


@pytest.mark.parametrize("phase", [0.5, 2.0, 4.4])
def test_the_state_that_repeats_where_capacitors_change(tmp_path, phase):
    """Against replicas at one phase of the period; at 2 us a capacitor is about to change. Mutant: a standing C."""
    chip_ = chip(
        tmp_path, TURNED, run__burn_in=f"{55 + phase} us", run__record={"x": "every 11 us", "y": "every 11 us"}
    )
    (island,) = chip_.program.islands
    record = thermosim.simulate(chip_, seed=8, replicas=20_000)
    values = np.array([record.samples[net][:, -1, 0] for net in island.nodes])
    mean, covariance = periodic(island, chip_.program.driven, "actual", (int(record.times["x"][-1]),)).at(
        int(record.times["x"][-1])
    )
    variance = np.diag(covariance)
    far = FAR * np.sqrt(2 / values.shape[1])
    assert np.all(np.abs(values.mean(axis=1) - mean) < FAR * np.sqrt(variance / values.shape[1]))
    assert np.all(np.abs(np.cov(values) - covariance) < far * np.sqrt(np.outer(variance, variance)))
    frozen = island.moving.actual.law(island.moving.values(0))
    standing = np.diag(stationary(frozen.capacitance, frozen.conductance, frozen.noise))
    assert np.any(np.abs(values.var(axis=1) / standing - 1) > 2 * far)


def test_a_window_of_broken_periods_has_none(tmp_path):
    (found,) = thermosim.measure(
        thermosim.simulate(chip(tmp_path, MOVED, run__duration="56 us", run__replicas=2), seed=3)
    ).heat
    assert found.reason == "it changes in time and the window is no whole number of its periods of 11 us"


def test_the_integral_of_second_moments_is_that_of_many_short_steps():
    """A drift that is not normal; Simpson's rule on exact transitions."""
    capacitance = np.array([[1.0, -0.2], [-0.2, 2.0]])
    conductance = np.array([[3.0, -1.0], [-0.5, 2.0]])
    noise, current = np.array([[1.0, 0.3], [0.3, 0.5]]), np.array([0.4, -0.7])
    inverse = np.linalg.inv(capacitance)
    mean, covariance, pieces, whole = np.array([1.0, -0.5]), np.diag([0.2, 0.1]), 400, 1.5
    exact = propagator(capacitance, conductance, noise, np.zeros((2, 0)), current, whole / pieces)
    found = moment_integral(
        inverse @ conductance, inverse @ current, inverse @ noise @ inverse.T, mean, covariance, whole
    )
    values = []
    for _ in range(pieces + 1):
        x = np.append(mean, 1.0)
        values.append(np.outer(x, x))
        values[-1][:2, :2] += covariance
        mean = exact.decay @ mean + exact.inputs[:, -1]
        covariance = exact.decay @ covariance @ exact.decay.T + exact.covariance
    weights = np.full(pieces + 1, 2.0)
    weights[1::2], weights[[0, -1]] = 4.0, 1.0
    expected = np.tensordot(weights, np.array(values), 1) * whole / pieces / 3
    np.testing.assert_allclose(found, expected, rtol=1e-8)
