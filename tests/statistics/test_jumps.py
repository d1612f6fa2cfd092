"""Simulated charge jumps against exact laws: every draw is the end of an independent replica."""

from dataclasses import replace

import numpy as np
import pytest
from jump_chips import INVERTER, KT, LATCH, VT, birth_death, charges, chi_square, final, program

from thermosim.analysis.charge_lattice import lattice
from thermosim.analysis.jumps import small_signal
from thermosim.analysis.linear import stationary
from thermosim.constants import CHARGE
from thermosim.engine.simulator import run
from thermosim.errors import SimulationError

FAR = 5.0  # standard errors: p < 1e-6
N = 20_000

DIODE = """\
  D: {type: diode, i_s: 1 nA, pins: {p: @P, n: @Q}}
  C: {type: capacitor, c: @C, pins: {p: y, n: 0}}
"""


def wrong(chip, **changes):
    """The same chip with its law changed."""
    (island,) = chip.jump_islands
    return replace(chip, jump_islands=(replace(island, actual=replace(island.actual, **changes)),))


def left_point(chip):
    law = chip.jump_islands[0].actual
    return wrong(chip, log_rate=law.log_rate - np.diag(law.response) / 2)


def one_device_twice_as_fast_one_way(chip):
    law = chip.jump_islands[0].actual
    return wrong(chip, log_rate=law.log_rate + np.log(2) * (np.arange(len(law.log_rate)) == 0))


def reversed_sign(chip):
    law = chip.jump_islands[0].actual
    return wrong(chip, transfer=-law.transfer, node_gain=-law.node_gain)


def score(chip, p, low, time, count=N):
    found = np.clip(charges(chip, final(chip, time, count)) - low, 0, len(p) - 1)
    return chi_square(np.bincount(found, minlength=len(p)).astype(float), p)


@pytest.mark.parametrize("ends", [("y", "0"), ("0", "y")])
@pytest.mark.parametrize("capacitance", [3, 30])
def test_the_second_law_a_diode_and_a_capacitor_settle_to_the_gaussian_of_the_charge_lattice(ends, capacitance):
    """p(N) ~ exp(-(q N)^2 / 2 C k T) exactly: the diode rectifies nothing, however few the charges."""
    chip = program(DIODE, P=ends[0], Q=ends[1], C=f"{capacitance} aF")
    n = np.arange(-12, 13)
    p = np.exp(-((n * CHARGE) ** 2) / (2 * capacitance * 1e-18 * KT))
    p /= p.sum()
    time = 20 * capacitance * 1e-18 * VT / 1e-9
    assert abs(score(chip, p, -12, time)) < FAR
    assert score(left_point(chip), p, -12, time) > FAR
    assert score(one_device_twice_as_fast_one_way(chip), p, -12, time) > FAR


def test_no_mean_current_flows_through_a_diode_at_rest():
    chip = program(DIODE.replace("n: @Q", "n: 0"), P="y", C="3 aF")
    volts = final(chip, 1e-9, N)[:, 0]
    assert abs(volts.mean()) < FAR * volts.std() / np.sqrt(N)
    tilted = final(left_point(chip), 1e-9, N)[:, 0]  # a diode that rectifies its own noise
    assert abs(tilted.mean()) > FAR * tilted.std() / np.sqrt(N)


def test_an_inverter_has_the_exact_birth_death_law():
    chip = program(INVERTER, V="150 mV", IN="70 mV", C="12 aF")
    held, low, high = np.array([0.07, 0.15]), -8, 24
    e = CHARGE / 12e-18
    pmos, nmos = 2e-9 * np.exp((0.08 - 0.09) / (1.3 * VT)), 1e-9 * np.exp((0.07 - 0.1) / (1.4 * VT))
    p = birth_death(
        lambda n: pmos + nmos * np.exp(-(n + 0.5) * e / VT),
        lambda n: nmos + pmos * np.exp(-(0.15 - (n - 0.5) * e) / VT),
        low, high,
    )  # fmt: skip
    box = lattice(chip.jump_islands[0].actual, held, [low], [high])
    time = 30 * box.correlation_time(box.volts[:, 0], p)
    assert abs(score(chip, p, low, time)) < FAR
    for mutant in (left_point(chip), one_device_twice_as_fast_one_way(chip)):
        assert score(mutant, p, low, time) > FAR
    mean = charges(chip, final(reversed_sign(chip), time, 200)).mean()
    assert mean < 0  # charge would run the wrong way


