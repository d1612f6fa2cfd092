"""Steps of nonlinear islands: their formulas, their orders, and the same bits whatever the company."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.nonlinear_chips import WELL, chip, mixed, normals_of, step_in_numpy
from thermosim import measure, simulate
from thermosim.engine.nonlinear import NonlinearRunner, linear_step
from thermosim.engine.simulator import run as run_program
from thermosim.errors import NetlistError, SimulationError

RECORD = "run: {duration: 40 us, burn_in: 4 us, replicas: 64, record: {'x[*]': every 400 ns}}\n"
COUPLED = "  K: {type: capacitor, c: 0.4 pF, pins: {p: 'x[0]', n: 'x[2]'}}\n"


def _held(program):
    island = program.nonlinear_islands[0]
    return np.array([program.driven[net] for net in island.inputs])[:, None]


@pytest.mark.parametrize("scheme", ["splitting", "heun", "euler"])
@pytest.mark.parametrize("links", ["", COUPLED], ids=["diagonal C", "full C"])
def test_a_step_is_its_formula(tmp_path, scheme, links) -> None:
    program = chip(tmp_path, mixed(links), RECORD).program
    island = replace(program.nonlinear_islands[0], scheme=scheme, step=1e-9)
    held = np.repeat(_held(program), 70, axis=1)
    runner = NonlinearRunner(island, held, 3, 1)
    runner.state[:] = 0.1 * np.random.default_rng(0).standard_normal(runner.state.shape)
    expected = runner.state.copy()
    linear, inputs = linear_step(island, 1e-9)
    for number in range(5):
        expected = step_in_numpy(island, expected, held, linear, inputs, 1e-9, normals_of(runner, number))
    runner.advance(5_000_000)
    assert runner.number == 5
    assert np.abs(runner.state - expected).max() < 1e-14
    # A mutant: half the kick is left out.
    assert np.abs(step_in_numpy(island, expected, held, linear, inputs, 2e-9, 0 * expected) - expected).max() > 1e-4


def _decayed(tmp_path, scheme, step):
    """Voltage after 100 ns from 0.2 V without noise, stepped by `step`."""
    quiet = WELL.replace("psd: 2e-20", "psd: 0")
    program = chip(tmp_path, quiet, "run: {duration: 1 us, step: 1 ns, record: {x: every 100 ns}}\n").program
    runner = NonlinearRunner(replace(program.nonlinear_islands[0], scheme=scheme, step=step), np.zeros((0, 1)), 1, 1)
    runner.state[:] = 0.2
    runner.advance(100_000_000)
    return float(runner.state[0, 0])


@pytest.mark.parametrize(("scheme", "order"), [("splitting", 2), ("heun", 2), ("euler", 1)])
def test_order_without_noise(tmp_path, scheme, order) -> None:
    """dv/dt = (a v - b v^3) with a = 1e7/s, b = 2e9/s/V^2: v^-2 = b/a + (v0^-2 - b/a) exp(-2 a t)."""
    a, b, t, v0 = 1e7, 2e9, 100e-9, 0.2
    exact = (b / a + (v0**-2 - b / a) * np.exp(-2 * a * t)) ** -0.5
    steps = np.array([2e-9, 1e-9, 0.5e-9])
    errors = np.abs([_decayed(tmp_path, scheme, step) - exact for step in steps])
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert abs(slope - order) < 0.15


def test_replicas_threads_and_resuming_change_no_bit(tmp_path) -> None:
    made = chip(tmp_path, mixed(), RECORD)
    whole = simulate(made, seed=5, replicas=70, threads=1)
    alone = simulate(made, seed=5, replicas=3, threads=1)
    threaded = simulate(made, seed=5, replicas=70, threads=3)
    name = "x[*]"
    assert np.array_equal(whole.samples[name][:3], alone.samples[name])
    assert np.array_equal(whole.samples[name], threaded.samples[name])
    other = simulate(made, seed=6, replicas=3, threads=1)
    assert not np.array_equal(other.samples[name], alone.samples[name])
    stopped = run_program(made.program, {}, 5, 70, 1, stop=lambda time: time > 17_000_000_000)
    assert stopped.checkpoint
    assert 0 < stopped.samples[name].shape[1] < whole.samples[name].shape[1]
    resumed = simulate(made, seed=5, replicas=70, resume=stopped)
    assert np.array_equal(whole.samples[name], resumed.samples[name])


def test_another_island_changes_no_bit(tmp_path) -> None:
    alone = simulate(chip(tmp_path, WELL), seed=2, replicas=4)
    more = """
  Cy: {type: capacitor, c: 1 pF, pins: {p: y, n: 0}}
  Ry: {type: resistor, r: 1 kOhm, pins: {p: y, n: 0}}
