"""Inductors and what couples them: names that exist, and an inductance matrix that stores energy.

The matrix of l on the diagonal and k sqrt(l_a l_b) off it must be positive definite, or some currents would free energy
without end. Any two have |k| < 1; three of k = 0.9, 0.9 and -0.9 still are not possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.program import Island
from thermosim.circuit.stamps import COILS, held_ends, mutuals, state_name
from thermosim.errors import Problems, suggestion


def check_inductors(circuit: Circuit, driven: Mapping[str, Any], problems: Problems) -> None:
    """Every inductor moves a node; every mutual inductance names two inductors, once."""
    known: dict[str, bool] = {}
    for instance in circuit.of_type(*COILS):
        for k in range(instance.size):
            pins = {pin: nets[k] for pin, nets in instance.pins.items()}
            held = held_ends(pins, driven)
            if instance.type == "inductor":
                known[instance.element(k)] = held
            if held:
                problems.add(
                    circuit.netlist.document.position(instance.at, key=True), instance.element(k),
                    f"it joins {pins['p']} with {pins['n']}, which are both held: its current would grow without end "
                    "and move no voltage; give it a resistor",
                )  # fmt: skip
    pairs: dict[frozenset[str], str] = {}
    for instance, k, pair in mutuals(circuit):
        name = instance.element(k)
        for key, path in zip(("a", "b"), pair, strict=True):
            if path not in known:
                problems.add(
                    circuit.netlist.document.position((*instance.at, key)), name,
                    f"'{path}' is no inductor{suggestion(path, known)}",
                )  # fmt: skip
        both = frozenset(pair)
        where = circuit.netlist.document.position(instance.at, key=True)
        if len(both) == 1:
            problems.add(where, name, f"it couples '{pair[0]}' with itself; name two inductors")
        elif both in pairs:
            problems.add(where, name, f"{pairs[both]} already couples {pair[0]} and {pair[1]}; leave one")
        pairs[both] = name


def check_inductance(circuit: Circuit, island: Island, problems: Problems) -> None:
    """The inductance matrix of an island must be positive definite."""
    rows = [k for k, parity in enumerate(island.parity) if parity < 0]
    matrix = island.actual.capacitance[np.ix_(rows, rows)]
    if not rows:
        return
    scaled = matrix / np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    values, vectors = np.linalg.eigh(scaled)
    if values[0] >= 1e-12:
        return
    part = {island.nodes[rows[k]] for k in np.flatnonzero(np.abs(vectors[:, 0]) > 1e-6)}
    states = {
        instance.element(k): state_name(instance, k)
        for instance in circuit.of_type("inductor")
        for k in range(instance.size)
    }
    guilty = [(instance, k) for instance, k, pair in mutuals(circuit) if {states.get(path) for path in pair} <= part]
    instance, k = guilty[0]
    problems.add(
        circuit.netlist.document.position(instance.at, key=True),
        instance.element(k),
        f"the inductance matrix of {', '.join(sorted(name[2:-1] for name in part))} is not positive definite (smallest "
        f"eigenvalue {values[0]:.3g} in units of the inductances): no windings couple like that; lower |k| of "
        f"{', '.join(one.element(j) for one, j in guilty)}",
    )
