"""A summary as lines of plain text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from thermosim.measure.heat import Heat
from thermosim.units import show

if TYPE_CHECKING:
    from thermosim.measure.summary import Summary


def lines(summary: Summary) -> list[str]:
    run = summary.run
    sizes = [f"{size} nodes" for size in run.islands.values()] + [f"{size} p-bits" for size in run.fabrics.values()]
    sizes += [f"{size} p-dits" for size in run.dits.values()]
    span = f"{show(run.duration, 's')} after {show(run.burn_in, 's')}"
    told = [f"{run.name}: {', '.join(sizes)}, {run.replicas} replicas, {span}"]
    told += [f"kernel of {path}: {names}" for path, names in run.meta.get("kernels", {}).items()]
    told += [
        f"charges of {path}: {', '.join(f'{name} {value}' for name, value in facts.items())}"
        for path, facts in run.meta.get("jumps", {}).items()
    ]
    if not run.complete:
        told.append("interrupted: only a part of the run was recorded")
    for part in summary.mixing:
        how = (
            f"slowest is {part.worst}, tau_int {part.tau:.4g} +- {part.tau_error:.2g} samples"
            if part.worst
            else ("tau_int undefined, samples")
        )
        ess = f"{part.ess:.4g}" if math.isfinite(part.ess) else "undefined"
        told.append(f"mixing of {part.path}: {part.verdict}; {how} every {show(part.interval, 's')}, ESS {ess}")
        reasons = {one.reason: one.name for one in part.observables if one.verdict == part.verdict and one.reason}
        told += [f"  {name}: {reason}" for reason, name in list(reasons.items())[:3]]
        told += [f"  exact: {name} {show(time, 's')}" for name, time in part.exact.items()]
    if summary.energy is not None:
        energy = summary.energy
        each, raw = energy.per_effective_sample, energy.per_raw_sample
        told.append(f"energy per effective sample {_span(each)}; per raw sample {_span(raw)}")
        if not energy.rows:
            told.append("  no counted action has a price, which is not to say that they cost nothing")
        told += [
            f"  {row.share:6.1%}  {row.instance} {row.action}: {row.count} x {show(row.joules_each, 'J')} ({row.grade})"
            for row in energy.rows
        ]
        told.append(f"  burn-in and programming {_span(energy.burn_in)}")
        told += [
            f"  unpriced: {row.instance} {row.action}, {row.count} times ({row.reason})" for row in energy.unpriced
        ]
    for target in summary.target:
        told.append(f"target of {target.path}: {target.law}{'; ' + target.note if target.note else ''}")
        told += [
            f"  {one.quantity} from {one.law}: {one.value:.4g} +- {one.error:.2g}; "
            f"a perfect sampler scores {one.floor:.4g} +- {one.floor_spread:.2g}"
            for one in target.distances
        ]
    told += [
        f"effective temperature of {one.path}: {one.ratio:.4f} +- {one.error:.2g} of the declared, {one.states} states"
        for one in summary.temperature
    ]
    told += [line for one in summary.heat for line in _heat_lines(one)]
    told += [line for one in summary.information for line in one.lines()]
    for ideal in summary.ideal:
        cost = show(ideal.seconds, "s") if ideal.seconds is not None else "unpriced"
        cost = show(ideal.joules, "J") if ideal.joules is not None else cost
        told.append(
            f"ideal for {ideal.path} on {ideal.platform} ({ideal.sampler}): {cost} per effective sample "
            f"({ideal.grade}{', ' + ideal.source if ideal.seconds is not None else ''})"
        )
    return told + [f"note: {note}" for note in summary.notes]


def _heat_lines(heat: Heat) -> Iterator[str]:
    entropy = f"{heat.entropy:.4g} +- {heat.entropy_error:.2g} k/s" if math.isfinite(heat.entropy) else "undefined"
    yield f"heat of {heat.path}: entropy production {entropy}; first law to {heat.residue:.1e}"
    for one in (*heat.baths, *heat.sources):
        what = (
            f"heat into {one.path} at {show(one.temperature, 'K')}"
            if one.temperature is not None
            else (f"work of {one.path}")
        )
        closed = f"; closed form {one.expected:.4g} W" if math.isfinite(one.expected) else ""
        yield f"  {what}: {one.watts:.4g} +- {one.error:.2g} W{closed}"


def _span(span: Any) -> str:
    if math.isnan(span.value):
        return "undefined"
    if span.low == span.high:
        return show(span.value, "J")
    return f"{show(span.value, 'J')} ({show(span.low, 'J')} to {show(span.high, 'J')})"
