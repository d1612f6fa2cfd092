"""A chip's analog part as an ngspice deck that measures the mean and every entry of the covariance.

    cov(a, b) = (var a + var b - var(a - b)) / 2,   var: the density of `.noise`, integrated from 1e-6 of the slowest
    corner to 1e6 of the fastest

The deck integrates by straight lines. The total that ngspice 39 gives, powers of f from point to point for each source
by itself, was nan at notches and sharp resonances, where such powers overflow, and 6e-4 off at a quality of 16 with 500
points in a decade. Straight lines are off by 2e-6 with 600, also at a resonance of quality Q as long as those are
SHARP Q or more (two in half its width).

Elements are written by adapters/spice_elements.py. Nets are measured, currents of inductors and inner voltages are not.
The transient deck has a current source in the place of every noise instead, drawn every h and joined by straight lines
(TRNOISE, rms sqrt(S_I / (2 h))). Source: ngspice manual, sections on `.noise` and on transient noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from thermosim.adapters import spice_transient
from thermosim.adapters.spice_elements import LETTERS, Names, Writer, plain
from thermosim.adapters.spice_noise import number
from thermosim.analysis import linear
from thermosim.api import Chip
from thermosim.circuit.circuit import Instance
from thermosim.circuit.movers import FOLLOWING
from thermosim.circuit.noise_states import COLOURED, HELD
from thermosim.circuit.program import Island
from thermosim.contracts import Floats
from thermosim.errors import Problems

LEFT_OUT = ("converter", "digital", "pbit", "pdit", "synapse")
OPERATORS = ("and", "or", "not", "eq", "ne", "gt", "ge", "lt", "le", "mod")
"""Words of ngspice's expressions: `print v(not)` is a syntax error."""
POINTS, SHARP, MARGIN = 600, 10.0, 1e6
"""Frequencies per decade, at least; those for each unit of quality; how far the band goes beyond the corners, which
leaves out 1.3e-6 of the variance."""


@dataclass(frozen=True)
class Deck:
    """A deck, and what is needed to read its answer.

    `islands`: nets of each island, in its order, without currents and inner voltages; `names`: net -> name in the deck;
    `notices`: what was left out, in words. `interval`, `duration` [s]: between two draws, and of the transient; None in
    a deck of `.noise` runs.
    """

    text: str
    islands: tuple[tuple[str, ...], ...]
    names: Mapping[str, str]
    notices: tuple[str, ...]
    interval: float | None = None
    duration: float | None = None


def deck(chip: Chip, transient: bool = False) -> Deck:
    """The deck of this die: its actual components, driven nets held as in :func:`thermosim.analyze`.

    Raises
    ------
    NetlistError
        If there is no analog node, a part is of a type that the deck cannot hold, or a network has no stationary law.
    """
    circuit, program = chip.circuit, chip.program
    _refuse(chip, transient)
    parts = circuit.of_type(*LETTERS)
    drifts = [f"drift{k}" for k in range(spice_transient.REFERENCES)]
    nets = Names({"0", "gnd", "probe", *drifts, *OPERATORS})  # ngspice takes the second for ground
    names = {net: nets.take(plain(net)) for net in sorted({net for item in parts for net in _nets(item)} - {"0"})}
    elements = Names({"vprobe", "rprobe", *(f"{letter}_{net}" for letter in "irc" for net in drifts)})
    notices = tuple(_left_out(chip))
    lines = [f"* {program.name}: the analog part of a thermosim netlist, in SI units"]
    lines += [f"* {notice}" for notice in notices]
    lines += [f"* net {net} is {name}" for net, name in names.items() if name != net]
    lines.append(".options temp=26.85 tnom=26.85 reltol=1e-6" + (" method=trap" if transient else ""))
    interval = spice_transient.interval(program.islands) if transient else None
    writer = Writer(circuit, names, elements, nets, interval)
    for item in parts:
        for k in range(item.size):
            lines += writer.element(item, k)
    lines += writer.mutuals()
    for item in circuit.of_type("dac"):
        for k, net in enumerate(item.pins["out"]):
            if net in names:
                own = elements.take("v_" + plain(item.element(k)))
                lines.append(f"{own} {names[net]} 0 {number(program.driven[net])}")
    islands = tuple(tuple(net for net in island.nodes if "(" not in net) for island in program.islands)
    measured = tuple(tuple(names[net] for net in nodes) for nodes in islands)
    if interval is None:
        lines += _noise_runs(program.islands, measured)
        return Deck("\n".join(lines) + "\n", islands, names, notices)
    duration = spice_transient.duration(program.islands)
    lines += spice_transient.references(interval)
    lines += spice_transient.runs(program.islands, measured, interval, duration)
    notices = (*notices, spice_transient.notice(interval, duration))
    return Deck("\n".join(lines) + "\n", islands, names, notices, interval, duration)


def _nets(item: Instance) -> Iterator[str]:
    return (net for nets in item.pins.values() for net in nets)


