"""Sampled, held and delayed feedback in simulation against the exact discrete-time variance."""

import numpy as np
import pytest
from hand_made import adc, clock, dac, plan, program, rc, smode4

from thermosim.analysis.delay import delayed_loop_variance
from thermosim.circuit.program import Probe
from thermosim.constants import BOLTZMANN
from thermosim.demon import build
from thermosim.engine.simulator import run

FAR = 5.0  # standard errors: p < 1e-6


def mean_and_error(values):
    """Mean over independent replicas and its standard error."""
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


def proportional(periods, gain=3.0, draws=4000, replicas=64):
    """An RC of 1 us driven through its own resistor, sampled every 50 ns: var / (sigma^2 / 4) by replica."""
    sigma2 = 1e-2
    psd = 4 * 1e-12 * sigma2 / 1e6 - 4 * BOLTZMANN * 300 / 1e6
    fast = clock(20e6, "fast")
    ideal = {"bits": 16, "low": -2.0, "high": 2.0}
    chip = program(
        [rc(1e6, 1e-12, psd=psd, driven="u")],
        [adc(clock=fast, **ideal)],
        [dac(clock=fast, **ideal)],
        [plan(program="proportional", options={"gain": gain}, clock=fast, latency=periods * 50_000_000)],
        probes=(Probe("x", "analog", ("x",), 50_000_000),),
        duration=50e-9 * draws,
        burn_in=1e-5,
    )
    record = run(chip, {"demon": build(chip.controllers[0])}, replicas=replicas, threads=1)
    assert record.counters["adc.clipped"].sum() == 0
    return (record.samples["x"][:, :, 0] ** 2).mean(axis=1) / (sigma2 / 4)


@pytest.mark.parametrize(("periods", "published"), [(0, 1.0811), (1, 1.2491), (2, 1.4395), (5, 2.2342)])
def test_a_proportional_loop_that_aims_at_a_quarter_of_the_variance(periods, published):
    # As if continuous, u = -3 y makes the rate 4 / tau and the variance sigma^2 / 4; period 0.05 tau.
    exact = delayed_loop_variance(rate=1.0, gain=-3.0, diffusion=2.0, period=0.05, latency=0.05 * periods) * 4
    assert round(exact, 4) == published
    found, error = mean_and_error(proportional(periods))
    assert abs(found - exact) < FAR * error
    wrong = delayed_loop_variance(1.0, -3.0, 2.0, 0.05, 0.05 * (periods + 1)) * 4
    assert abs(found - wrong) > FAR * error  # one period of latency too many would be seen


W = np.array([1.0, -1.0, -1.0, 1.0]) / 2
RELAXATION = 3e5  # of the s-modes along w: (2 node + 2 wire) / C [1/s]
DIFFUSION = 4e-21 / (2 * 1e-24) + 2 * BOLTZMANN * 300 * 3e-7 / 1e-24  # injected and Johnson [V^2/s]


def along_w(latency, period=1e-7, sensor=0.0):
    """Exact variance of the demon's loop along w over that of its target."""
    gain = RELAXATION - DIFFUSION / 2 / 0.04**2
    return delayed_loop_variance(RELAXATION, gain, DIFFUSION, period, latency, sensor) / 0.04**2


@pytest.mark.parametrize(
    ("nanoseconds", "published"), [(20, 1.023), (120, 1.055), (220, 1.088), (520, 1.187), (1020, 1.353), (2020, 1.695)]
)
def test_the_demon_of_smode4_along_w_follows_the_scalar_delay_equation(nanoseconds, published):
    assert along_w(nanoseconds * 1e-9) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("cycles", [0, 2, 10])
def test_the_demon_of_smode4_along_w_in_simulation(cycles):
    bits = {"adc_bits": 12, "dac_bits": 14}
    first = cycles // 2
    chip = smode4(first * 100_000_000, (cycles - first) * 100_000_000, duration=2e-3, burn_in=1e-4, **bits)
    record = run(chip, {"demon": build(chip.controllers[0])}, replicas=64, threads=1)
    found, error = mean_and_error(((record.samples["x"] @ W) ** 2).mean(axis=1) / 0.04**2)
    latency = cycles * 1e-7 + 2e-8
    assert abs(found - along_w(latency)) < FAR * error
    assert abs(found - along_w(latency + 4e-7)) > FAR * error
