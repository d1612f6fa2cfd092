"""The screen of ``thermosim analyze``: what is known of a chip before it runs."""

from __future__ import annotations

import math

import numpy as np

from thermosim.analysis.linear import mode_tau_int
from thermosim.api import Chip
from thermosim.circuit.discipline import discipline
from thermosim.circuit.noise_states import is_noise
from thermosim.circuit.program import Fabric
from thermosim.measure.network import Flow, NetworkAnalysis, imbalance
from thermosim.measure.periodic import Periodic
from thermosim.report.converters import converter
from thermosim.report.story import Fact, Part, Section, Story, Table
from thermosim.times import seconds
from thermosim.units import show

SHOWN = 8
_ROUND_OFF = 1e-9


def tell(chip: Chip, networks: tuple[NetworkAnalysis, ...], full: bool = False) -> Story:
    """One section for each island and fabric; `full` gives every node, mode and element."""
    sections = [part for network in networks for part in _network(network, full)]
    sections += [converter(bank, networks, len(bank.inputs) if full else SHOWN) for bank in chip.program.adcs]
    sections += [_fabric(fabric) for fabric in chip.program.fabrics]
    remarks = [*left_out(chip), *(str(problem) for problem in chip.lints)]
    if chip.program.controllers:
        remarks.insert(0, "controllers are not part of this: DAC outputs are held at their first code")
    if remarks:
        sections.append(Section("Notes", remarks=tuple(remarks)))
    ran = f"closed forms of this die at {show(chip.program.temperature, 'K')}; nothing was simulated"
    return Story(chip.program.name, chip.netlist.description or "", ran, tuple(sections))


def left_out(chip: Chip) -> tuple[str, ...]:
    """Parts of the chip of which nothing is known in closed form, in words."""
    program = chip.program
    jumps = (
        f"the transistors and diodes around '{island.path}' ({', '.join(island.nodes[:4])}"
        f"{', ..' if len(island.nodes) > 4 else ''}) are not part of this: charges jump, and no law of theirs is linear"
        for island in program.jump_islands
    )
    bent = (
        f"{island.path}: nonlinear; no closed form of linear networks holds for it, run it instead"
        for island in program.nonlinear_islands
    )
    dits = (f"the p-dits of '{fabric.path}' are not part of this" for fabric in program.dits)
    return (*jumps, *bent, *dits)


def _network(found: NetworkAnalysis, full: bool) -> list[Section]:
    shown = [k for k, name in enumerate(found.nodes) if not is_noise(name)]
    most = len(shown) if full else SHOWN
    nets = sum("(" not in name for name in found.nodes)
    more = f" and {len(found.nodes) - nets} inner" if nets < len(found.nodes) else ""
    title = f"Network {found.path}, {nets} node{'s' * (nets != 1)}{more}"
    facts = _times(found, most)
    if found.reason:
        return [Section(title, None, facts, remarks=(found.reason,))]
    if found.periodic is not None:
        return [_periodic(found, found.periodic, title, facts, full)]
    at_edges = () if found.edges is None else ("rms at edges",)
    header = ("node", "mean", "rms noise", "at f = 0", "noise bandwidth", *at_edges)
    rows = tuple(
        (
            node,
            show(found.mean[k], found.units[k], 4),
            show(found.deviation[k], found.units[k], 4),
            f"{show(math.sqrt(found.low_density[k]), found.units[k], 4)}/rtHz",
            show(found.bandwidth[k], "Hz", 4) if np.isfinite(found.bandwidth[k]) else "undefined",
            *(() if found.edges is None else (show(math.sqrt(found.edges[k, k]), found.units[k], 4),)),
        )
        for k, node in ((k, found.nodes[k]) for k in shown[:most])
    )
    tables = [Table(header, rows, (False, *(True for _ in header[1:])))]
    names = tuple(found.nodes[k] for k in shown)
    if full and 1 < len(names) <= 16:
        tables.append(_matrix("correlation", names, names, found.correlation[np.ix_(shown, shown)]))
    if found.inputs and full:
        tables.append(_matrix("gain at f = 0", names, found.inputs, found.gain[shown]))
    rest = len(names) - most
    strongest = _strongest(found)
    if strongest:
        facts = (*facts, strongest)
    if rest > 0:
        facts = (*facts, Fact("nodes", f"{most} of {len(names)} shown", "all with --full"))
    return [Section(title, None, facts, tables=tuple(tables)), _noise(found, full), _heat(found, full)]


