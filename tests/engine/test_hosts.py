"""Controllers of p-bits: what they read is paid, what they write holds from the next sweep on."""

from typing import ClassVar

import numpy as np
import pytest

import thermosim as ts
from thermosim.circuit.program import IsingLaw
from thermosim.engine.simulator import run
from thermosim.errors import NetlistError
from thermosim.ideal.exact import probabilities

CHIP = """
thermosim: 1
name: programmed
models:
  rng: {card: cmos_rng/extropic2025, v_s: 26 mV}
instances:
  s: {model: rng, shape: [6], bias: 0.2}
  clock: {type: clock, frequency: 2 MHz, pins: {out: ck}}
  slow: {type: clock, frequency: 100 kHz, pins: {out: tick}}
couplings:
  ring: {between: [s, s], model: {type: synapse}, lattice: {name: chain}, weight: 0.4}
updates: {order: coloured, clock: ck}
variation: {seed: 4, mismatch: {s.offset: {sigma: 20 mV}}}
controllers:
  own: {program: "PROGRAM", clock: tick, reads: {y: s}, writes: {trim: s.trim, beta: updates.beta, h: s.bias}}
run: {duration: 4000 sweeps, burn_in: 1000 sweeps, replicas: 64}
"""


class Scripted:
    """Writes what its class holds, at the ticks that it names, and remembers what it saw."""

    script: ClassVar[dict] = {}
    seen: ClassVar[list] = []

    def __init__(self, plan, options):
        from thermosim.contracts import Arithmetic

        self.plan, self.arithmetic = plan, Arithmetic(6, 24)

    def initial_state(self):
        return 0

    def act(self, reads, tick, state, rng):
        self.seen.append(reads["y"].copy())
        script = type(self).script
        return script.get(tick, {}), (tick + 1 if tick < max(script, default=0) else None)


@pytest.fixture
def chip(tmp_path):
    path = tmp_path / "chip.yaml"
    path.write_text(CHIP.replace("PROGRAM", f"{__name__}:Scripted"))

    def load(script, **changes):
        Scripted.script, Scripted.seen = script, []
        return ts.load(path, set={key.replace("__", "."): value for key, value in changes.items()})

    return load


def test_a_trim_undoes_the_offset_of_the_die(chip) -> None:
    """Trimmed by its own offset, the die has the bits of one without mismatch from the next sweep on."""
    drawn = chip({}).circuit.mismatch["s.offset"]
    trimmed = ts.simulate(chip({0: {"trim": drawn}}), seed=2)
    ideal = ts.simulate(chip({}, variation__mismatch={}), seed=2)
    assert np.array_equal(trimmed.series["s:energy"], ideal.series["s:energy"])
    wrong = ts.simulate(chip({0: {"trim": -drawn}}), seed=2)
    assert not np.array_equal(wrong.series["s:energy"], ideal.series["s:energy"])


def test_knobs_are_those_of_a_netlist_that_was_drawn_so(chip) -> None:
    """Bias and beta, written before the first slot, act as if they had been in the netlist."""
    h = np.array([0.5, -0.3, 0.0, 0.1, -0.7, 0.9])
    written = ts.simulate(chip({0: {"h": h, "beta": np.array([0.5])}}, variation__mismatch={}), seed=2)
    means = written.sums["s:spin"] / float(written.sums["s:count"])
    law = chip({}).program.fabrics[0].drawn
    p = probabilities(IsingLaw(law.edges, law.weights, h, 0.5))
    s = 2 * ((np.arange(64)[:, None] >> np.arange(6)) & 1) - 1
    exact, error = p @ s, np.sqrt((1 - (p @ s) ** 2) / written.sums["s:count"])
    assert np.all(np.abs(means - exact) < 5 * 1.7 * error)
    other = probabilities(IsingLaw(law.edges, law.weights, h, 1.0)) @ s
    assert np.abs(means - other).max() > 20 * error.max(), "beta must have been written"


