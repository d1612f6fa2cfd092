"""Designs 1 and 2 and macrospins as p-bits: responses and laws against closed forms, each with what it must reject."""

import numpy as np
import pytest
from small_fabrics import FAR, TICK, agrees, boltzmann, fabric, occupation
from stepped_cells import cells, spin, threshold, tuned

from thermosim.analysis import fokker_planck
from thermosim.circuit.discipline import discipline
from thermosim.engine.cells import CellRunner
from thermosim.engine.free import FreeRunner

REPLICAS = 64


def pair(strength):
    return strength * np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2)


def unequal(made, draws=2500, seed=1, runner=CellRunner):
    """Share of draws with unequal outputs, (replica,)."""
    part = runner(made, seed, REPLICAS)
    part.advance(round(30 * TICK / made.clock.period))
    return np.isin(part.advance(draws, record=True)["s:states"], (1, 2)).mean(axis=1)


def mean_and_error(values):
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_persistent_threshold_samples_another_law(strength):
    """(1 - t)^2 / 2, t = tanh J, as the step goes to zero: the error of a step is linear, so two say where to."""
    t = np.tanh(strength)
    limit, right = (1 - t) ** 2 / 2, (1 - t) / 2
    coarse, fine = (unequal(cells(*pair(strength), threshold(2), step=step)) for step in (0.02, 0.01))
    assert agrees(2 * fine - coarse, limit)
    assert not agrees(2 * fine - coarse, right), "Boltzmann's law"
    assert not agrees(coarse, limit), "a step of 0.02 tau_N, as it is"


def test_a_tuned_magnet_samples_the_boltzmann_law():
    coarse, fine = (unequal(cells(*pair(1.0), tuned(2), step=step), 5000) for step in (0.02, 0.01))
    assert agrees(2 * fine - coarse, (1 - np.tanh(1)) / 2)
    assert not agrees(2 * fine - coarse, (1 - np.tanh(1)) ** 2 / 2), "the other design's law"
    assert not agrees(coarse, (1 - np.tanh(1)) / 2), "a step of 0.02 tau_N, as it is"


TABLE = [
    (1, 0.5, 0.5, 0.241), (1, 1.0, 0.02, 0.035), (1, 1.0, 0.1, 0.049), (1, 1.0, 3.0, 0.276),
    (2, 1.0, 0.1, 0.162), (2, 1.0, 0.5, 0.242),
]  # fmt: skip


@pytest.mark.parametrize(("design", "strength", "tau", "published"), TABLE)
def test_slow_response(design, strength, tau, published):
    """Another program of the same equations in steps of 0.02 tau_N; its noise is taken as ours, and its rounding."""
    inner = threshold(2, tau) if design == 1 else tuned(2)
    mean, error = mean_and_error(unequal(cells(*pair(strength), inner, step=0.02, tau_s=tau if design == 2 else 0.0)))
    assert abs(mean - published) < FAR * np.sqrt(2) * error + 5e-4


def test_tuned_magnets_behind_slow_synapses_against_the_exact_chain():
    """Design 2 is the Arrhenius telegraph with tau0 = tau_N / 2, which order free simulates without steps."""
    settling = 0.7
    coarse, fine = (unequal(cells(*pair(0.8), tuned(2), step=step, tau_s=settling), 5000) for step in (0.02, 0.01))
    chip = fabric(*pair(0.8), order="free", tau0=TICK / 2, arrhenius=(True, True), settling=settling * TICK)
    exact = unequal(chip, 5000, runner=FreeRunner)
    stepped, error = mean_and_error(2 * fine - coarse)
    mean, other = mean_and_error(exact)
    assert abs(stepped - mean) < FAR * np.hypot(error, other)
    assert abs(stepped - (1 - np.tanh(0.8)) / 2) > FAR * np.hypot(error, other), "no lag at all"


@pytest.mark.parametrize("pinning", [0.0, 1.5])
def test_an_isolated_threshold_and_its_read_current(pinning):
    """p = sigmoid(2 I), and with a read current (e^(k t) - e^-k) / (2 sinh k), t = tanh I."""
    drive = 0.4
    made = cells(np.zeros((1, 1)), [drive], threshold(1, pinning=pinning), step=0.004)
    part = CellRunner(made, 1, REPLICAS)
    part.advance(30)
    up = (part.advance(2000, record=True)["s:mean(s)"] > 0).mean(axis=1)
    t, free = np.tanh(drive), 1 / (1 + np.exp(-2 * drive))
    pinned = (np.exp(pinning * t) - np.exp(-pinning)) / (2 * np.sinh(pinning)) if pinning else free
    assert agrees(up, pinned)
    if pinning:
        assert not agrees(up, free), "no read current"
        assert not agrees(up, (np.exp(-pinning * t) - np.exp(pinning)) / (-2 * np.sinh(pinning))), (
            "pinned at the other end"
        )
        assert "not the sigmoid" in discipline(made).reason
    else:
        assert discipline(made).boltzmann
        assert not agrees(up, 1 / (1 + np.exp(-drive))), "half of the argument"


