"""Noise with a memory in a run: it begins in its stationary law, and names its draws as all noise does."""

import numpy as np
import pytest
from noisy_chips import c, chip, noise, r
from scipy.stats import chi2

from thermosim.analysis import linear
from thermosim.analysis.kalman import kalman
from thermosim.analysis.propagator import propagator
from thermosim.engine.simulator import run
from thermosim.errors import NetlistError

FLICKER = noise("F", "flicker_noise", "psd: 1e-23 A^2/Hz, at: 1 kHz, f_low: 1 Hz, f_high: 1 MHz, ripple: 0.01")
BAND = noise("B", "band_noise", "psd: 4e-23 A^2/Hz, bandwidth: 100 Hz, second_pole: 300 Hz", "y")
PARTS = [r("R1", 1e6, "x"), c("C1", 1e-12, "x"), r("R2", 3e6, "y"), c("C2", 2e-12, "y"), r("R12", 2e6, "x", "y")]
SHORT = "{duration: 20 us, burn_in: 50 us, record: {x: every 20 us, y: every 20 us}}"


def variances(program, seed, replicas):
    samples = run(program, {}, seed=seed, replicas=replicas, threads=1).samples
    return np.array([np.mean(samples[name][:, -1, 0] ** 2) for name in "xy"])


def test_a_short_run_has_the_whole_variance_of_slow_noise():
    """4,000 copies of 70 us under noise that remembers for up to 0.16 s; begun at zero it would show a part of it."""
    replicas = 4000
    program = chip([*PARTS, FLICKER, BAND], SHORT)[1]
    (island,) = program.islands
    law = island.actual
    exact = np.diag(linear.stationary(law.capacitance, law.conductance, law.noise))[:2]
    seen = variances(program, 1, replicas) / exact * replicas
    low, high = chi2.ppf([5e-7, 1 - 5e-7], replicas)
    assert np.all((seen > low) & (seen < high))
    cold = propagator(law.capacitance, law.conductance, law.noise, law.input_conductance, law.current, 70e-6)
    assert np.all(np.diag(cold.covariance)[:2] / exact * replicas < low), "noise that begins at zero is seen"


def test_a_copy_alone_is_the_same_copy_among_many():
    program = chip([*PARTS, FLICKER, BAND], SHORT)[1]
    few, many = (run(program, {}, seed=3, replicas=n, threads=t).samples["x"] for n, t in ((2, 1), (9, 2)))
    assert np.array_equal(few, many[:2])
    assert not np.array_equal(few, run(program, {}, seed=4, replicas=2, threads=1).samples["x"])


@pytest.mark.parametrize("source", [FLICKER, BAND])
def test_heat_along_trajectories_is_refused_by_name(source):
    with pytest.raises(NetlistError, match=r"noise with a memory .'[FB]'.; leave it out: thermosim analyze gives"):
        chip([*PARTS, source], SHORT[:-1] + ", measure: [heat]}")


def test_the_likelihood_of_a_record_knows_the_memory():
    """Innovations of the filter are white with variance 1 for the law with 1/f noise, and not for white noise alike."""
    program = chip([*PARTS, FLICKER], "{duration: 600 us, burn_in: 50 us, record: {x: every 2 us, y: every 2 us}}")[1]
    (island,) = program.islands
    law, replicas = island.actual, 12
    samples = run(program, {}, seed=6, replicas=replicas, threads=1).samples
    readings = np.concatenate([samples["x"], samples["y"]], axis=2)
    at = 2e-6 * np.arange(readings.shape[1])

    def filtered(matrices, nodes):
        covariance = linear.stationary(*matrices)
        seen = np.array([[float(name == net) for name in nodes] for net in "xy"])
        start = np.zeros(len(nodes)), covariance
        found = [kalman(*matrices, at, one, np.zeros((2, 2)), start=start, observed=seen) for one in readings]
        return np.array([one.innovations for one in found]), sum(one.log_likelihood for one in found)

    right, likely = filtered((law.capacitance, law.conductance, law.noise), island.nodes)
    count = right.size
    assert abs(np.mean(right**2) - 1) < 5 * np.sqrt(2 / count)
    assert abs(np.mean(right[:, 1:] * right[:, :-1])) < 5 / np.sqrt(count)
    # white noise at x that gives the record's variance there, without its memory
    variance = linear.stationary(law.capacitance, law.conductance, law.noise)[0, 0]
    capacitance, conductance, noise = (m[:2, :2].copy() for m in (law.capacitance, law.conductance, law.noise))
    unit = linear.stationary(capacitance, conductance, np.diag([1.0, 0.0]))[0, 0]
    noise[0, 0] += (variance - linear.stationary(capacitance, conductance, noise)[0, 0]) / unit
    white, unlikely = filtered((capacitance, conductance, noise), island.nodes[:2])
    assert abs(np.mean(white[:, 1:] * white[:, :-1])) > 10 / np.sqrt(count)
    assert likely - unlikely > 100
