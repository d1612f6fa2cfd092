"""A transconductance that saturates: where it settles, what it makes of noise, and networks that cycle."""

import numpy as np
import pytest
from moving_chips import chip
from scipy.optimize import brentq

import thermosim
from thermosim.circuit.nonlinear import rate
from thermosim.constants import BOLTZMANN
from thermosim.engine.simulator import run
from thermosim.errors import NetlistError

FAR = 5.0  # standard errors: p < 1e-6

HELD = """
instances:
  V: {type: voltage_source, v: 40 mV, pins: {p: u, n: 0}}
  W: {type: voltage_source, v: 10 mV, pins: {p: w, n: 0}}
  A: {type: saturable_transconductance, gm: 2 uS, i_max: 50 nA, pins: {p: y, n: z, cp: u, cn: w}}
  C: {type: capacitor, c: 1 pF, pins: {p: y, n: 0}}
  R: {type: resistor, r: 1 MOhm, noisy: false, pins: {p: y, n: 0}}
  CZ: {type: capacitor, c: 1 pF, pins: {p: z, n: 0}}
  RZ: {type: resistor, r: 2 MOhm, noisy: false, pins: {p: z, n: 0}}
run: {duration: 100 us, step: 2 ns, record: {y: every 100 us, z: every 100 us}}
"""


def test_the_current_flows_out_of_p_and_ends_at_i_max(tmp_path):
    record = run(chip(tmp_path, HELD).program, {}, seed=1)
    current = 50e-9 * np.tanh(2e-6 * 30e-3 / 50e-9)
    assert record.samples["y"][0, -1, 0] == pytest.approx(1e6 * current, rel=1e-6)
    assert record.samples["z"][0, -1, 0] == pytest.approx(-2e6 * current, rel=1e-6)


LATCH = """
instances:
  A: {type: saturable_transconductance, gm: -3 uS, i_max: 50 nA, pins: {p: x, n: 0, cp: y, cn: 0}}
  B: {type: saturable_transconductance, gm: -3 uS, i_max: 50 nA, pins: {p: y, n: 0, cp: x, cn: 0}}
  RX: {type: resistor, r: 1 MOhm, noisy: false, pins: {p: x, n: 0}}
  RY: {type: resistor, r: 1 MOhm, noisy: false, pins: {p: y, n: 0}}
  CX: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  CY: {type: capacitor, c: 1 pF, pins: {p: y, n: 0}}
  N: {type: white_noise, psd: 1e-30 A^2/Hz, pins: {p: x, n: 0}}
run: {duration: 100 us, step: 20 ns, replicas: 64, record: {x: every 100 us, y: every 100 us}}
"""


def test_two_that_invert_each_other_latch(tmp_path):
    """Two stable points, +-(v, -v) with v = R i_max tanh(gm v / i_max)."""
    record = run(chip(tmp_path, LATCH).program, {}, seed=1)
    volts = brentq(lambda v: 0.05 * np.tanh(3e-6 * v / 50e-9) - v, 1e-3, 1.0)
    x, y = (record.samples[net][:, -1, 0] for net in "xy")
    np.testing.assert_allclose(np.abs(x), volts, rtol=1e-4)
    np.testing.assert_allclose(y, -x, rtol=1e-4)
    assert 10 < np.sum(x > 0) < 54


DRIVEN = """
instances:
  N: {type: white_noise, psd: 4e-21 A^2/Hz, pins: {p: x, n: 0}}
  RX: {type: resistor, r: 1 MOhm, noisy: false, pins: {p: x, n: 0}}
  CX: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  A: {type: saturable_transconductance, gm: 4 uS, i_max: 80 nA, pins: {p: y, n: 0, cp: x, cn: 0}}
  RY: {type: resistor, r: 2 MOhm, noisy: false, pins: {p: y, n: 0}}
  CY: {type: capacitor, c: 1 pF, pins: {p: y, n: 0}}
run: {duration: 20 us, burn_in: 30 us, step: 25 ns, replicas: 10000, record: {x: every 20 us, y: every 20 us}}
"""


def driven_law(terms=61):
    """<x^2>, <y^2> and <x y>: tanh(a x) in Hermite polynomials, of which the n-th forgets n times as fast as x."""
    variance, fast, slow = 4e-21 / 2 * 1e6 / (2 * 1e-12), 1e6, 0.5e6  # S R / 2 C; 1 / R_x C, 1 / R_y C
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    values = 80e-9 / 1e-12 * np.tanh(4e-6 / 80e-9 * np.sqrt(variance) * nodes)
    square, factorial, first = 0.0, 1.0, 0.0
    for n in range(terms):
        factorial *= max(n, 1)
        share = (weights * values) @ np.polynomial.hermite_e.hermeval(nodes, np.eye(terms)[n])
        if n == 1:
            first = share
        square += share**2 / factorial / (slow * (slow + n * fast))
    return variance, square, np.sqrt(variance) * first / (slow + fast)


@pytest.mark.parametrize("scheme", ["splitting", "heun"])
def test_coloured_noise_through_a_saturated_stage(tmp_path, scheme):
    """Mutants: a stage without saturation, and the other sign."""
    record = run(chip(tmp_path, DRIVEN, run__scheme=scheme).program, {}, seed=3)
    x, y = (record.samples[net][:, -1, 0] for net in "xy")
    for found, expected in zip((x * x, y * y, x * y), driven_law(), strict=True):
        assert abs(found.mean() - expected) < FAR * found.std() / 100
        assert abs(found.mean() - 1.1 * expected) > FAR * found.std() / 100 or found is not y
    variance, square, cross = driven_law()
    assert abs((y * y).mean() / (variance * 16e-12 * 1e12 / (0.5 * 1.5)) - 1) > 0.3
    assert abs((x * y).mean() + cross) > FAR * (x * y).std() / 100
    assert np.sqrt(square) < 0.16


