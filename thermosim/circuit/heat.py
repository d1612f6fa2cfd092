"""What the second ledger needs of a chip: the branches of every island, or why their heat cannot be booked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermosim.circuit.branches import Branch, branches
from thermosim.circuit.circuit import Circuit
from thermosim.circuit.movers import Movers, corners
from thermosim.circuit.noise_states import COLOURED, HELD
from thermosim.circuit.program import AdcBank, Island, JumpIsland
from thermosim.circuit.stamps import BENT
from thermosim.errors import Problems
from thermosim.times import seconds
from thermosim.units import show

PER_TIME = 8
"""Pieces of a booked step in the fastest relaxation time, at least."""
MOST = 1e10
"""Pieces in a run beyond which it would take days."""


def heat_branches(
    circuit: Circuit,
    islands: Sequence[Island],
    jump_islands: Sequence[JumpIsland],
    adcs: Sequence[AdcBank],
    movers: Movers,
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
    for instance in circuit.of_type("transconductance", "vcvs", "amplifier"):
        message = f"heat is not built for chips with active elements ('{instance.path}'); leave it out"
        problems.add(where, "run.measure", message)
    for instance in circuit.of_type(*COLOURED, *HELD):
        message = (
            f"heat along trajectories is not built beside noise with a memory ('{instance.path}'); leave it out: "
            "thermosim analyze gives its mean"
        )
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
        if island.moving is not None:
            coil = next((name for name, sign in zip(island.nodes, island.parity, strict=True) if sign < 0), None)
            if coil is not None:
                message = f"heat is not built for networks with inductors that change in time ('{coil}'); leave it out"
                problems.add(where, "run.measure", message)
            continue
        far = "" if len(problems) else _far_from_noise(island)
        if far:
            message = (
                f"heat is not built where noise acts through three inductors in a row ('{far}'): the charge that it "
                "moves there in a step is lost in round-off, and so is the first law; leave heat out"
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
    return {island.path: branches(circuit, island, {}, signals=movers.signals) for island in islands}


def check_heat_steps(circuit: Circuit, islands: Sequence[Island], whole: int, problems: Problems) -> None:
    """A ledger follows the fastest mode, so that a run of `whole` [fs] must not hold too many of its times."""
    from thermosim.analysis.linear import modes

    if "heat" not in circuit.netlist.run.measure or len(problems):
        return
    for island in islands:
        moving = island.moving
        laws = [island.actual] if moving is None else [moving.actual.law(values) for values in corners(moving)]
        rates = np.concatenate([np.abs(modes(law.capacitance, law.conductance).rates) for law in laws])
        pieces = PER_TIME * float(rates.max(initial=0.0)) * seconds(whole)
        if pieces > MOST:
            problems.add(
                circuit.netlist.document.position(("run", "measure")),
                "run.measure",
                f"heat follows the fastest mode of '{island.path}', {show(1 / rates.max(), 's', 4)}, in pieces of an "
                f"eighth: {pieces:.2g} of them are too many (at most {MOST:.0e}); shorten the run, leave heat out, "
                "or leave out the small capacitor that makes it fast",
            )


def _far_from_noise(island: Island) -> str:
    """An unknown that noise moves in more than four steps of dx = -C^-1 G x dt + C^-1 dq, net, coil, net ..; or ''."""
    law = island.actual
    size = np.sqrt(np.diag(law.capacitance))
    inverse = np.linalg.inv(law.capacitance / np.outer(size, size))
    linked = np.abs(inverse) > 1e-12
    steps = linked @ (law.conductance != 0)
    reached = linked @ np.diag(law.noise) > 0
    for _ in range(4):
        reached = reached | (steps @ reached)
    beyond = (steps @ reached) & ~reached
    return island.nodes[int(np.argmax(beyond))] if beyond.any() else ""
