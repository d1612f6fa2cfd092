"""Shot, 1/f and band-limited noise against closed forms; every case is asymmetric."""

import numpy as np
import pytest
from noisy_chips import c, chip, known, noise, r
from scipy.integrate import quad
from scipy.special import exp1, gamma

from thermosim.analysis import linear, noise_spectra, spectrum
from thermosim.constants import BOLTZMANN, CHARGE
from thermosim.measure.network import imbalance

KT = BOLTZMANN * 300
R, C = 1e6, 1e-12
TAU = R * C
QUIET = ", noisy: false"
CELL = [r("R", R, "x", more=QUIET), c("C", C, "x")]
WHITE = 4e-25  # [A^2/Hz]


# -- shot noise -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volts", "ratio"), [(0.010, 5.23), (0.026, 2.15), (0.050, 1.34), (0.100, 1.043), (0.200, 1.0009)]
)
def test_a_junction_under_bias_has_more_than_2qi(volts, ratio):
    found = noise_spectra.junction_density(1e-9, volts, 300.0) / (2 * CHARGE * 1e-9 * volts)
    assert found == pytest.approx(ratio, abs=5e-4 if ratio < 1.05 else 5e-3)
    assert found == pytest.approx(1 / np.tanh(CHARGE * volts / (2 * KT)), rel=1e-12)


def test_a_junction_is_johnson_noise_at_no_bias_and_shot_noise_at_much():
    for volts in (0.0, 1e-15, -1e-7):
        assert noise_spectra.junction_density(2e-6, volts, 300.0) == pytest.approx(4 * KT * 2e-6, rel=1e-9)
    assert noise_spectra.junction_density(2e-6, -40.0, 300.0) == pytest.approx(2 * CHARGE * 8e-5, rel=1e-12)
    assert noise_spectra.junction_density(2e-6, 0.1, 0.0) == pytest.approx(2 * CHARGE * 2e-7, rel=1e-12)


def test_a_tunnel_junction_at_rest_holds_kt_over_c():
    """Its conductance makes no Johnson noise of its own: the electrons that cross it are that noise."""
    junction = noise("S", "shot_noise", f"mean: left_out, conductance: {1 / R!r} S, voltage: 0 V")
    assert known([*CELL, junction]).covariance == pytest.approx(KT / C, rel=1e-12)
    biased = noise("S", "shot_noise", f"mean: left_out, conductance: {1 / R!r} S, voltage: 0.1 V")
    kelvin = CHARGE * 0.1 / (2 * BOLTZMANN) / np.tanh(CHARGE * 0.1 / (2 * KT))
    assert known([*CELL, biased]).covariance == pytest.approx(BOLTZMANN * kelvin / C, rel=1e-12)


def test_a_current_pulls_its_net_down_only_where_its_mean_is_included():
    for mean, volts in (("included", -2e-9 * R), ("left_out", 0.0)):
        found = known([*CELL, noise("S", "shot_noise", f"mean: {mean}, current: 2 nA")])
        assert found.mean == pytest.approx(volts, rel=1e-12)
        assert found.covariance == pytest.approx(CHARGE * 2e-9 * R / (2 * C), rel=1e-12)  # S_I R / 4 C
    reverse = known([*CELL, noise("S", "shot_noise", "mean: included, current: -2 nA, voltage: -1 V")])
    assert reverse.mean == pytest.approx(2e-9 * R, rel=1e-12)


def test_an_avalanche_multiplies_the_current_by_m_and_its_noise_by_f_m_squared():
    found = known([*CELL, noise("S", "shot_noise", "mean: included, current: 2 nA, gain: 10, excess_factor: 3")])
    assert found.mean == pytest.approx(-2e-8 * R, rel=1e-12)
    assert found.covariance == pytest.approx(300 * CHARGE * 2e-9 * R / (2 * C), rel=1e-12)