RING = """
instances:
  A: {type: saturable_transconductance, gm: -5 uS, i_max: 60 nA, pins: {p: y, n: 0, cp: x, cn: 0}}
  B: {type: saturable_transconductance, gm: -5 uS, i_max: 60 nA, pins: {p: z, n: 0, cp: y, cn: x}}
  D: {type: saturable_transconductance, gm: -5 uS, i_max: 60 nA, pins: {p: x, n: y, cp: z, cn: 0}}
  RX: {type: resistor, r: 1 MOhm, temperature: 1e5 K, pins: {p: x, n: 0}}
  RY: {type: resistor, r: 1 MOhm, temperature: 1e5 K, pins: {p: y, n: 0}}
  RZ: {type: resistor, r: 1 MOhm, temperature: 1e5 K, pins: {p: z, n: 0}}
  CX: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  CY: {type: capacitor, c: 1.5 pF, pins: {p: y, n: 0}}
  CZ: {type: capacitor, c: 0.8 pF, pins: {p: z, n: 0}}
  CC: {type: capacitor, c: 0.4 pF, pins: {p: x, n: z}}
run: {duration: 6 us, burn_in: 0 us, replicas: 20000, record: {x: every 1 us, y: every 1 us, z: every 1 us}}
"""


def by_hand(replicas, until, seed):
    """The same ring by Heun's rule at 1/250 of its time constant: voltages (time, net, replica) every us."""
    random, step = np.random.default_rng(seed), 4e-9
    stores = np.array([[1.4, 0.0, -0.4], [0.0, 1.5, 0.0], [-0.4, 0.0, 1.2]]) * 1e-12
    inverse, spread = np.linalg.inv(stores), np.sqrt(2 * BOLTZMANN * 1e5 / 1e6 * step)

    def slope(v):
        x, y, z = v

        def stage(u):
            return 60e-9 * np.tanh(-5e-6 * u / 60e-9)

        a, b, d = stage(x), stage(y - x), stage(z)
        return inverse @ (np.array([d, a - d, b]) - v * 1e-6)

    v, found = np.zeros((3, replicas)), []
    for k in range(round(until / step)):
        noise = inverse @ (spread * random.standard_normal((3, replicas)))
        first = slope(v)
        v = v + step / 2 * (first + slope(v + step * first + noise)) + noise
        if (k + 1) % 250 == 0:
            found.append(v)
    return np.array(found)


def test_a_noisy_ring_against_an_independent_integration(tmp_path):
    """Means and second and fourth moments on the way. Mutants: one stage of the other sign, 10 % more noise."""
    chip_ = chip(tmp_path, RING)
    record = run(chip_.program, {}, seed=5)
    ours = np.array([record.samples[net][:, :, 0].T for net in "xyz"]).transpose(1, 0, 2)
    theirs = by_hand(5000, 6e-6, 9)
    assert worst(ours, theirs) < FAR
    assert worst(ours * np.array([1.0, 1.0, -1.0])[:, None], theirs) > FAR
    assert worst(1.05 * ours, theirs) > FAR


def worst(ours, theirs):
    found = []
    for i in range(3):
        for j in range(i + 1):
            for power in (1, 2):
                one, other = ((values[:, i] * values[:, j]) ** power for values in (ours, theirs))
                error = np.sqrt(one.var(axis=1) / one.shape[1] + other.var(axis=1) / other.shape[1])
                found.append(np.abs(one.mean(axis=1) - other.mean(axis=1)) / error)
    return max(values.max() for values in found)


def test_no_law_is_claimed_and_the_step_is_called_a_guess(tmp_path):
    chip_ = chip(tmp_path, RING)
    (island,) = chip_.program.nonlinear_islands
    assert island.drawn.no_law(island.parity).startswith("currents follow voltages elsewhere (saturable")
    assert island.drawn.kelvin(island.parity) is None
    assert "this is a guess: halve run.step to see" in island.notes[0]
    assert rate(island.actual.linear, island.actual.rest, np.full(3, 5e-6)) > 5e-6 / 1.5e-12
    (target,) = thermosim.measure(run(chip_.program, {}, seed=5, replicas=8)).target
    assert not target.distances
    assert "currents follow voltages elsewhere" in target.note


@pytest.mark.parametrize("pins", ["{p: x, n: 0, cp: x, cn: 0}", "{p: x, n: 0, cp: 0, cn: x}"])
def test_one_that_senses_its_own_ends_is_a_conductance(tmp_path, pins):
    with pytest.raises(NetlistError, match="A: it follows the voltage between its own ends: draw a tanh_conductance"):
        chip(tmp_path, LATCH.replace("{p: x, n: 0, cp: y, cn: 0}", pins))


def test_what_it_senses_must_be_a_voltage(tmp_path):
    between = "  {}: {{type: resistor, r: 1 kOhm, pins: {{p: m, n: {}}}}}\n"
    body = HELD.replace("cp: u", "cp: m").replace(
        "  C: {", between.format("RM", "y") + between.format("RU", "u") + "  C: {"
    )
    with pytest.raises(NetlistError, match="A: net 'm' has no capacitance: its voltage is white noise, of which no"):
        chip(tmp_path, body)
