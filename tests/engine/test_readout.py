"""Reads of the host: a read is a draw, costs what the card says, and is never faster than a frame."""

import numpy as np
import pytest

import thermosim as ts
from thermosim.errors import NetlistError

CHIP = """
thermosim: 1
name: read_out
models:
  rng: {card: cmos_rng/z1_2026, v_s: 26 mV, tau0: 100 ns}
instances:
  s: {model: rng, shape: [2]}
  other: {model: rng, shape: [3]}
  clock: {type: clock, frequency: 2 MHz, pins: {out: ck}}
couplings:
  pair: {between: [s, s], model: {type: synapse}, matrix: [[0, 1.2], [1.2, 0]]}
  chain: {between: [s, other], model: {type: synapse}, matrix: [[0, 0, 0.5], [0, 0, 0]]}
updates: {order: coloured, clock: ck}
run: {duration: 2000 sweeps, burn_in: 7 sweeps, replicas: 40, record: {s: every 100 sweeps}}
"""


@pytest.fixture
def chip(tmp_path):
    path = tmp_path / "chip.yaml"
    path.write_text(CHIP)

    def load(**changes):
        return ts.load(path, set={key.replace("__", "."): value for key, value in changes.items()})

    return load


def test_draws_are_those_sweeps_of_the_unread_run(chip) -> None:
    every = ts.simulate(chip(), seed=3)
    read = ts.simulate(chip(run__read="every 50 sweeps"), seed=3)
    for name, series in read.series.items():
        assert series.shape == (40, 40)
        assert np.array_equal(series, every.series[name][:, 49::50])
    assert np.array_equal(read.samples["s"], every.samples["s"])
    assert np.array_equal(read.times["s:sweeps"] if "s:sweeps" in read.times else read.times["other:sweeps"],
                          (every.times.get("s:sweeps", every.times.get("other:sweeps")))[49::50])  # fmt: skip


def test_a_schedule_moves_between_reads(chip) -> None:
    beta = {"schedule__beta": [[0, 0.1], [333, 0.7], [1010, 1.0]]}
    every, read = ts.simulate(chip(**beta), seed=3), ts.simulate(chip(run__read="every 50 sweeps", **beta), seed=3)
    assert all(np.array_equal(values, every.series[name][:, 49::50]) for name, values in read.series.items())
    assert np.array_equal(read.counters["s.updates"], every.counters["s.updates"])


def test_reads_and_writes_are_counted_for_each_p_bit(chip) -> None:
    record = ts.simulate(chip(run__read="every 300 sweeps", run__record={}))  # 2000 sweeps hold six reads
    assert np.array_equal(record.counters["other.reads"], np.repeat([[0], [6 * 3]], 40, axis=1))
    assert np.array_equal(record.counters["other.writes"], np.repeat([[3], [0]], 40, axis=1))
    assert np.array_equal(record.counters["s.updates"], np.repeat([[7 * 2], [2000 * 2]], 40, axis=1))
    assert "s.reads" not in ts.simulate(chip()).counters


def test_a_read_costs_239_updates_and_programming_21664(chip) -> None:
    found = ts.measure(ts.simulate(chip(run__read="every 239 sweeps", run__record={}, run__duration="2390 sweeps")))
    rows = {(row.instance, row.action): row for row in found.energy.rows}
    assert rows["s", "read"].joules == pytest.approx(rows["s", "cell"].joules, rel=2e-3)
    assert rows["s", "write"].joules == 0
    assert found.energy.burn_in.value == pytest.approx(40 * 5 * (153.6e-12 + 7 * 7.09e-15), rel=1e-12)


def test_thinned_draws_have_the_time_of_their_own_distance() -> None:
    """Two p-bits, t = tanh(beta J): a sweep leaves s_1' = t s_2 and s_2' = t s_1' on average. With l = t^2 the sum m of
    both has <m(0) m(k)> = 2 l^k + t l^(k-1) + t l^k and the variance 2 + 2 t; of reads only every third k counts.
    """
    coupling = {"couplings.pair.matrix": [[0, 1.0], [1.0, 0]], "models.wire.j_max": 31, "models.wire.bits": 6}
    settings = coupling | {"instances.s.bias": 0, "run.read": "every 3 sweeps", "run.duration": "60000 sweeps",
                           "instances.osc.frequency": "100 kHz"}  # fmt: skip
    part = ts.measure(ts.simulate(ts.load("pbit", set=settings), seed=5)).mixing[0]
    t = np.tanh(1.0)
    one = t**2

    def time(step: int) -> float:
        return 1 + 2 * (2 + t + t / one) / (2 + 2 * t) * one**step / (1 - one**step)

    tau = time(3)
    found = part.of("mean(s)")
    assert abs(found.tau - tau) < 5 * found.tau_error
    assert abs(time(1) - found.tau) > 20 * found.tau_error, "the time of single sweeps is another"
    assert (part.steps, part.interval) == ("reads", pytest.approx(3 * 2 * 1e-5))
    assert part.exact["slowest mode of the sweep"] == pytest.approx(-2e-5 / np.log(one), rel=1e-3)


def test_far_reads_of_a_grid_score_like_a_perfect_sampler() -> None:
    """Independent draws are no better than independent: the floor must not fall below theirs."""
    settings = {"run.duration": "60000 sweeps", "run.replicas": 32, "run.read": "every 100 sweeps",
                "variation.mismatch": {}, "instances.s.shape": [20, 20], "couplings.grid.lattice": {
                    "name": "G8", "boundary": "torus"}, "target": "as_programmed"}  # fmt: skip
    target = ts.measure(ts.simulate(ts.load("pbit_grid", set=settings), seed=1)).target[0]
    pairs = next(d for d in target.distances if d.quantity.startswith("pair") and d.law == "as programmed")
    assert abs(pairs.excess) < 5
    assert 0.95 < pairs.floor * np.sqrt(32 * 600) < 1.2, "one over the root of independent draws, and the reference's"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run__read": "every 1 us"}, "'other' has clocked p-bits: read it every so many sweeps"),
        ({"run__read": "every 30 sweeps"}, "'s' is read every 30 sweeps (run.read): record it at a multiple of that"),
        (
            {"run__read": "every 10 sweeps", "run__record": {}},
            "a read of 'other' takes 25 us and one is asked for every 10 us; read every 25 sweeps or more",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(chip, changes, message) -> None:
    with pytest.raises(NetlistError) as error:
        chip(**changes)
    assert message in str(error.value)


def test_analog_nets_are_not_read() -> None:
    with pytest.raises(NetlistError, match="reads p-bits, and this chip has none"):
        ts.load("noisy_capacitor", set={"run.read": "every 1 us"})


def test_a_read_run_resumes_to_the_same_bits(chip, tmp_path) -> None:
    from thermosim.engine.simulator import run

    program = chip(run__read="every 50 sweeps").program
    whole = run(program, {}, 3)
    half = run(program, {}, 3, stop=lambda time: time > 0.4 * (program.burn_in + program.duration))
    assert not half.meta["complete"]
    again = run(program, {}, 3, resume=half)
    assert all(np.array_equal(again.series[name], series) for name, series in whole.series.items())
    assert all(np.array_equal(again.counters[name], counts) for name, counts in whole.counters.items())
