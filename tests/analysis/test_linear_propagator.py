"""The exact transition: composition of steps, closed forms, and networks that break weaker recipes."""

import numpy as np
import pytest

from thermosim.analysis.linear import mean, stationary
from thermosim.analysis.propagator import propagator, square_root
from thermosim.constants import BOLTZMANN

NONE = np.zeros((2, 0))


def coupled(coupler_temperature=0.0):
    conductance = np.array([[1 / 1e6 + 1 / 2e6, -1 / 2e6], [-1 / 2e6, 1 / 3e6 + 1 / 2e6]])
    noise = 2 * BOLTZMANN * 300.0 * np.diag([1e-6, 1 / 3e6])
    noise += 2 * BOLTZMANN * coupler_temperature / 2e6 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    return np.diag([1e-12, 2e-12]), conductance, noise


def floating():
    """Two capacitors joined by one noisy resistor: singular conductance and singular noise."""
    laplacian = 1e-6 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    return np.diag([1e-12, 2e-12]), laplacian, 2 * BOLTZMANN * 300.0 * laplacian


def ringing():
    """A gyrator: 2 nodes that exchange energy, one of them damped and noisy (an RLC cell); singular noise."""
    return np.diag([1e-12, 3e-12]), np.array([[1e-7, 1e-6], [-1e-6, 0.0]]), np.diag([1e-27, 0.0])


def defective():
    """A one-way chain of equal rates: the drift has a Jordan block."""
    return np.eye(2) * 1e-12, np.array([[1e-6, 0.0], [-3e-6, 1e-6]]), np.diag([1e-27, 2e-27])


CASES = {"coupled": coupled, "floating": floating, "ringing": ringing, "defective": defective}


def composed(first, second):
    """The transition of two steps after one another."""
    return (
        second.decay @ first.decay,
        second.decay @ first.covariance @ second.decay.T + second.covariance,
        second.decay @ first.inputs + second.inputs,
    )


