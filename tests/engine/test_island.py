"""One island: exact steps, steps of inputs through capacitors, reading around an edge."""

from dataclasses import replace

import numpy as np
import pytest
from hand_made import adc, clock, dac, law, plan, program, rc

from thermosim.analysis.linear import stationary
from thermosim.analysis.propagator import propagator
from thermosim.circuit.program import Island
from thermosim.engine import island as engine_island
from thermosim.engine.island import IslandRunner
from thermosim.engine.simulator import run

FAR = 5.0  # standard errors: p < 1e-6


def network(noise=1e-21):
    """Two unequal nodes, two inputs, an asymmetric conductance and a coupling capacitor to the second input."""
    conductance = np.array([[3.0, -1.0], [-0.5, 2.0]]) * 1e-7
    capacitance = np.array([[1.0, -0.2], [-0.2, 2.0]]) * 1e-12
    inputs = np.array([[1.0, 0.0], [0.5, 0.2]]) * 1e-7
    coupling = np.array([[0.0, 0.1], [0.0, 0.3]]) * 1e-12
    matrices = law(capacitance, conductance, noise * np.eye(2), inputs, coupling, current=[1e-9, -2e-9])
    return Island("a", ("a", "b"), ("u", "v"), matrices, matrices, np.array([0.1, -0.2]))


def test_without_noise_the_island_follows_its_exact_transition():
    island = network(noise=0.0)
    held = np.array([[0.3, -0.1], [0.2, 0.4]])
    runner = IslandRunner(island, held, 1, 1)
    runner.advance(700_000_000)
    runner.advance(1_900_000_000)
    m = island.actual
    exact = propagator(m.capacitance, m.conductance, m.noise, m.input_conductance, m.current, 1.9e-6)
    expected = exact.decay @ np.array([[0.1, 0.1], [-0.2, -0.2]]) + exact.inputs @ np.vstack([held, [1, 1]])
    np.testing.assert_allclose(runner.state, expected, rtol=1e-12)
    assert runner.number == 2


def test_a_step_of_an_input_passes_a_coupling_capacitor_at_once():
    runner = IslandRunner(network(), np.zeros((2, 1)), 1, 1)
    before = runner.state.copy()
    runner.drive(np.array([1]), np.array([[0.5]]))
    m = runner.law
    np.testing.assert_allclose(runner.state - before, np.linalg.solve(m.capacitance, m.input_capacitance[:, 1:]) * 0.5)
    runner.drive(np.array([1]), np.array([[0.5]]))  # the same level again is no step
    np.testing.assert_allclose(runner.state - before, np.linalg.solve(m.capacitance, m.input_capacitance[:, 1:]) * 0.5)


def test_the_propagator_cache_stays_within_its_bytes(monkeypatch):
    monkeypatch.setattr(engine_island, "CACHE_BYTES", 2000)
    runner = IslandRunner(network(), np.zeros((2, 1)), 1, 1)
    for k in range(1, 60):
        runner.advance(runner.time + 1000 * k)
    assert 2 <= len(runner._cache) <= 20


def test_reading_around_an_edge_changes_nothing_on_the_island():
    quiet, watched = (IslandRunner(network(), np.zeros((2, 3)), 1, 1) for _ in range(2))
    watched.watch_aperture()
    for runner in (quiet, watched):
        runner.advance(1_000_000)
        if runner is watched:
            runner.read_around(np.array([0, 1]), np.full((2, 3), 1e-12), np.ones((2, 3)))
        runner.advance(2_500_000)
    np.testing.assert_array_equal(quiet.state, watched.state)


def test_without_noise_jitter_reads_the_slope_on_both_sides():
    runner = IslandRunner(network(noise=0.0), np.array([[0.4], [0.1]]), 1, 1)
    runner.watch_aperture()
    runner.advance(1_000_000_000)
    rows, delay = np.array([0, 1, 0, 1]), np.array([[1e-11], [1e-11], [-1e-11], [-1e-11]])
    seen = runner.read_around(rows, delay, np.ones((4, 1)))
    np.testing.assert_allclose(seen - runner.state[rows], runner.slope()[rows] * delay, rtol=1e-9, atol=1e-16)
    later = IslandRunner(network(noise=0.0), np.array([[0.4], [0.1]]), 1, 1)
    later.advance(1_000_010_000)
    np.testing.assert_allclose(seen[:2], later.state, rtol=1e-9)


