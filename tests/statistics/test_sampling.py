"""Converters at work: effective bits of a sine, sampling noise, and what an unbuffered sampler takes from its node."""

import numpy as np
import pytest
from hand_made import adc, dac, program, rc
from scipy.stats import norm

from thermosim.circuit.program import Probe
from thermosim.constants import BOLTZMANN
from thermosim.engine.conversion import AdcRunner, DacRunner
from thermosim.engine.counters import Counters
from thermosim.engine.held import Held
from thermosim.engine.simulator import run

FAR = 5.0  # standard errors: p < 1e-6


def converted(bank, volts, seed=1):
    """Codes of `bank` for `volts`, each in a replica of its own."""
    rails = Held({"x": 0.0}, np.float64, len(volts))
    rails.values[0] = volts
    counters = Counters(0, len(volts))
    return AdcRunner(bank, {}, rails, counters, seed).sample(0)[0], counters.arrays()


def centre(bank, codes):
    return bank.low + bank.step * (codes + 0.5)


def effective_bits(bank, volts, codes):
    """N - log2(rms error / (LSB / sqrt 12)): IEEE Std 1241, against the known input."""
    rms = np.sqrt(np.mean((centre(bank, codes) - volts) ** 2))
    return bank.bits - np.log2(rms / (bank.step / np.sqrt(12)))


def exact_bits(bank, volts, sigma):
    """The same from the law of the codes: quantisation, noise and clipping together."""
    edges = np.concatenate([[-np.inf], bank.transitions[0], [np.inf]])
    codes = np.arange(2**bank.bits)
    total = 0.0
    for v in np.array_split(volts, 64):
        if sigma == 0:
            chance = (edges[:-1] <= v[:, None]) & (v[:, None] < edges[1:])
        else:
            chance = np.diff(norm.cdf((edges - v[:, None]) / sigma), axis=1)
        total += float((chance * (centre(bank, codes) - v[:, None]) ** 2).sum())
    rms = np.sqrt(total / len(volts))
    return bank.bits - np.log2(rms / (bank.step / np.sqrt(12)))


@pytest.mark.parametrize("noise", [0.0, 0.3, 0.5, 1.0])
def test_effective_bits_of_a_sine_at_0_49_of_full_scale(noise):
    count, cycles = 16384, 1621  # coprime: every sample has a phase of its own
    plain = adc(bits=8, low=-1.0, high=1.0)
    sigma = noise * plain.step
    bank = adc(bits=8, low=-1.0, high=1.0, input_noise=sigma)
    volts = 0.49 * (bank.high - bank.low) * np.sin(2 * np.pi * cycles * np.arange(count) / count + 0.1)
    found = effective_bits(bank, volts, converted(bank, volts)[0])
    exact = exact_bits(bank, volts, sigma)
    assert abs(found - exact) < 0.02
    assert abs(found - (8 - 0.5 * np.log2(1 + 12 * noise**2))) < 0.02  # quantisation and noise add
    twice = adc(bits=8, low=-1.0, high=1.0, input_noise=sigma + 0.1 * plain.step)
    assert (
        abs(effective_bits(twice, volts, converted(twice, volts)[0]) - exact) > 0.02
    )  # a tenth of an LSB more is seen


def test_sampling_adds_kt_over_c():
    capacitance, gain = 1e-15, 0.9
    bank = adc(bits=16, low=-0.05, high=0.05, gain=np.array([gain]), sample_capacitance=capacitance)
    count = 40_000
    seen = centre(bank, converted(bank, np.full(count, 0.01))[0])
    exact = gain**2 * BOLTZMANN * 300 / capacitance + bank.step**2 / 12
    error = exact * np.sqrt(2 / count)
    assert abs(seen.var(ddof=1) - exact) < FAR * error
    assert abs(seen.var(ddof=1) - exact * 1.05) > FAR * error
    assert abs(seen.mean() - gain * 0.01) < FAR * np.sqrt(exact / count)


@pytest.mark.parametrize(("bits", "capacitance"), [(8, 3.3e-15), (10, 52e-15), (12, 0.83e-12)])
def test_noise_of_sampling_equals_that_of_quantisation_at_a_capacitance(bits, capacitance):
    """C = 12 k T 4^N / V^2 at a range V of 1 V: each is half of the error."""
    exact = 12 * BOLTZMANN * 300 * 4**bits
    assert exact == pytest.approx(capacitance, rel=0.015)
    bank = adc(bits=bits, low=-0.5, high=0.5, sample_capacitance=exact)
    volts = np.random.default_rng(2).uniform(-0.4, 0.4, 40_000)
    square = (centre(bank, converted(bank, volts)[0]) - volts) ** 2
    error = square.std() / np.sqrt(len(volts))
    assert abs(square.mean() - 2 * bank.step**2 / 12) < FAR * error
    assert abs(square.mean() - 2.1 * bank.step**2 / 12) > FAR * error