def test_work_of_a_mean_and_of_its_noise_are_heat():
    found = known([r("R", R, "x"), c("C", C, "x"), noise("S", "shot_noise", "mean: included, current: 2 nA")])
    assert abs(imbalance(found)) < 1e-12
    assert sum(flow.watts for flow in found.heats) == pytest.approx(
        (2e-9) ** 2 * R + CHARGE * 2e-9 / (2 * C), rel=1e-12
    )


# -- 1/f ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("per_decade", "percent"), [(1, 5.5), (2, 0.0757)])
def test_the_ripple_is_the_published_one_and_no_more(per_decade, percent):
    """Peak and trough of f S / A over an octave in the middle of 40 decades, where no end of the band is felt."""
    low, high, strength = 1e-20, 1e20, 3e-24
    corners = low * 10 ** ((np.arange(40 * per_decade) + 0.5) / per_decade)
    at = np.logspace(0, 1 / per_decade, 201)
    seen = noise_spectra.flicker_density(strength, low, high, corners, at) * at / strength - 1
    expected = noise_spectra.ripple(per_decade / np.log(10))
    assert 100 * expected == pytest.approx(percent, rel=2e-3)
    assert (seen.max() - seen.min()) / 2 == pytest.approx(expected, rel=3e-4)
    assert [seen.max(), -seen.min()] == pytest.approx([expected, expected], rel=expected / 4 + 1e-3)


def test_no_grid_is_finer_than_the_ripple_asks_for():
    for wanted in (0.1, 0.01, 1e-4):
        corners = noise_spectra.grid(1e-2, 1e7, wanted)
        span = np.log(1e9)
        assert noise_spectra.ripple(len(corners) / span) <= wanted < noise_spectra.ripple((len(corners) - 1) / span)


FLICKER = "psd: 1e-24 A^2/Hz, at: 1 kHz, f_low: 1 mHz, f_high: 100 MHz, ripple: 0.01"
STRENGTH = 1e-24 * 1e3  # A [A^2]


def flicker_law():
    (island,) = chip([*CELL, noise("F", "flicker_noise", FLICKER)])[1].islands
    return island


def test_an_island_with_flicker_has_the_spectrum_of_a_over_f():
    """Five decades inside the band against A/f within the ripple and what the ends take; S_x = |Z|^2 S_I."""
    island = flicker_law()
    law = island.actual
    at = np.logspace(0, 5, 83)
    seen = spectrum.density(law.capacitance, law.conductance, law.noise, at)[:, 0, 0].real
    seen = seen * (1 + (2 * np.pi * at * TAU) ** 2) / R**2 * at / STRENGTH
    ends = noise_spectra.band_edges(1e-3, 1e8, at)
    assert np.abs(seen - ends).max() < 0.01, "within the stated ripple of the closed form"
    assert np.abs(seen - ends).max() > 0.001, "and not as if there were none"
    assert np.abs(ends - 1).max() < 2e-3
    exact = noise_spectra.flicker_density(STRENGTH, 1e-3, 1e8, noise_spectra.grid(1e-3, 1e8, 0.01), at) * at / STRENGTH
    np.testing.assert_allclose(seen, exact, rtol=1e-10)


def test_the_note_says_where_the_sum_is_good():
    """What it says of the band holds, at its ends as well as inside, and not a factor of 4 beyond."""
    (note,) = chip([*CELL, noise("F", "flicker_noise", FLICKER)])[1].notes
    assert note == (
        "F: 1/f noise as 16 relaxing currents, within 2 % of A / f from 63.7 mHz to 1.57 MHz, and half of it at the "
        "ends of its band"
    )
    corners = noise_spectra.grid(1e-3, 1e8, 0.01)
    at = np.geomspace(0.0637, 1.57e6, 400)
    seen = noise_spectra.flicker_density(STRENGTH, 1e-3, 1e8, corners, at) * at / STRENGTH
    assert np.abs(seen - 1).max() < 0.02
    beyond = np.array([0.0637 / 4, 1.57e6 * 4])
    assert np.all(noise_spectra.flicker_density(STRENGTH, 1e-3, 1e8, corners, beyond) * beyond / STRENGTH < 0.97)
    ends = np.array([1e-3, 1e8])
    half = noise_spectra.flicker_density(STRENGTH, 1e-3, 1e8, corners, ends) * ends / STRENGTH
    assert half == pytest.approx(0.5, abs=0.01)


