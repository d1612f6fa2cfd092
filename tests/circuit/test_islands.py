"""Stamps against circuits solved by hand; every case is asymmetric."""

import numpy as np
import pytest

from thermosim.analysis.linear import stationary
from thermosim.circuit import assemble, elaborate
from thermosim.constants import BOLTZMANN
from thermosim.errors import NetlistError
from thermosim.netlist import load_text


def program(body: str, run: str = "{duration: 1 ms, replicas: 2, record: {x: every 1 us}}"):
    text = f"thermosim: 1\nname: t\ntemperature: 300 K\n{body}\nrun: {run}\n"
    return assemble(elaborate(load_text(text, "t.yaml")))


TWO_MODES = """
instances:
  C1: {type: capacitor, c: 1 pF, pins: {p: "x[0]", n: 0}}
  C2: {type: capacitor, c: 2 pF, pins: {p: "x[1]", n: 0}}
  R1: {type: resistor, r: 1 MOhm, pins: {p: "x[0]", n: 0}}
  R2: {type: resistor, r: 3 MOhm, pins: {p: 0, n: "x[1]"}}
  R12: {type: resistor, r: 2 MOhm, noisy: %s, pins: {p: "x[0]", n: "x[1]"}}
"""


def test_two_modes_with_a_noiseless_coupler():
    law = program(TWO_MODES % "false").islands[0].drawn
    covariance = stationary(law.capacitance, law.conductance, law.noise) / (BOLTZMANN * 300 / 1e-12)
    np.testing.assert_allclose(covariance, np.array([[50, 12], [12, 21]]) / 69, rtol=1e-12)


def test_two_modes_at_one_temperature_are_independent_at_equal_times():
    law = program(TWO_MODES % "true").islands[0].drawn
    covariance = stationary(law.capacitance, law.conductance, law.noise) / (BOLTZMANN * 300 / 1e-12)
    np.testing.assert_allclose(covariance, [[1, 0], [0, 0.5]], atol=1e-12)


def test_noise_source_of_the_tutorial_gives_100_mv():
    island = program(
        """
instances:
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R: {type: resistor, r: 100 kOhm, noisy: false, pins: {p: x, n: 0}}
  N: {type: white_noise, psd: 4e-19 A^2/Hz, pins: {p: x, n: 0}}
"""
    ).islands[0]
    law = island.drawn
    sigma = np.sqrt(stationary(law.capacitance, law.conductance, law.noise)[0, 0])
    assert sigma == pytest.approx(0.1, rel=1e-12)


def test_effective_temperature_stands_for_its_conductance():
    law = (
        program(
            """
instances:
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R: {type: resistor, r: 2 MOhm, noisy: false, pins: {p: x, n: 0}}
  N: {type: white_noise, t_eff: 3e6 K, conductance: 0.5 uS, pins: {p: x, n: 0}}
"""
        )
        .islands[0]
        .drawn
    )
    variance = stationary(law.capacitance, law.conductance, law.noise)[0, 0]
    assert variance == pytest.approx(BOLTZMANN * 3e6 / 1e-12, rel=1e-12)


def test_a_driven_net_becomes_an_input_and_cuts_the_island():
    chip = program(
        """
instances:
  V: {type: voltage_source, v: 30 mV, pins: {p: 0, n: u}}
  Ra: {type: resistor, r: 1 MOhm, pins: {p: u, n: x}}
  Ca: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  Cc: {type: capacitor, c: 0.25 pF, pins: {p: x, n: u}}
  Rb: {type: resistor, r: 2 MOhm, pins: {p: y, n: u}}
  Cb: {type: capacitor, c: 3 pF, pins: {p: y, n: 0}}
  I: {type: current_source, i: 5 nA, pins: {p: y, n: 0}}
"""
    )
    assert [island.nodes for island in chip.islands] == [("x",), ("y",)]
    assert chip.driven == {"u": -0.03}
    x, y = (island.drawn for island in chip.islands)
    np.testing.assert_allclose(x.capacitance, [[1.25e-12]])
    np.testing.assert_allclose(x.input_capacitance, [[0.25e-12]])
    np.testing.assert_allclose(x.input_conductance, [[1e-6]])
    np.testing.assert_allclose(y.input_conductance, [[0.5e-6]])
    np.testing.assert_allclose(y.current, [5e-9])


def test_resistors_have_their_own_temperature():
    law = (
        program(
            """
instances:
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R: {type: resistor, r: 1 MOhm, temperature: 900 K, pins: {p: x, n: 0}}
  S: {type: resistor, r: 1 MOhm, pins: {p: x, n: 0}}
"""
        )
        .islands[0]
        .drawn
    )
    np.testing.assert_allclose(law.noise, [[2 * BOLTZMANN * (900 + 300) * 1e-6]], rtol=1e-12)


def test_nobody_looks_at_a_node_without_capacitance():
    with pytest.raises(NetlistError, match=r"net 'y' has no capacitance.*put a capacitor from it to ground"):
        program(
            """
instances:
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R: {type: resistor, r: 1 MOhm, pins: {p: x, n: y}}
  S: {type: resistor, r: 1 MOhm, pins: {p: y, n: 0}}
""",
            "{duration: 1 ms, replicas: 2, record: {x: every 1 us, y: every 1 us}}",
        )


def test_mismatch_moves_the_actual_law_only():
    chip = program(
        """
variation: {seed: 5, mismatch: {C.c: {sigma: 10 %}}}
instances:
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R: {type: resistor, r: 1 MOhm, pins: {p: x, n: 0}}
"""
    )
    island = chip.islands[0]
    assert island.drawn.capacitance[0, 0] == 1e-12
    assert island.actual.capacitance[0, 0] != 1e-12
    assert chip.provenance["mismatch"]["C.c"][0] == island.actual.capacitance[0, 0]
