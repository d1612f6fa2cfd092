"""A chip's analog part as an ngspice deck that measures the mean and every entry of the covariance.

    cov(a, b) = (var a + var b - var(a - b)) / 2,   var: `.noise`, integrated from 1e-6 of the slowest corner to 1e6 of
    the fastest

A resistor keeps its own temperature by `dtemp=`, its distance from the deck's 300 K (in ngspice 39 `temp=` leaves the
noise as it was), or is silent, `noisy=0`. Noise of one-sided density S_I is the Johnson noise of an isolated resistor
R, 4 k T R [V^2/Hz], behind a transconductance g_m = sqrt(S_I / (4 k T R)). The transient deck has a current source in
the place of every noise instead, drawn every h and joined by straight lines (TRNOISE, rms sqrt(S_I / (2 h))).
Source: ngspice manual, sections on `.noise` and on transient noise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from thermosim.adapters import spice_transient
from thermosim.adapters.spice_noise import AMBIENT, ISOLATED, gain, number, remembering
from thermosim.analysis import linear
from thermosim.api import Chip
from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.noise_states import COLOURED, HELD, is_noise
from thermosim.circuit.program import Island
from thermosim.circuit.stamps import LINEAR, stamp
from thermosim.circuit.warmth import temperature
from thermosim.contracts import Floats
from thermosim.errors import Problems

LETTERS = {
    "resistor": "r", "capacitor": "c", "current_source": "i", "voltage_source": "v", "white_noise": "g",
    "shot_noise": "g", "flicker_noise": "g", "band_noise": "g", "vcvs": "e",
}  # fmt: skip
LEFT_OUT = ("converter", "digital", "pbit", "pdit", "synapse")
POINTS, MARGIN = 200, 1e6
"""Frequencies per decade; how far the band goes beyond the corners: it leaves out 1.3e-6 of the variance."""


@dataclass(frozen=True)
class Deck:
    """A deck, and what is needed to read its answer.

    `islands`: nets of each island, in its order; `names`: net -> name in the deck; `notices`: what was left out, in
    words. `interval`, `duration` [s]: between two draws, and of the transient; None in a deck of `.noise` runs.
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
    nets = Names({"0", "gnd", "probe"})  # ngspice takes the second for ground
    names = {net: nets.take(_plain(net)) for net in sorted({net for item in parts for net in _nets(item)} - {"0"})}
    elements, notices = Names({"vprobe", "rprobe"}), tuple(_left_out(chip))
    lines = [f"* {program.name}: the analog part of a thermosim netlist, in SI units"]
    lines += [f"* {notice}" for notice in notices]
    lines += [f"* net {net} is {name}" for net, name in names.items() if name != net]
    lines.append(".options temp=26.85 tnom=26.85 reltol=1e-6" + (" method=trap" if transient else ""))
    interval = spice_transient.interval(program.islands) if transient else None
    for item in parts:
        for k in range(item.size):
            ends = [names.get(item.pins[pin][k], "0") for pin in ("p", "n")]
            if item.type == "vcvs":
                controls = " ".join(names.get(item.pins[pin][k], "0") for pin in ("cp", "cn"))
                own, path = number(float(item.actual["gain"][k])), _plain(item.element(k))
                name = elements.take(path if path.startswith("e") else f"e_{path}")
                lines.append(f"{name} {' '.join(ends)} {controls} {own}")
                continue
            lines += _element(circuit, item, k, (ends[0], ends[1]), elements, nets, interval)
    for item in circuit.of_type("dac"):
        for k, net in enumerate(item.pins["out"]):
            if net in names:
                own = elements.take("v_" + _plain(item.element(k)))
                lines.append(f"{own} {names[net]} 0 {number(program.driven[net])}")
    islands = tuple(tuple(name for name in island.nodes if not is_noise(name)) for island in program.islands)
    measured = tuple(tuple(names[net] for net in nodes) for nodes in islands)
    if interval is None:
        lines += _noise_runs(program.islands, measured)
        return Deck("\n".join(lines) + "\n", islands, names, notices)
    duration = spice_transient.duration(program.islands)
    lines += spice_transient.runs(program.islands, measured, interval, duration)
    notices = (*notices, spice_transient.notice(interval, duration))
    return Deck("\n".join(lines) + "\n", islands, names, notices, interval, duration)


