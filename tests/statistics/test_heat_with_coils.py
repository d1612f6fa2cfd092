"""Heat in networks with inductors: closed forms, the first law to round-off, fluctuation theorems, equipartition.

Two equal RC cells at T1 and T2 joined by an inductor: heat k (T1 - T2) / (2 (R C + L / R)) into the second. From the
moments of C dv1 = -v1 / R - i, C dv2 = -v2 / R + i, L di = v1 - v2 with their noise: <v1 i> = <v2 i> = p is the heat,
<v1 v2> = 0, <v1^2> = k T1 / C - R p, <v2^2> = k T2 / C + R p, and (<v1^2> - <v2^2>) / L = 2 p / (R C).
"""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import thermosim as ts
from thermosim.analysis.linear import stationary
from thermosim.circuit.branches import branches
from thermosim.constants import BOLTZMANN
from thermosim.engine import heat as ledgers
from thermosim.engine.heat import HeatLedger
from thermosim.engine.island import IslandRunner
from thermosim.errors import ThermosimError
from thermosim.measure.network import heat_of

FAR = 5.0

PAIR = """\
  Ca: {type: capacitor, c: 1 pF, pins: {p: a, n: 0}}
  Cb: {type: capacitor, c: 1 pF, pins: {p: b, n: 0}}
  Ra: {type: resistor, r: 100 kOhm, temperature: 600 K, pins: {p: a, n: 0}}
  Rb: {type: resistor, r: 100 kOhm, temperature: 150 K, pins: {p: b, n: 0}}
  L: {type: inductor, l: 4 mH, pins: {p: b, n: a}}
"""
COUPLED = """\
  Ca: {type: capacitor, c: 1 pF, pins: {p: a, n: 0}}
  Cb: {type: capacitor, c: 2 pF, pins: {p: b, n: 0}}
  Ra: {type: resistor, r: 100 kOhm, pins: {p: a, n: 0}}
  Rb: {type: resistor, r: 50 kOhm, temperature: 900 K, pins: {p: b, n: 0}}
  Rab: {type: resistor, r: 30 kOhm, temperature: 75 K, pins: {p: a, n: b}}
  La: {type: inductor, l: 3 mH, pins: {p: a, n: b}}
  Lb: {type: inductor, l: 5 mH, pins: {p: 0, n: b}}
  M: {type: mutual, a: La, b: Lb, k: 0.4}
"""
DRIVEN = """\
  Ca: {type: capacitor, c: 1 pF, pins: {p: a, n: 0}}
  Cb: {type: capacitor, c: 2 pF, pins: {p: b, n: w}}
  Rb: {type: resistor, r: 50 kOhm, temperature: 900 K, pins: {p: b, n: w}}
  Ra: {type: resistor, r: 200 kOhm, pins: {p: a, n: b}}
  La: {type: inductor, l: 3 mH, pins: {p: u, n: a}}
  Lb: {type: inductor, l: 5 mH, pins: {p: b, n: a}}
  M: {type: mutual, a: La, b: Lb, k: -0.3}
  I: {type: current_source, i: 3 nA, pins: {p: b, n: 0}}
  U: {type: voltage_source, v: 2 mV, pins: {p: u, n: 0}}
  W: {type: voltage_source, v: 1 mV, pins: {p: w, n: 0}}
"""


class Network:
    """An island of a netlist, started in its stationary state about `mean` with a ledger that books from then on."""

    def __init__(self, folder: Path, elements: str) -> None:
        file = folder / "coils.yaml"
        run = "run: {duration: 1 us, record: {a: every 100 ns}, measure: [heat]}\n"
        file.write_text(f"thermosim: 1\nname: coils\ntemperature: 300 K\ninstances:\n{elements}{run}")
        chip = ts.load(file)
        (self.island,) = chip.program.islands
        self.law, self.branches = self.island.actual, branches(chip.circuit, self.island, {})
        rates = np.linalg.eigvals(np.linalg.solve(self.law.capacitance, self.law.conductance))
        self.fastest, self.slowest = 1 / np.abs(rates).max(), 1 / rates.real.min()
        self.covariance = stationary(self.law.capacitance, self.law.conductance, self.law.noise)
        self.deviation = np.sqrt(np.diag(self.covariance))
        self.closed = np.array(
            [heat_of(one, self.law.capacitance, np.zeros(len(rates)), self.covariance).watts for one in self.branches]
        )

    def started(self, replicas: int, seed: int) -> IslandRunner:
        runner = IslandRunner(self.island, np.zeros((len(self.island.inputs), replicas)), seed, 1)
        root = np.linalg.cholesky(self.covariance / np.outer(self.deviation, self.deviation))
        normals = np.random.default_rng(seed).standard_normal(runner.state.shape)
        runner.state[:] = self.deviation[:, None] * (root @ normals)
        runner.book(HeatLedger(self.island, self.branches, seed, replicas), 0)
        return runner