@pytest.mark.parametrize(("supply", "shot"), [("200 mV", True), ("0 mV", False)])
def test_noise_is_2qi_in_saturation_and_4ktg_at_rest(supply, shot):
    """A transistor charges 1 nF, which hardly moves: the charges that it passes are counted."""
    body = """\
  V: {type: voltage_source, v: @V, pins: {p: vdd, n: 0}}
  M: {type: pmos, i_0: 1 nA, v_th: 100 mV, n: 1.4, pins: {g: 0, d: y, s: vdd}}
  C: {type: capacitor, c: 1 nF, pins: {p: y, n: 0}}
"""
    chip = program(body, V=supply, jumps="exact")
    passed = charges(chip, final(chip, 1e-7, N))
    saturated = 1e-9 * np.exp((float(supply.split()[0]) / 1e3 - 0.1) / (1.4 * VT))
    factor = np.exp(-(0.2 if shot else 0.0) / VT)
    mean, variance = saturated * (1 - factor) * 1e-7 / CHARGE, saturated * (1 + factor) * 1e-7 / CHARGE
    error = np.sqrt(variance / N)
    assert abs(passed.mean() - mean) < FAR * error
    spread = variance * np.sqrt((2 + 1 / variance) / N)  # of the sample variance of a difference of Poisson numbers
    assert abs(passed.var() - variance) < FAR * spread
    assert abs(passed.var() - 1.1 * variance) > FAR * spread
    # S_I = 2 q I, or 4 k T G = 2 q 2 I_sat where V_ds = 0: one-sided density of charges q^2 variance / time, twice.
    density = 2 * CHARGE**2 * variance / 1e-7
    assert density == pytest.approx(2 * CHARGE * saturated * (1 if shot else 2), rel=1e-3)


def test_a_large_inverter_is_gaussian_with_the_small_signal_law():
    chip = program(INVERTER, V="150 mV", IN="70 mV", C="4 fF", jumps="leap")
    law, held = chip.jump_islands[0].actual, np.array([0.07, 0.15])
    near = small_signal(law, held, np.array([0.1]))
    variance = stationary(near.capacitance, near.conductance, near.noise)[0, 0]
    rate = near.conductance[0, 0] / 4e-15
    count = 3_000
    volts = final(chip, 0.5e-6 + 15 / rate, count)[:, 0]
    error = variance * np.sqrt(2 / count)
    assert abs(volts.var() - variance) < FAR * error + 1e-3 * variance  # next order in q / (C V_T) = 1.5e-3
    assert abs(volts.var() - 1.2 * variance) > FAR * error


def test_leaps_have_the_exact_law_of_a_middle_sized_inverter_and_coarse_ones_stop(monkeypatch):
    """200 aF is made one by one by default; in leaps its law is the exact one to counting noise."""
    from thermosim.engine import jumps

    chip = program(INVERTER, V="150 mV", IN="70 mV", C="200 aF", jumps="leap")
    assert program(INVERTER, V="150 mV", IN="70 mV", C="200 aF").jump_islands[0].exact
    assert not program(INVERTER, V="150 mV", IN="70 mV", C="40 fF").jump_islands[0].exact
    held = np.array([0.07, 0.15])
    box = lattice(chip.jump_islands[0].actual, held, [-60], [280])
    p = box.stationary()
    mean = p @ box.volts[:, 0]
    variance = p @ box.volts[:, 0] ** 2 - mean**2
    time, count = 12 * box.correlation_time(box.volts[:, 0], p), 4000
    volts = final(chip, time, count)[:, 0]
    assert abs(volts.mean() - mean) < FAR * np.sqrt(variance / count)
    assert abs(volts.var() - variance) < FAR * variance * np.sqrt(2 / count)
    assert abs(volts.var() - 1.15 * variance) > FAR * variance * np.sqrt(2 / count)
    monkeypatch.setattr(jumps, "LEAP", 1.6)
    with pytest.raises(SimulationError, match="within one leap, which is no small step"):
        final(chip, time, 100)


