"""What the second ledger needs of a chip: the branches of every island, or why their heat cannot be booked."""

from __future__ import annotations

from collections.abc import Sequence

from thermosim.circuit.branches import Branch, branches
from thermosim.circuit.circuit import Circuit
from thermosim.circuit.program import AdcBank, Island, JumpIsland
from thermosim.circuit.stamps import BENT
from thermosim.errors import Problems


def heat_branches(
    circuit: Circuit,
    islands: Sequence[Island],
    jump_islands: Sequence[JumpIsland],
    adcs: Sequence[AdcBank],
    problems: Problems,
) -> dict[str, tuple[Branch, ...]]:
    """Branches of each island by its path, where ``run.measure`` asks for heat; else nothing."""
    if "heat" not in circuit.netlist.run.measure:
        return {}
    where = circuit.netlist.document.position(("run", "measure"))
    bent = circuit.of_type(*BENT)
    if bent:
        message = f"heat of nonlinear elements is not built ('{bent[0].path}'); leave heat out"
        problems.add(where, "run.measure", message)
    if not islands and not bent:
        problems.add(
            where, "run.measure", "heat is booked for resistors and sources on nets with capacitors; this chip has none"
        )
    if jump_islands:
        problems.add(
            where,
            "run.measure",
            f"heat of transistors and diodes is not built (net '{jump_islands[0].nodes[0]}'); leave heat out, the "
            "summary prices the charges that supplies deliver",
        )
    for instance in circuit.of_type("inductor", "transconductance", "amplifier"):
        message = f"heat is not built for chips with inductors and active elements ('{instance.path}'); leave it out"
        problems.add(where, "run.measure", message)
    tied = [item for item in circuit.of_type("voltage_source") if "0" not in (*item.pins["p"], *item.pins["n"])]
    if tied:
        message = f"heat is not built for sources between free nets ('{tied[0].path}'); leave it out"
        problems.add(where, "run.measure", message)
    for island in islands:
        if island.absent:
            message = (
                f"heat is not finite where resistors meet at a net without capacitor ('{next(iter(island.absent))}')"
            )
            problems.add(where, "run.measure", message)
    nets = {net for island in islands for net in island.nodes}
    for bank in adcs:
        if bank.sample_capacitance > 0 and not bank.buffered and nets & set(bank.inputs):
            problems.add(
                where,
                "run.measure",
                f"heat is not booked where an unbuffered sampler takes charge ('{bank.path}'); buffer it or leave "
                "heat out",
            )
    return {island.path: branches(circuit, island, {}) for island in islands}
