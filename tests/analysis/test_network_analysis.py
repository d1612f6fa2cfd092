"""Closed forms of networks against published results and against each other."""

import numpy as np
import pytest

import thermosim as ts
from thermosim.analysis import linear, spectrum, thermodynamics
from thermosim.analysis.kalman import kalman
from thermosim.analysis.propagator import propagator
from thermosim.constants import BOLTZMANN
from thermosim.measure.network import analyse, imbalance

HEAD = "thermosim: 1\nname: network\ntemperature: 300 K\ninstances:\n"
RUN = "run: {duration: 1 us, record: {a: every 100 ns}}\n"


def network(tmp_path, lines, driven=""):
    path = tmp_path / "network.yaml"
    path.write_text(HEAD + "".join(f"  {line}\n" for line in lines) + RUN)
    chip = ts.load(path)
    (found,) = analyse(chip.circuit, chip.program)
    return found


def pair(tmp_path, r1, r2, r12, c1, c2, cold):
    """TAI eq. 9 with a coupling resistor at `cold` K: MOhm, pF."""
    return network(
        tmp_path,
        [
            f"R1: {{type: resistor, r: {r1} MOhm, pins: {{p: a, n: 0}}}}",
            f"R2: {{type: resistor, r: {r2} MOhm, pins: {{p: b, n: 0}}}}",
            f"Rc: {{type: resistor, r: {r12} MOhm, temperature: {cold} K, pins: {{p: a, n: b}}}}",
            f"C1: {{type: capacitor, c: {c1} pF, pins: {{p: a, n: 0}}}}",
            f"C2: {{type: capacitor, c: {c2} pF, pins: {{p: b, n: 0}}}}",
        ],
    )


def flow(found, path):
    return next(one.watts for one in found.heats if one.path == path)


def test_equilibrium_carries_no_heat_and_no_entropy(tmp_path):
    found = pair(tmp_path, 1, 3, 2, 1, 2, 300)
    scale = BOLTZMANN * 300 / 1e-6
    assert max(abs(one.watts) for one in found.heats) < 1e-12 * scale
    assert found.visible == pytest.approx(0, abs=1e-6)
    assert np.allclose(found.covariance, BOLTZMANN * 300 * np.diag([1e12, 0.5e12]), rtol=1e-12, atol=1e-24)


def test_a_noiseless_coupler_keeps_the_golden_covariance_out_of_equilibrium(tmp_path):
    found = pair(tmp_path, 1, 3, 2, 1, 2, 0)
    unit = BOLTZMANN * 300 / 1e-12
    assert np.round(found.covariance / unit, 4).tolist() == [[0.7246, 0.1739], [0.1739, 0.3043]]
    assert round(found.correlation[0, 1], 4) == 0.3703
    assert not found.reversible
    assert found.physical is None, "a bath at 0 K takes heat: its entropy has no bound"


def test_hidden_entropy_production(tmp_path):
    """A coupler at 0.01 T: the voltages show 0.26 nats in the time R1 C1, the baths produce 33.4."""
    found = pair(tmp_path, 1, 3, 2, 1, 2, 3)
    assert (round(found.visible * 1e-6, 2), round(found.physical * 1e-6, 1)) == (0.26, 33.4)


@pytest.mark.parametrize("g", [0.3, 1.0, 4.0])
def test_a_symmetric_pair_heats_its_cold_coupler(tmp_path, g):
    """P = (kT/tau) 2 g / (1 + 2 g), although the voltages are time-reversible."""
    found = pair(tmp_path, 1, 1, 1 / g, 1, 1, 0)
    power = BOLTZMANN * 300 / 1e-6 * 2 * g / (1 + 2 * g)
    assert flow(found, "Rc") == pytest.approx(power, rel=1e-10)
    assert flow(found, "R1") + flow(found, "R2") == pytest.approx(-power, rel=1e-10)
    assert found.reversible
    assert found.visible == pytest.approx(0, abs=1)


