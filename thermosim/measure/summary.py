"""Record -> Summary: what ran, how it mixed, what it cost, how far it is from its law, an ideal sampler beside it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thermosim.analysis.mixing import VERDICTS, Verdict
from thermosim.circuit.program import Fabric, PriceRow, Program
from thermosim.contracts import Mixture
from thermosim.ideal.exact import ENUMERABLE
from thermosim.measure.energy import Energy, faults, ledger
from thermosim.measure.joint import measured_islands
from thermosim.measure.mixing import IslandSamples, PartMixing, fabric_mixing, island_mixing, island_samples
from thermosim.measure.target import (
    Target,
    enumerated_target,
    fabric_laws,
    ideal_run,
    island_law,
    island_target,
    pace,
    sampled_target,
)
from thermosim.measure.temperature import EffectiveTemperature, effective_temperature
from thermosim.record import Record
from thermosim.streams import key
from thermosim.times import seconds
from thermosim.units import show

if TYPE_CHECKING:
    from thermosim.ideal.cost import PlatformCard
    from thermosim.measure.compare import Ideal


@dataclass(frozen=True)
class Run:
    """What ran. Times in seconds; `meta` as the record gives it: seed, versions, kernels, wall times."""

    name: str
    islands: dict[str, int]
    fabrics: dict[str, int]
    replicas: int
    duration: float
    burn_in: float
    complete: bool
    meta: dict[str, Any]


@dataclass(frozen=True)
class Summary:
    """The measurement of one record.

    `verdict` is the worst of all parts; `slowest` the part with the fewest effective samples, `ess`, nan where stuck.
    """

    run: Run
    mixing: tuple[PartMixing, ...]
    verdict: Verdict
    slowest: str
    ess: float
    energy: Energy | None
    target: tuple[Target, ...]
    ideal: tuple[Ideal, ...]
    notes: tuple[str, ...]
    temperature: tuple[EffectiveTemperature, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data with stable keys; what is undefined is None, so that it is valid JSON."""
        plain: dict[str, Any] = _plain(self)
        for target, distances in zip(plain["target"], self.target, strict=True):
            for row, distance in zip(target["distances"], distances.distances, strict=True):
                row["excess"] = _plain(distance.excess)
        return plain

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def measure(record: Record) -> Summary:
    """Measure a record: mixing always, energy and target where the netlist's `measure` asks for them."""
    program: Program = record.program
    notes = [*program.notes, *faults(record.counters)]
    parts: list[PartMixing] = []
    islands: list[tuple[IslandSamples, PartMixing]] = []
    fabrics: list[tuple[Fabric, PartMixing]] = []
    silent: list[Target] = []
    for island in measured_islands(program):
        samples = island_samples(record, program, island)
        if samples is None or samples.values.shape[1] == 0:
            notes.append(f"{island.path}: nothing was recorded of this island")
            if isinstance(program.target, Mixture) and set(program.target_nets) & set(island.nodes):
                silent.append(Target(island.path, "none", (), "nothing was recorded of what the target speaks of"))
            continue
        mixed = island_mixing(samples, program)
        if mixed is None:
            notes.append(f"{island.path}: no noise moves it, so there is nothing to sample")
            silent.append(Target(island.path, "none", (), "no noise moves it"))
            continue
        islands.append((samples, mixed))
        parts.append(mixed)
    for fabric in program.fabrics:
        mixing = fabric_mixing(record, fabric)
        if mixing is None:
            notes.append(f"{fabric.path}: nothing was recorded of this fabric")
            continue
        fabrics.append((fabric, mixing))
        parts.append(mixing)
    nothing: Verdict = "stuck" if silent else "too short"
    verdict: Verdict = max((part.verdict for part in parts), key=VERDICTS.index, default=nothing)
    slowest = min(
        (part for part in parts if math.isfinite(part.tau)), key=lambda p: p.chains * p.draws / p.tau, default=None
    )
    ess = slowest.ess if slowest is not None and verdict != "stuck" else math.nan
    raw = slowest.chains * slowest.draws if slowest else max((p.chains * p.draws for p in parts), default=0)
    energy = ledger(_prices(program), record.counters, raw, ess) if "energy" in program.measures else None
    targets, ideals = _against_laws(record, program, islands, fabrics) if "target" in program.measures else ([], [])
    targets += silent if "target" in program.measures else []
    return Summary(
        _run(record, program),
        tuple(parts),
        verdict,
        slowest.path if slowest else "",
        ess,
        energy,
        tuple(targets),
        tuple(ideals),
        tuple(notes),
        _temperatures(record, program, [fabric for fabric, _ in fabrics]),
    )


