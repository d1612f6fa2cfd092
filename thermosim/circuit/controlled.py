"""Ideal controlled voltage sources that cannot be: on nets that store charge, and in loops that nothing delays.

The current of such a source and the voltage of its output are eliminated together (:mod:`thermosim.circuit.eliminate`).
That has an answer where the output stores no charge; a capacitor there would pass on the derivative of the control.
It has one that physics would give where the control does not follow the output at once: with the output held at 1 V and
every store of energy at 0, the control must stay at 0.
"""

from __future__ import annotations

import numpy as np

from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.program import LinearLaw
from thermosim.circuit.stamps import Members, state_name
from thermosim.contracts import Ints
from thermosim.errors import Problems

FELT = 1e-12
"""Volts at the control for a volt at the output, above which it follows."""


def check_controlled(
    circuit: Circuit, members: Members, unknowns: list[str], law: LinearLaw, gone: Ints, problems: Problems
) -> None:
    """Tell every source of these elements that has no answer; `gone`: unknowns that store nothing."""
    sources = [
        (circuit.instances[path], k)
        for path, numbers in members.items()
        if circuit.instances[path].type == "vcvs"
        for k in numbers
    ]
    inner = law.conductance[np.ix_(gone, gone)]
    place = {unknowns[row]: k for k, row in enumerate(gone)}
    for instance, k in sources:
        state = place[state_name(instance, k)]
        column = inner[:, state]
        if not column.any():
            _tell(circuit, instance, k, problems,
                  f"its output '{instance.pins['p'][k]}' is held already, or stores charge: a capacitor there would "
                  "pass on the derivative of its input; leave that out, or take an amplifier and state its "
                  "pole")  # fmt: skip
            continue
        if _loop_gain(inner, state) > FELT:
            loop = [one.element(j) for one, j in sources]
            _tell(circuit, instance, k, problems,
                  "an algebraic loop: its control follows its own output at once, with nothing between that stores "
                  f"charge (sources here: {', '.join(loop)}); put a capacitor at the control, or take an amplifier and "
                  "state its pole")  # fmt: skip


def outputs(circuit: Circuit, members: Members) -> dict[str, str]:
    """Nets at the outputs of these elements' sources, and the source."""
    return {
        instance.pins[pin][k]: instance.element(k)
        for path, numbers in members.items()
        if (instance := circuit.instances[path]).type == "vcvs"
        for k in numbers
        for pin in ("n", "p")
    }


def _loop_gain(inner: np.ndarray, state: int) -> float:
    """|control x gain| for 1 V between the output's nets, all stores at 0."""
    output = -inner[:, state]  # +1 at p, -1 at n: the current of the source goes there
    held = inner.copy()
    control = inner[state] - output  # -gain b_c
    held[state] = output
    right = np.zeros(len(inner))
    right[state] = 1.0
    scale = np.abs(held).max(axis=1)
    scale[scale == 0] = 1.0  # a net that nothing determines is told elsewhere
    answer = np.linalg.lstsq(held / scale[:, np.newaxis], right / scale, rcond=None)[0]
    return float(abs(control @ answer))


def _tell(circuit: Circuit, instance: Instance, k: int, problems: Problems, message: str) -> None:
    problems.add(circuit.netlist.document.position(instance.at, key=True), instance.element(k), message)
