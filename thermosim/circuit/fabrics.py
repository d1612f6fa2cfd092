"""P-bit arrays that couple -> fabrics: one numbering of nodes, three versions of the couplings, a colouring.

A model answers for its kind (:class:`thermosim.models.pbit.Response`; V_s is its `scale`). The argument of the response
is gain (V_in - offset) / V_s with V_in = offset_drawn + 2 V_s,drawn beta I: so
slope = gain V_s,drawn / V_s and shift = -gain (offset - offset_drawn) / V_s; with an analog input V_in
is added as it is and the whole offset counts.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

import numpy as np

from thermosim.analysis.colouring import check_colouring, colour_graph
from thermosim.circuit.circuit import Circuit, Instance, Synapses
from thermosim.circuit.inner import check_inner, reach, step_of
from thermosim.circuit.nets import natural
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.contracts import Floats, Ints
from thermosim.errors import Problems, suggestion
from thermosim.models.pbit import Barriers, Pbit, Response, join
from thermosim.times import Clock
from thermosim.units import show

WHICH: tuple[Literal["drawn"], Literal["actual"]] = ("drawn", "actual")


def build_clocks(circuit: Circuit) -> dict[str, Clock]:
    """Clock of every net that a clock drives."""
    clocks = {}
    for instance in circuit.of_type("clock"):
        model: Any = instance.bound.model
        for k, net in enumerate(instance.pins.get("out", ())):
            clocks[net] = Clock(instance.element(k), model.frequency)
    return clocks


def build_fabrics(circuit: Circuit, clocks: dict[str, Clock], problems: Problems) -> tuple[Fabric, ...]:
    """Every fabric of the circuit, sorted by path."""
    arrays = circuit.of_family("pbit")
    groups: dict[str, set[str]] = {array.path: {array.path} for array in arrays}
    for synapse in circuit.synapses:
        joined = groups[synapse.ends[0]] | groups[synapse.ends[1]]
        for path in joined:
            groups[path] = joined
    fabrics = []
    for array in arrays:
        members = sorted(groups[array.path], key=natural)
        if members[0] == array.path:
            fabric = _fabric(circuit, [circuit.instances[path] for path in members], clocks, problems)
            if fabric is not None:
                fabrics.append(fabric)
    return tuple(fabrics)


def _clock(circuit: Circuit, arrays: list[Instance], clocks: dict[str, Clock], problems: Problems) -> Clock | None:
    """The one clock of a fabric: its p-bits' clock pins, else ``updates.clock``."""
    nets = {net for array in arrays for net in array.pins.get("clock", ())}
    updates = circuit.netlist.updates
    if not nets and updates.clock is not None:
        nets = {updates.clock}
    position = circuit.netlist.document.position
    if not nets:
        message = "its p-bits have no clock; say `updates: {clock: <net>}` or connect their clock pins"
        problems.add(position(arrays[0].at), arrays[0].path, message)
        return None
    if len(nets) > 1:
        names = ", ".join(sorted(nets))
        problems.add(
            position(arrays[0].at), arrays[0].path, f"coupled p-bits need one clock; these drive them: {names}"
        )
        return None
    net = nets.pop()
    if net not in clocks:
        problems.add(
            position(("updates", "clock")), "updates.clock", f"no clock drives net '{net}'{suggestion(net, clocks)}"
        )
        return None
    return clocks[net]


