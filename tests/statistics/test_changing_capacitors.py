"""Capacitors that change: charge stays, and the work of who turns them obeys Jarzynski and Crooks."""

from itertools import pairwise

import numpy as np
import pytest
from moving_chips import KNOBS, chip
from scipy.linalg import expm

import thermosim
from thermosim.constants import BOLTZMANN
from thermosim.engine.simulator import run

FAR = 5.0  # standard errors: p < 1e-6
KT, OHM, FARAD, BIAS = BOLTZMANN * 300, 1e6, 1e-12, 30e-6
UP, DOWN = (1, 1.6), (1.6, 1)

RAMP = """
generators: {knob: {rate: 10 MHz, expression: "{FROM + (TO - FROM) * max(0, min(1, (t - START) / SPAN))}", until: END}}
parameters: {START: 5.9 us, SPAN: 1 us, FROM: 1, TO: 3}
instances:
  V: {type: voltage_source, v: 30 uV, pins: {p: u, n: 0}}
  R: {type: resistor, r: 1 MOhm, pins: {p: u, n: x}}
  C: {type: capacitor, c: 1 pF, gain: knob, pins: {p: x, n: 0}}
run: {duration: 2 us, burn_in: 40 us, replicas: 20000, record: {x: every 100 ns}, measure: [mixing, heat]}
"""


def works(folder, before, after, microseconds, replicas=20_000):
    """Work of the knob [kT] on every replica while c goes from `before` to `after` pF, from equilibrium."""
    body = RAMP.replace("END", f"{microseconds + 41} us").replace("5.9 us", "39.9 us")
    parameters = {"FROM": before, "TO": after, "SPAN": f"{microseconds} us"}
    values = {f"parameters__{name}": value for name, value in parameters.items()}
    chip_ = chip(folder, body, run__duration=f"{microseconds + 0.5} us", run__replicas=replicas, **values)
    record = run(chip_.program, {}, seed=2)
    heat, work, gained = (record.sums[f"x:{name}"] for name in ("heat", "work", "gained"))
    size = np.abs(heat).sum(axis=0) + np.abs(work).sum(axis=0) + np.abs(gained)
    assert np.all(np.abs(work.sum(axis=0) - heat.sum(axis=0) - gained) < 1e-12 * size)
    assert [part.path for part in chip_.program.branches["x"]] == ["C", "R"]
    return -heat[0] / KT


def free_energy(before, after):
    """dF [kT]. The charge q is the coordinate, H = q^2 / 2 C - q V, so that Z = sqrt(2 pi k T C) exp(C V^2 / 2 k T)."""
    return -np.log(after / before) / 2 - (after - before) * FARAD * BIAS**2 / 2 / KT


def mean_work(before, after, microseconds):
    """<W> [kT] on the staircase: <q^2> relaxes to k T C + (C V)^2 between the stairs."""
    stairs = round(10 * microseconds)
    farads = FARAD * np.linspace(before, after, stairs + 1)
    mean, variance, total = farads[0] * BIAS, KT * farads[0], 0.0
    for old, new in pairwise(farads):
        total += (variance + mean**2) / 2 * (1 / new - 1 / old)
        decay = np.exp(-1e-7 / (OHM * new))
        mean = new * BIAS + (mean - new * BIAS) * decay
        variance = KT * new + (variance - KT * new) * decay**2
    return total / KT


@pytest.fixture(scope="module")
def ramps(tmp_path_factory):
    """The ramp in half a time R C, and backwards; up to twice c at once <exp(-2 W / kT)> is finite."""
    folder = tmp_path_factory.mktemp("ramps")
    return works(folder, *UP, 0.5), works(folder, *DOWN, 0.5)


def average(values):
    return values.mean(), values.std() / np.sqrt(len(values))