def advance(runner, span, steps=5):
    start = runner.time
    for k in range(steps):
        runner.advance(start + round((k + 1) * span / steps * 1e15))


def wrong(monkeypatch, **parts):
    """Steps whose named parts are zero."""
    exact = ledgers.heat_step
    monkeypatch.setattr(
        ledgers, "heat_step", lambda *a: replace(step := exact(*a), **{name: 0 * getattr(step, name) for name in parts})
    )


def test_two_cells_joined_by_an_inductor_exchange_heat_in_closed_form(tmp_path):
    net = Network(tmp_path, PAIR)
    power = BOLTZMANN * 450 / (2 * (1e5 * 1e-12 + 4e-3 / 1e5))
    np.testing.assert_allclose(net.closed, [-power, power], rtol=1e-9)
    span, replicas = 20 * net.slowest, 10_000
    runner = net.started(replicas, 2)
    advance(runner, span)
    heat = runner.ledger.heat / span
    error = heat.std(axis=1) / math.sqrt(replicas)
    assert np.all(np.abs(heat.mean(axis=1) - net.closed) < FAR * error)
    assert np.all(np.abs(heat.mean(axis=1) - 0.9 * net.closed) > FAR * error)


@pytest.mark.parametrize("pieces", [8, 1])
def test_mean_heats_are_those_of_the_closed_form_at_any_step(tmp_path, monkeypatch, pieces):
    net, replicas = Network(tmp_path, COUPLED), 40_000
    monkeypatch.setattr(ledgers, "PER_TIME", pieces)

    def far():
        span = 20 * net.fastest
        runner = net.started(replicas, 3)
        advance(runner, span)
        heat = runner.ledger.heat / span
        return np.abs(heat.mean(axis=1) - net.closed).max() / (heat.std(axis=1).max() / math.sqrt(replicas))

    assert far() < FAR
    if pieces == 1:
        wrong(monkeypatch, weights=0, constant=0, shift=0, swirl=0)  # the midpoint rule
        assert far() > FAR


def test_the_first_law_closes_to_round_off(tmp_path):
    """Driven nets that step, one behind an inductor, one behind a capacitor; a current source; mutual inductance."""
    net = Network(tmp_path, DRIVEN)
    runner = net.started(64, 4)
    generator = np.random.default_rng(5)
    for length in (1e-3, 0.1, 2.0, 100.0, 1e-6):
        advance(runner, length * net.fastest, steps=1)
        runner.drive(np.array([0, 1]), 1e-3 * generator.normal(size=(2, 64)))
    ledger = runner.ledger
    size = np.abs(ledger.heat).sum(axis=0) + np.abs(ledger.work).sum(axis=0)
    residue = ledger.work.sum(axis=0) - ledger.heat.sum(axis=0) - ledger.gained
    assert np.abs(residue / size).max() < 1e-12
    coils = net.island.parity < 0
    current = runner.state[coils]
    inside = (current * (net.law.capacitance[np.ix_(coils, coils)] @ current)).sum(axis=0) / 2
    assert np.abs((residue + inside) / size).max() > 1e-4  # a ledger without what the coils hold is seen


