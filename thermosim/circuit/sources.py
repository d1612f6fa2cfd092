"""Ideal voltage sources: which nets they hold, and which they tie to one another.

A source with one end at ground, or at a net that is itself held by sources, holds its other end. A source between two
free nets ties them, v_p = v_n + v, so that both have one row of the network's equations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.nets import GROUND, natural
from thermosim.errors import Problems

Element = tuple[Instance, int]


def driven_nets(circuit: Circuit, problems: Problems) -> dict[str, tuple[float, float]]:
    """Nets held by ideal sources: net -> (drawn, actual) volts. DAC outputs are driven too, at 0 V here."""
    driven: dict[str, tuple[float, float]] = {}
    owner: dict[str, str] = {}

    def drive(net: str, element: str, drawn: float, actual: float, instance: Instance) -> None:
        if net in driven:
            problems.add(
                circuit.netlist.document.position((*instance.at, "pins")),
                element,
                f"net '{net}' has two drivers: {owner[net]} and {element}; leave one",
            )
        driven[net], owner[net] = (drawn, actual), element

    floating: list[Element] = []
    for instance in circuit.of_type("voltage_source"):
        for k in range(instance.size):
            p, n = instance.pins["p"][k], instance.pins["n"][k]
            drawn, actual = float(instance.drawn["v"][k]), float(instance.actual["v"][k])
            if n == GROUND and p != GROUND:
                drive(p, instance.element(k), drawn, actual, instance)
            elif p == GROUND and n != GROUND:
                drive(n, instance.element(k), -drawn, -actual, instance)
            elif p == n:
                _loop(circuit, (instance, k), f"both its ends are on {_named(p)}", problems)
            else:
                floating.append((instance, k))
    converters = set()
    for instance in circuit.of_type("dac"):
        for k in range(instance.size):
            converters.add(instance.pins["out"][k])
            drive(instance.pins["out"][k], instance.element(k), 0.0, 0.0, instance)
    while held := [(one, k) for one, k in floating if {one.pins["p"][k], one.pins["n"][k]} & set(driven)]:
        floating = [element for element in floating if element not in held]
        for instance, k in held:
            p, n = instance.pins["p"][k], instance.pins["n"][k]
            if p in driven and n in driven:
                others = " and ".join(dict.fromkeys((owner[p], owner[n])))
                _loop(circuit, (instance, k), f"{others} already hold '{p}' and '{n}'", problems)
                continue
            net, base, sign = (p, n, 1.0) if n in driven else (n, p, -1.0)
            if base in converters:
                problems.add(
                    circuit.netlist.document.position((*instance.at, "pins")), instance.element(k),
                    f"a voltage source on top of the DAC output '{base}' is not built; put it between other nets",
                )  # fmt: skip
            below = driven[base]
            drawn, actual = (sign * float(getattr(instance, which)["v"][k]) for which in ("drawn", "actual"))
            drive(net, instance.element(k), below[0] + drawn, below[1] + actual, instance)
    return driven


def ties(
    circuit: Circuit, driven: Mapping[str, Any], which: str, problems: Problems | None = None
) -> dict[str, tuple[str, float]]:
    """Nets whose voltage is that of another free net and a constant: net -> (that net, volts above it).

    The first of a group in natural order keeps its row. Loops are told to `problems`.
    """
    group: dict[str, dict[str, float]] = {}  # net -> all nets of its group, with their volts above one of them
    members: dict[str, list[str]] = {}
    for instance in circuit.of_type("voltage_source"):
        for k in range(instance.size):
            p, n = instance.pins["p"][k], instance.pins["n"][k]
            if p == n or any(net == GROUND or net in driven for net in (p, n)):
                continue
            one, other = group.setdefault(p, {p: 0.0}), group.setdefault(n, {n: 0.0})
            if one is other:
                if problems is not None:
                    known = [name for name in members.get(p, []) if name != instance.element(k)]
                    _loop(circuit, (instance, k), f"{', '.join(known)} already tie '{p}' to '{n}'", problems)
                continue
            shift = other[n] + float(getattr(instance, which)["v"][k]) - one[p]
            other.update({net: above + shift for net, above in one.items()})
            names = [*members.get(p, []), instance.element(k), *members.get(n, [])]
            for net in other:
                group[net], members[net] = other, names
    found = {}
    for net, nets in group.items():
        first = min(nets, key=natural)
        if net != first:
            found[net] = (first, nets[net] - nets[first])
    return found


def _loop(circuit: Circuit, element: Element, why: str, problems: Problems) -> None:
    instance, k = element
    problems.add(
        circuit.netlist.document.position((*instance.at, "pins")),
        instance.element(k),
        f"it closes a loop of ideal voltage sources, whose current nothing bounds: {why}; leave it out, or give it a "
        "resistor",
    )


def _named(net: str) -> str:
    return "ground" if net == GROUND else f"net '{net}'"
