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
from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.inner import check_inner, reach, step_of
from thermosim.circuit.ising import ancestral_ranks
from thermosim.circuit.nets import natural
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.circuit.regions import balanced, beta_factors, folded
from thermosim.circuit.wiring import Pairs, Products, Starts, Version
from thermosim.contracts import Floats
from thermosim.errors import Problems, suggestion
from thermosim.models.curves import LOGISTIC
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
    """Every fabric of p-bits alone, sorted by path."""
    fabrics = []
    for members in coupled_arrays(circuit):
        if all(array.bound.model.family == "pbit" for array in members):
            fabric = _fabric(circuit, members, clocks, problems)
            if fabric is not None:
                fabrics.append(fabric)
    return tuple(fabrics)


def coupled_arrays(circuit: Circuit) -> list[list[Instance]]:
    """Arrays of p-bits and p-dits, those that couple together; sorted by path."""
    arrays = [instance for instance in circuit.instances.values() if instance.bound.model.family in ("pbit", "pdit")]
    groups: dict[str, set[str]] = {array.path: {array.path} for array in arrays}
    for synapse in circuit.synapses:
        joined = set().union(*(groups[end] for end in synapse.ends))
        for path in joined:
            groups[path] = joined
    members = [sorted(groups[array.path], key=natural) for array in arrays]
    return [
        [circuit.instances[path] for path in paths]
        for array, paths in zip(arrays, members, strict=True)
        if paths[0] == array.path
    ]


