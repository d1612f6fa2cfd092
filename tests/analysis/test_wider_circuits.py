"""Inductors, active elements, eliminated nodes and tied nets against closed forms; every case is asymmetric."""

import numpy as np
import pytest

import thermosim as ts
from thermosim.analysis import linear
from thermosim.analysis.propagator import propagator
from thermosim.circuit import assemble, elaborate
from thermosim.constants import BOLTZMANN
from thermosim.errors import NetlistError, SimulationError
from thermosim.measure.network import analyse, imbalance
from thermosim.netlist import load_text

KT = BOLTZMANN * 300
RUN = "{duration: 1 us, record: {x: every 100 ns}}"


def chip(lines, run=RUN):
    body = "".join(f"  {line}\n" for line in lines)
    circuit = elaborate(
        load_text(f"thermosim: 1\nname: t\ntemperature: 300 K\ninstances:\n{body}run: {run}\n", "t.yaml")
    )
    return circuit, assemble(circuit)


def known(lines):
    (found,) = analyse(*chip(lines))
    return found


def law(lines):
    (island,) = chip(lines)[1].islands
    return island


def r(name, ohms, p, n, more=""):
    return f"{name}: {{type: resistor, r: {ohms!r} Ohm{more}, pins: {{p: {p}, n: {n}}}}}"


def c(name, farads, p, n=0):
    return f"{name}: {{type: capacitor, c: {farads!r} F, pins: {{p: {p}, n: {n}}}}}"


def coil(name, henries, p, n=0):
    return f"{name}: {{type: inductor, l: {henries!r} H, pins: {{p: {p}, n: {n}}}}}"


def gm(name, siemens, p, cp, n=0, cn=0):
    return f"{name}: {{type: transconductance, gm: {siemens!r} S, pins: {{p: {p}, n: {n}, cp: {cp}, cn: {cn}}}}}"


R, C, L = 1e3, 1e-9, 2e-5
DAMPING = 300.0
CELL = [r("R", DAMPING, "x", 0), c("C", C, "x"), coil("L", L, "x")]


def ringing(t, resistance=DAMPING):
    """Autocorrelation of the voltage of a parallel RLC."""
    a = 1 / (2 * resistance * C)
    w = np.sqrt(1 / (L * C) - a**2)
    return np.exp(-a * t) * (np.cos(w * t) - a / w * np.sin(w * t))


def test_a_parallel_cell_holds_kt_half_in_each_part():
    found = known(CELL)
    assert found.nodes == ("x", "i(L)")
    assert found.units == ("V", "A")
    np.testing.assert_allclose(found.covariance, np.diag([KT / C, KT / L]), rtol=1e-12, atol=1e-24)
    assert found.stored == pytest.approx((KT / 2, KT / 2), rel=1e-12)
    assert found.frequencies == pytest.approx(
        np.sqrt(1 / (L * C) - (1 / (2 * DAMPING * C)) ** 2) / (2 * np.pi), rel=1e-12
    )
    assert found.times == pytest.approx(2 * DAMPING * C, rel=1e-12)
    assert found.reversible, "currents are odd under time reversal"
    assert abs(imbalance(found)) < 1e-12


def test_the_voltage_rings_as_it_should():
    island = law(CELL).actual
    lags = np.array([0.1e-6, 0.37e-6, 2e-6])
    exact = linear.autocovariance(island.capacitance, island.conductance, island.noise, lags)[:, 0, 0]
    np.testing.assert_allclose(exact, KT / C * ringing(lags), rtol=1e-10)
    assert not np.allclose(exact, KT / C * ringing(lags, 2 * DAMPING), rtol=1e-2, atol=0), (
        "another damping must be seen"
    )


@pytest.mark.parametrize("step", [1e-12, 1e-8, 3e-7, 1e-3])
def test_a_step_is_exact_although_no_noise_enters_the_inductor(step):
    island = law(CELL).actual
    one = propagator(
        island.capacitance, island.conductance, island.noise, island.input_conductance, island.current, step
    )
    still = np.diag([KT / C, KT / L])
    unit = np.sqrt(np.outer(np.diag(still), np.diag(still)))
    np.testing.assert_allclose((one.decay @ still @ one.decay.T + one.covariance) / unit, np.eye(2), atol=1e-11)
    np.testing.assert_allclose(one.decay[0, 0], ringing(step), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one.factor @ one.factor.T / unit, one.covariance / unit, atol=1e-13)


