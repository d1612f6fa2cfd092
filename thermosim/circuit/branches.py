"""The elements of an island one by one: what conducts, what makes noise, and at which temperature.

Elements at eliminated nets, and active ones, come as groups with their part of the island's G and S instead: the
voltage of an eliminated net is white noise, so that only the heat of all that meets there is a number.

A branch b joins two nets; with the incidence column B_b over the island's nodes and the held voltage V_b of driven ends

    u_b = B_b^T v + V_b,   current into it  G_b u_b dt + sqrt(S_b) dW,   S_b = 2 k T_b G_b for a resistor
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.eliminate import eliminate, without_storage
from thermosim.circuit.islands import unknowns_of
from thermosim.circuit.program import Island, LinearLaw
from thermosim.circuit.signals import Signal
from thermosim.circuit.sources import ties
from thermosim.circuit.stamps import ACTIVE, ELEMENTS, LINEAR, Members, closing, full_law, members_of, stamp, state_name
from thermosim.contracts import Floats


@dataclass(frozen=True)
class Branch:
    """One two-terminal element.

    `ends` (p, n); `column` (node,) +1 at p, -1 at n; `held` [V]: what driven ends add to v_p - v_n; `conductance` [S];
    `intensity` of its noise current [A^2 s, two-sided]; `temperature` [K] of the bath it stands for, None if it is
    none; `current` [A] that it drives out of p. `signal`: what multiplies conductance, intensity and current; a switch
    has `rest` [S] while it is open and `conductance` while it is closed; a capacitor that changes has `farads` [F].
    """

    path: str
    kind: str
    ends: tuple[str, str]
    column: Floats
    held: float
    conductance: float
    intensity: float
    temperature: float | None
    current: float
    signal: Signal | None = None
    rest: float = 0.0
    farads: float = 0.0

    def at(self, value: float) -> tuple[float, float, float]:
        """Conductance [S], intensity [A^2 s] and current [A] while the signal has this value."""
        if not self.conductance:
            return 0.0, value * self.intensity, value * self.current
        conductance = self.rest + value * (self.conductance - self.rest)
        return conductance, self.intensity * (conductance / self.conductance), value * self.current


def branches(
    circuit: Circuit,
    island: Island,
    driven: Mapping[str, float],
    which: Literal["drawn", "actual"] = "actual",
    signals: Mapping[str, Signal] = MappingProxyType({}),
) -> tuple[Branch, ...]:
    """Branches of an island but for capacitors that stand still, in path order; `driven`: net -> held voltage [V];
    `signals`: what elements follow, by instance.

    Elements at an eliminated net are none of these: their voltages are no numbers.
    """
    row = {net: k for k, net in enumerate(island.nodes)}
    tied = ties(circuit, driven, which)
    found = []
    for instance in circuit.of_type(*LINEAR):
        if instance.type == "capacitor" and instance.path not in signals:
            continue
        at = stamp(instance, which, circuit.netlist.temperature)
        close = None
        if instance.type == "switch":
            close = closing(instance, which, circuit.netlist.temperature)
        for k, (p, n) in enumerate(zip(instance.pins["p"], instance.pins["n"], strict=True)):
            (p_row, p_above), (n_row, n_above) = (tied.get(net, (net, 0.0)) for net in (p, n))
            if (p_row not in row and n_row not in row) or {p_row, n_row} & set(island.absent):
                continue
            column, held = np.zeros(len(row)), p_above - n_above
            for net, sign in ((p_row, 1.0), (n_row, -1.0)):
                if net in row:
                    column[row[net]] += sign
                else:
                    held += sign * driven.get(net, 0.0)
            if not column.any() and held == 0.0:
                continue  # both ends on one node; a tie of some volts between them still heats a resistor
            conductance, farads, intensity, current = at(k)
            rest = 0.0
            if close is not None:
                rest, added = float(conductance), close(k)
                conductance, intensity = conductance + added[0], intensity + added[2]
            bath = _bath(circuit, instance, k, which) if instance.type in ("resistor", "switch") else None
            path = instance.element(k)
            numbers = (float(conductance), float(intensity), bath, float(current))
            follows = signals.get(instance.path)
            found.append(Branch(path, instance.type, (p, n), column, held, *numbers, follows, rest, float(farads)))
    return tuple(found)


@dataclass(frozen=True)
class Group:
    """Elements that are known together: `members` (type, path, pins), `law` their part of the island's G and S.

    `bath` [K]: of all its resistors, where nothing else is in it; nan where they differ or something else is.
    `active`: it is one active element.
    """

    path: str
    members: tuple[tuple[Instance, int], ...]
    law: LinearLaw
    bath: float
    active: bool


def nets_of(instance: Instance, k: int) -> dict[str, str]:
    """Net of each analog pin of element k."""
    analog = {pin.name for pin in instance.bound.model.pins if pin.kind == "analog"}
    return {pin: nets[k] for pin, nets in instance.pins.items() if pin in analog}


def whole_law(circuit: Circuit, island: Island, driven: Mapping[str, float]) -> tuple[list[str], LinearLaw]:
    """Unknowns and law of this die's island before nodes were eliminated."""
    nodes = sorted({name for name in (*island.nodes, *island.absent) if "(" not in name})
    (members,) = members_of(circuit, [nodes])
    tied = ties(circuit, driven, "actual")
    unknowns, inputs = unknowns_of(circuit, nodes, members, driven, tied)
    return unknowns, full_law(circuit, members, unknowns, inputs, tied, "actual")


