"""Rates of charge jumps: detailed balance from the energies themselves, macroscopic laws, the exact generator."""

import numpy as np
import pytest
from jump_chips import INVERTER, KT, LATCH, VT, birth_death, program

from thermosim.analysis.charge_lattice import lattice
from thermosim.analysis.jumps import operating_point, small_signal
from thermosim.analysis.linear import is_reversible, stationary
from thermosim.constants import BOLTZMANN, CHARGE

WEB = """\
  Vdd: {type: voltage_source, v: 210 mV, pins: {p: vdd, n: 0}}
  Vg: {type: voltage_source, v: 70 mV, pins: {p: u, n: 0}}
  M1: {type: nmos, i_0: 1 nA, v_th: 100 mV, n: 1.4, pins: {g: x, d: y, s: 0}}
  M2: {type: pmos, i_0: 3 nA, v_th: 80 mV, n: 1.2, pins: {g: z, d: y, s: vdd}}
  M3: {type: nmos, i_0: 2 nA, v_th: 60 mV, n: 1.3, pins: {g: y, d: x, s: z}}
  M4: {type: nmos, i_0: 5 nA, v_th: 60 mV, n: 1.5, pins: {g: u, d: z, s: x, b: 0}}
  D1: {type: diode, i_s: 0.3 nA, pins: {p: vdd, n: x}}
  D2: {type: diode, i_s: 0.7 nA, pins: {p: z, n: 0}}
  C1: {type: capacitor, c: 3 aF, pins: {p: x, n: 0}}
  C2: {type: capacitor, c: 5 aF, pins: {p: y, n: 0}}
  C3: {type: capacitor, c: 2 aF, pins: {p: x, n: y}}
  C4: {type: capacitor, c: 4 aF, pins: {p: y, n: z}}
  C5: {type: capacitor, c: 7 aF, pins: {p: z, n: u}}
  C6: {type: capacitor, c: 1 aF, pins: {p: x, n: vdd}}
"""
CAPACITORS = [(3, "x", "0"), (5, "y", "0"), (2, "x", "y"), (4, "y", "z"), (7, "z", "u"), (1, "x", "vdd")]
ENDS = {
    "M1": ("y", "0"), "M2": ("vdd", "y"), "M3": ("x", "z"), "M4": ("z", "x"), "D1": ("vdd", "x"), "D2": ("z", "0"),
}  # fmt: skip


def energy(volts, moved):
    """Energy of the capacitors less the work of the supplies [J]: `moved` charges flowed into each held net [C].

    Written from the parts, without the capacitance matrix: the charge that a supply has put on the plates at its net is
    counted from the plates themselves.
    """
    stored = sum(1e-18 * c * (volts[a] - volts[b]) ** 2 / 2 for c, a, b in CAPACITORS)
    given = 0.0
    for net in ("vdd", "u"):
        plates = sum(1e-18 * c * (volts[a] - volts[b]) * ((a == net) - (b == net)) for c, a, b in CAPACITORS)
        given += volts[net] * (plates - moved.get(net, 0.0))
    return stored - given


@pytest.mark.parametrize("left_point", [False, True])
def test_forward_over_reverse_is_the_change_of_free_energy(left_point):
    chip = program(WEB, record="x")
    island = chip.jump_islands[0]
    law, held = island.actual, np.array([chip.driven[net] for net in island.inputs])
    assert sorted(island.nodes) == ["x", "y", "z"]
    base = law.base(held) - (np.diag(law.response) / 2 if left_point else 0.0)
    start = np.array([2, -1, 3])

    def volts(charge):
        return dict(zip((*island.nodes, *island.inputs, "0"), (*law.volts(charge, held), *held, 0.0), strict=True))

    def rate(channel, charge):
        return base[channel] + law.node_gain[channel] @ law.per_charge @ charge

    worst = 0.0
    for forward in range(0, len(island.channels), 2):
        name = island.channels[forward].split()[0]
        assert island.channels[forward + 1] == f"{name} reverse"
        a, b = ENDS[name]
        after = start + law.transfer[forward]
        moved = {a: -CHARGE, b: CHARGE}
        change = energy(volts(after), moved) - energy(volts(start), {})
        ratio = rate(forward, start) - rate(forward + 1, after)
        worst = max(worst, abs(ratio + change / KT))
    assert (worst > 0.1) if left_point else (worst < 1e-9)


