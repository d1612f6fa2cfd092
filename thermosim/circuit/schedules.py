"""Whether a schedule fits the chip, its p-bits by number, and what the reader of a summary must know of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from thermosim.circuit.circuit import At, Circuit
from thermosim.circuit.dits import DitFabric
from thermosim.circuit.elements import elements
from thermosim.circuit.program import Fabric, HostPlan
from thermosim.circuit.timetable import Clamp, Reset, Tempering, Timetable
from thermosim.contracts import Ints
from thermosim.errors import Problems
from thermosim.netlist.schedule import ClampSection, ResetSection
from thermosim.units import show

_DIRECTIONS = {"up": (1,), "down": (-1,)}


def scheduled(
    circuit: Circuit, fabrics: tuple[Fabric, ...], dits: tuple[DitFabric, ...], problems: Problems
) -> tuple[Fabric, ...]:
    """The fabrics with their clamps and resets; everything that does not fit is reported."""
    _check_beta(circuit, (*fabrics, *dits), problems)
    schedule = circuit.netlist.schedule
    _check_built(circuit, fabrics, problems)
    if circuit.of_family("pdit") and (schedule.clamp or schedule.reset or schedule.beta_factors or schedule.tempering):
        where = circuit.netlist.document.position(("schedule",))
        problems.add(
            where, "schedule", "clamps, resets, beta_factors and tempering are not built for chips with p-dits"
        )
        return fabrics
    if schedule.tempering is not None:
        tempering = Tempering(schedule.tempering.ladder, schedule.tempering.every)
        fabrics = tuple(replace(fabric, tempering=tempering) for fabric in fabrics)
    built = {path for fabric in fabrics for path in fabric.arrays}
    if not (schedule.clamp or schedule.reset or schedule.beta_factors):
        return fabrics
    if not circuit.of_family("pbit"):
        where = circuit.netlist.document.position(("schedule",))
        problems.add(where, "schedule", "names p-bits, and this chip has none")
    if any(array.path not in built for array in circuit.of_family("pbit")) or not fabrics:
        return fabrics  # why there is no fabric has been told
    # One numbering for all fabrics, so that a name that is in none is told once.
    starts = np.cumsum([0, *(fabric.nodes for fabric in fabrics)])
    arrays = {
        path: (int(start) + first, shape)
        for start, fabric in zip(starts, fabrics, strict=False)
        for path, (first, shape) in fabric.arrays.items()
    }
    for name in schedule.beta_factors:
        try:
            elements(name, arrays)
        except ValueError as error:
            where = circuit.netlist.document.position(("schedule", "beta_factors", name), key=True)
            problems.add(where, f"schedule.beta_factors.{name}", str(error))
    clamps: dict[int, Clamp] = {}
    for k, clamp in enumerate(schedule.clamp):
        at: At = ("schedule", "clamp", k)
        nodes = _named(circuit, clamp.of, arrays, at, problems)
        values = _valued(circuit, clamp.value, nodes, (*at, "value"), problems)
        if nodes is not None and values is not None:
            clamps[k] = Clamp(nodes, values, clamp.begin, clamp.until)
            _check_contradiction(circuit, clamps, k, fabrics, starts, problems)
        _check_free(circuit, fabrics, clamp, at, problems)
    resets: list[Reset] = []
    for k, reset in enumerate(schedule.reset):
        at = ("schedule", "reset", k)
        everything: Ints = np.arange(starts[-1], dtype=np.int64)
        nodes = everything if reset.of is None else _named(circuit, reset.of, arrays, at, problems)
        given = _DIRECTIONS.get(reset.to) if isinstance(reset.to, str) else reset.to
        values = None if given is None else _valued(circuit, given, nodes, (*at, "to"), problems)
        if nodes is not None and (values is not None or reset.to == "random"):
            resets.append(Reset(nodes, values, reset.at, reset.every))
        _check_free(circuit, fabrics, reset, at, problems)
    return tuple(
        replace(fabric, timetable=_part(fabric.nodes, int(start), list(clamps.values()), resets))
        for fabric, start in zip(fabrics, starts, strict=False)
    )


def _check_built(circuit: Circuit, fabrics: tuple[Fabric, ...], problems: Problems) -> None:
    """Report what a schedule asks of couplings that it is not built for."""
    schedule = circuit.netlist.schedule
    for fabric in fabrics:
        if len(fabric.drawn.terms) and schedule.clamp:
            where = circuit.netlist.document.position(("schedule", "clamp"))
            message = f"clamps are not built for products of three and four, which '{fabric.path}' has"
            problems.add(where, "schedule.clamp", message)
        if fabric.factors is not None and schedule.tempering is not None:
            where = circuit.netlist.document.position(("schedule", "tempering"))
            message = "is not built beside beta_factors that differ between coupled p-bits, which have no one energy"
            problems.add(where, "schedule.tempering", message)
        for key, wanted in (("tempering", schedule.tempering is not None), ("beta_factors", schedule.beta_factors)):
            if wanted and not fabric.drawn.symmetric:
                where = circuit.netlist.document.position(("schedule", key))
                message = f"is not built for directed couplings, which have no energy and '{fabric.path}' has"
                problems.add(where, f"schedule.{key}", message)


def _named(
    circuit: Circuit, names: Sequence[str], arrays: dict[str, tuple[int, tuple[int, ...]]], at: At, problems: Problems
) -> Ints | None:
    """Numbers of the p-bits that are named, each once."""
    where, path = circuit.netlist.document.position((*at, "of")), f"schedule.{at[1]}.{at[2]}.of"
    try:
        nodes = np.concatenate([elements(name, arrays) for name in names])
    except ValueError as error:
        problems.add(where, path, str(error))
        return None
    if len(np.unique(nodes)) < len(nodes):
        problems.add(where, path, "names a p-bit twice; name each once")
        return None
    return nodes


def _valued(
    circuit: Circuit, values: tuple[int, ...], nodes: Ints | None, at: At, problems: Problems
) -> np.ndarray | None:
    """A value for each node."""
    if nodes is None:
        return None
    if len(values) not in (1, len(nodes)):
        where = circuit.netlist.document.position(at)
        path = f"schedule.{at[1]}.{at[2]}.{at[3]}"
        problems.add(where, path, f"{len(values)} values for {len(nodes)} p-bits; give one, or one for each of them")
        return None
    return np.broadcast_to(np.array(values, dtype=np.int8), len(nodes)).copy()


def _part(nodes: int, start: int, clamps: list[Clamp], resets: list[Reset]) -> Timetable | None:
    """What concerns the nodes start .. start + nodes - 1, by their numbers there."""
    own_clamps, own_resets = [], []
    for clamp in clamps:
        mine = (clamp.nodes >= start) & (clamp.nodes < start + nodes)
        if mine.any():
            own_clamps.append(replace(clamp, nodes=clamp.nodes[mine] - start, values=clamp.values[mine]))
    for reset in resets:
        mine = (reset.nodes >= start) & (reset.nodes < start + nodes)
        if mine.any():
            values = None if reset.values is None else reset.values[mine]
            own_resets.append(replace(reset, nodes=reset.nodes[mine] - start, values=values))
    return Timetable(nodes, tuple(own_clamps), tuple(own_resets)) if own_clamps or own_resets else None


def _check_contradiction(
    circuit: Circuit, clamps: dict[int, Clamp], k: int, fabrics: tuple[Fabric, ...], starts: Ints, problems: Problems
) -> None:
    """Report p-bits that clamp `k`, the last, holds at another value than an earlier one at the same time."""
    last = clamps[k]
    for number, other in clamps.items():
        begin, end = max(last.begin, other.begin), min(_end(last), _end(other))
        _, mine, theirs = np.intersect1d(last.nodes, other.nodes, return_indices=True)
        clash = mine[last.values[mine] != other.values[theirs]]
        if begin < end and len(clash):
            node = int(last.nodes[clash[0]])
            sweeps = f"sweep {begin}" if np.isfinite(end) and end == begin + 1 else f"from sweep {begin} on"
            problems.add(
                circuit.netlist.document.position(("schedule", "clamp", k, "value")),
                f"schedule.clamp.{k}.value",
                f"holds {_name(node, fabrics, starts)} at {last.values[clash[0]]:+d} {sweeps}, where clamp.{number} "
                f"holds it at {-last.values[clash[0]]:+d}",
            )


def _end(clamp: Clamp) -> float:
    return np.inf if clamp.end is None else clamp.end


def _name(node: int, fabrics: tuple[Fabric, ...], starts: Ints) -> str:
    """Path of a p-bit by its number among those of all fabrics."""
    number = int(np.searchsorted(starts, node, side="right")) - 1
    return fabrics[number].name(node - int(starts[number]))


def _check_free(
    circuit: Circuit, fabrics: tuple[Fabric, ...], item: ClampSection | ResetSection, at: At, problems: Problems
) -> None:
    """Free-running p-bits are held through the whole run or not at all."""
    if not any(fabric.order == "free" for fabric in fabrics):
        return
    where, path = circuit.netlist.document.position(at), f"schedule.{at[1]}.{at[2]}"
    if isinstance(item, ResetSection):
        problems.add(where, path, "p-bits of order free have no sweeps to be set before; resets need a clock")
    elif item.begin or item.until is not None:
        message = "p-bits of order free have no sweeps; clamps without 'from' and 'until' hold them through the run"
        problems.add(where, path, message)


def _check_beta(circuit: Circuit, fabrics: tuple[Fabric | DitFabric, ...], problems: Problems) -> None:
    """Report a schedule of beta without the one fabric that it is for, or beside another beta."""
    schedule, updates = circuit.netlist.schedule, circuit.netlist.updates
    if schedule.last_beta is None:
        return
    key = "beta" if schedule.tempering is None else "tempering"
    where = circuit.netlist.document.position(("schedule", key))
    if len(fabrics) != 1:
        message = f"is for a chip of one fabric of p-bits or p-dits, and this one has {len(fabrics)}"
        problems.add(where, f"schedule.{key}", message)
    if "beta" in updates.model_fields_set and updates.beta != schedule.last_beta:
        message = f"ends at {schedule.last_beta:g} and updates.beta is {updates.beta:g}; leave updates.beta out"
        problems.add(where, f"schedule.{key}", message)
    for fabric in fabrics if schedule.tempering is not None else ():
        reason = _untempered(fabric) if isinstance(fabric, Fabric) else ""
        if reason:
            problems.add(where, "schedule.tempering", f"is not built for {reason}")


def _untempered(fabric: Fabric) -> str:
    """Why a fabric cannot be tempered; empty where it can."""
    if fabric.order == "free":
        return "order free; every order with a clock has it"
    if fabric.rng == "free":
        return "rng: free, whose hidden bits no controller can exchange; rng: held has it"
    return "p-bits with analog inputs" if fabric.input_nets is not None else ""


def check_held(circuit: Circuit, fabrics: tuple[Fabric, ...], window: tuple[int, int], problems: Problems) -> None:
    """Report a fabric of which every p-bit is held through the recorded window [fs]."""
    for fabric in fabrics:
        if fabric.timetable is None:
            continue
        held, same = fabric.timetable.standing(*fabric.sweeps_of(window))
        if same and held.all():
            where = circuit.netlist.document.position(("schedule", "clamp"))
            message = f"holds all {fabric.nodes} p-bits of {fabric.path} while it is recorded: leave some to be sampled"
            problems.add(where, "schedule.clamp", message)


def check_programmed(
    circuit: Circuit, fabrics: tuple[Fabric, ...], hosts: tuple[HostPlan, ...], problems: Problems
) -> None:
    """Report a tempered fabric whose p-bits a controller programs, for its copies would need a law each, and biases
    that are written where a schedule scales them."""
    for host in hosts:
        if circuit.netlist.schedule.beta_factors and any(knob.kind == "bias" for knob in host.writes.values()):
            where = circuit.netlist.document.position(("schedule", "beta_factors"))
            message = f"scale biases that controller '{host.path}' writes; leave one of them out"
            problems.add(where, "schedule.beta_factors", message)
    tempered = {fabric.path for fabric in fabrics if fabric.tempering is not None}
    if tempered & {host.fabric for host in hosts}:
        where = circuit.netlist.document.position(("schedule", "tempering"))
        problems.add(where, "schedule.tempering", "is not built for p-bits that a controller programs")


def schedule_notes(fabrics: tuple[Fabric | DitFabric, ...], window: tuple[int, int]) -> Iterator[str]:
    """A law that moves while it is recorded is no law that samples could be held against."""
    for fabric in fabrics:
        last = fabric.schedule[-1][0] if fabric.schedule else 0
        ends = fabric.clock.edge(last * fabric.ticks)
        if ends > window[0]:
            yield (
                f"{fabric.path}: beta still moves in the recorded window, until sweep {last} "
                f"({show(ends / 1e15, 's')}): mixing, distances and energy per effective sample speak of no one law"
            )
        if isinstance(fabric, DitFabric):
            continue
        if fabric.tempering is not None:
            betas = fabric.tempering.betas
            yield (
                f"{fabric.path}: {len(betas)} copies of the chip run at betas of {betas[0]:.3g} to {betas[-1]:.3g} "
                "and the last is recorded; updates of all are counted, and p-bits that exchanges read and write"
            )
        if fabric.timetable is not None:
            yield from _timetable_notes(fabric, fabric.timetable, window)


def _timetable_notes(fabric: Fabric, timetable: Timetable, window: tuple[int, int]) -> Iterator[str]:
    begin, end = fabric.sweeps_of(window)
    held, same = timetable.standing(begin, end)
    unpaid = "they are not updated, and no update of them is counted"
    if not same:
        yield (
            f"{fabric.path}: clamps come or go in the recorded window, so that the samples have no one law and are "
            f"held against none; while p-bits are held {unpaid}"
        )
    elif held.any():
        yield (
            f"{fabric.path}: {np.count_nonzero(held)} of {fabric.nodes} p-bits are held through the recorded window: "
            f"the law is that of the others, given them; {unpaid}"
        )
    starts = [clamp.begin for clamp in timetable.clamps] + [reset.at for reset in timetable.resets]
    late = [start for start in starts if start >= end]
    if late:
        yield (
            f"{fabric.path}: {len(late)} of its clamps and resets never come, for the run ends with sweep {end - 1} "
            f"and the first of them is for sweep {min(late)}"
        )
    for reset in timetable.resets:
        times = reset.times(begin + 1, end)
        if times:
            what = "all" if len(reset.nodes) == fabric.nodes else str(len(reset.nodes))
            yield (
                f"{fabric.path}: {what} p-bits are set anew {times} times in the recorded window; what follows is on "
                "its way to the law, which distances and effective samples do not see apart"
            )
    if timetable.written(0, end).any():
        yield f"{fabric.path}: p-bits that a clamp or a reset sets are counted as writes"