def _fabric(circuit: Circuit, arrays: list[Instance], clocks: dict[str, Clock], problems: Problems) -> Fabric | None:
    updates = circuit.netlist.updates
    free = updates.order == "free"
    for array in arrays:
        try:
            _ = [_response(circuit, array, which) for which in WHICH]
        except ValueError as error:
            problems.add(circuit.netlist.document.position(array.at), array.path, str(error))
            return None
    nominal, built = (_responses(circuit, arrays, which) for which in WHICH)
    shortest = float(nominal["relaxation"].min())
    clock = _grid(circuit, arrays, shortest, problems) if free else _clock(circuit, arrays, clocks, problems)
    start, starts = 0, {}
    for array in arrays:
        starts[array.path] = (start, array.shape)
        start += array.size
    drawn, programmed, actual = ising_laws(circuit, arrays, starts)
    edges = drawn.edges
    colour = _colour(updates.order, start, edges)
    coloured = updates.order == "coloured"
    assert not coloured or check_colouring(edges, colour) is None, "two coupled p-bits have one colour"
    barriers = _barriers(circuit, arrays)
    _check_order(circuit, arrays, barriers, problems)
    arrhenius = _arrhenius(circuit, arrays, problems)
    settling, delay = _lags(circuit, arrays, problems)
    slope = built["gain"] * nominal["scale"] / built["scale"]
    reference = np.concatenate([np.zeros(a.size) if "in" in a.pins else a.drawn["offset"] for a in arrays])
    shift = -built["gain"] * (built["offset"] - reference) / built["scale"]
    inner = [_response(circuit, array, "actual").inner for array in arrays]
    stepped = check_inner(circuit, arrays, inner, problems)
    if clock is None:
        return None
    states = tuple(item for item in inner if item is not None) if stepped else ()
    reaches = reach(actual, slope, shift)
    analog = any("in" in array.pins for array in arrays)
    inputs = tuple(net for array in arrays for net in array.pins.get("in", ("",) * array.size))
    return Fabric(
        path=arrays[0].path,
        arrays=starts,
        nodes=start,
        colours=int(colour.max()) + 1,
        colour=colour,
        clock=clock,
        rng="held" if free else updates.rng,
        drawn=drawn,
        programmed=programmed,
        actual=actual,
        slope=slope,
        shift=shift,
        memory=np.zeros(start) if free else np.exp(-clock.period / built["relaxation"]),
        volts=built["scale"] / built["gain"],
        relaxation=built["relaxation"],
        input_nets=inputs if analog else None,
        barriers=barriers,
        schedule=circuit.netlist.schedule.stairs,
        order=updates.order,
        chance=1.0 if updates.chance is None else updates.chance,
        arrhenius=arrhenius,
        settling=settling,
        delay=delay,
        inner=states,
        steps=step_of(circuit, arrays, list(states), reaches, clock.period, problems) if states else 1,
    )


def _colour(order: str, nodes: int, edges: Ints) -> np.ndarray:
    """Colour of every node: a proper one, one each for updates in turn, or one for all where ticks have no colours."""
    if order == "coloured":
        return colour_graph(nodes, edges)
    return (np.arange(nodes) if order == "sequential" else np.zeros(nodes)).astype(np.int32)


def _grid(circuit: Circuit, arrays: list[Instance], shortest: float, problems: Problems) -> Clock | None:
    """When free-running p-bits are observed; they have no clock and no analog inputs."""
    position = circuit.netlist.document.position
    for array in arrays:
        for pin, message in (
            ("clock", "its clock pin is connected, and p-bits of order free have no clock"),
            ("in", "analog inputs of free-running p-bits are not built yet; give it a clock (order coloured)"),
        ):
            if pin in array.pins:
                problems.add(position(array.at), array.path, message)
                return None
    every = circuit.netlist.updates.every
    return Clock(
        "grid of " + arrays[0].path, 1 / (Fraction(repr(shortest)) if every is None else Fraction(every.value))
    )


def _check_order(circuit: Circuit, arrays: list[Instance], barriers: Barriers | None, problems: Problems) -> None:
    """Barriers and schedules are built for the orders that go through the p-bits colour by colour."""
    order, position = circuit.netlist.updates.order, circuit.netlist.document.position
    if order in ("coloured", "sequential"):
        return
    if barriers is not None:
        model = next(array for array in arrays if _response(circuit, array, "actual").barriers is not None)
        message = (
            f"p-bits with barriers that depend on the bias are not built for order {order}; coloured and sequential"
        )
        problems.add(position(model.at), model.path, f"{message} are")
    if circuit.netlist.schedule.stairs:
        message = f"a schedule is not built for order {order}; coloured and sequential are"
        problems.add(position(("schedule",)), "schedule", message)


