"""The second ledger in words: heat by bath, work by source, entropy, and how well the first law closes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from thermosim.measure.heat import Heat, Rate
from thermosim.report.scale import pm, pm_si
from thermosim.report.story import Fact, Section, Table
from thermosim.units import show


def heat(found: Sequence[Heat]) -> Section:
    """Measured powers with their closed forms beside them."""
    facts: list[Fact] = []
    rows: list[tuple[str, ...]] = []
    remarks: list[str] = []
    for one in found:
        of = f" of {one.path}" if len(found) > 1 else ""
        why = "a bath at 0 K" if one.seconds else "the run stopped before anything was booked"
        said = pm(one.entropy, one.entropy_error, "k/s") if math.isfinite(one.entropy) else f"undefined: {why}"
        known = f"closed form {one.entropy_expected:.4g} k/s" if math.isfinite(one.entropy_expected) else ""
        facts.append(Fact(f"entropy given to baths{of}", said, known))
        if one.seconds:
            facts.append(
                Fact(f"first law{of}", f"to {one.residue:.1e}", "largest residue of a replica over its ledger")
            )
        rows += [_row(rate) for rate in (*one.baths, *one.sources)]
        if one.reason:
            remarks.append(f"no closed form{of}: {one.reason}")
    header = ("", "", "measured", "closed form", "kT/s")
    table = Table(header, tuple(rows), (False, False, True, True, True))
    return Section("Heat and work", None, tuple(facts), tables=(table,), remarks=tuple(remarks))


def _row(rate: Rate) -> tuple[str, ...]:
    work = "work of turning it" if rate.turned else "work of a source"
    what = work if rate.temperature is None else f"heat into {show(rate.temperature, 'K')}"
    measured = pm_si(rate.watts, rate.error, "W") if math.isfinite(rate.error) else show(rate.watts, "W", 4)
    measured = measured if math.isfinite(rate.watts) else ""
    known = show(rate.expected, "W", 4) if math.isfinite(rate.expected) else ""
    return (rate.path, what, measured, known, f"{rate.thermal:.4g}" if math.isfinite(rate.thermal) else "")
