"""Controllers of the netlist -> plans: which converters they read and write, and the plant they act on."""

from __future__ import annotations

from typing import Any

import numpy as np

from thermosim.circuit.circuit import At, Circuit
from thermosim.circuit.converters import latency
from thermosim.circuit.hosts import CALIBRATE, is_host
from thermosim.circuit.options import arithmetic_of, options_of
from thermosim.circuit.ports import port
from thermosim.circuit.program import AdcBank, ControllerPlan, DacBank, Island
from thermosim.contracts import Mixture
from thermosim.errors import Problems, suggestion
from thermosim.times import Clock

BUILT_IN = ("proportional", "score", "network")


def build_controllers(
    circuit: Circuit,
    islands: tuple[Island, ...],
    adcs: tuple[AdcBank, ...],
    dacs: tuple[DacBank, ...],
    clocks: dict[str, Clock],
    target: Any,
    problems: Problems,
) -> tuple[ControllerPlan, ...]:
    """Every controller of the netlist; what cannot be wired is reported."""
    codes_in = {net: (bank, k) for bank in adcs for k, net in enumerate(bank.outputs)}
    codes_out = {net: (bank, k) for bank in dacs for k, net in enumerate(bank.inputs)}
    plans = []
    for name, spec in circuit.netlist.controllers.items():
        if is_host(circuit, spec):
            continue
        at: At = ("controllers", name)
        reads = _ports(circuit, spec.reads, codes_in, (*at, "reads"), "an ADC", problems)
        writes = _ports(circuit, spec.writes, codes_out, (*at, "writes"), "a DAC", problems)
        if spec.program not in BUILT_IN and ":" not in spec.program:
            message = (
                f"unknown program '{spec.program}'{suggestion(spec.program, (*BUILT_IN, CALIBRATE))}; your own class "
                "is 'module:Class'"
            )
            problems.add(circuit.netlist.document.position((*at, "program")), f"controllers.{name}.program", message)
        if spec.clock not in clocks:
            message = f"no clock drives net '{spec.clock}'{suggestion(spec.clock, clocks)}"
            problems.add(circuit.netlist.document.position((*at, "clock")), f"controllers.{name}.clock", message)
            continue
        clock = clocks[spec.clock]
        island, nodes, inputs = _plant(islands, reads, writes, codes_in, codes_out)
        plans.append(
            ControllerPlan(
                path=name,
                program=spec.program,
                options=options_of(circuit, spec, at, problems),
                clock=clock,
                latency=latency(circuit, spec.latency, clock, (*at, "latency"), problems),
                reads=reads,
                writes=writes,
                target=target if isinstance(target, Mixture) else None,
                plant=None if island is None or island.moving is not None else island.drawn,
                plant_nodes=nodes,
                plant_inputs=inputs,
                arithmetic=arithmetic_of(circuit, spec, at, problems),
            )
        )
    return tuple(plans)


def _ports(
    circuit: Circuit, ports: Any, known: dict[str, Any], at: At, what: str, problems: Problems
) -> dict[str, tuple[str, ...]]:
    """Port name -> code nets; each must belong to a converter, all of one port to converters of one scale."""
    found = {}
    for name, text in ports.items():
        where = circuit.netlist.document.position((*at, name))
        path = ".".join(str(part) for part in (*at, name))
        try:
            nets = [net for item in ([text] if isinstance(text, str) else text) for net in circuit.nets.named(item)]
        except ValueError as error:
            problems.add(where, path, str(error))
            continue
        stray = [net for net in nets if net not in known]
        if stray:
            problems.add(where, path, f"net '{stray[0]}' is no code net of {what}{suggestion(stray[0], known)}")
            continue
        try:
            found[name] = port(name, tuple(nets), {net: known[net][0] for net in nets}).nets
        except ValueError as error:
            problems.add(where, path, str(error))
    return found


def _plant(
    islands: tuple[Island, ...],
    reads: dict[str, tuple[str, ...]],
    writes: dict[str, tuple[str, ...]],
    codes_in: dict[str, Any],
    codes_out: dict[str, Any],
) -> tuple[Island | None, np.ndarray, np.ndarray]:
    """The one island that the controller reads and drives, with its node and input indices; else None."""
    sensed = [bank.inputs[k] for nets in reads.values() for bank, k in (codes_in[net] for net in nets)]
    driven = [bank.outputs[k] for nets in writes.values() for bank, k in (codes_out[net] for net in nets)]
    for island in islands:
        if set(sensed) <= set(island.nodes) and set(driven) <= set(island.inputs) and sensed and driven:
            nodes = np.array([island.nodes.index(net) for net in sensed], dtype=np.int64)
            inputs = np.array([island.inputs.index(net) for net in driven], dtype=np.int64)
            return island, nodes, inputs
    empty = np.zeros(0, dtype=np.int64)
    return None, empty, empty
