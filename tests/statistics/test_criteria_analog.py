"""Noisy networks from their netlists: equipartition, autocorrelation and coupled modes, exact and simulated.

A figure agrees if it lies within the two-sided 1e-6 quantile of Student's t with one degree less than replicas.
"""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.special import stdtrit

import thermosim as ts
from thermosim.analysis.linear import autocovariance, stationary
from thermosim.analysis.propagator import propagator
from thermosim.constants import BOLTZMANN

KT = BOLTZMANN * 300

MODES = """\
thermosim: 1
name: two_modes
instances:
  C1: {{type: capacitor, c: 1 pF, pins: {{p: "x[0]", n: 0}}}}
  C2: {{type: capacitor, c: 2 pF, pins: {{p: "x[1]", n: 0}}}}
  R1: {{type: resistor, r: 1 MOhm, pins: {{p: "x[0]", n: 0}}}}
  R2: {{type: resistor, r: 3 MOhm, pins: {{p: "x[1]", n: 0}}}}
  R12: {{type: resistor, r: 2 MOhm, {coupler}pins: {{p: "x[0]", n: "x[1]"}}}}
run: {{duration: 10 ms, burn_in: 50 us, replicas: 64, record: {{x: every 1 us}}, measure: [mixing, target]}}
"""
FLOATING = """\
thermosim: 1
name: floating_pair
instances:
  C1: {type: capacitor, c: 1 pF, pins: {p: a, n: 0}}
  C2: {type: capacitor, c: 2 pF, pins: {p: b, n: 0}}
  R: {type: resistor, r: 1 MOhm, pins: {p: a, n: b}}
run: {duration: 10 us, record: {a: every 1 us}}
"""


def agrees(values, exact):
    """Whether the mean over replicas (the first axis) is that of the exact law, element by element."""
    values = np.asarray(values)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return bool(np.all(np.abs(values.mean(axis=0) - exact) < stdtrit(len(values) - 1, 1 - 5e-7) * error))


def loaded(tmp_path, text):
    path = tmp_path / "chip.yaml"
    path.write_text(text)
    return ts.load(path)


def matrices(chip):
    law = chip.program.islands[0].drawn
    return law.capacitance, law.conductance, law.noise


@pytest.fixture(scope="module")
def capacitor():
    """The shipped 100 kOhm, 1 pF and 4e-19 A^2/Hz: chip, and its record every 50 ns, half its relaxation time."""
    chip = ts.load("noisy_capacitor", set={"run.duration": "1 ms"})
    return chip, ts.simulate(chip, seed=21)


def test_100_kohm_with_1_pf_and_4e_19_gives_100_mv(capacitor):
    chip, record = capacitor
    variance = float(stationary(*matrices(chip))[0, 0])
    assert variance == pytest.approx(4e-19 * 1e5 / (4 * 1e-12) + KT / 1e-12, rel=1e-12)
    assert np.sqrt(variance) == pytest.approx(0.1, rel=1e-6)
    squares = (record.samples["x"][:, :, 0] ** 2).mean(axis=1)
    assert agrees(squares, variance)
    assert not agrees(squares, 1.03 * variance), "3 % hotter"
    assert not agrees(squares, 2 * variance), "a density read as two-sided"


def test_its_autocorrelation_is_exponential(capacitor):
    chip, record = capacitor
    x = record.samples["x"][:, :, 0]
    lags = np.array([1, 2, 4, 6])
    exact = 0.01 * np.exp(-lags / 2)
    np.testing.assert_allclose(autocovariance(*matrices(chip), lags * 50e-9)[:, 0, 0], exact, rtol=1e-6)
    products = np.array([(x[:, lag:] * x[:, :-lag]).mean(axis=1) for lag in lags]).T
    assert agrees(products, exact)
    assert not agrees(products, 0.01 * np.exp(-lags / 2 * 1.05)), "5 % faster"


def test_a_mode_recorded_every_half_relaxation_time_has_tau_4_083_and_its_square_2_164(capacitor):
    part = ts.measure(capacitor[1]).mixing[0]
    assert part.verdict == "ok"
    for name, exact in (("mode[0]", 1 / np.tanh(0.25)), ("mode[0]^2", 1 / np.tanh(0.5))):
        found = part.of(name)
        assert abs(found.tau - exact) < 5 * found.tau_error
        assert abs(found.tau - 0.9 * exact) > 5 * found.tau_error
    assert (round(1 / np.tanh(0.25), 3), round(1 / np.tanh(0.5), 3)) == (4.083, 2.164)