"""
    beside = simulate(chip(tmp_path, WELL + more.lstrip("\n")), seed=2, replicas=4)
    assert np.array_equal(alone.samples["x"], beside.samples["x"])


def test_a_step_too_long_is_told_with_instance_and_line(tmp_path) -> None:
    run = "run: {duration: 40 us, replicas: 64, step: 20 ns, record: {x: every 1 us}}\n"
    made = chip(tmp_path, WELL, run)
    with pytest.raises(SimulationError) as caught:
        simulate(made)
    text = str(caught.value)
    assert "chip.yaml:5: Q: it reached" in text
    assert "set run.step to" in text


def test_a_run_away_is_told(tmp_path) -> None:
    run = "run: {duration: 40 us, replicas: 64, step: 2 ns, record: {x: every 1 us}}\n"
    made = chip(tmp_path, WELL.replace("g3: 2 mS", "g3: -2 mS"), run)
    with pytest.raises(SimulationError, match=r"chip\.yaml:5: Q: "):
        simulate(made)


def test_the_law_of_the_well(tmp_path) -> None:
    """KS of the double well from quadrature; the same samples, 3 % larger, are told apart at this N."""
    made = chip(tmp_path, WELL, "run: {duration: 600 us, burn_in: 10 us, replicas: 256, record: {x: every 2 us}}\n")
    record = simulate(made, seed=11)
    (target,) = measure(record).target
    assert target.law == "the network as drawn"
    assert target.distances[0].excess < 5
    mutant = replace(record, samples={"x": record.samples["x"] * 1.03})
    assert measure(mutant).target[0].distances[0].excess > 5


def test_the_summary_states_what_the_step_does(tmp_path) -> None:
    """The exact shift of the variance for one node; an estimate in the notes for all."""
    made = chip(tmp_path, WELL, "run: {duration: 40 us, step: 4 ns, replicas: 16, record: {x: every 400 ns}}\n")
    summary = measure(simulate(made))
    assert summary.target[0].note == "steps of 4 ns shift its variance by +0.0004 of itself"
    assert any(note.startswith("x: nonlinear, stepped by 4 ns at most (splitting)") for note in summary.notes)


def test_a_net_tied_to_another_feels_its_own_voltage(tmp_path) -> None:
    """y is held 50 mV above x, and a cubic from y to ground pulls both: g v_x + g3 (v_x + 50 mV)^3 = 0 at rest."""
    text = """
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  V: {type: voltage_source, v: 50 mV, pins: {p: y, n: x}}
  R: {type: resistor, r: 100 kOhm, noisy: false, pins: {p: x, n: 0}}
  Q: {type: polynomial_conductance, g3: 10 mS/V^2, noisy: false, pins: {p: 0, n: y}}
  N: {type: white_noise, psd: 1e-24 A^2/Hz, pins: {p: x, n: 0}}
"""
    made = chip(tmp_path, text, "run: {duration: 4 us, burn_in: 4 us, replicas: 4, record: {x: every 1 us}}\n")
    seen = float(simulate(made).samples["x"].mean())
    root = np.roots([1e-2, 3 * 1e-2 * 0.05, 1e-5 + 3 * 1e-2 * 0.05**2, 1e-2 * 0.05**3])
    expected = float(root[np.abs(root.imag) < 1e-12].real[0])
    assert expected == pytest.approx(-0.0206, abs=2e-3)
    assert seen == pytest.approx(expected, abs=2e-4)


def test_what_is_not_built_is_refused_by_name(tmp_path) -> None:
    from thermosim import analyze
    from thermosim.adapters.spice import deck
    from thermosim.report.analysis import tell

    made = chip(tmp_path, WELL)
    with pytest.raises(NetlistError, match=r"Q: no deck for 'polynomial_conductance'"):
        deck(made)
    told = tell(made, analyze(made))
    assert told.sections[-1].remarks[0] == (
        "x: nonlinear; no closed form of linear networks holds for it, run it instead"
    )
    linear = (
        "\n  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}\n  R: {type: resistor, r: 1 kOhm, pins: {p: x, n: 0}}\n"
    )
    with pytest.raises(NetlistError, match=r"run\.step: it is for nonlinear analog networks and this chip has none"):
        chip(tmp_path, linear, "run: {duration: 4 us, step: 1 ns, record: {x: every 1 us}}\n")
