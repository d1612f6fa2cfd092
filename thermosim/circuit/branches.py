"""The elements of an island one by one: what conducts, what makes noise, and at which temperature.

A branch b joins two nets; with the incidence column B_b over the island's nodes and the held voltage V_b of driven ends

    u_b = B_b^T v + V_b,   current into it  G_b u_b dt + sqrt(S_b) dW,   S_b = 2 k T_b G_b for a resistor
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.islands import LINEAR, stamp
from thermosim.circuit.program import Island
from thermosim.contracts import Floats


@dataclass(frozen=True)
class Branch:
    """One two-terminal element.

    `ends` (p, n); `column` (node,) +1 at p, -1 at n; `held` [V]: what driven ends add to v_p - v_n; `conductance` [S];
    `intensity` of its noise current [A^2 s, two-sided]; `temperature` [K] of the bath it stands for, None if it is
    none; `current` [A] that it drives out of p.
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


def branches(
    circuit: Circuit, island: Island, driven: Mapping[str, float], which: Literal["drawn", "actual"] = "actual"
) -> tuple[Branch, ...]:
    """Branches of an island but for its capacitors, in path order; `driven`: net -> held voltage [V]."""
    row = {net: k for k, net in enumerate(island.nodes)}
    found = []
    for instance in circuit.of_type(*LINEAR):
        if instance.type == "capacitor":
            continue
        model: Any = instance.bound.model
        at = stamp(instance, getattr(instance, which), circuit.netlist.temperature)
        for k, (p, n) in enumerate(zip(instance.pins["p"], instance.pins["n"], strict=True)):
            if p not in row and n not in row:
                continue
            column, held = np.zeros(len(row)), 0.0
            for net, sign in ((p, 1.0), (n, -1.0)):
                if net in row:
                    column[row[net]] += sign
                else:
                    held += sign * driven.get(net, 0.0)
            if not column.any():
                continue  # both ends on one node
            conductance, _, intensity, current = at(k)
            bath = None
            if instance.type == "resistor":
                ambient = circuit.netlist.temperature if model.temperature is None else model.temperature
                bath = float(ambient) if model.noisy else 0.0
            path = instance.element(k)
            numbers = (float(conductance), float(intensity), bath, float(current))
            found.append(Branch(path, instance.type, (p, n), column, held, *numbers))
    return tuple(found)
