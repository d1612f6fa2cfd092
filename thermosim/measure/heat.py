"""The second ledger of a run: heat by bath, work by source, entropy, the first law; closed forms beside them.

rate = (sum over the window) / duration, its error from the spread over replicas
entropy given to the baths  sum_b Q_b / (k T_b)   [k/s];   residue  work - heat - energy gained, which is round-off
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from thermosim.analysis import linear, thermodynamics
from thermosim.circuit.branches import Branch
from thermosim.circuit.program import Island, Program
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats
from thermosim.measure.network import DUST, Flow, heat_of, physical_entropy
from thermosim.measure.periodic_heat import periodic_flows
from thermosim.record import Record
from thermosim.times import seconds
from thermosim.units import show


@dataclass(frozen=True)
class Rate:
    """Mean power [W] into a bath of `temperature` [K], or done by a source or on a capacitor that is `turned`, for
    which it is None.

    `error` [W], nan with one replica; `joules` in the window, mean of the replicas; `thermal`: watts / (k T) [1/s], nan
    at 0 K and for sources; `expected` [W]: the closed form of the stationary state, nan where there is none.
    """

    path: str
    temperature: float | None
    watts: float
    error: float
    joules: float
    thermal: float
    expected: float
    turned: bool = False


@dataclass(frozen=True)
class Heat:
    """Second ledger of one island over `seconds`.

    `entropy` [k/s] that the baths took up, nan where one is at 0 K, with its error and closed form; `gained` [J]:
    stored energy, mean of the replicas; `residue`: the largest error of the first law in any replica over the largest
    sum of magnitudes in its ledger. `reason` says why there is no closed form.
    """

    path: str
    seconds: float
    baths: tuple[Rate, ...]
    sources: tuple[Rate, ...]
    entropy: float
    entropy_error: float
    entropy_expected: float
    gained: float
    residue: float
    reason: str


def heats(record: Record, program: Program) -> tuple[Heat, ...]:
    """The ledger of every linear island, where the netlist's `measure` asks for heat."""
    if "heat" not in program.measures:
        return ()
    return tuple(_island(record, program, island) for island in program.islands)


def _island(record: Record, program: Program, island: Island) -> Heat:
    parts = program.branches[island.path]
    heat, work, gained = (record.sums[f"{island.path}:{name}"] for name in ("heat", "work", "gained"))
    span = seconds(int(record.sums[f"{island.path}:booked"][0]))
    flows, reason = _closed(program, island, parts)
    physical = physical_entropy(tuple(one for one in flows.values() if one.temperature is not None)) if flows else None
    baths = [k for k, part in enumerate(parts) if part.temperature is not None]
    temperatures = np.array([parts[k].temperature for k in baths], dtype=float)

    def rate(path: str, temperature: float | None, joules: Floats) -> Rate:
        watts, error = _mean(joules / span) if span else (math.nan, math.nan)
        known = flows[path].watts if path in flows else math.nan
        thermal = watts / (BOLTZMANN * temperature) if temperature else math.nan
        return Rate(path, temperature, watts, error, float(joules.mean()), thermal, known)

    sources = [
        replace(rate(part.path, None, -heat[k]), turned=part.farads > 0)
        for k, part in enumerate(parts)
        if part.temperature is None
    ]
    sources += [rate(net, None, work[k]) for k, net in enumerate(island.inputs)]
    entropy, error = math.nan, math.nan
    if span and np.all(temperatures > 0):
        entropy, error = _mean((heat[baths] / (BOLTZMANN * temperatures[:, np.newaxis])).sum(axis=0) / span)
    size = np.abs(heat).sum(axis=0) + np.abs(work).sum(axis=0) + np.abs(gained)
    residue = np.abs(work.sum(axis=0) - heat.sum(axis=0) - gained)
    return Heat(
        island.path, span,
        tuple(rate(parts[k].path, parts[k].temperature, heat[k]) for k in baths), tuple(sources),
        entropy, error, math.nan if physical is None else physical, float(gained.mean()),
        float(np.max(residue / np.where(size > 0, size, 1.0), initial=0.0)), reason,
    )  # fmt: skip


def _mean(values: Floats) -> tuple[float, float]:
    """Mean over replicas and its standard error, nan with one."""
    count = len(values)
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(count)) if count > 1 else math.nan


def _closed(program: Program, island: Island, parts: tuple[Branch, ...]) -> tuple[Mapping[str, Flow], str]:
    """Mean powers by path in the stationary state, or the reason why there are none."""
    moved = {net for bank in program.dacs for net in bank.outputs} & set(island.inputs)
    if moved:
        return {}, f"'{sorted(moved)[0]}' is moved by a converter, so no stationary state is known"
    if island.moving is not None:
        return _repeating(program, island, parts)
    law = island.actual
    try:
        covariance = linear.stationary(law.capacitance, law.conductance, law.noise)
        held = np.array([program.driven[net] for net in island.inputs])
        mean = linear.mean(law.conductance, law.input_conductance, law.current, held)
    except ValueError as error:
        return {}, str(error)
    parts = tuple(
        replace(part, held=sum(s * program.driven.get(net, 0.0) for net, s in zip(part.ends, (1.0, -1.0), strict=True)))
        for part in parts
    )
    flows = [heat_of(part, law.capacitance, mean, covariance) for part in parts if part.conductance > 0]
    works = works_of(parts, island, mean, program.driven)
    dust = DUST * float(np.trace(np.linalg.solve(law.capacitance, law.noise))) / 2  # of what noise turns over
    return {one.path: one if abs(one.watts) > dust else replace(one, watts=0.0) for one in (*flows, *works)}, ""


def _repeating(program: Program, island: Island, parts: tuple[Branch, ...]) -> tuple[Mapping[str, Flow], str]:
    """Mean powers in the state that repeats, where the window holds whole periods."""
    try:
        flows, found = periodic_flows(island, parts, program.driven)
    except ValueError as error:
        return {}, str(error)
    if program.duration % found.period:
        period = show(seconds(found.period), "s")
        return {}, f"it changes in time and the window is no whole number of its periods of {period}"
    return flows, ""


def works_of(parts: tuple[Branch, ...], island: Island, mean: Floats, driven: Mapping[str, float]) -> tuple[Flow, ...]:
    """Work of noise sources without a bath, of current sources, and of the sources of driven nets."""
    found = []
    law, coils = island.actual, island.parity < 0
    through = mean[coils] @ law.input_conductance[coils]  # mean current out of each driven net into inductors
    rails = {net: driven[net] * float(current) for net, current in zip(island.inputs, through, strict=True) if current}
    for branch in parts:
        voltage = float(branch.column @ mean) + branch.held
        if branch.temperature is None:
            work = thermodynamics.noise_work(law.capacitance, branch.column, branch.intensity)
            found.append(Flow(branch.path, work + voltage * branch.current, None))
        else:
            for net, sign in zip(branch.ends, (1.0, -1.0), strict=True):
                if net in driven:
                    rails[net] = rails.get(net, 0.0) + sign * driven[net] * branch.conductance * voltage
    return (*found, *(Flow(net, watts, None) for net, watts in rails.items()))