def test_coils_and_capacitors_hold_half_a_k_t_each_and_their_matrix(tmp_path):
    """One temperature, from rest: cov v = k T C^-1, cov i = k T L^-1, uncorrelated, with noise in resistors alone."""
    net = Network(tmp_path, COUPLED.replace(", temperature: 900 K", "").replace(", temperature: 75 K", ""))
    kt = BOLTZMANN * 300
    apart = (net.covariance - kt * np.linalg.inv(net.law.capacitance)) / np.outer(net.deviation, net.deviation)
    assert np.abs(apart).max() < 1e-10
    np.testing.assert_allclose(net.closed, 0, atol=1e-9 * kt / net.fastest)
    replicas = 20_000
    runner = net.started(replicas, 6)
    runner.state[:] = 0.0
    advance(runner, 15 * net.slowest, steps=3)
    scaled = runner.state / net.deviation[:, None]
    wanted = net.covariance / np.outer(net.deviation, net.deviation)
    found = scaled @ scaled.T / replicas
    limit = FAR * np.sqrt((wanted**2 + 1) / replicas)
    assert np.all(np.abs(found - wanted) < limit)
    assert np.any(np.abs(1.1 * found - wanted) > limit)
    gained = runner.ledger.gained / kt
    assert abs(gained.mean() - 2) < FAR * gained.std() / math.sqrt(replicas)  # four degrees of freedom
    assert abs(1.1 * gained.mean() - 2) > FAR * gained.std() / math.sqrt(replicas)


def test_the_integral_fluctuation_theorem_holds_with_currents(tmp_path, monkeypatch):
    """<exp(-S)> = 1 for the entropy of baths and of the stationary law; S of a current needs no sign, being even."""
    net, replicas = Network(tmp_path, COUPLED), 100_000
    inverse = np.linalg.inv(net.covariance / np.outer(net.deviation, net.deviation))

    def far():
        runner = net.started(replicas, 7)

        def surprise():
            scaled = runner.state / net.deviation[:, None]
            return np.einsum("ir,ij,jr->r", scaled, inverse, scaled) / 2

        before = surprise()
        advance(runner, 2 * net.fastest, steps=2)
        kelvin = np.array([one.temperature for one in net.branches])
        entropy = (runner.ledger.heat / (BOLTZMANN * kelvin[:, None])).sum(axis=0) + surprise() - before
        weight = np.exp(-entropy)
        return abs(weight.mean() - 1) / weight.std() * math.sqrt(replicas)

    monkeypatch.setattr(ledgers, "PER_TIME", 4)
    assert far() < FAR
    monkeypatch.setattr(ledgers, "PER_TIME", 1)
    wrong(monkeypatch, shift=0, swirl=0)  # expected areas alone
    assert far() > FAR


@pytest.mark.parametrize("coils", [2, 3])
def test_noise_behind_three_coils_is_refused_and_behind_two_it_is_not(tmp_path, coils):
    ladder = "".join(f"  C{k}: {{type: capacitor, c: 1 nF, pins: {{p: x{k}, n: 0}}}}\n" for k in range(coils + 1))
    ladder += "".join(f"  L{k}: {{type: inductor, l: 1 mH, pins: {{p: x{k}, n: x{k + 1}}}}}\n" for k in range(coils))
    ladder = ladder.replace("x0", "a") + "  R: {type: resistor, r: 1 kOhm, pins: {p: a, n: 0}}\n"
    if coils == 2:
        net = Network(tmp_path, ladder)
        runner = net.started(64, 1)
        advance(runner, 50 * net.fastest)
        residue = np.abs(runner.ledger.heat.sum(axis=0) + runner.ledger.gained)
        assert residue.max() < 1e-10 * np.abs(runner.ledger.heat).mean()
    else:
        with pytest.raises(ThermosimError, match=r"through three inductors in a row \('i\(L2\)'\)"):
            Network(tmp_path, ladder)


def test_a_run_prints_closed_forms_beside_what_it_booked(tmp_path):
    """Work of a net that drives through an inductor included; the mean of it is V <i>."""
    file = tmp_path / "driven.yaml"
    run = "run: {duration: 40 us, burn_in: 5 us, replicas: 128, record: {a: every 1 us}, measure: [heat]}\n"
    file.write_text(f"thermosim: 1\nname: coils\ntemperature: 300 K\ninstances:\n{DRIVEN}{run}")
    chip = ts.load(file)
    (ledger,) = ts.measure(ts.simulate(chip, seed=1)).heat
    assert ledger.residue < 1e-12
    (analysis,) = ts.analyze(chip)
    works = {flow.path: flow.watts for flow in (*analysis.works, *analysis.heats)}
    rates = (*ledger.baths, *ledger.sources)
    assert {rate.path for rate in rates} == {"Ra", "Rb", "I", "u", "w"}
    for rate in rates:
        assert rate.expected == pytest.approx(works[rate.path], rel=1e-9)
        assert abs(rate.watts - rate.expected) < FAR * rate.error
    through = next(rate for rate in ledger.sources if rate.path == "u")
    assert abs(through.expected) > 2 * FAR * through.error