def _periodic(found: NetworkAnalysis, state: Periodic, title: str, facts: tuple[Fact, ...], full: bool) -> Section:
    """Mean and noise at the phases of a period."""
    period = Fact("period", show(seconds(state.period), "s", 4), f"{len(state.times)} phases")
    nodes = range(len(found.nodes) if full else min(len(found.nodes), 3))
    phases = range(len(state.times) if full else min(len(state.times), SHOWN))
    header = ("from", *(f"{found.nodes[k]} {what}" for k in nodes for what in ("mean", "rms noise")))
    rows = []
    for phase in phases:
        cells = [show(seconds(state.times[phase]), "s", 4)]
        for k in nodes:
            deviation = math.sqrt(max(0.0, state.state.covariances[phase, k, k]))
            cells += [show(state.state.means[phase, k], found.units[k], 4), show(deviation, found.units[k], 4)]
        rows.append(tuple(cells))
    hidden = len(state.times) > len(phases) or len(found.nodes) > len(nodes)
    more = (Fact("shown", f"{len(phases)} phases of {len(nodes)} nodes", "all with --full"),) if hidden else ()
    remarks = ("it changes in time: this is the state that repeats, before what happens at each instant",)
    table = Table(header, tuple(rows), (True,) * len(header))
    return Section(title, None, (period, *facts, *more), tables=(table,), remarks=remarks)


def _times(found: NetworkAnalysis, most: int) -> tuple[Fact, ...]:
    if not len(found.times):
        return ()
    told: list[str] = []
    for time, frequency in zip(found.times[:most], found.frequencies[:most], strict=True):
        text = show(time, "s", 4) if np.isfinite(time) else "never"
        text = f"{text} at {show(frequency, 'Hz', 4)}" if frequency else text
        if not frequency or told[-1:] != [text]:  # a ringing mode comes as a pair
            told.append(text)
    rest = f", and {len(found.times) - most} faster" if len(found.times) > most else ""
    slowest = found.times[0]
    note = ""
    if np.isfinite(slowest) and slowest > 0:
        samples = mode_tau_int(1 / slowest, slowest)
        note = f"recorded every {show(slowest, 's', 3)} the slowest takes {samples:.3g} samples"
    return (Fact("relaxation", ", ".join(told) + rest, note),)


def _strongest(found: NetworkAnalysis) -> Fact | None:
    """The pair of nodes with the largest correlation."""
    noise = np.array([is_noise(name) for name in found.nodes])
    off = np.where(np.eye(len(noise), dtype=bool) | noise | noise[:, np.newaxis], 0.0, np.nan_to_num(found.correlation))
    if not np.abs(off).max(initial=0.0) > _ROUND_OFF:
        return Fact("correlations", "none") if np.sum(~noise) > 1 else None
    i, j = np.unravel_index(np.abs(off).argmax(), off.shape)
    return Fact("largest correlation", f"{off[i, j]:.4f}", f"{found.nodes[i]} with {found.nodes[j]}")


def _matrix(name: str, rows: tuple[str, ...], columns: tuple[str, ...], values: np.ndarray) -> Table:
    body = tuple((row, *(f"{value:.4f}" for value in line)) for row, line in zip(rows, values, strict=True))
    return Table((name, *columns), body, (False, *(True for _ in columns)))


