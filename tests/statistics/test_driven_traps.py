"""Work on a trap that a generator drags: its Gaussian law, Jarzynski's equality, and the first law."""

import numpy as np
import pytest
from moving_chips import EVERYTHING, chip

from thermosim.constants import BOLTZMANN
from thermosim.engine.simulator import run

FAR = 5.0  # standard errors: p < 1e-6
FARAD, TAU, KT = 1e-12, 1e-6, BOLTZMANN * 300
STAIRS, LAST = 10, 100e-6
"""From 0 V to the last voltage in steps every tenth of the relaxation time of R C."""

DRAGGED = """
generators: {pull: {rate: 10 MHz, expression: "{max(0, min(1, (t - START) / LENGTH))}", until: 7 us}}
parameters: {START: 4.9 us, LENGTH: 1 us}
instances:
  V: {type: voltage_source, v: 100 uV, gain: pull, pins: {p: u, n: 0}}
  R: {type: resistor, r: 1 MOhm, pins: {p: u, n: x}}
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
run: {duration: 2 us, burn_in: 5 us, replicas: 20000, record: {x: every 100 ns, u: every 100 ns},
      measure: [mixing, heat]}
"""


@pytest.fixture(scope="module")
def dragged(tmp_path_factory):
    """Work [kT] of Jarzynski's H = C v^2 / 2 - C v V on every replica: that of the source, less the charge it holds."""
    record = run(chip(tmp_path_factory.mktemp("dragged"), DRAGGED).program, {}, seed=2)
    assert record.samples["u"][0, -1, 0] == LAST
    source, gained, heat = (record.sums[f"x:{name}"] for name in ("work", "gained", "heat"))
    np.testing.assert_allclose(source.sum(axis=0) - heat.sum(axis=0), gained, rtol=0, atol=1e-10 * np.abs(source).max())
    return (source[0] - FARAD * record.samples["x"][:, -1, 0] * LAST) / KT


def gaussian_law():
    """Mean and variance [kT] of -C sum_k v(t_k) dV over the stairs, v an Ornstein-Uhlenbeck process."""
    step = LAST / STAIRS
    times = 0.1 * np.arange(STAIRS) * TAU
    since = (times[:, None] - times) / TAU
    mean = np.where(since > 0, -np.expm1(-np.clip(since, 0, None)), 0.0).sum(axis=1) * step
    correlation = KT / FARAD * np.exp(-np.abs(since))
    return -FARAD * step * mean.sum() / KT, (FARAD * step / KT) ** 2 * correlation.sum()


def test_the_work_has_its_gaussian_law(dragged):
    mean, variance = gaussian_law()
    count = len(dragged)
    assert abs(dragged.mean() - mean) < FAR * np.sqrt(variance / count)
    assert abs(dragged.var() / variance - 1) < FAR * np.sqrt(2 / count)
    assert abs(dragged.var() / (2 * variance) - 1) > FAR * np.sqrt(2 / count)
    # The law itself obeys Jarzynski's equality, on the staircase and not only in its limit.
    assert mean - variance / 2 == pytest.approx(-FARAD * LAST**2 / 2 / KT, rel=1e-12)


def jarzynski(work, scale=1.0):
    """<exp(-W / kT)> exp(dF / kT) and its standard error; dF = -C V^2 / 2."""
    weights = np.exp(-work / scale - FARAD * LAST**2 / 2 / KT / scale)
    return weights.mean(), weights.std() / np.sqrt(len(work))


def test_jarzynski_holds_through_the_netlist(dragged):
    value, error = jarzynski(dragged)
    assert error < 0.02
    assert abs(value - 1) < FAR * error
    # Mutants: a temperature 20 % off, and the work of the source without the change of its charge.
    assert abs(np.subtract(jarzynski(dragged, 1.2)[0], 1)) > FAR * jarzynski(dragged, 1.2)[1]
    assert abs(jarzynski(1.1 * dragged)[0] - 1) > FAR * error


@pytest.mark.parametrize("seed", [1, 2])
def test_the_first_law_closes_where_everything_moves(tmp_path, seed):
    record = run(chip(tmp_path, EVERYTHING, run__measure=["mixing", "heat"]).program, {}, seed=seed)
    heat, work, gained = (record.sums[f"x:{name}"] for name in ("heat", "work", "gained"))
    size = np.abs(heat).sum(axis=0) + np.abs(work).sum(axis=0)
    assert np.all(np.abs(work.sum(axis=0) - heat.sum(axis=0) - gained) < 1e-12 * size)


def test_a_resistor_that_changes_does_no_work(tmp_path):
    """At one temperature, without sources, changes of resistors leave equilibrium and book no heat on average."""
    body = """
generators: {swing: {points: [[0 s, 1], [1 us, 30], [2 us, 0.1]], period: 3 us}}
instances:
  R: {type: resistor, r: 1 MOhm, gain: swing, pins: {p: x, n: 0}}
  S: {type: switch, r_on: 100 kOhm, r_off: 1 GOhm, closed: [[12 us, 13.5 us], [15 us, 17 us]], pins: {p: x, n: y}}
  C1: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  C2: {type: capacitor, c: 1 pF, pins: {p: y, n: 0}}
  RY: {type: resistor, r: 1 MOhm, pins: {p: y, n: 0}}
run: {duration: 10 us, burn_in: 10 us, replicas: 4000, record: {x: every 1 us, y: every 1 us}, measure: [mixing, heat]}
"""
    record = run(chip(tmp_path, body).program, {}, seed=4)
    heat = record.sums["x:heat"] / KT
    error = heat.std(axis=1) / np.sqrt(heat.shape[1])
    assert np.all(np.abs(heat.mean(axis=1)) < FAR * error)
    assert np.all(error < 0.1)
    assert np.abs(heat.sum(axis=0) * KT + record.sums["x:gained"]).max() < 1e-12 * KT * np.abs(heat).sum(axis=0).max()
    for net in ("x", "y"):
        ratio = record.samples[net][:, -1].var() / (KT / 1e-12)
        assert abs(ratio - 1) < FAR * np.sqrt(2 / 4000)
