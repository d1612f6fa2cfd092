"""Chips of p-dits and p-bits from the netlist to the summary: records, resuming, distances, prices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thermosim.api import Chip, measure, simulate
from thermosim.circuit import assemble, elaborate
from thermosim.engine.simulator import run
from thermosim.netlist import load_text
from thermosim.record import Record

TEXT = """\
thermosim: 1
name: mixed
models:
  three: {card: pdit/extropic2026, q: 3, tau0: 10 ns, bias: [0.1, -0.2, 0.4]}
  rng: {card: cmos_rng/extropic2025, v_s: 26 mV, bias: 0.3}
  wire: {type: synapse, bits: 8, j_max: 4}
instances:
  a: {model: three, shape: [3]}
  s: {model: rng, shape: [3]}
  K: {type: clock, frequency: 3.33 MHz, pins: {out: ck}}
couplings:
  m: {between: [a, s], model: wire, matrix: [[1, 0.5, 0], [0, 1, 0.2], [0.3, 0, 1]], table: [[0.5, -0.5], [0, 0], [-0.2, 0.7]]}
  bits: {between: [s, s], model: wire, lattice: {name: complete}, weight: 0.3}
updates: {clock: ck}
variation: {seed: 1, mismatch: {s.offset: {sigma: 3 mV}, m.weight: {sigma: 5 %}}}
run: {duration: 1500 sweeps, burn_in: 50 sweeps, replicas: 40, record: {a: every 10 sweeps, s: every 5 sweeps}}
"""  # noqa: E501


def program() -> Any:
    return assemble(elaborate(load_text(TEXT, "mixed.yaml")))


@pytest.fixture(scope="module")
def whole() -> Record:
    return run(program(), {}, seed=3, threads=2)


def test_what_was_asked_for_is_recorded(whole: Record) -> None:
    assert whole.samples["a"].shape == (40, 150, 3)
    assert whole.samples["a"].dtype == np.int8
    assert set(np.unique(whole.samples["a"])) == {0, 1, 2}
    assert set(np.unique(whole.samples["s"])) == {-1, 1}
    numbers = whole.series["a:states"][:, 9::10]
    assert np.array_equal(numbers % 27, whole.samples["a"] @ np.array([1, 3, 9]))
    assert np.array_equal(whole.counters["a.updates"], np.repeat([[150], [4500]], 40, axis=1))


def test_an_interrupted_run_goes_on_to_the_same_bits(whole: Record, tmp_path: Any) -> None:
    from thermosim.record import load

    half = run(program(), {}, seed=3, threads=1, stop=lambda now: now >= 400_000_000_000)
    assert 0 < half.series["a:energy"].shape[1] < 1500
    half.save(tmp_path)
    again = run(program(), {}, seed=3, threads=1, resume=load(tmp_path))
    assert again.series.keys() == whole.series.keys()
    for kind in ("series", "samples", "sums", "counters", "times"):
        mine, other = getattr(again, kind), getattr(whole, kind)
        assert all(np.array_equal(mine[name], other[name]) for name in other)


def test_the_summary_tells_dynamics_from_mismatch(whole: Record) -> None:
    """Held against the drawing the mismatch is seen; against this die's own law nothing is left."""
    summary = measure(whole)
    assert summary.verdict == "ok"
    excess = {(one.quantity, one.law): one.excess for one in summary.target[0].distances}
    assert excess["TV", "as drawn"] > 5
    assert excess["TV", "as programmed"] > 5
    assert abs(excess["TV", "as built"]) < 5
    assert abs(excess["KL", "as built"]) < 5
    assert summary.energy is not None
    each = {(row.instance, row.action): row.joules_each for row in summary.energy.rows}
    assert each["a", "draw"] == pytest.approx(24e-15)
    assert each["a", "rest"] == pytest.approx(18e-15)
    assert summary.temperature == ()
    assert any(one.platform == "this processor" for one in summary.ideal)
    assert summary.run.dits == {"a": 6}


def test_a_chip_says_what_it_is_made_of() -> None:
    from thermosim.api import load
    from thermosim.report.overview import ran

    chip: Chip = load("potts", set={"run.duration": "60 sweeps", "run.burn_in": "5 sweeps", "run.replicas": 2})
    assert "256 p-dits" in repr(chip)
    summary = measure(simulate(chip))
    assert "256 p-dits of 3 states, 512 couplings" in ran(summary, chip)
    assert "256 p-dits" in str(summary)
