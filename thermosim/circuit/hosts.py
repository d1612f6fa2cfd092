"""Controllers that read p-bits and program them: which nodes they read, which knobs they turn.

A knob is ``<array>.trim`` (a voltage added at the input of each p-bit), ``<array>.bias`` (its dimensionless h) or
``updates.beta``. All replicas are noise copies of one die, so that a knob has one value for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

import numpy as np

from thermosim.circuit.circuit import At, Circuit
from thermosim.circuit.converters import latency
from thermosim.circuit.options import arithmetic_of, options_of
from thermosim.circuit.program import Fabric, HostPlan, Knob
from thermosim.contracts import Ints
from thermosim.errors import Problems, suggestion
from thermosim.times import Clock

CALIBRATE = "calibrate"
BETA = "updates.beta"
KNOBS = ("trim", "bias")


def is_host(circuit: Circuit, spec: Any) -> bool:
    """Whether a controller works on p-bits, and not between converters."""
    arrays = {item.path for item in circuit.of_family("pbit")}
    texts = [*spec.reads.values(), *spec.writes.values()]
    return spec.program == CALIBRATE or any(
        text in arrays or text == BETA or text.rpartition(".")[0] in arrays for text in texts
    )


def build_hosts(
    circuit: Circuit, fabrics: tuple[Fabric, ...], clocks: dict[str, Clock], problems: Problems
) -> tuple[HostPlan, ...]:
    """Every controller of p-bits; what cannot be connected is reported."""
    plans = []
    for name, spec in circuit.netlist.controllers.items():
        if not is_host(circuit, spec):
            continue
        at: At = ("controllers", name)
        if spec.clock not in clocks:
            message = f"no clock drives net '{spec.clock}'{suggestion(spec.clock, clocks)}"
            problems.add(circuit.netlist.document.position((*at, "clock")), f"controllers.{name}.clock", message)
            continue
        found = _wired(circuit, fabrics, spec, at, problems)
        if found is None:
            continue
        fabric, reads, writes = found
        plans.append(
            HostPlan(
                path=name,
                program=spec.program,
                options=options_of(circuit, spec, at, problems),
                clock=clocks[spec.clock],
                latency=latency(circuit, spec.latency, clocks[spec.clock], (*at, "latency"), problems),
                fabric=fabric.path,
                reads=reads,
                writes=writes,
                scale=_scale(circuit, fabric),
                arrays=(arrays := _arrays(fabric, writes)),
                pauses=_pauses(circuit, arrays),
                arithmetic=arithmetic_of(circuit, spec, at, problems),
            )
        )
    return tuple(plans)


def _wired(
    circuit: Circuit, fabrics: tuple[Fabric, ...], spec: Any, at: At, problems: Problems
) -> tuple[Fabric, Mapping[str, Ints], Mapping[str, Knob]] | None:
    """The one fabric that the ports belong to, the nodes read, the knobs written."""
    owner = {path: fabric for fabric in fabrics for path in fabric.arrays}
    reads: dict[str, Ints] = {}
    writes: dict[str, Knob] = {}
    used: dict[str, Fabric] = {}
    before = len(problems)

    def report(section: str, port: str, message: str) -> None:
        place = circuit.netlist.document.position((*at, section, port))
        problems.add(place, ".".join(str(part) for part in (*at, section, port)), message)

    for port, text in spec.reads.items():
        if text not in owner:
            report("reads", port, f"'{text}' is no array of p-bits{suggestion(text, owner)}")
            continue
        used[text] = owner[text]
        reads[port] = _nodes(owner[text], text)
    for port, text in spec.writes.items():
        array, _, knob = text.rpartition(".")
        if text == BETA:
            writes[port] = Knob("beta", np.zeros(1, dtype=np.int64))
        elif array in owner and knob in KNOBS:
            used[array] = owner[array]
            writes[port] = Knob(cast(Literal["trim", "bias"], knob), _nodes(owner[array], array))
        else:
            known = [*(f"{path}.{kind}" for path in owner for kind in KNOBS), BETA]
            report("writes", port, f"'{text}' is no knob{suggestion(text, known)}")
    if spec.network is not None:
        place = circuit.netlist.document.position((*at, "network"))
        problems.add(place, ".".join(str(part) for part in (*at, "network")), "is for controllers between converters")
    chosen = {fabric.path: fabric for fabric in used.values()}
    where, path = circuit.netlist.document.position(at, key=True), ".".join(str(part) for part in at)
    if len(chosen) > 1:
        problems.add(where, path, f"works on p-bits that do not couple: {', '.join(chosen)}; give each a controller")
    elif not chosen and len(problems) == before:
        problems.add(where, path, "reads no p-bits; say e.g. reads: {y: s}")
    fabric = next(iter(chosen.values()), None)
    if fabric is not None and fabric.order == "free":
        problems.add(where, path, "controllers of free-running p-bits are not built; give the p-bits a clock")
    if fabric is not None and fabric.inner:
        problems.add(where, path, "controllers of p-bits with inner state are not built")
    if fabric is not None and fabric.schedule and any(knob.kind == "beta" for knob in writes.values()):
        problems.add(where, path, "writes updates.beta, which a schedule moves too; leave one of them out")
    return None if fabric is None or len(problems) > before else (fabric, reads, writes)


def _nodes(fabric: Fabric, array: str) -> Ints:
    first, shape = fabric.arrays[array]
    return np.arange(first, first + int(np.prod(shape, dtype=np.int64)))


def _scale(circuit: Circuit, fabric: Fabric) -> np.ndarray:
    """V_s of every node as the designer knows it [V]."""
    arrays: list[Any] = [circuit.instances[path] for path in fabric.arrays]
    return np.concatenate([(r := item.bound.model.port(item.drawn)).scale / r.gain for item in arrays])


def _arrays(fabric: Fabric, writes: Mapping[str, Knob]) -> tuple[str, ...]:
    """Arrays whose trims or biases are written."""
    written = {int(knob.nodes[0]) for knob in writes.values() if knob.kind != "beta"}
    return tuple(path for path, (first, _) in fabric.arrays.items() if first in written)


def _pauses(circuit: Circuit, arrays: tuple[str, ...]) -> Mapping[str, float]:
    """Shortest time between two programmings of every array, where its card states one [s]."""
    models: dict[str, Any] = {path: circuit.instances[path].bound.model for path in arrays}
    return {path: model.write_interval for path, model in models.items() if model.write_interval is not None}