def groups(circuit: Circuit, island: Island, driven: Mapping[str, float]) -> tuple[Group, ...]:
    """What meets at eliminated nets, and the active elements that touch none; in path order."""
    tied = ties(circuit, driven, "actual")
    unknowns, law = whole_law(circuit, island, driven)
    gone = {unknowns[row] for row in without_storage(law)}
    here = set(unknowns)
    sets: list[tuple[set[str], list[tuple[Instance, int]]]] = []
    for instance in circuit.of_type(*ELEMENTS):
        if instance.type in ("capacitor", "inductor"):
            continue
        for k in range(instance.size):
            nets = {tied.get(net, (net, 0.0))[0] for net in nets_of(instance, k).values()}
            if not nets & here or not (nets & gone or instance.type in ACTIVE):
                continue
            own = {state_name(instance, k)} & gone if instance.type == "vcvs" else set()
            at, members = (nets & gone) | own, [(instance, k)]
            for other in [other for other in sets if other[0] & at]:
                at, members = at | other[0], other[1] + members
                sets.remove(other)
            sets.append((at, members))
    return tuple(_group(circuit, island, driven, unknowns, at, members) for at, members in sets)


def _group(
    circuit: Circuit,
    island: Island,
    driven: Mapping[str, float],
    unknowns: list[str],
    at: set[str],
    members: list[tuple[Instance, int]],
) -> Group:
    tied = ties(circuit, driven, "actual")
    chosen: Members = {}
    for instance, k in members:
        chosen.setdefault(instance.path, []).append(k)
    for instance in circuit.of_type("inductor"):
        for k in range(instance.size):
            if at & {tied.get(net, (net, 0.0))[0] for net in nets_of(instance, k).values()}:
                chosen.setdefault(instance.path, []).append(k)
    law = full_law(circuit, chosen, unknowns, list(island.inputs), tied, "actual")
    order = np.array([unknowns.index(name) for name in (*island.nodes, *sorted(at))])
    part = LinearLaw(
        law.capacitance[np.ix_(order, order)], law.conductance[np.ix_(order, order)], law.noise[np.ix_(order, order)],
        law.input_conductance[order], law.input_capacitance[order], law.current[order],
    )  # fmt: skip
    passive = {instance.type for instance, _ in members} <= {"resistor", "current_source"}
    baths = {_bath(circuit, instance, k, "actual") for instance, k in members if instance.type == "resistor"}
    return Group(
        " + ".join(instance.element(k) for instance, k in members if instance.type != "current_source"),
        tuple(members),
        eliminate(part, np.arange(len(island.nodes), len(order))),
        baths.pop() if passive and len(baths) == 1 else float("nan"),
        len(members) == 1 and members[0][0].type in ACTIVE,
    )


def _bath(circuit: Circuit, instance: Instance, k: int, which: str) -> float:
    """Temperature of the bath that a resistor stands for [K]; one without noise is at 0 K."""
    model: Any = instance.bound.model
    values = getattr(instance, which)
    kelvin = values["temperature"][k] if "temperature" in values else circuit.netlist.temperature
    return float(kelvin) if model.noisy else 0.0
