"""What the screen and the report say of energy, mixing and target, in the cases where it matters most."""

import math
from dataclasses import replace

import pytest

from thermosim.analysis.distance import Distance
from thermosim.analysis.mixing import Mixing
from thermosim.measure.compare import Ideal
from thermosim.measure.energy import Energy, LedgerRow, Span, Unpriced
from thermosim.measure.mixing import PartMixing
from thermosim.measure.target import Target
from thermosim.report import telling

ROW = LedgerRow("adc", "conversion", 1000, 10, 5e-12, 1e-12, 2e-11, 5e-9, 1.0, "derived", "a survey")
ZERO = Span(0.0, 0.0, 0.0)
PER_SAMPLE = Span(5e-11, 1e-11, 2e-10)
ENERGY = Energy(
    rows=(ROW,),
    unpriced=(Unpriced("adc", "buffer", 1000, "nobody states buffer_energy"),),
    window=Span(5e-9, 1e-9, 2e-8),
    burn_in=Span(5e-11, 1e-11, 2e-10),
    per_raw_sample=Span(5e-12, 1e-12, 2e-11),
    per_effective_sample=PER_SAMPLE,
    per_effective_sample_with_start=PER_SAMPLE,
)


def part(verdict: str, tau: float, ess: float, reason: str = "") -> PartMixing:
    one = Mixing("mean", tau, 0.1, 1.0, ess, verdict, reason)  # type: ignore[arg-type]
    worst = "mean" if math.isfinite(tau) else ""
    return PartMixing(
        "x", "island", 1, 4, 250, 1e-6, (one,), verdict, worst, tau, 0.1, ess, {"mode[0] of the network": 5e-6}
    )  # type: ignore[arg-type]


def test_unpriced_actions_are_named_with_their_counts_and_reason() -> None:
    section = telling.energy(ENERGY, full=False)
    assert section.remarks == ("not priced, and not zero: adc: buffer, 1,000 times (nobody states buffer_energy)",)


def test_energy_has_its_range_and_its_ledger_has_sources() -> None:
    section = telling.energy(ENERGY, full=True)
    assert (section.facts[0].value, section.facts[0].note) == ("50 pJ", "10 pJ to 200 pJ by the cards' spreads")
    assert section.tables[0].rows[0][-2:] == ("derived", "a survey")


def test_energy_of_a_stuck_chip_is_undefined_and_not_a_number() -> None:
    nowhere = Span(math.nan, math.nan, math.nan)
    section = telling.energy(replace(ENERGY, per_effective_sample=nowhere), full=False)
    assert section.facts[0].value == "undefined"


def test_a_chip_without_prices_costs_nothing_known_and_not_zero() -> None:
    section = telling.energy(replace(ENERGY, rows=(), unpriced=(), window=ZERO), full=False)
    assert section.facts == ()
    assert section.remarks == ("no action of this chip has a price: its energy is undefined",)


def test_mixing_gives_time_verdict_and_exact_relaxation() -> None:
    section = telling.mixing([part("ok", 4.083, 245.0)], "ok", full=False)
    said = {fact.label: (fact.value, fact.note) for fact in section.facts}
    assert said["integrated time"] == ("4.08 ± 0.10 samples", "4.08 ± 0.10 us")
    assert said["effective samples"] == ("245", "of 1,000 recorded, 4 replicas x 250 samples")
    assert said["exact relaxation"][0] == "5 us"
    assert section.badge is not None
    assert section.badge.tone == "good"


@pytest.mark.parametrize(("verdict", "tone"), [("too short", "warn"), ("not settled", "bad"), ("stuck", "bad")])
def test_a_verdict_other_than_ok_is_coloured_and_gives_its_reason(verdict: str, tone: str) -> None:
    section = telling.mixing([part(verdict, math.nan, math.nan, "the observable never changed")], verdict, full=False)
    assert section.badge is not None
    assert (section.badge.text, section.badge.tone) == (verdict, tone)
    assert section.remarks == ("x, mean: the observable never changed",)
    assert "undefined" in [fact.value for fact in section.facts]


def distance(quantity: str, excess: float, law: str = "as drawn") -> Distance:
    return Distance(quantity, law, 0.01 + 0.001 * excess, 0.001, 0.01, 0.001, 1000.0)


def test_target_badge_follows_the_largest_excess_over_the_declared_law() -> None:
    near = telling.target(
        [Target("s", "as drawn", (distance("TV", 1.0), distance("TV", 40.0, "as programmed")))], False
    )
    far = telling.target([Target("s", "as drawn", (distance("TV", 1.0), distance("KL", 40.0)))], False)
    assert near.badge is not None
    assert far.badge is not None
    assert near.badge.tone == "good"
    assert (far.badge.text, far.badge.tone) == ("up to 40 sigma beyond a perfect sampler", "warn")


def test_the_screen_keeps_the_worst_of_the_fixed_directions_and_the_report_all() -> None:
    found = [
        Target(
            "x",
            "as drawn",
            (distance("KS along mode[0]", 1.0), distance("KS along mode[1]", 2.0), distance("covariance", 0.5)),
        )
    ]
    short, full = telling.target(found, False), telling.target(found, True)
    assert [row[0] for row in short.tables[0].rows] == ["covariance", "KS along mode[1], worst of 2"]
    assert len(full.tables[0].rows) == 3


def test_ideal_samplers_are_held_against_the_chip_and_the_unpriced_are_named() -> None:
    def ideal(platform: str, joules: float | None) -> Ideal:
        return Ideal("s", platform, "heat bath", joules, joules, joules, None, "assumed", "a source")

    section = telling.ideals([ideal("platform/gpu", 1e-6), ideal("platform/fpga", None)], 5e-11, full=False)
    assert section.tables[0].rows == (("gpu", "1 uJ", "x 20,000", "assumed"),)
    assert section.facts[1].value == "fpga"
    stuck = telling.ideals([ideal("platform/gpu", 1e-6)], math.nan, full=False)
    assert stuck.tables[0].rows[0][2] == ""


def test_a_part_without_a_distance_is_not_as_close_as_a_perfect_sampler() -> None:
    stuck = Target("t", "as drawn", (), "no distance: the samples are stuck")
    none = telling.target([stuck], False)
    some = telling.target([Target("s", "as drawn", (distance("TV", 1.0),)), stuck], False)
    assert none.badge is not None
    assert some.badge is not None
    assert (none.badge.text, some.badge.text) == ("undefined", "undefined for 1 of 2 parts")


def test_what_is_said_of_many_parts_is_said_once() -> None:
    notes = ["a: too slow", "one beta", "b: too slow", "c: too slow", "d: too fast", "mind: the gap", "e f: odd"]
    told = ("a and 2 others: too slow", "one beta", "d: too fast", "mind: the gap", "e f: odd")
    assert telling.alike(notes) == told
    rows = tuple(Unpriced(path, "wire", 10, "nobody states wire_length") for path in "abc")
    remarks = telling.energy(replace(ENERGY, unpriced=(*rows, Unpriced("a", "write", 1, "why"))), full=False).remarks
    assert remarks[0].endswith("a and 2 others: wire, 30 times (nobody states wire_length)")
    assert remarks[1].endswith("a: write, 1 times (why)")
