"""Tiers against each other: a latch and its telegraph p-bit, coupled inverters and their linear network."""

from dataclasses import replace

import numpy as np
import pytest
from jump_chips import KT, program

from thermosim import load
from thermosim.analysis.linear import autocovariance, is_reversible, stationary
from thermosim.circuit import assemble, elaborate
from thermosim.circuit.reduction import linear_law, telegraph
from thermosim.engine.simulator import run
from thermosim.netlist import load_text

FAR = 5.0  # standard errors: p < 1e-6
COUPLED = """\
  Vdd: {type: voltage_source, v: 40 mV, pins: {p: vdd, n: 0}}
  Va: {type: voltage_source, v: 20 mV, pins: {p: a, n: 0}}
  N1: {type: nmos, i_0: 1 nA, v_th: 80 mV, n: 1.3, temperature: @T1, v_th_slope: 0 V/K, pins: {g: a, d: x, s: 0}}
  P1: {type: pmos, i_0: 1 nA, v_th: 80 mV, n: 1.3, temperature: @T1, v_th_slope: 0 V/K, pins: {g: a, d: x, s: vdd}}
  N2: {type: nmos, i_0: @I2, v_th: 80 mV, n: 1.3, temperature: @T2, v_th_slope: 0 V/K, pins: {g: a, d: y, s: 0}}
  P2: {type: pmos, i_0: @I2, v_th: 80 mV, n: 1.3, temperature: @T2, v_th_slope: 0 V/K, pins: {g: a, d: y, s: vdd}}
  C1: {type: capacitor, c: 2 fF, pins: {p: x, n: 0}}
  C2: {type: capacitor, c: 2 fF, pins: {p: y, n: 0}}
  CC: {type: capacitor, c: 2 fF, pins: {p: x, n: y}}
"""


@pytest.fixture(scope="module")
def small_latch():
    """The shipped latch at 30 aF: as bistable at a higher supply, and quick to simulate."""
    return load(
        "latch", {"instances.L.parameters": {"C": "30 aF"}, "parameters.VDD": "85 mV", "parameters.VREF": "42.5 mV"}
    )


@pytest.fixture(scope="module")
def reduced(small_latch):
    return telegraph(small_latch.program, "q", "qb", "in", 0.0425 + np.array([-0.02, -0.01, 0.0, 0.01, 0.02]))


def pairs(values):
    """Mean of a +-1 series (replica, draw) and of its products one draw apart, with their errors over replicas."""
    lagged = (values[:, 1:] * values[:, :-1]).mean(axis=1)
    mean = values.mean(axis=1)
    count = np.sqrt(len(values))
    return mean.mean(), mean.std() / count, lagged.mean(), lagged.std() / count


def test_a_symmetric_latch_is_a_telegraph_without_offset(reduced):
    assert reduced.offset == pytest.approx(0.0425, abs=1e-6)
    assert 0.95 < reduced.purity < 1  # almost one exponential: what recrosses the middle is quick
    assert reduced.p[2] == pytest.approx(0.5, abs=1e-6)
    assert np.all(np.diff(reduced.p) > 0)
    card = reduced.card("netlists/latch.yaml")
    assert {value["evidence"] for value in card["values"].values()} == {"derived"}