def test_gain_offset_and_the_table_come_in_order_and_clips_are_counted():
    table = np.array([[-0.5, 0.1, 0.3]])
    bank = adc(bits=2, low=-1.0, high=1.0, transitions=table, gain=np.array([2.0]), offset=np.array([0.1]))
    volts = np.array([-0.31, -0.3, -0.29, 0.0, 0.09, 0.1, 0.44, 0.46, -0.6])
    codes, counters = converted(bank, volts)
    np.testing.assert_array_equal(codes, [0, 1, 1, 2, 2, 3, 3, 3, 0])
    np.testing.assert_array_equal(counters["adc.clipped"][1], [0, 0, 0, 0, 0, 0, 0, 1, 1])


def test_a_dac_followed_by_an_adc_is_monotone_and_with_ideal_levels_the_identity():
    bits = 8
    codes = np.arange(2**bits)
    rng = np.random.default_rng(4)
    for scatter in (0.0, 0.9):  # steps between 0.1 and 1.9 LSB
        bank = dac(bits=bits)
        uneven = bank.step * (1 + scatter * rng.uniform(-1, 1, len(codes) - 1))
        levels = bank.low + np.concatenate([[0.0], np.cumsum(uneven)])[np.newaxis]
        bank = dac(bits=bits, levels=levels if scatter else bank.levels)
        rails, code_nets = Held({"u": 0.0}, np.float64, len(codes)), Held({"d": 0}, np.int64, len(codes))
        code_nets.values[0] = codes
        counters = Counters(0, len(codes))
        runner = DacRunner(bank, [], rails, code_nets, counters)
        runner.step(0, runner.latch(0))
        back = AdcRunner(adc(("u",), bits=bits), {}, rails, counters, 1).sample(0)[0]
        assert np.all(np.diff(back) >= 0)
        if not scatter:
            np.testing.assert_array_equal(back, codes)
        swapped = rails.values[0].copy()
        swapped[[100, 140]] = swapped[[140, 100]]
        rails.values[0] = swapped
        assert np.any(np.diff(AdcRunner(adc(("u",), bits=bits), {}, rails, counters, 1).sample(0)[0]) < 0)


def sampled(buffered, sampler, temperature, draws=3000, replicas=64, psd=4e-18, high=8.0):
    """Variances, by replica, of the codes of an RC of 40 ns and 1 pF sampled at 10 MHz, and of its node."""
    chip = program(
        [rc(4e4, 1e-12, psd=psd, temperature=temperature)],
        [adc(bits=16, low=-high, high=high, sample_capacitance=sampler, buffered=buffered, temperature=temperature)],
        probes=(Probe("y", "code", ("y",), 100_000_000), Probe("x", "analog", ("x",), 130_000_000)),
        duration=1e-7 * draws,
        burn_in=1e-5,
    )
    record = run(chip, {}, replicas=replicas, threads=1)
    assert record.counters["adc.clipped"].sum() == 0
    volts = centre(chip.adcs[0], record.samples["y"][:, :, 0])
    return (volts**2).mean(axis=1), (record.samples["x"][:, :, 0] ** 2).mean(axis=1)


def test_an_unbuffered_sampler_shrinks_what_it_samples_to_0_915():
    part = 50e-15 / 1.05e-12
    a = np.exp(-100 / 40)
    pole = (1 - part) * a + part  # what is sampled remembers the node and the sampling capacitor
    exact = (1 - part) ** 2 * (1 - a**2) / (1 - pole**2)
    assert round(exact, 3) == 0.915
    variance = 4e-18 * 4e4 / (4 * 1e-12)
    loaded, _ = sampled(buffered=False, sampler=50e-15, temperature=0.0, draws=20_000)
    ratio, error = loaded.mean() / variance, loaded.std(ddof=1) / np.sqrt(len(loaded)) / variance
    assert abs(ratio - exact) < FAR * error
    unloaded, _ = sampled(buffered=True, sampler=50e-15, temperature=0.0, draws=20_000)
    assert abs(unloaded.mean() / variance - 1.0) < FAR * error
    assert abs(unloaded.mean() / variance - exact) > FAR * error  # a sampler that does not load is caught
    without_memory = (1 - part) ** 2
    assert abs(ratio - without_memory) > FAR * error  # so is one that starts empty each time


def test_a_switch_at_the_temperature_of_its_node_keeps_equipartition():
    held, node = sampled(buffered=False, sampler=50e-15, temperature=300.0, psd=0.0, high=0.003)
    for values, capacitance in ((held, 50e-15), (node, 1e-12)):
        exact = BOLTZMANN * 300 / capacitance
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert abs(values.mean() - exact) < FAR * error
        assert abs(values.mean() - exact * 0.95) > FAR * error
