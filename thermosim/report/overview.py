"""The whole story of a run: one line on what ran, then mixing, energy, target, ideal sampler, notes."""

from __future__ import annotations

import math

from thermosim.api import Chip
from thermosim.circuit.dits import DitFabric
from thermosim.measure import Summary
from thermosim.report import telling, telling_heat, telling_information
from thermosim.report.story import Section, Story
from thermosim.times import seconds
from thermosim.units import show


def tell(summary: Summary, chip: Chip, full: bool = False) -> Story:
    """What a reader needs on one screen; `full` gives every row, for the report."""
    sections = [telling.mixing(summary.mixing, summary.verdict, full)]
    per_sample = math.nan
    if summary.energy is not None:
        sections.append(telling.energy(summary.energy, full))
        per_sample = summary.energy.per_effective_sample.value
    if summary.target:
        sections.append(telling.target(summary.target, full))
    if summary.temperature:
        sections.append(telling.temperature(summary.temperature))
    if summary.heat:
        sections.append(telling_heat.heat(summary.heat))
    if summary.information:
        sections.append(telling_information.information(summary.information))
    if summary.ideal:
        partial = summary.energy is not None and bool(summary.energy.unpriced)
        sections.append(telling.ideals(summary.ideal, per_sample, full, partial))
    notes = telling.alike((*summary.notes, *(str(problem) for problem in chip.lints)))
    if notes:
        sections.append(Section("Notes", remarks=notes))
    description = chip.netlist.description or ""
    return Story(summary.run.name, description, ran(summary, chip), tuple(sections))


def ran(summary: Summary, chip: Chip) -> str:
    """One line: how large, how long, how many replicas, which seed, how fast."""
    program, run = chip.program, summary.run
    sizes = [telling.count(len(island.nets), "analog node") for island in program.analog]
    sizes += [
        f"{telling.count(fabric.nodes, 'p-bit')}, {telling.count(len(fabric.drawn.edges), 'coupling')}"
        + (f", {telling.count(len(fabric.drawn.terms), 'term')} of three or four" if len(fabric.drawn.terms) else "")
        for fabric in program.fabrics
    ]
    sizes += [_dits(fabric) for fabric in program.dits]
    if program.adcs or program.dacs:
        inputs, outputs = (sum(len(bank.inputs) for bank in banks) for banks in (program.adcs, program.dacs))
        sizes.append(f"{telling.count(inputs, 'ADC')}, {telling.count(outputs, 'DAC')}")
    sizes += [f"controller {plan.path}" for plan in program.digital]
    length = f"{telling.count(run.replicas, 'replica')} x {_length(summary, chip)} after {show(run.burn_in, 's')}"
    took = f"{run.meta['wall_seconds']:.2g} s on {telling.count(run.meta['threads'], 'thread')}"
    state = "" if run.complete else "; INTERRUPTED, what follows is of the part that was recorded"
    return f"{'; '.join(sizes)}; {length}; seed {run.meta['seed']}; simulated in {took}{state}"


def _dits(fabric: DitFabric) -> str:
    bits = int(fabric.is_pbit().sum())
    states = sorted(
        {int(fabric.drawn.states[fabric.nodes_of(path)][0]) for path in fabric.arrays if path not in fabric.pbits}
    )
    named = f"{telling.count(fabric.nodes - bits, 'p-dit')} of {', '.join(map(str, states))} states"
    beside = f" and {telling.count(bits, 'p-bit')}" if bits else ""
    return f"{named}{beside}, {telling.count(len(fabric.drawn.edges), 'coupling')}"


def _length(summary: Summary, chip: Chip) -> str:
    program = chip.program
    duration = show(summary.run.duration, "s")
    if len(program.sampling) == 1:
        fabric = program.sampling[0]
        sweeps = round(seconds(program.duration) / (fabric.ticks * fabric.clock.period))
        return f"{sweeps:,} {'observations' if fabric.order == 'free' else 'sweeps'} ({duration})"
    return duration
