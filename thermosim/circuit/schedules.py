"""Whether a schedule fits the chip, and what the reader of a summary must know of it."""

from __future__ import annotations

from collections.abc import Iterator

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.dits import DitFabric
from thermosim.circuit.program import Fabric
from thermosim.errors import Problems
from thermosim.units import show


def check_schedule(circuit: Circuit, fabrics: tuple[Fabric | DitFabric, ...], problems: Problems) -> None:
    """Report a schedule of beta without the one fabric that it is for, or beside another beta."""
    stairs, updates = circuit.netlist.schedule.stairs, circuit.netlist.updates
    if not stairs:
        return
    where = circuit.netlist.document.position(("schedule", "beta"))
    if len(fabrics) != 1:
        problems.add(
            where, "schedule.beta", f"is for a chip of one fabric of p-bits or p-dits, and this one has {len(fabrics)}"
        )
    if "beta" in updates.model_fields_set and updates.beta != stairs[-1][1]:
        message = f"ends at {stairs[-1][1]:g} and updates.beta is {updates.beta:g}; leave updates.beta out"
        problems.add(where, "schedule.beta", message)


def schedule_notes(fabrics: tuple[Fabric | DitFabric, ...], burn_in: int | None) -> Iterator[str]:
    """A law that moves while it is recorded is no law that samples could be held against."""
    for fabric in fabrics:
        last = fabric.schedule[-1][0] if fabric.schedule else 0
        ends = fabric.clock.edge(last * fabric.ticks)
        if ends > (burn_in or 0):
            yield (
                f"{fabric.path}: beta still moves in the recorded window, until sweep {last} "
                f"({show(ends / 1e15, 's')}): mixing, distances and energy per effective sample speak of no one law"
            )