def test_the_variance_of_flicker_is_its_logarithm():
    island = flicker_law()
    law = island.actual
    covariance = linear.stationary(law.capacitance, law.conductance, law.noise)
    rows = [k for k, name in enumerate(island.nodes) if name.startswith("n(F")]
    assert len(rows) == len(noise_spectra.grid(1e-3, 1e8, 0.01)) == 16
    assert covariance[np.ix_(rows, rows)].sum() == pytest.approx(STRENGTH * np.log(1e11), rel=1e-12)


def test_the_variance_of_a_node_under_flicker_is_the_integral_of_its_spectrum():
    """Sum over corners of A D R^2 / (1 + 2 pi f_k tau): eleven decades, to 1e-11."""
    island = flicker_law()
    law = island.actual
    seen = linear.stationary(law.capacitance, law.conductance, law.noise)[0, 0]
    corners = noise_spectra.grid(1e-3, 1e8, 0.01)
    each = STRENGTH * np.log(1e11) / len(corners) * R**2
    assert seen == pytest.approx(np.sum(each / (1 + 2 * np.pi * corners * TAU)), rel=1e-11)
    # endless corners: A R^2 ln(f_high (1 + 2 pi f_low tau) / (f_low (1 + 2 pi f_high tau)))
    whole = np.log((1e11 + 2 * np.pi * 1e8 * TAU) / (1 + 2 * np.pi * 1e8 * TAU))
    assert seen == pytest.approx(STRENGTH * R**2 * whole, rel=2e-3)


def test_the_autocorrelation_of_flicker_falls_with_the_logarithm_of_time():
    """A (E1(2 pi f_low t) - E1(2 pi f_high t)); a grid of step D adds at most 2 A |Gamma(2 pi i / D)|, and its ends."""
    island = flicker_law()
    rows = [k for k, name in enumerate(island.nodes) if name.startswith("n(F")]
    block = np.ix_(rows, rows)
    law = island.actual
    lags = np.logspace(-5, 1, 25)
    seen = linear.autocovariance(law.capacitance[block], law.conductance[block], law.noise[block], lags)
    expected = exp1(2 * np.pi * 1e-3 * lags) - exp1(2 * np.pi * 1e8 * lags)
    step = np.log(1e11) / len(rows)
    error = np.abs(seen.sum(axis=(1, 2)) / STRENGTH - expected)
    assert error.max() < 2 * abs(gamma(2j * np.pi / step)) + step**2 / 24 * 2 * np.pi * 1e-3 * lags.max()
    logarithm = -np.euler_gamma - np.log(2 * np.pi * 1e-3 * lags[:15])
    assert np.abs(expected[:15] - logarithm).max() < 1e-3


def test_a_slow_noise_is_not_lost_in_round_off():
    """Corners at 1 nHz beside a node of 1 GHz: all of the noise is there, and the network is not called unstable."""
    fast = [r("R", 100.0, "x", more=QUIET), c("C", C, "x")]
    slow = "psd: 1e-24 A^2/Hz, at: 1 kHz, f_low: 1e-9 Hz, f_high: 1 Hz, ripple: 0.01"
    found = known([*fast, noise("F", "flicker_noise", slow)])
    assert found.covariance[0, 0] == pytest.approx(STRENGTH * 1e4 * np.log(1e9), rel=1e-8)


