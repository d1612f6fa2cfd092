"""Fabrics in the flow of time: when sweeps end, what is recorded, analog inputs, going on after a stop."""

from dataclasses import replace

import numpy as np
import pytest
from hand_made import clock, program, rc

from thermosim.circuit.program import Fabric, IsingLaw, Probe
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.simulator import run
from thermosim.record import load

FAR = 5.0  # standard errors: p < 1e-6
LONG = {"seed": 2, "threads": 1}


def ring(n=6, inputs=None, frequency=50e6, coupling=0.4):
    """A ring of p-bits in two colours; `inputs` names the analog net of each."""
    edges = np.array([sorted((k, (k + 1) % n)) for k in range(n)])
    ising = IsingLaw(edges, np.full(n, coupling), np.linspace(-0.2, 0.3, n), 1.0)
    one = np.ones(n)
    return Fabric(
        path="s", arrays={"s": (0, (n - 2,)), "t": (n - 2, (2,))}, nodes=n, colours=2,
        colour=np.arange(n, dtype=np.int32) % 2, clock=clock(frequency, "fast"), rng="held", drawn=ising,
        programmed=ising, actual=ising, slope=one, shift=0 * one,
        memory=0.1 * one, volts=0.026 * one, relaxation=1e-8 * one, input_nets=inputs,
    )  # fmt: skip


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
