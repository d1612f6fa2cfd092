"""Arrays of p-dits, and of p-bits that couple with them -> categorical fabrics: nodes, tables, colours, memory.

Synapses without a table between two arrays of p-bits hold J of J s s', and biases of p-bits h of h s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from thermosim.analysis.colouring import colour_graph
from thermosim.circuit.circuit import Circuit, Instance, Synapses
from thermosim.circuit.dit_couplings import states_of
from thermosim.circuit.dits import DitFabric, PottsLaw
from thermosim.circuit.fabrics import WHICH, clock_of, coupled_arrays, lags_of
from thermosim.contracts import Floats, Ints
from thermosim.errors import Problems
from thermosim.models.curves import LOGISTIC
from thermosim.models.pbit import Pbit, Response
from thermosim.models.pdit import Pdit
from thermosim.times import Clock
from thermosim.units import show

SPINS = np.array([[1.0, -1.0], [-1.0, 1.0]])
"""s s' of the states of two p-bits."""
ENTRIES = 2**28
"""Numbers in the tables of a fabric (2 GiB)."""


def build_dits(circuit: Circuit, clocks: dict[str, Clock], problems: Problems) -> tuple[DitFabric, ...]:
    """Every fabric with p-dits, sorted by path."""
    fabrics = []
    for members in coupled_arrays(circuit):
        if any(array.bound.model.family == "pdit" for array in members):
            fabric = _fabric(circuit, members, clocks, problems)
            if fabric is not None:
                fabrics.append(fabric)
    return tuple(fabrics)


def _fabric(circuit: Circuit, arrays: list[Instance], clocks: dict[str, Clock], problems: Problems) -> DitFabric | None:
    if _refused(circuit, arrays, problems):
        return None
    clock = clock_of(circuit, arrays, clocks, problems)
    settling, delay = lags_of(circuit, arrays, problems)
    start, starts = 0, {}
    for array in arrays:
        starts[array.path] = (start, array.shape)
        start += array.size
    states = np.concatenate([np.full(array.size, states_of(array)) for array in arrays]).astype(np.int64)
    pairs = sum(len(synapse.edges) for synapse in circuit.synapses if synapse.ends[0] in starts)
    if pairs * int(states.max()) ** 2 > ENTRIES:
        message = f"its tables would hold {pairs * float(states.max()) ** 2:.3g} numbers; {ENTRIES:.3g} at most"
        problems.add(circuit.netlist.document.position(arrays[0].at), arrays[0].path, message)
        return None
    if clock is None:
        return None
    laws = _laws(circuit, arrays, starts, states)
    edges = laws[0].edges
    order = circuit.netlist.updates.order
    assert order in ("coloured", "sequential")
    colour = colour_graph(start, edges) if order == "coloured" else np.arange(start, dtype=np.int32)
    slope, shift, relaxation = (np.concatenate(parts) for parts in zip(*map(_device, arrays), strict=True))
    return DitFabric(
        path=arrays[0].path,
        arrays=starts,
        pbits=frozenset(array.path for array in arrays if array.bound.model.family == "pbit"),
        colours=int(colour.max()) + 1,
        colour=colour,
        clock=clock,
        drawn=laws[0],
        programmed=laws[1],
        actual=laws[2],
        slope=slope,
        shift=shift,
        memory=np.exp(-clock.period / relaxation),
        relaxation=relaxation,
        schedule=circuit.netlist.schedule.stairs,
        order=order,
        settling=settling,
        delay=delay,
    )


def _refused(circuit: Circuit, arrays: list[Instance], problems: Problems) -> bool:
    """Report what is not built beside p-dits."""
    updates, position = circuit.netlist.updates, circuit.netlist.document.position
    found = []
    if updates.order not in ("coloured", "sequential"):
        message = f"order {updates.order} is not built for p-dits; coloured and sequential are"
        found.append((position(("updates", "order")), "updates.order", message))
    elif updates.rng == "free":
        found.append((position(("updates", "rng")), "updates.rng", "rng: free is not built for p-dits; held is"))
    for array in arrays:
        if array.bound.model.family == "pdit":
            continue
        beside = f"is not built for p-bits that couple with p-dits ({arrays[0].path} and others)"
        if "in" in array.pins:
            found.append((position(array.at), array.path, f"an analog input {beside}"))
        if _response(array, "actual").barriers is not None:
            found.append((position(array.at), array.path, f"a barrier that depends on the bias {beside}"))
        if _response(array, "actual").curve is not LOGISTIC:
            found.append((position(array.at), array.path, f"response: {_response(array, 'actual').curve} {beside}"))
        if getattr(array.bound.model, "rtn", "const") == "arrhenius":
            found.append((position(array.at), array.path, f"rtn: arrhenius {beside}"))
    paths = {array.path for array in arrays}
    for synapse in circuit.synapses:
        if synapse.ends[0] in paths and getattr(synapse.bound.model, "v_dd", None) is not None:
            message = "a supply v_dd is not built beside p-dits, whose bias circuit is not modelled; leave it out"
            found.append((position((*synapse.at, "model")), f"couplings.{synapse.path}", message))
    for place, path, message in found:
        problems.add(place, path, message)
    return bool(found)


