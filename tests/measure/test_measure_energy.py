"""The ledger by hand: counts times prices, spreads, what has no price, and what is undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest

from thermosim.circuit.program import PriceRow
from thermosim.measure.energy import faults, ledger
from thermosim.models.base import Price


def priced(
    path: str, counter: str, joules: float | None, low: float | None = None, high: float | None = None
) -> PriceRow:
    return PriceRow(path, Price(counter, counter, joules, low, high, "measured", "a test"))


PRICES = (
    priced("adc", "conversions", 2e-12, 1e-12, 5e-12),
    priced("s", "updates", 1e-15),
    priced("buffer", "conversions", None),
)
COUNTERS = {
    "adc.conversions": np.array([[1, 2], [30, 40]]),
    "s.updates": np.array([[0, 100], [10_000, 20_000]]),
    "buffer.conversions": np.array([[1, 2], [30, 40]]),
    "clock.edges": np.array([[5, 5], [6, 7]]),
}


def test_sums_and_shares() -> None:
    found = ledger(PRICES, COUNTERS, raw_samples=200, effective_samples=50)
    window = 70 * 2e-12 + 30_000 * 1e-15
    assert found.window.value == pytest.approx(window)
    assert found.window.low == pytest.approx(70 * 1e-12 + 30_000 * 1e-15)
    assert found.window.high == pytest.approx(70 * 5e-12 + 30_000 * 1e-15)
    assert found.burn_in.value == pytest.approx(3 * 2e-12 + 100 * 1e-15)
    assert found.per_raw_sample.value == pytest.approx(window / 200)
    assert found.per_effective_sample.value == pytest.approx(window / 50)
    assert found.per_effective_sample.high == pytest.approx(found.window.high / 50)
    assert found.per_effective_sample_with_start.value == pytest.approx((window + found.burn_in.value) / 50)
    assert [row.instance for row in found.rows] == ["adc", "s"]
    assert sum(row.share for row in found.rows) == pytest.approx(1)
    assert found.rows[0].share == pytest.approx(140e-12 / window)
    assert (found.rows[0].count, found.rows[0].burn_in_count) == (70, 3)


def test_what_nobody_priced_is_listed_and_in_no_sum() -> None:
    found = ledger(PRICES, COUNTERS, 200, 50)
    assert [(row.instance, row.action, row.count) for row in found.unpriced] == [
        ("buffer", "conversions", 70),
        ("clock", "edges", 13),
    ]
    missing = ledger((priced("s", "reads", 1e-12),), {}, 200, 50)
    assert missing.unpriced[0].reason == "nothing counted reads"
    for span in (missing.window, missing.burn_in, missing.per_raw_sample, missing.per_effective_sample):
        assert math.isnan(span.value)


def test_clipping_is_a_fault_and_no_action() -> None:
    counters = {"adc.clipped": np.array([[9, 9], [1, 2]]), "dac.clipped": np.array([[1, 1], [0, 0]])}
    assert ledger((), counters, 1, 1).unpriced == ()
    assert faults(counters) == ["adc: clipped 3 times in the recorded window"]


def test_stuck_chains_have_no_energy_per_effective_sample() -> None:
    found = ledger(PRICES, COUNTERS, 200, math.nan)
    assert math.isnan(found.per_effective_sample.value)
    assert math.isnan(found.per_effective_sample_with_start.high)
    assert found.per_raw_sample.value > 0
