"""The default testbench of a netlist: how long, what is recorded, and what the chip should sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thermosim.circuit.circuit import At, Circuit
from thermosim.circuit.dits import DitFabric
from thermosim.circuit.moving import MovingSource
from thermosim.circuit.nets import natural
from thermosim.circuit.nonlinear_law import NonlinearIsland
from thermosim.circuit.program import AdcBank, DacBank, Fabric, Island, JumpIsland, Probe
from thermosim.contracts import Mixture
from thermosim.errors import Problems
from thermosim.times import LIMIT, femtoseconds
from thermosim.units import Quantity, UnitError, read_any, show


def window(circuit: Circuit, fabrics: tuple[Fabric | DitFabric, ...], problems: Problems) -> tuple[int, int | None]:
    """Burn-in and recorded duration in femtoseconds; the duration is None after reporting that there is none.

    Sweeps are counted in clock edges: `duration` of them end within the window, whatever the period and where in a
    sweep the burn-in ends.
    """
    run, clock = circuit.netlist.run, fabrics[0].clock if len(fabrics) == 1 else None

    def read(key: str, value: Any, start: int) -> int | None:
        """End of a span that begins at `start`."""
        try:
            if value.value == 0:
                return start
            if value.unit == "s":
                end = start + femtoseconds(value.value)
            elif clock is None:
                raise ValueError(
                    f"sweeps need one fabric of p-bits or p-dits, and this chip has {len(fabrics)}; give a time"
                )
            elif fabrics[0].order == "free":
                raise ValueError("free-running p-bits have no sweeps; give a time, e.g. 100 us")
            else:
                done = (clock.first_edge_at(start + 1) - 1) // fabrics[0].ticks
                end = clock.edge((done + int(value.value)) * fabrics[0].ticks)
            if end > LIMIT:
                raise ValueError("burn-in and duration end past the limit of 2.5 hours of simulated time (9e18 fs)")
            return end
        except ValueError as error:
            problems.add(circuit.netlist.document.position(("run", key)), f"run.{key}", str(error))
            return None

    burn_in = read("burn_in", run.burn_in, 0)
    if burn_in is None:
        return 0, None
    end = read("duration", run.duration, burn_in)
    if end == burn_in:
        place = circuit.netlist.document.position(("run", "duration"), key=True)
        problems.add(place, "run.duration", "no samples: the duration is zero")
        return burn_in, None
    return burn_in, None if end is None else end - burn_in


def build_probes(
    circuit: Circuit,
    islands: tuple[Island | JumpIsland | NonlinearIsland, ...],
    fabrics: tuple[Fabric | DitFabric, ...],
    dacs: tuple[DacBank, ...],
    sources: tuple[MovingSource, ...],
    duration: int | None,
    problems: Problems,
) -> tuple[Probe, ...]:
    """What ``run.record`` asks for."""
    probes = []
    analog = {net for island in islands for net in island.nodes} | {net for bank in dacs for net in bank.outputs}
    analog |= {source.net for source in sources}
    absent = absent_nets(islands)
    for name, every in circuit.netlist.run.record.items():
        at: At = ("run", "record", name)
        where = circuit.netlist.document.position(at)
        try:
            probe = _probe(circuit, name, every, analog, absent, fabrics)
        except ValueError as error:
            problems.add(where, f"run.record.{name}", str(error))
            continue
        fabric = next((item for item in fabrics if name in item.arrays), None)
        sweep = 1 if fabric is None else fabric.clock.edge(fabric.ticks)
        if duration is not None and probe.every * sweep > duration:
            problems.add(where, f"run.record.{name}", "no samples: the recording interval is longer than run.duration")
            continue
        probes.append(probe)
    if islands and not fabrics and not circuit.netlist.run.record:
        place = circuit.netlist.document.position(("run",), key=True)
        example = next((net for net in islands[0].nodes if "(" not in net), "x").split("[")[0]
        problems.add(place, "run", f"no samples: 'record' is missing; say e.g. record: {{{example}: every 1 us}}")
    return tuple(probes)


def absent_nets(islands: tuple[Island | JumpIsland | NonlinearIsland, ...]) -> dict[str, str]:
    """Nets at which nobody can look, and why."""
    return {net: why for island in islands if not isinstance(island, JumpIsland) for net, why in island.absent.items()}


def _probe(
    circuit: Circuit,
    name: str,
    every: Any,
    analog: set[str],
    absent: Mapping[str, str],
    fabrics: tuple[Fabric | DitFabric, ...],
) -> Probe:
    arrays = {path: fabric for fabric in fabrics for path in fabric.arrays}
    if name in arrays:
        fabric = arrays[name]
        if isinstance(fabric, Fabric) and fabric.order == "free":
            return Probe(name, "bit", (name,), _draws(name, _intervals(name, every, fabric), fabric))
        if every.unit != "sweeps":
            raise ValueError(f"'{name}' is an array of clocked p-bits: record it every so many sweeps")
        return Probe(name, "bit", (name,), _draws(name, int(every.value), arrays[name]))
    try:
        nets = circuit.nets.named(name)
    except ValueError as error:
        raise ValueError(f"{error}; p-bit arrays: {', '.join(arrays)}" if arrays else str(error)) from None
    if every.unit == "sweeps":
        raise ValueError(f"'{name}' is a net: record it every so many seconds")
    kind = circuit.nets.kind(nets[0])
    for net in nets:
        if net in absent:
            raise ValueError(absent[net])
    if kind == "analog" and not set(nets) <= analog:
        raise ValueError(f"'{name}' is held by a constant source; record a net that moves")
    if kind not in ("analog", "code"):
        raise ValueError(f"'{name}' is a {kind} net; analog nets, codes and p-bit arrays can be recorded")
    interval = femtoseconds(every.value)
    if interval <= 0:
        raise ValueError("the recording interval must be above zero")
    return Probe(name, "analog" if kind == "analog" else "code", tuple(nets), interval)


def _draws(name: str, every: int, fabric: Fabric | DitFabric) -> int:
    """`every` sweeps, if the fabric is read that often."""
    if every % fabric.every:
        raise ValueError(f"'{name}' is read every {fabric.every} sweeps (run.read): record it at a multiple of that")
    return every


def _intervals(name: str, every: Any, fabric: Fabric) -> int:
    """The recording interval of free-running p-bits in intervals of the grid on which they are observed."""
    if every.unit == "sweeps":
        raise ValueError(f"'{name}' is an array of free-running p-bits, which have no sweeps: record it every so long")
    count = every.value * fabric.clock.frequency
    if count.denominator != 1:
        grid = show(float(1 / fabric.clock.frequency), "s")
        raise ValueError(f"'{name}' is observed every {grid} (updates.every): record it at a multiple of that")
    return int(count)


def build_target(
    circuit: Circuit,
    islands: tuple[Island | JumpIsland | NonlinearIsland, ...],
    adcs: tuple[AdcBank, ...],
    problems: Problems,
) -> tuple[Any, tuple[str, ...]]:
    """The declared law, and the nets that a named law speaks of."""
    target = circuit.netlist.target
    if isinstance(target, str):
        return target, ()
    at: At = ("target", "gaussian_mixture")
    where = circuit.netlist.document.position(at)
    spec = target.gaussian_mixture
    try:
        unit = read_any(f"1 {spec.unit}")
        if unit.dimension != Quantity(1.0, read_any("1 V").dimension).dimension:
            raise UnitError(f"'{spec.unit}': a mixture of node voltages needs a unit of volts, e.g. mV")
        means = np.array(spec.means, dtype=float, ndmin=2) * unit.value
        weights = np.ones(len(means)) if spec.weights is None else np.array(spec.weights, dtype=float)
        nets = _target_nets(circuit, target, adcs)
        if means.shape[1] != len(nets):
            raise ValueError(
                f"means have {means.shape[1]} entries each; the law is of {len(nets)} nets: {', '.join(nets)}"
            )
        if weights.shape != (len(means),) or np.any(weights <= 0):
            raise ValueError(f"weights must be {len(means)} positive numbers, one for each mean")
        known = {net for island in islands for net in island.nodes}
        if not set(nets) <= known:
            first = sorted(set(nets) - known)[0]
            raise ValueError(absent_nets(islands).get(first, f"'{first}' is no free analog net"))
    except (ValueError, TypeError) as error:
        problems.add(where, "target.gaussian_mixture", str(error))
        return "as_drawn", ()
    return Mixture(means, float(spec.sigma) * unit.value, weights / weights.sum()), tuple(nets)


def _target_nets(circuit: Circuit, target: Any, adcs: tuple[AdcBank, ...]) -> list[str]:
    """The nets named by ``of``, else those that the demon reads through its ADCs, else the recorded ones."""
    if target.of is not None:
        texts = [target.of] if isinstance(target.of, str) else list(target.of)
        return [net for text in texts for net in circuit.nets.named(text)]
    source = {out: net for adc in adcs for out, net in zip(adc.outputs, adc.inputs, strict=True)}
    for controller in circuit.netlist.controllers.values():
        codes = [code for text in controller.reads.values() for code in circuit.nets.named(text)]
        if codes and all(code in source for code in codes):
            return [source[code] for code in codes]
    recorded = [net for name in circuit.netlist.run.record for net in circuit.nets.named(name)]
    return sorted(set(recorded), key=natural)
