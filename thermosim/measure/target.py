"""Distance of islands from the law that they are meant to sample, with what a perfect sampler of equal length scores.

Islands of which a declared mixture speaks: that mixture, jointly where it extends over several. Other islands without a
controller: the exact Gaussian law of the network as drawn, sources and parts at their drawn values. In both the
Kolmogorov-Smirnov distance along fixed directions (those that a mixture's means span, the relaxation modes, eight
random projections) and the error of the covariance.

Fabrics: :mod:`thermosim.measure.spins` and :mod:`thermosim.measure.dits`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thermosim.analysis.distance import Distance, covariance_error, kolmogorov_smirnov
from thermosim.analysis.mixing import integrated_time
from thermosim.circuit.noise_states import is_noise
from thermosim.circuit.nonlinear_law import NonlinearIsland
from thermosim.circuit.program import Island, JumpIsland, Program
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats, Mixture
from thermosim.ideal.gaussian import GaussianMixture, gaussian, of_mixture, principal_directions
from thermosim.measure.mixing import (
    IslandSamples,
    PartMixing,
    controlled,
    mixture_of,
    mode_directions,
    projection_directions,
)
from thermosim.times import FEMTOSECONDS
from thermosim.units import show

KS_PROJECTIONS = 8
STUCK = "no distance: the samples are stuck"


@dataclass(frozen=True)
class Target:
    """Distances of one island or fabric from its laws; `note` says why there are none, or what to know of them."""

    path: str
    law: str
    distances: tuple[Distance, ...]
    note: str = ""


def held_inputs(program: Program, nets: tuple[str, ...]) -> Floats:
    """Voltage at which each driven net is held, as drawn, when no controller moves it [V]."""
    return np.array([program.drawn_driven[net] for net in nets], dtype=np.float64)


@dataclass(frozen=True)
class IslandLaw:
    """The law that an island is meant to sample, over `nodes`; `directions` are those that its means span."""

    name: str
    law: GaussianMixture
    nodes: tuple[str, ...]
    directions: tuple[tuple[str, Floats], ...]


def island_law(program: Program, samples: IslandSamples) -> IslandLaw | str:
    """The law of an island, or why it has none."""
    island = samples.island
    if isinstance(program.target, Mixture) and set(program.target_nets) & set(island.nodes):
        mixture = mixture_of(program, samples)
        if mixture is None:
            missing = ", ".join(net for net in program.target_nets if net not in samples.nodes)
            return f"the target mixture speaks of {missing}, which was not recorded together with the rest of it"
        named = tuple((f"principal[{k}]", row) for k, row in enumerate(principal_directions(mixture)))
        return IslandLaw("the target mixture", of_mixture(mixture), program.target_nets, named)
    if isinstance(island, JumpIsland):
        return "transistors make it nonlinear and the netlist names no target law"
    if isinstance(island, NonlinearIsland):
        kelvin = island.drawn.kelvin(island.parity)
        if kelvin is None:
            return "it is nonlinear: its law is no Gaussian"
        rows = [island.nodes.index(node) for node in samples.nodes]
        directions = tuple(zip(samples.nodes, np.eye(len(rows)), strict=True))
        inverse = np.linalg.inv(island.drawn.linear.capacitance)[np.ix_(rows, rows)]
        covariance = np.asarray(BOLTZMANN * kelvin * inverse, dtype=np.float64)
        return IslandLaw("thermal equilibrium", gaussian(np.zeros(len(rows)), covariance), samples.nodes, directions)
    if controlled(program, island.inputs):
        return "a converter moves its inputs and the netlist names no target law"
    held = [name for name in island.inputs if is_noise(name)]
    if held:
        return (
            f"held noise ({held[0][2:-1]}) leaves a law that turns with its clock, and the netlist names no target law"
        )
    if not samples.complete:
        return "not all of its nodes were recorded"
    if island.moving is not None:
        return _repeating(program, samples, island)
    from thermosim.analysis.linear import mean, stationary

    drawn = island.drawn
    try:
        centre = mean(drawn.conductance, drawn.input_conductance, drawn.current, held_inputs(program, island.inputs))
        covariance = stationary(drawn.capacitance, drawn.conductance, drawn.noise)
    except ValueError as error:
        return str(error)
    order = [island.nodes.index(node) for node in samples.nodes]
    return IslandLaw(
        "the network as drawn", gaussian(centre[order], covariance[np.ix_(order, order)]), samples.nodes, ()
    )


def _repeating(program: Program, samples: IslandSamples, island: Island) -> IslandLaw | str:
    """The periodic state of an island that changes in time, at the phase at which it was recorded."""
    from thermosim.measure.periodic import recorded_phase

    found = recorded_phase(program, island, round(samples.interval * FEMTOSECONDS), "drawn")
    if isinstance(found, str):
        return found
    centre, covariance = found
    order = [island.nodes.index(node) for node in samples.nodes]
    law = gaussian(centre[order], covariance[np.ix_(order, order)])
    alone = tuple(zip(samples.nodes, np.eye(len(order)), strict=True))
    return IslandLaw("the network as drawn, at this phase", law, samples.nodes, alone)


def island_target(
    program: Program, samples: IslandSamples, mixing: PartMixing, meta: Mapping[str, Any] | None = None
) -> Target:
    """Distances of an island from the mixture it is driven to, or from the network's own Gaussian law."""
    found = island_law(program, samples)
    if isinstance(found, str) and isinstance(samples.island, NonlinearIsland):
        return _nonlinear_target(program, samples, samples.island, mixing, meta or {})
    if isinstance(found, str):
        return Target(samples.island.path, "none", (), found)
    if mixing.verdict == "stuck":
        return Target(samples.island.path, found.name, (), STUCK)
    if not math.isfinite(mixing.tau):
        return Target(samples.island.path, found.name, (), "no distance: too few samples")
    if not found.law.total_covariance.any():
        return Target(samples.island.path, found.name, (), "no distance: this law has no scatter")
    values = samples.column(found.nodes)
    distances = _along(found, values, samples, mixing)
    flat = values.reshape(-1, values.shape[-1])
    squares = [one.tau for one in mixing.observables if one.name.endswith("^2") and math.isfinite(one.tau)]
    length = len(flat) / max(squares, default=mixing.tau)
    perfect = found.law.draw(20_000, np.random.default_rng(0))
    sample = np.atleast_2d(np.cov(flat.T))
    distances.append(covariance_error(sample, found.law.total_covariance, perfect, found.name, length))
    return Target(samples.island.path, found.name, tuple(distances))


