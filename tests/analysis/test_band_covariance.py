"""Covariance within a band: against the whole law, a closed form, and the published two-node board."""

import numpy as np
import pytest

import thermosim as ts
from thermosim.analysis import linear, spectrum


def rms(covariance):
    return np.sqrt(np.diag(covariance)) * 1e3  # [mV]


def correlation(covariance):
    return covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])


@pytest.mark.parametrize("stiff", [1.0, 1e5])
def test_the_whole_band_is_the_stationary_law(stiff):
    rng = np.random.default_rng(1)
    capacitance = np.diag([1.0, 2.0, 0.5 / stiff])
    conductance = np.array([[2.0, -0.5, 0.0], [-0.5, 1.5, -0.7], [-0.2, -0.7, 1.2]])  # not symmetric
    column = rng.normal(size=(3, 3))
    exact = linear.stationary(capacitance, conductance, column @ column.T)
    found = spectrum.band_covariance(capacitance, conductance, column @ column.T, 0, np.inf)
    scale = np.sqrt(np.diag(exact))
    assert np.abs((found - exact) / np.outer(scale, scale)).max() < 1e-8


def test_a_quiet_node_beside_a_loud_one_has_its_own_accuracy():
    """fF beside uF: variances kT/C nine decades apart, each to 1e-9."""
    capacitance, conductance = np.diag([1e-15, 1e-6]), np.diag([1e-3, 1e-6]) + 1e-9 * np.array([[1, -1], [-1, 1]])
    found = spectrum.band_covariance(capacitance, conductance, 2 * conductance, 0, np.inf)
    np.testing.assert_allclose(np.diag(found) * np.diag(capacitance), 1.0, rtol=1e-9)


def test_one_rc_has_the_arctangent():
    """kT/C (2/pi) (atan(w2 tau) - atan(w1 tau))."""
    one = np.ones((1, 1))
    found = spectrum.band_covariance(one, one, 2 * one, 0.02, 3.0)[0, 0]
    exact = 2 / np.pi * (np.arctan(2 * np.pi * 3.0) - np.arctan(2 * np.pi * 0.02))
    assert found == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("band", [(-1, 2), (3, 3), (5, 2), (np.nan, 1)])
def test_an_empty_band_is_refused(band):
    one = np.ones((1, 1))
    with pytest.raises(ValueError, match=r"^the band from \S+ to \S+ Hz is empty or negative$"):
        spectrum.band_covariance(one, one, one, *band)


@pytest.fixture(scope="module")
def board():
    return ts.load("two_node_board")


def test_the_board_as_its_makers_model_it(board):
    """Time constants 92.02, 41.58 us; kappa 2.213; 0.6058, 0.5391 mV and 0.3532 in band; T_eff 1.010e9 K."""
    law = board.program.islands[0].actual
    matrices = law.capacitance, law.conductance, law.noise
    assert np.round(linear.relaxation_times(*matrices[:2]) * 1e6, 2).tolist() == [92.02, 41.58]
    assert round(np.linalg.cond(law.conductance), 3) == 2.213
    within = spectrum.band_covariance(*matrices, 200, 50e3)
    assert np.round(rms(within), 4).tolist() == [0.6058, 0.5391]
    assert round(correlation(within), 4) == 0.3532
    whole = ts.analyze(board)[0].covariance
    assert np.round(rms(whole), 4).tolist() == [0.6360, 0.5648]
    assert round(correlation(whole), 4) == 0.3593
    injected = 2 * law.noise[0, 0] - 4 * 1.380649e-23 * 297 * law.conductance[0, 0]
    assert injected * 4690 / (4 * 1.380649e-23) == pytest.approx(1.010e9, rel=5e-4)


def test_the_board_that_was_measured_is_louder_than_its_model(board):
    """0.7097(11) and 0.6258(9) mV: 17 and 16 % above, unexplained; the ratio and the correlation are not far."""
    law = board.program.islands[0].actual
    within = spectrum.band_covariance(law.capacitance, law.conductance, law.noise, 200, 50e3)
    gap = np.array([0.7097, 0.6258]) / rms(within)
    assert np.round(gap, 3).tolist() == [1.172, 1.161]
    assert np.all((np.array([0.7097, 0.6258]) - rms(within)) / np.array([0.0011, 0.0009]) > 90)  # standard errors
    assert 1.1340 - rms(within)[0] / rms(within)[1] == pytest.approx(0.0103, abs=5e-5)
    assert 0.3596 - correlation(within) == pytest.approx(0.0064, abs=5e-5)
