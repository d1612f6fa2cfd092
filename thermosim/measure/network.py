"""What is known of an analog network without running it: means, covariances, times, spectra, heat, who makes the noise.

Everything is of this die, stationary, with driven nets held: DAC outputs at their first code, no controller.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thermosim.analysis import linear, spectrum, thermodynamics
from thermosim.circuit.branches import Branch, Group, branches, groups, nets_of, whole_law
from thermosim.circuit.circuit import Circuit
from thermosim.circuit.held_noise import Held, held_in
from thermosim.circuit.noise_states import is_noise, own_rows
from thermosim.circuit.program import Island, Program
from thermosim.circuit.sources import ties
from thermosim.circuit.stamps import ACTIVE, LINEAR, stamp, state_name
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats
from thermosim.measure import coloured
from thermosim.measure.periodic import Periodic, periodic
from thermosim.times import seconds


DUST = 1e-12
"""Of the rates of a network, the part that round-off may pretend to be entropy production."""


@dataclass(frozen=True)
class Contribution:
    """Noise of one element: `share` (node,) of each node's variance, and of their sum."""

    path: str
    share: Floats
    of_all: float


@dataclass(frozen=True)
class Flow:
    """Mean power [W]: heat into a bath of `temperature` [K], or work of a source, for which it is None.

    nan: net heat into parts of several temperatures, or with noise of their own, that meet at an eliminated net.
    """

    path: str
    watts: float
    temperature: float | None


