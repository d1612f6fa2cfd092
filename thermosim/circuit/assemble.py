"""Circuit -> Program: islands, fabrics, converters, controllers, probes, prices. Topology work happens here, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.conditional import recorded_fabric
from thermosim.circuit.control import build_controllers
from thermosim.circuit.converters import build_adcs, build_dacs
from thermosim.circuit.discipline import ancestral, discipline
from thermosim.circuit.dit_fabrics import build_dits, dit_notes
from thermosim.circuit.dits import DitFabric
from thermosim.circuit.fabrics import build_clocks, build_fabrics
from thermosim.circuit.heat import check_heat_steps, heat_branches
from thermosim.circuit.held_noise import build_held, held_notes
from thermosim.circuit.hosts import build_hosts
from thermosim.circuit.islands import build_islands
from thermosim.circuit.jumps import build_jump_islands, jump_notes, supply_prices
from thermosim.circuit.learning import build_learning
from thermosim.circuit.movers import at_start, build_movers
from thermosim.circuit.noise_states import flicker_notes
from thermosim.circuit.nonlinear import build_nonlinear_islands
from thermosim.circuit.nonlinear_law import NonlinearIsland
from thermosim.circuit.plant import plant_notes
from thermosim.circuit.program import AdcBank, Fabric, HostPlan, Island, JumpIsland, PriceRow, Program
from thermosim.circuit.readout import check_reads, check_window, with_reads
from thermosim.circuit.refuse_moving import refuse_moving
from thermosim.circuit.schedules import check_held, check_programmed, schedule_notes, scheduled
from thermosim.circuit.sources import driven_nets
from thermosim.circuit.testbench import absent_nets, build_probes, build_target, window
from thermosim.circuit.warmth import warmth_notes
from thermosim.errors import Problems
from thermosim.models.base import Price, PriceContext
from thermosim.models.pbit import Pbit
from thermosim.units import show


def assemble(circuit: Circuit, replicas: int | None = None) -> Program:
    """Turn one die into arrays for the engine; `replicas` overrides the netlist's.

    Raises
    ------
    NetlistError
        With every problem of wiring and of the testbench.
    """
    problems = Problems()
    clocks = build_clocks(circuit)
    movers = build_movers(circuit, clocks, problems)
    driven = driven_nets(circuit, problems) | at_start(movers.sources)
    islands = build_islands(circuit, driven, movers, problems)
    jump_islands = build_jump_islands(circuit, driven, problems)
    nonlinear_islands = build_nonlinear_islands(circuit, driven, movers, problems)
    others: tuple[JumpIsland | NonlinearIsland, ...] = (*jump_islands, *nonlinear_islands)
    refuse_moving(circuit, islands, others, movers, problems)
    analog: tuple[Island | JumpIsland | NonlinearIsland, ...] = (*islands, *others)
    fabrics = with_reads(circuit, build_fabrics(circuit, clocks, problems), problems)
    dits = with_reads(circuit, build_dits(circuit, clocks, problems), problems)
    sampling: tuple[Fabric | DitFabric, ...] = (*fabrics, *dits)
    check_reads(circuit, sampling, problems)
    adcs = build_adcs(circuit, clocks, problems)
    dacs = build_dacs(circuit, clocks, problems)
    held = build_held(circuit, clocks, problems)
    levels = {name: 0.0 for bank in held for name in bank.inputs}
    first = {net: float(dac.levels[k, dac.initial]) for dac in dacs for k, net in enumerate(dac.outputs)}
    _check_sampled(circuit, analog, driven, adcs, fabrics, problems)
    run = circuit.netlist.run
    _check_supplies(circuit, problems)
    burn_in, duration = window(circuit, sampling, problems)
    fabrics = scheduled(circuit, fabrics, dits, problems)
    sampling = (*fabrics, *dits)
    recorded = (burn_in, burn_in + (duration or 0))
    check_window(circuit, sampling, duration, problems)
    check_held(circuit, fabrics, recorded, problems)
    target, target_nets = build_target(circuit, analog, adcs, problems)
    hosts = build_hosts(circuit, fabrics, clocks, problems)
    check_programmed(circuit, fabrics, hosts, problems)
    program = Program(
        name=circuit.netlist.name,
        temperature=circuit.netlist.temperature,
        islands=islands,
        jump_islands=jump_islands,
        nonlinear_islands=nonlinear_islands,
        branches=heat_branches(circuit, islands, jump_islands, adcs, movers, problems),
        fabrics=fabrics,
        driven={net: actual for net, (_, actual) in driven.items()} | levels | first,
        drawn_driven={net: drawn for net, (drawn, _) in driven.items()} | levels,
        held=held,
        adcs=adcs,
        dacs=dacs,
        clocks=tuple(clocks.values()),
        controllers=build_controllers(circuit, islands, adcs, dacs, clocks, target, problems),
        hosts=hosts,
        probes=build_probes(circuit, analog, sampling, dacs, movers.sources, duration, problems),
        duration=duration or 0,
        burn_in=burn_in,
        replicas=run.replicas if replicas is None else replicas,
        measures=tuple(run.measure),
        target=target,
        target_nets=target_nets,
        prices=(
            *(row for item in circuit.instances.values() for row in _prices(circuit, item, sampling, hosts)),
            *supply_prices(jump_islands, driven),
        ),
        notes=(
            *_notes(circuit, fabrics),
            *dit_notes(circuit, dits),
            *schedule_notes(sampling, recorded),
            *held_notes(held),
            *flicker_notes(circuit),
            *plant_notes(circuit, islands),
            *(jump_notes(jump_islands) if not len(problems) else ()),
            *(note for island in nonlinear_islands for note in island.notes),
        ),
        dits=dits,
        sources=movers.sources,
        provenance=_provenance(circuit),
    )
    learning = build_learning(circuit, islands, others, adcs, dacs, program.controllers, problems)
    notes = (*program.notes, *_discipline_notes(program, recorded))
    program = replace(program, learning=learning, notes=notes)
    built = analog or sampling
    if not built and not circuit.of_family("pdit") and not circuit.of_family("pbit"):
        problems.add(
            circuit.netlist.document.position(("instances",), key=True),
            "instances",
            "no s-mode, no transistor circuit, no p-bit and no p-dit: nothing to simulate",
        )
    check_heat_steps(circuit, islands, burn_in + (duration or 0), problems)
    problems.raise_if_any()
    return program


_KINDS: dict[type, str] = {JumpIsland: "transistor", NonlinearIsland: "nonlinear"}
"""What islands that samplers must not move are called."""


def _check_sampled(
    circuit: Circuit,
    islands: tuple[Island | JumpIsland | NonlinearIsland, ...],
    driven: dict[str, Any],
    adcs: tuple[AdcBank, ...],
    fabrics: tuple[Fabric, ...],
    problems: Problems,
) -> None:
    """Converters and p-bits look at nets that have a voltage, and at those that are not linear without moving them."""
    kinds = {net: _KINDS[type(island)] for island in islands if type(island) in _KINDS for net in island.nodes}
    for bank in adcs:
        loads = bank.sample_capacitance > 0 and not bank.buffered
        net = next((net for net in sorted(bank.inputs) if net in kinds), None)
        if net is not None and (loads or bank.jitter > 0):
            what = "an unbuffered sampler" if loads else "aperture jitter"
            problems.add(
                circuit.netlist.document.position((*circuit.instances[bank.path].at, "pins", "in")), bank.path,
                f"{what} on net '{net}' of a {kinds[net]} circuit is not built; "
                f"{'buffer it' if loads else 'leave jitter out'}",
            )  # fmt: skip
    known = {net for island in islands for net in island.nodes} | set(driven)
    absent = absent_nets(islands)
    looking = [(bank.path, net) for bank in adcs for net in bank.inputs]
    looking += [(fabric.path, net) for fabric in fabrics for net in fabric.input_nets or () if net]
    for path, net in looking:
        if net not in known and net != "0":
            contact = circuit.nets.contacts[net][0]
            undefined = f"net '{net}' has neither a capacitor nor a source: its voltage is undefined"
            problems.add(contact.where, path, absent.get(net, undefined))


def _check_supplies(circuit: Circuit, problems: Problems) -> None:
    """A p-bit has one bias circuit, so the couplings at it have one supply."""
    for instance in circuit.of_family("pbit"):
        supplies: dict[Any, str] = {}
        for synapse in circuit.synapses:
            if instance.path in synapse.ends:
                model: Any = synapse.bound.model
                supplies.setdefault(model.v_dd, synapse.path)
        if len(supplies) > 1:
            told = ", ".join(f"{path}: {'none' if v is None else show(v, 'V')}" for v, path in supplies.items())
            where = circuit.netlist.document.position(("couplings", list(supplies.values())[1], "model"))
            message = (
                f"the couplings of '{instance.path}' state different supplies v_dd ({told}); its bias circuit has one"
            )
            problems.add(where, f"couplings.{list(supplies.values())[1]}", message)


def _prices(
    circuit: Circuit, instance: Instance, fabrics: tuple[Fabric | DitFabric, ...], hosts: tuple[HostPlan, ...]
) -> list[PriceRow]:
    """Prices of an instance's actions; a p-bit's depend on the synapses and wires around it."""
    synapses = [synapse for synapse in circuit.synapses if instance.path in synapse.ends]
    interval = next((_interval(fabric, instance) for fabric in fabrics if instance.path in fabric.arrays), None)
    context = PriceContext(temperature=circuit.netlist.temperature, interval=interval)
    if synapses:
        lengths = [synapse.lengths for synapse in synapses]
        known = [length for length in lengths if length is not None]
        # A cell drives the wires of all its edges: one inside the array has both ends in it, a directed one its source.
        wire = sum(
            float(np.sum(synapse.lengths)) * synapse.ends[: 1 if synapse.directed else 2].count(instance.path)
            for synapse in synapses
            if synapse.lengths is not None
        )
        context = PriceContext(
            temperature=circuit.netlist.temperature,
            synapse=synapses[0].bound.model,
            synapse_evidence=synapses[0].bound.evidence,
            wire_length=wire / instance.size if len(known) == len(lengths) else None,
            interval=interval,
        )
    elif instance.bound.model.family == "pbit":
        context = PriceContext(temperature=circuit.netlist.temperature, wire_length=0.0, interval=interval)
    prices = instance.bound.model.prices(instance.bound.evidence, context)
    if instance.bound.model.family == "pbit" and circuit.netlist.updates.order == "free":
        prices = tuple(price for price in prices if price.action != "clock")
    if any(len(synapse.ends) > 2 for synapse in synapses):
        source = "no circuit that multiplies the outputs of p-bits is published with its energy"
        prices = (*prices, Price("updates", "products", None, None, None, "assumed", source))
    if isinstance(instance.bound.model, Pbit):
        mine = next((fabric for fabric in fabrics if instance.path in fabric.arrays), None)
        read = mine is not None and (mine.read or any(_reads(host, mine, instance.path) for host in hosts))
        host = instance.bound.model.host_prices(instance.bound.evidence)
        prices += tuple(price for price in host if read or price.counter != "reads")
    return [PriceRow(instance.path, price) for price in prices]


def _reads(host: HostPlan, fabric: Fabric | DitFabric, array: str) -> bool:
    """Whether a controller reads this array of a fabric."""
    return host.fabric == fabric.path and any(int(nodes[0]) == fabric.arrays[array][0] for nodes in host.reads.values())


def _interval(fabric: Fabric | DitFabric, instance: Instance) -> float:
    """Mean time between two updates of a p-bit [s]; without a clock one is counted for each relaxation time."""
    if fabric.order != "free":
        return fabric.clock.period * fabric.ticks
    first = fabric.arrays[instance.path][0]
    return float(fabric.relaxation[first : first + instance.size].mean())


def _supply_notes(circuit: Circuit) -> Iterator[str]:
    """What a bias supply other than the card's costs."""
    for instance in circuit.of_family("pbit"):
        model: Any = instance.bound.model
        supplies = {s.bound.model.v_dd for s in circuit.synapses if instance.path in s.ends}  # type: ignore[attr-defined]
        for v_dd in sorted(v for v in supplies if v is not None and model.bias_supply not in (None, v)):
            yield (
                f"{instance.path}: the synapses' v_dd of {show(v_dd, 'V')} replaces the "
                f"{show(model.v_dd, 'V')} of the p-bit's "
                f"card, which multiplies its bias energy by {(v_dd / model.v_dd) ** 2:.3g}; it buys a coupling budget "
                f"4 beta (sum |J| + |h|) of {v_dd / model.v_s:.3g}"
            )


