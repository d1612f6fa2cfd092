"""Record -> Summary: what ran, how it mixed, what it cost, how far it is from its law, an ideal sampler beside it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thermosim.analysis.mixing import VERDICTS, Verdict
from thermosim.circuit.dits import DitFabric
from thermosim.circuit.program import HostPlan, PriceRow, Program
from thermosim.contracts import Mixture
from thermosim.ideal.exact import ENUMERABLE
from thermosim.measure.conditional import View, view
from thermosim.measure.dits import dit_mixing
from thermosim.measure.energy import Energy, faults, ledger
from thermosim.measure.exchanges import exchange_notes
from thermosim.measure.heat import Heat, heats
from thermosim.measure.information import Information, informations
from thermosim.measure.joint import measured_islands
from thermosim.measure.mixing import IslandSamples, PartMixing, fabric_mixing, island_mixing, island_samples
from thermosim.measure.spins import enumerated_target, fabric_laws, ideal_run, no_law, pace, sampled_target
from thermosim.measure.target import Target, island_law, island_target
from thermosim.measure.temperature import EffectiveTemperature, effective_temperature
from thermosim.record import Record
from thermosim.streams import key
from thermosim.times import seconds

if TYPE_CHECKING:
    from thermosim.ideal.cost import PlatformCard
    from thermosim.measure.compare import Ideal


@dataclass(frozen=True)
class Run:
    """What ran. Times in seconds; `meta` as the record gives it: seed, versions, kernels, wall times."""

    name: str
    islands: dict[str, int]
    fabrics: dict[str, int]
    dits: dict[str, int]
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
    heat: tuple[Heat, ...] = ()
    information: tuple[Information, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data with stable keys; what is undefined is None, so that it is valid JSON."""
        plain: dict[str, Any] = _plain(self)
        for target, distances in zip(plain["target"], self.target, strict=True):
            for row, distance in zip(target["distances"], distances.distances, strict=True):
                row["excess"] = _plain(distance.excess)
        return plain

    def __str__(self) -> str:
        from thermosim.measure.in_words import lines

        return "\n".join(lines(self))


def measure(record: Record) -> Summary:
    """Measure a record: mixing always, energy and target where the netlist's `measure` asks for them."""
    program: Program = record.program
    notes = [*program.notes, *faults(record.counters), *_programmed(record, program)]
    parts: list[PartMixing] = []
    islands: list[tuple[IslandSamples, PartMixing]] = []
    fabrics: list[tuple[View, PartMixing]] = []
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
        seen = view(program, fabric, record)
        mixing = fabric_mixing(seen.record, seen.fabric, fabric.ticks * fabric.clock.period)
        if mixing is None:
            notes.append(f"{fabric.path}: nothing was recorded of this fabric")
            continue
        fabrics.append((seen, mixing))
        notes += exchange_notes(record, fabric)
        parts.append(mixing)
    dits: list[tuple[DitFabric, PartMixing]] = []
    for dit in program.dits:
        mixing = dit_mixing(record, dit)
        if mixing is None:
            notes.append(f"{dit.path}: nothing was recorded of this fabric")
            continue
        dits.append((dit, mixing))
        parts.append(mixing)
    nothing: Verdict = "stuck" if silent else "too short"
    verdict: Verdict = max((part.verdict for part in parts), key=VERDICTS.index, default=nothing)
    slowest = min(
        (part for part in parts if math.isfinite(part.tau)), key=lambda p: p.chains * p.draws / p.tau, default=None
    )
    ess = slowest.ess if slowest is not None and verdict != "stuck" else math.nan
    raw = slowest.chains * slowest.draws if slowest else max((p.chains * p.draws for p in parts), default=0)
    energy = ledger(_prices(program), record.counters, raw, ess) if "energy" in program.measures else None
    targets, ideals = (
        _against_laws(record, program, islands, fabrics, dits) if "target" in program.measures else ([], [])
    )
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
        _temperatures(program, [seen for seen, _ in fabrics]),
        heats(record, program),
        informations(record, program, _prices(program)) if program.learning else (),
    )


def _temperatures(program: Program, fabrics: list[View]) -> tuple[EffectiveTemperature, ...]:
    """Effective temperature of every fabric whose law is declared."""
    if "target" not in program.measures:
        return ()
    ruled = [one for one in fabrics if one.one_law and one.fabric.input_nets is None]
    found = [effective_temperature(one.record, one.fabric) for one in ruled]
    return tuple(one for one in found if one is not None)


def _programmed(record: Record, program: Program) -> Iterator[str]:
    """A law that a controller moves while it is recorded is no law that samples could be held against."""
    for host in program.hosts:
        written = [name for name, counts in record.counters.items() if counts[1].any() and _written_by(host, name)]
        if written:
            yield (
                f"{host.fabric}: {host.path} programs it in the recorded window: mixing, distances and energy per "
                "effective sample speak of no one law; a longer burn_in lets it finish first"
            )