def clock_of(circuit: Circuit, arrays: list[Instance], clocks: dict[str, Clock], problems: Problems) -> Clock | None:
    """The one clock of a fabric: the clock pins of its arrays, else ``updates.clock``."""
    nets = {net for array in arrays for net in array.pins.get("clock", ())}
    updates = circuit.netlist.updates
    if not nets and updates.clock is not None:
        nets = {updates.clock}
    position = circuit.netlist.document.position
    kind = "p-dits" if any(array.bound.model.family == "pdit" for array in arrays) else "p-bits"
    if not nets:
        message = f"its {kind} have no clock; say `updates: {{clock: <net>}}` or connect their clock pins"
        problems.add(position(arrays[0].at), arrays[0].path, message)
        return None
    if len(nets) > 1:
        names = ", ".join(sorted(nets))
        problems.add(
            position(arrays[0].at), arrays[0].path, f"coupled {kind} need one clock; these drive them: {names}"
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
    clock = _grid(circuit, arrays, shortest, problems) if free else clock_of(circuit, arrays, clocks, problems)
    start, starts = 0, {}
    for array in arrays:
        starts[array.path] = (start, array.shape)
        start += array.size
    drawn, programmed, actual = ising_laws(circuit, arrays, starts)
    colour = _colour(updates.order, start, drawn)
    coloured = updates.order == "coloured"
    assert not coloured or check_colouring(drawn.joined(), colour) is None, "two coupled p-bits have one colour"
    barriers = _barriers(circuit, arrays)
    _check_terms(circuit, arrays, barriers, problems)
    _check_order(circuit, arrays, barriers, problems)
    arrhenius = _arrhenius(circuit, arrays, problems)
    settling, delay = lags_of(circuit, arrays, problems)
    factors, uneven = beta_factors(circuit, starts, start), None
    if not balanced(drawn, factors):
        uneven = factors
    slope = built["gain"] * nominal["scale"] / built["scale"] * (1.0 if uneven is None else uneven)
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
        factors=uneven,
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


def _colour(order: str, nodes: int, law: IsingLaw) -> np.ndarray:
    """Colour of every node: a proper one, one each for updates in turn, or one for all where ticks have no colours.

    Of directed couplings without a cycle parents come before their children.
    """
    if order not in ("coloured", "sequential"):
        return np.zeros(nodes, dtype=np.int32)
    depths = law.depths()
    if order == "coloured":
        if depths is not None and check_colouring(law.joined(), depths) is None:
            return depths.astype(np.int32)
        return colour_graph(nodes, law.joined())
    return (np.arange(nodes) if depths is None else ancestral_ranks(depths)).astype(np.int32)


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
    """Barriers are built for the orders that go through the p-bits colour by colour, schedules of beta for a clock."""
    order, position = circuit.netlist.updates.order, circuit.netlist.document.position
    if circuit.netlist.schedule.stairs and order == "free":
        message = "a schedule of beta is not built for order free; every order with a clock has it"
        problems.add(position(("schedule", "beta")), "schedule.beta", message)
    if order in ("coloured", "sequential"):
        return
    if order == "free" and circuit.netlist.updates.rng == "free":
        message = "p-bits of order free are never latched, so that rng has no meaning; leave it out"
        problems.add(position(("updates", "rng")), "updates.rng", message)
    if barriers is not None:
        for array in arrays:
            response = _response(circuit, array, "actual")
            message = ""
            if response.barriers is not None:
                message = f"p-bits with barriers that depend on the bias are not built for order {order}; "
                message += "coloured and sequential are"
            elif response.curve is not LOGISTIC and order != "free":
                message = (
                    f"response: {response.curve} is not built for order {order}; coloured, sequential and free are"
                )
            if message:
                problems.add(position(array.at), array.path, message)
                break


def _check_terms(circuit: Circuit, arrays: list[Instance], barriers: Barriers | None, problems: Problems) -> None:
    """Terms of three and four are built for clocked p-bits of one relaxation time."""
    paths = {array.path for array in arrays}
    found = next((s for s in circuit.synapses if len(s.ends) > 2 and s.ends[0] in paths), None)
    if found is None:
        return
    where, path = circuit.netlist.document.position((*found.at, "model")), f"couplings.{found.path}"
    if circuit.netlist.updates.order == "free":
        problems.add(where, path, "terms of three or four are not built for order free; every clocked order has them")
    if barriers is not None:
        model = next(array for array in arrays if _unlike(_response(circuit, array, "actual")))
        message = "terms of three or four are not built for p-bits with barriers that depend on the bias"
        if _response(circuit, model, "actual").barriers is None:
            message = "terms of three or four are not built for p-bits whose response is not logistic"
        problems.add(where, path, f"{message}, and '{model.path}' is such an array")


def _unlike(response: Response) -> bool:
    """Whether p-bits have more than one relaxation time, or another response than the logistic."""
    return response.barriers is not None or response.curve is not LOGISTIC


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


def lags_of(circuit: Circuit, arrays: list[Instance], problems: Problems) -> tuple[float, float]:
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


def ising_laws(circuit: Circuit, arrays: list[Instance], starts: Starts) -> tuple[IsingLaw, IsingLaw, IsingLaw]:
    """The laws of a fabric of `arrays`: drawn, programmed, actual."""
    nominal, built = (_responses(circuit, arrays, which)["bias"] for which in WHICH)
    last = circuit.netlist.schedule.last_beta
    beta = circuit.netlist.updates.beta if last is None else last
    inside = [synapse for synapse in circuit.synapses if synapse.ends[0] in starts]
    pairs = Pairs([synapse for synapse in inside if len(synapse.ends) == 2], starts)
    terms = Products([synapse for synapse in inside if len(synapse.ends) > 2], starts)
    factors = beta_factors(circuit, starts, len(nominal))

    def law(which: Version, biases: Floats) -> IsingLaw:
        weights, back = pairs.weights(which)
        made = IsingLaw(pairs.edges, weights, biases, beta, back, terms.of(which))
        return folded(made, factors) if balanced(made, factors) else made

    return law("drawn", nominal), law("programmed", nominal), law("actual", built)


def _response(circuit: Circuit, array: Instance, which: Literal["drawn", "actual"]) -> Response:
    model = array.bound.model
    assert isinstance(model, Pbit)
    temperature = np.full(array.size, circuit.netlist.temperature)
    return model.port({**getattr(array, which), "temperature": temperature})


def _responses(circuit: Circuit, arrays: list[Instance], which: Literal["drawn", "actual"]) -> dict[str, Floats]:
    """Responses of all arrays of a fabric, node by node."""
    found = [_response(circuit, array, which) for array in arrays]
    names = ("bias", "offset", "gain", "scale", "relaxation")
    return {name: np.concatenate([getattr(response, name) for response in found]) for name in names}


def _barriers(circuit: Circuit, arrays: list[Instance]) -> Barriers | None:
    """Barriers or curves of all nodes; None where all are logistic and no rate depends on the bias."""
    found = [_response(circuit, array, "actual") for array in arrays]
    if all(response.barriers is None and response.curve is LOGISTIC for response in found):
        return None
    return join([response.as_barriers() for response in found])
