"""Noisy RC nodes in simulation against their exact laws: equipartition, autocorrelation, coupled modes."""

from dataclasses import replace

import numpy as np
import pytest
from hand_made import law, program, rc

from thermosim.analysis.linear import autocovariance, modes, stationary
from thermosim.circuit.program import Island
from thermosim.constants import BOLTZMANN
from thermosim.engine.simulator import run

FAR = 5.0  # standard errors: p < 1e-6


def recorded(island, every, draws, replicas=64, burn_in=0.0, seed=1):
    chip = program([island], record={"v": (island.nodes, every)}, duration=every * draws, burn_in=burn_in)
    return run(chip, {}, seed=seed, replicas=replicas, threads=1).samples["v"]


def covariance_error(matrices, every, count):
    """Standard errors of sample covariances of a Gaussian process of `count` records, correlated in time."""
    slowest = 1 / modes(matrices.capacitance, matrices.conductance).rates.real.min()
    lags = every * np.arange(0, int(np.ceil(20 * slowest / every)) + 1)
    c = autocovariance(matrices.capacitance, matrices.conductance, matrices.noise, lags)
    # Wick: <v_i v_j v_i' v_j'> - <v_i v_j>^2 = C_ii C_jj + C_ij C_ji at each lag, both signs of it.
    variances = np.einsum("kii,kjj->kij", c, c) + np.einsum("kij,kji->kij", c, c)
    return np.sqrt((variances[0] + 2 * variances[1:].sum(axis=0)) / count)


def distance(island, expected, every, draws, replicas=64):
    """Largest deviation of the simulated covariance from `expected`, in standard errors."""
    slowest = 1 / modes(island.actual.capacitance, island.actual.conductance).rates.real.min()
    x = recorded(island, every, draws, replicas, burn_in=20 * slowest)
    found = np.einsum("rti,rtj->ij", x, x) / (replicas * draws)
    return np.abs((found - expected) / covariance_error(island.actual, every, replicas * draws)).max()


def test_an_injected_psd_of_4e_19_gives_100_mv_on_1_pf():
    island = rc(resistance=1e5, capacitance=1e-12, psd=4e-19)
    exact = 4e-19 * 1e5 / (4 * 1e-12) + BOLTZMANN * 300 / 1e-12
    assert np.sqrt(exact) == pytest.approx(0.1, rel=1e-6)
    assert distance(island, exact, 1e-7, 2000) < FAR
    assert distance(island, exact * 1.05, 1e-7, 2000) > FAR  # a temperature 5 % high would be seen


def test_johnson_noise_alone_gives_kt_over_c_whatever_the_resistor():
    for resistance in (1e4, 1e6):
        exact = BOLTZMANN * 300 / 1e-14
        island = rc(resistance, 1e-14)
        every = resistance * 1e-14
        assert distance(island, exact, every, 2000) < FAR
        assert distance(island, exact * 1.05, every, 2000) > FAR


def test_the_autocorrelation_is_exponential():
    island = rc(resistance=1e5, capacitance=1e-12, psd=4e-19)  # 100 ns
    x = recorded(island, 2e-8, 5000, burn_in=2e-6)[:, :, 0]
    variance = float(stationary(island.actual.capacitance, island.actual.conductance, island.actual.noise)[0, 0])
    for lag in (1, 5, 15):
        products = (x[:, lag:] * x[:, :-lag]).mean(axis=1)  # one independent value for each replica
        error = products.std(ddof=1) / np.sqrt(len(products))
        exact = variance * np.exp(-lag * 0.2)
        assert abs(products.mean() - exact) < FAR * error
        assert abs(products.mean() - variance * np.exp(-lag * 0.2 * 1.5)) > FAR * error  # a relaxation time off by half


