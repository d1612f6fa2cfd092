"""Switched capacitors: f C on average, k T / C at every opening, and the state that repeats."""

import numpy as np
import pytest
from moving_chips import SWITCHED, chip

import thermosim
from thermosim.constants import BOLTZMANN
from thermosim.engine.simulator import run
from thermosim.measure.heat import heats

FAR = 5.0  # standard errors: p < 1e-6
THERMAL = BOLTZMANN * 300 / 1e-12
"""k T / C of 1 pF [V^2]."""

BETWEEN = """
instances:
  CK: {type: clock, frequency: 1 MHz, pins: {out: phi}}
  U: {type: voltage_source, v: 1 mV, pins: {p: u, n: 0}}
  W: {type: voltage_source, v: 0.25 mV, pins: {p: w, n: 0}}
  S1: {type: switch, r_on: 10 kOhm, r_off: 1 PetaOhm, duty: 0.45, pins: {p: u, n: x, clock: phi}}
  S2: {type: switch, r_on: 10 kOhm, r_off: 1 PetaOhm, duty: 0.45, phase: 0.5, pins: {p: x, n: w, clock: phi}}
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
run: {duration: 20 us, burn_in: 5.97 us, replicas: 500, record: {x: every 1 us}}
""".replace("1 PetaOhm", "1e15 Ohm")


def variance_of_openings(folder, ohms, kelvin):
    chip_ = chip(folder, BETWEEN, instances__S1__r_on=ohms, instances__S2__r_on=ohms, temperature=kelvin)
    record = run(chip_.program, {}, seed=7, replicas=5000)
    return record.samples["x"].var(), record.samples["x"].size, record.samples["x"].mean()


@pytest.mark.parametrize("ohms", ["1 kOhm", "20 kOhm"])
def test_opening_a_switch_samples_kt_over_c_whatever_its_resistance(tmp_path, ohms):
    variance, samples, mean = variance_of_openings(tmp_path, ohms, "300 K")
    far = FAR * np.sqrt(2 / samples)
    assert abs(variance / THERMAL - 1) < far
    assert abs(mean - 0.25e-3) < FAR * np.sqrt(THERMAL / samples)
    hot, samples, _ = variance_of_openings(tmp_path, ohms, "315 K")
    assert abs(hot / THERMAL - 1) > far
    assert abs(2 * variance / THERMAL - 1) > far


def test_a_switched_capacitor_conducts_f_c_and_each_switch_takes_half_of_the_heat(tmp_path):
    """Per period C (U - W) goes from one source to the other, and each closing turns C (U - W)^2 / 2 into heat."""
    chip_ = chip(tmp_path, BETWEEN, run__measure=["mixing", "heat"])
    (found,) = heats(run(chip_.program, {}, seed=3), chip_.program)
    charge = 1e-12 * 0.75e-3 * 1e6  # C (U - W) f
    works = {rate.path: rate for rate in found.sources}
    for net, volts in (("u", 1e-3), ("w", -0.25e-3)):
        assert abs(works[net].watts - volts * charge) < FAR * works[net].error
        assert abs(2 * works[net].watts - volts * charge) > FAR * works[net].error
    for bath in found.baths:
        assert abs(bath.watts - charge * 0.75e-3 / 2) < FAR * bath.error
        assert bath.error < 0.05 * bath.watts
    assert found.residue < 1e-12


@pytest.mark.parametrize("phase", ["0 ns", "450 ns", "620 ns", "950 ns"])
def test_the_state_that_repeats_is_the_one_that_runs(tmp_path, phase):
    """Mean and covariance at a phase of the period, held against independent replicas."""
    chip_ = chip(tmp_path, SWITCHED, run__burn_in=f"{60 + float(phase.split()[0]) / 1000} us", run__duration="1 us")
    (found,) = thermosim.analyze(chip_)
    replicas = 20_000
    record = run(chip_.program, {}, seed=11, replicas=replicas)
    values = np.column_stack([record.samples[net][:, -1, 0] for net in ("x", "y")])
    from thermosim.measure.periodic import periodic

    (island,) = chip_.program.islands
    time = int(record.times["x"][-1])
    mean, covariance = periodic(island, chip_.program.driven, "actual", (time,)).at(time)
    if time % found.periodic.period in found.periodic.times:
        k = found.periodic.times.index(time % found.periodic.period)
        np.testing.assert_allclose(found.periodic.state.covariances[k], covariance, rtol=1e-9)
    error = np.sqrt(np.diag(covariance) / replicas)
    far = 5.5 * np.sqrt(2 / replicas)
    sample = np.cov(values.T)
    size = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    transient = np.exp(-time / 1e15 / found.times[0])  # what is left of the start, at most 1 V
    assert transient < 1e-4
    assert np.all(np.abs(values.mean(axis=0) - mean) < FAR * error + transient)
    assert np.all(np.abs(sample - covariance) < far * size)
    assert np.all(np.abs(sample - 1.1 * covariance)[np.diag_indices(2)] > far * np.diag(size))


def test_the_ideal_limit_is_a_resistor_of_one_over_f_c(tmp_path):
    """The divider of 1 / (f C) and 1 MOhm settles at one half, less what ripples."""
    means = []
    for load in ("10 pF", "1000 pF"):
        (found,) = thermosim.analyze(chip(tmp_path, SWITCHED, instances__CL__c=load))
        means.append(found.periodic.state.means[:, 1])
    assert np.ptp(means[0]) > 50 * np.ptp(means[1])
    np.testing.assert_allclose(means[1], 0.5, atol=1e-3)