@pytest.mark.parametrize("kind", ["design1", "macrospin"])
def test_a_latch_mends_what_wires_spoil(kind):
    """One output at a time, read every 6 tau_N from what has forgotten its past, and the law is Boltzmann's."""
    inner, step = (threshold(2), 0.02) if kind == "design1" else (spin(2), 0.005)
    latched = unequal(cells(*pair(0.5), inner, step=step, every=6.0, order="coloured"), 600)
    wired = unequal(cells(*pair(0.5), inner, step=step), 2000)
    assert agrees(latched, (1 - np.tanh(0.5)) / 2)
    assert not agrees(wired, (1 - np.tanh(0.5)) / 2), "wired through"


@pytest.mark.parametrize("kind", ["spin current", "read off centre", "barrier", "field in a plane"])
def test_an_isolated_magnet_answers_by_its_law(kind):
    """P(m_z > z*) under exp(Delta z^2 + x z), or exp(x z - K m_x^2) for a film that is read in its plane."""
    barrier, z = {"barrier": (2.0, 0.0), "read off centre": (0.0, 0.3)}.get(kind, (0.0, 0.0))
    plane, drive = 0.0, 0.7
    if kind == "field in a plane":
        inner, step, plane = film(), 0.002, 5.0
    else:
        inner, step = spin(1, barrier, threshold=z), 0.002
    made = cells(np.zeros((1, 1)), [drive], inner, step=step)
    part = CellRunner(made, 1, 256)
    part.advance(20 if barrier == 0 else 40)
    up = (part.advance(120, record=True)["s:mean(s)"] > 0).mean(axis=1)
    slope = fokker_planck.stationary(barrier, 0.0, z, plane).slope
    x = 2 * drive / slope
    assert agrees(up, fokker_planck.stationary(barrier, x, z, plane).above)
    assert not agrees(up, fokker_planck.stationary(barrier, 1.2 * x, z, plane).above), "an input 20 % high"
    assert not agrees(up, fokker_planck.stationary(barrier, -x, z, plane).above), "the other direction"
    if kind == "spin current":
        assert fokker_planck.stationary(0, x).above == pytest.approx(1 / (1 + np.exp(-2 * drive)))
        assert discipline(made).boltzmann
    else:
        assert not discipline(made).boltzmann


def film():
    """A film whose normal costs 5 kT, driven by a field in its plane."""
    from dataclasses import replace

    inner = spin(1)
    factor = 5.0 / (0.5 * inner.magnet.moment * 1.1e6 / (1.380649e-23 * 300))
    slope = fokker_planck.stationary(0, 0, 0, 5.0).slope
    shape = (factor[0], 0.0, 0.0)
    field = inner.magnet.field_unit * np.ones(1) / slope
    return replace(inner, magnet=replace(inner.magnet, shape=shape), current=np.zeros(1), field=field, isotropic=False)


def test_what_is_said_before_a_run():
    matrix, biases = pair(1.0)
    wired = {kind: discipline(cells(matrix, biases, inner, step=0.005)) for kind, inner in
             {"1": threshold(2), "2": tuned(2), "m": spin(2)}.items()}  # fmt: skip
    assert "a threshold persists while its neighbours move" in wired["1"].reason
    assert not wired["1"].boltzmann
    assert wired["2"].boltzmann
    assert "exact for instantaneous synapses as the step goes to zero; here it is 500 ps, 0.014 of" in wired["2"].reason
    assert "more states than two" in wired["m"].reason
    slow = discipline(cells(matrix, biases, tuned(2), step=0.005, tau_s=0.1))
    assert not slow.boltzmann
    assert "inputs settle in 10 ns" in slow.reason
    latched = discipline(cells(matrix, biases, threshold(2), every=3.0, order="coloured"))
    assert "an error of the order of 0.05" in latched.reason


@pytest.mark.validation
def test_a_gate_of_tuned_magnets():
    """An AND gate at beta = 0.5, every state; and one of thresholds fails by 9 %."""
    matrix, biases = 0.5 * np.array([[0, -1.0, 2], [-1, 0, 2], [2, 2, 0]]), 0.5 * np.array([1.0, 1, -2])
    found = {}
    for name, inner, steps in (("2", tuned(3), (0.002, 0.001)), ("1", threshold(3), (0.01, 0.005))):
        shares = []
        for step in steps:
            part = CellRunner(cells(matrix, biases, inner, step=step), 1, REPLICAS)
            part.advance(30)
            shares.append(occupation(part.advance(3000, record=True)["s:states"], 3))
        found[name] = 2 * shares[1] - shares[0]
    law = boltzmann(matrix, biases)
    assert agrees(found["2"], law)
    assert not agrees(found["1"], law)
    assert 0.5 * np.abs(found["1"].mean(axis=0) - law).sum() == pytest.approx(0.097, abs=0.02)