def _written_by(host: HostPlan, counter: str) -> bool:
    path, _, action = counter.rpartition(".")
    return (path == host.fabric and action == "beta steps") or (path in host.arrays and action == "writes")


def _prices(program: Program) -> tuple[PriceRow, ...]:
    """Prices of the chip, and of what its controllers compute."""
    if not program.digital:
        return program.prices
    from thermosim.demon import build, build_host
    from thermosim.demon.pricing import price_rows

    rows = [row for plan in program.controllers for row in price_rows(plan, build(plan))]
    rows += [row for host in program.hosts for row in price_rows(host, build_host(host))]
    return (*program.prices, *rows)


def _run(record: Record, program: Program) -> Run:
    replicas = int(record.meta.get("replicas", program.replicas))
    return Run(
        program.name,
        {island.path: len(island.nets) for island in program.analog},
        {fabric.path: fabric.nodes for fabric in program.fabrics},
        {fabric.path: fabric.nodes for fabric in program.dits},
        replicas, seconds(program.duration), seconds(program.burn_in), bool(record.meta.get("complete", True)),
        {name: value for name, value in record.meta.items() if name != "program"},
    )  # fmt: skip


def _against_laws(
    record: Record,
    program: Program,
    islands: list[tuple[IslandSamples, PartMixing]],
    fabrics: list[tuple[View, PartMixing]],
    dits: list[tuple[DitFabric, PartMixing]],
) -> tuple[list[Target], list[Ideal]]:
    from thermosim.measure.compare import gaussian_ideals
    from thermosim.measure.platforms import platforms

    cards = platforms()
    targets: list[Target] = []
    ideals: list[Ideal] = []
    for samples, mixing in islands:
        targets.append(island_target(program, samples, mixing, record.meta))
        law = island_law(program, samples)
        if not isinstance(law, str):
            ideals += gaussian_ideals(samples.island.path, law.law, cards)
    for seen, mixing in fabrics:
        found, rows = _fabric(seen, program, mixing, cards)
        targets += found
        ideals += rows
    for dit, mixing in dits:
        found, rows = _dits(record, program, dit, mixing, cards)
        targets += found
        ideals += rows
    return targets, ideals


def _fabric(
    seen: View, program: Program, mixing: PartMixing, cards: tuple[PlatformCard, ...]
) -> tuple[list[Target], list[Ideal]]:
    from thermosim.engine.observables import projection_signs
    from thermosim.ideal.gibbs import speed
    from thermosim.measure.compare import fabric_ideals

    fabric, record = seen.fabric, seen.record
    if not seen.one_law:
        return [Target(fabric.path, "none", (), "clamps come or go in the recorded window: no one law")], []
    if fabric.input_nets is not None and any(fabric.input_nets):
        return [Target(fabric.path, "none", (), "its p-bits have analog inputs: no closed law is declared")], []
    reason = no_law(fabric, program.target if isinstance(program.target, str) else "as_drawn")
    if reason:
        return [Target(fabric.path, "none", (), reason)], []
    wanted = program.target if isinstance(program.target, str) else "as_drawn"
    small = fabric.nodes <= ENUMERABLE and f"{fabric.path}:states" in record.series
    targets = [enumerated_target(record, fabric, mixing, wanted)] if small else []
    if not fabric.drawn.symmetric:
        return targets, []
    ideals: list[Ideal] = []
    signs = projection_signs(fabric.path, seen.nodes)[:, seen.free]
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


def _dits(
    record: Record, program: Program, fabric: DitFabric, mixing: PartMixing, cards: tuple[PlatformCard, ...]
) -> tuple[list[Target], list[Ideal]]:
    from thermosim.ideal.potts_gibbs import speed
    from thermosim.measure import dits

    wanted = program.target if isinstance(program.target, str) else "as_drawn"
    small = f"{fabric.path}:states" in record.series
    targets = [dits.enumerated(record, fabric, mixing, wanted)] if small else []
    ideals: list[Ideal] = []
    for index, (name, law) in enumerate(dits.dit_laws(fabric, wanted)):
        if small and index:
            break
        seed = int(key(int(record.meta.get("seed", 0)), fabric.path, name) >> 1)
        run = dits.reference(fabric, law, mixing, seed)
        if not index:
            ideal = dits.pace(fabric, run, mixing)
            ideals = dits.dit_ideals(fabric, ideal, speed(law, mixing.chains), cards)
        if not small:
            targets.append(dits.sampled(record, fabric, mixing, run, ideal, law, name))
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
