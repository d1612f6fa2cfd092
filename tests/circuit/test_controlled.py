"""Ideal controlled voltage sources against closed forms; loops and capacitors at their outputs are refused."""

import numpy as np
import pytest
from noisy_chips import c, chip, known, r

from thermosim.constants import BOLTZMANN
from thermosim.errors import NetlistError
from thermosim.measure.network import imbalance

R, C = 1e6, 1e-12
KT = BOLTZMANN * 300


def vcvs(name, gain, p, cp, n=0, cn=0):
    return f"{name}: {{type: vcvs, gain: {gain!r}, pins: {{p: {p}, n: {n}, cp: {cp}, cn: {cn}}}}}"


NODES = [r("R1", R, "x"), c("C1", C, "x"), r("R2", 3 * R, "y"), c("C2", 2 * C, "y")]


def test_an_inverter_and_a_resistor_couple_with_the_other_sign():
    """i into x = (-a v_y - v_x) / R12: G_xy = +a / R12 where a resistor alone has -1 / R12."""
    a = 0.7
    (island,) = chip([*NODES, vcvs("E", -a, "e", "y"), r("R12", 2 * R, "x", "e")])[1].islands
    assert island.nodes == ("x", "y")
    law = island.actual
    g = 1 / (2 * R)
    np.testing.assert_allclose(law.conductance, [[1 / R + g, a * g], [0, 1 / (3 * R)]], rtol=1e-14)
    np.testing.assert_allclose(law.capacitance, np.diag([C, 2 * C]))
    np.testing.assert_allclose(law.noise, 2 * KT * np.diag([1 / R + g, 1 / (3 * R)]), rtol=1e-14)


def test_a_pair_of_inverters_makes_a_positive_coupling_and_its_covariance():
    """J = [[2, 1], [1, 2]] / R under S = 4 k T / R at each: Sigma = 2 k T J^-1 / (R C), no equilibrium."""
    pair = [r("R1", R, "x"), c("C1", C, "x"), r("R2", R, "y"), c("C2", C, "y")]
    cross = [vcvs("E", -1.0, "e", "y"), r("Ra", R, "x", "e"), vcvs("F", -1.0, "f", "x"), r("Rb", R, "y", "f")]
    found = known([*pair, *cross])
    matrix = np.array([[2.0, 1.0], [1.0, 2.0]])
    np.testing.assert_allclose(found.covariance, KT / C * 2 * np.linalg.inv(matrix), rtol=1e-12)
    assert found.correlation[0, 1] == pytest.approx(-0.5, rel=1e-12)
    assert abs(imbalance(found)) < 1e-12


def test_heat_and_work_close_with_sources_that_carry_a_mean():
    """V through R into x, a gain of 3 from x drives y through R12; x is loaded by nothing, and E pays for y."""
    source = "V: {type: voltage_source, v: 2 V, pins: {p: u, n: 0}}"
    parts = [source, r("Rv", R, "u", "x"), *NODES, vcvs("E", 3.0, "e", "x", cn="u"), r("R12", 2 * R, "e", "y")]
    found = known(parts)
    x = 2 * 0.5
    e = 3 * (x - 2)
    y = e * (3 / 5)
    np.testing.assert_allclose(found.mean, [x, y], rtol=1e-12)
    assert abs(imbalance(found)) < 1e-12
    (flow,) = [one for one in (*found.heats, *found.works) if "E" in one.path]
    mean = (e - y) ** 2 / (2 * R) - e * (e - y) / (2 * R)  # heat of R12 less the work of E: what y takes from both
    assert flow.watts == pytest.approx(mean, rel=1e-6)


def test_it_may_float_on_a_net_that_stores():
    """v_e = v_x + 2 v_y: R12 from e to ground draws its current out of x."""
    (island,) = chip([*NODES, vcvs("E", 2.0, "e", "y", n="x"), r("R12", 2 * R, "e")])[1].islands
    g = 1 / (2 * R)
    np.testing.assert_allclose(island.actual.conductance, [[1 / R + g, 2 * g], [0, 1 / (3 * R)]], rtol=1e-14)
    assert island.actual.noise[0, 0] == pytest.approx(2 * KT * (1 / R + g), rel=1e-14)


def test_controls_may_be_held_or_tied_and_chains_multiply():
    parts = [
        "V: {type: voltage_source, v: 1 V, pins: {p: u, n: 0}}",
        "W: {type: voltage_source, v: 0.5 V, pins: {p: z, n: x}}",
        *NODES, vcvs("E", 2.0, "e", "u", cn="z"), vcvs("F", -3.0, "f", "e"), r("Rf", R, "f", "y"),
    ]  # fmt: skip
    found = known(parts)
    f = -3 * 2 * (1 - (0 + 0.5))
    assert found.mean[1] == pytest.approx(f * 3 / 4, rel=1e-12)
    (island,) = chip(parts)[1].islands
    assert island.actual.conductance[1, 0] == pytest.approx(-6 / R, rel=1e-12), "-G_fy d v_f / d v_x"


@pytest.mark.parametrize(
    "parts",
    [
        [vcvs("E", 0.5, "e", "f"), vcvs("F", 0.5, "f", "e"), r("Re", R, "e", "x")],
        [vcvs("E", 2.0, "e", "m"), r("Ra", R, "e", "m"), r("Rb", R, "m")],
        [vcvs("E", 2.0, "e", "m"), r("Ra", R, "e", "m"), r("Rb", 3 * R, "m"), r("Rc", R, "e", "x")],
        [vcvs("E", 2.0, "e", "e"), r("Rc", R, "e", "x")],
    ],
)
def test_an_algebraic_loop_is_refused(parts):
    with pytest.raises(NetlistError, match="E: an algebraic loop: its control follows its own output at once"):
        chip([*NODES, *parts])


def test_a_loop_through_a_capacitor_is_none():
    (island,) = chip([*NODES[:2], vcvs("E", 0.5, "e", "x"), r("Re", R, "e", "x")])[1].islands
    assert island.actual.conductance[0, 0] == pytest.approx(1 / R + 0.5 / R, rel=1e-14)
    with pytest.raises(NetlistError, match=r"grows: .*; its active elements are E"):
        chip([*NODES, vcvs("E", 3.0, "e", "x"), r("Re", R, "e", "x")])


def test_a_capacitor_at_its_output_is_refused():
    for p, q in (("e", 0), ("e", "x")):
        with pytest.raises(NetlistError, match="its output 'e' is held already, or stores charge"):
            chip([*NODES, vcvs("E", 2.0, "e", "y"), c("Ce", C, p, q), r("Re", R, "e", "x")])
    with pytest.raises(NetlistError, match="its output 'u' is held already"):
        chip([*NODES, vcvs("E", 2.0, "u", "y"), "V: {type: voltage_source, v: 1 V, pins: {p: u, n: 0}}"])


def test_it_cannot_be_looked_at():
    parts = [*NODES, vcvs("E", 2.0, "e", "y"), r("Re", R, "e", "x")]
    with pytest.raises(
        NetlistError, match=r"record\.e: net 'e' is made by 'E', which has no pole; look at what controls it"
    ):
        chip(parts, run="{duration: 1 us, record: {e: every 100 ns}}")
