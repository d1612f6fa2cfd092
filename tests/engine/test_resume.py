"""Interrupting and going on: the same bits as a run that was never stopped."""

import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from hand_made import Affine, adc, dac, plan, program, rc

from thermosim.contracts import Arithmetic
from thermosim.engine.simulator import run
from thermosim.errors import ThermosimError
from thermosim.record import load


class Remembering:
    """A controller with state of several kinds and noise of its own."""

    law = None
    arithmetic = Arithmetic(0, 0)

    def initial_state(self, replicas):
        return {"average": np.zeros(replicas), "calls": 0, "pair": (1.0, [2.0])}

    def act(self, reads, tick, state, rng):
        assert isinstance(state["pair"], tuple)
        average = 0.8 * state["average"] + 0.2 * reads["y"][0] + 0.02 * rng.standard_normal(len(state["average"]))
        return {"d": -average[np.newaxis]}, {**state, "average": average, "calls": state["calls"] + 1}


def chip(buffered):
    """Conversions take 2.3 cycles and writes 1.4, so that several are in flight at any time."""
    converter = adc(input_noise=2e-3, sample_capacitance=2e-14, jitter=1e-11, latency=230_000_000, buffered=buffered)
    return program(
        [rc(resistance=1e6, psd=4e-20, driven="u"), rc(path="lonely", psd=1e-19)],
        [converter],
        [dac(settling=70_000_000)],
        [plan(latency=140_000_000)],
        record={"x": (("x", "u"), 3e-8), "lonely": (("lonely",), 1e-8)},
        duration=2e-5,
        burn_in=1e-6,
    )


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("demon", [Remembering(), Affine(np.array([[-0.6]]), np.array([0.02]))])
def test_a_resumed_run_has_the_bits_of_an_uninterrupted_one(tmp_path, buffered, demon):
    program_ = chip(buffered)
    options = {"seed": 9, "replicas": 5, "threads": 1}
    whole = run(program_, {"demon": demon}, **options)
    half = run(program_, {"demon": demon}, stop=lambda now: now >= 7_100_000_000, **options)
    assert half.meta["complete"] is False
    kinds = {action[2].split()[0] for action in half.checkpoint["pending"]}
    assert {"publish", "write", "step", "sample", "tick"} <= kinds  # a nasty moment
    taken = half.samples["x"].shape[1]
    assert 0 < taken < whole.samples["x"].shape[1]
    np.testing.assert_array_equal(half.samples["x"], whole.samples["x"][:, :taken])

    half = load(half.save(tmp_path / "half"))
    again = run(program_, {"demon": demon}, resume=half, stop=lambda now: now >= 11_040_000_000, **options)
    again = load(again.save(tmp_path / "again"))
    rest = run(program_, {"demon": demon}, resume=again, **options)
    assert rest.meta["complete"] is True
    assert rest.checkpoint == {}
    for name in ("x", "lonely"):
        np.testing.assert_array_equal(rest.samples[name], whole.samples[name], name)
        np.testing.assert_array_equal(rest.times[name], whole.times[name], name)
    assert rest.counters.keys() == whole.counters.keys()
    for name, counts in whole.counters.items():
        np.testing.assert_array_equal(rest.counters[name], counts, name)


def test_ctrl_c_is_heard_within_a_long_advance_and_keeps_what_was_recorded():
    # One island without any event of its own, and many seconds of work.
    long = program([rc(psd=4e-19)], record={"x": (("x",), 1e-9)}, duration=4e-3)
    run(program([rc(psd=4e-19)], record={"x": (("x",), 1e-9)}), {}, replicas=64, threads=1)  # compiles
    sent, handler = [], signal.getsignal(signal.SIGINT)

    def interrupt():
        sent.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)

    timer = threading.Timer(0.2, interrupt)
    timer.start()
    record = run(long, {}, replicas=64, threads=1)
    delay = time.perf_counter() - sent[0]
    assert record.meta["complete"] is False
    assert 0 < record.samples["x"].shape[1] < 4_000_000
    assert record.checkpoint
    assert delay < 2.0  # 0.3 s on an idle machine; the rest is copying what was recorded
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_interruption_inside_an_instant_leaves_no_checkpoint():
    class Broken(Remembering):
        def act(self, reads, tick, state, rng):
            if tick == 50:
                raise KeyboardInterrupt
            return super().act(reads, tick, state, rng)

    record = run(chip(True), {"demon": Broken()}, threads=1)
    assert record.checkpoint == {}
    assert record.samples["x"].shape[1] > 0
    with pytest.raises(ThermosimError, match="was interrupted twice and has no checkpoint: there is nothing to resume"):
        run(chip(True), {"demon": Remembering()}, resume=record)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 2}, "cannot resume: the record has seed 1 and this run 2"),
        ({"replicas": 3}, "cannot resume: the record has number of replicas 1 and this run 3"),
    ],
)
def test_a_record_of_another_run_is_refused(change, message):
    program_ = chip(True)
    half = run(program_, {"demon": Remembering()}, stop=lambda now: now >= 10_000_000)
    with pytest.raises(ThermosimError, match=message):
        run(program_, {"demon": Remembering()}, resume=half, **change)
    with pytest.raises(ThermosimError, match="has chip hand made and this run another"):
        run(replace(program_, name="another"), {"demon": Remembering()}, resume=half)


def test_a_complete_record_is_not_resumed():
    program_ = program([rc()], record={"x": (("x",), 1e-7)})
    with pytest.raises(ThermosimError, match="is complete: there is nothing to resume"):
        run(program_, {}, resume=run(program_, {}))
