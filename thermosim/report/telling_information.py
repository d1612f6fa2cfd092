"""What controllers learn in words: nats exact and bounded, Landauer's floor beside the real joules, the second law."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from thermosim.measure.information import FAR, Information, Learnt
from thermosim.report.scale import pm
from thermosim.report.story import Badge, Fact, Section
from thermosim.units import show


def information(found: Sequence[Information]) -> Section:
    """Per conversion and per second of one replica, with what the innovations say of it."""
    facts: list[Fact] = []
    for one in found:
        of = f" of {one.path}" if len(found) > 1 else ""
        facts += [Fact(f"{name}{of}", value, note) for name, value, note in lines(one)]
    doubted = [one.path for one in found if one.readings.trust == "not believed"]
    broken = [one.path for one in found if one.law_by == "readings" and one.law < -FAR * one.law_error]
    remarks = [f"{path}: the innovations do not have variance 1; its nats are not to be believed" for path in doubted]
    remarks += [f"{path}: the second law with information does not hold, a fault of the simulator" for path in broken]
    badge = Badge("not believed", "bad") if doubted or broken else None
    if badge is None and any(one.readings.trust == "believed" for one in found):
        badge = Badge("innovations have variance 1", "good")
    return Section("Information", badge, tuple(facts), remarks=tuple(remarks))


def lines(one: Information) -> Iterator[tuple[str, str, str]]:
    """What there is to say of one island: name, value, note."""
    readers = ", ".join(one.readers)
    yield "read by", readers, f"{one.conversions:,} conversions of each replica in {show(one.seconds, 's')}"
    if one.readings.trust == "undefined":
        yield (
            "readings, exact",
            "undefined",
            "a sensor has no noise: before it is quantised its reading tells without end",
        )
    else:
        yield "readings, exact", _nats(one.readings), _innovations(one.readings)
    yield "codes, at most", _nats(one.codes), _innovations(one.codes)
    if math.isfinite(one.entropy):
        yield "entropy of the codes", f"{one.entropy:.4g} nats per conversion", "codes tell at most this"
    if math.isfinite(one.floor):
        yield "Landauer's floor", f"{show(one.floor, 'W', 3)}", "k T a nat, for erasing the least of these"
    if math.isfinite(one.watts) and one.floor > 0:
        less = f"; without {', '.join(one.unpriced)}, which nobody priced" if one.unpriced else ""
        yield "converters and arithmetic", show(one.watts, "W", 3), f"{one.watts / one.floor:.2g} times the floor{less}"
    if math.isfinite(one.law):
        note = f"baths and {one.law_by}; by the second law at least 0"
        yield "entropy with information", pm(one.law, one.law_error, "k/s"), note


def _nats(found: Learnt) -> str:
    if found.trust == "undefined":
        return "undefined"
    return f"{pm(found.nats, found.error)} nats per conversion, {found.rate:.4g} nats/s"


def _innovations(found: Learnt) -> str:
    if found.trust == "undefined":
        return ""
    said = {"a bound": "a bound, close where that is 1"}.get(found.trust, found.trust)
    return f"innovations' variance {pm(found.innovations, found.innovations_error)}: {said}"