@pytest.mark.parametrize(("which", "ends"), [(0, UP), (1, DOWN)])
def test_jarzynski_with_a_difference_of_free_energy(ramps, which, ends):
    work, difference = ramps[which], free_energy(*ends)
    value, error = average(np.exp(-work + difference))
    assert error < 0.01
    assert abs(value - 1) < FAR * error
    # Mutants: half the work, its other sign, the other sign of dF, dF of the voltage as coordinate, dF without bias.
    voltage = +np.log(ends[1] / ends[0]) / 2 - (ends[1] - ends[0]) * FARAD * BIAS**2 / 2 / KT
    unbiased = -np.log(ends[1] / ends[0]) / 2
    for wrong in (-work / 2 + difference, work + difference, -work - difference, -work + voltage, -work + unbiased):
        value, error = average(np.exp(wrong))
        assert abs(value - 1) > FAR * error
    # Far from quasi-static, so that equality says something.
    assert work.mean() - difference > 0.04


def test_the_mean_work_is_that_of_the_charges(ramps):
    for work, ends in zip(ramps, (UP, DOWN), strict=True):
        value, error = average(work)
        assert abs(value - mean_work(*ends, 0.5)) < FAR * error
        assert abs(2 * value - mean_work(*ends, 0.5)) > FAR * error


def crooks(forward, backward, difference, centre):
    """<f(W) exp(dF - W)> forwards less <f(-W)> backwards in standard errors, f a soft step at `centre`."""

    def step(work):
        return 1 / (1 + np.exp(-(work - centre) / 0.1))

    (one, error), (other, spread) = average(step(forward) * np.exp(difference - forward)), average(step(-backward))
    return abs(one - other) / np.hypot(error, spread)


def test_crooks(ramps):
    """P(W) = P_back(-W) exp(W - dF), at several places of the work's law."""
    difference, forward, backward = free_energy(*UP), *ramps
    places = np.quantile(forward, [0.1, 0.3, 0.5, 0.7, 0.9])
    assert max(crooks(forward, backward, difference, place) for place in places) < FAR
    for scale, shift in ((2.0, 0.0), (1.2, 0.0), (1.0, -2 * difference)):
        mutant = (crooks(scale * forward, scale * backward, difference + shift, scale * place) for place in places)
        assert max(mutant) > FAR


def test_a_slow_ramp_costs_the_free_energy(tmp_path):
    """The excess is what the staircase of moments says, and falls with the length of the ramp."""
    difference = free_energy(1, 3)
    excess = [mean_work(1, 3, length) - difference for length in (1, 10, 60)]
    assert excess[0] > 2 * excess[1] > 8 * excess[2] > 0
    assert excess[2] < 0.03
    value, error = average(works(tmp_path, 1, 3, 60, 1500))
    assert error < 0.01
    assert abs(value - mean_work(1, 3, 60)) < FAR * error
    assert abs(value - difference) < FAR * error + 0.03
    assert abs(value - 1.1 * difference) > FAR * error


def test_a_charged_capacitor_is_pulled_apart(tmp_path):
    """Without noise: q = C V stays, v doubles, and the hand does q^2 / 2 (1 / c' - 1 / c) = C V^2 / 2."""
    body = """
generators: {knob: {points: [[0 s, 1], [20 ns, 0.5]]}, feed: {points: [[0 s, 1]]}}
instances:
  V: {type: voltage_source, v: 1 V, pins: {p: u, n: 0}}
  R: {type: resistor, r: 1 kOhm, noisy: false, pins: {p: u, n: x}}
  C: {type: capacitor, c: 1 pF, gain: knob, pins: {p: x, n: 0}}
run: {duration: 200 ns, burn_in: 0 ns, record: {x: every 20.1 ns}, measure: [mixing, heat]}
"""
    record = run(chip(tmp_path, body).program, {}, seed=1)
    # 20 times R C: charged to 1 - exp(-20); 0.1 ns later at 0.5 pF, R C is 0.5 ns.
    full = -np.expm1(-20)
    assert record.samples["x"][0, 0, 0] == pytest.approx(1 + (2 * full - 1) * np.exp(-0.2), rel=1e-12)
    assert -record.sums["x:heat"][0, 0] == pytest.approx(full**2 * 1e-12 / 2, rel=1e-10)


# -- against an independent simulation ----------------------------------------------------------------------------

