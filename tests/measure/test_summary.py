"""The summary: what it holds, what it leaves undefined, and that it is plain data in the end."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from thermosim.measure import measure


def test_summary_of_a_fabric(made: SimpleNamespace) -> None:
    summary = measure(made.fabric(16, 2000, seed=1))
    assert summary.verdict == "ok"
    assert summary.slowest == "s"
    assert summary.energy is not None
    part = summary.mixing[0]
    # 4 updates of 2 fJ a sample
    assert summary.energy.per_raw_sample.value == pytest.approx(8e-15)
    assert summary.energy.per_effective_sample.value == pytest.approx(8e-15 * part.tau)
    assert summary.ideal[0].platform == "this processor"
    assert summary.ideal[0].seconds > 0
    text = str(summary)
    assert "mixing of s: ok" in text
    assert "unpriced: clock edges" in text
    plain = json.loads(json.dumps(summary.to_dict(), allow_nan=False))
    assert set(plain) == {
        "run",
        "mixing",
        "verdict",
        "slowest",
        "ess",
        "energy",
        "target",
        "ideal",
        "notes",
        "temperature",
        "heat",
        "information",
    }
    assert set(plain["target"][0]["distances"][0]) == {
        "quantity", "law", "value", "error", "floor", "floor_spread", "length", "excess",
    }  # fmt: skip
    assert plain["energy"]["per_effective_sample"]["value"] == pytest.approx(8e-15 * part.tau)


@pytest.mark.parametrize("alike", [True, False])
def test_frozen_replicas_leave_the_energy_undefined(made: SimpleNamespace, alike: bool) -> None:
    record = made.fabric(8, 500, seed=2)
    for name, series in record.series.items():
        frozen = series[:1, :1] if alike else series[:, :1]
        record.series[name] = np.repeat(np.broadcast_to(frozen, (8, 1)), 500, axis=1)
    summary = measure(record)
    assert summary.verdict == "stuck"
    assert summary.energy is not None
    assert math.isnan(summary.energy.per_effective_sample.value)
    assert "energy per effective sample undefined" in str(summary)
    assert summary.to_dict()["energy"]["per_effective_sample"]["value"] is None


def test_only_what_was_asked_for(made: SimpleNamespace) -> None:
    record = made.fabric(8, 500, seed=3)
    record.program = replace(record.program, measures=("mixing",))
    summary = measure(record)
    assert summary.energy is None
    assert summary.target == ()
    assert summary.mixing


def test_two_parts_and_the_slower_one_counts(made: SimpleNamespace) -> None:
    record, other = made.fabric(16, 1000, seed=4), made.linear(2, 16, 1000, 1e-6, seed=4)
    record.samples, record.times = other.samples, other.times
    record.program = replace(record.program, islands=other.program.islands, probes=other.program.probes)
    summary = measure(record)
    assert [part.path for part in summary.mixing] == ["x[0]", "s"]
    assert summary.slowest == "x[0]"
    assert summary.ess == min(part.ess for part in summary.mixing)
    assert {target.path for target in summary.target} == {"x[0]", "s"}


def test_an_island_of_which_nothing_was_recorded_is_noted(made: SimpleNamespace) -> None:
    record = made.linear(2, 4, 100, 1e-6, seed=5)
    record.samples.clear()
    summary = measure(record)
    assert summary.notes == ("x[0]: nothing was recorded of this island",)
    assert math.isnan(summary.ess)
    str(summary)


def test_importing_measure_is_light() -> None:
    heavy = ("numba", "scipy.stats", "scipy.signal", "arviz_stats", "matplotlib")
    code = f"import thermosim.measure, sys; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