def test_johnson_noise_alone_gives_kt_over_c_whatever_the_resistor():
    for resistance, every in (("100 kOhm", "100 ns"), ("1 MOhm", "1 us")):
        settings = {"instances.R.r": resistance, "instances.N.psd": "0 A^2/Hz", "run.record.x": f"every {every}"}
        duration = {"100 ns": "1 ms", "1 us": "10 ms"}[every]
        record = ts.simulate(ts.load("noisy_capacitor", set={**settings, "run.duration": duration}), seed=22)
        squares = (record.samples["x"][:, 100:, 0] ** 2).mean(axis=1)
        assert agrees(squares, KT / 1e-12)
        assert not agrees(squares, 1.03 * KT / 1e-12)


def products(x):
    return np.einsum("rti,rtj->rij", x, x) / x.shape[1]


def test_two_modes_at_one_temperature_are_independent_at_equal_times_only(tmp_path):
    chip = loaded(tmp_path, MODES.format(coupler=""))
    exact = np.diag([KT / 1e-12, KT / 2e-12])
    np.testing.assert_allclose(stationary(*matrices(chip)), exact, rtol=1e-12, atol=1e-12 * KT / 1e-12)
    capacitance, conductance, _ = matrices(chip)
    lagged = expm(-np.linalg.solve(capacitance, conductance) * 1e-6) @ exact  # <x(t+h) x(t)^T>
    np.testing.assert_allclose(autocovariance(*matrices(chip), np.array([1e-6]))[0], lagged, rtol=1e-10)
    assert lagged[0, 1] > 0.1 * exact[1, 1]

    record = ts.simulate(chip, seed=23)
    x = record.samples["x"]
    assert agrees(products(x), exact)
    assert not agrees(products(x), 1.03 * exact)
    after = np.einsum("rti,rtj->rij", x[:, 1:], x[:, :-1]) / (x.shape[1] - 1)
    assert agrees(after, lagged)
    assert not agrees(after, lagged * np.eye(2)), "no lagged correlation"
    assert not agrees(after, expm(-np.linalg.solve(capacitance, conductance) * 1.1e-6) @ exact)
    assert all(distance.excess < 5 for distance in ts.measure(record).target[0].distances)


def test_a_noiseless_coupler_gives_50_12_12_21_over_69(tmp_path):
    chip = loaded(tmp_path, MODES.format(coupler="noisy: false, "))
    exact = KT / 1e-12 * np.array([[50, 12], [12, 21]]) / 69
    np.testing.assert_allclose(stationary(*matrices(chip)), exact, rtol=1e-12)
    record = ts.simulate(chip, seed=24)
    found = products(record.samples["x"])
    assert agrees(found, exact)
    assert not agrees(found, 1.03 * exact)
    assert not agrees(found, np.diag([KT / 1e-12, KT / 2e-12])), "a coupler with noise"
    swapped = KT / 1e-12 * np.array([[21, 12], [12, 50]]) / 69
    assert not agrees(found, swapped)
    assert all(distance.excess < 5 for distance in ts.measure(record).target[0].distances)


@pytest.mark.parametrize("text", [MODES.format(coupler=""), MODES.format(coupler="noisy: false, "), FLOATING])
@pytest.mark.parametrize("step", [1e-12, 37e-9, 2.3e-6])
def test_two_steps_are_one_to_1e_12(tmp_path, text, step):
    law = loaded(tmp_path, text).program.islands[0].actual
    if text is FLOATING:
        assert abs(np.linalg.det(law.conductance)) < 1e-12 * np.abs(law.conductance).max() ** 2
    first, second, whole = (
        propagator(law.capacitance, law.conductance, law.noise, law.input_conductance, law.current, h)
        for h in (step, 2 * step, 3 * step)
    )
    covariance = second.decay @ first.covariance @ second.decay.T + second.covariance
    for found, exact in ((second.decay @ first.decay, whole.decay), (covariance, whole.covariance)):
        assert np.abs(found - exact).max() < 1e-12 * np.abs(exact).max()
    if text is FLOATING:  # the charge that the resistor moves is conserved to the same accuracy
        np.testing.assert_allclose(np.array([1e-12, 2e-12]) @ whole.decay, [1e-12, 2e-12], rtol=1e-12)