def _temperatures(record: Record, program: Program, fabrics: list[Fabric]) -> tuple[EffectiveTemperature, ...]:
    """Effective temperature of every fabric whose law is declared."""
    if "target" not in program.measures:
        return ()
    found = [effective_temperature(record, one) for one in fabrics if one.input_nets is None]
    return tuple(one for one in found if one is not None)


def _prices(program: Program) -> tuple[PriceRow, ...]:
    """Prices of the chip, and of what its controllers compute."""
    if not program.controllers:
        return program.prices
    from thermosim.demon import build
    from thermosim.demon.pricing import price_rows

    return (*program.prices, *(row for plan in program.controllers for row in price_rows(plan, build(plan))))


def _run(record: Record, program: Program) -> Run:
    replicas = int(record.meta.get("replicas", program.replicas))
    return Run(
        program.name,
        {island.path: len(island.nodes) for island in program.analog},
        {fabric.path: fabric.nodes for fabric in program.fabrics},
        replicas, seconds(program.duration), seconds(program.burn_in), bool(record.meta.get("complete", True)),
        {name: value for name, value in record.meta.items() if name != "program"},
    )  # fmt: skip


def _against_laws(
    record: Record,
    program: Program,
    islands: list[tuple[IslandSamples, PartMixing]],
    fabrics: list[tuple[Fabric, PartMixing]],
) -> tuple[list[Target], list[Ideal]]:
    from thermosim.measure.compare import gaussian_ideals
    from thermosim.measure.platforms import platforms

    cards = platforms()
    targets: list[Target] = []
    ideals: list[Ideal] = []
    for samples, mixing in islands:
        targets.append(island_target(program, samples, mixing))
        law = island_law(program, samples)
        if not isinstance(law, str):
            ideals += gaussian_ideals(samples.island.path, law.law, cards)
    for fabric, mixing in fabrics:
        found, rows = _fabric(record, program, fabric, mixing, cards)
        targets += found
        ideals += rows
    return targets, ideals


def _fabric(
    record: Record, program: Program, fabric: Fabric, mixing: PartMixing, cards: tuple[PlatformCard, ...]
) -> tuple[list[Target], list[Ideal]]:
    from thermosim.engine.observables import projection_signs
    from thermosim.ideal.gibbs import speed
    from thermosim.measure.compare import fabric_ideals

    if fabric.input_nets is not None and any(fabric.input_nets):
        return [Target(fabric.path, "none", (), "its p-bits have analog inputs: no closed law is declared")], []
    wanted = program.target if isinstance(program.target, str) else "as_drawn"
    small = fabric.nodes <= ENUMERABLE and f"{fabric.path}:states" in record.series
    targets = [enumerated_target(record, fabric, mixing, wanted)] if small else []
    ideals: list[Ideal] = []
    signs = projection_signs(fabric.path, fabric.nodes)
    for index, (name, law) in enumerate(fabric_laws(fabric, wanted)):
        if small and index:
            break
        seed = int(key(int(record.meta.get("seed", 0)), fabric.path, name) >> 1)
        run = ideal_run(fabric, law, mixing, seed, None if index else signs)
        if not index:
            ideal = pace(fabric, run, mixing)
            ideals = fabric_ideals(fabric, ideal.mixing, speed(law, mixing.chains), cards)
        if not small:
            targets.append(sampled_target(record, fabric, mixing, run, ideal, law, name))
    return targets, ideals


