"""The co-simulator: what happens when, and that nothing else changes a bit of it."""

from dataclasses import replace

import numpy as np
import pytest
from hand_made import Affine, adc, clock, dac, plan, program, rc, smode4

from thermosim.circuit.program import Probe
from thermosim.contracts import Arithmetic
from thermosim.demon import build
from thermosim.engine.simulator import run
from thermosim.errors import SimulationError


class Noting:
    """A controller without a law that writes what it reads and remembers when it was called."""

    law = None
    arithmetic = Arithmetic(0, 0)

    def __init__(self, write=lambda volts, tick: volts):
        self.seen = []
        self._write = write

    def initial_state(self, replicas):
        return {"calls": 0}

    def act(self, reads, tick, state, rng):
        self.seen.append((tick, reads["y"][0, 0]))
        return {"d": self._write(reads["y"], tick)}, {"calls": state["calls"] + 1}


def step_of(tick):
    """A controller that writes 0.5 V from tick number `tick` on."""
    return Noting(lambda volts, now: np.full_like(volts, 0.5 if now >= tick else 0.0))


def quiet(**changes):
    """A noiseless RC of 1 us, driven through its resistor from the net u."""
    return rc(resistance=1e6, temperature=0.0, driven="u", **changes)


def first_change(record, name):
    """Time of the first draw at which the recorded net differs from its start [fs]."""
    values = record.samples[name][0, :, 0]
    return int(record.times[name][np.flatnonzero(values != 0.0)[0]])


@pytest.mark.parametrize(
    ("adc_cycles", "controller_cycles", "settling"),
    [(0, 0, 0), (1, 1, 20_000_000), (3, 0, 7_000_000), (1, 2, 250_000_000)],
)
def test_a_step_reaches_the_node_one_loop_latency_after_its_sample(adc_cycles, controller_cycles, settling):
    cycle = 100_000_000
    latency = (adc_cycles + controller_cycles) * cycle + settling
    chip = program(
        [quiet()],
        [adc(latency=adc_cycles * cycle)],
        [dac(settling=settling)],
        [plan(latency=controller_cycles * cycle)],
        record={"u": (("u",), 1e-9), "x": (("x",), 1e-9)},
        duration=1.2e-6,
    )
    # The node starts at 0.3 V; the first sample, at time 0, is the first that differs from the code of 0 V.
    copy = Noting(lambda volts, tick: np.where(volts > 0.1, volts, 0.0))
    record = run(replace(chip, islands=(quiet(initial=0.3),)), {"demon": copy}, threads=1)
    u, at = record.samples["u"][0, :, 0], record.times["u"]
    assert np.all(u[at <= latency] == 0.0)  # a draw shows what was there before its instant
    assert u[at > latency][0] == pytest.approx(0.3, abs=2 / 4096)
    relaxed = 0.3 * np.exp(-at / 1e9)  # 1 us in femtoseconds
    x = record.samples["x"][0, :, 0]
    np.testing.assert_allclose(x[at <= latency], relaxed[at <= latency], rtol=1e-12)
    assert np.all(np.abs(x - relaxed)[at > latency] > 1e-4)


def test_smode4_closes_its_loop_in_220_ns():
    chip = smode4(record={"u": (("u[0]",), 1e-9), "x": (("x[0]",), 1e-9)}, duration=5e-7)
    calm = replace(chip.islands[0].actual, noise=np.zeros((4, 4)))
    chip = replace(chip, islands=(replace(chip.islands[0], actual=calm, initial=np.full(4, 0.02)),))
    record = run(chip, {"demon": build(chip.controllers[0])}, threads=1)
    u, at = record.samples["u"][0, :, 0], record.times["u"]
    # Two steps before the first answer to a sample: the DAC's zero, and what answers to the codes of 0 V.
    assert list(at[1:][np.diff(u) != 0][:2]) == [121_000_000, 221_000_000]  # the first draw after each step
    code = np.floor(0.52 / (1 / 256)) + 0.5  # the sample of 20 mV, as the centre of its code step
    y = np.full((4, 1), -0.5 + code / 256)
    writes, _ = build(chip.controllers[0]).act({"y": y}, 0, None, None)
    assert u[at == 221_000_000][0] == pytest.approx(writes["d"][0, 0], abs=0.51 / 1024)


def test_everything_of_one_edge_happens_in_order_at_that_instant():
    controller = Noting(lambda volts, tick: -volts)
    chip = program([quiet(initial=0.25)], [adc()], [dac()], [plan()], duration=3e-7)
    run(chip, {"demon": controller}, threads=1)
    assert [tick for tick, _ in controller.seen] == [0, 1, 2]
    half_step = 1 / 4096
    assert controller.seen[0][1] == pytest.approx(0.25, abs=half_step)  # read at the edge at which it was sampled
    assert controller.seen[1][1] < 0.25


