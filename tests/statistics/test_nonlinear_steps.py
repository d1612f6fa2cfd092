"""Orders of the schemes in laws and along paths, without sampling where that is possible."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from tests.nonlinear_chips import WELL, chip, one_step_operator, step_in_numpy
from thermosim.analysis.conduction import TANH
from thermosim.analysis.scheme import averages
from thermosim.circuit.nonlinear import BIAS
from thermosim.engine.nonlinear import linear_step
from thermosim.errors import NetlistError
from thermosim.measure.nonlinear import island_marginals, shift_by_step

WIDTH = 0.3


@pytest.fixture
def island(tmp_path):
    return chip(tmp_path, WELL).program.nonlinear_islands[0]


def _exact(power: int) -> float:
    """<v^power> of p ~ exp(-(2 / s)(g1 v^2 / 2 + g3 v^4 / 4)), s = S / C with S half of the one-sided density."""
    s = 1e-20 / 1e-12

    def weight(v: float) -> float:
        return float(np.exp(-2 / s * (-1e-5 * v**2 / 2 + 2e-3 * v**4 / 4) - 2.5))

    return quad(lambda v: v**power * weight(v), -WIDTH, WIDTH)[0] / quad(weight, -WIDTH, WIDTH)[0]


def test_marginal_is_the_boltzmann_law(island) -> None:
    law = island_marginals(island, island.drawn, np.zeros(0))
    assert law.moment(2)[0] == pytest.approx(_exact(2), rel=1e-9)
    assert law.moment(4)[0] == pytest.approx(_exact(4), rel=1e-9)


@pytest.mark.parametrize(("scheme", "order"), [("splitting", 2), ("heun", 2), ("euler", 1)])
def test_order_of_the_stationary_law(island, scheme, order) -> None:
    """The variance of the law that steps leave fixed, an eigenvector, against quadrature."""
    steps = np.array([4e-9, 2e-9, 1e-9])
    errors = []
    for step in steps:
        x, matrix = one_step_operator(replace(island, scheme=scheme), step, WIDTH)
        errors.append(abs(averages(matrix) @ x**2 / _exact(2) - 1))
    assert abs(np.polyfit(np.log(steps), np.log(errors), 1)[0] - order) < 0.2
    assert errors[-1] < {2: 2e-3, 1: 3e-2}[order]


@pytest.mark.parametrize(("scheme", "order"), [("splitting", 2), ("heun", 2), ("euler", 1)])
def test_order_of_expectations_in_time(island, scheme, order) -> None:
    """<v^2> and <v> after 32 ns from 50 mV; differences of successive steps fall by 2^order."""
    found = []
    for step in (4e-9, 2e-9, 1e-9, 0.5e-9):
        x, matrix = one_step_operator(replace(island, scheme=scheme), step, WIDTH)
        power = np.linalg.matrix_power(matrix, round(32e-9 / step))
        start = np.array([np.prod([(0.05 - x[k]) / (x[j] - x[k]) for k in range(len(x)) if k != j])
                          for j in range(len(x))])  # fmt: skip
        found.append([start @ power @ x**p for p in (1, 2)])
    differences = np.abs(np.diff(np.array(found), axis=0))
    slopes = np.log2(differences[:-1] / differences[1:])
    assert np.all(np.abs(slopes[-1] - order) < 0.3), slopes


@pytest.mark.parametrize("scheme", ["splitting", "heun", "euler"])
def test_paths_converge_with_common_noise(island, scheme) -> None:
    """Root mean square difference of paths of h and h / 2 with the same noise: strong order 1.

    The noise of a long linear step is what two short ones add up to: a n_1 + n_2, of the short step's decay a.
    """
    replicas, span = 4000, 64e-9
    rng = np.random.default_rng(4)
    finest = 0.5e-9
    z = rng.standard_normal((round(span / finest), 1, replicas))
    linear, _ = linear_step(replace(island, scheme=scheme), finest)
    noise, decay = z * linear.factor[0, 0], linear.decay[0, 0] if scheme == "splitting" else 1.0
    ends, step = [], finest
    for _ in range(4):
        one = replace(island, scheme=scheme)
        linear, inputs = linear_step(one, step)
        x = np.full((1, replicas), 0.05)
        for n in noise:
            x = step_in_numpy(one, x, np.zeros((0, replicas)), linear, inputs, step, n / linear.factor[0, 0])
        ends.append(x)
        noise = decay * noise[0::2] + noise[1::2]
        decay, step = decay**2, 2 * step
    apart = [np.sqrt(np.mean((a - b) ** 2)) for a, b in pairwise(ends)]
    slope = np.polyfit(np.arange(3), np.log2(apart), 1)[0]
    assert abs(slope - 1) < 0.2


@pytest.mark.parametrize("step", [2e-9, 20e-9])
def test_bias_of_straight_curves_is_the_closed_form(tmp_path, step) -> None:
    """A tanh that never saturates beside a resistor: v / (s / 2 k) as docs/explanation/nonlinear.md gives it."""
    line = """
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R: {type: resistor, r: 100 kOhm, noisy: false, pins: {p: x, n: 0}}
  T: {type: tanh_conductance, g: 6 uS, i_max: 1 A, noisy: false, pins: {p: x, n: 0}}
  N: {type: white_noise, psd: 2e-20 A^2/Hz, pins: {p: x, n: 0}}