def largest_difference(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("step", [1e-9, 0.3e-6, 7e-6])
def test_two_steps_are_one(name, step):
    law = CASES[name]()
    drive, current = np.array([[2e-7, 0.0], [1e-7, 3e-7]]), np.array([1e-8, -2e-8])
    parts = propagator(*law, drive, current, 2 * step), propagator(*law, drive, current, step)
    whole = propagator(*law, drive, current, 3 * step)
    for found, expected in zip(composed(*parts), (whole.decay, whole.covariance, whole.inputs), strict=True):
        assert largest_difference(found, expected) < 1e-12


@pytest.mark.parametrize("name", CASES)
def test_factor_squares_to_the_covariance(name):
    exact = propagator(*CASES[name](), NONE, np.zeros(2), 1e-6)
    scale = np.sqrt(np.outer(np.diag(exact.covariance), np.diag(exact.covariance)))
    assert np.all(np.abs(exact.factor @ exact.factor.T - exact.covariance) <= 1e-14 * scale)
    assert np.all(np.triu(exact.factor, 1) == 0.0)
    assert np.all(np.diag(exact.factor) >= 0.0)


def test_single_mode_from_a_femtosecond_to_a_second():
    """1 MOhm and 1 pF: exp(-h/tau), kT/C (1 - exp(-2h/tau)), R (1 - exp(-h/tau)), all to round-off."""
    tau, kt_c = 1e-6, BOLTZMANN * 300.0 / 1e-12
    law = np.array([[1e-12]]), np.array([[1e-6]]), np.array([[2 * BOLTZMANN * 300.0 * 1e-6]])
    for step in [1e-15, 1e-12, 1e-9, 3e-7, 1e-6, 4e-5, 1e-3, 1.0]:
        exact = propagator(*law, np.array([[1e-6]]), np.array([1e-9]), step)
        assert exact.decay[0, 0] == pytest.approx(np.exp(-step / tau), rel=1e-12, abs=1e-300)
        assert exact.covariance[0, 0] == pytest.approx(-kt_c * np.expm1(-2 * step / tau), rel=1e-12)
        np.testing.assert_allclose(exact.inputs[0], -np.expm1(-step / tau) * np.array([1.0, 1e-3]), rtol=1e-12)


def test_long_step_reaches_the_stationary_law():
    law, drive, current = coupled(), np.array([[1e-6], [0.0]]), np.array([0.0, 1e-9])
    exact = propagator(*law, drive, current, 1.0)
    assert largest_difference(exact.covariance, stationary(*law)) < 1e-12
    np.testing.assert_allclose(exact.inputs @ [0.4, 1.0], mean(law[1], drive, current, np.array([0.4])), rtol=1e-12)


def test_transition_keeps_the_stationary_law():
    """Q = Sigma - Phi Sigma Phi^T. The form that holds for a normal whitened drift alone must fail here."""
    capacitance, conductance, noise = coupled()
    step = 1e-6
    exact = propagator(capacitance, conductance, noise, NONE, np.zeros(2), step)
    sigma = stationary(capacitance, conductance, noise)
    expected = sigma - exact.decay @ sigma @ exact.decay.T
    assert largest_difference(exact.covariance, expected) < 1e-12

    inverse = np.linalg.inv(capacitance)
    whiten = np.linalg.cholesky(inverse @ noise @ inverse)
    drift = np.linalg.inv(whiten) @ inverse @ conductance @ whiten
    values, vectors = np.linalg.eigh(drift + drift.T)
    mutant = whiten @ (vectors * (-np.expm1(-values * step) / values)) @ vectors.T @ whiten.T
    assert largest_difference(mutant, expected) > 0.01


def test_floating_pair_diffuses_without_moving_charge():
    """Charge C v is conserved; round-off diffuses it as a noise source of 1e-15 of the resistor's would."""
    capacitance, conductance, noise = floating()
    exact = propagator(capacitance, conductance, noise, NONE, np.zeros(2), 1e-3)
    charge = np.array([1.0, 2.0]) * 1e-12
    np.testing.assert_allclose(charge @ exact.decay, charge, rtol=1e-10)
    round_off = 16 * np.finfo(float).eps
    assert np.sum((charge @ exact.factor) ** 2) < round_off * noise[0, 0] * exact.seconds
    difference = np.array([1.0, -1.0])
    assert difference @ exact.covariance @ difference == pytest.approx(BOLTZMANN * 300.0 * 1.5e12, rel=1e-10)


def test_unit_spread_of_ten_decades():
    """fF beside uF and kOhm beside TOhm: each node keeps its own relative accuracy."""
    capacitance, conductance = np.diag([1e-15, 1e-6]), np.diag([1e-12, 1e-3])
    noise = 2 * BOLTZMANN * 300.0 * conductance
    exact = propagator(capacitance, conductance, noise, NONE, np.zeros(2), 1e-4)
    np.testing.assert_allclose(np.diag(exact.decay), np.exp([-0.1, -0.1]), rtol=1e-12)
    variance = -BOLTZMANN * 300.0 / np.diag(capacitance) * np.expm1(-0.2)
    np.testing.assert_allclose(np.diag(exact.covariance), variance, rtol=1e-12)
    np.testing.assert_allclose(np.diag(exact.factor) ** 2, variance, rtol=1e-12)


def decades(slow, coupler=0.0):
    """fF behind kOhm, 1e12 1/s, beside uF behind `slow` [Ohm]; C, G, S, and A."""
    conductance = np.diag([1e-3, 1 / slow]) + coupler * np.array([[1.0, -1.0], [-1.0, 1.0]])
    capacitance = np.diag([1e-15, 1e-6])
    return capacitance, conductance, 2 * BOLTZMANN * 300.0 * conductance


@pytest.mark.parametrize("slow", [1e6, 1e9, 1e12])
@pytest.mark.parametrize("share", [0.01, 1.0, 20.0])
def test_slow_modes_of_stiff_networks_keep_their_digits(slow, share):
    """Rates 12 to 18 decades apart; to double exp(-A h) itself is wrong by 2e-5 at 12 and 20 times at 18 decades."""
    tau, kt_c = 1e-6 * slow, BOLTZMANN * 300.0 / 1e-6
    exact = propagator(*decades(slow), np.array([[0.0], [1 / slow]]), np.zeros(2), share * tau)
    assert exact.decay[1, 1] == pytest.approx(np.exp(-share), rel=1e-12, abs=1e-16)
    assert exact.covariance[1, 1] == pytest.approx(-kt_c * np.expm1(-2 * share), rel=1e-12)
    assert exact.inputs[1, 0] == pytest.approx(-np.expm1(-share), rel=1e-12)
    if slow > 1e6:
        doublings = int(np.ceil(np.log2(1e12 * share * tau)))
        mutant = np.exp(-share / 2.0**doublings)
        for _ in range(doublings):
            mutant *= mutant
        assert abs(mutant - np.exp(-share)) > 1e-11 * np.exp(-share), "squares of what is near 1 would be seen"


@pytest.mark.parametrize("slow", [1e6, 1e9])
def test_stiff_and_coupled_networks_keep_the_stationary_law(slow):
    """Q = k T (C^-1 - Phi C^-1 Phi^T) at one temperature; the slow rate is det A over the fast one, to 1e-12 of it."""
    capacitance, conductance, noise = decades(slow, coupler=1e-3 / slow)
    drift = conductance / np.diag(capacitance)[:, np.newaxis]
    fast = drift[0, 0]
    rate = drift[1, 1] - drift[0, 1] * drift[1, 0] / fast
    exact = propagator(capacitance, conductance, noise, NONE, np.zeros(2), 1 / rate)
    assert exact.decay[1, 1] == pytest.approx(np.exp(-1.0), rel=1e-10)
    inverse = np.linalg.inv(capacitance)
    expected = BOLTZMANN * 300.0 * (inverse - exact.decay @ inverse @ exact.decay.T)
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.abs((exact.covariance - expected) / scale).max() < 1e-12


def test_zero_noise_has_zero_factor():
    assert np.all(square_root(np.zeros((3, 3))) == 0.0)


def test_refusals():
    with pytest.raises(ValueError, match="a step must last longer than 0 s"):
        propagator(*coupled(), NONE, np.zeros(2), 0.0)
    with pytest.raises(ValueError, match="not positive definite: a node has no capacitance"):
        propagator(np.diag([1e-12, 0.0]), np.eye(2), np.eye(2), NONE, np.zeros(2), 1.0)
