"""Components at their temperatures: drift, self-heating against closed forms, runaway, and what is refused."""

import numpy as np
import pytest
from noisy_chips import c, chip, known, noise, r, text

import thermosim as ts
from thermosim.adapters import spice
from thermosim.circuit.warmth import temperature
from thermosim.constants import BOLTZMANN
from thermosim.errors import NetlistError
from thermosim.measure.network import analyse

R, C, T = 1e4, 1e-12, 300.0
AMPS, VOLTS = 1e-3, 2.0
STORE = c("C", C, "x")


def hot(k_per_watt, tc1=None, nominal=280.0, p="x", n=0, name="R", more=""):
    drift = "" if tc1 is None else f", tc1: {tc1!r} 1/K, t_nominal: {nominal!r} K"
    return r(name, R, p, n, f"{drift}, thermal_resistance: {k_per_watt!r} K/W{more}")


def biased(part):
    """The resistor with a current through it."""
    source = f"I: {{type: current_source, i: {AMPS!r} A, pins: {{p: x, n: 0}}}}"
    return [part, STORE, source]


def across(part):
    return [part, STORE, f"V: {{type: voltage_source, v: {VOLTS!r} V, pins: {{p: u, n: 0}}}}"]


def kelvin(parts, name="R"):
    circuit, _ = chip(parts)
    return temperature(circuit, circuit.instances[name], 0)


def test_under_a_current_the_rise_is_the_geometric_sum_of_itself():
    """T - T_a = a / (1 - a t), a = R_th I^2 R (1 + tc1 (T_a - T_n)), t = tc1 / (1 + tc1 (T_a - T_n))."""
    for tc1 in (None, 2e-3, -2e-3):
        at_ambient = R * (1 + (tc1 or 0) * 20)
        a, slope = 5e3 * AMPS**2 * at_ambient, (tc1 or 0) * R / at_ambient
        expected = T + a / (1 - a * slope)
        parts = biased(hot(5e3, tc1))
        assert kelvin(parts) == pytest.approx(expected, abs=1e-7)
        found = known(parts)
        ohms = R * (1 + (tc1 or 0) * (expected - 280))
        assert found.mean == pytest.approx(AMPS * ohms, rel=1e-9)
        assert found.covariance == pytest.approx(BOLTZMANN * expected / C, rel=1e-9), "its noise is that of its heat"
        (heat,) = found.heats
        assert heat.temperature == pytest.approx(expected, abs=1e-7)
        assert T + 5e3 * heat.watts == pytest.approx(expected, abs=1e-6)


def test_under_a_voltage_the_rise_is_the_root_of_a_square():
    """T - T_a = R_th V^2 / (r_a + r' (T - T_a)): the smaller root, where the resistor falls with heat."""
    for tc1 in (3e-3, -1e-3):
        at_ambient, slope, push = R * (1 + tc1 * 20), R * tc1, 2e5 * VOLTS**2
        roots = np.roots([slope, at_ambient, -push])
        expected = T + float(min(root for root in roots if root > 0))
        cell = [hot(2e5, tc1, p="u", n="x"), r("Rx", 1e-3, "x"), STORE]
        assert kelvin(across(cell[0]) + cell[1:2]) == pytest.approx(expected, rel=1e-6)
        between = [hot(2e5, tc1, p="u"), r("Rx", 1e3, "x"), STORE]
        assert kelvin(across(between[0]) + between[1:2]) == pytest.approx(expected, abs=1e-7), "between held nets alone"


@pytest.mark.parametrize(("tc1", "k_per_watt"), [(2e-3, 4.9e4), (2e-3, 5.1e4)])
def test_a_current_runs_away_where_the_loop_gain_is_one(tc1, k_per_watt):
    """R_th I^2 R tc1 = 1.02 has no answer and 0.98 one at 25,000 K; 0.2 is well."""
    with pytest.raises(NetlistError, match=r"R: thermal runaway: its heat grows faster than it can leave"):
        chip(biased(hot(k_per_watt, tc1)))
    assert kelvin(biased(hot(1e4, tc1))) < 500