"""
    island = chip(tmp_path, line).program.nonlinear_islands[0]
    assert island.actual.rest.kind[0] == TANH
    x, matrix = one_step_operator(island, step, WIDTH)
    k1, k2, s = 1e7, 6e6, 1e-20 / 1e-24
    m, e = 1 - k2 * step / 2 + (k2 * step) ** 2 / 8, np.exp(-2 * k1 * step)
    exact = m**2 * (1 - e) / (1 - m**4 * e) * s / (2 * k1)
    assert averages(matrix) @ x**2 == pytest.approx(exact, rel=1e-8)
    share = exact / (s / (2 * (k1 + k2))) - 1
    second = -((2 * k1 * k2 + k2**2) / 6 - k2**3 / 24 / (k1 + k2)) * step**2
    assert share == pytest.approx(second, rel=min(0.1, (k1 + k2) * step / 3))


@pytest.mark.parametrize("step", [2e-9, 10e-9])
def test_bias_of_eulers_method_on_a_straight_curve_is_the_closed_form(tmp_path, step) -> None:
    """Euler and Maruyama's variance of a mode of rate k is 2 / (2 - k h) times too large; Heun's is not that."""
    line = """
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  T: {type: tanh_conductance, g: 16 uS, i_max: 1 A, noisy: false, pins: {p: x, n: 0}}
  N: {type: white_noise, psd: 2e-20 A^2/Hz, pins: {p: x, n: 0}}
"""
    island = chip(tmp_path, line).program.nonlinear_islands[0]
    shares = {}
    for scheme in ("euler", "heun"):
        x, matrix = one_step_operator(replace(island, scheme=scheme), step, WIDTH)
        shares[scheme] = averages(matrix) @ x**2 / (1e-20 / 1e-24 / (2 * 1.6e7))
    assert shares["euler"] == pytest.approx(2 / (2 - 1.6e7 * step), rel=1e-8)
    assert abs(shares["heun"] - shares["euler"]) > 0.5 * (shares["euler"] - 1)


@pytest.mark.parametrize("scheme", ["heun", "euler", "splitting"])
def test_the_estimate_of_a_chosen_step_holds_within_a_factor_of_two(tmp_path, scheme) -> None:
    """The exact shift of the variance at the step chosen, in one well and in two; its estimate is BIAS at most."""
    for g1 in ("g1: -10 uS", "g1: 20 uS"):
        run = f"run: {{duration: 1 us, scheme: {scheme}, record: {{x: every 100 ns}}}}\n"
        island = chip(tmp_path, WELL.replace("g1: -10 uS", g1), run).program.nonlinear_islands[0]
        assert island.scheme == scheme
        assert abs(shift_by_step(island, np.zeros(0), island.step)) < 2 * BIAS


def test_a_step_beyond_the_linear_part_is_refused(tmp_path) -> None:
    run = "run: {duration: 1 us, scheme: euler, step: 60 ns, record: {x: every 100 ns}}\n"
    with pytest.raises(NetlistError, match=r"run\.step: 60 ns is no small step for scheme euler: the linear part of x"):
        chip(tmp_path, WELL.replace("g1: -10 uS", "g1: 20 uS"), run)