def test_a_run_rings_as_it_should(tmp_path):
    """Autocorrelation of 64 x 4000 samples at a lag where the sine term is most of it."""
    path = tmp_path / "cell.yaml"
    lines = "".join(f"  {line}\n" for line in CELL)
    run = "run: {duration: 800 us, burn_in: 100 us, replicas: 64, record: {x: every 200 ns}}\n"
    path.write_text(f"thermosim: 1\nname: cell\ntemperature: 300 K\ninstances:\n{lines}{run}")
    x = ts.simulate(ts.load(path), seed=3).samples["x"][:, :, 0].astype(float) / np.sqrt(KT / C)
    count = x[:, 1:].size
    lag = 200e-9
    rho = ringing(lag * np.arange(0, 400))
    error = np.sqrt(2 * (1 + 2 * np.sum(rho[1:] ** 2)) / count)  # of a mean square; a product scatters no more
    seen = float(np.mean(x[:, 1:] * x[:, :-1]))
    assert abs(np.mean(x**2) - 1) < 5 * error
    assert abs(seen - ringing(lag)) < 5 * error
    a = 1 / (2 * DAMPING * C)
    w = np.sqrt(1 / (L * C) - a**2)
    cosine, sine = np.exp(-a * lag) * np.cos(w * lag), np.exp(-a * lag) * np.sin(w * lag) * a / w
    for mutant in (cosine, cosine + sine, ringing(lag, 2 * DAMPING), np.exp(-lag / (DAMPING * C))):
        assert abs(seen - mutant) > 10 * error


def cells(temperatures):
    """Three cells of unequal R, coupled by capacitors; `temperatures` of their resistors."""
    ohms = (1e3, 2e3, 3e3)
    lines = [r(f"R{k}", ohms[k], f"x{k}", 0, f", temperature: {temperatures[k]!r} K") for k in range(3)]
    lines += [c(f"C{k}", 1e-9, f"x{k}") for k in range(3)] + [coil(f"L{k}", 1e-5, f"x{k}") for k in range(3)]
    lines += [c("Ca", 0.5e-9, "x0", "x1"), c("Cb", 0.2e-9, "x1", "x2")]
    return law([line.replace("x0", "x") for line in lines])


def test_one_noise_level_for_unequal_resistors_is_another_law():
    """kappa = k T / R: one kappa for all is one T R^-1; the covariance is k T C^-1 only with one temperature."""
    equal, level = cells([300.0] * 3).actual, cells([300.0 * ohms / 2e3 for ohms in (1e3, 2e3, 3e3)]).actual
    meant = KT * np.linalg.inv(equal.capacitance)
    right = linear.stationary(equal.capacitance, equal.conductance, equal.noise)
    np.testing.assert_allclose(right, meant, rtol=1e-10, atol=1e-10 * meant[0, 0])
    wrong = linear.stationary(level.capacitance, level.conductance, level.noise)[:3, :3]
    assert np.linalg.norm(wrong - meant[:3, :3]) / np.linalg.norm(meant[:3, :3]) > 0.1


def test_coupled_coils_split_the_resonance_and_share_the_energy():
    """w = w0 / sqrt(1 -+ k) for two equal loops; the currents' covariance is k T times the inverse matrix."""
    k = 0.6
    pair = [c("C1", C, "x"), c("C2", C, "y"), coil("L1", L, "x"), coil("L2", L, "y")]
    mutual = f"M: {{type: mutual, a: L1, b: L2, k: {k}}}"
    damped = [*pair, r("R1", 1e6, "x", 0), r("R2", 1e6, "y", 0)]
    found = known([*damped, mutual])
    slow, fast = sorted(set(np.round(found.frequencies * 2 * np.pi * np.sqrt(L * C), 5)))
    assert (slow, fast) == pytest.approx((1 / np.sqrt(1 + k), 1 / np.sqrt(1 - k)), rel=1e-4)
    inverse = np.linalg.inv(L * np.array([[1, k], [k, 1]]))
    np.testing.assert_allclose(found.covariance[2:, 2:], KT * inverse, rtol=1e-9)
    # In one direction: with all four parts in one loop the dots decide, so a second coil turned round is another law.
    turned = [*damped[:3], coil("L2", L, 0, "y"), *damped[4:], mutual]
    assert known(turned).covariance[2, 3] == pytest.approx(KT * inverse[0, 1], rel=1e-9)
    one, other = law([*damped, mutual]).actual, law(turned).actual
    gain = [np.linalg.inv(part.conductance + 1j * 1e6 * part.capacitance)[0, 1] for part in (one, other)]
    assert gain[0] == pytest.approx(-gain[1], rel=1e-9)