def _response(array: Instance, which: Any) -> Response:
    model = array.bound.model
    assert isinstance(model, Pbit)
    return model.port(getattr(array, which))


def _device(array: Instance) -> tuple[Floats, Floats, Floats]:
    """Slope, shift of the logit, and relaxation time [s] of every element."""
    if array.bound.model.family == "pdit":
        one = np.ones(array.size)
        return one, 0.0 * one, states_of(array) * array.actual["tau0"]
    nominal, built = (_response(array, which) for which in WHICH)
    slope = built.gain * nominal.scale / built.scale
    return slope, -built.gain * (built.offset - nominal.offset) / built.scale, built.relaxation


def _laws(
    circuit: Circuit, arrays: list[Instance], starts: dict[str, tuple[int, tuple[int, ...]]], states: Ints
) -> tuple[PottsLaw, PottsLaw, PottsLaw]:
    """Drawn, programmed, actual; parallel couplings add up."""
    inside = [synapse for synapse in circuit.synapses if synapse.ends[0] in starts]
    width, stairs = int(states.max()), circuit.netlist.schedule.stairs
    beta = stairs[-1][1] if stairs else circuit.netlist.updates.beta
    placed = [_placed(synapse, circuit, starts) for synapse in inside]
    edges: Ints = np.zeros((0, 2), dtype=np.int64)
    slots: Ints = np.zeros(0, dtype=np.int64)
    if placed:
        edges, slots = np.unique(np.concatenate([pairs for pairs, _ in placed]), axis=0, return_inverse=True)
    laws = []
    for which, kind in (("drawn", "drawn"), ("programmed", "drawn"), ("actual", "actual")):
        tables = np.zeros((len(edges), width, width))
        begin = 0
        for synapse, (pairs, turned) in zip(inside, placed, strict=True):
            mine = _tables(synapse, circuit, which)
            for way in (False, True):
                block = mine[turned == way].transpose(0, 2, 1) if way else mine[turned == way]
                at = slots.ravel()[begin : begin + len(pairs)][turned == way]
                np.add.at(tables[:, : block.shape[1], : block.shape[2]], at, block)
            begin += len(pairs)
        biases = np.concatenate([_biases(array, kind, width) for array in arrays])
        laws.append(PottsLaw(states, edges, tables, biases, beta))
    return laws[0], laws[1], laws[2]


def _placed(
    synapse: Synapses, circuit: Circuit, starts: dict[str, tuple[int, tuple[int, ...]]]
) -> tuple[Ints, np.ndarray]:
    """Edges in the fabric's numbering with i < j, and which of them were turned for it."""
    pairs = synapse.edges + np.array([starts[end][0] for end in synapse.ends])
    turned = pairs[:, 0] > pairs[:, 1]
    return np.sort(pairs, axis=1).astype(np.int64), turned


def _tables(synapse: Synapses, circuit: Circuit, which: str) -> Floats:
    """J (edge, states, states) of a coupling, the first index that of its first array."""
    ends = [circuit.instances[end] for end in synapse.ends]
    weights: Floats = getattr(synapse, which)
    table = synapse.table
    if table is None and all(end.bound.model.family == "pbit" for end in ends):
        table = SPINS
    if table is None:
        return np.asarray(weights.reshape(len(synapse.edges), *map(states_of, ends)))
    return np.asarray(weights[:, None, None] * table)


def _biases(array: Instance, which: str, width: int) -> Floats:
    """h (element, width) of an array."""
    out = np.zeros((array.size, width))
    if array.bound.model.family == "pdit":
        out[:, : states_of(array)] = getattr(array, which)["bias"]
    else:
        out[:, :2] = _response(array, which).bias[:, None] * np.array([-1.0, 1.0])
    return out


def dit_notes(circuit: Circuit, fabrics: tuple[DitFabric, ...]) -> Iterator[str]:
    """A draw is priced for its own steps; the cell's chain may run longer, or be cut short."""
    for fabric in fabrics:
        if fabric.order == "coloured" and fabric.colours > 2:
            yield (
                f"{fabric.path}: its couplings close odd loops, so that two colours do not do: a sweep takes "
                f"{fabric.colours} ticks"
            )
        for path in fabric.arrays:
            model = circuit.instances[path].bound.model
            if isinstance(model, Pdit) and abs(fabric.clock.period / model.draw_time - 1) > 0.01:
                yield (
                    f"{path}: a draw is priced for its {model.steps * model.q:.3g} steps of {show(model.tau0, 's')}; "
                    f"if the cell's chain runs through the slot of {show(fabric.clock.period, 's')}, it "
                    f"takes {fabric.clock.period / model.draw_time:.3g} times as many"
                )