def test_a_controller_reads_the_code_of_zero_volts_before_the_first_publication():
    controller = Noting()
    chip = program([quiet(initial=0.25)], [adc(latency=150_000_000)], [dac()], [plan()], duration=5e-7)
    run(chip, {"demon": controller}, threads=1)
    volts = [seen for _, seen in controller.seen]
    zero = 1 / 4096  # the centre of the code step that begins at 0 V
    assert volts[:2] == [zero, zero]  # the code sampled at 0 comes out at 150 ns
    assert volts[2] == pytest.approx(0.25, abs=zero)


def test_a_dac_latches_at_its_own_edge_at_or_after_the_write():
    slow = clock(4e6, "slow")  # edges every 250 ns
    chip = program(
        [quiet()], [adc()], [dac(clock=slow)], [plan(latency=30_000_000)], record={"u": (("u",), 1e-9)}, duration=1e-6
    )
    record = run(chip, {"demon": step_of(2)}, threads=1)  # written at 230 ns, latched at 250 ns
    assert first_change(record, "u") == 251_000_000
    record = run(chip, {"demon": step_of(3)}, threads=1)  # written at 330 ns, latched at 500 ns
    assert first_change(record, "u") == 501_000_000


def test_clocks_of_a_third_of_a_nanosecond_do_not_drift():
    odd = clock(12e6, "odd")
    chip = program([quiet()], [adc(clock=odd)], [dac(clock=odd)], [plan(clock=odd)], duration=1e-3)
    record = run(chip, {"demon": Noting()}, threads=1)
    assert record.counters["adc.conversions"].sum() == 12_000
    assert record.counters["demon.ticks"].sum() == 12_000


def test_counters_split_at_the_end_of_the_burn_in():
    nets = ("a", "b")
    islands = [replace(quiet(), path=net, nodes=(net,)) for net in nets]
    chip = program(
        islands,
        [adc(nets, ("y[0]", "y[1]"))],
        [dac()],
        [plan({"y": ("y[0]", "y[1]")})],
        duration=7e-7,
        burn_in=3e-7,
    )
    controller = Noting(lambda volts, tick: np.full((1, volts.shape[1]), 5.0))  # far beyond the DAC's range
    record = run(chip, {"demon": controller}, replicas=3, threads=1)
    expected = {
        "adc.conversions": (6, 14), "adc.clipped": (0, 0), "dac.updates": (3, 7), "dac.clipped": (3, 7),
        "demon.ticks": (3, 7),
    }  # fmt: skip
    for name, counts in expected.items():
        np.testing.assert_array_equal(record.counters[name], np.repeat(np.array(counts)[:, None], 3, axis=1), name)


def test_codes_and_driven_nets_are_recorded_as_they_were_before_each_instant():
    chip = program(
        [quiet(initial=0.25)],
        [adc(latency=100_000_000)],
        probes=(Probe("y", "code", ("y",), 100_000_000),),
        duration=4e-7,
        driven={"u": 0.25},
    )
    record = run(chip, {}, threads=1)
    codes = record.samples["y"][0, :, 0]
    assert (
        codes[0] == 2048
    )  # the code of 0 V: the sample of time 0 is published at 100 ns, where the draw sees the past
    assert codes[1] == 2048 + 512
    np.testing.assert_array_equal(record.times["y"], 100_000_000 * np.arange(1, 5))


def test_an_adc_can_look_at_a_driven_net_and_feed_a_dac_without_a_controller():
    looped = dac(("y",), ("u",), bits=12)
    chip = program(
        [quiet()], [adc(("v",), ("y",))], [looped], record={"u": (("u",), 1e-8)}, duration=3e-7, driven={"v": 0.5}
    )
    record = run(chip, {}, threads=1)
    assert record.samples["u"][0, -1, 0] == 0.5


def noisy_loop(**changes):
    """A loop in which every source of noise is at work."""
    converter = adc(
        input_noise=2e-3,
        sample_capacitance=2e-14,
        jitter=1e-11,
        latency=130_000_000,
        buffered=changes.pop("buffered", True),
    )
    return program(
        [rc(resistance=1e6, psd=4e-20, driven="u")],
        [converter],
        [dac(settling=20_000_000)],
        [plan(latency=100_000_000)],
        record={"x": (("x",), 3e-8)},
        duration=2e-5,
        burn_in=1e-6,
        **changes,
    )


LOOP = {"demon": Affine(np.array([[-0.7]]), np.array([0.01]))}


