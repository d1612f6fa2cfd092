"""Fabrics in the flow of time: when sweeps end, what is recorded, analog inputs, going on after a stop."""

from dataclasses import replace

import numpy as np
import pytest
from hand_made import program, rc, ring

from thermosim.api import load as load_chip
from thermosim.circuit.program import Probe
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.simulator import run
from thermosim.errors import NetlistError
from thermosim.record import load

FAR = 5.0  # standard errors: p < 1e-6
LONG = {"seed": 2, "threads": 1}


def chip(**changes):
    """20 ns slots, 40 ns sweeps: 25 sweeps of burn-in and 100 recorded."""
    probes = (Probe("t", "bit", ("t",), 1), Probe("s", "bit", ("s",), 4))
    return program(fabrics=(ring(),), probes=probes, duration=4e-6, burn_in=1e-6, **changes)


def test_sweeps_in_time_are_the_sweeps_of_the_fabric():
    record = run(chip(), {}, replicas=5, **LONG)
    alone = FabricRunner(ring(), 2, 5)
    alone.advance(25)
    seen = alone.advance(100, record=True, nodes=np.arange(6))
    for name in ("s:energy", "s:mean(s)", "s:mean(t)", "s:states"):
        np.testing.assert_array_equal(record.series[name], seen[name], name)
    spins = seen["spins"].transpose(2, 0, 1)
    np.testing.assert_array_equal(record.samples["t"], spins[:, :, 4:])
    np.testing.assert_array_equal(record.samples["s"], spins[:, 3::4, :4])
    np.testing.assert_array_equal(record.times["s:sweeps"], 1_000_000_000 + 40_000_000 * np.arange(1, 101))
    np.testing.assert_array_equal(record.times["s"], 1_000_000_000 + 160_000_000 * np.arange(1, 26))
    np.testing.assert_array_equal(record.counters["s.updates"], np.repeat([[100], [400]], 5, axis=1))
    np.testing.assert_array_equal(record.counters["t.updates"], np.repeat([[50], [200]], 5, axis=1))
    assert int(record.sums["s:count"]) == 500


@pytest.mark.parametrize("analog", [False, True])
def test_a_fabric_goes_on_after_a_stop_to_the_same_bits(tmp_path, analog):
    whole_chip = chip()
    if analog:
        whole_chip = replace(
            whole_chip, fabrics=(ring(inputs=("x", "", "", "v", "", "")),), islands=(rc(psd=4e-20),), driven={"v": 0.01}
        )
    whole = run(whole_chip, {}, replicas=3, **LONG)
    half = run(whole_chip, {}, replicas=3, stop=lambda now: now >= 2_900_000_000, **LONG)
    assert 0 < half.series["s:energy"].shape[1] < 100
    rest = run(whole_chip, {}, replicas=3, resume=load(half.save(tmp_path)), **LONG)
    for part in ("series", "samples", "times", "sums", "counters"):
        for name, values in getattr(whole, part).items():
            np.testing.assert_array_equal(getattr(rest, part)[name], values, name)
    assert whole.series["s:energy"].shape == (3, 100)


def test_an_analog_input_sets_the_odds_of_a_p_bit():
    # One p-bit per net, uncoupled, without memory: P(+1) = sigmoid(2 h + V / V_s).
    nets = ("v", "", "w", "", "v", "w")
    fabric = replace(ring(inputs=nets, coupling=0.0), memory=np.zeros(6))
    plain = program(
        fabrics=(fabric,), probes=(Probe("s", "bit", ("s",), 1), Probe("t", "bit", ("t",), 1)),
        driven={"v": 0.026, "w": -0.052}, duration=8e-5,
    )  # fmt: skip
    record = run(plain, {}, replicas=32, threads=1)
    spins = np.concatenate([record.samples["s"], record.samples["t"]], axis=2)
    assert spins.shape == (32, 2000, 6)
    volts = np.array([{"v": 1.0, "w": -2.0, "": 0.0}[net] for net in nets])
    exact = 1 / (1 + np.exp(-(2 * np.linspace(-0.2, 0.3, 6) + volts)))
    found = (spins == 1).mean(axis=(0, 1))
    error = np.sqrt(exact * (1 - exact) / (32 * 2000))
    assert np.all(np.abs(found - exact) < FAR * error)
    doubled = 1 / (1 + np.exp(-(2 * np.linspace(-0.2, 0.3, 6) + 1.1 * volts)))
    assert np.any(np.abs(found - doubled) > FAR * error)  # a scale 10 % off would be seen