def _bias_notes(circuit: Circuit, fabrics: tuple[Fabric, ...]) -> Iterator[str]:
    """The bias circuit is priced for one relaxation time an update; it may conduct for longer."""
    for fabric in (fabric for fabric in fabrics if fabric.order != "free"):
        for path in fabric.arrays:
            model: Any = circuit.instances[path].bound.model
            sweep = fabric.clock.period * fabric.ticks / fabric.chance
            if getattr(model, "c_bias", None) is not None and sweep > 1.01 * model.tau0:
                yield (
                    f"{path}: the bias circuit is priced for one tau0 of {show(model.tau0, 's')} an update, as "
                    "its source "
                    f"does; if it conducts through the whole sweep of {show(sweep, 's')} it costs "
                    f"{sweep / model.tau0:.3g} times that"
                )


def _why_colours(fabric: Fabric) -> str:
    """Why a sweep needs more than two ticks."""
    if ancestral(fabric):
        return "parents come before their children"
    if len(fabric.drawn.terms):
        return "p-bits of one term must not be updated together"
    return "its couplings close odd loops, so that two colours do not do"


def _discipline_notes(program: Program, window: tuple[int, int]) -> tuple[str, ...]:
    """What is known of the law that each fabric samples in the recorded window."""
    sampling = [discipline(recorded_fabric(program.known(fabric), window)) for fabric in program.fabrics]
    return tuple(reason for reason in dict.fromkeys(known.reason for known in sampling) if reason)


