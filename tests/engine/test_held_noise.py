"""Held digital noise: its periodic state, its levels, and runs against both; every network is asymmetric."""

import numpy as np
import pytest
from noisy_chips import c, chip, known, noise, r
from scipy.linalg import expm, solve_discrete_lyapunov
from scipy.stats import chi2

from thermosim.analysis import held, linear
from thermosim.constants import BOLTZMANN
from thermosim.engine.simulator import run
from thermosim.measure.network import imbalance

R, C, T = 1e6, 1e-12, 1e7
TAU = R * C
UNIT = BOLTZMANN * T / C
CELL = [r("R", R, "x", more=", noisy: false"), c("C", C, "x")]
CLOCK = ", clock: ck"


def source(more="", net="x", name="H", clock=CLOCK):
    return noise(name, "held_noise", f"t_eff: {T!r} K, conductance: {1 / R!r} S{more}", net, more=clock)


def clock(period, net="ck", name="K"):
    return f"{name}: {{type: clock, frequency: {1 / period!r} Hz, pins: {{out: {net}}}}}"


@pytest.mark.parametrize("ratio", [1e-5, 0.1, 1.0, 5.0, 1e4])
def test_a_node_under_held_noise_is_known_at_the_edges_and_in_the_mean(ratio):
    found = known([*CELL, source(), clock(ratio * TAU)])
    assert found.edges == pytest.approx(UNIT * 2 / ratio * np.tanh(ratio / 2), rel=1e-9)
    mean = 2 / ratio * (1 + np.expm1(-ratio) / ratio)
    assert found.covariance == pytest.approx(UNIT * mean, rel=1e-9 + 1e-16 / ratio**2)
    assert found.low_density == pytest.approx(4 * BOLTZMANN * T * R, rel=1e-12)
    assert abs(imbalance(found)) < 1e-9
    assert not found.reversible


def test_the_published_value():
    found = known([*CELL, source(), clock(TAU)])
    assert found.edges[0, 0] / UNIT == pytest.approx(0.924, abs=5e-4)
    assert found.covariance[0, 0] / UNIT == pytest.approx(2 / np.e, rel=1e-9)


WIDE = [
    r("R1", R, "x"), c("C1", C, "x"), r("R2", 3 * R, "y"), c("C2", 2 * C, "y"), r("R12", 2 * R, "x", "y"),
    r("R3", R, "z"), r("R4", 4 * R, "z", "y"),
]  # fmt: skip
"""Two nodes and a third without capacitance."""


def test_a_network_obeys_the_equations_of_its_period():
    """Against the discrete Lyapunov equation, and against the covariance at 400 phases of a period."""
    period = 0.7e-6
    parts = [*WIDE, source(net="x"), source(", bits: 3, clip: 2", net="z", name="G"), clock(period)]
    program = chip(parts)[1]
    (island,) = program.islands
    law = island.actual
    drift = linear.drift(law.capacitance, law.conductance)
    into = np.linalg.solve(law.capacitance, law.input_conductance)
    level = np.diag([2 * BOLTZMANN * T / R / period * share for share in (held.level_moments(3, 2.0)[0], 1.0)])
    assert island.inputs == ("n(G)", "n(H)")

    def moved(time):
        return np.linalg.solve(drift, np.eye(2) - expm(-drift * time)) @ into

    whole = moved(period)
    own = linear.stationary(law.capacitance, law.conductance, law.noise)
    edges = solve_discrete_lyapunov(expm(-drift * period), whole @ level @ whole.T)
    found = known(parts)
    np.testing.assert_allclose(found.edges, own + edges, rtol=1e-10)
    phases = (np.arange(400) + 0.5) / 400 * period
    along = [expm(-drift * t) @ edges @ expm(-drift * t).T + moved(t) @ level @ moved(t).T for t in phases]
    np.testing.assert_allclose(found.covariance, own + np.mean(along, axis=0), rtol=1e-5)
    assert np.abs(found.edges / found.covariance - 1).max() > 0.02, "the phase must matter here"
    assert abs(imbalance(found)) < 1e-12
    assert sum(one.of_all for one in found.contributions) == pytest.approx(1, rel=1e-12)
    assert {one.path for one in found.contributions} >= {"H", "G", "R1", "R2", "R12"}


def test_two_clocks_have_a_mean_and_no_common_edge():
    apart = [known([*WIDE, source(net=net), clock(period)]) for net, period in (("x", 1e-6), ("y", 0.3e-6))]
    other = source(net="y", name="G", clock=", clock: cl")
    both = known([*WIDE, source(), clock(1e-6), other, clock(0.3e-6, "cl", "L")])
    own = known(WIDE).covariance
    np.testing.assert_allclose(both.covariance, apart[0].covariance + apart[1].covariance - own, rtol=1e-10)
    assert both.edges is None
    assert apart[0].edges is not None


def variance_test(seen, expected, count):
    """Whether a mean square of `count` independent values is that of a Gaussian law."""
    low, high = chi2.ppf([5e-7, 1 - 5e-7], count)
    return bool(low < seen / expected * count < high)