def test_a_transistor_has_the_current_and_the_noise_of_the_text_books():
    body = """\
  Vd: {type: voltage_source, v: @D, pins: {p: d, n: 0}}
  Vg: {type: voltage_source, v: 130 mV, pins: {p: g, n: 0}}
  Vs: {type: voltage_source, v: 40 mV, pins: {p: s0, n: 0}}
  M: {type: @TYPE, i_0: 2 nA, v_th: 100 mV, n: 1.5, pins: {g: g, d: d, s: y}}
  K: {type: diode, i_s: 1 aA, pins: {p: y, n: s0}}
  C: {type: capacitor, c: 1 fF, pins: {p: y, n: 0}}
"""
    drain, source, gate = 0.09, 0.05, 0.13
    for kind in ("nmos", "pmos"):
        law = program(body, D="90 mV", TYPE=kind).jump_islands[0].actual
        rate = law.macroscopic(np.array([source]), np.array([drain, gate, 0.04]))[2:]  # after the diode's two
        v_ds, v_gs = (drain - source, gate - source) if kind == "nmos" else (source - drain, source - gate)
        saturated = 2e-9 * np.exp((v_gs - 0.1) / (1.5 * VT))
        current = saturated * (1 - np.exp(-v_ds / VT))
        assert CHARGE * (rate[0] - rate[1]) == pytest.approx(current, rel=1e-12)
        noise = 2 * CHARGE**2 * (rate[0] + rate[1])  # one-sided
        assert noise == pytest.approx(2 * CHARGE * saturated * (1 + np.exp(-v_ds / VT)), rel=1e-12)


def test_current_and_threshold_follow_the_temperature():
    body = """\
  Vd: {type: voltage_source, v: 200 mV, pins: {p: d, n: 0}}
  M: {type: nmos, i_0: 2 nA, v_th: 100 mV, n: 1.5, v_th_slope: 0.8 mV/K, pins: {g: d, d: d, s: y}}
  C: {type: capacitor, c: 1 fF, pins: {p: y, n: 0}}
"""
    law = program(body, at="350 K").jump_islands[0].actual
    rate = law.macroscopic(np.zeros(1), np.array([0.2]))[0]
    thermal = BOLTZMANN * 350 / CHARGE
    wanted = 2e-9 * (350 / 300) ** 0.5 * np.exp((0.2 - (0.1 - 0.8e-3 * 50)) / (1.5 * thermal))
    assert CHARGE * rate == pytest.approx(wanted, rel=1e-12)


def test_the_operating_point_of_an_inverter_carries_one_current():
    chip = program(INVERTER, V="150 mV", IN="70 mV", C="1 fF")
    law, held = chip.jump_islands[0].actual, np.array([0.07, 0.15])
    assert chip.jump_islands[0].inputs == ("a", "vdd")
    (out,) = operating_point(law, held)
    pull_down = 1e-9 * np.exp((0.07 - 0.1) / (1.4 * VT)) * (1 - np.exp(-out / VT))
    pull_up = 2e-9 * np.exp((0.15 - 0.07 - 0.09) / (1.3 * VT)) * (1 - np.exp(-(0.15 - out) / VT))
    assert pull_down == pytest.approx(pull_up, rel=1e-9)
    near = small_signal(law, held)
    step = 1e-6
    slope = [CHARGE * law.transfer.T @ law.macroscopic(np.array([out + x]), held) for x in (-step, step)]
    assert near.conductance[0, 0] == pytest.approx(-(slope[1] - slope[0])[0] / (2 * step), rel=1e-6)
    shift = [
        CHARGE * law.transfer.T @ law.macroscopic(np.array([out]), held + np.array([x, 0.0])) for x in (-step, step)
    ]
    assert near.input_conductance[0, 0] == pytest.approx((shift[1] - shift[0])[0] / (2 * step), rel=1e-6)