def _plain(value: Any) -> Any:
    """Dataclasses, arrays and numbers as plain JSON data."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _lines(summary: Summary) -> list[str]:
    run = summary.run
    sizes = [f"{size} nodes" for size in run.islands.values()] + [f"{size} p-bits" for size in run.fabrics.values()]
    span = f"{show(run.duration, 's')} after {show(run.burn_in, 's')}"
    lines = [f"{run.name}: {', '.join(sizes)}, {run.replicas} replicas, {span}"]
    lines += [f"kernel of {path}: {names}" for path, names in run.meta.get("kernels", {}).items()]
    lines += [
        f"charges of {path}: {', '.join(f'{name} {value}' for name, value in told.items())}"
        for path, told in run.meta.get("jumps", {}).items()
    ]
    if not run.complete:
        lines.append("interrupted: only a part of the run was recorded")
    for part in summary.mixing:
        how = (
            f"slowest is {part.worst}, tau_int {part.tau:.4g} +- {part.tau_error:.2g} samples"
            if part.worst
            else ("tau_int undefined, samples")
        )
        ess = f"{part.ess:.4g}" if math.isfinite(part.ess) else "undefined"
        lines.append(f"mixing of {part.path}: {part.verdict}; {how} every {show(part.interval, 's')}, ESS {ess}")
        reasons = {one.reason: one.name for one in part.observables if one.verdict == part.verdict and one.reason}
        lines += [f"  {name}: {reason}" for reason, name in list(reasons.items())[:3]]
        lines += [f"  exact: {name} {show(time, 's')}" for name, time in part.exact.items()]
    if summary.energy is not None:
        energy = summary.energy
        each, raw = energy.per_effective_sample, energy.per_raw_sample
        lines.append(f"energy per effective sample {_span(each)}; per raw sample {_span(raw)}")
        if not energy.rows:
            lines.append("  no counted action has a price, which is not to say that they cost nothing")
        lines += [
            f"  {row.share:6.1%}  {row.instance} {row.action}: {row.count} x {show(row.joules_each, 'J')} ({row.grade})"
            for row in energy.rows
        ]
        lines.append(f"  burn-in {_span(energy.burn_in)}; loading the weights is not counted")
        lines += [
            f"  unpriced: {row.instance} {row.action}, {row.count} times ({row.reason})" for row in energy.unpriced
        ]
    for target in summary.target:
        lines.append(f"target of {target.path}: {target.law}{'; ' + target.note if target.note else ''}")
        lines += [
            f"  {one.quantity} from {one.law}: {one.value:.4g} +- {one.error:.2g}; "
            f"a perfect sampler scores {one.floor:.4g} +- {one.floor_spread:.2g}"
            for one in target.distances
        ]
    lines += [
        f"effective temperature of {one.path}: {one.ratio:.4f} +- {one.error:.2g} of the declared, {one.states} states"
        for one in summary.temperature
    ]
    for ideal in summary.ideal:
        cost = show(ideal.seconds, "s") if ideal.seconds is not None else "unpriced"
        cost = show(ideal.joules, "J") if ideal.joules is not None else cost
        lines.append(
            f"ideal for {ideal.path} on {ideal.platform} ({ideal.sampler}): {cost} per effective sample "
            f"({ideal.grade}{', ' + ideal.source if ideal.seconds is not None else ''})"
        )
    return lines + [f"note: {note}" for note in summary.notes]


def _span(span: Any) -> str:
    if math.isnan(span.value):
        return "undefined"
    if span.low == span.high:
        return show(span.value, "J")
    return f"{show(span.value, 'J')} ({show(span.low, 'J')} to {show(span.high, 'J')})"
