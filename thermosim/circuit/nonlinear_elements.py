"""The nonlinear elements of a circuit, and what of them and beside them is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.movers import Movers
from thermosim.circuit.nets import GROUND
from thermosim.circuit.noise_states import COLOURED, HELD
from thermosim.circuit.program import Island
from thermosim.circuit.stamps import BENT, COILS, Members, Ties
from thermosim.errors import Problems


def refuse_beside(circuit: Circuit, members: Members, movers: Movers, problems: Problems) -> None:
    """Report what linear networks may hold and nonlinear ones may not."""
    for path in members:
        instance = circuit.instances[path]
        what = ""
        if path in movers.signals:
            what = "an element that changes in time"
        elif instance.type in (*COLOURED, *HELD):
            what = f"{instance.type}, noise with a memory,"
        if what:
            problems.add(
                circuit.netlist.document.position(instance.at, key=True), path,
                f"{what} in a nonlinear network is not built; leave it out, or give it a network of its own",
            )  # fmt: skip


def check_ends(circuit: Circuit, driven: Mapping[str, Any], problems: Problems) -> None:
    """Report elements whose current moves nothing, or that are another element."""
    for instance, k in elements(circuit):
        if instance.type in COILS:
            continue  # told with the other coils
        ends = [instance.pins[pin][k] for pin in ("p", "n")]
        if ends[0] == ends[1] or all(net == GROUND or net in driven for net in ends):
            what = "both its ends are on one net" if ends[0] == ends[1] else "both its ends are held"
            problems.add(
                circuit.netlist.document.position(instance.at, key=True), instance.element(k),
                f"{what} ({ends[0]}, {ends[1]}): its current moves no voltage; leave it out",
            )  # fmt: skip
        elif "cp" in instance.pins and {instance.pins[pin][k] for pin in ("cp", "cn")} == set(ends):
            problems.add(
                circuit.netlist.document.position(instance.at, key=True),
                instance.element(k),
                "it follows the voltage between its own ends: draw a tanh_conductance, of g = -gm where cp is p",
            )


def elements(circuit: Circuit, members: Members | None = None) -> Iterator[tuple[Instance, int]]:
    """The nonlinear elements, or those among `members`."""
    for instance in circuit.of_type(*BENT):
        for k in range(instance.size) if members is None else members.get(instance.path, ()):
            yield instance, k


def sensed(circuit: Circuit, base: Island, members: Members, tied: Ties, problems: Problems) -> bool:
    """Report nonlinear elements at nets without capacitance: elimination is for linear parts alone."""
    before = len(problems)
    for instance, k in elements(circuit, members):
        for pin in instance.pins:
            own = instance.pins[pin][k]
            net = tied.get(own, (own, 0.0))[0]
            if net in base.absent:
                problems.add(
                    circuit.netlist.document.position((*instance.at, "pins", pin)), instance.element(k),
                    f"net '{net}' has no capacitance: a nonlinear current there would have to be solved for at every "
                    "instant, which is not built; put a capacitor from it to ground" if pin in ("p", "n") else
                    f"net '{net}' has no capacitance: its voltage is white noise, of which no current can follow a "
                    "curve; put a capacitor from it to ground",
                )  # fmt: skip
    return len(problems) == before
