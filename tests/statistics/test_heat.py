"""Heat and work of trajectories against the theorems and closed forms of stochastic thermodynamics.

Every test has a ledger with a fault that it must see at the same number of trajectories.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from hand_made import law

from thermosim.analysis.linear import stationary
from thermosim.analysis.thermodynamics import heat_rate, visible_entropy
from thermosim.circuit.branches import Branch
from thermosim.circuit.program import Island
from thermosim.constants import BOLTZMANN
from thermosim.engine import heat as ledgers
from thermosim.engine.heat import HeatLedger
from thermosim.engine.island import IslandRunner

FAR = 5.0  # standard errors: p < 1e-6
R, C, T = 1e5, 1e-12, 300.0
TAU, KT = R * C, BOLTZMANN * T


class Chip:
    """Resistors (ends, ohm, kelvin), current sources (ends, ampere), capacitors (ends, farad) among nodes a, b, .."""

    def __init__(self, nodes, resistors, capacitors, currents=(), inputs=()):
        self.nodes, self.inputs = tuple(nodes), tuple(inputs)
        row = {net: k for k, net in enumerate((*nodes, *inputs))}

        def column(ends):
            found = np.zeros(len(row))
            for net, sign in zip(ends, (1.0, -1.0), strict=True):
                if net in row:
                    found[row[net]] += sign
            return found

        n = len(nodes)
        g, c, s = np.zeros((3, len(row), len(row)))
        i = np.zeros(n)
        self.branches = []
        for ends, ohm, kelvin in resistors:
            b, noise = column(ends), 2 * BOLTZMANN * kelvin / ohm
            g, s = g + np.outer(b, b) / ohm, s + noise * np.outer(b, b)
            self.branches.append(Branch("R", "resistor", ends, b[:n], 0.0, 1 / ohm, noise, kelvin, 0.0))
        for ends, ampere in currents:
            i += ampere * column(ends)[:n]
            self.branches.append(Branch("I", "current_source", ends, column(ends)[:n], 0.0, 0.0, 0.0, None, ampere))
        for ends, farad in capacitors:
            c = c + farad * np.outer(column(ends), column(ends))
        found = law(c[:n, :n], g[:n, :n], s[:n, :n], -g[:n, n:], -c[:n, n:], i)
        self.island = Island(nodes[0], self.nodes, self.inputs, found, found, np.zeros(n))
        self.law = found

    @property
    def covariance(self):
        return stationary(self.law.capacitance, self.law.conductance, self.law.noise)

    @property
    def closed(self):
        """Mean heat rates without drive."""
        return np.array(
            [heat_rate(self.law.capacitance, self.covariance, one.column, 0.0, one.conductance, one.intensity)
             for one in self.branches]
        )  # fmt: skip

    def started(self, replicas, seed, mean=0.0, temperature=None):
        """A runner with its ledger in the stationary state about `mean`, booking from now on."""
        runner = IslandRunner(self.island, np.zeros((len(self.inputs), replicas)), seed, 1)
        root = np.linalg.cholesky(self.covariance)
        runner.state[:] = mean + root @ np.random.default_rng(seed).standard_normal(runner.state.shape)
        runner.book(HeatLedger(self.island, self.branches, seed, replicas), 0)
        return runner


def fs(seconds):
    return round(seconds * 1e15)


def ring(cold=300.0):
    """R = (1, 3) x 100 kOhm, coupler 200 kOhm, C = (1, 2) pF: the network of hidden entropy production."""
    return Chip(
        "ab", [(("a", "0"), R, T), (("b", "0"), 3 * R, T), (("a", "b"), 2 * R, cold)],
        [(("a", "0"), C), (("b", "0"), 2 * C)],
    )  # fmt: skip


def ciliberto():
    """Two cells at 300 and 600 K, coupled by a capacitor."""
    return Chip(
        "ab", [(("a", "0"), R, 300.0), (("b", "0"), 2 * R, 600.0)],
        [(("a", "0"), C), (("b", "0"), 2 * C), (("a", "b"), 1.5 * C)],
    )  # fmt: skip


def rates(chip, monkeypatch, coarse, areas, replicas=20_000, span=10 * TAU, seed=3):
    """Mean heat rates and their standard errors; `coarse`: one piece in tau; without areas: the midpoint rule."""
    monkeypatch.setattr(ledgers, "PER_TIME", 1 if coarse else 8)
    if not areas:
        exact = ledgers.heat_step
        monkeypatch.setattr(ledgers, "heat_step", lambda *a: _midpoint(exact(*a)))
    runner = chip.started(replicas, seed)
    for k in range(10):
        runner.advance(fs((k + 1) * span / 10))
    heat = runner.ledger.heat / span
    monkeypatch.undo()
    return heat.mean(axis=1), heat.std(axis=1) / math.sqrt(replicas)


def _midpoint(step):
    return replace(
        step, weights=0 * step.weights, constant=0 * step.constant, shift=0 * step.shift, swirl=0 * step.swirl
    )


def _quiet(step):
    """Expected areas alone: right means, too little fluctuation."""
    return replace(step, shift=0 * step.shift, swirl=0 * step.swirl)


def test_mean_heats_of_two_temperatures_are_those_of_ciliberto_and_others(monkeypatch):
    chip = ciliberto()
    c1, c2, cc, r1, r2 = C, 2 * C, 1.5 * C, R, 2 * R
    x, y = c1 * c2 + cc * (c1 + c2), (c1 + cc) * r1 + (c2 + cc) * r2
    into_first = BOLTZMANN * cc**2 * 300.0 / (x * y)
    np.testing.assert_allclose(chip.closed, [into_first, -into_first], rtol=1e-9)
    for coarse in (False, True):
        mean, error = rates(chip, monkeypatch, coarse, areas=True)
        assert np.all(np.abs(mean - chip.closed) < FAR * error)
    mean, error = rates(chip, monkeypatch, coarse=True, areas=False)
    assert np.any(np.abs(mean - chip.closed) > FAR * error)


def test_a_cold_coupler_takes_the_heat_that_the_voltages_hide(monkeypatch):
    chip = ring(cold=3.0)
    assert chip.closed @ [TAU / KT, TAU / KT, 100 * TAU / KT] == pytest.approx(33.4, rel=1e-2)
    diffusion = np.linalg.solve(chip.law.capacitance, np.linalg.solve(chip.law.capacitance, chip.law.noise).T)
    drift = np.linalg.solve(chip.law.capacitance, chip.law.conductance)
    assert visible_entropy(drift, chip.covariance, diffusion) * TAU == pytest.approx(0.26, rel=2e-2)
    for coarse in (False, True):
        mean, error = rates(chip, monkeypatch, coarse, areas=True)
        assert np.all(np.abs(mean - chip.closed) < FAR * error)
    mean, error = rates(chip, monkeypatch, coarse=True, areas=False)
    assert np.all(np.abs(mean - chip.closed) > FAR * error)


def test_the_symmetric_pair_with_a_noiseless_coupler_loses_2_g_over_1_plus_2_g(monkeypatch):
    g = 0.5
    chip = Chip(
        "ab", [(("a", "0"), R, T), (("b", "0"), R, T), (("a", "b"), R / g, 0.0)],
        [(("a", "0"), C), (("b", "0"), C)],
    )  # fmt: skip
    power = KT / TAU * 2 * g / (1 + 2 * g)
    mean, error = rates(chip, monkeypatch, coarse=False, areas=True)
    assert np.all(np.abs(mean - np.array([-power / 2, -power / 2, power])) < FAR * error)
    mean, error = rates(chip, monkeypatch, coarse=True, areas=False)
    assert abs(mean[2] - power) > FAR * error[2]


def test_the_first_law_closes_to_round_off_at_any_step():
    """Two driven nets, one through a capacitor, that step; a current source; three baths."""
    chip = Chip(
        "ab", [(("a", "u"), R, 300.0), (("b", "0"), 2 * R, 600.0), (("a", "b"), R, 50.0)],
        [(("a", "0"), C), (("b", "w"), C), (("a", "b"), C / 2), (("a", "w"), C / 3)],
        [(("b", "0"), 3e-10)], ("u", "w"),
    )  # fmt: skip
    runner = chip.started(64, 1)
    generator = np.random.default_rng(5)
    now = 0.0
    for length in (1e-3, 0.1, 2.0, 300.0, 1e-6):
        now += length * TAU
        runner.advance(fs(now))
        runner.drive(np.array([0, 1]), 1e-3 * generator.normal(size=(2, 64)))
    ledger = runner.ledger
    size = np.abs(ledger.heat).sum(axis=0) + np.abs(ledger.work).sum(axis=0)
    residue = ledger.work.sum(axis=0) - ledger.heat.sum(axis=0) - ledger.gained
    assert np.abs(residue / size).max() < 1e-13
    # A ledger that books a step of a net at its new voltage is seen.
    wrong = runner.ledger.work.copy()
    before, held = runner.state.copy(), runner._held.copy()
    runner.drive(np.array([0, 1]), held[:2] + 1e-3)
    coupling = chip.law.input_capacitance
    through = coupling.sum(axis=0)[:, None] * 1e-3 - coupling.T @ (runner.state - before)
    wrong += (held[:2] + 1e-3) * through
    assert np.abs(wrong.sum(axis=0) - ledger.heat.sum(axis=0) - ledger.gained).max() > 1e-6 * size.max()


def dragged(replicas=100_000, seed=2, span=1.5):
    """RC with a constant current in its stationary state: work and heat [kT] in `span` tau; w = I^2 R tau / kT = 1."""
    current = math.sqrt(KT / (R * TAU))
    chip = Chip("a", [(("a", "0"), R, T)], [(("a", "0"), C)], [(("a", "0"), current)])
    runner = chip.started(replicas, seed, mean=current * R)
    for k in range(3):
        runner.advance(fs(span * TAU * (k + 1) / 3))
    return -runner.ledger.heat[1] / KT, runner.ledger.heat[0] / KT


def characteristic(q, w, t):
    """<exp(i q Q)> of the heat of a dragged RC (van Zon, Ciliberto, Cohen, PRL 92, 130601), in units of kT and tau."""
    left, twice = 1 - math.exp(-t), 1 - math.exp(-2 * t)
    exponent = w * q * (1j - q) * (t - 2 * q**2 * left**2 / (1 + twice * q**2))
    return np.exp(exponent) / np.sqrt(1 + twice * q**2)


def test_work_and_heat_of_a_dragged_rc_have_the_law_of_van_zon_ciliberto_and_cohen():
    t = 1.5
    work, heat = dragged(span=t)
    n = len(work)
    variance = 2 * (t - (1 - math.exp(-t)))
    assert abs(work.mean() - t) < FAR * math.sqrt(variance / n)
    assert abs(work.var() / variance - 1) < FAR * math.sqrt(2 / n)

    def far(values, q):
        phase = np.exp(1j * q * values)
        wrong = phase.mean() - characteristic(q, 1.0, t)
        return max(abs(wrong.real) / phase.real.std(), abs(wrong.imag) / phase.imag.std()) * math.sqrt(n)

    for q in (0.2, 0.4, 1.0, 2.0):
        assert far(heat, q) < FAR
        assert far(work, q) > FAR  # heat is not work less its mean change of energy, but less what each path stored


def test_jarzynski_and_crooks_for_a_node_that_is_kicked_in_steps():
    """A driven net climbs a staircase behind a capacitor; work on the node is its energy gained plus heat given off.

    The free energy of the node does not depend on the net's voltage; work is Gaussian, since all is linear, so that
    Crooks' relation is var W = 2 kT <W>.
    """
    chip = Chip("a", [(("a", "0"), R, T)], [(("a", "0"), C), (("a", "w"), C)], inputs=("w",))
    replicas = 100_000
    runner = chip.started(replicas, 8)
    start = runner.state.copy()
    kick = math.sqrt(KT / C)
    for k in range(1, 6):
        runner.drive(np.array([0]), np.full((1, replicas), 0.4 * k * kick))
        runner.advance(fs(0.3 * TAU * k))
    gained = (runner.state**2 - start**2)[0] * (2 * C) / 2
    work = (gained + runner.ledger.heat[0]) / KT

    def errors(work):
        weight = np.exp(-work)
        crooks = (work - work.mean()) ** 2 - 2 * work.mean()
        spread = (work - work.mean()) ** 2 - 2 * work
        return [
            abs(weight.mean() - 1) / weight.std() * math.sqrt(replicas),
            abs(crooks.mean()) / spread.std() * math.sqrt(replicas),
        ]

    assert max(errors(work)) < FAR
    assert min(errors(work * 0.95)) > FAR  # kT 5 % too high
    assert work.mean() > 0.3  # far from reversible


def total_entropy(chip, replicas, span, seed):
    """Entropy of the baths and of the stationary law along each path [k]."""
    runner = chip.started(replicas, seed)
    inverse = np.linalg.inv(chip.covariance)

    def surprise():
        return np.einsum("ir,ij,jr->r", runner.state, inverse, runner.state) / 2

    before = surprise()
    for k in range(4):
        runner.advance(fs(span * (k + 1) / 4))
    kelvin = np.array([one.temperature for one in chip.branches])
    return (runner.ledger.heat / (BOLTZMANN * kelvin[:, None])).sum(axis=0) + surprise() - before, runner


def test_the_integral_fluctuation_theorem_for_total_entropy_holds_in_a_steady_state(monkeypatch):
    """<exp(-S)> = 1 (Seifert, PRL 95, 040602): the whole law of the split between baths, not its mean alone."""
    chip, replicas = ring(cold=75.0), 100_000
    span = 1.0 * TAU

    def far():
        entropy, _ = total_entropy(chip, replicas, span, 6)
        weight = np.exp(-entropy)
        return abs(weight.mean() - 1) / weight.std() * math.sqrt(replicas)

    exact = ledgers.heat_step
    for pieces in (8, 1):
        monkeypatch.setattr(ledgers, "PER_TIME", pieces)
        monkeypatch.setattr(ledgers, "heat_step", exact)
        assert far() < FAR
    monkeypatch.setattr(ledgers, "heat_step", lambda *a: _quiet(exact(*a)))
    assert far() > FAR


def test_heat_into_a_cold_coupler_is_no_more_precise_than_its_entropy_allows():
    """var Q / <Q>^2 >= 2 / S with the entropy of every bath; with the entropy that the voltages show it is violated."""
    chip, span, replicas = ring(cold=3.0), 20 * TAU, 20_000
    _, runner = total_entropy(chip, replicas, span, 7)
    heat = runner.ledger.heat[2]
    ratio = heat.var() / heat.mean() ** 2
    error = ratio * math.sqrt(2 / replicas + 4 * ratio / replicas)
    entropy = float(chip.closed @ [1 / KT, 1 / KT, 100 / KT]) * span
    assert ratio + FAR * error > 2 / entropy
    diffusion = np.linalg.solve(chip.law.capacitance, np.linalg.solve(chip.law.capacitance, chip.law.noise).T)
    drift = np.linalg.solve(chip.law.capacitance, chip.law.conductance)
    assert ratio + FAR * error < 2 / (visible_entropy(drift, chip.covariance, diffusion) * span)


def test_the_long_time_form_of_the_fluctuation_function_of_heat_follows_from_the_characteristic_function():
    """lim (1/t) ln P(pt)/P(-pt) = p to 1, p - (p - 1)^2 / 4 to 3, then 2: heat does not obey the theorem of work.

    By Legendre: I(p) = sup over -1 < l < 1 of -l p - ln <exp(-l Q)> / t. What is left falls as the root of the time.
    """

    def cumulants(bias, t):
        """ln <exp(-l Q)>: the same law at q = i l."""
        left, twice = -np.expm1(-t), -np.expm1(-2 * t)
        rest = 1 - twice * bias**2
        return -bias * (1 - bias) * (t + 2 * bias**2 * left**2 / rest) - np.log(rest) / 2

    few = np.array([-0.8, -0.3, 0.6])
    np.testing.assert_allclose(cumulants(few, 1.5), np.log(characteristic(1j * few, 1.0, 1.5).real), rtol=1e-12)
    near = np.geomspace(1e-6, 1, 4001)[:-1]
    bias = np.concatenate([near - 1, 1 - near])

    def apart(p, wanted, t):
        rate = cumulants(bias, t) / t
        return (bias * p - rate).max() - (-bias * p - rate).max() - wanted

    for p, wanted in ((0.4, 0.4), (0.9, 0.9), (2.0, 1.75), (2.8, 1.99), (3.5, 2.0), (6.0, 2.0)):
        assert abs(apart(p, wanted, 1e6)) < 6e-3
        assert abs(apart(p, wanted, 1e6)) < max(0.15 * abs(apart(p, wanted, 1e4)), 1e-4)