@pytest.mark.parametrize(("every", "expected"), [(1.0, 2 * np.tanh(0.5)), (0.5, None)])
def test_a_run_has_the_variance_of_its_phase(every, expected):
    """Drawn at the edges it has 0.924 of k T_eff / C, half-way 0.633: the mean square of 2,000 copies, once each."""
    replicas, last = 2000, "12 us" if every == 1.0 else "12.5 us"
    if expected is None:
        p, f = 2 * np.tanh(0.5), np.exp(-0.5)
        expected = f**2 * p + (1 - f) ** 2 * 2
    parts = [*CELL, source(), clock(TAU)]
    program = chip(parts, f"{{duration: {last}, record: {{x: every {last}}}}}")[1]
    x = run(program, {}, seed=5, replicas=replicas, threads=1).samples["x"][:, 0, 0]
    seen = float(np.mean(x**2)) / UNIT
    assert variance_test(seen, expected, replicas)
    assert not variance_test(seen, 2 * expected, replicas), "levels with twice the variance"
    assert not variance_test(seen, 0.633 if every == 1.0 else 0.924, replicas), "the other phase"


def test_levels_are_those_of_a_cut_and_rounded_normal_law():
    """A node that follows shows the levels themselves: 8 of them, with their odds, by a chi-square over 40,000."""
    bits, clip, ratio = 3, 1.5, 60.0
    period = ratio * TAU
    parts = [*CELL, source(f", bits: {bits}, clip: {clip}"), clock(period)]
    program = chip(parts, "{duration: 12 ms, record: {x: every 60 us}}")[1]
    samples = run(program, {}, seed=7, replicas=200, threads=1).samples["x"].ravel()
    values, odds = held.levels(bits, clip)
    unit = np.sqrt(2 * BOLTZMANN * T / R / period) * R
    nearest = np.abs(samples[:, np.newaxis] / unit - values).argmin(axis=1)
    assert np.abs(samples / unit - values[nearest]).max() < 1e-7
    counts = np.bincount(nearest, minlength=len(values))
    score = float(np.sum((counts - len(samples) * odds) ** 2 / (len(samples) * odds)))
    assert score < chi2.ppf(1 - 1e-6, len(values) - 1)
    wrong = np.full(len(values), 1 / len(values))
    assert np.sum((counts - len(samples) * wrong) ** 2 / (len(samples) * wrong)) > chi2.ppf(1 - 1e-6, len(values) - 1)
    variance, kurtosis = held.level_moments(bits, clip)
    assert variance == pytest.approx(float(odds @ values**2), rel=1e-12)
    assert kurtosis == pytest.approx(float(odds @ values**4) / variance**2 - 3)
    assert kurtosis < -1, "cut at 1.5 standard deviations the tails are gone"


def test_many_bits_are_the_normal_law():
    variance, kurtosis = held.level_moments(14, 8.0)
    assert variance == pytest.approx(1, abs=1e-6)
    assert kurtosis == pytest.approx(0, abs=1e-5)


PAIR = [*WIDE, source(", bits: 4, clip: 3"), source(net="y", name="G"), clock(1e-6)]
SHORT = "{duration: 40 us, record: {x: every 2 us, y: every 2 us}}"


def test_levels_belong_to_seed_copy_and_edge():
    program = chip(PAIR, SHORT)[1]
    few, many = (run(program, {}, seed=3, replicas=n, threads=t).samples["x"] for n, t in ((2, 1), (9, 2)))
    assert np.array_equal(few, many[:2])
    alone = chip([*PAIR, r("R9", 1e6, "w"), c("C9", 1e-12, "w"), source(net="w", name="A")], SHORT)[1]
    assert np.array_equal(few, run(alone, {}, seed=3, replicas=2, threads=1).samples["x"])


def test_an_interrupted_run_ends_with_the_same_bits():
    program = chip(PAIR, SHORT)[1]
    whole = run(program, {}, seed=3, replicas=3, threads=1)
    part = run(program, {}, seed=3, replicas=3, threads=1, stop=lambda time: time > 15 * 10**9)
    assert not part.meta["complete"]
    again = run(program, {}, seed=3, replicas=3, threads=1, resume=part)
    assert np.array_equal(whole.samples["x"], again.samples["x"])
    assert np.array_equal(whole.counters["H.updates"], again.counters["H.updates"])


def test_every_level_is_counted():
    counts = run(chip(PAIR, SHORT)[1], {}, seed=3, replicas=2, threads=1).counters
    assert np.array_equal(counts["H.updates"].sum(axis=0), [40, 40])


def test_slow_and_fast_nodes_in_one_network_keep_their_digits():
    """Rates of 1e11 and 10 Hz under levels of 1 us: 1 - Phi of the slow one is 1e-5 of what round-off would leave."""
    capacitance, rates, period = np.diag([1e-15, 1e-9]), np.array([1e11, 10.0]), 1e-6
    conductance = np.diag(np.diag(capacitance) * rates)
    conductance[1, 0] = conductance[1, 1] / 7  # one-way, so that the two are one network
    found = held.periodic(capacitance, conductance, np.array([[0.0], [1.0]]), np.array([1.0]), period)
    x = rates[1] * period
    size = 1 / conductance[1, 1] ** 2
    assert found.edges[1, 1] == pytest.approx(size * np.tanh(x / 2), rel=1e-6)
    assert found.mean[1, 1] == pytest.approx(size * (1 + np.expm1(-x) / x), rel=1e-6)