def test_reads_see_the_last_complete_sweep_and_are_counted(chip) -> None:
    record = ts.simulate(chip({3: {}}, run__record={"s": "every 1 sweeps"}, run__burn_in="0 s"), seed=2)
    # Ticks at 0, 10, 20 and 30 us; a sweep of two colours takes 1 us.
    assert len(Scripted.seen) == 4
    for k, seen in enumerate(Scripted.seen[1:], start=1):
        assert np.array_equal(seen.T, record.samples["s"][:, 10 * k - 1])
    assert record.counters["s.reads"].sum() == 4 * 6 * 64
    assert record.counters["own.ticks"].sum() == 4 * 64


def test_writes_hold_after_the_latency(chip) -> None:
    """A strong bias that is written at 20 us with 3.5 us of latency leaves the sweeps until 23 us as they were."""
    strong = {2: {"h": np.full(6, 30.0)}}
    changes = {"run__burn_in": "0 s", "run__duration": "60 sweeps", "run__record": {"s": "every 1 sweeps"}}
    plain = ts.simulate(chip({}, **changes), seed=2).samples["s"]
    late = ts.simulate(chip(strong, controllers__own__latency="3.5 us", **changes), seed=2)
    assert np.array_equal(late.samples["s"][:, :23], plain[:, :23])
    kept = np.exp(-5.0)  # of each p-bit and sweep: a slot is five relaxation times
    assert (late.samples["s"][:, 23] < 0).mean() < 5 * kept
    assert (plain[:, 23] < 0).mean() > 20 * kept
    assert late.samples["s"][:, 28:].min() == 1
    assert late.counters["s.writes"].tolist() == [[6] * 64, [6] * 64]


def test_a_run_that_is_stopped_between_writes_goes_on_to_the_same_bits(chip) -> None:
    script = {1: {"trim": np.linspace(-0.02, 0.02, 6)}, 60: {"beta": np.array([0.3])}, 200: {"h": np.zeros(6)}}
    made = chip(script)
    program, controllers = made.program, made.controllers
    whole = run(program, controllers, 3)
    for share in (0.0001, 0.1, 0.3, 0.7):
        half = run(
            program, controllers, 3, stop=lambda t, share=share: t > share * (program.burn_in + program.duration)
        )
        again = run(program, controllers, 3, resume=half)
        assert all(np.array_equal(again.series[name], series) for name, series in whole.series.items())
        assert all(np.array_equal(again.counters[name], counts) for name, counts in whole.counters.items())


def test_calibration_from_a_netlist_finds_the_offsets(tmp_path) -> None:
    """Trims end at the offsets within counting errors: V_s / sqrt(p (1 - p) N) each, N reads of all replicas."""
    text = CHIP.replace('program: "PROGRAM"', "program: calibrate, rounds: 4, draws: 300").replace(", h: s.bias", "")
    path = tmp_path / "chip.yaml"
    path.write_text(text.replace("burn_in: 1000", "burn_in: 13000"))
    chip = ts.load(path)
    found = {}
    from thermosim.engine.hosts import HostRunner

    write = HostRunner.write

    def spy(self, time, writes):
        found.update(writes)
        write(self, time, writes)

    HostRunner.write = spy
    try:
        record = ts.simulate(chip, seed=1)
    finally:
        HostRunner.write = write
    error = 0.026 / np.sqrt(0.25 * 300 * 64)
    assert np.all(np.abs(found["trim"] - chip.circuit.mismatch["s.offset"]) < 5 * error)
    assert np.abs(chip.circuit.mismatch["s.offset"]).max() > 20 * error, "there was something to trim"
    assert found["beta"] == 1.0
    assert record.counters["s.reads"].sum() == 4 * 301 * 6 * 64
    summary = ts.measure(record)
    assert {d.law for d in summary.target[0].distances} == {"as drawn"}, "nothing is said of the die as it was built"
    assert not any("in the recorded window" in note for note in summary.notes)


