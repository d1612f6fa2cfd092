"""Mixing of every island and fabric over observables that are fixed before the run.

Fabrics: energy, mean of each array, 32 projections, as the run recorded them. Islands: the mean, the relaxation
modes of the network as drawn, left[k] @ v, and their squares (the squares of the nodes where an unknown, as the current
of a coil, was not recorded; the nodes one by one where there are no modes: networks that are not linear or change in
time), 32 fixed random unit projections, and for a mixture target the responsibility of its first component. What the
law itself holds constant is left out.

Exact companions: relaxation times of a linear network; for up to 16 held p-bits the relaxation time of the slowest
mode of the sweep that this die performs.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal, TypeGuard

import numpy as np

from thermosim.analysis.mixing import Mixing, Verdict, assess, overall, worst
from thermosim.circuit.noise_states import own_rows
from thermosim.circuit.nonlinear_law import NonlinearIsland
from thermosim.circuit.program import Fabric, Island, JumpIsland, Program
from thermosim.contracts import Floats, Mixture
from thermosim.measure.constant import HeldSpins, StillNodes
from thermosim.record import Record
from thermosim.streams import generator
from thermosim.times import FEMTOSECONDS

PROJECTIONS = 32


@dataclass(frozen=True)
class PartMixing:
    """Mixing of one island or fabric.

    `interval` [s] between samples; `tau`, `tau_error` [samples] and `ess` of the `worst` observable, nan and ""
    where there is none; `exact`: name -> exact relaxation time [s]. `steps`: what the draws are, ``sweeps``,
    ``reads`` or ``samples``.
    """

    path: str
    kind: Literal["fabric", "island"]
    size: int
    chains: int
    draws: int
    interval: float
    observables: tuple[Mixing, ...]
    verdict: Verdict
    worst: str
    tau: float
    tau_error: float
    ess: float
    exact: dict[str, float]
    steps: Literal["sweeps", "reads", "samples"] = "samples"

    def of(self, name: str) -> Mixing:
        """The observable `name`."""
        return next(one for one in self.observables if one.name == name)


@dataclass(frozen=True)
class IslandSamples:
    """Recorded voltages of an island: `nodes` (names), `values` (chain, draw, node) [V], `interval` [s]."""

    island: Island | JumpIsland | NonlinearIsland
    nodes: tuple[str, ...]
    values: Floats
    interval: float

    @property
    def complete(self) -> bool:
        """Whether every net was recorded; currents and inner voltages never are."""
        return {name for name in self.island.nodes if "(" not in name} == set(self.nodes)

    def column(self, nets: tuple[str, ...]) -> Floats:
        """Voltages of `nets` in their order (chain, draw, net)."""
        return self.values[:, :, [self.nodes.index(net) for net in nets]]


def island_samples(
    record: Record, program: Program, island: Island | JumpIsland | NonlinearIsland
) -> IslandSamples | None:
    """What was recorded of an island, from its most frequent probes; None if nothing was."""
    probes = [probe for probe in program.probes if probe.kind == "analog" and set(probe.nets) & set(island.nodes)]
    probes = [probe for probe in probes if probe.name in record.samples]
    if not probes:
        return None
    every = min(probe.every for probe in probes)
    columns: dict[str, np.ndarray] = {}
    for probe in probes:
        if probe.every != every:
            continue
        samples = record.samples[probe.name]
        for index, net in enumerate(probe.nets):
            if net in island.nodes:
                columns.setdefault(net, samples[:, :, index])
    nodes = tuple(net for net in island.nodes if net in columns)
    values = np.stack([columns[net] for net in nodes], axis=2).astype(np.float64, copy=False)
    return IslandSamples(island, nodes, values, every / FEMTOSECONDS)


def mode_directions(samples: IslandSamples) -> tuple[Floats, Floats]:
    """Relaxation modes of the drawn network as unit directions over the recorded nodes, with their times [s].

    Empty if a node or a current was not recorded, the network is not linear, or it changes in time. A ringing pair
    gives the real and the imaginary part of its mode.
    """
    if not _linear(samples.island):
        return np.zeros((0, len(samples.nodes))), np.zeros(0)
    own = own_rows(samples.island)
    if len(samples.nodes) < len(own):
        return np.zeros((0, len(samples.nodes))), np.zeros(0)
    from thermosim.analysis.linear import modes

    drawn = samples.island.drawn
    found = modes(*(matrix[np.ix_(own, own)] for matrix in (drawn.capacitance, drawn.conductance)))
    names = [samples.island.nodes[row] for row in own]
    order = [names.index(node) for node in samples.nodes]
    rows = []
    for k, rate in enumerate(found.rates):
        row = found.left[k].imag if np.imag(rate) < 0 else found.left[k].real
        rows.append(row[order] / np.linalg.norm(row))
    return np.array(rows), found.times


def _linear(island: Island | JumpIsland | NonlinearIsland) -> TypeGuard[Island]:
    """Whether one linear law holds all the time."""
    return isinstance(island, Island) and island.moving is None


def projection_directions(path: str, nodes: int) -> Floats:
    """32 fixed random unit directions (32, nodes); none where a single node leaves only one."""
    if nodes < 2:
        return np.zeros((0, nodes))
    directions = generator(0, path, "projections").standard_normal((PROJECTIONS, nodes))
    return np.asarray(directions / np.linalg.norm(directions, axis=1, keepdims=True))


def controlled(program: Program, nets: tuple[str, ...]) -> bool:
    """Whether a controller, or an ADC itself, writes to a DAC that drives one of the nets."""
    written = {net for bank in program.adcs for net in bank.outputs}
    written |= {net for plan in program.controllers for nets_ in plan.writes.values() for net in nets_}
    driven = {
        out for bank in program.dacs for code, out in zip(bank.inputs, bank.outputs, strict=True) if code in written
    }
    return bool(driven & set(nets))


def island_series(samples: IslandSamples, program: Program) -> Iterator[tuple[str, Floats]]:
    """The fixed observables of an island that its law does not hold constant: name and (chain, draw)."""
    nodes = len(samples.nodes)
    if not _linear(samples.island):
        yield from _nonlinear_series(samples)
        return
    still = StillNodes(samples.island, samples.nodes, controlled(program, samples.island.inputs))
    if not still(np.full(nodes, 1.0 / nodes)):
        yield "mean", samples.values.mean(axis=2)
    for k, direction in enumerate(mode_directions(samples)[0]):
        if not still(direction):
            mode = samples.values @ direction
            yield f"mode[{k}]", mode
            yield f"mode[{k}]^2", (mode - mode.mean()) ** 2
    if len(samples.nodes) < len(samples.island.nodes):  # some unknown was not recorded, so no mode is known
        for k, node in enumerate(samples.nodes):
            if not still(np.eye(nodes)[k]):
                yield f"{node}^2", (samples.values[:, :, k] - samples.values[:, :, k].mean()) ** 2
    for k, direction in enumerate(projection_directions(samples.island.path, nodes)):
        if not still(direction):
            yield f"projection[{k}]", samples.values @ direction
    target = mixture_of(program, samples)
    if target is not None and len(target.weights) > 1:
        from thermosim.ideal.gaussian import responsibility

        yield "responsibility", responsibility(target, samples.column(program.target_nets))


def _nonlinear_series(samples: IslandSamples) -> Iterator[tuple[str, Floats]]:
    """The fixed observables of a network without modes: every node, the mean and random projections of several."""
    for k, node in enumerate(samples.nodes):
        yield node, samples.values[:, :, k]
    for k, direction in enumerate(projection_directions(samples.island.path, len(samples.nodes))):
        yield f"projection[{k}]", samples.values @ direction


def fabric_series(record: Record, fabric: Fabric) -> Iterator[tuple[str, np.ndarray]]:
    """The fixed observables of a fabric that its law does not hold constant: name without its path, (chain, draw)."""
    return moving_series(record, fabric.path, lambda draws: HeldSpins(fabric, record, draws))


def moving_series(
    record: Record, path: str, constant: Callable[[int], Callable[[str], bool]]
) -> Iterator[tuple[str, np.ndarray]]:
    """The fixed observables of a fabric but those that `constant` (of the number of draws) says are held by its law.

    All of them where the law leaves none: then the whole fabric is stuck, and rightly so.
    """
    prefix = f"{path}:"
    found = {
        key.removeprefix(prefix): series
        for key, series in record.series.items()
        if key.startswith(prefix) and key != prefix + "states"
    }
    if found:
        held = constant(next(iter(found.values())).size)
        moving = {name: series for name, series in found.items() if not held(name)}
        yield from (moving or found).items()


def mixture_of(program: Program, samples: IslandSamples) -> Mixture | None:
    """The mixture that this island is meant to sample, if it is and all its nets were recorded."""
    if isinstance(program.target, Mixture) and set(program.target_nets) <= set(samples.nodes):
        return program.target
    return None


def fabric_mixing(record: Record, fabric: Fabric, interval: float | None = None) -> PartMixing | None:
    """Mixing of a fabric whose sweep takes `interval` [s], by default its own; None if nothing was recorded of it."""
    series = list(fabric_series(record, fabric))
    if not series:
        return None
    sweep = fabric.ticks * fabric.clock.period
    interval = sweep if interval is None else interval
    part = part_of(fabric.path, "fabric", fabric.nodes, series[0][1].shape, interval * fabric.every, iter(series))
    exact: dict[str, float] = {}
    from thermosim.ideal import disciplines
    from thermosim.ideal import exact as law

    if any(host.fabric == fabric.path for host in record.program.hosts):
        pass  # a controller trims this die: what is known of it as it was built no longer holds
    elif fabric.order not in ("coloured", "sequential"):
        # Where p-bits are picked one by one, picks of those that are held go to waste, which this chain does not know.
        if disciplines.known(fabric) and interval == sweep:
            what = "slowest mode of the chain" if fabric.order == "free" else "slowest mode of the sweep"
            exact[what] = disciplines.relaxation(fabric) * sweep
    elif fabric.rng == "held" and fabric.nodes <= law.SPECTRAL and fabric.input_nets is None:
        what = "slowest mode of the sweep" + (" of a copy alone" if fabric.tempering is not None else "")
        exact[what] = law.sweep_of(fabric).relaxation() * sweep
    return replace(part, exact=exact, steps=_steps(fabric))


def _steps(fabric: Fabric) -> Literal["sweeps", "reads", "samples"]:
    if fabric.read:
        return "reads"
    return "samples" if fabric.order == "free" else "sweeps"


def island_mixing(samples: IslandSamples, program: Program) -> PartMixing | None:
    """Mixing of an island from its samples; None if no noise moves any of them."""
    shape = samples.values.shape[:2]
    if isinstance(samples.island, Island) and samples.island.moving is not None:
        from thermosim.measure.periodic import recorded_phase

        phase = recorded_phase(program, samples.island, round(samples.interval * FEMTOSECONDS), "actual")
        if isinstance(phase, str) and mixture_of(program, samples) is None:
            return _unsettled(samples, phase)
        if not isinstance(phase, str) and not phase[1].any():
            return None
    series = island_series(samples, program)
    part = part_of(samples.island.path, "island", len(samples.island.nodes), shape, samples.interval, series)
    if not part.observables:
        return None
    times = mode_directions(samples)[1]
    return replace(part, exact={f"mode[{k}] of the network alone": float(time) for k, time in enumerate(times)})


def _unsettled(samples: IslandSamples, reason: str) -> PartMixing:
    """What is recorded follows no stationary law, so that times and effective samples mean nothing."""
    chains, draws = samples.values.shape[:2]
    name = samples.nodes[0]
    observable = Mixing(name, math.nan, math.nan, math.nan, math.nan, "not settled", reason)
    return PartMixing(
        samples.island.path, "island", len(samples.island.nodes), chains, draws, samples.interval, (observable,),
        "not settled", "", math.nan, math.nan, math.nan, {},
    )  # fmt: skip


def assess_all(series: Iterable[tuple[str, np.ndarray]]) -> tuple[Mixing, ...]:
    """Mixing of every observable, given as name and (chain, draw)."""
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return tuple(pool.map(lambda item: assess(*item), series))


def part_of(
    path: str, kind: Literal["fabric", "island"], size: int, shape: tuple[int, ...], interval: float,
    series: Iterator[tuple[str, np.ndarray]],
) -> PartMixing:  # fmt: skip
    observables = assess_all(series)
    verdict, slowest = overall(observables), worst(observables)
    chains, draws = shape
    if slowest is None:
        name, tau, error, ess = "", math.nan, math.nan, math.nan
    else:
        name, tau, error = slowest.name, slowest.tau, slowest.tau_error
        ess = math.nan if verdict == "stuck" else chains * draws / tau
    return PartMixing(path, kind, size, chains, draws, interval, observables, verdict, name, tau, error, ess, {})
