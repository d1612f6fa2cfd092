"""Which elements of a circuit change in time, what they follow, and the networks that move with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.generators import build_generators
from thermosim.circuit.moving import Moving, MovingSource, Parts, unknown
from thermosim.circuit.nets import GROUND
from thermosim.circuit.program import Island, LinearLaw
from thermosim.circuit.signals import Clocked, Signal, Stairs
from thermosim.circuit.stamps import Members, Stamper, Ties, closing, full_law, stamp
from thermosim.contracts import Ints
from thermosim.errors import Problems, suggestion
from thermosim.times import FEMTOSECONDS, Clock, femtoseconds
from thermosim.units import show

FOLLOWING = ("resistor", "capacitor", "white_noise", "current_source", "voltage_source")
"""Types with a `gain`."""


@dataclass(frozen=True)
class Movers:
    """What the elements of a circuit follow, by element path; `sources`: driven nets that move."""

    signals: Mapping[str, Signal]
    sources: tuple[MovingSource, ...]


def build_movers(circuit: Circuit, clocks: Mapping[str, Clock], problems: Problems) -> Movers:
    """Read switches, generators and the elements that follow them."""
    generators = build_generators(circuit, problems)
    found: dict[str, Signal] = {}
    for instance in circuit.of_type("switch"):
        signal = _switch(circuit, instance, clocks, problems)
        if signal is not None:
            found[instance.path] = signal
    for instance in circuit.of_type(*FOLLOWING):
        model: Any = instance.bound.model
        if model.gain is None:
            continue
        where = circuit.netlist.document.position((*instance.at, "gain"))
        if model.gain not in circuit.netlist.generators:
            message = f"unknown generator '{model.gain}'{suggestion(model.gain, circuit.netlist.generators)}"
            problems.add(where, f"{instance.path}.gain", message)
        elif model.gain in generators:
            found[instance.path] = generators[model.gain]
            _check_range(instance, generators[model.gain], where, problems)
    sources = tuple(_sources(circuit, found, problems))
    return Movers(_shared(found), sources)


def _shared(found: Mapping[str, Signal]) -> dict[str, Signal]:
    """Equal clocked signals become one."""
    known: dict[Any, Signal] = {}
    return {
        path: known.setdefault(signal if isinstance(signal, Clocked) else id(signal), signal)
        for path, signal in found.items()
    }


def _switch(circuit: Circuit, instance: Instance, clocks: Mapping[str, Clock], problems: Problems) -> Signal | None:
    model: Any = instance.bound.model
    where = circuit.netlist.document.position(instance.at, key=True)
    nets = set(instance.pins.get("clock", ()))
    if bool(nets) == (model.closed is not None):
        problems.add(
            where, instance.path,
            "it has a clock and 'closed'; one of them moves it, leave the other out" if nets else
            "it never moves; connect its pin clock and give a duty, or say when it is closed, e.g. "
            'closed: [["1 us", "3 us"]]',
        )  # fmt: skip
        return None
    if model.closed is not None:
        try:
            times = [femtoseconds(time) for interval in model.closed for time in interval]
        except ValueError as error:
            problems.add(circuit.netlist.document.position((*instance.at, "closed")), instance.path, str(error))
            return None
        begins_open = times[0] > 0
        values = [float(k % 2 == int(begins_open)) for k in range(len(times) + int(begins_open))]
        name = f"switch '{instance.path}'"
        return Stairs(name, ((0, *times) if begins_open else tuple(times)), tuple(values), None)
    if model.duty is None:
        problems.add(where, instance.path, "its clock closes it for a share of the period: give a duty, e.g. duty: 0.5")
        return None
    if len(nets) > 1 or (net := next(iter(nets))) not in clocks:
        message = "its elements have several clocks; make them instances of their own" if len(nets) > 1 else (
            f"no clock drives net '{net}'{suggestion(net, clocks)}"
        )  # fmt: skip
        problems.add(circuit.netlist.document.position((*instance.at, "pins", "clock")), instance.path, message)
        return None
    phase, duty, delay = (Fraction(repr(float(getattr(model, key)))) for key in ("phase", "duty", "delay"))
    signal = Clocked(clocks[net].path, clocks[net].frequency, phase, duty, int(delay * FEMTOSECONDS))
    if min(duty, 1 - duty) * signal.period < 1:
        problems.add(where, instance.path, "it would move twice within a femtosecond; lower the frequency of its clock")
        return None
    return signal


def _check_range(instance: Instance, signal: Stairs, where: Any, problems: Problems) -> None:
    """Conductances and capacitances stay above 0, densities of noise at or above it."""
    low = signal.extremes()[0]
    limits = {"resistor": "above 0: open it with a switch", "capacitor": "above 0", "white_noise": "at least 0"}
    if instance.type in limits and (low < 0 or (low == 0 and instance.type != "white_noise")):
        at = show(signal.times[signal.values.index(low)] / FEMTOSECONDS, "s")
        limit = limits[instance.type]
        problems.add(
            where, f"{instance.path}.gain",
            f"{signal.name} is {low:.6g} at {at}; the gain of a {instance.type.replace('_', ' ')} is {limit}",
        )  # fmt: skip


def _sources(circuit: Circuit, found: Mapping[str, Signal], problems: Problems) -> Iterator[MovingSource]:
    """Driven nets that move; a source that moves stands on ground and alone."""
    moving = [instance for instance in circuit.of_type("voltage_source") if instance.path in found]
    standing = {net for item in circuit.of_type("voltage_source") for nets in zip(*item.pins.values(), strict=True)
                if GROUND not in nets for net in nets}  # fmt: skip
    for instance in moving:
        for k in range(instance.size):
            p, n = instance.pins["p"][k], instance.pins["n"][k]
            net, sign = (p, 1.0) if n == GROUND else (n, -1.0)
            if GROUND not in (p, n) or net in standing:
                problems.add(
                    circuit.netlist.document.position((*instance.at, "gain")), instance.element(k),
                    "a voltage source that moves stands between its net and ground, and no source stands on its net; "
                    "others are not built",
                )  # fmt: skip
                break
            volts, drawn = (sign * float(values["v"][k]) for values in (instance.actual, instance.drawn))
            yield MovingSource(net, instance.element(k), instance.at, volts, drawn, found[instance.path])


def moved(
    circuit: Circuit,
    island: Island,
    members: Members,
    both: tuple[Ties, Ties],
    unknowns: list[str],
    gone: Ints,
    movers: Movers,
) -> Island:
    """The island with all that changes on it in time; as it is if nothing does.

    Raises
    ------
    Undetermined
        If an eliminated voltage does not follow from the rest in some state.
    """
    elements = {path: signal for path in members if (signal := movers.signals.get(path)) is not None}
    inputs = tuple(one for one in movers.sources if one.net in island.inputs)
    if not elements and not inputs:
        return island
    conducting = [path for path in elements if circuit.instances[path].type != "current_source"]
    signals = tuple({id(elements[path]): elements[path] for path in conducting}.values())
    driving = {path: signal for path, signal in elements.items() if path not in conducting}
    currents = tuple({id(signal): signal for signal in driving.values()}.values())
    parts = [
        _parts(circuit, members, elements, signals, currents, unknowns, list(island.inputs), tied, gone, which)
        for tied, which in zip(both, ("drawn", "actual"), strict=True)
    ]
    moving = Moving(signals, currents, inputs, parts[0], parts[1])
    for values in corners(moving):
        parts[1].law(values)
    drawn, actual = (unknown(law, moving.stores) for law in (island.drawn, island.actual))
    return replace(island, drawn=drawn, actual=actual, moving=moving)


def corners(moving: Moving) -> list[tuple[float, ...]]:
    """States of the law at which every signal, or every one but one, has an extreme value of the same kind."""
    ends = [signal.extremes() for signal in moving.signals]
    lows, highs = tuple(low for low, _ in ends), tuple(high for _, high in ends)
    found = {lows, highs}
    for k in range(len(ends)):
        found.add((*lows[:k], highs[k], *lows[k + 1 :]))
        found.add((*highs[:k], lows[k], *highs[k + 1 :]))
    return sorted(found)


def _parts(
    circuit: Circuit,
    members: Members,
    elements: Mapping[str, Signal],
    signals: tuple[Signal, ...],
    currents: tuple[Signal, ...],
    unknowns: list[str],
    inputs: list[str],
    tied: Ties,
    gone: Ints,
    which: str,
) -> Parts:
    still = {
        path: numbers
        for path, numbers in members.items()
        if path not in elements or circuit.instances[path].type == "switch"
    }
    base = full_law(circuit, still, unknowns, inputs, tied, which)

    def follow(signal: Signal, kinds: tuple[str, ...]) -> LinearLaw:
        """Stamps of what follows this signal, at value 1."""
        work = Stamper(unknowns, inputs, tied)
        for path, numbers in members.items():
            instance = circuit.instances[path]
            if elements.get(path) is not signal or instance.type not in kinds:
                continue
            at = (closing if instance.type == "switch" else stamp)(instance, which, circuit.netlist.temperature)
            for k in numbers:
                work.two_ends(instance.pins["p"][k], instance.pins["n"][k], at(k))
        return work.law()

    laws = [follow(signal, ("resistor", "switch", "capacitor", "white_noise")) for signal in signals]
    columns = [follow(signal, ("current_source",)).current for signal in currents]
    n, m = len(unknowns), len(inputs)

    def stack(name: str, *shape: int) -> Any:
        return np.array([getattr(law, name) for law in laws]).reshape(len(laws), *shape)

    base = replace(
        base,
        input_conductance=np.column_stack([base.input_conductance, *columns]).reshape(n, m + len(columns)),
        input_capacitance=np.column_stack([base.input_capacitance, np.zeros((n, len(columns)))]),
    )
    return Parts(
        base, gone, stack("capacitance", n, n), stack("conductance", n, n), stack("noise", n, n), stack("current", n),
        stack("input_conductance", n, m), stack("input_capacitance", n, m),
    )  # fmt: skip


def at_start(sources: tuple[MovingSource, ...]) -> dict[str, tuple[float, float]]:
    """(drawn, actual) volts at time 0 of the driven nets that move."""
    return {one.net: (one.drawn * one.signal.at(0), one.volts * one.signal.at(0)) for one in sources}
