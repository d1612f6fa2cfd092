"""Exact laws of linear networks against closed forms; every convention case is asymmetric."""

import numpy as np
import pytest

from thermosim.analysis import linear
from thermosim.constants import BOLTZMANN

T = 300.0


def two_modes(coupler_temperature):
    """R = (1, 3) MOhm, R12 = 2 MOhm, C = (1, 2) pF; the coupler at its own temperature [K]."""
    r1, r2, r12 = 1e6, 3e6, 2e6
    capacitance = np.diag([1e-12, 2e-12])
    laplacian = np.array([[1.0, -1.0], [-1.0, 1.0]]) / r12
    conductance = np.diag([1 / r1, 1 / r2]) + laplacian
    noise = 2 * BOLTZMANN * (T * np.diag([1 / r1, 1 / r2]) + coupler_temperature * laplacian)
    return capacitance, conductance, noise


def smode_chain():
    """Four 1 pF nodes with 10 MOhm to ground and to a drive, 20 MOhm between, 4e-21 A^2/Hz one-sided each."""
    capacitance = 1e-12 * np.eye(4)
    chain = 0.5e-7 * (np.diag([1.0, 2.0, 2.0, 1.0]) - np.eye(4, k=1) - np.eye(4, k=-1))
    return capacitance, 2e-7 * np.eye(4) + chain, 2e-21 * np.eye(4)


def test_noiseless_coupler_correlates_the_modes():
    capacitance, conductance, noise = two_modes(0.0)
    covariance = linear.stationary(capacitance, conductance, noise) / (BOLTZMANN * T / 1e-12)
    np.testing.assert_allclose(covariance, np.array([[50, 12], [12, 21]]) / 69, rtol=1e-12)
    assert not linear.is_reversible(capacitance, conductance, noise)


def test_one_temperature_gives_independent_nodes_with_lagged_correlation():
    capacitance, conductance, noise = two_modes(T)
    covariance = linear.stationary(capacitance, conductance, noise)
    np.testing.assert_allclose(covariance, BOLTZMANN * T * np.diag([1e12, 0.5e12]), rtol=1e-12, atol=1e-22)
    lagged = linear.autocovariance(capacitance, conductance, noise, np.array([0.0, 1e-6]))
    np.testing.assert_allclose(lagged[0], covariance, rtol=1e-12, atol=1e-22)
    assert lagged[1][0, 1] > 0.1 * covariance[1, 1]
    assert linear.is_reversible(capacitance, conductance, noise)


def test_equal_noise_per_capacitance_programs_the_inverse():
    """T_i / (R_i C_i) = c: Sigma = k c J^-1 and detailed balance, with unequal R and C."""
    resistance, capacitance = np.array([1e6, 3e6]), np.diag([3e-12, 1e-12])
    conductance = np.diag(1 / resistance) + 5e-7 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    noise = 2 * BOLTZMANN * T * np.diag(1 / resistance)
    covariance = linear.stationary(capacitance, conductance, noise)
    np.testing.assert_allclose(covariance, BOLTZMANN * T / 3e-6 * np.linalg.inv(conductance), rtol=1e-12)
    assert linear.is_reversible(capacitance, conductance, noise)


def test_two_temperatures_through_a_capacitor():
    """Ciliberto, Imparato, Naert, Tanase, PRL 110, 180601 (2013): variances of two coupled RC cells."""
    c1, c2, cc, r1, r2, t1, t2 = 1e-12, 2e-12, 0.7e-12, 1e6, 3e6, 300.0, 90.0
    capacitance = np.array([[c1 + cc, -cc], [-cc, c2 + cc]])
    noise = 2 * BOLTZMANN * np.diag([t1 / r1, t2 / r2])
    covariance = linear.stationary(capacitance, np.diag([1 / r1, 1 / r2]), noise)
    x, y = c1 * c2 + cc * (c1 + c2), (c1 + cc) * r1 + (c2 + cc) * r2
    assert covariance[0, 0] == pytest.approx(
        BOLTZMANN * (t1 * (cc + c2) * y + (t2 - t1) * cc**2 * r1) / (x * y), rel=1e-12
    )
    assert covariance[1, 1] == pytest.approx(
        BOLTZMANN * (t2 * (cc + c1) * y - (t2 - t1) * cc**2 * r2) / (x * y), rel=1e-12
    )