# -- nodes without capacitance --------------------------------------------------------------------------------------


def test_resistors_in_series_are_one_at_their_mean_temperature():
    r1, r2, t1, t2 = 1e3, 3e3, 900.0, 100.0
    found = known([
        c("C", C, "x"), r("R1", r1, "x", "y", f", temperature: {t1} K"), r("R2", r2, "y", 0, f", temperature: {t2} K")
    ])  # fmt: skip
    kelvin = (r1 * t1 + r2 * t2) / (r1 + r2)
    assert found.times == pytest.approx((r1 + r2) * C, rel=1e-12)
    assert found.covariance[0, 0] == pytest.approx(BOLTZMANN * kelvin / C, rel=1e-12)
    assert abs(sum(flow.watts for flow in found.heats)) < 1e-12 * found.turnover
    assert found.physical is None, "heat between baths that meet without capacitance has no bound"


def test_a_coil_behind_a_resistor_is_at_the_resistors_temperature():
    """A series loop of C, R and L, the net between R and L eliminated; noise elsewhere gives another law."""
    found = known([c("C", C, "x"), r("R", R, "x", "y"), coil("L", L, "y")])
    np.testing.assert_allclose(found.covariance, np.diag([KT / C, KT / L]), rtol=1e-12, atol=1e-24)
    assert 1 / found.times == pytest.approx(np.sort(np.roots([1, -R / L, 1 / (L * C)]).real), rel=1e-10)


def test_elimination_is_the_limit_of_a_small_capacitor():
    """A star of unequal resistors and temperatures with a driven end and a current source in its middle."""
    star = [
        c("C1", 1e-9, "x"), c("C2", 3e-9, "z"), coil("L", 1e-5, "z"),
        r("R1", 1e3, "x", "y", ", temperature: 700 K"), r("R2", 2e3, "y", "z"), r("R3", 5e3, "y", "u"),
        r("R4", 9e3, "x", 0),
        "V: {type: voltage_source, v: 2 mV, pins: {p: u, n: 0}}",
        "I: {type: current_source, i: 1 uA, pins: {p: y, n: 0}}",
        "N: {type: white_noise, psd: 1e-22 A^2/Hz, pins: {p: y, n: x}}",
    ]  # fmt: skip
    short = known(star)
    full = known([*star, c("Cy", 1e-18, "y")])
    keep = [full.nodes.index(name) for name in short.nodes]
    np.testing.assert_allclose(short.mean, full.mean[keep], rtol=1e-9, atol=1e-12)
    unit = np.sqrt(np.outer(np.diag(short.covariance), np.diag(short.covariance)))
    np.testing.assert_allclose(short.covariance / unit, full.covariance[np.ix_(keep, keep)] / unit, atol=1e-6)
    assert abs(imbalance(short)) < 1e-10
    # All that meets at y: the heats of the three resistors less the noise source's work, in the same limit.
    met = next(flow.watts for flow in short.heats if "R1" in flow.path)
    parts = {flow.path: flow.watts for flow in (*full.heats, *full.works)}
    assert met == pytest.approx(parts["R1"] + parts["R2"] + parts["R3"] - parts["N"], rel=1e-4)
    shares = {one.path: one.of_all for one in short.contributions}
    assert sum(shares.values()) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([c("C", C, "z"), r("R", R, "z", "x"), r("S", R, "x", 0)], "net 'x' has no capacitance"),
        ([c("C", C, "y"), r("R", R, "y", 0), "V: {type: voltage_source, v: 1 mV, pins: {p: x, n: a}}",
          r("S", R, "x", "y"), c("D", C, "a")], "tied to 'a', 1 mV above it"),
    ],
)  # fmt: skip
def test_what_is_no_unknown_is_not_recorded(lines, text):
    with pytest.raises(NetlistError, match=text):
        chip(lines)


# -- sources --------------------------------------------------------------------------------------------------------