def _refuse(chip: Chip, transient: bool) -> None:
    problems = Problems()
    document = chip.netlist.document
    for item in chip.circuit.instances.values():
        if item.type in HELD:
            message = "no deck for held noise: .noise knows no clock; thermosim analyze gives its periodic state"
            problems.add(document.position(item.at), item.path, message)
        elif item.type in COLOURED and transient:
            message = f"no transient deck for '{item.type}': TRNOISE is white; leave --transient out"
            problems.add(document.position(item.at), item.path, message)
        elif item.type not in (*LETTERS, "mutual") and item.bound.model.family not in LEFT_OUT:
            problems.add(
                document.position(item.at),
                item.path,
                f"no deck for '{item.type}': the export knows {', '.join((*LETTERS, 'mutual'))}",
            )
        elif item.type in FOLLOWING and getattr(item.bound.model, "gain", None) is not None:
            message = "elements that follow a generator are not exported: the deck's covariances are of one state"
            problems.add(document.position((*item.at, "gain")), item.path, message)
    if not chip.program.islands and not len(problems):
        problems.add(document.position(("instances",), key=True), "instances", "no analog node: nothing to export")
    for island in chip.program.islands:
        law = island.actual
        if island.moving is not None:
            continue  # told above
        try:
            linear.stationary(law.capacitance, law.conductance, law.noise)
        except ValueError as error:
            problems.add(None, island.path, str(error))
    problems.raise_if_any()


def _left_out(chip: Chip) -> Iterator[str]:
    """What of the chip the deck does not hold, in words."""
    for item in chip.circuit.instances.values():
        if item.bound.model.family in LEFT_OUT:
            held = {"dac": "; its outputs are held", "adc": "; nothing samples or loads its nets"}.get(item.type, "")
            yield f"left out: {item.path} ({item.type}, {item.size} element{'s' * (item.size != 1)}){held}"
    for name in chip.netlist.controllers:
        yield f"left out: controllers.{name}"


def band(islands: tuple[Island, ...]) -> tuple[float, float]:
    """From 1e-6 of the slowest corner to 1e6 of the fastest [Hz]."""
    rates = np.concatenate([np.abs(linear.modes(i.actual.capacitance, i.actual.conductance).rates) for i in islands])
    return float(rates.min() / (2 * np.pi) / MARGIN), float(rates.max() / (2 * np.pi) * MARGIN)


def points(islands: tuple[Island, ...]) -> int:
    """Frequencies in a decade."""
    rates = np.concatenate([linear.modes(i.actual.capacitance, i.actual.conductance).rates for i in islands])
    quality = float(np.max(np.abs(rates.imag) / (2 * rates.real)))
    return max(POINTS, math.ceil(SHARP * quality))


def _noise_runs(islands: tuple[Island, ...], measured: tuple[tuple[str, ...], ...]) -> list[str]:
    low, high = (float(f"{value:.3g}") for value in band(islands))
    sweep = f"vprobe dec {points(islands)} {number(low)} {number(high)}"
    lines = ["vprobe probe 0 dc 0 ac 1", "rprobe probe 0 1 noisy=0"]  # `.noise` wants an input, whatever it does
    lines += [".control", "set sqrnoise", "set numdgt=15", "op"]
    for name in (name for nodes in measured for name in nodes):
        lines += [f"echo thermosim mean {name}", f"print v({name})"]
    for nodes in measured:
        for k, a in enumerate(nodes):
            for b in nodes[k:]:
                pair = a if a == b else f"{a},{b}"
                what = f"variance {a}" if a == b else f"difference {a} {b}"
                lines += [f"noise v({pair}) {sweep}", "setplot previous", "let total = integ(onoise_spectrum)"]
                lines += [f"echo thermosim {what}", "print total[length(total)-1]", "destroy all"]
    return [*lines, "quit 0", ".endc", ".end"]


def matrices(deck: Deck, found: Mapping[tuple[str, ...], float]) -> tuple[tuple[Floats, Floats], ...]:
    """Mean (n,) [V] and covariance (n, n) [V^2] of each island, from what the deck printed."""
    answer = []
    drift = 1.0 if deck.interval is None else found[("drift",)] / spice_transient.expected(deck.interval)
    for nets in deck.islands:
        names = [deck.names[net] for net in nets]
        mean = np.array([found["mean", name] for name in names])
        if deck.interval is None:
            variance = np.array([found["variance", name] for name in names])
            covariance = np.diag(variance)
            for i, a in enumerate(names):
                for j, b in enumerate(names[i + 1 :], i + 1):
                    apart = found["difference", a, b]
                    covariance[i, j] = covariance[j, i] = (variance[i] + variance[j] - apart) / 2
        else:
            covariance = np.zeros((len(names), len(names)))
            for i, a in enumerate(names):
                for j, b in enumerate(names[i:], i):
                    covariance[i, j] = covariance[j, i] = found["covariance", a, b] / drift
        answer.append((mean, covariance))
    return tuple(answer)