# -- band-limited noise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [0.03, 1.0, 7.0])
def test_noise_behind_a_pole_shakes_a_node_less(ratio):
    """(k T_eff / C) tau / (tau + tau_n)."""
    pole = 1 / (2 * np.pi * ratio * TAU)
    source = f"t_eff: 1e6 K, conductance: {1 / R!r} S, bandwidth: {pole!r} Hz"
    found = known([*CELL, noise("B", "band_noise", source)])
    assert found.covariance[0, 0] == pytest.approx(BOLTZMANN * 1e6 / C / (1 + ratio), rel=1e-12)
    assert found.low_density[0] == pytest.approx(4 * BOLTZMANN * 1e6 * R, rel=1e-12)


def test_two_poles_are_the_integral_of_two_lorentzians():
    first, second = 3e5, 5e4
    source = f"psd: {WHITE!r} A^2/Hz, bandwidth: {first!r} Hz, second_pole: {second!r} Hz"
    found = known([*CELL, noise("B", "band_noise", source)])

    def slope(x):
        f = x / TAU
        return R**2 * WHITE / TAU / (1 + (2 * np.pi * x) ** 2) / (1 + (f / first) ** 2) / (1 + (f / second) ** 2)

    integral = quad(slope, 0, 1, epsabs=0, epsrel=1e-11)[0] + quad(slope, 1, np.inf, epsabs=0, epsrel=1e-11)[0]
    assert found.covariance[0, 0] == pytest.approx(integral, rel=1e-9)
    swapped = source.replace(f"{first!r}", "F").replace(f"{second!r}", f"{first!r}").replace("F", f"{second!r}")
    assert known([*CELL, noise("B", "band_noise", swapped)]).covariance[0, 0] == pytest.approx(integral, rel=1e-9)


def test_the_equations_of_noise_with_a_memory_are_those_of_the_whole():
    """The solution one unknown at a time is that of the Lyapunov equation of all, where round-off allows both."""
    parts = [
        r("R1", R, "x"), c("C1", C, "x"), r("R2", 3 * R, "y"), c("C2", 2 * C, "y"), r("R12", 2 * R, "x", "y"),
        noise("B", "band_noise", f"psd: {WHITE!r} A^2/Hz, bandwidth: 200 kHz, second_pole: 1 MHz", "x", "y"),
        noise("F", "flicker_noise", "psd: 1e-25 A^2/Hz, at: 1 kHz, f_low: 1 kHz, f_high: 1 MHz, ripple: 0.1", "y"),
    ]  # fmt: skip
    (island,) = chip(parts)[1].islands
    law = island.actual
    seen = linear.stationary(law.capacitance, law.conductance, law.noise)
    drift, spread = linear.drift(law.capacitance, law.conductance), linear.diffusion(law.capacitance, law.noise)
    size = np.sqrt(np.outer(np.diag(seen), np.diag(seen)))
    residue = (drift @ seen + seen @ drift.T - spread) / size / np.abs(np.diag(drift)).max()
    assert np.abs(residue).max() < 1e-12
    assert abs(imbalance(known(parts))) < 1e-12


def test_one_node_is_reversible_and_two_under_coloured_noise_are_not():
    colour = noise("B", "band_noise", f"psd: {WHITE!r} A^2/Hz, bandwidth: 200 kHz")
    assert known([*CELL, colour]).reversible
    pair = [r("R1", R, "x"), c("C1", C, "x"), r("R2", 3 * R, "y"), c("C2", 2 * C, "y"), r("R12", 2 * R, "x", "y")]
    assert known(pair).reversible
    assert not known([*pair, colour]).reversible
    equal = [r("R1", R, "x"), c("C1", C, "x"), r("R2", R, "y"), c("C2", C, "y"), r("R12", 2 * R, "x", "y")]
    twice = [noise(f"B{net}", "band_noise", f"psd: {WHITE!r} A^2/Hz, bandwidth: 200 kHz", net) for net in "xy"]
    assert known([*equal, *twice]).reversible, "equal noise on equal nodes prefers no direction"