def test_a_source_between_free_nets_ties_them():
    """x - R1 - b, b 30 mV above a, a - R2 - ground: the loop divides; capacitors of both nets add up."""
    found = known([
        c("Cx", C, "x"), r("R0", 2e3, "x", 0), r("R1", 1e3, "x", "b"),
        "V: {type: voltage_source, v: 30 mV, pins: {p: b, n: a}}", c("Ca", C, "a"), c("Cb", 2e-9, "b"),
        r("R2", 3e3, "a", 0),
    ])  # fmt: skip
    assert found.nodes == ("a", "x")
    current = 30e-3 / 6e3
    assert found.mean == pytest.approx([-current * 3e3, current * 2e3], rel=1e-12)
    np.testing.assert_allclose(np.diag(found.covariance), [KT / 3e-9, KT / C], rtol=1e-10)
    work = sum(flow.watts for flow in found.works)
    assert work == pytest.approx(30e-3 * current, rel=1e-9)
    assert abs(imbalance(found)) < 1e-10


def test_sources_stand_on_one_another():
    found = known([
        "V: {type: voltage_source, v: 30 mV, pins: {p: u, n: 0}}",
        "W: {type: voltage_source, v: 50 mV, pins: {p: u, n: w}}",
        c("C", C, "x"), r("R", R, "x", "w"), r("S", 3 * R, "x", 0),
    ])  # fmt: skip
    assert found.mean == pytest.approx([-20e-3 * 0.75], rel=1e-12)


# -- active elements ------------------------------------------------------------------------------------------------


def test_inverting_transconductances_draw_a_positive_coupling():
    """J = ((1/R + g), (+g)): correlation -g R / (1 + g R) at equal noise, where a resistor would give +."""
    g = 0.5e-3
    lines = [
        r("R1", R, "x", 0, ", noisy: false"),
        r("R2", R, "y", 0, ", noisy: false"),
        c("C1", C, "x"),
        c("C2", C, "y"),
    ]
    lines += [gm("Ga", -g, "x", "y"), gm("Gb", -g, "y", "x"), gm("Gc", -g, "x", "x"), gm("Gd", -g, "y", "y")]
    lines += [f"N{net}: {{type: white_noise, psd: 1e-20 A^2/Hz, pins: {{p: {net}, n: 0}}}}" for net in ("x", "y")]
    found = known(lines)
    assert found.correlation[0, 1] == pytest.approx(-g * R / (1 + g * R), rel=1e-12)
    matrix = np.array([[1 / R + g, g], [g, 1 / R + g]])
    np.testing.assert_allclose(found.covariance, 1e-20 / 4 / C * np.linalg.inv(matrix), rtol=1e-10)
    assert abs(imbalance(found)) < 1e-10


def test_a_transconductance_acts_one_way_and_with_its_sign():
    """u drives y, y drives x by gm R y, and nothing comes back."""
    found = known([
        "V: {type: voltage_source, v: 4 mV, pins: {p: u, n: 0}}", r("Ru", 1e3, "u", "y"), r("Ry", 3e3, "y", 0),
        c("Cy", C, "y"), c("Cx", 2e-9, "x"), r("Rx", 2e3, "x", 0), gm("G", 5e-3, "x", "y", cn="u"),
    ])  # fmt: skip
    assert found.nodes == ("x", "y")
    assert found.mean == pytest.approx([5e-3 * 2e3 * -1e-3, 3e-3], rel=1e-12)
    assert found.covariance[1, 1] == pytest.approx(KT / C, rel=1e-12)
    assert abs(imbalance(found)) < 1e-10


def test_a_gyrator_makes_a_coil_of_a_capacitor():
    """Two transconductances of opposite sign: w0 = g / sqrt(C1 C2)."""
    g = 1e-3
    found = known(
        [c("C1", C, "x"), c("C2", 2e-9, "y"), gm("Ga", g, "x", "y"), gm("Gb", -g, "y", "x"), r("R", 1e7, "x", 0)]
    )
    assert found.frequencies == pytest.approx(g / np.sqrt(C * 2e-9) / (2 * np.pi), rel=1e-6)


AMPLIFIER = (
    "A: {{type: amplifier, gain: {gain}, {pole}, output_resistance: 50 Ohm, psd: 1e-16 V^2/Hz, pins: {{{pins}}}}}"
)


def test_an_amplifier_has_its_gain_pole_and_noise():
    """Inner variance gain^2 psd (pi / 2) f; a voltage at its input appears times the gain, behind its resistance."""
    amplifier = AMPLIFIER.format(gain=-20, pole="gbw: 20 MHz", pins="in_p: u, in_n: 0, out: x")
    found = known([
        "V: {type: voltage_source, v: 3 mV, pins: {p: u, n: 0}}", amplifier, r("Rl", 150.0, "x", 0), c("C", 1e-15, "x"),
    ])  # fmt: skip
    assert found.nodes == ("x", "v(A)")
    assert found.mean == pytest.approx([-45e-3, -60e-3], rel=1e-12)
    assert found.covariance[1, 1] == pytest.approx(400 * 1e-16 * np.pi / 2 * 1e6, rel=1e-9)
    assert found.times[0] == pytest.approx(1 / (2 * np.pi * 1e6), rel=1e-9)
    assert abs(imbalance(found)) < 1e-9