def test_the_telegraph_tier_agrees_with_the_transistors(small_latch, reduced):
    """Mean and memory of the output, simulated on both tiers at a slot of about tau0 / 2 and 8 mV of bias."""
    slot = float(f"{reduced.tau0 / 2:.2g}")
    draws, replicas = 60, 450
    fast = round(slot * 1e15)
    probes = tuple(replace(probe, every=fast) for probe in small_latch.program.probes)
    tilted = load("latch", {**small_latch.overrides, "parameters.VB": "8 mV"}).program
    chip = replace(tilted, probes=probes, burn_in=20 * fast, duration=draws * fast)
    record = run(chip, {}, seed=5, replicas=replicas, threads=1)
    side = np.sign(record.samples["q"][:, :, 0] - record.samples["qb"][:, :, 0] + 1e-12)
    text = f"""\
thermosim: 1
name: tier
models:
  latch: {{type: cmos_rng, tau0: {reduced.tau0!r} s, v_s: {reduced.v_s!r} V, offset: {reduced.offset - 0.0425!r} V}}
instances:
  V: {{type: voltage_source, v: 8 mV, pins: {{p: in, n: 0}}}}
  s: {{model: latch, pins: {{in: in, clock: ck}}}}
  osc: {{type: clock, frequency: {1 / slot!r} Hz, pins: {{out: ck}}}}
run: {{duration: {draws} sweeps, burn_in: 20 sweeps, record: {{s: every 1 sweeps}}}}
"""
    tier = assemble(elaborate(load_text(text)))
    spins = run(tier, {}, seed=6, replicas=replicas, threads=1).samples["s"][:, :, 0].astype(float)
    mean, mean_error, lagged, lagged_error = pairs(side)
    other, other_error, other_lagged, other_lagged_error = pairs(spins)
    curved = reduced.logit_error * (8 / 20) ** 2 / 2  # what the sigmoid misses at 8 mV, of what it misses at 20 mV
    assert abs(mean - other) < FAR * np.hypot(mean_error, other_error) + curved
    # The telegraph has no quick recrossings: its memory is larger by what the purity says, at most.
    missing = (1 - reduced.purity) * np.exp(-0.5) + 0.5 * reduced.tau_change * np.exp(-0.5) * 0.25
    gap = other_lagged - lagged
    spread = np.hypot(lagged_error, other_lagged_error)
    assert -FAR * spread < gap < missing + FAR * spread
    # What would be seen: V_s 2.5 times as large, or tau0 half as large again.
    p = 1 / (1 + np.exp(-8e-3 / (2.5 * reduced.v_s)))
    assert abs(mean - (2 * p - 1)) > FAR * mean_error + curved
    assert abs(lagged - np.exp(-0.5 / 1.5)) > missing + FAR * lagged_error


def coupled(first, second, current="1 nA"):
    chip = program(COUPLED, record="x", T1=first, T2=second, I2=current)
    (island,) = chip.jump_islands
    held = np.array([chip.driven[net] for net in island.inputs])
    return chip, linear_law(island, held, np.array([0.02, 0.02]))


def gyration(law):
    drift = np.linalg.solve(law.capacitance, law.conductance)
    covariance = stationary(law.capacitance, law.conductance, law.noise)
    flow = drift @ covariance
    return float((flow - flow.T)[0, 1])


def test_two_coupled_inverters_gyrate_only_where_their_temperatures_differ():
    _, same = coupled("300 K", "300 K", "3 nA")
    assert abs(gyration(same)) < 1e-9 * abs(gyration(coupled("300 K", "600 K")[1]))
    assert is_reversible(same.capacitance, same.conductance, same.noise)
    # At equal temperatures Sigma = k T_eff C^-1 with one T_eff, above 300 K because a supply works.
    covariance = stationary(same.capacitance, same.conductance, same.noise)
    effective = covariance @ same.capacitance / (KT / 300)
    np.testing.assert_allclose(effective, effective[0, 0] * np.eye(2), atol=1e-6 * effective[0, 0])
    assert effective[0, 0] > 300
    one, other = gyration(coupled("300 K", "600 K")[1]), gyration(coupled("600 K", "300 K")[1])
    assert one == pytest.approx(-other, rel=1e-9)


def test_the_law_of_two_coupled_inverters_is_the_lyapunov_solution():
    chip, law = coupled("300 K", "1200 K", "0.3 nA")
    covariance = stationary(law.capacitance, law.conductance, law.noise)
    slowest = 1 / np.linalg.eigvals(np.linalg.solve(law.capacitance, law.conductance)).real.min()
    count, lag = 1500, slowest / 2
    probe = replace(chip.probes[0], nets=("x", "y"), every=round(lag * 1e15))
    chip = replace(chip, probes=(probe,), burn_in=round(8 * slowest * 1e15), duration=2 * round(lag * 1e15))
    draws = run(chip, {}, seed=2, replicas=count, threads=1).samples[probe.name]
    centred = draws - draws.mean(axis=0)
    found = np.einsum("ri,rj->ij", centred[:, 1], centred[:, 1]) / count
    error = np.sqrt((np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / count)
    assert np.all(np.abs(found - covariance) < FAR * error)
    equal = coupled("600 K", "600 K", "0.3 nA")[1]
    assert np.any(np.abs(found - stationary(equal.capacitance, equal.conductance, equal.noise)) > FAR * error)
    # Detailed balance is broken: <x(0) y(t)> - <y(0) x(t)>, and its sign.
    wanted = autocovariance(law.capacitance, law.conductance, law.noise, np.array([lag]))[0]
    sample = centred[:, 0, 0] * centred[:, 1, 1] - centred[:, 0, 1] * centred[:, 1, 0]
    spread = sample.std() / np.sqrt(count)
    asymmetry = wanted[1, 0] - wanted[0, 1]
    assert abs(sample.mean() - asymmetry) < FAR * spread
    assert abs(sample.mean() + asymmetry) > FAR * spread
