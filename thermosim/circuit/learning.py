"""Which readings tell the digital side of a chip something of its linear networks, or why that cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.noise_states import is_noise
from thermosim.circuit.nonlinear_law import NonlinearIsland
from thermosim.circuit.program import AdcBank, ControllerPlan, DacBank, Island, JumpIsland
from thermosim.contracts import Ints
from thermosim.errors import Problems


@dataclass(frozen=True)
class Learning:
    """What is read of one island: `banks`: path of an ADC bank -> its channels (channel,) that look at the island and
    whose codes somebody uses, and the island's nodes (channel,) that they see. `readers`: who uses them."""

    path: str
    banks: dict[str, tuple[Ints, Ints]]
    readers: tuple[str, ...]

    @property
    def channels(self) -> int:
        """Conversions of one instant, if all banks sampled together."""
        return sum(len(channels) for channels, _ in self.banks.values())


def build_learning(
    circuit: Circuit,
    islands: Sequence[Island],
    others: Sequence[JumpIsland | NonlinearIsland],
    adcs: Sequence[AdcBank],
    dacs: Sequence[DacBank],
    controllers: Sequence[ControllerPlan],
    problems: Problems,
) -> tuple[Learning, ...]:
    """The readings of each linear island, where ``run.measure`` asks for information; else nothing."""
    if "information" not in circuit.netlist.run.measure:
        return ()
    where = circuit.netlist.document.position(("run", "measure"))
    readers: dict[str, list[str]] = {}
    for plan in controllers:
        for nets in plan.reads.values():
            for net in nets:
                readers.setdefault(net, []).append(plan.path)
    for dac in dacs:
        for net in dac.inputs:
            readers.setdefault(net, []).append(dac.path)
    found = []
    for island in islands:
        banks: dict[str, tuple[Ints, Ints]] = {}
        who: dict[str, None] = {}
        for bank in adcs:
            channels = [
                k for k, (net, code) in enumerate(zip(bank.inputs, bank.outputs, strict=True))
                if net in island.nodes and code in readers
            ]  # fmt: skip
            if not channels:
                continue
            who |= dict.fromkeys(path for k in channels for path in readers[bank.outputs[k]])
            rows = [island.nodes.index(bank.inputs[k]) for k in channels]
            banks[bank.path] = np.array(channels), np.array(rows)
            if bank.jitter > 0:
                problems.add(
                    where, "run.measure",
                    f"information is not built where a sampling instant is uncertain ('{bank.path}'); leave jitter out "
                    "or leave information out",
                )  # fmt: skip
        taking = next((bank for bank in adcs if _takes_charge(bank) and set(bank.inputs) & set(island.nodes)), None)
        if banks and taking is not None:
            problems.add(
                where, "run.measure",
                f"information is not built where an unbuffered sampler takes charge ('{taking.path}'); buffer it or "
                "leave information out",
            )  # fmt: skip
        noise = next((name for name in (*island.nodes, *island.inputs) if is_noise(name)), None)
        if banks and noise is not None:
            message = f"information is not built beside noise with a memory ('{noise[2:-1]}'); leave it out"
            problems.add(where, "run.measure", message)
        elif banks and island.moving is not None:
            message = (
                f"information is not built for networks that change in time (net '{island.nodes[0]}'); leave it out"
            )
            problems.add(where, "run.measure", message)
        elif banks:
            found.append(Learning(island.path, banks, tuple(who)))
    elsewhere = {
        net: "transistor circuits" if isinstance(island, JumpIsland) else "nonlinear networks"
        for island in others
        for net in island.nodes
    }
    for bank in adcs:
        seen = [
            net for net, code in zip(bank.inputs, bank.outputs, strict=True) if net in elsewhere and code in readers
        ]
        if seen:
            message = f"information is not built for readings of {elsewhere[seen[0]]} (net '{seen[0]}'); leave it out"
            problems.add(where, "run.measure", message)
    if not found and not len(problems):
        message = (
            "information is what a controller, or a DAC, learns from ADCs that read nets with capacitors; "
            "this chip has none"
        )
        problems.add(where, "run.measure", message)
    return tuple(found)


def _takes_charge(bank: AdcBank) -> bool:
    """Whether its samplers move the nets that they look at, whoever uses their codes."""
    return bank.sample_capacitance > 0 and not bank.buffered