NEAR = [(0.0, 1.0), (3e-6, 2.5), (7.3e-6, 0.6)]
MORE = [(0.0, 0.5), (2e-6, 1.5), (3e-6, 1.0), (6.1e-6, 3.0)]


def gain(points, time):
    return [value for begin, value in points if begin <= time][-1]


def matrices(near, far):
    """C (2, 2) and F (2,) of KNOBS over (x, y) and u, by hand."""
    one, across, two, up = near * 1e-12, near * 0.7e-12, 2e-12, far * 0.5e-12
    return np.array([[one + across, -across], [-across, across + two + up]]), np.array([0.0, up])


def by_hand(replicas, seed):
    """KNOBS over 11 us in the coordinate of charge: exact stretches, and knobs that turn along a path of 200 pieces.

    Voltages at the end (2, replica); works [kT] of all knobs together, whose shares depend on the path where several
    turn at once, and of the source U.
    """
    random = np.random.default_rng(seed)
    changes = sorted({time for time, _ in (*NEAR, *MORE)} | {11e-6})
    volts, knobs, source = np.zeros((2, replicas)), np.zeros(replicas), np.zeros(replicas)
    near, far, u = 1.0, 0.5, 60e-6
    for begin, end in pairwise(changes):
        new_near, new_far = gain(NEAR, begin), gain(MORE, begin)
        stores, coupling = matrices(near, far)
        step = 60e-6 * new_near - u
        moved = np.linalg.solve(stores, coupling)[:, None] * step
        source += (u + step / 2) * (coupling.sum() * step - coupling @ np.broadcast_to(moved, volts.shape))
        volts, u = volts + moved, u + step
        charge = stores @ volts - coupling[:, None] * u
        held = coupling.sum() * u - coupling @ volts
        for piece in range(200):
            part = (piece + 0.5) / 200
            stores, coupling = matrices(near + part * (new_near - near), far + part * (new_far - far))
            x, y = np.linalg.solve(stores, charge + coupling[:, None] * u)
            change = (new_near - near) / 200
            knobs -= change * (1e-12 * x**2 + 0.7e-12 * (x - y) ** 2) / 2
            knobs -= (new_far - far) / 200 * 0.5e-12 * (y - u) ** 2 / 2
        near, far = new_near, new_far
        stores, coupling = matrices(near, far)
        volts = np.linalg.solve(stores, charge + coupling[:, None] * u)
        source += u * (coupling.sum() * u - coupling @ volts - held)
        # dq = -(G v - inflow) dt + noise, over `end - begin`, by one exponential (Van Loan).
        inverse, conductance = np.linalg.inv(stores), np.diag([1.5e-6, far * 0.5e-6])
        drift = inverse @ conductance
        inflow = inverse @ np.array([-30e-6 * 1e-6, 20e-12 * near])
        kelvins = np.array([400 * 1e-6 + 300 * 0.5e-6, 100 * far * 0.5e-6])  # temperatures times conductances
        spread = inverse @ np.diag(2 * BOLTZMANN * kelvins) @ inverse
        length = end - begin
        decay = expm(-drift * length)
        rest = np.linalg.solve(drift, inflow)[:, None]
        block = expm(np.block([[drift, spread * 1e6], [np.zeros((2, 2)), -drift.T]]) * length)
        covariance = decay @ block[:2, 2:] * 1e-6
        noise = np.linalg.cholesky((covariance + covariance.T) / 2) @ random.standard_normal((2, replicas))
        after = rest + decay @ (volts - rest) + noise
        source -= u * (coupling @ (after - volts))
        volts = after
    return volts, knobs / KT, source / KT


