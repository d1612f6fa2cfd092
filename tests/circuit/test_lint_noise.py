"""Lints of noise sources: each fires where it should, says what to do, and is silent on its neighbour."""

import numpy as np
import pytest
from noisy_chips import c, chip, noise, r

from thermosim.circuit import lint
from thermosim.circuit.lint_noise import kick
from thermosim.constants import BOLTZMANN, CHARGE

CELL = [r("R", 1e6, "x"), c("C", 1e-12, "x"), r("R2", 1e3, "y"), c("C2", 1e-15, "y"), r("R12", 1e9, "x", "y")]
CLOCK = "K: {type: clock, frequency: %s, pins: {out: ck}}"
AMP = (
    "A: {type: amplifier, gain: 100, bandwidth: 10 MHz, output_resistance: 1 kOhm, psd: 0 V^2/Hz, swing: %s, "
    "pins: {in_p: x, in_n: 0, out: y}}"
)


def shot(numbers, p="x"):
    return noise("S", "shot_noise", numbers, p)


def held(frequency):
    return [noise("H", "held_noise", "psd: 1e-24 A^2/Hz", more=", clock: ck"), CLOCK % frequency]


def rules(parts):
    return {problem.rule: str(problem) for problem in lint(*chip([*CELL, *parts]))}


@pytest.mark.parametrize(
    ("rule", "parts", "says"),
    [
        (
            "few-electrons",
            [shot("mean: left_out, current: 1 pA")],
            "6.24 electrons cross it in the 999 ns of its net: that is not Gaussian (excess kurtosis of its voltage "
            "about 0.16)",
        ),
        (
            "few-electrons",
            [shot("mean: left_out, current: 1 uA", "y")],
            "6.24 electrons cross it in the 1 ps of its net",
        ),
        (
            "shot-bias",
            [shot("mean: included, current: 1 nA, voltage: 50 mV")],
            "its noise is stated for 50 mV across it, and the circuit puts -999 uV there",
        ),
        (
            "held-noise",
            held("500 kHz"),
            "its levels stand for 2 us and its net forgets in 999 ns: the voltage follows the levels",
        ),
        ("clipping", [AMP % "10 mV"], "beyond its swing of 10 mV: the chip clips and this model"),
    ],
)
def test_a_lint_fires(rule, parts, says):
    found = rules(parts)
    assert rule in found
    assert says in found[rule]


@pytest.mark.parametrize(
    "parts",
    [
        [shot("mean: left_out, current: 1 nA")],
        [shot("mean: left_out, current: 1 nA, voltage: 50 mV")],
        held("5 MHz"),
        [AMP % "50 mV"],
    ],
)
def test_and_is_silent_on_its_neighbour(parts):
    assert set(rules(parts)) <= {"equilibrium"}


def test_levels_are_no_thermal_noise():
    assert "equilibrium" in rules([])
    assert "equilibrium" not in rules(held("5 MHz")), "levels come by an input, and not by the noise that it looks at"


def test_at_rest_a_junction_counts_the_electrons_of_both_ways():
    """4 k T G / 2 q^2 of them a second, 2 k T C / q^2 in a relaxation time."""
    small = [r("R", 1e6, "x", more=", noisy: false"), c("C", 1e-17, "x")]
    parts = [*small, shot("mean: left_out, conductance: 1 uS, voltage: 0 V")]
    (found,) = [str(problem) for problem in lint(*chip(parts)) if problem.rule == "few-electrons"]
    assert f"{2 * BOLTZMANN * 300 * 1e-17 / CHARGE**2:.3g} electrons" in found


def test_a_kick_leaves_by_its_own_conductances():
    (island,) = [one for one in chip(CELL)[1].islands if "x" in one.nodes]
    assert kick(island, np.array([1.0, 0.0])) == pytest.approx(1e-12 / (1e-6 + 1e-9), rel=1e-12)
    assert kick(island, np.array([0.0, 1.0])) == pytest.approx(1e-15 / (1e-3 + 1e-9), rel=1e-12)