def test_the_latch_stays_as_long_as_the_generator_says():
    """Share of replicas that still sit on the first side after a time: exact evolution on the charge lattice."""
    chip = program(LATCH, record="x", V="80 mV", C="12 aF")
    island = chip.jump_islands[0]
    law, held = island.actual, np.array([0.08])
    box = lattice(law, held, [-7, -7], [13, 13])
    p = box.stationary()
    side = np.sign(box.states[:, 0] - box.states[:, 1]).astype(float)
    forget = box.correlation_time(side, p)
    start = np.zeros(len(p))
    start[np.flatnonzero((box.states == [6, 0]).all(axis=1))] = 1.0
    begun = replace(chip, jump_islands=(replace(island, initial=(6, 0)),))
    for share in (0.3, 1.0):
        evolved = box.evolve(start, share * forget)
        wanted = evolved @ (side > 0)
        two = replace(begun, probes=(replace(chip.probes[0], nets=("x", "y")),))
        volts = final(two, share * forget, N)
        found = (volts[:, 0] > volts[:, 1] + 1e-9).mean()
        error = np.sqrt(wanted * (1 - wanted) / N)
        assert abs(found - wanted) < FAR * error
        slower = box.evolve(start, 1.25 * share * forget) @ (side > 0)
        assert abs(found - slower) > FAR * error  # a rate 25 % off would be seen


def test_dwell_times_grow_exponentially_with_the_supply():
    """Kramers: in units of the time of a charge, ln of the memory rises with every step of the supply."""
    times = []
    for supply in (70, 80, 90, 100):
        chip = program(LATCH, record="x", V=f"{supply} mV", C="12 aF")
        box = lattice(chip.jump_islands[0].actual, np.array([supply / 1e3]), [-7, -7], [15, 15])
        p = box.stationary()
        times.append(box.correlation_time(np.sign(box.states[:, 0] - box.states[:, 1]).astype(float), p))
    speed = [float(np.exp(v / 2e3 / VT)) for v in (70, 80, 90, 100)]  # currents grow with the supply
    dwell = np.array(times) * speed
    assert np.all(np.diff(np.log(dwell)) > 0.3)


def test_the_supply_delivers_the_current_of_the_exact_law():
    chip = program(INVERTER, V="150 mV", IN="70 mV", C="12 aF")
    low, high = -8, 24
    law, held = chip.jump_islands[0].actual, np.array([0.07, 0.15])
    box = lattice(law, held, [low], [high])
    p = box.stationary()
    rates = np.exp(law.base(held)[:, None] + law.node_gain @ law.per_charge @ box.states.T)
    names = chip.jump_islands[0].channels
    forward, reverse = names.index("Mp forward"), names.index("Mp reverse")
    wanted = float((rates[forward] - rates[reverse]) @ p)
    duration = 2e-6
    long = replace(chip, duration=round(duration * 1e15), burn_in=round(1e-7 * 1e15))
    record = run(long, {}, seed=3, replicas=400, threads=1)
    found = record.counters["Vdd.charges"][1] / duration
    error = found.std() / np.sqrt(400)
    assert abs(found.mean() - wanted) < FAR * error
    assert abs(found.mean() - 1.05 * wanted) > FAR * error
    (price,) = [row.price.joules for row in chip.prices if row.path == "Vdd"]
    assert price == pytest.approx(CHARGE * 0.15, rel=1e-12)


def test_white_noise_in_place_of_jumps_would_charge_a_capacitor_from_one_bath():
    """The shortcut dv = -I(v)/C dt + noise of 2 q I coth: <v> = -q/2C in leading order, which the jumps refuse.

    Ito: p = exp(-(2 C / q) int tanh(v / 2 V_T) dv) / S(v). It is why a white_noise beside a diode is refused by name.
    """
    capacitance = 10e-18
    grid = np.linspace(-0.8, 0.8, 200_001)
    log = -(4 * capacitance * VT / CHARGE) * np.log(np.cosh(grid / (2 * VT))) - np.log1p(np.exp(grid / VT))
    p = np.exp(log - log.max())
    shortcut = float(grid @ p / p.sum())
    assert shortcut == pytest.approx(-CHARGE / (2 * capacitance), rel=0.2)
    chip = program(DIODE.replace("n: @Q", "n: 0"), P="y", C="10 aF")
    volts = final(chip, 20 * capacitance * VT / 1e-9, N)[:, 0]
    error = volts.std() / np.sqrt(N)
    assert abs(volts.mean()) < FAR * error
    assert abs(volts.mean() - shortcut) > FAR * error
    assert abs(volts.var() - KT / capacitance) < FAR * KT / capacitance * np.sqrt(2 / N)
