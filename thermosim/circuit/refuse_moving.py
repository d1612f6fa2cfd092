"""What moves in time and meets a part that cannot follow: refused by name."""

from __future__ import annotations

from typing import Any

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.movers import Movers
from thermosim.circuit.noise_states import COLOURED, HELD
from thermosim.circuit.nonlinear_law import NonlinearIsland
from thermosim.circuit.program import Island, JumpIsland
from thermosim.errors import Problems


def refuse_moving(
    circuit: Circuit,
    islands: tuple[Island, ...],
    others: tuple[JumpIsland | NonlinearIsland, ...],
    movers: Movers,
    problems: Problems,
) -> None:
    """What moves in time and meets a part that cannot follow is refused by name."""
    document = circuit.netlist.document
    _refuse_capacitors(circuit, islands, others, movers, problems)
    nets = {source.net: source for source in movers.sources}
    for island in others:
        for net in set(island.inputs) & set(nets):
            at, element = nets[net].at, nets[net].element
            problems.add(
                document.position((*at, "gain")), element,
                f"a source that moves on net '{net}' of a network that is not linear is not built; drive it by a DAC",
            )  # fmt: skip
    moving = {net: island for island in islands if island.moving is not None for net in island.nodes}
    at_all = moving.keys() | {net for island in moving.values() for net in island.absent}
    for instance in circuit.of_type(*COLOURED, *HELD):
        touched = [net for pin in ("p", "n") for net in instance.pins[pin] if net in at_all]
        if touched:
            problems.add(
                document.position(instance.at, key=True), instance.path,
                f"{instance.type}, noise with a memory, on net '{touched[0]}' of a network that changes in time is not "
                "built; leave one of the two out",
            )  # fmt: skip
    for instance in circuit.of_type("adc"):
        model: Any = instance.bound.model
        touched = [net for net in instance.pins["in"] if net in moving or net in nets]
        if touched and model.jitter > 0:
            what = "that a generator moves" if touched[0] in nets else "of a network that changes in time"
            problems.add(
                document.position((*instance.at, "pins", "in")), instance.path,
                f"aperture jitter on net '{touched[0]}' {what} is not built; leave jitter out",
            )  # fmt: skip
        stores = {net for net, island in moving.items() if island.moving is not None and island.moving.stores}
        loaded = next((net for net in touched if net in stores), None)
        if loaded is not None and not model.buffered:
            problems.add(
                document.position((*instance.at, "pins", "in")), instance.path,
                f"an unbuffered sampler on net '{loaded}' of a network whose capacitors change is not built; buffer it",
            )  # fmt: skip
    for name, spec in circuit.netlist.controllers.items():
        reads = {net for bank in circuit.of_type("adc") for net in bank.pins["in"] if net in moving}
        if spec.program == "score" and reads:
            problems.add(
                document.position(("controllers", name, "program")), f"controllers.{name}.program",
                f"the score demon knows the plant as it stands still, and the network of '{sorted(reads)[0]}' changes "
                "in time; write a controller of your own",
            )  # fmt: skip


def _refuse_capacitors(
    circuit: Circuit,
    islands: tuple[Island, ...],
    others: tuple[JumpIsland | NonlinearIsland, ...],
    movers: Movers,
    problems: Problems,
) -> None:
    """Capacitors that change stand on a free net of a linear network, which keeps its charge."""
    jumping = {net for island in others if isinstance(island, JumpIsland) for net in island.nodes}
    bent = {net for island in others if not isinstance(island, JumpIsland) for net in island.nodes}
    free = {net for island in islands for net in island.nodes}
    tied = {net for island in islands for net in island.absent}
    for instance in circuit.of_type("capacitor"):
        if instance.path not in movers.signals:
            continue
        for k in range(instance.size):
            nets = (instance.pins["p"][k], instance.pins["n"][k])
            fallen = {name: next((net for net in nets if net in found), None)
                      for name, found in (("jumping", jumping), ("tied", tied), ("free", free | bent))}  # fmt: skip
            if fallen["jumping"] is not None:
                message = (
                    f"a capacitor that changes on net '{fallen['jumping']}' beside transistors or diodes is not built; "
                    "leave its gain out"
                )
            elif fallen["tied"] is not None:
                message = (
                    f"a capacitor that changes on net '{fallen['tied']}', which a source ties to another net, is not "
                    "built; connect it to that net"
                )
            elif fallen["free"] is None:
                message = (
                    "a capacitor that changes between nets that sources hold moves nothing and its work would be "
                    "booked nowhere; connect it to a free net or leave its gain out"
                )
            else:
                continue
            problems.add(
                circuit.netlist.document.position((*instance.at, "gain")), f"{instance.element(k)}.gain", message
            )
            break