@pytest.mark.parametrize("buffered", [True, False])
def test_bits_depend_on_neither_threads_nor_the_number_of_replicas(buffered):
    chip = noisy_loop(buffered=buffered)
    many = run(chip, LOOP, seed=3, replicas=64, threads=1).samples["x"]
    np.testing.assert_array_equal(run(chip, LOOP, seed=3, replicas=64, threads=2).samples["x"], many)
    np.testing.assert_array_equal(run(chip, LOOP, seed=3, replicas=1, threads=2).samples["x"], many[:1])
    assert len(np.unique(many[:, -1, 0])) == 64
    assert not np.array_equal(run(chip, LOOP, seed=4, replicas=64, threads=1).samples["x"], many)


def test_long_advances_have_the_same_bits_with_two_threads_and_any_number_of_replicas():
    chip = program([rc(psd=4e-19)], record={"x": (("x",), 1e-8)}, duration=2e-5)
    many = run(chip, {}, seed=3, replicas=37, threads=2).samples["x"]
    np.testing.assert_array_equal(run(chip, {}, seed=3, replicas=5, threads=1).samples["x"], many[:5])


class Drawing:
    """A controller that writes noise of its own."""

    law = None
    arithmetic = Arithmetic(0, 0)

    def initial_state(self, replicas):
        return np.zeros(replicas)

    def act(self, reads, tick, state, rng):
        state = 0.9 * state + 0.1 * reads["y"][0] + 0.05 * rng.standard_normal(state.shape)
        return {"d": state[np.newaxis]}, state


def test_a_controllers_own_noise_and_state_do_not_depend_on_the_number_of_replicas():
    many = run(noisy_loop(), {"demon": Drawing()}, replicas=100, threads=1).samples["x"]
    np.testing.assert_array_equal(
        run(noisy_loop(), {"demon": Drawing()}, replicas=70, threads=1).samples["x"], many[:70]
    )


def test_an_unrelated_island_and_the_order_of_things_change_no_bit():
    chip = noisy_loop()
    alone = run(chip, LOOP, threads=1).samples["x"]
    other = rc(psd=1e-19, path="other")
    more = replace(
        chip,
        islands=(other, *chip.islands),
        adcs=(adc(("other",), ("z",), path="second", input_noise=1e-3), *chip.adcs),
        probes=(Probe("other", "analog", ("other",), 7_000_000), *chip.probes),
    )
    np.testing.assert_array_equal(run(more, LOOP, threads=1).samples["x"], alone)


def test_a_probe_that_crosses_islands_has_its_nets_in_order():
    slow, fast = quiet(initial=0.4), rc(resistance=1e5, temperature=0.0, path="b", initial=0.8)
    chip = program([slow, fast], record={"p": (("b", "u", "x"), 1e-7)}, duration=2e-7, driven={"u": 0.1})
    record = run(chip, {}, replicas=2, threads=1)
    t = np.array([1e-7, 2e-7])
    expected = np.column_stack([0.8 * np.exp(-t / 1e-7), np.full(2, 0.1), 0.1 + 0.3 * np.exp(-t / 1e-6)])
    np.testing.assert_allclose(record.samples["p"], np.stack([expected] * 2), rtol=1e-12)
    assert record.samples["p"].shape == (2, 2, 3)  # chain, draw, node


def test_two_probes_on_one_island_with_different_grids_agree_where_they_meet():
    chip = program([rc(psd=4e-19)], record={"a": (("x",), 2e-8), "b": (("x",), 3e-8)}, duration=6e-7)
    record = run(chip, {}, threads=1)
    a, b = record.samples["a"][0, :, 0], record.samples["b"][0, :, 0]
    np.testing.assert_array_equal(a[2::3], b[1::2])


def test_progress_rises_to_one():
    seen = []
    run(program([rc()], record={"x": (("x",), 1e-9)}), {}, progress=seen.append, threads=1)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) > 100


def test_a_state_that_is_not_finite_names_island_replica_time_and_seed():
    growing = rc(path="x", initial=1e-3)
    growing = replace(growing, actual=replace(growing.actual, conductance=-growing.actual.conductance))
    chip = program([growing], record={"x": (("x",), 1e-7)}, duration=1e-3)
    with pytest.raises(
        SimulationError, match=r"island 'x': the voltage of replica 0 is not finite at or before .* s; .*seed 5"
    ):
        run(chip, {}, seed=5, threads=1)


def test_a_record_that_does_not_fit_is_refused_before_the_run():
    chip = program([rc()], record={"x": (("x",), 1e-12)}, duration=1e-2)
    with pytest.raises(
        SimulationError,
        match=r"would take 74\.5 GiB, above the limit of 8 GiB: .* for probe 'x', 10000000000 draws of 1 nodes; ",
    ):
        run(chip, {})