@dataclass(frozen=True)
class NetworkAnalysis:
    """Closed forms of one island, over its unknowns in their order: nets, then i(L) [A], v(A) [V] and n(N) [A].

    `mean` [V], `covariance` [V^2]; `stored` [J]: mean energy in capacitors and in inductors; `times` [s] of the
    relaxation modes, slowest first, and their `frequencies` [Hz], 0 where they do not ring; `low_density`
    [V^2/Hz], one-sided at f = 0; `bandwidth` [Hz]: variance over it; `gain` (node, input) at f = 0 from driven nets;
    `reversible`: detailed balance, with currents odd, None where no law is known; `circulation` [V^2/s]; `visible` entropy production [k/s], None
    where some direction has no noise, or noise has a memory; `physical`: sum of heats over k T, None where a bath at
    0 K takes heat or one has no temperature; `heats`, `works`; `turnover` [W]: what all noise puts in; `contributions`
    by share; `active`: elements whose supplies and noise of their own are in no sum. `reason` says why the rest is missing. With held noise everything is the mean over a period of its clock;
    `edges` (n, n) [V^2]: the covariance just before new levels, None without it or with several clocks.
    """

    path: str
    nodes: tuple[str, ...]
    inputs: tuple[str, ...]
    reason: str
    times: Floats
    frequencies: Floats
    mean: Floats
    covariance: Floats
    low_density: Floats
    bandwidth: Floats
    gain: Floats
    reversible: bool | None
    circulation: Floats
    visible: float | None
    physical: float | None
    heats: tuple[Flow, ...]
    works: tuple[Flow, ...]
    contributions: tuple[Contribution, ...]
    stored: tuple[float, float] = (math.nan, math.nan)
    turnover: float = 0.0
    periodic: Periodic | None = None
    """Of a network that changes in time and repeats: its state at the phases; then all but `times` is undefined."""
    edges: Floats | None = None
    active: tuple[str, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """V, or A for currents."""
        return tuple("A" if name.startswith(("i(", "n(")) else "V" for name in self.nodes)

    @property
    def deviation(self) -> Floats:
        """Standard deviations (node,) [V]."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlation(self) -> Floats:
        """Correlation coefficients (node, node); nan where a node has no noise."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.covariance / np.outer(self.deviation, self.deviation))

    def cleaned(self, rate: float | None) -> float | None:
        """A rate of entropy [k/s] without the dust of round-off: each mode gives and takes about k in its time."""
        if rate is None:
            return None
        with np.errstate(divide="ignore"):
            return 0.0 if abs(rate) < DUST * float(np.abs(1 / self.times).sum()) else rate

    def to_dict(self) -> dict[str, Any]:
        """Plain data with stable keys, in SI; what is undefined is None."""
        plain: dict[str, Any] = {"path": self.path, "nodes": list(self.nodes), "inputs": list(self.inputs)}
        plain |= {"reason": self.reason, "reversible": self.reversible, "visible": self.cleaned(self.visible)}
        plain |= {"physical": self.cleaned(self.physical), "active": list(self.active)}
        plain |= {"stored": [_plain(np.array(energy)) for energy in self.stored]}
        for name in ("times", "frequencies", "mean", "covariance", "low_density", "bandwidth", "gain", "circulation"):
            plain[name] = _plain(getattr(self, name))
        plain["deviation"] = _plain(self.deviation)
        plain["edges"] = None if self.edges is None else _plain(self.edges)
        for name in ("heats", "works"):
            plain[name] = [
                {
                    "path": flow.path,
                    "watts": flow.watts,
                    "temperature": None if flow.temperature is None else _plain(np.array(flow.temperature)),
                }
                for flow in getattr(self, name)
            ]
        plain["contributions"] = [
            {"path": one.path, "share": _plain(one.share), "of_all": one.of_all} for one in self.contributions
        ]
        if self.periodic is not None:
            found = self.periodic
            plain["periodic"] = {
                "period": seconds(found.period),
                "times": [seconds(time) for time in found.times],
                "mean": _plain(found.state.means),
                "covariance": _plain(found.state.covariances),
            }
        return plain


def _plain(values: Floats) -> Any:
    """Nested lists, with None for what is not finite."""
    if values.ndim > 0:
        return [_plain(part) for part in values]
    return float(values) if np.isfinite(values) else None


def analyse(circuit: Circuit, program: Program) -> tuple[NetworkAnalysis, ...]:
    """Every island of a chip."""
    return tuple(_island(circuit, island, program) for island in program.islands)


def _moving(island: Island, driven: Mapping[str, float]) -> NetworkAnalysis:
    """What is known of an island that changes in time: the state that repeats, if everything does."""
    n = len(island.nodes)
    empty, square = np.full(n, np.nan), np.full((n, n), np.nan)
    reason, times, found = "", np.zeros(0), None
    try:
        found = periodic(island, driven)
    except ValueError as error:
        reason = str(error)
    else:
        with np.errstate(divide="ignore"):
            times = -seconds(found.period) / np.log(np.abs(found.state.multipliers))
    return NetworkAnalysis(
        island.path, island.nodes, island.inputs, reason, times, np.zeros(len(times)), empty, square, empty, empty,
        np.zeros((n, 0)), None, square, None, None, (), (), (), periodic=found,
    )  # fmt: skip


def _island(circuit: Circuit, island: Island, program: Program) -> NetworkAnalysis:
    if island.moving is not None:
        return _moving(island, program.driven)
    law, n, own, driven = island.actual, len(island.nodes), own_rows(island), program.driven
    nets = [k for k, name in enumerate(island.inputs) if not is_noise(name)]
    levels: Held | None = None
    found = linear.modes(law.capacitance[np.ix_(own, own)], law.conductance[np.ix_(own, own)])
    held = np.array([driven.get(net, 0.0) for net in island.inputs])
    reason, mean, covariance = "", np.full(n, np.nan), np.full((n, n), np.nan)
    try:
        covariance = linear.stationary(law.capacitance, law.conductance, law.noise)
        levels = held_in(island, program.held, "actual")
        covariance = covariance if levels is None else covariance + levels.mean
        mean = linear.mean(law.conductance, law.input_conductance, law.current, held) + 0.0
    except ValueError as error:
        reason = str(error)
    parts, gathered = branches(circuit, island, driven), groups(circuit, island, driven)
    drift, spread = linear.drift(law.capacitance, law.conductance), linear.diffusion(law.capacitance, law.noise)
    open_nets = tuple(island.inputs[k] for k in nets)
    common: dict[str, Any] = {
        "path": island.path, "nodes": island.nodes, "inputs": open_nets, "reason": reason, "times": found.times,
        "frequencies": np.abs(np.imag(found.rates)) / (2 * np.pi), "mean": mean, "covariance": covariance,
    }  # fmt: skip
    empty = np.full(n, np.nan)
    if reason:
        return NetworkAnalysis(
            **common, low_density=empty, bandwidth=empty, gain=np.zeros((n, 0)), reversible=None,
            circulation=np.full((n, n), np.nan), visible=None, physical=None, heats=(), works=(), contributions=(),
        )  # fmt: skip
    zero = np.zeros(1)
    density = spectrum.density(law.capacitance, law.conductance, law.noise, zero)[0].real.diagonal()
    gain = spectrum.transfer(law.capacitance, law.conductance, law.input_conductance, law.input_capacitance, zero)[0]
    density = density if levels is None else density + np.abs(gain) ** 2 @ levels.density
    volts = _mean_volts(circuit, island, driven, held)
    stores = np.array([0.0 if name.startswith(("v(", "n(")) else 1.0 for name in island.nodes])
    powers = [_power(circuit, group, law.capacitance, covariance, stores, volts) for group in gathered]
    if levels is not None:
        powers = [
            power - float(stores @ (group.law.input_conductance * levels.with_levels).sum(axis=1))
            for power, group in zip(powers, gathered, strict=True)
        ]
    heats = (
        *(heat_of(branch, law.capacitance, mean, covariance) for branch in parts if branch.conductance > 0),
        *(Flow(group.path, p, group.bath) for group, p in zip(gathered, powers, strict=True) if not group.active),
    )
    works = (
        *_noise_works(parts, law.capacitance),
        *(Flow(path, work, None) for path, work in coloured.works(circuit, island, driven, covariance, levels)),
        *(Flow(group.path, -p, None) for group, p in zip(gathered, powers, strict=True) if group.active),
        *_works(circuit, driven, volts),
    )
    currents, memory = island.parity < 0, len(own) < n or levels is not None
    energy = law.capacitance * (covariance + np.outer(mean, mean)) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        bandwidth = np.diag(covariance) / density
    return NetworkAnalysis(
        **common,
        low_density=density,
        bandwidth=bandwidth,
        gain=gain.real[:, nets],
        reversible=levels is None and coloured.reversible(island)
        if memory
        else linear.is_reversible(law.capacitance, law.conductance, law.noise, island.parity),
        active=tuple(
            instance.element(k) for group in gathered for instance, k in group.members if instance.type in ACTIVE
        ),
        circulation=thermodynamics.circulation(drift, covariance, spread),
        visible=None if memory else thermodynamics.visible_entropy(drift, covariance, spread, island.parity),
        physical=physical_entropy(heats),
        heats=heats,
        works=works,
        contributions=_contributions(
            island, parts, gathered, tuple(coloured.noises(circuit, island, driven)), levels, covariance
        ),
        stored=(float(energy[np.ix_(stores * ~currents > 0, stores * ~currents > 0)].sum()),
                float(energy[np.ix_(currents, currents)].sum())),
        edges=None if levels is None or levels.edges is None else covariance - levels.mean + levels.edges,
        turnover=float(np.einsum("i,ij,ji->", stores, np.linalg.inv(law.capacitance), law.noise) / 2),
    )  # fmt: skip


def _mean_volts(circuit: Circuit, island: Island, driven: Mapping[str, float], held: Floats) -> dict[str, float]:
    """Mean of every unknown, eliminated and tied nets included, and of driven nets and ground."""
    unknowns, law = whole_law(circuit, island, driven)
    values = linear.mean(law.conductance, law.input_conductance, law.current, held)
    volts = {**driven, "0": 0.0, **dict(zip(unknowns, values.tolist(), strict=True))}
    tied = ties(circuit, driven, "actual")
    return volts | {net: volts[base] + above for net, (base, above) in tied.items() if base in volts}


def _power(
    circuit: Circuit, group: Group, capacitance: Floats, covariance: Floats, stores: Floats, volts: Mapping[str, float]
) -> float:
    """Mean power into a group [W]."""
    total = thermodynamics.part_power(capacitance, covariance, group.law.conductance, group.law.noise, stores)
    for instance, k in group.members:
        at = {pin: volts[net] for pin, net in nets_of(instance, k).items()}
        if instance.type == "resistor":
            total += (at["p"] - at["n"]) ** 2 / float(instance.actual["r"][k])
        elif instance.type == "transconductance":
            total -= (at["p"] - at["n"]) * float(instance.actual["gm"][k]) * (at["cp"] - at["cn"])
        elif instance.type == "vcvs":
            total -= (at["p"] - at["n"]) * volts[state_name(instance, k)]
        elif instance.type == "amplifier":
            inner = volts[state_name(instance, k)]
            total += at["out"] * (at["out"] - inner) / float(instance.actual["output_resistance"][k])
    return total


def heat_of(branch: Branch, capacitance: Floats, mean: Floats, covariance: Floats) -> Flow:
    """Mean heat into one resistor."""
    voltage = float(branch.column @ mean) + branch.held
    watts = thermodynamics.heat_rate(
        capacitance, covariance, branch.column, voltage, branch.conductance, branch.intensity
    )
    return Flow(branch.path, watts, branch.temperature)


def physical_entropy(heats: tuple[Flow, ...]) -> float | None:
    """Entropy production of all baths [k/s]; None where a bath at 0 K takes heat."""
    total = 0.0
    scale = max((abs(flow.watts) for flow in heats), default=0.0)
    for flow in heats:
        if flow.temperature is not None and math.isnan(flow.temperature):
            return None
        if flow.temperature:
            total += flow.watts / (BOLTZMANN * flow.temperature)
        elif abs(flow.watts) > 1e-12 * scale:
            return None
    return total


def _noise_works(parts: tuple[Branch, ...], capacitance: Floats) -> tuple[Flow, ...]:
    """Work of noise sources without a bath."""
    return tuple(
        Flow(branch.path, thermodynamics.noise_work(capacitance, branch.column, branch.intensity), None)
        for branch in parts
        if branch.kind in ("white_noise", "shot_noise")
    )


def _works(circuit: Circuit, driven: Mapping[str, float], volts: Mapping[str, float]) -> tuple[Flow, ...]:
    """Work of current sources, of driven nets and of sources between free nets, on what touches this island."""
    tied = ties(circuit, driven, "actual")
    found: list[Flow] = []
    rails: dict[str, float] = {}

    def deliver(net: str, current: float) -> None:
        """The mean current that leaves a net into an element is the work of what holds the net."""
        above = driven[net] if net in driven else tied[net][1] if net in tied else 0.0
        if net in driven or net in tied:
            rails[net] = rails.get(net, 0.0) + above * current

    for instance in circuit.of_type(*LINEAR, "inductor", "transconductance", "vcvs", "amplifier"):
        at = stamp(instance, "actual", circuit.netlist.temperature) if instance.type in LINEAR else None
        for k in range(instance.size):
            nets = nets_of(instance, k)
            free = [net for net in nets.values() if net != "0" and net not in driven]
            if not free or not all(net in volts for net in nets.values()):
                continue
            if instance.type == "amplifier":
                ohms = float(instance.actual["output_resistance"][k])
                deliver(nets["out"], (volts[nets["out"]] - volts[state_name(instance, k)]) / ohms)
                continue
            if instance.type == "transconductance":
                current = -float(instance.actual["gm"][k]) * (volts[nets["cp"]] - volts[nets["cn"]])
            elif at is None:
                current = volts[state_name(instance, k)] * (-1 if instance.type == "vcvs" else 1)
            else:
                conductance, _, _, source = at(k)
                across = volts[nets["p"]] - volts[nets["n"]]
                current = conductance * across - source
                if source:
                    found.append(Flow(instance.element(k), across * source, None))
            deliver(nets["p"], current)
            deliver(nets["n"], -current)
    return (*found, *(Flow(net, watts, None) for net, watts in rails.items()))


def _contributions(
    island: Island,
    parts: tuple[Branch, ...],
    gathered: tuple[Group, ...],
    remembering: tuple[tuple[str, Floats], ...],
    levels: Held | None,
    covariance: Floats,
) -> tuple[Contribution, ...]:
    """Share of every noisy element, largest first; of all nets, if there are any."""
    capacitance, conductance = island.actual.capacitance, island.actual.conductance
    variance = np.diag(covariance)
    nets = np.array(["(" not in name for name in island.nodes])
    nets |= not nets.any()
    found = []
    if levels is not None:
        for name, part in levels.shares.items():
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.diag(part) / variance
            found.append(Contribution(name[2:-1], share, float(np.diag(part)[nets].sum() / variance[nets].sum())))
    sources = [(branch.path, branch.intensity * np.outer(branch.column, branch.column)) for branch in parts]
    loud = [
        (path, noise)
        for path, noise in (*sources, *remembering, *((group.path, group.law.noise) for group in gathered))
        if noise.any()
    ]
    every = linear.variances(capacitance, conductance, (noise for _, noise in loud))
    for (path, _), mine in zip(loud, every, strict=True):
        with np.errstate(invalid="ignore", divide="ignore"):
            share = mine / variance
        found.append(Contribution(path, share, float(mine[nets].sum() / variance[nets].sum())))
    return tuple(sorted(found, key=lambda one: -one.of_all))


def imbalance(network: NetworkAnalysis) -> float:
    """Sum of works less sum of heats, as a share of the largest power: round-off, if the first law holds."""
    works, heats = (math.fsum(flow.watts for flow in flows) for flows in (network.works, network.heats))
    size = max((abs(flow.watts) for flow in (*network.works, *network.heats)), default=0.0)
    size = max(size, network.turnover)
    return (works - heats) / size if size else 0.0
