"""A staircase of beta: bits are those of one plan after the other, and a slow ramp ends in the law of its last beta."""

from dataclasses import replace

import numpy as np
import pytest

import thermosim as ts
from thermosim.engine.fabric import FabricRunner
from thermosim.errors import NetlistError

CHIP = """
thermosim: 1
models:
  rng:  {type: cmos_rng, tau0: 100 ns, v_s: 26 mV}
  wire: {type: synapse}
instances:
  s:     {model: rng, shape: [5], bias: 0.3}
  clock: {type: clock, frequency: 1 MHz, pins: {out: ck}}
couplings:
  p: {between: [s, s], model: wire, matrix: MATRIX}
variation: {seed: 2, mismatch: {s.offset: {sigma: 3 mV}}}
updates: {clock: ck}
SCHEDULE
run: {duration: 4000 sweeps, burn_in: 100 sweeps, replicas: 32}
""".replace("MATRIX", "[[0,1,0,0,-.5],[1,0,.4,0,0],[0,.4,0,.7,0],[0,0,.7,0,.2],[-.5,0,0,.2,0]]")
RAMP = "schedule: {beta: {from: 0.1, to: 0.9, sweeps: 60, steps: 6}}"


def chip(tmp_path, schedule=RAMP):
    (tmp_path / "c.yaml").write_text(CHIP.replace("SCHEDULE", schedule))
    return ts.load(tmp_path / "c.yaml")


def spins(runner, *spans):
    every = np.arange(runner.fabric.nodes)
    return np.concatenate([runner.advance(n, record=True, nodes=every)["spins"] for n in spans])


def test_bits_are_those_of_one_plan_after_the_other(tmp_path):
    fabric = chip(tmp_path, "schedule: {beta: [[0, 0.2], [7, 0.5], [9, 0.9]]}").program.fabrics[0]
    whole = spins(FabricRunner(fabric, 1, 40), 20)
    assert np.array_equal(spins(FabricRunner(fabric, 1, 40), 3, 5, 1, 11), whole), "stretches change no bit"
    before, begin = FabricRunner(fabric, 1, 40).spins(), 0
    for begin, end, beta in ((0, 7, 0.2), (7, 9, 0.5), (9, 20, 0.9)):
        law = replace(fabric.actual, beta=beta)
        runner = FabricRunner(replace(fabric, actual=law, schedule=()), 1, 40)
        runner.restore(runner.checkpoint() | {"slot": begin * fabric.colours, "spins": before})
        part = spins(runner, end - begin)
        assert np.mean(part != whole[begin:end]) < 1e-3, "single precision may round a threshold apart"
        before = whole[end - 1]


def test_slot_by_slot_and_resumed_runs_follow_it(tmp_path):
    fabric = chip(tmp_path).program.fabrics[0]
    whole = FabricRunner(fabric, 1, 40)
    whole.advance(30)
    slow = FabricRunner(fabric, 1, 40)
    for _ in range(30 * fabric.colours):
        slow.advance_slot()
    again = FabricRunner(fabric, 1, 40)
    first = FabricRunner(fabric, 1, 40)
    first.advance(17)
    again.restore(first.checkpoint())
    again.advance(13)
    assert np.array_equal(slow.spins(), whole.spins())
    assert np.array_equal(again.spins(), whole.spins())


def excess(loaded):
    summary = ts.measure(ts.simulate(loaded, seed=4))
    return next(one.excess for one in summary.target[0].distances if one.law == "as built" and "TV" in one.quantity)


def test_the_end_of_a_ramp_is_the_law_of_its_last_beta(tmp_path):
    assert chip(tmp_path).program.fabrics[0].drawn.beta == 0.9
    assert excess(chip(tmp_path)) < 5
    late = chip(tmp_path, "schedule: {beta: [[0, 0.75], [3000, 0.9]]}")
    assert excess(late) > 5, "most of the window at another beta must show"
    assert any("beta still moves in the recorded window, until sweep 3000" in note for note in late.program.notes)
    assert not any("beta still moves" in note for note in chip(tmp_path).program.notes)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("schedule: {beta: [[5, 0.2], [7, 0.5]]}", "sweeps begin at 0 and rise"),
        ("schedule: {beta: [[0, 0.2], [0, 0.5]]}", "sweeps begin at 0 and rise"),
        ("schedule: {beta: [[0, -0.2]]}", "out of range: above 0"),
        ("schedule: {beta: {from: 0.1, to: 1, sweeps: 5}}", "20 steps do not fit in 5 sweeps"),
        ("schedule: {gamma: 1}", "unknown key 'gamma'"),
    ],
)
def test_bad_schedules_are_told(tmp_path, schedule, message):
    with pytest.raises(NetlistError, match=message):
        chip(tmp_path, schedule)


def test_two_betas_are_one_too_many(tmp_path):
    (tmp_path / "c.yaml").write_text(
        CHIP.replace("SCHEDULE", RAMP).replace("updates: {clock: ck}", "updates: {clock: ck, beta: 2}")
    )
    with pytest.raises(NetlistError, match=r"schedule\.beta: ends at 0\.9 and updates\.beta is 2"):
        ts.load(tmp_path / "c.yaml")