def _arrhenius(circuit: Circuit, arrays: list[Instance], problems: Problems) -> tuple[bool, ...]:
    """Which nodes have rates that grow with their input; clocked ones are refused."""
    grows = [getattr(array.bound.model, "rtn", "const") == "arrhenius" for array in arrays]
    if not any(grows):
        return ()
    if circuit.netlist.updates.order != "free":
        where = arrays[grows.index(True)]
        message = "rtn: arrhenius is built for order free; the memory of a clocked RNG would depend on its input"
        problems.add(circuit.netlist.document.position(where.at), where.path, message)
    return tuple(grown for array, grown in zip(arrays, grows, strict=True) for _ in range(array.size))


def _lags(circuit: Circuit, arrays: list[Instance], problems: Problems) -> tuple[float, float]:
    """Settling and delay [s] of a fabric's inputs: one of each, since an input is one node."""
    paths = {array.path for array in arrays}
    inside = [synapse for synapse in circuit.synapses if synapse.ends[0] in paths]
    found: dict[str, set[float]] = {
        name: {getattr(s.bound.model, name) for s in inside} for name in ("settling", "delay")
    }
    for name, values in found.items():
        if len(values) > 1:
            shown = ", ".join(show(value, "s") for value in sorted(values))
            where = circuit.netlist.document.position((*inside[0].at, "model"))
            message = f"coupled p-bits need one {name}; their synapses have {shown}"
            problems.add(where, f"couplings.{inside[0].path}", message)
    return max(found["settling"], default=0.0), max(found["delay"], default=0.0)


def ising_laws(
    circuit: Circuit, arrays: list[Instance], starts: dict[str, tuple[int, tuple[int, ...]]]
) -> tuple[IsingLaw, IsingLaw, IsingLaw]:
    """The laws of a fabric of `arrays`: drawn, programmed, actual."""
    edges, (drawn, programmed, actual) = _edges(circuit, starts)
    nominal, built = (_responses(circuit, arrays, which)["bias"] for which in WHICH)
    stairs = circuit.netlist.schedule.stairs
    beta = stairs[-1][1] if stairs else circuit.netlist.updates.beta
    return (
        IsingLaw(edges, drawn, nominal, beta),
        IsingLaw(edges, programmed, nominal, beta),
        IsingLaw(edges, actual, built, beta),
    )


def _response(circuit: Circuit, array: Instance, which: Literal["drawn", "actual"]) -> Response:
    model = array.bound.model
    assert isinstance(model, Pbit)
    temperature = np.full(array.size, circuit.netlist.temperature)
    return model.response({**getattr(array, which), "temperature": temperature})


def _responses(circuit: Circuit, arrays: list[Instance], which: Literal["drawn", "actual"]) -> dict[str, Floats]:
    """Responses of all arrays of a fabric, node by node."""
    found = [_response(circuit, array, which) for array in arrays]
    names = ("bias", "offset", "gain", "scale", "relaxation")
    return {name: np.concatenate([getattr(response, name) for response in found]) for name in names}


def _barriers(circuit: Circuit, arrays: list[Instance]) -> Barriers | None:
    """Barriers of all nodes; None where no rate depends on the bias."""
    found = [_response(circuit, array, "actual") for array in arrays]
    if all(response.barriers is None for response in found):
        return None
    return join([response.as_barriers() for response in found])


def _edges(circuit: Circuit, starts: dict[str, tuple[int, tuple[int, ...]]]) -> tuple[Ints, list[Floats]]:
    """Edges (edge, 2) with i < j in the fabric's numbering; parallel couplings add up: drawn, programmed, actual."""
    inside = [synapse for synapse in circuit.synapses if synapse.ends[0] in starts]
    if not inside:
        return np.zeros((0, 2), dtype=np.int64), [np.zeros(0)] * 3
    edges = np.concatenate([_shifted(synapse, starts) for synapse in inside])
    unique, slot = np.unique(edges, axis=0, return_inverse=True)
    weights = []
    for which in ("drawn", "programmed", "actual"):
        summed = np.zeros(len(unique))
        np.add.at(summed, slot, np.concatenate([getattr(synapse, which) for synapse in inside]))
        weights.append(summed)
    return unique, weights


def _shifted(synapse: Synapses, starts: dict[str, tuple[int, tuple[int, ...]]]) -> Ints:
    offsets = np.array([starts[end][0] for end in synapse.ends])
    return np.asarray(np.sort(synapse.edges + offsets, axis=1), dtype=np.int64)