def test_feedback_round_an_amplifier_lowers_its_gain_and_widens_it():
    """Follower: gain A / (1 + A), pole (1 + A) f; its output has no capacitance and is eliminated."""
    amplifier = AMPLIFIER.format(gain=99, pole="bandwidth: 1 kHz", pins="in_p: u, in_n: o, out: o")
    found = known([
        "V: {type: voltage_source, v: 2 mV, pins: {p: u, n: 0}}", amplifier, r("Rf", 1e3, "o", "x"), c("C", 1e-15, "x"),
    ])  # fmt: skip
    assert found.mean[0] == pytest.approx(2e-3 * 0.99, rel=1e-9)
    assert found.times[0] == pytest.approx(1 / (2 * np.pi * 1e5), rel=1e-3)


def test_growth_is_refused_unless_asked_for():
    lines = [c("C", C, "x"), r("R", R, "x", 0), gm("G", 1.5e-3, "x", "x")]
    with pytest.raises(
        NetlistError, match=r"G: the network of x grows: .* has the eigenvalue -5e\+05 1/s, strongest at x"
    ):
        chip(lines)
    assert chip(lines, RUN.replace("}}", "}, growth: allowed}"))[1].islands[0].nodes == ("x",)
    assert known([*lines[:2], gm("G", 0.5e-3, "x", "x")]).times == pytest.approx(2 * R * C, rel=1e-9)


def test_a_resistor_between_nets_that_a_source_ties_is_heated_by_it():
    """It moves no unknown, and takes V^2 / R all the same: the first law closes."""
    volts, ohms = 3e-4, 2e6
    found = known([
        c("Cx", 1e-12, "x"), r("Rx", 1e6, "x", 0, ", temperature: 77 K"), r("Ry", 3e6, "y", 0), r("Rt", ohms, "y", "x"),
        f"V: {{type: voltage_source, v: {volts} V, pins: {{p: y, n: x}}}}",
    ])  # fmt: skip
    heat = {one.path: one.watts for one in found.heats}
    assert heat["Rt"] == pytest.approx(volts**2 / ohms, rel=1e-9)
    assert abs(imbalance(found)) < 1e-12


def test_a_step_in_which_a_network_grows_beyond_any_number_stops_the_run(tmp_path):
    path = tmp_path / "grows.yaml"
    path.write_text(
        "thermosim: 1\nname: grows\ntemperature: 300 K\ninstances:\n"
        f"  {c('C', 1e-12, 'x')}\n  {r('R', 1e6, 'x', 0)}\n  {gm('G', 2e-6, 'x', 'x')}\n"
        "run: {growth: allowed, duration: 10 ms, record: {x: every 1 ms}}\n"
    )
    with pytest.raises(SimulationError, match=r"island 'x': over a step of 0\.001 s the network grows beyond any num"):
        ts.simulate(ts.load(path))


def test_a_cell_with_a_coil_is_one_analog_node_whose_square_is_watched(tmp_path):
    """Of a voltage across a coil the sum is bounded: its mean alone would promise a million effective samples."""
    path = tmp_path / "cell.yaml"
    lines = "".join(f"  {line}\n" for line in [r("R", 1e6, "x", 0), c("C", 1e-12, "x"), coil("L", 0.2, "x")])
    run = "run: {duration: 200 us, burn_in: 20 us, replicas: 4, record: {x: every 100 ns}}\n"
    path.write_text(f"thermosim: 1\nname: cell\ntemperature: 300 K\ninstances:\n{lines}{run}")
    summary = ts.measure(ts.simulate(ts.load(path), seed=3))
    assert summary.run.islands == {"x": 1}
    assert summary.mixing[0].worst == "x^2"
    a, w = 0.5e6, np.sqrt(1 / (0.2e-12) - 0.25e12)
    lags = 1e-7 * np.arange(1, 400)
    rho = np.exp(-a * lags) * (np.cos(w * lags) - a / w * np.sin(w * lags))
    exact = 1 + 2 * np.sum(rho**2)
    assert abs(summary.mixing[0].tau - exact) < 5 * summary.mixing[0].tau_error
    assert summary.ess < 8000 / exact * 2


