"""Jump islands from netlists: what joins, what is linted, what a reduction refuses."""

import numpy as np
import pytest
from jump_chips import INVERTER, LATCH, VT, program

from thermosim import load
from thermosim.analysis.jumps import operating_point
from thermosim.circuit.reduction import telegraph
from thermosim.constants import CHARGE


def test_a_gate_joins_and_a_held_net_cuts():
    body = INVERTER + (
        "  Nn: {type: nmos, i_0: 1 nA, v_th: 100 mV, n: 1.4, pins: {g: y, d: z, s: 0}}\n"
        "  Np: {type: pmos, i_0: 1 nA, v_th: 100 mV, n: 1.4, pins: {g: y, d: z, s: vdd}}\n"
        "  D: {type: diode, i_s: 1 nA, pins: {p: w, n: vdd}}\n"
        "  Cz: {type: capacitor, c: 10 aF, pins: {p: z, n: 0}}\n"
        "  Cw: {type: capacitor, c: 10 aF, pins: {p: w, n: 0}}\n"
        "  R: {type: resistor, r: 1 MOhm, pins: {p: u, n: vdd}}\n"
        "  Cu: {type: capacitor, c: 1 fF, pins: {p: u, n: 0}}\n"
    )
    chip = program(body, V="100 mV", IN="50 mV", C="10 aF")
    assert [island.nodes for island in chip.jump_islands] == [("w",), ("y", "z")]
    assert [island.nodes for island in chip.islands] == [("u",)]
    assert chip.jump_islands[1].inputs == ("a", "vdd")
    assert [row.path for row in chip.prices] == ["Vdd"]  # the gate's source delivers no charge


def test_a_follower_with_its_bulk_at_ground_loses_the_slope_factor():
    """Saturated: I fixed by the lower transistor, so v_gb/n - v_sb is constant; with the bulk at the source v_gs is."""
    body = """\
  Vdd: {type: voltage_source, v: 800 mV, pins: {p: vdd, n: 0}}
  Vg: {type: voltage_source, v: @G, pins: {p: g, n: 0}}
  Vb: {type: voltage_source, v: 90 mV, pins: {p: b, n: 0}}
  M1: {type: nmos, i_0: 1 nA, v_th: 100 mV, n: 1.5, pins: {g: g, d: vdd, s: y@BULK}}
  M2: {type: nmos, i_0: 1 nA, v_th: 100 mV, n: 1.5, pins: {g: b, d: y, s: 0}}
  C: {type: capacitor, c: 1 fF, pins: {p: y, n: 0}}
"""
    for bulk, gain in ((", b: 0", 1 / 1.5), ("", 1.0)):
        out = []
        for gate in (0.50, 0.52):
            chip = program(body, G=f"{gate} V", BULK=bulk)
            (island,) = chip.jump_islands
            held = np.array([chip.driven[net] for net in island.inputs])
            out.append(operating_point(island.actual, held, np.array([0.3]))[0])
        assert (out[1] - out[0]) / 0.02 == pytest.approx(gain, rel=1e-3)


def test_the_lint_tells_a_supply_beyond_the_threshold(tmp_path):
    assert not load("latch").lints
    found = load("latch", {"parameters.VDD": "300 mV"}).lints
    assert {problem.rule for problem in found} == {"weak-inversion"}
    assert len(found) == 6
    assert "its gate can be 300 mV above its source and its threshold is 200 mV" in found[0].message


def test_a_reduction_says_what_it_cannot_do():
    chip = program(LATCH, record="x", V="80 mV", C="12 aF")
    with pytest.raises(ValueError, match="no transistor circuit has nodes 'x' and 'q' and input 'vdd'"):
        telegraph(chip, "x", "q", "vdd", [0.0, 0.1])
    with pytest.raises(ValueError, match="p = 1/2 is not between"):
        telegraph(load("latch", {"instances.L.parameters": {"C": "12 aF"}}).program, "q", "qb", "in", [0.05, 0.06])
    large = load("latch", {"instances.L.parameters": {"C": "1 fF"}}).program
    with pytest.raises(ValueError, match="states of charge are too many for an exact generator"):
        telegraph(large, "q", "qb", "in", [0.03, 0.05])
    hot = LATCH.replace("n: 1.0,", "n: 1.0, temperature: 9000 K, v_th_slope: 0 V/K,")
    hot += "  Va: {type: voltage_source, v: 40 mV, pins: {p: a, n: 0}}\n"
    hot += "  MI: {type: nmos, i_0: 1 nA, v_th: 100 mV, n: 1.0, pins: {g: a, d: y, s: 0}}\n"
    with pytest.raises(ValueError, match="the law reaches the edge of the box of charges"):
        telegraph(program(hot, record="x", V="80 mV", C="12 aF"), "x", "y", "a", [0.0, 0.1])


def test_a_charge_is_an_electron():
    law = program(INVERTER, V="100 mV", IN="50 mV", C="12 aF").jump_islands[0].actual
    assert law.per_charge[0, 0] == pytest.approx(CHARGE / 12e-18)
    assert np.abs(law.response).max() == pytest.approx(CHARGE / 12e-18 / VT)