def test_the_periodogram_is_nyquists_4ktr_below_the_corner_of_the_rc():
    """Two-sided 2 k T R / (1 + (2 pi f tau)^2) and its aliases; ordinates are independent exponentials."""
    resistance, capacitance, every, draws = 1e5, 1e-12, 5e-9, 4096
    tau = resistance * capacitance
    x = recorded(rc(resistance, capacitance), every, draws, burn_in=2e-6)[:, :, 0]
    power = np.abs(np.fft.rfft(x, axis=1)[:, 1:-1]) ** 2 * every / draws
    frequency = np.fft.rfftfreq(draws, every)[1:-1]
    lags = np.arange(draws)
    covariance = BOLTZMANN * 300 / capacitance * np.exp(-lags * every / tau) * (1 - lags / draws)
    exact = (2 * np.fft.rfft(covariance).real - covariance[0])[1:-1] * every
    nyquist = 2 * BOLTZMANN * 300 * resistance / (1 + (2 * np.pi * frequency * tau) ** 2)
    low = frequency < 1 / tau / (2 * np.pi)
    assert np.abs(exact / nyquist - 1)[low].max() < 5e-3  # aliases, and the window's edges

    def far(density):
        bands = np.array_split(np.arange(len(frequency)), 16)
        ratios = np.array([(power[:, band] / density[band]).mean() - 1 for band in bands])
        return np.abs(ratios * np.sqrt([power[:, band].size for band in bands])).max()

    assert far(exact) < FAR
    assert far(1.05 * exact) > FAR  # 5 % of temperature
    wrong = 2 * BOLTZMANN * 300 * 1.05 * resistance / (1 + (2 * np.pi * frequency * 1.05 * tau) ** 2)
    assert far(exact * wrong / nyquist) > FAR  # 5 % of resistance, at the same kT/C


def coupled(noiseless):
    """R = (1, 3) MOhm, coupled by 2 MOhm, C = (1, 2) pF; the coupler at 300 K like the others, or without noise."""
    g = np.array([1e-6, 1e-6 / 3])
    coupler = 5e-7 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    conductance = np.diag(g) + coupler
    noise = 2 * BOLTZMANN * 300 * (np.diag(g) + (0 if noiseless else 1) * coupler)
    matrices = law(np.diag([1e-12, 2e-12]), conductance, noise)
    return Island("a", ("a", "b"), (), matrices, matrices, np.zeros(2))


def test_modes_at_one_temperature_are_independent_at_equal_times_only():
    island = coupled(noiseless=False)
    kt = BOLTZMANN * 300
    exact = np.diag([kt / 1e-12, kt / 2e-12])
    matrices = (island.actual.capacitance, island.actual.conductance, island.actual.noise)
    np.testing.assert_allclose(stationary(*matrices), exact, rtol=1e-12, atol=1e-21)
    assert distance(island, exact, 1e-6, 3000) < FAR
    x = recorded(island, 1e-6, 3000, burn_in=5e-5)
    lagged = (x[:, 1:, 0] * x[:, :-1, 1]).mean(axis=1)
    expected = autocovariance(
        island.actual.capacitance, island.actual.conductance, island.actual.noise, np.array([1e-6])
    )[0, 0, 1]
    error = lagged.std(ddof=1) / np.sqrt(len(lagged))
    assert abs(lagged.mean() - expected) < FAR * error
    assert lagged.mean() > FAR * error  # not zero


def test_a_noiseless_coupler_correlates_the_modes():
    island = coupled(noiseless=True)
    exact = BOLTZMANN * 300 / 1e-12 * np.array([[50, 12], [12, 21]]) / 69
    np.testing.assert_allclose(
        stationary(island.actual.capacitance, island.actual.conductance, island.actual.noise), exact, rtol=1e-12
    )
    assert distance(island, exact, 1e-6, 3000) < FAR
    hot = replace(island, actual=replace(island.actual, noise=1.05 * island.actual.noise))
    assert distance(hot, exact, 1e-6, 3000) > FAR
    noisy = coupled(noiseless=False)
    assert distance(replace(noisy, path="a"), exact, 1e-6, 3000) > FAR
