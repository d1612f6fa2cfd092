"""From a summary to a story: which facts a reader needs, in which order and in which words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from thermosim.analysis.distance import Distance
from thermosim.measure.compare import Ideal
from thermosim.measure.energy import Energy, Span, Unpriced
from thermosim.measure.mixing import PartMixing
from thermosim.measure.target import Target
from thermosim.measure.temperature import EffectiveTemperature
from thermosim.report.scale import pm, pm_si
from thermosim.report.story import Badge, Fact, Part, Section, Table, Tone
from thermosim.units import show

TONES: dict[str, Tone] = {"ok": "good", "too short": "warn", "not settled": "bad", "stuck": "bad"}
_SHOWN = 8
_BEYOND_CHANCE = 3.0
"""Excess [standard deviations of a perfect sampler's score] beyond which a distance is called the chip's fault."""


def count(number: int, thing: str) -> str:
    """``1 p-bit``, ``4,900 p-bits``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def joules(span: Span) -> tuple[str, str]:
    """Text of an energy, and of its range where the cards state one."""
    if not math.isfinite(span.value):
        return "undefined", ""
    spread = f"{show(span.low, 'J', 3)} to {show(span.high, 'J', 3)} by the cards' spreads"
    return show(span.value, "J", 3), spread if span.high > span.low else ""


def mixing(parts: Sequence[PartMixing], verdict: str, full: bool) -> Section:
    """How long one independent sample takes, and whether to believe it; `full` lists every observable."""
    facts: list[Fact] = []
    remarks: list[str] = []
    for part in parts:
        of = f" of {part.path}" if len(parts) > 1 else ""
        if part.worst:
            slowest = part.of(part.worst)
            facts.append(Fact(f"slowest observable{of}", part.worst, f"of {len(part.observables)} fixed beforehand"))
            facts.append(Fact("integrated time", pm(part.tau, part.tau_error, part.steps), _duration(part)))
            if math.isfinite(slowest.rhat):
                facts.append(Fact("split R-hat", f"{slowest.rhat:.4f}"))
        reasons = [one for one in part.observables if one.verdict == part.verdict and one.reason]
        if reasons:
            others = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
            remarks.append(f"{part.path}, {reasons[0].name}{others}: {reasons[0].reason}")
        recorded = (
            f"of {part.chains * part.draws:,} recorded, {count(part.chains, 'replica')} x {part.draws:,} {part.steps}"
        )
        effective = f"{part.ess:,.0f}" if math.isfinite(part.ess) else "undefined"
        facts += [Fact(f"effective samples{of}", effective, recorded), *_exact(part)]
    tables = tuple(_observables(part) for part in parts) if full else ()
    return Section("Mixing", Badge(verdict, TONES[verdict]), tuple(facts), tables=tables, remarks=tuple(remarks))


def _observables(part: PartMixing) -> Table:
    header = (f"observable of {part.path}", f"integrated time [{part.steps}]", "split R-hat", "effective", "verdict")
    rows = tuple(
        (
            one.name,
            pm(one.tau, one.tau_error),
            f"{one.rhat:.4f}" if math.isfinite(one.rhat) else "undefined",
            f"{one.ess:,.0f}" if math.isfinite(one.ess) else "undefined",
            one.verdict,
        )
        for one in part.observables
    )
    return Table(header, rows, (False, True, True, True, False))


def _duration(part: PartMixing) -> str:
    """The integrated time in seconds."""
    if not math.isfinite(part.tau):
        return ""
    return pm_si(part.tau * part.interval, part.tau_error * part.interval, "s")


def _exact(part: PartMixing) -> list[Fact]:
    """Exact relaxation times, gathered on one line where they belong together."""
    groups: dict[str, list[float]] = {}
    for name, time in part.exact.items():
        groups.setdefault(name.partition("] ")[2] or name, []).append(time)
    facts = []
    for name, times in groups.items():
        ranked = sorted(times, reverse=True)
        listed = ", ".join(show(time, "s", 3) for time in ranked[:6])
        faster = f", and {len(ranked) - 6} faster" if len(ranked) > 6 else ""
        facts.append(Fact("exact relaxation", listed + faster, name))
    return facts


def energy(found: Energy, full: bool) -> Section:
    """What a sample costs, action by action; `full` gives the whole ledger with its sources."""
    effective, effective_range = joules(found.per_effective_sample)
    raw, raw_range = joules(found.per_raw_sample)
    start = f"what came before the window: {joules(found.burn_in)[0]}"
    facts = (
        Fact("per effective sample", effective, effective_range),
        Fact("  with burn-in and programming", joules(found.per_effective_sample_with_start)[0], start),
        Fact("per recorded sample", raw, raw_range),
        Fact("recorded window", joules(found.window)[0], "all replicas"),
    )
    remarks = tuple(
        f"not priced, and not zero: {_and_others(paths)}: {action}, {count:,} times ({reason})"
        for (action, reason), (paths, count) in _by_action(found.unpriced).items()
    )
    if not found.rows:
        nothing = "no action of this chip has a price: its energy is undefined"
        return Section("Energy", remarks=(*remarks, nothing))
    parts = () if full else _shares(found)
    return Section("Energy", None, facts, parts, (_ledger(found),) if full else (), remarks)


def _by_action(rows: Sequence[Unpriced]) -> dict[tuple[str, str], tuple[list[str], int]]:
    """Instances and their summed count, by action and reason."""
    groups: dict[tuple[str, str], tuple[list[str], int]] = {}
    for row in rows:
        paths, count = groups.get((row.action, row.reason), ([], 0))
        groups[row.action, row.reason] = ([*paths, row.instance], count + row.count)
    return groups


def _and_others(paths: Sequence[str]) -> str:
    """``a``, ``a, b``, ``a and 3 others``."""
    return ", ".join(paths) if len(paths) < 3 else f"{paths[0]} and {len(paths) - 1} others"


def alike(notes: Sequence[str]) -> tuple[str, ...]:
    """Notes in their order; those that say the same of several parts, ``path: ...``, in one."""
    groups: dict[str, list[str]] = {}
    for note in notes:
        path, colon, text = note.partition(": ")
        groups.setdefault(text if colon and " " not in path else note, []).append(path)
    return tuple(f"{_and_others(paths)}: {text}" if text not in notes else text for text, paths in groups.items())


def _shares(found: Energy) -> tuple[Part, ...]:
    rows, rest = found.rows[:_SHOWN], found.rows[_SHOWN:]
    parts = [Part(f"{row.instance}: {row.action}", row.share, show(row.joules, "J", 3), row.grade) for row in rows]
    if rest:
        total = show(sum(row.joules for row in rest), "J", 3)
        parts.append(Part(f"{len(rest)} smaller ones", sum(row.share for row in rest), total, ""))
    return tuple(parts)


def _ledger(found: Energy) -> Table:
    header = ("instance", "action", "count", "each", "range", "in the window", "share", "evidence", "source")
    rows = tuple(
        (
            row.instance,
            row.action,
            f"{row.count:,}",
            show(row.joules_each, "J", 4),
            f"{show(row.low_each, 'J', 3)} to {show(row.high_each, 'J', 3)}" if row.high_each > row.low_each else "",
            show(row.joules, "J", 4),
            f"{100 * row.share:.2f} %",
            row.grade,
            row.source,
        )
        for row in found.rows
    )
    return Table(header, rows, (False, False, True, True, True, True, True, False, False))


def target(targets: Sequence[Target], full: bool) -> Section:
    """How far the chip is from its law, beside what a perfect sampler of equal effective length would score."""
    rows: list[tuple[str, ...]] = []
    remarks = []
    excess = 0.0
    for one in targets:
        of = f"{one.path}: " if len({each.path for each in targets}) > 1 else ""
        rows += [_distance(of, distance) for distance in (one.distances if full else _telling(one.distances))]
        excess = max([excess, *(distance.excess for distance in one.distances if distance.law == one.law)])
        if one.note:
            remarks.append(f"{of}{one.note}")
    if not rows:
        return Section("Target", Badge("undefined", "warn"), remarks=tuple(remarks))
    header: tuple[str, ...]
    numeric: tuple[bool, ...]
    header, numeric = ("distance", "law", "hardware", "perfect sampler", "excess"), (False, False, True, True, True)
    facts: tuple[Fact, ...] = ()
    if len({row[1] for row in rows}) == 1:
        # One law for all rows is said once.
        facts = (Fact("law", rows[0][1]),)
        header, numeric = (header[0], *header[2:]), (numeric[0], *numeric[2:])
        rows = [(row[0], *row[2:]) for row in rows]
    badge = Badge("as close as a perfect sampler", "good")
    without = sum(not one.distances for one in targets)
    if without:
        badge = Badge(f"undefined for {without} of {count(len(targets), 'part')}", "warn")
    if excess > _BEYOND_CHANCE:
        badge = Badge(f"up to {excess:,.0f} sigma beyond a perfect sampler", "warn")
    return Section("Target", badge, facts, tables=(Table(header, tuple(rows), numeric),), remarks=tuple(remarks))


def temperature(found: Sequence[EffectiveTemperature]) -> Section:
    """The temperature at which the drawn law explains the spins best, against the declared one."""
    facts = tuple(
        Fact(one.path, pm(one.ratio, one.error, "of the declared"), f"{one.states:,} states, pseudo-likelihood")
        for one in found
    )
    return Section("Effective temperature", None, facts)


def _distance(of: str, found: Distance) -> tuple[str, ...]:
    floor = pm(found.floor, found.floor_spread)
    return (of + found.quantity, found.law, pm(found.value, found.error), floor, f"{found.excess:+.1f} sigma")


def _telling(distances: Sequence[Distance]) -> list[Distance]:
    """For one screen: of the directions fixed beforehand only the worst, every other distance as it is."""
    chosen: list[Distance] = []
    for law in dict.fromkeys(distance.law for distance in distances):
        mine = [distance for distance in distances if distance.law == law]
        fixed = [one for one in mine if one.quantity.startswith(("KS along mode", "KS along projection"))]
        chosen += [one for one in mine if one not in fixed]
        if fixed:
            worst = max(fixed, key=lambda one: one.excess)
            of = f", worst of {len(fixed)}" if len(fixed) > 1 else ""
            chosen.append(replace(worst, quantity=worst.quantity + of))
    return chosen


def ideals(found: Sequence[Ideal], chip: float, full: bool, partial: bool = False) -> Section:
    """What ideal digital samplers pay for one effective sample; `chip` is what the chip pays [J], or a part of it."""
    known = [one for one in found if one.joules is not None or one.seconds is not None]
    unknown = [one.platform.removeprefix("platform/") for one in found if one not in known]
    facts = [Fact("sampler", text) for text in dict.fromkeys(_sampler(one, found) for one in found)]
    if unknown and not full:
        facts.append(Fact("no price known", ", ".join(unknown)))
    rows = [_ideal(one, chip, full) for one in (found if full else known)]
    header = ("platform", "one effective sample", "against the chip", "evidence", *(("source",) if full else ()))
    numeric = (False, True, True, False, *((False,) if full else ()))
    remarks = ("the chip's joules leave out what is not priced, which the ratios do not know",) if partial else ()
    return Section(
        "Ideal digital sampler", None, tuple(facts), tables=(Table(header, tuple(rows), numeric),), remarks=remarks
    )


def _sampler(one: Ideal, found: Sequence[Ideal]) -> str:
    return f"{one.path}: {one.sampler}" if len({each.path for each in found}) > 1 else one.sampler


def _ideal(one: Ideal, chip: float, full: bool) -> tuple[str, ...]:
    cost = "not priced"
    if one.joules is not None:
        cost = show(one.joules, "J", 3)
    elif one.seconds is not None:
        cost = show(one.seconds, "s", 3)
    against = ""
    if one.joules is not None and chip > 0:
        against = f"x {float(f'{one.joules / chip:.3g}'):,.10g}"
    return (one.platform.removeprefix("platform/"), cost, against, one.grade, *((one.source,) if full else ()))