def test_two_temperatures_across_a_capacitor(tmp_path):
    """Ciliberto et al. 2013, with everything unequal: variances and the heat into the first bath."""
    r1, r2, c1, c2, cc, t1, t2 = 1e6, 3e6, 1e-12, 2e-12, 0.7e-12, 90.0, 300.0
    found = network(
        tmp_path,
        [
            "R1: {type: resistor, r: 1 MOhm, temperature: 90 K, pins: {p: a, n: 0}}",
            "R2: {type: resistor, r: 3 MOhm, pins: {p: b, n: 0}}",
            "C1: {type: capacitor, c: 1 pF, pins: {p: a, n: 0}}",
            "C2: {type: capacitor, c: 2 pF, pins: {p: b, n: 0}}",
            "Cc: {type: capacitor, c: 0.7 pF, pins: {p: a, n: b}}",
        ],
    )
    x, y = c1 * c2 + cc * (c1 + c2), (c1 + cc) * r1 + (c2 + cc) * r2
    first = BOLTZMANN * (t1 * (cc + c2) * y + (t2 - t1) * cc**2 * r1) / (x * y)
    second = BOLTZMANN * (t2 * (cc + c1) * y - (t2 - t1) * cc**2 * r2) / (x * y)
    assert np.diag(found.covariance) == pytest.approx([first, second], rel=1e-10)
    heat = BOLTZMANN * cc**2 * (t2 - t1) / (x * y)
    assert (flow(found, "R1"), flow(found, "R2")) == (pytest.approx(heat, rel=1e-9), pytest.approx(-heat, rel=1e-9))
    assert found.physical == pytest.approx(heat / BOLTZMANN * (1 / t1 - 1 / t2), rel=1e-9)
    assert found.visible == pytest.approx(found.physical, rel=1e-6), "no branch is hidden here"


def test_the_first_law_closes_with_every_kind_of_source(tmp_path):
    found = network(
        tmp_path,
        [
            "R1: {type: resistor, r: 1 MOhm, temperature: 77 K, pins: {p: a, n: rail}}",
            "R2: {type: resistor, r: 3 MOhm, pins: {p: b, n: 0}}",
            "Rc: {type: resistor, r: 2 MOhm, noisy: false, pins: {p: a, n: b}}",
            "C1: {type: capacitor, c: 1 pF, pins: {p: a, n: 0}}",
            "C2: {type: capacitor, c: 2 pF, pins: {p: b, n: a}}",
            "C3: {type: capacitor, c: 2 pF, pins: {p: b, n: rail}}",
            "N1: {type: white_noise, psd: 1e-26 A^2/Hz, pins: {p: a, n: b}}",
            "I1: {type: current_source, i: 20 pA, pins: {p: b, n: 0}}",
            "V1: {type: voltage_source, v: 30 uV, pins: {p: rail, n: 0}}",
        ],
    )
    assert {one.path for one in found.works} == {"N1", "I1", "rail"}
    assert {one.path: one.temperature for one in found.heats} == {"R1": 77.0, "R2": 300.0, "Rc": 0.0}
    assert abs(imbalance(found)) < 1e-12
    assert sum(one.of_all for one in found.contributions) == pytest.approx(1, rel=1e-12)
    assert np.sum([one.share for one in found.contributions], axis=0) == pytest.approx([1, 1], rel=1e-12)


def test_contributions_name_the_noisiest(tmp_path):
    """R2 at the far node: its share of node b is its own Johnson noise over the whole."""
    found = pair(tmp_path, 1, 3, 2, 1, 2, 0)
    shares = {one.path: one.share for one in found.contributions}
    assert set(shares) == {"R1", "R2"}
    assert shares["R1"][0] > 0.9 > 0.5 > shares["R1"][1]


def ring():
    rng = np.random.default_rng(3)
    c = np.diag([1.0, 2.0, 0.5]) + 0.2
    g = np.array([[2.0, -1.5, 0.1], [0.3, 1.0, -0.4], [-0.2, 0.0, 0.7]])
    b = rng.standard_normal((3, 3))
    return c, g, b @ b.T


def test_spectra_integrate_to_the_covariance_and_have_the_corner_of_an_rc():
    c, g, s = ring()
    angle, weight = np.polynomial.legendre.leggauss(400)
    f = np.tan((angle + 1) * np.pi / 4)
    whole = np.einsum("f,fij->ij", weight * (1 + f**2) * np.pi / 4, spectrum.density(c, g, s, f).real)
    assert whole == pytest.approx(linear.stationary(c, g, s), rel=1e-9)
    one = np.array([[1e-12]]), np.array([[1e-6]]), np.array([[2 * BOLTZMANN * 300 * 1e-6]])
    f0 = np.array([0.0, 1 / (2 * np.pi * 1e-6)])
    assert spectrum.density(*one, f0)[:, 0, 0].real == pytest.approx(
        [4 * BOLTZMANN * 300 * 1e6, 2 * BOLTZMANN * 300 * 1e6], rel=1e-12
    )


