"""The energy ledger: counted actions times their prices, for each sample and each effective sample.

    window     = sum over rows of count x joules each, counts of all replicas within the recorded window
    raw        = window / (R N)
    effective  = window max tau / (R N) = window / ESS of the worst observable
    with start = (window + burn-in) / ESS

low and high are the same sums over the lowest and highest prices of the cards. Actions that nobody priced are listed
with their counts and are in no sum; where no action has a price, every sum is undefined and not zero. Programming the
chip happens before the window, once for every replica.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from thermosim.circuit.program import PriceRow
from thermosim.models.base import Grade

FAULTS = ("clipped",)
"""Counters of what went wrong: no actions, so that nothing is owed for them."""


@dataclass(frozen=True)
class LedgerRow:
    """One action of one instance: counts over all replicas, joules of one action, joules in the window."""

    instance: str
    action: str
    count: int
    burn_in_count: int
    joules_each: float
    low_each: float
    high_each: float
    joules: float
    share: float
    grade: Grade
    source: str


@dataclass(frozen=True)
class Unpriced:
    """An action that was counted and that nobody priced; its count in the window, or before it if it has none there."""

    instance: str
    action: str
    count: int
    reason: str


@dataclass(frozen=True)
class Span:
    """Joules with the low and the high end of the cards' spreads."""

    value: float
    low: float
    high: float

    def over(self, divisor: float) -> Span:
        """Divided by a number of samples; nan where that is undefined."""
        if not divisor > 0:
            return Span(math.nan, math.nan, math.nan)
        return Span(self.value / divisor, self.low / divisor, self.high / divisor)

    def plus(self, other: Span) -> Span:
        return Span(self.value + other.value, self.low + other.low, self.high + other.high)


@dataclass(frozen=True)
class Energy:
    """The ledger of a run, over all replicas [J]. nan is undefined: all if nothing is priced, per effective sample if
    the chip is stuck."""

    rows: tuple[LedgerRow, ...]
    unpriced: tuple[Unpriced, ...]
    window: Span
    burn_in: Span
    per_raw_sample: Span
    per_effective_sample: Span
    per_effective_sample_with_start: Span


def ledger(
    prices: tuple[PriceRow, ...], counters: Mapping[str, np.ndarray], raw_samples: float, effective_samples: float
) -> Energy:
    """Ledger of `counters` (path.counter -> (2, chain)); nan `effective_samples` leave the energy of one undefined."""
    rows: list[LedgerRow] = []
    unpriced: list[Unpriced] = []
    zero = Span(0.0, 0.0, 0.0)
    window, burn_in = zero, zero
    for row in prices:
        price, counts = row.price, counters.get(f"{row.path}.{row.price.counter}")
        if counts is None:
            unpriced.append(Unpriced(row.path, price.action, 0, f"nothing counted {price.counter}"))
            continue
        before, during = (int(count) for count in counts.reshape(2, -1).sum(axis=1))
        if price.joules is None and not (before or during):
            continue
        if price.joules is None:
            unpriced.append(Unpriced(row.path, price.action, during or before, price.source))
            continue
        low = price.joules if price.low is None else price.low
        high = price.joules if price.high is None else price.high
        each = Span(price.joules, low, high)

        def cost(count: int, each: Span = each) -> Span:
            return Span(count * each.value, count * each.low, count * each.high)

        window, burn_in = window.plus(cost(during)), burn_in.plus(cost(before))
        rows.append(
            LedgerRow(
                row.path, price.action, during, before, price.joules, low, high, during * price.joules, 0.0,
                price.grade, price.source,
            )
        )  # fmt: skip
    priced = {f"{row.path}.{row.price.counter}" for row in prices}
    for name in sorted(set(counters) - priced):
        instance, _, action = name.rpartition(".")
        if action not in FAULTS:
            before, during = (int(count) for count in counters[name].reshape(2, -1).sum(axis=1))
            unpriced.append(Unpriced(instance, action, during or before, "no price given"))
    if not rows:
        window = burn_in = Span(math.nan, math.nan, math.nan)
    shared = sorted((_with_share(row, window.value) for row in rows), key=lambda row: -row.joules)
    return Energy(
        rows=tuple(shared), unpriced=tuple(unpriced), window=window, burn_in=burn_in,
        per_raw_sample=window.over(raw_samples), per_effective_sample=window.over(effective_samples),
        per_effective_sample_with_start=window.plus(burn_in).over(effective_samples),
    )  # fmt: skip


def faults(counters: Mapping[str, np.ndarray]) -> list[str]:
    """Sentences about what was counted as a fault within the window."""
    found = []
    for name, counts in sorted(counters.items()):
        instance, _, action = name.rpartition(".")
        during = int(counts.reshape(2, -1)[1].sum())
        if action in FAULTS and during:
            found.append(f"{instance}: {action} {during} times in the recorded window")
    return found


def _with_share(row: LedgerRow, total: float) -> LedgerRow:
    return replace(row, share=row.joules / total if total > 0 else 0.0)