def test_a_p_bit_samples_its_island_at_the_edge_that_begins_its_slot():
    # A huge voltage that decays through zero at 50 ns: slots that begin before see +, later ones -.
    falling = rc(resistance=1e4, capacitance=1e-12, temperature=0.0, driven="u", initial=30.0)
    crossing = 1e-8 * np.log(31.0)
    fabric = replace(ring(inputs=("x",) * 6, coupling=0.0), memory=np.zeros(6))
    plain = program(
        [falling], fabrics=(fabric,), probes=(Probe("s", "bit", ("s",), 1),), driven={"u": -1.0}, duration=1.6e-7
    )
    spins = run(plain, {}, threads=1).samples["s"][0]
    assert 20e-9 < crossing < 40e-9
    # Slots begin at 0 (even p-bits), 20 (odd), 40 (even), 60 (odd) ns: both kinds turn in the second sweep.
    np.testing.assert_array_equal(spins[0], [1, 1, 1, 1])
    np.testing.assert_array_equal(spins[1], [-1, -1, -1, -1])


def test_analog_inputs_are_felt_in_any_order():
    # Uncoupled and without memory, so that every order that updates a p-bit gives it the same odds.
    nets = ("v", "", "w", "", "v", "w")
    volts = np.array([{"v": 1.0, "w": -2.0, "": 0.0}[net] for net in nets])
    exact = 1 / (1 + np.exp(-(2 * np.linspace(-0.2, 0.3, 6) + volts)))
    for order, chance in (("sequential", 1.0), ("random", 1.0), ("parallel", 1.0), ("subset", 0.5)):
        fabric = replace(ring(inputs=nets, coupling=0.0), memory=np.zeros(6), order=order, chance=chance)
        turns = np.arange(6, dtype=np.int32) if order == "sequential" else np.zeros(6, dtype=np.int32)
        fabric = replace(fabric, colour=turns, colours=int(turns.max()) + 1)
        plain = program(
            fabrics=(fabric,), probes=(Probe("s", "bit", ("s",), 10), Probe("t", "bit", ("t",), 10)),
            driven={"v": 0.026, "w": -0.052}, duration=600 * fabric.ticks / 50e6,
        )  # fmt: skip
        record = run(plain, {}, replicas=256, threads=1)
        spins = np.concatenate([record.samples["s"], record.samples["t"]], axis=2)
        assert spins.shape == (256, 60, 6)
        found = (spins == 1).mean(axis=(0, 1))
        error = np.sqrt(exact * (1 - exact) / (256 * 60))
        assert np.all(np.abs(found - exact) < FAR * error), order
        updates = record.counters["s.updates"][1] + record.counters["t.updates"][1]
        if order == "subset":
            assert abs(updates.mean() - 0.5 * 6 * 600) < FAR * np.sqrt(0.25 * 6 * 600 / 256)
        else:
            assert np.all(updates == 6 * 600)


SPINS = """\
thermosim: 1
name: slots
models:
  rng: {card: cmos_rng/extropic2025, v_s: 26 mV}
  wire: {type: synapse, bits: 6, j_max: 0.5}
instances:
  s: {model: rng, shape: [3], bias: 0.1}
  osc: {type: clock, frequency: 12 MHz, pins: {out: ck}}
couplings:
  all: {between: [s, s], model: wire, matrix: [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]}
updates: {order: coloured, clock: ck, rng: held}
run: {duration: 1000 sweeps, replicas: 1, record: {s: every 10 sweeps}}
"""


@pytest.mark.parametrize("frequency", ["12 MHz", "7 MHz", "3 MHz", "2 MHz"])
@pytest.mark.parametrize("burn_in", ["0 s", "1 sweeps", "10 sweeps", "101 sweeps", "0.99 us", "1 us", "12345678 fs"])
def test_every_sweep_asked_for_is_recorded_whatever_the_period(tmp_path, frequency, burn_in):
    file = tmp_path / "slots.yaml"
    file.write_text(SPINS)
    chip = load_chip(file, {"instances.osc.frequency": frequency, "run.burn_in": burn_in})
    record = run(chip.program, {}, threads=1)
    assert chip.program.fabrics[0].colours == 3
    assert record.series["s:energy"].shape == (1, 1000)
    assert record.samples["s"].shape == (1, 100, 3)


def test_a_probe_of_p_bits_that_would_record_nothing_is_refused(tmp_path):
    file = tmp_path / "slots.yaml"
    file.write_text(SPINS)
    load_chip(file, {"run.record.s": "every 1000 sweeps"})
    with pytest.raises(NetlistError, match=r"run\.record\.s: no samples: the recording interval is longer"):
        load_chip(file, {"run.record.s": "every 1001 sweeps"})
