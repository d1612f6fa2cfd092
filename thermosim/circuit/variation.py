"""This die: corner, process (one draw per die) and mismatch (one draw per element).

actual = drawn x corner factor, then x (1 + sigma z) for a relative sigma (in %) or + sigma z for
one with a unit, or in % of a dimensionless parameter that is 0, such as gain_error. z is from the
stream (variation seed, kind, die, path): an element's draw does not depend on what else is in
the netlist. Pelgrom: sigma = A / sqrt(W L).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from thermosim.circuit.circuit import At, Circuit, Instance, Synapses
from thermosim.contracts import Floats
from thermosim.errors import Problems, suggestion
from thermosim.models.base import UnitTag
from thermosim.streams import generator
from thermosim.units import ONE, UnitError, dimension_of, read, read_any

TYPICAL = "typical"


def vary(circuit: Circuit, problems: Problems) -> Circuit:
    """Draw the die of a circuit: fills `actual` of instances and synapses and `mismatch`."""
    variation = circuit.netlist.variation
    corners = {TYPICAL: {}, **variation.corners}
    at: At = ("variation",)
    if variation.corner not in corners:
        place = circuit.netlist.document.position((*at, "corner"))
        problems.add(
            place, "variation.corner", f"unknown corner '{variation.corner}'{suggestion(variation.corner, corners)}"
        )
        return circuit
    for path, factor in corners[variation.corner].items():
        circuit = _apply(circuit, (*at, "corners", variation.corner, path), path, "corner", factor, problems)
    for kind, spreads in (("process", variation.process), ("mismatch", variation.mismatch)):
        for path, spread in spreads.items():
            circuit = _apply(circuit, (*at, kind, path), path, kind, spread, problems)
    return circuit


def bare(path: str) -> str:
    """Path without indices: ``m[3].C1`` is ``m.C1``."""
    return re.sub(r"\[[\d,]*\]", "", path)


def _apply(circuit: Circuit, at: At, target: str, kind: str, spread: Any, problems: Problems) -> Circuit:
    """Apply one line of `variation` to every instance or coupling whose path it names."""
    owner, _, parameter = target.rpartition(".")
    instances = [item for item in circuit.instances.values() if bare(item.path) == owner]
    synapses = [item for item in circuit.synapses if bare(item.path) == owner]
    where = circuit.netlist.document.position(at, key=True)

    def report(message: str) -> None:
        problems.add(where, ".".join(str(part) for part in at), message)

    if not instances and not synapses:
        known = {bare(path) for path in circuit.instances} | {bare(item.path) for item in circuit.synapses}
        report(f"'{owner}' is no instance or coupling{suggestion(owner, known)}")
        return circuit
    allowed = (instances or synapses)[0].bound.model.mismatched
    if parameter not in allowed:
        report(f"'{parameter}' of '{owner}' cannot vary{suggestion(parameter, allowed)}")
        return circuit
    if instances and parameter not in instances[0].actual:
        report(f"'{parameter}' of '{owner}' has no value that could vary")
        return circuit
    items: list[Instance | Synapses] = [*instances, *synapses]
    for item in items:
        before = item.actual[parameter] if isinstance(item, Instance) else item.actual
        try:
            after = _draw(circuit, item.path, parameter, kind, spread, before, _unit(item, parameter))
        except UnitError as error:
            report(str(error))
            return circuit
        bad = _first_bad(item, parameter, before, after)
        if bad is not None:
            report(
                f"{kind} draws {parameter} = {after[bad]:g} for element {bad} of '{item.path}': the spread is too wide"
            )
            return circuit
        circuit = _store(circuit, item, parameter, after)
    return circuit


def _unit(item: Instance | Synapses, parameter: str) -> str:
    if isinstance(item, Synapses):
        return "1"
    tags = type(item.bound.model).model_fields[parameter].metadata
    return next((tag.unit for tag in tags if isinstance(tag, UnitTag)), "1")


def _draw(circuit: Circuit, path: str, parameter: str, kind: str, spread: Any, before: Floats, unit: str) -> Floats:
    """Values after one corner factor, process draw or mismatch draw."""
    if kind == "corner":
        if not np.any(before):
            raise UnitError(f"'{parameter}' of '{path}' is 0, so a corner's factor does nothing")
        return before * float(spread)
    sigma, relative = _sigma(spread, unit)
    if relative and not np.any(before):
        if unit != "1":
            raise UnitError(f"'{parameter}' of '{path}' is 0, so a relative spread does nothing; state it in {unit}")
        relative = False
    seed = circuit.netlist.variation.seed
    z = generator(seed, kind, circuit.die, bare(path) if kind == "process" else path, parameter)
    normal = z.standard_normal(1 if kind == "process" else before.size)
    return before * (1 + sigma * normal) if relative else before + sigma * normal


def _sigma(spread: Any, unit: str) -> tuple[float, bool]:
    """Standard deviation and whether it is relative to the value."""
    if spread.pelgrom is not None:
        area = read(str(spread.w), "m") * read(str(spread.l), "m")
        if area <= 0:
            raise UnitError(f"a device of w = {spread.w} and l = {spread.l} has no area")
        quantity = read_any(str(spread.pelgrom))
        sigma = quantity.value / area**0.5
        relative = quantity.dimension == dimension_of("m")
        if not relative and quantity.dimension != dimension_of("m" if unit == "1" else f"{unit}*m"):
            raise UnitError(f"pelgrom '{spread.pelgrom}': expected {unit}*m, or m for a relative spread (e.g. 1 %*um)")
        return sigma, relative
    text = str(spread.sigma)
    quantity = read_any(text)
    if quantity.dimension == ONE and ("%" in text or unit == "1"):
        return quantity.value, "%" in text
    return read(text, unit), False


def _first_bad(item: Instance | Synapses, parameter: str, before: Floats, after: Floats) -> int | None:
    """First element whose positive parameter was drawn to zero or below."""
    positive = isinstance(item, Instance) and np.all(before > 0) and parameter not in ("offset", "bias")
    bad = np.flatnonzero((after <= 0) if positive else ~np.isfinite(after))
    return int(bad[0]) if bad.size else None


def _store(circuit: Circuit, item: Instance | Synapses, parameter: str, values: Floats) -> Circuit:
    mismatch: Mapping[str, Any] = {**circuit.mismatch, f"{item.path}.{parameter}": values}
    if isinstance(item, Synapses):
        synapses = tuple(replace(s, actual=values) if s.path == item.path else s for s in circuit.synapses)
        return replace(circuit, synapses=synapses, mismatch=mismatch)
    changed = replace(item, actual={**item.actual, parameter: values})
    return replace(circuit, instances={**circuit.instances, item.path: changed}, mismatch=mismatch)