def test_a_voltage_runs_away_where_the_square_has_no_root():
    at_ambient, slope = R * (1 - 2e-3 * 20), -2e-3 * R
    most = at_ambient**2 / (4 * -slope) / VOLTS**2  # K/W at which both roots meet
    cell = [r("Rx", 1e3, "x"), STORE]
    source = across("")[-1]
    meet = T - at_ambient / (2 * slope)
    assert meet - 10 < kelvin([hot(0.999 * most, -2e-3, p="u"), *cell, source]) < meet
    with pytest.raises(NetlistError, match="thermal runaway"):
        chip([hot(1.001 * most, -2e-3, p="u"), *cell, source])


def test_injected_noise_heats_and_equilibrium_does_not():
    """White noise does (S_I / 4 C) of work, whatever the resistor; Johnson noise of its own does none."""
    assert kelvin([hot(1e6), STORE]) == pytest.approx(T, abs=1e-9)
    density = 1e-15
    injected = noise("N", "white_noise", f"psd: {density!r} A^2/Hz")
    assert kelvin([hot(1e6, 1e-3), STORE, injected]) == pytest.approx(T + 1e6 * density / (4 * C), rel=1e-9)
    held = [noise("N", "held_noise", f"psd: {density!r} A^2/Hz", more=", clock: ck")]
    held += ["K: {type: clock, frequency: 1 GHz, pins: {out: ck}}"]
    circuit, program = chip([hot(1e5), STORE, *held])
    (network,) = analyse(circuit, program)
    (heat,) = network.heats
    assert temperature(circuit, circuit.instances["R"], 0) == pytest.approx(T + 1e5 * heat.watts, abs=1e-6)
    assert heat.watts == pytest.approx(density / (4 * C), rel=0.2)


def test_two_resistors_heat_each_other_through_the_circuit():
    parts = [
        hot(3e4, 2e-3, p="u", n="x"), hot(5e3, -1e-3, name="Q"), STORE,
        f"V: {{type: voltage_source, v: {VOLTS!r} V, pins: {{p: u, n: 0}}}}",
    ]  # fmt: skip
    circuit, _ = chip(parts)
    found = known(parts)
    for flow in found.heats:
        per_watt = {"R": 3e4, "Q": 5e3}[flow.path]
        rise = temperature(circuit, circuit.instances[flow.path], 0) - T
        assert rise > 0.1
        assert rise == pytest.approx(per_watt * flow.watts, rel=1e-6)


def test_a_capacitor_drifts_with_the_die():
    drifting = "C: {type: capacitor, c: 1 pF, tc1: -1e-3 1/K, t_nominal: 250 K, pins: {p: x, n: 0}}"
    found = known([r("R", R, "x"), drifting])
    assert found.covariance == pytest.approx(BOLTZMANN * T / (C * 0.95), rel=1e-12)
    _, program = chip([r("R", R, "x"), drifting])
    (island,) = program.islands
    assert island.drawn.capacitance[0, 0] == C, "as drawn it is what the netlist writes"
    assert "C: at 300 K its c is 0.95 of that at 250 K" in program.notes


def test_the_summary_says_how_warm_it_is():
    (note, other) = [one for one in chip(biased(hot(5e3, 2e-3)))[1].notes if one.startswith("R: ")]
    assert note.startswith("R: its own heat of 11.6 mW makes it 57.8 K warmer than ambient in the mean; it is taken")
    assert other == "R: at 357.8 K its r is 1.1556 of that at 280 K"


def test_nothing_moves_where_nothing_is_stated():
    circuit, _ = chip([r("R", R, "x"), STORE])
    assert circuit.instances["R"].actual == circuit.instances["R"].drawn
    assert "temperature" not in circuit.instances["R"].actual


def test_a_deck_has_the_temperature_that_was_found(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text(text(biased(hot(5e3, 2e-3))))
    lines = spice.deck(ts.load(path)).text.splitlines()
    (line,) = [line for line in lines if line.startswith("r ")]
    ohms, warmth = line.split()[3], line.split()[4]
    assert float(ohms) == pytest.approx(R * (1 + 2e-3 * (20 + 520 / 9)), rel=1e-9)
    assert float(warmth.removeprefix("dtemp=")) == pytest.approx(520 / 9, rel=1e-9)