def test_lags_run_forward_spectra_go_with_them_and_currents_circulate_from_row_to_column():
    """<v(t) v(0)^T> is that of the exact step; S_ab(f) its transform; Z the slope of its antisymmetric part."""
    c, g, s = ring()
    still, h = linear.stationary(c, g, s), 0.3
    later = linear.autocovariance(c, g, s, np.array([h]))[0]
    step = propagator(c, g, s, np.zeros((3, 0)), np.zeros(3), h)
    assert later == pytest.approx(step.decay @ still, rel=1e-10)
    assert np.abs(later - later.T).max() > 0.01 * np.abs(later).max()

    drift, f = linear.drift(c, g), 0.2
    half = np.linalg.solve(drift + 2j * np.pi * f * np.eye(3), still)  # int_0^inf C(t) e^(-i w t) dt
    whole = 2 * (half + half.conj().T)
    density = spectrum.density(c, g, s, np.array([f]))[0]
    assert density == pytest.approx(whole, rel=1e-10)
    assert np.abs(density.imag).max() > 0.01 * np.abs(density).max()

    turning = thermodynamics.circulation(drift, still, linear.diffusion(c, s))
    assert turning == pytest.approx(drift @ still - linear.diffusion(c, s) / 2, rel=1e-10)
    small = linear.autocovariance(c, g, s, np.array([1e-6]))[0]
    assert turning == pytest.approx((small.T - small) / 2e-6, rel=1e-4, abs=1e-9)


def test_a_narrow_resonance_is_not_missed_by_a_band():
    """Q = 1e4 between nodes that are five decades slower and faster."""
    c, s = np.eye(4), np.diag([2e-4, 0.0, 2e-5, 2e5])
    g = np.array([[1e-4, 1.0, 0, 0], [-1.0, 0, 0, 0], [0, 0, 1e-5, 0], [0, 0, 0, 1e5]])
    found = spectrum.band_covariance(c, g, s, 0.0, np.inf)
    assert np.diag(found) == pytest.approx(np.diag(linear.stationary(c, g, s)), rel=1e-6)


def test_in_equilibrium_the_first_law_is_held_against_what_noise_turns_over(tmp_path):
    """No heat flows and no work is done: round-off over round-off is no error of the first law."""
    dust = []
    for k in range(12):
        found = network(
            tmp_path,
            [
                f"R1: {{type: resistor, r: {1 + k / 7:.3f} MOhm, pins: {{p: a, n: 0}}}}",
                f"R2: {{type: resistor, r: {2 + k / 3:.3f} MOhm, pins: {{p: a, n: b}}}}",
                "C1: {type: capacitor, c: 1.1 pF, pins: {p: a, n: 0}}",
                "C2: {type: capacitor, c: 0.7 pF, pins: {p: b, n: 0}}",
            ],
        )
        assert abs(imbalance(found)) < 1e-12
        dust.append(abs(sum(one.watts for one in found.heats)) / (max(abs(one.watts) for one in found.heats) or 1.0))
    assert max(dust) > 1e-6  # a share of the heats themselves would say that


def test_a_mode_that_does_not_decay_has_no_density_at_its_own_frequency():
    """Charge that cannot leave two nodes; and a coil and a capacitor without loss, w = 1."""
    capacitance, noise = np.diag([1.0, 2.0]), np.eye(2)
    shut = np.array([[1.0, -1.0], [-1.0, 1.0]])
    with pytest.raises(ValueError, match="no density or gain at 0 Hz: some mode does not decay, as where charge cann"):
        spectrum.density(capacitance, shut, noise, np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="no density or gain at 0 Hz"):
        spectrum.transfer(capacitance, shut, np.ones((2, 1)), np.zeros((2, 1)), np.zeros(1))
    assert np.all(np.isfinite(spectrum.density(capacitance, shut, noise, np.array([1e-3]))))
    ringing = np.array([[0.0, 1.0], [-1.0, 0.0]])
    with pytest.raises(ValueError, match=r"no density or gain somewhere from 0\.15\d* to 0\.15\d* Hz: some mode there"):
        spectrum.density(np.eye(2), ringing, noise, np.array([1 / (2 * np.pi)]))
    assert spectrum.density(np.eye(2), ringing, noise, np.zeros(1)).shape == (1, 2, 2)


def test_the_noise_bandwidth_of_an_rc_and_the_energy_of_its_mean(tmp_path):
    """1 / (4 R C); C (<v>^2 + kT/C) / 2; the inner voltage of an amplifier stores nothing."""
    lines = [
        "R: {type: resistor, r: 1 MOhm, pins: {p: a, n: 0}}",
        "C: {type: capacitor, c: 1 pF, pins: {p: a, n: 0}}",
        "I: {type: current_source, i: 1 nA, pins: {p: a, n: 0}}",
    ]
    found = network(tmp_path, lines)
    assert found.bandwidth[0] == pytest.approx(1 / (4 * 1e6 * 1e-12), rel=1e-12)
    assert found.stored[0] == pytest.approx((1e-12 * 1e-6 + BOLTZMANN * 300) / 2, rel=1e-12)
    amplifier = (
        "A: {type: amplifier, gain: -3, bandwidth: 1 MHz, output_resistance: 1 MOhm, psd: 1e-14 V^2/Hz, "
        "pins: {in_p: a, in_n: 0, out: a}}"
    )
    wider = network(tmp_path, [*lines, amplifier])
    assert wider.stored[0] == pytest.approx(1e-12 * (wider.mean[0] ** 2 + wider.covariance[0, 0]) / 2, rel=1e-12)
    # Johnson noise alone moves the capacitor: S / 2 C with S = 2 kT / R.
    assert wider.turnover == pytest.approx(BOLTZMANN * 300 / 1e-6, rel=1e-12)