def test_injected_noise_of_100_mV():
    """100 kOhm, 1 pF and 4e-19 A^2/Hz one-sided (2e-19 two-sided): 100 mV rms."""
    covariance = linear.stationary(np.array([[1e-12]]), np.array([[1e-5]]), np.array([[2e-19]]))
    assert np.sqrt(covariance[0, 0]) == pytest.approx(0.1, rel=1e-12)


def test_smode_chain():
    capacitance, conductance, noise = smode_chain()
    times = linear.relaxation_times(capacitance, conductance)
    expected = 1e-12 / (2e-7 + 1e-7 * (1 - np.cos(np.pi * np.arange(4) / 4)))
    np.testing.assert_allclose(times, expected, rtol=1e-12)
    np.testing.assert_allclose(times, [5.00e-6, 4.36e-6, 3.33e-6, 2.70e-6], atol=0.005e-6)
    covariance = linear.stationary(capacitance, conductance, noise)
    sigma = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(sigma, [0.0644, 0.0596, 0.0596, 0.0644], atol=5e-5)
    correlation = covariance / np.outer(sigma, sigma)
    assert correlation[0, 1] == pytest.approx(0.185, abs=5e-4)
    assert correlation[1, 2] == pytest.approx(0.172, abs=5e-4)


@pytest.mark.parametrize("conductance_extra", [0.0, 4e-7])
def test_modes_are_a_biorthogonal_basis(conductance_extra):
    """Reciprocal, and with a one-way coupling (an amplifier) that makes the drift non-normal."""
    capacitance, conductance, _ = two_modes(T)
    conductance[0, 1] += conductance_extra
    modes = linear.modes(capacitance, conductance)
    np.testing.assert_allclose(modes.left @ modes.right, np.eye(2), atol=1e-12)
    rebuilt = modes.right @ np.diag(modes.rates) @ modes.left
    np.testing.assert_allclose(rebuilt, linear.drift(capacitance, conductance), rtol=1e-10)
    assert modes.times[0] > modes.times[1]


def test_modes_of_a_reciprocal_network_carry_the_energy():
    capacitance, conductance, _ = two_modes(T)
    modes = linear.modes(capacitance, conductance)
    voltage = np.array([0.3, -0.7])
    energy = voltage @ capacitance @ voltage / 2
    assert np.sum((modes.left @ voltage) ** 2) / 2 == pytest.approx(energy, rel=1e-12)


def test_floating_pair_has_one_mode_that_does_not_decay():
    capacitance = np.diag([1e-12, 2e-12])
    conductance = 1e-6 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    times = linear.relaxation_times(capacitance, conductance)
    assert np.isinf(times[0])
    assert times[1] == pytest.approx(1e6 * 2e-12 / 3, rel=1e-12)
    with pytest.raises(ValueError, match=r"no stationary law: the drift C\^-1 G has the eigenvalue .* 1/s"):
        linear.stationary(capacitance, conductance, 1e-26 * np.eye(2))
    with pytest.raises(ValueError, match="no path to a fixed voltage"):
        linear.mean(conductance, np.zeros((2, 0)), np.zeros(2), np.zeros(0))


def test_unstable_eigenvalue_is_named():
    with pytest.raises(ValueError, match=r"eigenvalue -2e\+06 1/s"):
        linear.stationary(np.diag([1e-12, 1e-12]), np.diag([1e-6, -2e-6]), 1e-26 * np.eye(2))


def test_mean_of_driven_nodes():
    _, conductance, _ = two_modes(T)
    drive = np.array([[1e-6], [0.0]])
    mean = linear.mean(conductance, drive, np.array([0.0, 2e-7]), np.array([0.4]))
    np.testing.assert_allclose(conductance @ mean, [0.4e-6, 2e-7], rtol=1e-12)