def test_coupled_capacitors_against_a_simulation_of_charges(tmp_path):
    """Voltages, work of the knobs and of the source behind a capacitor: means, variances and covariances."""
    replicas = 20_000
    every = dict.fromkeys("xy", "every 10.9999 us")
    chip_ = chip(tmp_path, KNOBS, run__duration="10.9999 us", run__record=every)
    record = run(chip_.program, {}, seed=6, replicas=replicas)
    paths = [part.path for part in chip_.program.branches["x"]]
    (island,) = chip_.program.islands
    knobs = -sum(record.sums["x:heat"][paths.index(path)] for path in ("C1", "C12", "CU")) / KT
    source = record.sums["x:work"][island.inputs.index("u")] / KT
    ours = np.array([1e6 * record.samples["x"][:, 0, 0], 1e6 * record.samples["y"][:, 0, 0], knobs, source])
    volts, *energies = by_hand(replicas, 77)
    theirs = np.array([*(1e6 * volts), *energies])
    assert worst(ours, theirs) < FAR
    for row, scale in ((0, 1.1), (1, 1.1), (2, 1.1), (2, -1.0), (3, 1.1)):
        mutant = ours.copy()
        mutant[row] *= scale
        assert worst(mutant, theirs) > FAR


def worst(ours, theirs):
    """Largest difference of means and of second moments, in standard errors."""
    found = []
    pairs = [(ours[[i]] * ours[[j]], theirs[[i]] * theirs[[j]]) for i in range(4) for j in range(i + 1)]
    for one, other in ((ours, theirs), *pairs):
        error = np.sqrt(one.var(axis=1) / one.shape[1] + other.var(axis=1) / other.shape[1])
        found.append(np.abs(one.mean(axis=1) - other.mean(axis=1)) / error)
    return max(values.max() for values in found)


PUMPED = """
generators: {pump: {points: [[0 s, 1], [2.5 us, SMALL]], period: 5 us}}
instances:
  C: {type: capacitor, c: 1 nF, gain: pump, pins: {p: x, n: 0}}
  L: {type: inductor, l: 3 mH, pins: {p: x, n: 0}}
  R: {type: resistor, r: 50 kOhm, pins: {p: x, n: 0}}
run: {duration: 100 us, burn_in: 0 us, replicas: 4000, record: {x: every 5 us}}
"""


def hill(small):
    """Transition of (charge, flux) over one period, and its covariance, each half a rotation of its own."""
    whole, spread = np.eye(2), np.zeros((2, 2))
    for farads in (1e-9, small * 1e-9):
        rates = np.array([[-1 / (5e4 * farads), -1 / 3e-3], [1 / farads, 0.0]])
        block = expm(np.block([[-rates, np.diag([2 * KT / 5e4, 0.0])], [np.zeros((2, 2)), rates.T]]) * 2.5e-6)
        decay = block[2:, 2:].T
        whole, spread = decay @ whole, decay @ spread @ decay.T + decay @ block[:2, 2:]
    return whole, spread


@pytest.mark.parametrize(("small", "grows"), [(0.95, False), (0.7, True)])
def test_pumping_a_coil_and_a_capacitor(tmp_path, small, grows):
    """Twice a turn of the resonance, at 100 kHz: the multiplier of Hill's equation, above 1 where pumping wins."""
    chip_ = chip(tmp_path, PUMPED.replace("SMALL", str(small)))
    whole, spread = hill(small)
    multiplier = np.abs(np.linalg.eigvals(whole)).max()
    assert (multiplier > 1) == grows
    (found,) = thermosim.analyze(chip_)
    if grows:
        told = f"no periodic state: a mode is multiplied by {multiplier:.8g} in each period and never settles"
        assert found.reason == told
        summary = thermosim.measure(run(chip_.program, {}, seed=1, replicas=2))
        assert any(told in repr(part) for part in summary.mixing)
    else:
        assert found.times[0] == pytest.approx(-5e-6 / np.log(multiplier), rel=1e-9)
    record = run(chip_.program, {}, seed=1)
    variance, covariance = [], np.zeros((2, 2))
    for _ in range(20):
        covariance = whole @ covariance @ whole.T + spread
        variance.append(covariance[0, 0] / (small * 1e-9) ** 2)
    # A record shows what was there before the capacitor turned at the same instant.
    ratio = record.samples["x"][..., :].var(axis=0).ravel() / variance
    far = 5.5 * np.sqrt(2 / 4000)
    assert np.all(np.abs(ratio - 1) < far)
    assert np.all(np.abs(ratio / small**2 - 1) > far) or not grows
