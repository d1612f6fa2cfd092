"""The runner of jump islands: the same bits in any company, interrupted or not, and inputs that step."""

from dataclasses import replace

import numpy as np
import pytest
from jump_chips import INVERTER, LATCH, chi_square, program

from thermosim.analysis.charge_lattice import lattice
from thermosim.engine.counters import Counters
from thermosim.engine.jumps import JumpRunner
from thermosim.engine.simulator import run
from thermosim.errors import NetlistError, SimulationError


def latch(jumps):
    chip = program(LATCH, record="x", V="80 mV", C="12 aF" if jumps == "exact" else "2 fF", jumps=jumps)
    probe = replace(chip.probes[0], nets=("x", "y"), every=2_000_000)
    return replace(chip, probes=(probe,), burn_in=3_300_000, duration=200_000_000)


@pytest.mark.parametrize("jumps", ["exact", "leap"])
def test_a_replica_has_its_bits_alone_in_company_and_on_two_threads(jumps):
    chip = latch(jumps)
    many = run(chip, {}, seed=4, replicas=5, threads=1)
    two = run(chip, {}, seed=4, replicas=5, threads=2)
    alone = run(chip, {}, seed=4, replicas=1, threads=1)
    np.testing.assert_array_equal(many.samples["x"], two.samples["x"])
    np.testing.assert_array_equal(many.samples["x"][:1], alone.samples["x"])
    np.testing.assert_array_equal(many.counters["Vdd.charges"], two.counters["Vdd.charges"])
    other = run(chip, {}, seed=5, replicas=1, threads=1)
    assert np.any(other.samples["x"] != alone.samples["x"])


@pytest.mark.parametrize("jumps", ["exact", "leap"])
def test_an_interrupted_run_goes_on_to_the_same_bits(jumps):
    chip = latch(jumps)
    whole = run(chip, {}, seed=9, replicas=3, threads=1)
    half = run(chip, {}, seed=9, replicas=3, threads=1, stop=lambda now: now >= 71_000_000)
    assert half.meta["complete"] is False
    rest = run(chip, {}, seed=9, replicas=3, threads=1, resume=half)
    np.testing.assert_array_equal(rest.samples["x"], whole.samples["x"])
    np.testing.assert_array_equal(rest.counters["Vdd.charges"], whole.counters["Vdd.charges"])


def test_an_exact_chain_does_not_depend_on_what_is_recorded():
    chip = latch("exact")
    fine = run(chip, {}, seed=4, replicas=3, threads=1).samples["x"]
    rare = replace(chip, probes=(replace(chip.probes[0], every=10_000_000),))
    np.testing.assert_array_equal(fine[:, 4::5], run(rare, {}, seed=4, replicas=3, threads=1).samples["x"])


def test_an_input_that_steps_changes_the_rates_at_once_and_no_charge():
    """The law at a time after a step, exactly: evolved under one input, then under the other."""
    body = INVERTER + "  CC: {type: capacitor, c: 4 aF, pins: {p: a, n: y}}\n"
    chip = program(body, V="120 mV", IN="30 mV", C="8 aF")
    (island,) = chip.jump_islands
    first, second = np.array([0.03, 0.12]), np.array([0.08, 0.12])
    count = 20_000
    runner = JumpRunner(island, np.repeat(first[:, None], count, axis=1), Counters(0, count), 0, 3, 1)
    boxes = [lattice(island.actual, held, [-14], [22]) for held in (first, second)]
    start = (boxes[0].states[:, 0] == 0).astype(float)
    time = round(0.4 * boxes[0].correlation_time(boxes[0].volts[:, 0], boxes[0].stationary()) * 1e15)
    runner.advance(time)
    before, charge = runner.state.copy(), runner.charge.copy()
    runner.drive(np.array([island.inputs.index("a")]), np.full((1, count), 0.08))
    np.testing.assert_array_equal(runner.charge, charge)
    np.testing.assert_allclose(runner.state - before, 0.05 * 4 / 12, rtol=1e-9)
    runner.advance(2 * time)
    middle = boxes[0].evolve(start, time / 1e15)
    counts = np.bincount(runner.charge[0] + 14, minlength=37).astype(float)
    assert abs(chi_square(counts, boxes[1].evolve(middle, time / 1e15))) < 5
    assert chi_square(counts, boxes[0].evolve(middle, time / 1e15)) > 5
    assert chi_square(counts, boxes[1].evolve(middle, 1.5 * time / 1e15)) > 5


def test_rates_beyond_all_numbers_stop_the_run():
    body = INVERTER.replace("i_0: 1 nA, v_th: 100 mV", "i_0: 1 nA, v_th: -9 V")
    chip = replace(program(body, V="100 mV", IN="9 V", C="12 aF"), duration=1_000_000)
    chip = replace(chip, probes=(replace(chip.probes[0], every=500_000),))
    with pytest.raises(SimulationError, match="a jump rate of replica 0 left the range of numbers"):
        run(chip, {}, replicas=1, threads=1)


def test_the_summary_says_how_charges_were_moved():
    record = run(latch("exact"), {}, seed=4, replicas=2, threads=1)
    told = record.meta["jumps"]["x"]
    assert told["method"] == "one by one"
    assert told["jumps"] > 100
    assert any("every charge jumps in its turn, exactly" in note for note in latch("exact").notes)
    assert any("charges jump in leaps" in note for note in latch("leap").notes)
    forced = program(INVERTER, V="100 mV", IN="50 mV", C="50 aF", jumps="leap").notes
    assert any("their error is not bounded there" in note for note in forced)
    assert not any("bounded" in note for note in program(INVERTER, V="100 mV", IN="50 mV", C="50 fF").notes)


@pytest.mark.parametrize(
    ("options", "told"),
    [("buffered: false, sample_capacitance: 1 fF", "an unbuffered sampler"), ("jitter: 1 ps", "aperture jitter")],
)
def test_converters_that_would_move_the_charge_are_refused(options, told):
    body = INVERTER + (
        f"  adc: {{type: adc, bits: 8, reference: 0.5 V, latency: 1 cycle, {options}, "
        "pins: {in: y, clock: ck, out: c}}\n"
        "  osc: {type: clock, frequency: 10 MHz, pins: {out: ck}}\n"
    )
    with pytest.raises(NetlistError, match=f"{told} on net 'y' of a transistor circuit is not built"):
        program(body, V="100 mV", IN="50 mV", C="12 aF")
