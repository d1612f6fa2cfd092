"""Linear elements -> islands: union of nodes joined by elements, cut at ground and driven nets.

Stamps (incidence column b = e_p - e_n): resistor G += b b^T / R and S += (2 k T / R) b b^T; capacitor
C += c b b^T; white noise S += (S_I / 2) b b^T with S_I one-sided; current source i += I b. Rows of
driven nets move to the right-hand side as inputs: K = -G_nu, F = -C_nu.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.nets import GROUND, natural
from thermosim.circuit.program import Island, LinearLaw
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats
from thermosim.errors import Problems

LINEAR = ("resistor", "capacitor", "white_noise", "current_source")
JUMPS = ("diode", "nmos", "pmos")


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

    for instance in circuit.of_type("voltage_source"):
        for k in range(instance.size):
            p, n = instance.pins["p"][k], instance.pins["n"][k]
            drawn, actual = float(instance.drawn["v"][k]), float(instance.actual["v"][k])
            if n == GROUND and p != GROUND:
                drive(p, instance.element(k), drawn, actual, instance)
            elif p == GROUND and n != GROUND:
                drive(n, instance.element(k), -drawn, -actual, instance)
            else:
                problems.add(
                    circuit.netlist.document.position((*instance.at, "pins")),
                    instance.element(k),
                    f"an ideal voltage source needs exactly one end at ground; it joins '{p}' with '{n}'",
                )
    for instance in circuit.of_type("dac"):
        for k in range(instance.size):
            drive(instance.pins["out"][k], instance.element(k), 0.0, 0.0, instance)
    return driven


def build_islands(circuit: Circuit, driven: Mapping[str, Any], problems: Problems) -> tuple[Island, ...]:
    """Every linear island of the circuit, sorted by path."""
    elements = circuit.of_type(*LINEAR)
    islands = []
    for nodes in components(circuit, driven)[0]:
        inputs = sorted(_touching(elements, set(nodes), driven), key=natural)
        laws = [_law(circuit, elements, nodes, inputs, which) for which in ("drawn", "actual")]
        islands.append(Island(nodes[0], tuple(nodes), tuple(inputs), laws[0], laws[1], np.zeros(len(nodes))))
        _check_capacitance(circuit, islands[-1], elements, problems)
    return tuple(islands)


def components(circuit: Circuit, driven: Mapping[str, Any]) -> tuple[list[list[str]], list[list[str]]]:
    """Connected groups of nodes, sorted: those of linear elements alone, and those that hold a jump element.

    Ground and driven nets cut (union-find). A gate joins its net to the transistor, whose rates follow it.
    """
    parent: dict[str, str] = {}
    jumping: set[str] = set()

    def root(net: str) -> str:
        while parent[net] != net:
            parent[net] = parent[parent[net]]
            net = parent[net]
        return net

    for instance in circuit.of_type(*LINEAR, *JUMPS):
        for ends in zip(*instance.pins.values(), strict=True):
            free = [net for net in ends if net != GROUND and net not in driven]
            if instance.type in JUMPS:
                jumping.update(free)
            for net in free:
                parent.setdefault(net, net)
                parent[root(free[0])] = root(net)
    groups: dict[str, list[str]] = {}
    for net in parent:
        groups.setdefault(root(net), []).append(net)
    found = sorted((sorted(group, key=natural) for group in groups.values()), key=lambda group: natural(group[0]))
    linear = [group for group in found if jumping.isdisjoint(group)]
    return linear, [group for group in found if not jumping.isdisjoint(group)]


def _touching(elements: list[Instance], nodes: set[str], driven: Mapping[str, Any]) -> set[str]:
    """Driven nets that an element joins to one of these nodes."""
    found = set()
    for instance in elements:
        if instance.type not in ("resistor", "capacitor"):
            continue
        for p, n in zip(instance.pins["p"], instance.pins["n"], strict=True):
            if p in driven and n in nodes:
                found.add(p)
            if n in driven and p in nodes:
                found.add(n)
    return found


def _law(circuit: Circuit, elements: list[Instance], nodes: list[str], inputs: list[str], which: str) -> LinearLaw:
    """Stamp the elements that touch these nodes; inputs are extra rows that are split off at the end."""
    n, m = len(nodes), len(inputs)
    row = {net: k for k, net in enumerate([*nodes, *inputs])}
    conductance, capacitance, noise = (np.zeros((n + m, n + m)) for _ in range(3))
    current = np.zeros(n + m)
    for instance in elements:
        values = getattr(instance, which)
        at = stamp(instance, values, circuit.netlist.temperature)
        for k, (p, q) in enumerate(zip(instance.pins["p"], instance.pins["n"], strict=True)):
            ends = [(row[net], sign) for net, sign in ((p, 1.0), (q, -1.0)) if net in row]
            if not any(r < n for r, _ in ends):
                continue
            g, c, s, i = at(k)
            for a, sign_a in ends:
                current[a] += sign_a * i
                for b, sign_b in ends:
                    conductance[a, b] += sign_a * sign_b * g
                    capacitance[a, b] += sign_a * sign_b * c
                    noise[a, b] += sign_a * sign_b * s
    return LinearLaw(
        capacitance[:n, :n], conductance[:n, :n], noise[:n, :n], -conductance[:n, n:], -capacitance[:n, n:], current[:n]
    )


def stamp(
    instance: Instance, values: Mapping[str, Floats], ambient: float
) -> Callable[[int], tuple[float, float, float, float]]:
    """Per element: conductance [S], capacitance [F], two-sided noise intensity [A^2 s], current [A]."""
    model: Any = instance.bound.model
    if instance.type == "resistor":
        temperature = ambient if model.temperature is None else model.temperature
        johnson = 2 * BOLTZMANN * temperature if model.noisy else 0.0
        return lambda k: (1 / values["r"][k], 0.0, johnson / values["r"][k], 0.0)
    if instance.type == "capacitor":
        return lambda k: (0.0, values["c"][k], 0.0, 0.0)
    if instance.type == "current_source":
        return lambda k: (0.0, 0.0, 0.0, values["i"][k])
    if "psd" in values:
        return lambda k: (0.0, 0.0, values["psd"][k] / 2, 0.0)
    return lambda k: (0.0, 0.0, 2 * BOLTZMANN * values["t_eff"][k] * values["conductance"][k], 0.0)


def _check_capacitance(circuit: Circuit, island: Island, elements: list[Instance], problems: Problems) -> None:
    """A node without capacitance has white noise for a voltage; a capacitance matrix must be positive definite."""
    capacitance = island.actual.capacitance
    for k, node in enumerate(island.nodes):
        if capacitance[k, k] <= 0:
            contact = circuit.nets.contacts[node][0]
            problems.add(
                contact.where,
                f"{contact.element}.{contact.pin.name}",
                f"net '{node}' has no capacitance, so its voltage would be white noise; put a capacitor from "
                "it to ground",
            )
            return
    scaled = capacitance / np.sqrt(np.outer(np.diag(capacitance), np.diag(capacitance)))
    if np.linalg.eigvalsh(scaled)[0] < 1e-12:
        at = next((item.at for item in elements if item.type == "capacitor"), ())
        problems.add(
            circuit.netlist.document.position(at),
            island.path,
            f"the capacitors among {', '.join(island.nodes[:4])} leave a charge that nothing stores; "
            "give one of these nets a capacitor to ground",
        )