def _noise(found: NetworkAnalysis, full: bool) -> Section:
    """Who makes the noise."""
    most = len(found.contributions) if full else SHOWN
    parts = []
    for one in found.contributions[:most]:
        worst = int(np.nanargmax(np.where([is_noise(name) for name in found.nodes], -1.0, one.share)))
        parts.append(Part(one.path, one.of_all, f"{100 * one.share[worst]:.1f} % at {found.nodes[worst]}", ""))
    rest = found.contributions[most:]
    if rest:
        parts.append(Part(f"{len(rest)} smaller ones", sum(one.of_all for one in rest), "", ""))
    remarks = () if parts else ("nothing makes noise here",)
    return Section(f"Noise of {found.path}", parts=tuple(parts), remarks=remarks)


def _heat(found: NetworkAnalysis, full: bool) -> Section:
    """Where power goes, and how irreversible that is."""
    size = max((abs(flow.watts) for flow in (*found.heats, *found.works)), default=0.0)
    size = max(size, found.turnover)
    flows = sorted((*found.heats, *found.works), key=lambda flow: -abs(flow.watts))
    moving = [flow for flow in flows if abs(flow.watts) > _ROUND_OFF * size]
    memory = found.edges is not None or any(is_noise(name) for name in found.nodes)
    seen, taken = found.cleaned(found.visible), found.cleaned(found.physical)
    visible, physical = ("undefined" if rate is None else show(rate, "1/s", 4) for rate in (seen, taken))
    if taken is None:
        gathered = any(flow.temperature is not None and math.isnan(flow.temperature) for flow in found.heats)
        why = "parts without a heat of their own meet at an eliminated net" if gathered else "a bath at 0 K takes heat"
    elif found.active:
        rest = f" and {len(found.active) - 1} more" if len(found.active) > 1 else ""
        why = f"of resistors alone: the supply and the noise of {found.active[0]}{rest} are not counted"
    elif seen is not None and taken > 2 * abs(seen):
        why = "the voltages hide most of it"
    else:
        why = ""
    facts = (
        Fact("detailed balance of voltages", "yes" if found.reversible else "no, currents circulate"),
        Fact("entropy that voltages show", visible, "noise has a memory" if memory else "in units of k"),
        Fact("entropy of all baths", physical, why),
        Fact(
            "mean energy",
            show(sum(found.stored), "J", 4),
            f"{show(found.stored[1], 'J', 4)} of it in inductors" if "A" in found.units else "",
        ),
        Fact("first law", f"closes to {abs(imbalance(found)):.0e}"),
    )
    rows = tuple(
        (
            flow.path,
            _what(flow),
            show(flow.watts, "W", 4),
        )
        for flow in (moving if full else moving[:SHOWN])
    )
    tables = (Table(("element", "what", "power"), rows, (False, False, True)),) if rows else ()
    return Section(f"Heat and work of {found.path}", None, facts, tables=tables)


def _what(flow: Flow) -> str:
    if flow.temperature is None:
        return "work of a source"
    return "net heat of all" if math.isnan(flow.temperature) else f"heat into {show(flow.temperature, 'K')}"


def _fabric(fabric: Fabric) -> Section:
    """A fabric's size, colours and whether its updates sample Boltzmann's law."""
    law, known = fabric.actual, discipline(fabric)
    sweep = fabric.ticks * fabric.clock.period
    facts = [
        Fact("p-bits", f"{fabric.nodes:,}", f"{len(law.edges):,} couplings, order {fabric.order}"),
        Fact("Boltzmann's law", "yes" if known.boltzmann else "no", known.reason),
    ]
    if fabric.order != "free":
        ticks = f"{fabric.ticks:,} ticks of {show(fabric.clock.period, 's')}"
        facts.insert(1, Fact("a sweep", show(sweep, "s"), ticks))
        facts.append(Fact("memory of a slot", f"{float(fabric.memory.max()):.3g}", "largest of all p-bits"))
    if len(law.edges):
        pull = np.abs(law.biases)
        for side in (0, 1):
            np.add.at(pull, law.edges[:, side], np.abs(law.weights))
        facts.append(Fact("largest argument", f"{2 * law.beta * float(pull.max()):.4g}", "2 beta (sum |J| + |h|)"))
    return Section(f"Fabric {fabric.path}", None, tuple(facts))