def test_input_jump_divides_between_capacitors():
    jump = linear.input_jump(np.diag([4e-12, 2e-12]), np.array([[1e-12], [0.0]]))
    np.testing.assert_allclose(jump, [[0.25], [0.0]])


def test_diffusion_is_two_sided_noise_over_capacitance_squared():
    capacitance = np.array([[3.0, -1.0], [-1.0, 2.0]])
    noise = np.array([[2.0, 0.5], [0.5, 1.0]])
    inverse = np.linalg.inv(capacitance)
    np.testing.assert_allclose(linear.diffusion(capacitance, noise), inverse @ noise @ inverse, rtol=1e-13)


def test_integrated_autocorrelation_of_a_mode():
    """Recorded every tau / 2: 4.083 for the mode, 2.164 for its square; equal to 1 + 2 sum rho_k."""
    rho = np.exp(-0.5 * np.arange(1, 200))
    assert linear.mode_tau_int(2.0, 0.25) == pytest.approx(1 + 2 * rho.sum(), rel=1e-12)
    assert linear.mode_square_tau_int(2.0, 0.25) == pytest.approx(1 + 2 * (rho**2).sum(), rel=1e-12)
    assert linear.mode_tau_int(2.0, 0.25) == pytest.approx(4.083, abs=5e-4)
    assert linear.mode_square_tau_int(2.0, 0.25) == pytest.approx(2.164, abs=5e-4)


@pytest.mark.parametrize(
    "conductance",
    [
        [[2.0, -1.0, 0.0], [-1.0, 1.5, -0.3], [0.0, -0.3, 1.0]],  # reciprocal
        [[2.0, -1.5, 0.1], [0.3, 1.0, -0.4], [-0.2, 0.0, 0.7]],  # one-way couplings
        [[1.0, 5.0, 0.0], [-5.0, 1.0, 0.0], [0.0, 0.2, 1.0]],  # rings
        [[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]],  # defective but for the capacitance, which makes it so
    ],
)
def test_variances_of_many_noises_are_those_of_each_alone(conductance):
    capacitance = np.diag([1.0, 2.0, 0.5]) + 0.2
    g = np.array(conductance)
    if g[0, 1] == 1.0:
        g = capacitance @ g
    b = np.random.default_rng(3).standard_normal((3, 3))
    noises = [b @ b.T, np.outer(b[0], b[0]), np.diag([0.0, 2.0, 0.0]), np.zeros((3, 3))]
    for found, noise in zip(linear.variances(capacitance, g, noises), noises, strict=True):
        np.testing.assert_allclose(found, np.diag(linear.stationary(capacitance, g, noise)), rtol=1e-9)


def test_far_apart_conductances_have_a_mean():
    """1 mS beside 1e-20 S; a rate that is round-off beside another leaves no stationary law, and that is the reason."""
    capacitance, conductance = np.eye(2) * 1e-12, np.diag([1e-3, 1e-20])
    found = linear.mean(conductance, np.eye(2) * 1e-20, np.zeros(2), np.array([0.0, 0.5]))
    np.testing.assert_allclose(found, [0.0, 0.5], rtol=1e-12)
    with pytest.raises(ValueError, match=r"eigenvalue 1e-08 1/s, and beside rates of 1e\+09 1/s that is round-off"):
        leaky = np.array([[1e-3, -1e-20], [-1e-20, 1e-20]])
        linear.stationary(capacitance, leaky, leaky)
    alone = linear.stationary(capacitance, conductance, conductance)  # each by itself, no digit is lost
    np.testing.assert_allclose(alone, np.eye(2) / 2e-12, rtol=1e-12)
    with pytest.raises(ValueError, match="the conductance matrix is singular"):
        linear.mean(np.array([[1e-3, -1e-3], [-1e-3, 1e-3]]), np.eye(2), np.zeros(2), np.zeros(2))
