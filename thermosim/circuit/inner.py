"""P-bits with an inner state: one kind to a fabric, one step for all, and what they are not built for."""

from __future__ import annotations

from math import ceil

import numpy as np

from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.program import IsingLaw
from thermosim.contracts import Floats
from thermosim.errors import Problems
from thermosim.models.pbit import Inner
from thermosim.units import show

ORDERS = ("free", "coloured", "sequential")


def reach(law: IsingLaw, slope: Floats, shift: Floats) -> Floats:
    """Largest size of the argument that any state gives each p-bit (node,)."""
    return np.asarray(2 * law.beta * np.abs(slope) * (np.abs(law.biases) + law.reach()) + np.abs(shift))


def check_inner(circuit: Circuit, arrays: list[Instance], inner: list[Inner | None], problems: Problems) -> bool:
    """Whether the fabric is of one kind with an inner state; everything that is not built for it is reported."""
    found = [item for item in inner if item is not None]
    position, updates = circuit.netlist.document.position, circuit.netlist.updates
    if not found:
        if updates.step is not None:
            message = "no p-bit has an inner state that is integrated in steps; leave 'step' out"
            problems.add(position(("updates", "step")), "updates.step", message)
        return False
    where, path = position(arrays[0].at), arrays[0].path
    kinds = sorted({"without inner state" if item is None else item.kind for item in inner})
    if len(kinds) > 1:
        problems.add(where, path, f"coupled p-bits need one kind of inner state; these meet: {', '.join(kinds)}")
    if updates.order not in ORDERS:
        message = (
            f"p-bits with inner state ({kinds[0]}) are not built for order {updates.order}; {', '.join(ORDERS)} are"
        )
        problems.add(position(("updates", "order")), "updates.order", message)
    elif updates.order != "free" and updates.rng == "held":
        message = f"nothing holds a {kinds[0]} between its readings; say rng: free, and wait long enough between them"
        problems.add(position(("updates",)), "updates.rng", message)
    for array in arrays:
        if "in" in array.pins:
            message = "analog inputs of p-bits with inner state are not built yet; leave the pin 'in' open"
            problems.add(position(array.at), array.path, message)
    for synapse in circuit.synapses:
        if synapse.ends[0] in {array.path for array in arrays} and getattr(synapse.bound.model, "delay", 0) > 0:
            message = "a delay is not built for p-bits with inner state; 'settling' is"
            problems.add(position((*synapse.at, "model")), f"couplings.{synapse.path}", message)
        if synapse.ends[0] in {array.path for array in arrays} and len(synapse.ends) > 2:
            message = "products of three and four are not built for p-bits with inner state"
            problems.add(position((*synapse.at, "model")), f"couplings.{synapse.path}", message)
    if circuit.netlist.schedule.model_fields_set:
        message = "a schedule is not built for p-bits with inner state"
        problems.add(position(("schedule",)), "schedule", message)
    return len(kinds) == 1


def step_of(
    circuit: Circuit, arrays: list[Instance], inner: list[Inner], reaches: Floats, interval: float, problems: Problems
) -> int:
    """Steps to an interval [s] of the clock or grid: of half the longest length that holds, or as the netlist wants."""
    bounds = np.cumsum([0, *(array.size for array in arrays)])
    limits = {
        what: most
        for item, first, last in zip(inner, bounds, bounds[1:], strict=False)
        for what, most in item.limits(reaches[first:last]).items()
    }
    longest, wanted = min(limits.values()), circuit.netlist.updates.step
    if wanted is None:
        return max(1, ceil(2 * interval / longest * (1 - 1e-9)))
    step = float(wanted.value)
    broken = {what: most for what, most in limits.items() if step > most * (1 + 1e-9)}
    if broken:
        told = "; ".join(f"{what} allows {show(most, 's')}" for what, most in broken.items())
        message = f"a step of {show(step, 's')} is too long for {arrays[0].path}: {told}"
        problems.add(circuit.netlist.document.position(("updates", "step")), "updates.step", message)
    return max(1, ceil(interval / step * (1 - 1e-9)))