def _nonlinear_target(
    program: Program, samples: IslandSamples, island: NonlinearIsland, mixing: PartMixing, meta: Mapping[str, Any]
) -> Target:
    """Distances of a nonlinear island from its Boltzmann law, if it has one."""
    from thermosim.measure.nonlinear import LAW, distances, shift_by_step

    if isinstance(program.target, Mixture) and set(program.target_nets) & set(island.nodes):
        return Target(island.path, "none", (), str(island_law(program, samples)))
    if controlled(program, island.inputs):
        return Target(island.path, "none", (), "a converter moves its inputs and the netlist names no target law")
    if mixing.verdict == "stuck":
        return Target(island.path, LAW, (), STUCK)
    try:
        found = distances(island, held_inputs(program, island.inputs), samples.nodes, samples.values)
    except ValueError as error:
        return Target(island.path, "none", (), f"no closed law: {error}")
    note = "" if found else "no distance: too few samples"
    step = meta.get("nonlinear", {}).get(island.path, {}).get("longest step [s]")
    if found and step and len(island.nodes) == 1:
        held = np.array([program.driven[net] for net in island.inputs])
        note = f"steps of {show(step, 's', 3)} shift its variance by {shift_by_step(island, held, step):+.1g} of itself"
    return Target(island.path, LAW, found, note)


def _along(found: IslandLaw, values: Floats, samples: IslandSamples, mixing: PartMixing) -> list[Distance]:
    """KS distances along the fixed directions, each with the autocorrelation time of its own projection."""
    directions = list(found.directions)
    if set(found.nodes) == set(samples.nodes):
        order = [samples.nodes.index(node) for node in found.nodes]
        directions += [(f"mode[{k}]", row[order]) for k, row in enumerate(mode_directions(samples)[0])]
        fixed = projection_directions(samples.island.path, len(samples.nodes))[:KS_PROJECTIONS]
        directions += [(f"projection[{k}]", row[order]) for k, row in enumerate(fixed)]
    known = {one.name: one.tau for one in mixing.observables}
    distances: list[Distance] = []
    done: list[Floats] = []
    for label, direction in directions:
        if any(abs(direction @ other) > 1 - 1e-9 for other in done):
            continue
        done.append(direction)
        projected = values @ direction
        tau = known[label] if label in known else integrated_time(projected).tau
        if math.isfinite(tau) and direction @ found.law.covariance @ direction > 0:
            cdf = found.law.cdf(direction, projected)
            distances.append(kolmogorov_smirnov(cdf, found.name, tau, f"KS along {label}"))
    return distances
