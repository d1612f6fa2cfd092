"""Islands that change in time: exact transitions between the changes, the same bits in any company."""

import numpy as np
import pytest
from moving_chips import EVERYTHING, FORWARD, KNOBS, SWITCHED, WIDER, chip
from scipy.integrate import solve_ivp
from scipy.linalg import expm

import thermosim
from thermosim.analysis.linear import stationary
from thermosim.constants import BOLTZMANN
from thermosim.engine.simulator import run
from thermosim.record import load
from thermosim.times import seconds


def moments_by_ode(chip_, until):
    """Mean and covariance from their differential equations, solved by an integrator that knows no propagator."""
    (island,) = chip_.program.islands
    moving, n = island.moving, len(island.nodes)
    changes = {0, until}
    for signal in moving.all:
        time = signal.after(0)
        while time is not None and time < until:
            changes.add(time)
            time = signal.after(time)
    mean, covariance = np.zeros(n), np.zeros((n, n))
    held = None
    for begin, end in zip(sorted(changes), sorted(changes)[1:], strict=False):
        law = moving.actual.law(moving.values(begin))
        inverse = np.linalg.inv(law.capacitance)
        volts = np.array([one.volts * one.signal.at(begin) for one in moving.inputs])
        if held is not None:
            mean = mean + inverse @ island.actual.input_capacitance @ (volts - held)
        held = volts
        inputs = np.append(volts, [signal.at(begin) for signal in moving.currents])
        drift, push = inverse @ law.conductance, inverse @ (law.input_conductance @ inputs + law.current)
        spread = inverse @ law.noise @ inverse.T

        def slope(_time, packed, drift=drift, push=push, spread=spread):
            v, sigma = packed[:n], packed[n:].reshape(n, n) * 1e-6
            return np.append(push - drift @ v, (spread - drift @ sigma - sigma @ drift.T).ravel() * 1e6)

        start = np.append(mean, covariance.ravel() * 1e6)
        found = solve_ivp(slope, (0, seconds(end - begin)), start, method="DOP853", rtol=1e-11, atol=1e-15).y[:, -1]
        mean, covariance = found[:n], found[n:].reshape(n, n) * 1e-6
    return mean, covariance


@pytest.mark.parametrize("body", [EVERYTHING, WIDER])
def test_every_kind_of_change_follows_the_ode_of_mean_and_variance(tmp_path, body):
    """Replicas against the equations of mean and variance. Mutants: a law that stands still, and twice the noise."""
    moving = chip(tmp_path, body)
    replicas = 20_000
    record = run(moving.program, {}, seed=3, replicas=replicas)
    last = np.array([record.samples[net][:, -1, 0] for net in ("x", "y")])
    assert [record.times[net][-1] for net in ("x", "y")] == [41_900_000_000] * 2
    (island,) = moving.program.islands
    mean, covariance = moments_by_ode(moving, 41_900_000_000)
    rows = [island.nodes.index(net) for net in ("x", "y")]
    mean, variance = mean[rows], np.diag(covariance)[rows]
    assert np.all(np.abs(last.mean(axis=1) - mean) < 5 * np.sqrt(variance / replicas))
    far = 5 * np.sqrt(2 / replicas)
    assert np.all(np.abs(last.var(axis=1) / variance - 1) < far)
    assert np.all(np.abs(last.var(axis=1) / (2 * variance) - 1) > far)
    frozen = island.moving.actual.law(island.moving.values(0))
    standing = np.diag(stationary(frozen.capacitance, frozen.conductance, frozen.noise))[rows]
    assert np.any(np.abs(last.var(axis=1) / standing - 1) > 2 * far)


def test_the_variance_of_a_forward_diffusion_is_the_closed_form(tmp_path):
    """One matrix times beta(t): time runs as the integral of beta, so that cov = kT/C (1 - exp(-2 A int beta dt))."""
    moving = chip(tmp_path, FORWARD)
    replicas = 20_000
    record = run(moving.program, {}, seed=8, replicas=replicas)
    rate = 1 / (20e6 * 1e-12)
    drift = rate * np.array([[2.0, -1.0], [-1.0, 1.0]])
    for draw in (1, 5, 9):
        stairs = np.arange(0, (draw + 1) * 1e-6 - 1e-12, 0.5e-6)
        elapsed = 0.5e-6 * (0.1 + 40 * stairs * 20e3).sum()
        expected = BOLTZMANN * 300 / 1e-12 * (np.eye(2) - expm(-2 * drift * elapsed))
        found = np.cov(record.samples["x"][:, draw].T)
        size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
        far = 5.5 * np.sqrt(2 / replicas)
        assert np.all(np.abs(found - expected) < far * size)
        if draw > 1:
            continue  # near the end nothing tells how long it took
        late = BOLTZMANN * 300 / 1e-12 * (np.eye(2) - expm(-2 * drift * 1.1 * elapsed))
        assert np.any(np.abs(found - late) > far * size)