class Names:
    """Hands out names that are not taken; ngspice knows neither case nor brackets."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = set(taken)

    def take(self, base: str) -> str:
        """`base`, or with a number behind it."""
        name, suffix = base, 1
        while name in self._taken:
            suffix += 1
            name = f"{base}_{suffix}"
        self._taken.add(name)
        return name


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "x"


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
        elif item.type not in LETTERS and item.bound.model.family not in LEFT_OUT:
            problems.add(
                document.position(item.at),
                item.path,
                f"no deck for '{item.type}': the export knows {', '.join(LETTERS)}",
            )
    if not chip.program.islands and not len(problems):
        problems.add(document.position(("instances",), key=True), "instances", "no analog node: nothing to export")
    for island in chip.program.islands:
        law = island.actual
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


def _element(
    circuit: Circuit,
    item: Instance,
    k: int,
    ends: tuple[str, str],
    elements: Names,
    nets: Names,
    interval: float | None,
) -> Iterator[str]:
    """Lines of one element; noise as `.noise` sees it, or as sources of the transient if there is an `interval`."""
    letter, path, (p, n) = LETTERS[item.type], _plain(item.element(k)), ends
    name = path if path.startswith(letter) else f"{letter}_{path}"
    if item.type in COLOURED:
        yield from remembering(item, k, ends, name, elements, nets)
        return
    name = elements.take(name)
    ambient = circuit.netlist.temperature
    noise, current = stamp(item, "actual", ambient)(k)[2:] if item.type in LINEAR else (0.0, 0.0)
    density = 2 * noise  # one-sided [A^2/Hz]
    if item.type == "resistor":
        excess = temperature(circuit, item, k) - AMBIENT
        warmth = "noisy=0" if interval is not None or density == 0 else f"dtemp={number(excess)}"
        yield f"{name} {p} {n} {number(item.actual['r'][k])} {warmth}"
    elif item.type in ("white_noise", "shot_noise"):
        if interval is None:
            source = nets.take(f"noise_{name}")
            yield f"{elements.take('r_' + name)} {source} 0 {number(ISOLATED)} dtemp=0"
            yield f"{name} {n} {p} {source} 0 {number(gain(density))}"
        if current:
            yield f"{elements.take('i_' + name)} {n} {p} {number(current)}"
    elif item.type == "current_source":
        yield f"{name} {n} {p} {number(current)}"  # SPICE counts the current that runs through it, n to p
    else:
        yield f"{name} {p} {n} {number(item.actual['c' if item.type == 'capacitor' else 'v'][k])}"
    if interval is not None and density > 0:
        rms = math.sqrt(density / (2 * interval))
        yield f"{elements.take('i_' + name)} {n} {p} dc 0 trnoise({number(rms)} {number(interval)} 0 0)"


def band(islands: tuple[Island, ...]) -> tuple[float, float]:
    """From 1e-6 of the slowest corner to 1e6 of the fastest [Hz]."""
    rates = np.concatenate([np.abs(linear.modes(i.actual.capacitance, i.actual.conductance).rates) for i in islands])
    return float(rates.min() / (2 * np.pi) / MARGIN), float(rates.max() / (2 * np.pi) * MARGIN)


def _noise_runs(islands: tuple[Island, ...], measured: tuple[tuple[str, ...], ...]) -> list[str]:
    low, high = (float(f"{value:.3g}") for value in band(islands))
    sweep = f"vprobe dec {POINTS} {number(low)} {number(high)}"
    lines = ["vprobe probe 0 dc 0 ac 1", "rprobe probe 0 1 noisy=0"]  # `.noise` wants an input, whatever it does
    lines += [".control", "set sqrnoise", "set numdgt=15", "op"]
    for name in (name for nodes in measured for name in nodes):
        lines += [f"echo thermosim mean {name}", f"print v({name})"]
    for nodes in measured:
        for k, a in enumerate(nodes):
            for b in nodes[k:]:
                pair = a if a == b else f"{a},{b}"
                what = f"variance {a}" if a == b else f"difference {a} {b}"
                lines += [f"noise v({pair}) {sweep}", f"echo thermosim {what}", "print onoise_total", "destroy all"]
    return [*lines, "quit 0", ".endc", ".end"]


def matrices(deck: Deck, found: Mapping[tuple[str, ...], float]) -> tuple[tuple[Floats, Floats], ...]:
    """Mean (n,) [V] and covariance (n, n) [V^2] of each island, from what the deck printed."""
    answer = []
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
                    covariance[i, j] = covariance[j, i] = found["covariance", a, b]
        answer.append((mean, covariance))
    return tuple(answer)