def test_transfer_of_a_capacitive_divider_that_leaks():
    """High frequencies see the capacitors, low ones the resistors."""
    c, g = np.array([[3.0]]), np.array([[1.0]])
    gain = spectrum.transfer(c, g, np.array([[0.25]]), np.array([[2.0]]), np.array([0.0, 1e9]))[:, 0, 0]
    assert gain == pytest.approx([0.25, 2 / 3], rel=1e-6)


def chain(c, g, s, times, start, rng):
    """A path of the network at `times`."""
    v = start[0] + np.linalg.cholesky(start[1]) @ rng.standard_normal(len(c))
    path = [v]
    for span in np.diff(times):
        step = propagator(c, g, s, np.zeros((len(c), 0)), np.array([0.5, 0, -0.2]), span)
        v = step.decay @ v + step.inputs[:, -1] + step.factor @ rng.standard_normal(len(c))
        path.append(v)
    return np.array(path)


def test_the_likelihood_is_that_of_all_readings_together():
    """Four irregular times, two sensors of three nodes, one reading missing: one Gaussian of seven numbers."""
    c, g, s = ring()
    times = np.array([0.0, 0.3, 0.35, 1.7])
    start = np.array([0.1, 0.0, -0.3]), 0.3 * np.eye(3)
    seen, sensor = np.array([[1.0, 0, 0.5], [0, 1, 0]]), np.array([[0.2, 0.05], [0.05, 0.1]])
    drive = np.array([0.5, 0, -0.2])
    y = chain(c, g, s, times, start, np.random.default_rng(1)) @ seen.T
    y[2, 0] = np.nan
    found = kalman(c, g, s, times, y, sensor, start=start, drive=drive, observed=seen)

    means, factors = [start[0]], [np.eye(3)]
    covs = [start[1]]
    for span in np.diff(times):
        step = propagator(c, g, s, np.zeros((3, 0)), drive, span)
        means.append(step.decay @ means[-1] + step.inputs[:, -1])
        covs.append(step.decay @ covs[-1] @ step.decay.T + step.covariance)
        factors.append(step.decay)
    whole = np.zeros((8, 8))
    for i in range(4):
        for j in range(i, 4):
            between = np.eye(3)
            for k in range(i + 1, j + 1):
                between = factors[k] @ between
            block = seen @ between @ covs[i] @ seen.T + (sensor if i == j else 0)
            whole[2 * j : 2 * j + 2, 2 * i : 2 * i + 2] = block
            whole[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = block.T
    keep = np.isfinite(y.ravel())
    error = (y - np.array(means) @ seen.T).ravel()[keep]
    cov = whole[np.ix_(keep, keep)]
    exact = -0.5 * (error @ np.linalg.solve(cov, error) + np.linalg.slogdet(2 * np.pi * cov)[1])
    assert found.log_likelihood == pytest.approx(exact, rel=1e-10)
    assert np.isnan(found.innovations[2, 0])


def test_innovations_are_white_under_the_right_network_alone():
    c, g, s = ring()
    times = 0.2 * np.arange(4000)
    start = np.zeros(3), linear.stationary(c, g, s)
    rng = np.random.default_rng(4)
    path = chain(c, g, s, times, start, rng) + 0.3 * rng.standard_normal((4000, 3))
    right, hotter = (
        kalman(c, g, factor * s, times, path, 0.09 * np.eye(3), start=start, drive=np.array([0.5, 0, -0.2]))
        for factor in (1.0, 1.05)
    )
    error = np.sqrt(2 / 12_000)
    assert abs((right.innovations**2).mean() - 1) < 5 * error
    assert abs((right.innovations[1:] * right.innovations[:-1]).mean()) < 5 / np.sqrt(12_000)
    assert right.log_likelihood > hotter.log_likelihood


def test_an_unstable_network_says_why_there_is_no_law(tmp_path):
    found = network(
        tmp_path,
        [
            "C1: {type: capacitor, c: 1 pF, pins: {p: a, n: 0}}",
            "C2: {type: capacitor, c: 1 pF, pins: {p: b, n: 0}}",
            "R1: {type: resistor, r: 1 MOhm, pins: {p: a, n: b}}",
        ],
    )
    assert "no stationary law" in found.reason
    assert np.isinf(found.times[0])
    assert np.isfinite(found.times[1])