def test_the_mean_of_a_driven_rc_is_the_closed_form_of_the_staircase(tmp_path):
    body = """
generators: {ramp: {rate: 1 MHz, expression: "{t / T}", until: 20 us}}
parameters: {T: 10 us}
instances:
  V: {type: voltage_source, v: 0.3 V, gain: ramp, pins: {p: u, n: 0}}
  R: {type: resistor, r: 1 MOhm, noisy: false, pins: {p: u, n: x}}
  C: {type: capacitor, c: 2 pF, pins: {p: x, n: 0}}
run: {duration: 30 us, record: {x: every 250 ns, u: every 250 ns}}
"""
    record = thermosim.simulate(chip(tmp_path, body), seed=1)
    time = seconds(1) * record.times["x"]
    # Each stair of 30 mV that began at t_k <= t relaxes with 2 us.
    stairs = np.arange(1, 20) * 1e-6
    since = np.clip(time[:, None] - stairs, 0, None)
    expected = (0.03 * -np.expm1(-since / 2e-6)).sum(axis=1)
    np.testing.assert_allclose(record.samples["x"][0, :, 0], expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(record.samples["u"][0, :, 0], 0.03 * (time[:, None] - stairs > 1e-12).sum(axis=1))
    # The ramp itself, which no generator puts out, lies half a stair higher.
    smooth = 0.03e6 * (time - 2e-6 * -np.expm1(-time / 2e-6))
    assert 0.013 < smooth[70] - expected[70] < 0.016


@pytest.mark.parametrize("body", [SWITCHED, EVERYTHING, WIDER, KNOBS])
def test_the_same_bits_alone_in_company_and_in_threads(tmp_path, body):
    moving = chip(tmp_path, body)
    whole = run(moving.program, {}, seed=5, replicas=40, threads=1)
    threaded = run(moving.program, {}, seed=5, replicas=40, threads=2)
    alone = run(moving.program, {}, seed=5, replicas=1, threads=1)
    for net, samples in whole.samples.items():
        np.testing.assert_array_equal(samples, threaded.samples[net])
        np.testing.assert_array_equal(samples[:1], alone.samples[net])
    for name, sums in whole.sums.items():
        np.testing.assert_array_equal(sums[..., :1], alone.sums[name])


@pytest.mark.parametrize("measure", ["mixing", "heat"])
@pytest.mark.parametrize("stop", [1_500_000_000, 9_000_000_000, 17_123_000_000])
def test_a_resumed_run_has_the_same_bits(tmp_path, stop, measure):
    moving = chip(tmp_path, EVERYTHING, run__measure=[measure])
    whole = run(moving.program, {}, seed=5, threads=1)
    half = run(moving.program, {}, seed=5, threads=1, stop=lambda now: now >= stop)
    assert not half.meta["complete"]
    half.save(tmp_path / "half")
    resumed = run(moving.program, {}, seed=5, threads=1, resume=load(tmp_path / "half"))
    for net, samples in whole.samples.items():
        np.testing.assert_array_equal(samples, resumed.samples[net])
    for name, sums in whole.sums.items():
        np.testing.assert_array_equal(sums, resumed.sums[name])


@pytest.mark.parametrize("stop", [2_500_000_000, 3_000_000_000, 7_300_000_000])
def test_capacitors_that_change_while_a_run_is_stopped(tmp_path, stop):
    """At 3 and at 7.3 us a source steps and so brings the island there; its capacitors turn only in the other half."""
    moving = chip(tmp_path, KNOBS)
    whole = run(moving.program, {}, seed=5, threads=1)
    half = run(moving.program, {}, seed=5, threads=1, stop=lambda now: now >= stop)
    assert not half.meta["complete"]
    half.save(tmp_path / "half")
    resumed = run(moving.program, {}, seed=5, threads=1, resume=load(tmp_path / "half"))
    for net, samples in whole.samples.items():
        np.testing.assert_array_equal(samples, resumed.samples[net])
    for name, sums in whole.sums.items():
        np.testing.assert_array_equal(sums, resumed.sums[name])


def test_recording_more_changes_no_law(tmp_path):
    """Draws between changes cut steps; without noise the voltages stay the same to round-off."""
    quiet = {f"instances__{name}__noisy": False for name in ("R", "S", "T")} | {"instances__N__psd": "0 A^2/Hz"}
    seldom = run(chip(tmp_path, EVERYTHING, **quiet).program, {}, seed=1)
    often = run(chip(tmp_path, EVERYTHING, **quiet, run__record={"x": "every 70 ns"}).program, {}, seed=1)
    np.testing.assert_allclose(often.samples["x"][0, 9::10], seldom.samples["x"][0], rtol=1e-9, atol=1e-15)
