"""Nonlinear elements -> nonlinear islands: the linear part as for linear islands, the rest of each curve, and the step.

The step is chosen by the splitting scheme's error and stability. With k_1 the fastest rate of the linear part, k_2 the
fastest of the rest by its mean slope (:mod:`thermosim.analysis.closure`) and k_3 by its largest slope within REACH
standard deviations, where all curves were straight lines the variance would be off by at most (2 k_1 k_2 + k_2^2)
h^2 / 6 of itself to second order (docs/explanation/nonlinear.md); h is the longest for which this stays below BIAS
and k_3 h below SMALL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from thermosim.analysis.closure import Region, region
from thermosim.analysis.conduction import NUMBERS, POLYNOMIAL, TABLE, TANH, Conduction
from thermosim.analysis.cubic_table import CubicTable
from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.islands import components, linear_island
from thermosim.circuit.movers import Movers
from thermosim.circuit.nonlinear_elements import check_ends, elements, refuse_beside, sensed
from thermosim.circuit.nonlinear_law import NonlinearIsland, NonlinearLaw
from thermosim.circuit.program import Island, LinearLaw
from thermosim.circuit.sources import ties
from thermosim.circuit.stamps import COILS, Members, Ties, members_of, state_name
from thermosim.contracts import Floats
from thermosim.errors import Problems
from thermosim.units import show

BIAS = 1e-3
"""Estimated error of a variance, as a share of itself, that a chosen step may have."""
_ERROR = {"splitting": (2, 1 / 6), "heun": (2, 1 / 4), "euler": (1, 1 / 2)}
"""Order of each scheme and its error where curves are lines: of a variance, factor (rate h)^order."""
SMALL = 0.4
"""Largest k_3 h of a chosen step."""
REACH = 4.0
"""Standard deviations to either side of the mean within which slopes are looked at."""


def build_nonlinear_islands(
    circuit: Circuit, driven: Mapping[str, Any], movers: Movers, problems: Problems
) -> tuple[NonlinearIsland, ...]:
    """Every nonlinear island of the circuit, sorted by path."""
    tied = ties(circuit, driven, "drawn"), ties(circuit, driven, "actual")
    groups = components(circuit, driven)[2]
    run = circuit.netlist.run
    if not groups and {"scheme", "step"} & run.model_fields_set:
        key = "step" if "step" in run.model_fields_set else "scheme"
        problems.add(
            circuit.netlist.document.position(("run", key), key=True), f"run.{key}",
            "it is for nonlinear analog networks and this chip has none: linear ones are stepped exactly; leave it out",
        )  # fmt: skip
    check_ends(circuit, driven, problems)
    found = []
    for nodes, members in zip(groups, members_of(circuit, groups), strict=True):
        before = len(problems)
        refuse_beside(circuit, members, movers, problems)
        base = linear_island(circuit, nodes, members, driven, tied, movers, problems)
        good = len(problems) == before and base.moving is None and sensed(circuit, base, members, tied[0], problems)
        found.append(_island(circuit, base, members, driven, tied, problems, good))
    return tuple(found)


def _island(
    circuit: Circuit,
    base: Island,
    members: Members,
    driven: Mapping[str, Any],
    tied: tuple[Ties, Ties],
    problems: Problems,
    good: bool,
) -> NonlinearIsland:
    """The island; a refused one keeps its nets, so that what records them is not blamed a second time."""
    names = tuple((instance.element(k), _place(circuit, instance)) for instance, k in elements(circuit, members))
    scheme, step = circuit.netlist.run.scheme, 1.0
    notes: tuple[str, ...] = ()
    laws = []
    for which, linear, tie in (("drawn", base.drawn, tied[0]), ("actual", base.actual, tied[1])):
        rest = conduction(circuit, base if good else None, members, tie, which)
        laws.append(NonlinearLaw(linear, rest))
    if good:
        step, told = _step(circuit, base, members, laws[1], driven, problems)
        notes = (*told, *_curve_notes(circuit, members))
    return NonlinearIsland(
        base.path, base.nodes, base.inputs, laws[0], laws[1], base.initial, names, scheme, step, notes, base.absent
    )


def _curve_notes(circuit: Circuit, members: Members) -> Iterator[str]:
    """What tables and noise of these elements are worth."""
    for path in dict.fromkeys(instance.path for instance, _ in elements(circuit, members)):
        instance = circuit.instances[path]
        model: Any = instance.bound.model
        if instance.type == "formula_conductance":
            table = model.current.table
            yield (
                f"{path}: {model.current.text} is a table of {len(table.pieces)} cubic pieces from "
                f"{show(table.low, 'V')} to {show(table.high, 'V')}, off by {show(table.error, 'A', 2)} at most where "
                "it was looked at; the run stops outside"
            )
        if getattr(model, "noisy", False):
            yield (
                f"{path}: its noise is the Johnson noise of its slope at 0 V at every voltage; that is no thermal "
                "equilibrium where its slope is another one, and no shot noise"
            )


def _place(circuit: Circuit, instance: Instance) -> str:
    where = circuit.netlist.document.position(instance.at, key=True)
    return "" if where is None else f"{where.file}:{where.line}"


def conduction(circuit: Circuit, island: Island | None, members: Members, tied: Ties, which: str) -> Conduction:
    """The rest of the curves of these elements; none of them without an island."""
    parts = list(elements(circuit, members)) if island is not None else []
    nodes, inputs = (island.nodes, island.inputs) if island is not None else ((), ())
    row, column = {name: k for k, name in enumerate(nodes)}, {name: k for k, name in enumerate(inputs)}
    size = len(parts)
    kind, ends = np.zeros(size, dtype=np.int64), np.full((2, size), len(nodes), dtype=np.int64)
    senses = np.full((2, size), len(nodes), dtype=np.int64)
    tables: list[CubicTable | None] = [None] * size
    numbers, held, offset = np.zeros((size, NUMBERS)), np.zeros((size, len(inputs))), np.zeros(size)
    for b, (instance, k) in enumerate(parts):
        values = getattr(instance, which)
        if instance.type in COILS:
            kind[b], numbers[b, 1] = POLYNOMIAL, 1 / values["i_sat"][k] ** 2
            senses[0, b] = row[state_name(instance, k)]
        elif instance.type == "tanh_conductance":
            kind[b] = TANH
            numbers[b, :2] = values["i_max"][k], values["g"][k] / values["i_max"][k]
        elif instance.type == "saturable_transconductance":  # its current comes out of p
            kind[b] = TANH
            numbers[b, :2] = values["i_max"][k], -values["gm"][k] / values["i_max"][k]
        elif instance.type == "formula_conductance":
            kind[b], tables[b] = TABLE, getattr(instance.bound.model, "current").table  # noqa: B009
        else:
            kind[b] = POLYNOMIAL
            numbers[b] = [values[f"g{power}"][k] for power in (2, 3, 4, 5)]
        sensing = ("cp", "cn") if "cp" in instance.pins else ("p", "n")
        for end, sign in enumerate((1.0, -1.0)):
            pin = instance.pins[("p", "n")[end]][k]
            ends[end, b] = row.get(tied.get(pin, (pin, 0.0))[0], len(nodes))
            if instance.type in COILS:
                continue
            pin = instance.pins[sensing[end]][k]
            net, above = tied.get(pin, (pin, 0.0))
            senses[end, b] = row.get(net, len(nodes))
            offset[b] += sign * above
            if net in column:
                held[b, column[net]] += sign
    return Conduction(kind, ends[0], ends[1], senses[0], senses[1], numbers, held, offset, tuple(tables))


def rate(linear: LinearLaw, rest: Conduction, slopes: Floats) -> float:
    """Largest rate [1/s] of C^-1 B diag(slopes) B_s^T, in coordinates in which C is 1.

    A curve that senses a flux moves a voltage and not the flux: alone it has no rate, so there it is the fastest
    rate of the whole network, whose angular frequency. One that senses a voltage elsewhere counts by its norm, which is
    no smaller than any rate that it can make.
    """
    capacitance = linear.capacitance
    into, sense = rest.columns(len(capacitance)), rest.columns(len(capacitance), sense=True)
    root = np.linalg.inv(np.linalg.cholesky(capacitance))

    def moved(values: Floats) -> Floats:
        return np.asarray(into @ (values[:, None] * sense.T))

    if not rest.coils.any():
        return float(np.linalg.norm(root @ moved(slopes) @ root.T, 2))
    whole = float(np.abs(np.linalg.eigvals(root @ (linear.conductance + moved(slopes)) @ root.T)).max())
    if not rest.remote.any():
        return whole
    return max(whole, float(np.linalg.norm(root @ moved(np.where(rest.coils, 0.0, slopes)) @ root.T, 2)))


def steepest(rest: Conduction, low: Floats, high: Floats) -> Floats:
    """Largest |dr/du| of every element (b,) between `low` and `high` (b,) [V]."""
    share = np.linspace(0.0, 1.0, 65)
    return np.asarray(np.abs(rest.slope(low[:, None] + (high - low)[:, None] * share)).max(axis=1, initial=0.0))


def _levels(circuit: Circuit, island: Island, driven: Mapping[str, Any]) -> Iterator[Floats]:
    """Voltages of the inputs between which converters move them: all in the middle, all high, all low."""
    reach = {
        instance.pins["out"][k]: float(getattr(instance.bound.model, "reference"))  # noqa: B009
        for instance in circuit.of_type("dac")
        for k in range(instance.size)
    }
    middle = np.array([float(driven[net][1]) for net in island.inputs])
    swing = np.array([reach.get(net, 0.0) for net in island.inputs])
    yield middle
    if swing.any():
        yield middle + swing
        yield middle - swing


def _regions(circuit: Circuit, island: Island, law: NonlinearLaw, driven: Mapping[str, Any]) -> list[Region]:
    linear, rest = law.linear, law.rest
    return [
        region(
            linear.capacitance, linear.conductance, linear.noise, linear.input_conductance @ held + linear.current,
            rest, rest.held @ held + rest.offset,
        )
        for held in _levels(circuit, island, driven)
    ]  # fmt: skip


def _step(
    circuit: Circuit,
    island: Island,
    members: Members,
    law: NonlinearLaw,
    driven: Mapping[str, Any],
    problems: Problems,
) -> tuple[float, tuple[str, ...]]:
    """The longest step [s], and what to know of it."""
    run, linear = circuit.netlist.run, law.linear
    first, k = next(elements(circuit, members))
    try:
        found = _regions(circuit, island, law, driven)
    except ValueError as error:
        if run.step is not None:
            return float(run.step.value), (_told(island, run.scheme, float(run.step.value), "its error is not known"),)
        problems.add(
            circuit.netlist.document.position(first.at, key=True), first.element(k),
            f"no step can be chosen for the network of {island.path}: {error}; state run.step, e.g. step: 1 ns, or "
            "give the network a current that rises with its voltage",
        )  # fmt: skip
        return 1.0, ()
    slow = max(_scaled(linear), 1e-300)
    mean = max(rate(linear, law.rest, np.abs(one.slope)) for one in found)
    low = np.min([one.mean - REACH * one.deviation for one in found], axis=0)
    high = np.max([one.mean + REACH * one.deviation for one in found], axis=0)
    most = max(rate(linear, law.rest, steepest(law.rest, low, high)), 1e-300)
    order, factor = _ERROR[run.scheme]
    rates = (2 * slow * mean + mean**2) ** 0.5 if run.scheme == "splitting" else slow + mean
    chosen = min((BIAS / factor) ** (1 / order) / max(rates, 1e-300), SMALL / most, 1 / slow)
    step = float(run.step.value) if run.step is not None else float(chosen)
    if run.scheme != "splitting" and slow * step > 1:
        problems.add(
            circuit.netlist.document.position(("run", "step")), "run.step",
            f"{show(step, 's', 3)} is no small step for scheme {run.scheme}: the linear part of {island.path} alone "
            f"relaxes in {show(1 / slow, 's', 3)}; shorten it, or take scheme splitting, which steps that part exactly",
        )  # fmt: skip
    share = factor * (rates * step) ** order
    fall = "falls with its square" if order == 2 else "is in proportion to it"
    what = f"where curves were lines, variances would be off by {share:.1g} of themselves, which {fall}"
    if law.rest.remote.any():
        what += "; with currents that follow voltages elsewhere this is a guess: halve run.step to see"
    return step, (_told(island, run.scheme, step, what),)


def _scaled(law: LinearLaw) -> float:
    """Fastest rate of the linear part [1/s]."""
    root = np.linalg.inv(np.linalg.cholesky(law.capacitance))
    return float(np.linalg.norm(root @ law.conductance @ root.T, 2))


def _told(island: Island, scheme: str, step: float, what: str) -> str:
    return f"{island.path}: nonlinear, stepped by {show(step, 's', 3)} at most ({scheme}): {what}"