def test_a_chip_that_is_programmed_while_it_is_recorded_says_so(chip) -> None:
    notes = ts.measure(ts.simulate(chip({200: {"h": np.zeros(6)}}))).notes
    assert any(note.startswith("s: own programs it in the recorded window") for note in notes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reads": "{y: t}"}, "controllers.own.reads.y: 't' is no array of p-bits; these exist: s"),
        ({"writes": "{x: s.weight}"}, "controllers.own.writes.x: 's.weight' is no knob"),
        ({"program": "calibrate", "writes": "{trim: s.trim}"}, "calibrate reads one array s and writes its s.trim"),
        ({"program": "score"}, "program 'score' works between converters; p-bits have calibrate and module:Class"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(chip, changes, message) -> None:
    with pytest.raises(NetlistError) as error:
        chip({}, **{f"controllers__own__{key}": value for key, value in changes.items()})
    assert message in str(error.value)


def test_flash_is_not_written_faster_than_its_card_allows(chip) -> None:
    made = chip({2: {"h": np.zeros(6)}}, models__rng="{card: cmos_rng/z1_2026, v_s: 26 mV, tau0: 100 ns}")
    with pytest.raises(NetlistError, match=r"programs 's' 20 us after it was last programmed; its card allows that"):
        ts.simulate(made)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ({0: {"h": np.zeros(5)}}, "act at tick 0 .* wrote no 6 finite numbers to port 'h'"),
        ({0: {"nobody": np.zeros(5)}}, "wrote to 'nobody'; its ports are trim, beta, h"),
    ],
)
def test_wrong_writes_name_the_tick(chip, script, message) -> None:
    with pytest.raises(NetlistError, match=message):
        ts.simulate(chip(script))


def trimming(**changes):
    """The shipped chip that trims itself, with values set."""
    return ts.load("self_trimming", set={key.replace("__", "."): value for key, value in changes.items()})


def test_what_is_said_of_a_die_that_trims_itself_leaves_its_offsets_out() -> None:
    def told(chip):
        return [note for note in chip.program.notes if "log-odds" in note]

    assert not told(trimming())
    assert told(trimming(controllers="{}"))


def test_a_controller_that_reads_a_sweep_twice_or_ends_too_late_is_told() -> None:
    assert not trimming().lints
    fast = {problem.rule: problem.message for problem in trimming(instances__slow__frequency="4 MHz").lints}
    assert "it reads every 250 ns and a sweep takes 1 us" in fast["controller-pace"]
    late = {problem.rule: problem.message for problem in trimming(run__burn_in="10 ms").lints}
    assert "it has done its work after 15.01" in late["calibration"]
    assert "the recorded window begins after 10 ms" in late["calibration"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"controllers.trimmer.network": "target"}, "trimmer.network: is for controllers between converters"),
        (
            {"schedule": {"beta_factors": {"s": 0.5}}, "controllers": {"own": {
                "program": f"{__name__}:Scripted", "clock": "tick", "reads": {"y": "s"}, "writes": {"h": "s.bias"}}}},
            "schedule.beta_factors: scale biases that controller 'own' writes; leave one of them out",
        ),
        (
            {"schedule": {"beta_factors": {"s[0,0]": 0.5}, "tempering": {"betas": [0.5, 1.0], "every": 5}},
             "controllers": {}},
            "schedule.tempering: is not built beside beta_factors that differ between coupled p-bits",
        ),
        ({"updates": {"order": "free", "rng": "free"}, "controllers": {}, "run": {"duration": "1 us"}},
         "updates.rng: p-bits of order free are never latched"),
        ({"run.read": "every 30000 sweeps"}, "run.read: no samples: the interval between reads is longer than"),
    ],
)  # fmt: skip
def test_keys_that_would_be_ignored_are_refused(changes, message) -> None:
    with pytest.raises(NetlistError) as error:
        ts.load("self_trimming", set=changes)
    assert message in str(error.value)