def test_parts_that_meet_with_injected_noise_have_no_temperature():
    """Two resistors of one temperature and a noise source at a net without capacitance: net heat, of no one bath."""
    lines = [c("C", 1e-12, "x"), r("R", 1e6, "x", "m"), r("Q", 1e6, "m", 0)]
    noise = "N: {type: white_noise, psd: 1e-26 A^2/Hz, pins: {p: m, n: 0}}"
    for more, bath in (((), 300.0), ((noise,), np.nan)):
        (flow,) = known([*lines, *more]).heats
        np.testing.assert_equal(flow.temperature, bath)
    assert known([*lines, noise]).physical is None


def test_sources_on_and_between_nets_have_the_volts_of_this_die():
    """Mismatch of a tie and of a source that stands on another moves the means; the drawn law keeps the drawn ones."""
    body = "".join(
        f"  {line}\n" for line in [
            c("C", 1e-12, "x"), r("R", 1e6, "x", 0), r("Q", 1e6, "y", "top"),
            "T: {type: voltage_source, v: 10 mV, pins: {p: y, n: x}}",
            "V: {type: voltage_source, v: 20 mV, pins: {p: low, n: 0}}",
            "W: {type: voltage_source, v: 30 mV, pins: {p: top, n: low}}",
        ]
    )  # fmt: skip
    circuit = elaborate(load_text(
        f"thermosim: 1\nname: t\ntemperature: 300 K\ninstances:\n{body}"
        "variation: {mismatch: {T.v: {sigma: 20 %}, W.v: {sigma: 20 %}}}\n"
        f"run: {RUN}\n", "t.yaml"
    ))  # fmt: skip
    (found,) = analyse(circuit, assemble(circuit))
    tie, top = (float(circuit.instances[name].actual["v"][0]) for name in ("T", "W"))
    assert abs(tie - 0.01) > 1e-4
    assert abs(top - 0.03) > 1e-4
    assert found.mean[0] == pytest.approx((0.02 + top - tie) / 2, rel=1e-9)


def series(hot):
    """R C at 300 K, and a coil in series with another resistor: noise in both unknowns."""
    return known([r("R", 1e6, "x", 0), c("C", 1e-12, "x"), coil("L", 1.0, "x", "m"), r("Q", 1e6, "m", 0, hot)])


def test_a_coil_exchanges_energy_and_shows_no_entropy_for_that():
    """Each bath moves one unknown, so that all of the entropy is seen; in equilibrium there is none."""
    assert abs(series("").visible) < 1e-6 * 1e6
    found = series(", temperature: 600 K")
    assert found.physical == pytest.approx(1.25e5, rel=1e-9)
    assert found.visible == pytest.approx(found.physical, rel=1e-9)
    (cell,) = [known(CELL)]
    assert abs(cell.visible) < 1e-6 / (R * C), "no noise enters the coil, and nothing relaxes there"


def test_noise_that_moves_a_current_and_a_voltage_together_has_no_visible_entropy():
    for hot, defined in ((", temperature: 600 K", False), ("", True)):  # at one temperature they do not
        lines = [r("R", 1e6, "x", "m"), c("C", 1e-12, "x"), coil("L", 1.0, "m", 0), r("Q", 1e6, "m", 0, hot)]
        assert (known(lines).visible is not None) == defined
    gm_alone = [r("R", 1e6, "x", 0), c("C", 1e-12, "x"), c("D", 1e-12, "y"), gm("G", 1e-6, "y", "x"),
                r("Q", 1e6, "y", 0, ", noisy: false")]  # fmt: skip
    assert known(gm_alone).visible is None, "y relaxes without noise"


def test_slow_growth_does_not_hide_behind_a_fast_rate():
    """One e-fold in a second beside 1e12 1/s; a part that balances a resistor to the last digit is no growth."""
    slow = [c("C", 1e-6, "x"), r("R", 1e6, "x", 0), c("Cf", 1e-15, "y"), r("Rf", 1e3, "y", 0), r("Rx", 1e12, "x", "y")]
    with pytest.raises(
        NetlistError, match=r"G: the network of x, y grows: .* has the eigenvalue -1 1/s, strongest at x"
    ):
        chip([*slow, gm("G", 2e-6, "x", "x")])
    assert chip([*slow, gm("G", 0.5e-6, "x", "x")])
    assert chip([*slow[:4], r("Rx", 1e9, "x", "y"), gm("G", 1 / 1e6 + 1 / 1e9, "x", "x")])