def test_at_rest_a_circuit_is_its_johnson_noise():
    """All supplies at zero: S = 2 k T G, so kT C^-1 whatever the devices, and reversible."""
    body = WEB.replace("210 mV", "0 mV").replace("70 mV", "0 mV")
    chip = program(body, record="x")
    law = chip.jump_islands[0].actual
    near = small_signal(law, np.zeros(2))
    np.testing.assert_allclose(near.point, 0.0, atol=1e-15)
    symmetric = (near.conductance + near.conductance.T) / 2
    np.testing.assert_allclose(near.noise, 2 * KT * symmetric, rtol=1e-9, atol=1e-9 * near.noise.max())
    covariance = stationary(near.capacitance, near.conductance, near.noise)
    np.testing.assert_allclose(covariance, KT * np.linalg.inv(near.capacitance), rtol=1e-9)
    assert is_reversible(near.capacitance, near.conductance, near.noise)
    np.testing.assert_allclose(near.temperature, 300.0, rtol=1e-9)


def test_the_generator_of_one_node_has_the_law_of_the_product_formula():
    chip = program(INVERTER, V="150 mV", IN="70 mV", C="12 aF")
    law, held = chip.jump_islands[0].actual, np.array([0.07, 0.15])
    box = lattice(law, held, [-10], [24])
    e, v = CHARGE / 12e-18, lambda n: n * CHARGE / 12e-18

    def up(n):  # the jumps that bring a charge: PMOS forward, NMOS reverse, each at the voltage half-way
        half = v(n) + e / 2
        pmos = 2e-9 / CHARGE * np.exp((0.15 - 0.07 - 0.09) / (1.3 * VT))
        nmos = 1e-9 / CHARGE * np.exp((0.07 - 0.1) / (1.4 * VT)) * np.exp(-half / VT)
        return pmos + nmos

    def down(n):
        half = v(n) - e / 2
        pmos = 2e-9 / CHARGE * np.exp((0.15 - 0.07 - 0.09) / (1.3 * VT)) * np.exp(-(0.15 - half) / VT)
        nmos = 1e-9 / CHARGE * np.exp((0.07 - 0.1) / (1.4 * VT))
        return pmos + nmos

    np.testing.assert_allclose(box.stationary(), birth_death(up, down, -10, 24), rtol=1e-8, atol=1e-14)


def test_detailed_balance_holds_state_by_state_where_no_supply_works_and_fails_where_one_does():
    for supply, balanced in (("0 mV", True), ("120 mV", False)):
        chip = program(LATCH, record="x", V=supply, C="4 aF")
        law, held = chip.jump_islands[0].actual, np.array([chip.driven["vdd"]])
        box = lattice(law, held, [-8, -8], [10, 10])
        p = box.stationary()
        flow = box.matrix.toarray() * p
        apart = np.abs(flow - flow.T).max() / flow.max()
        assert bool(apart < 1e-9) == balanced
        if balanced:
            charge = CHARGE * box.states
            law_of_energy = np.exp(-np.einsum("si,ij,sj->s", charge, np.linalg.inv(law.capacitance), charge) / (2 * KT))
            np.testing.assert_allclose(p, law_of_energy / law_of_energy.sum(), rtol=1e-7, atol=1e-14)


def test_a_correlation_time_and_a_hitting_time_against_one_relaxing_node():
    """A large, almost linear node: exp(-t/RC); the time to reach a far state from the spectrum of a small chain."""
    chip = program(
        "  D: {type: diode, i_s: 1 nA, pins: {p: y, n: 0}}\n  C: {type: capacitor, c: 2 fF, pins: {p: y, n: 0}}\n"
    )
    law = chip.jump_islands[0].actual
    box = lattice(law, np.zeros(0), [-150], [150])
    p = box.stationary()
    time = box.correlation_time(box.volts[:, 0], p)
    assert time == pytest.approx(2e-15 * VT / 1e-9, rel=0.02)
    small = lattice(law, np.zeros(0), [-2], [2])
    inside = small.states[:, 0] < 2
    dense = small.matrix.toarray()[np.ix_(inside, inside)]
    wanted = np.linalg.inv(dense.T) @ -np.ones(inside.sum())
    np.testing.assert_allclose(small.hitting_time(inside)[inside], wanted, rtol=1e-9)
    start = np.zeros(len(small.states))
    start[0] = 1.0
    np.testing.assert_allclose(small.evolve(start, 1e-8), small.stationary(), atol=1e-9)