def _notes(circuit: Circuit, fabrics: tuple[Fabric, ...]) -> tuple[str, ...]:
    netlist = circuit.netlist
    notes = [*_supply_notes(circuit), *_bias_notes(circuit, fabrics), *warmth_notes(circuit)]
    notes += [f"lint '{rule}' is silenced: {reason}" for rule, reason in netlist.silence.items()]
    for fabric in fabrics:
        if fabric.order == "coloured" and fabric.colours > 2:
            notes.append(f"{fabric.path}: {_why_colours(fabric)}: a sweep takes {fabric.colours} ticks")
        if fabric.order == "free":
            notes.append(
                f"{fabric.path}: order free has no updates to be paid; one is counted for each p-bit and relaxation "
                "time, at the price of a clocked one without its clock"
            )
    return tuple(notes)


def _provenance(circuit: Circuit) -> dict[str, Any]:
    netlist = circuit.netlist
    cards = {instance.path: instance.bound.card for instance in circuit.instances.values() if instance.bound.card}
    return {
        "netlist": netlist.document.text,
        "sha256": netlist.document.sha256,
        "files": list(netlist.document.files),
        "sources": dict(netlist.document.sources),
        "corner": netlist.variation.corner,
        "die": circuit.die,
        "variation_seed": netlist.variation.seed,
        "cards": cards,
        "evidence": {
            instance.path: {name: asdict(item) for name, item in instance.bound.evidence.items()}
            for instance in circuit.instances.values()
            if instance.bound.card
        },
        "mismatch": dict(circuit.mismatch),
    }
