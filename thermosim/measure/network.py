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
from thermosim.circuit.branches import Branch, branches
from thermosim.circuit.circuit import Circuit
from thermosim.circuit.program import Island, Program
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats


@dataclass(frozen=True)
class Contribution:
    """Noise of one element: `share` (node,) of each node's variance, and of their sum."""

    path: str
    share: Floats
    of_all: float


@dataclass(frozen=True)
class Flow:
    """Mean power [W]: heat into a bath of `temperature` [K], or work of a source, for which it is None."""

    path: str
    watts: float
    temperature: float | None


@dataclass(frozen=True)
class NetworkAnalysis:
    """Closed forms of one island, over its nodes in their order.

    `mean` [V], `covariance` [V^2]; `times` [s] of the relaxation modes, slowest first, and their `frequencies` [Hz], 0
    where they do not ring; `low_density` [V^2/Hz], one-sided at f = 0; `bandwidth` [Hz]: variance over it;
    `gain` (node, input) at f = 0 from driven nets; `reversible`: detailed balance of the voltages; `circulation`
    [V^2/s]; `visible` entropy production [k/s], None where some direction has no noise; `physical`: sum of heats over
    k T, None where a bath at 0 K takes heat; `heats`, `works`; `contributions` by share. `reason` says why the rest is
    missing.
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
    reversible: bool
    circulation: Floats
    visible: float | None
    physical: float | None
    heats: tuple[Flow, ...]
    works: tuple[Flow, ...]
    contributions: tuple[Contribution, ...]

    @property
    def deviation(self) -> Floats:
        """Standard deviations (node,) [V]."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlation(self) -> Floats:
        """Correlation coefficients (node, node); nan where a node has no noise."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.covariance / np.outer(self.deviation, self.deviation))

    def to_dict(self) -> dict[str, Any]:
        """Plain data with stable keys, in SI; what is undefined is None."""
        plain: dict[str, Any] = {"path": self.path, "nodes": list(self.nodes), "inputs": list(self.inputs)}
        plain |= {"reason": self.reason, "reversible": self.reversible, "visible": self.visible}
        plain |= {"physical": self.physical}
        for name in ("times", "frequencies", "mean", "covariance", "low_density", "bandwidth", "gain", "circulation"):
            plain[name] = _plain(getattr(self, name))
        plain["deviation"] = _plain(self.deviation)
        for name in ("heats", "works"):
            plain[name] = [
                {"path": flow.path, "watts": flow.watts, "temperature": flow.temperature}
                for flow in getattr(self, name)
            ]
        plain["contributions"] = [
            {"path": one.path, "share": _plain(one.share), "of_all": one.of_all} for one in self.contributions
        ]
        return plain


def _plain(values: Floats) -> Any:
    """Nested lists, with None for what is not finite."""
    if values.ndim > 0:
        return [_plain(part) for part in values]
    return float(values) if np.isfinite(values) else None


def analyse(circuit: Circuit, program: Program) -> tuple[NetworkAnalysis, ...]:
    """Every island of a chip."""
    return tuple(_island(circuit, island, program.driven) for island in program.islands)


def _island(circuit: Circuit, island: Island, driven: Mapping[str, float]) -> NetworkAnalysis:
    law, n = island.actual, len(island.nodes)
    found = linear.modes(law.capacitance, law.conductance)
    held = np.array([driven.get(net, 0.0) for net in island.inputs])
    reason, mean, covariance = "", np.full(n, np.nan), np.full((n, n), np.nan)
    try:
        covariance = linear.stationary(law.capacitance, law.conductance, law.noise)
        mean = linear.mean(law.conductance, law.input_conductance, law.current, held)
    except ValueError as error:
        reason = str(error)
    parts = branches(circuit, island, driven)
    drift, spread = linear.drift(law.capacitance, law.conductance), linear.diffusion(law.capacitance, law.noise)
    common: dict[str, Any] = {
        "path": island.path, "nodes": island.nodes, "inputs": island.inputs, "reason": reason, "times": found.times,
        "frequencies": np.abs(np.imag(found.rates)) / (2 * np.pi), "mean": mean, "covariance": covariance,
    }  # fmt: skip
    empty = np.full(n, np.nan)
    if reason:
        return NetworkAnalysis(
            **common, low_density=empty, bandwidth=empty, gain=np.zeros((n, 0)), reversible=False,
            circulation=np.zeros((n, n)), visible=None, physical=None, heats=(), works=(), contributions=(),
        )  # fmt: skip
    zero = np.zeros(1)
    density = spectrum.density(law.capacitance, law.conductance, law.noise, zero)[0].real.diagonal()
    gain = spectrum.transfer(law.capacitance, law.conductance, law.input_conductance, law.input_capacitance, zero)[0]
    heats = tuple(heat_of(branch, law.capacitance, mean, covariance) for branch in parts if branch.conductance > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        bandwidth = np.diag(covariance) / density
    return NetworkAnalysis(
        **common,
        low_density=density,
        bandwidth=bandwidth,
        gain=gain.real,
        reversible=linear.is_reversible(law.capacitance, law.conductance, law.noise),
        circulation=thermodynamics.circulation(drift, covariance, spread),
        visible=thermodynamics.visible_entropy(drift, covariance, spread),
        physical=physical_entropy(heats),
        heats=heats,
        works=works_of(parts, law.capacitance, mean, driven),
        contributions=_contributions(parts, law.capacitance, law.conductance, covariance),
    )


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
        if flow.temperature:
            total += flow.watts / (BOLTZMANN * flow.temperature)
        elif abs(flow.watts) > 1e-12 * scale:
            return None
    return total


def works_of(
    parts: tuple[Branch, ...], capacitance: Floats, mean: Floats, driven: Mapping[str, float]
) -> tuple[Flow, ...]:
    """Work of noise sources without a bath, of current sources, and of the sources of driven nets."""
    found = []
    rails: dict[str, float] = {}
    for branch in parts:
        voltage = float(branch.column @ mean) + branch.held
        if branch.kind == "white_noise":
            work = thermodynamics.noise_work(capacitance, branch.column, branch.intensity)
            found.append(Flow(branch.path, work, None))
        elif branch.kind == "current_source":
            found.append(Flow(branch.path, voltage * branch.current, None))
        else:
            for net, sign in zip(branch.ends, (1.0, -1.0), strict=True):
                if net in driven:
                    rails[net] = rails.get(net, 0.0) + sign * driven[net] * branch.conductance * voltage
    return (*found, *(Flow(net, watts, None) for net, watts in rails.items()))


def _contributions(
    parts: tuple[Branch, ...], capacitance: Floats, conductance: Floats, covariance: Floats
) -> tuple[Contribution, ...]:
    """Share of every noisy element, largest first."""
    variance = np.diag(covariance)
    found = []
    for branch in parts:
        if branch.intensity > 0:
            noise = branch.intensity * np.outer(branch.column, branch.column)
            mine = np.diag(linear.stationary(capacitance, conductance, noise))
            with np.errstate(invalid="ignore", divide="ignore"):
                share = mine / variance
            found.append(Contribution(branch.path, share, float(mine.sum() / variance.sum())))
    return tuple(sorted(found, key=lambda one: -one.of_all))


def imbalance(network: NetworkAnalysis) -> float:
    """Sum of works less sum of heats, as a share of the works: round-off, if the first law holds."""
    works, heats = (math.fsum(flow.watts for flow in flows) for flows in (network.works, network.heats))
    size = max((abs(flow.watts) for flow in (*network.works, *network.heats)), default=0.0)
    return (works - heats) / size if size else 0.0