def test_with_noise_jitter_reads_from_the_law_of_the_moment_before():
    # Two steps: 1 us, long against nothing, and 100 ns, so that what is read 1 ns back is a bridge.
    replicas = 40_000
    runner = IslandRunner(network(), np.zeros((2, replicas)), 3, 1)
    runner.watch_aperture()
    runner.advance(1_000_000_000)
    earlier = runner.state.copy()
    runner.advance(1_100_000_000)
    back = 1e-9
    draws = np.random.default_rng(5).standard_normal((2, replicas))
    seen = runner.read_around(np.array([0, 1]), np.full((2, replicas), -back), draws)
    m = runner.law
    exact = propagator(m.capacitance, m.conductance, m.noise, m.input_conductance, m.current, 1e-7 - back)
    noise = seen - exact.decay @ earlier - exact.inputs @ np.vstack([np.zeros((2, replicas)), np.ones((1, replicas))])
    for k in range(2):
        variance = exact.covariance[k, k]
        second_order = 2 * (back / 1e-7) ** 2 * variance
        assert abs(noise[k].var() - variance) < FAR * variance * np.sqrt(2 / replicas) + second_order
        assert abs(noise[k].mean()) < FAR * np.sqrt(variance / replicas)
        # Read forward instead, it would be the law of the moment after: 2 % more.
        wrong = runner.read_around(np.array([0, 1]), np.full((2, replicas), back), draws) - runner.state
        assert abs((runner.state + wrong)[k].var() - seen[k].var()) > second_order


def test_a_stationary_node_read_with_jitter_keeps_its_law():
    island = rc(resistance=1e6, capacitance=1e-12, psd=4e-20)
    chip = program([island], [adc(bits=16, jitter=2e-9, clock=clock(1e7))], duration=3e-4, burn_in=1e-5)
    chip = replace(chip, probes=(chip_probe(),))
    record = run(chip, {}, replicas=64, threads=1)
    volts = -1 + (record.samples["y"][:, :, 0] + 0.5) / 2**15
    found = (volts**2).mean(axis=1)
    m = island.actual
    exact = float(stationary(m.capacitance, m.conductance, m.noise)[0, 0])
    assert abs(found.mean() - exact) < FAR * found.std(ddof=1) / 8


def chip_probe():
    from thermosim.circuit.program import Probe

    return Probe("y", "code", ("y",), 100_000_000)


def test_a_capacitively_coupled_dac_kicks_the_node_at_the_instant_of_its_step():
    matrices = law(1e-12, 1e-7, 0.0, [[0.0]], [[0.25e-12]])
    island = Island("x", ("x",), ("u",), matrices, matrices, np.zeros(1))

    class Up:
        law = None

        def initial_state(self, replicas): ...

        def act(self, reads, tick, state, rng):
            return {"d": np.full_like(reads["y"], 0.4 if tick >= 1 else 0.0)}, state

    chip = program([island], [adc()], [dac(settling=20_000_000)], [plan()], record={"x": (("x",), 1e-9)}, duration=2e-7)
    record = run(chip, {"demon": Up()}, threads=1)
    x, at = record.samples["x"][0, :, 0], record.times["x"]
    assert np.all(x[at <= 120_000_000] == 0)
    level = round(0.4 / (2 / 4096)) * 2 / 4096
    np.testing.assert_allclose(
        x[at > 120_000_000], 0.25 * level * np.exp(-(at[at > 120_000_000] - 1.2e8) / 1e10), rtol=1e-9
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_a_network_with_a_node_that_never_settles_runs(threads):
    matrices = law(np.eye(2) * 1e-12, np.zeros((2, 2)), np.diag([1e-21, 0.0]))
    free = Island("a", ("a", "b"), (), matrices, matrices, np.array([0.0, 0.5]))
    chip = program([free], record={"v": (("a", "b"), 1e-8)}, duration=1e-6)
    record = run(chip, {}, replicas=2000, threads=threads)
    variance = record.samples["v"][:, :, 0].var(axis=0)
    exact = 1e3 * np.arange(1, 101) * 1e-8
    np.testing.assert_allclose(variance / exact, 1.0, atol=FAR * np.sqrt(2 / 2000))
    assert np.all(record.samples["v"][:, :, 1] == 0.5)
