"""Distance of what ran from the law that it is meant to sample, with what a perfect sampler of equal length scores.

Islands without a controller: the exact Gaussian law of the network as drawn. Islands under a controller with a
mixture as target: that mixture. In both the Kolmogorov-Smirnov distance along fixed directions (those that a mixture's
means span, the relaxation modes, eight random projections) and the error of the covariance.

Fabrics up to 20 p-bits: TV and KL from the enumerated law. Larger ones: pair correlations, means, energy and array
means against a long heat-bath run. The laws are `as drawn`; `as programmed` where quantisation changed a weight; and
`as built` up to 14 held p-bits, the stationary law of this die with its mismatch: what is left there is dynamics.

Energies and array means are compared in units of the law's standard deviation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from thermosim.analysis.distance import (
    Distance,
    covariance_error,
    histogram_distances,
    kolmogorov_smirnov,
    moment_error,
)
from thermosim.analysis.mixing import assess, integrated_time
from thermosim.circuit.discipline import discipline
from thermosim.circuit.program import Fabric, IsingLaw, Program
from thermosim.contracts import Floats
from thermosim.ideal import disciplines, exact
from thermosim.ideal.gaussian import GaussianMixture, gaussian, of_mixture, principal_directions
from thermosim.measure.mixing import IslandSamples, PartMixing, mixture_of, mode_directions, projection_directions
from thermosim.record import Record

if TYPE_CHECKING:
    from thermosim.ideal.gibbs import HeatBath

KS_PROJECTIONS = 8
REFERENCE_SWEEPS = 1000


@dataclass(frozen=True)
class Target:
    """Distances of one island or fabric from its laws; `note` says why there are none, or what to know of them."""

    path: str
    law: str
    distances: tuple[Distance, ...]
    note: str = ""


def held_inputs(program: Program, nets: tuple[str, ...]) -> Floats:
    """Voltage at which each driven net is held when no controller moves it [V]."""
    idle = {net: float(bank.levels[k, bank.initial]) for bank in program.dacs for k, net in enumerate(bank.outputs)}
    return np.array([program.driven[net] if net in program.driven else idle[net] for net in nets], dtype=np.float64)


def controlled(program: Program, nets: tuple[str, ...]) -> bool:
    """Whether some controller writes to a DAC that drives one of the nets."""
    written = {net for plan in program.controllers for nets_ in plan.writes.values() for net in nets_}
    driven = {
        out for bank in program.dacs for code, out in zip(bank.inputs, bank.outputs, strict=True) if code in written
    }
    return bool(driven & set(nets))


@dataclass(frozen=True)
class IslandLaw:
    """The law that an island is meant to sample, over `nodes`; `directions` are those that its means span."""

    name: str
    law: GaussianMixture
    nodes: tuple[str, ...]
    directions: tuple[tuple[str, Floats], ...]


def island_law(program: Program, samples: IslandSamples) -> IslandLaw | str:
    """The law of an island, or why it has none."""
    island, mixture = samples.island, mixture_of(program, samples)
    if mixture is not None:
        named = tuple((f"principal[{k}]", row) for k, row in enumerate(principal_directions(mixture)))
        return IslandLaw("the target mixture", of_mixture(mixture), program.target_nets, named)
    if controlled(program, island.inputs):
        return "a controller drives it and the netlist names no target law"
    if not samples.complete:
        return "not all of its nodes were recorded"
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


def island_target(program: Program, samples: IslandSamples, mixing: PartMixing) -> Target:
    """Distances of an island from the mixture it is driven to, or from the network's own Gaussian law."""
    found = island_law(program, samples)
    if isinstance(found, str):
        return Target(samples.island.path, "none", (), found)
    if mixing.verdict == "stuck":
        return Target(samples.island.path, found.name, (), "no distance: the samples are stuck")
    values = samples.column(found.nodes)
    distances = _along(found, values, samples, mixing)
    flat = values.reshape(-1, values.shape[-1])
    squares = [one.tau for one in mixing.observables if one.name.endswith("^2") and math.isfinite(one.tau)]
    length = len(flat) / max(squares, default=mixing.tau)
    perfect = found.law.draw(20_000, np.random.default_rng(0))
    sample = np.atleast_2d(np.cov(flat.T))
    distances.append(covariance_error(sample, found.law.total_covariance, perfect, found.name, length))
    return Target(samples.island.path, found.name, tuple(distances))


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


def same_law(a: IsingLaw, b: IsingLaw) -> bool:
    """Whether two laws of one fabric agree to the last bit."""
    return np.array_equal(a.weights, b.weights) and np.array_equal(a.biases, b.biases) and a.beta == b.beta


def fabric_laws(fabric: Fabric, wanted: str) -> list[tuple[str, IsingLaw]]:
    """The laws to be held against, the declared one first."""
    laws = [("as drawn", fabric.drawn)]
    if not same_law(fabric.drawn, fabric.programmed):
        laws.append(("as programmed", fabric.programmed))
    return laws[::-1] if wanted == "as_programmed" else laws


def enumerated_target(record: Record, fabric: Fabric, wanted: str) -> Target:
    """TV and KL of a small fabric from its enumerated laws."""
    states = record.series[f"{fabric.path}:states"]
    distances: list[Distance] = []
    laws = [(name, exact.probabilities(law)) for name, law in fabric_laws(fabric, wanted)]
    built = _built(fabric)
    if built is not None and float(np.abs(built - laws[-1][1]).sum()) > 1e-9:
        laws.append(("as built", built))
    for name, p in laws:
        distances += histogram_distances(states, p, name)
    return Target(fabric.path, laws[0][0], tuple(distances), _doubt(fabric))


def _doubt(fabric: Fabric) -> str:
    known = discipline(fabric)
    return "" if known.boltzmann else f"the sampled law is not Boltzmann's ({known.reason})"


def _built(fabric: Fabric) -> Floats | None:
    """The law that this die's dynamics leave fixed; None where it is not known."""
    if fabric.order not in ("coloured", "sequential"):
        return disciplines.stationary(fabric) if disciplines.known(fabric) else None
    if fabric.nodes <= exact.STATIONARY and fabric.rng == "held" and fabric.input_nets is None:
        return exact.sweep_of(fabric).stationary(exact.probabilities(fabric.actual))
    return None


def sampled_target(
    record: Record, fabric: Fabric, mixing: PartMixing, reference: HeatBath, law: IsingLaw, name: str
) -> Target:
    """Moments of a large fabric against those of an ideal heat-bath run of the law called `name`."""
    count = float(record.sums[f"{fabric.path}:count"])
    spin, pair = record.sums[f"{fabric.path}:spin"] / count, record.sums[f"{fabric.path}:pair"] / count
    samples = mixing.chains * mixing.draws
    energies, ideal = mixing.of("energy"), assess("energy", reference.energy)
    if not math.isfinite(energies.tau):
        return Target(fabric.path, name, (), "no distance: the samples are stuck")
    if not math.isfinite(ideal.tau):
        return Target(fabric.path, name, (), "no distance: the ideal sampler is stuck too")
    ratio = energies.tau / ideal.tau
    doubt = math.hypot(energies.tau_error / energies.tau, ideal.tau_error / ideal.tau)

    def length(tau: float) -> float:
        return min(count, samples / (tau * ratio))

    compared = [("means, rms", spin, reference.spin, reference.spin_error, reference.spin_time)]
    if len(law.edges):
        compared.insert(0, ("pair correlations, rms", pair, reference.pair, reference.pair_error, reference.pair_time))
    distances = [
        moment_error(own_mean, 1 - mean**2, mean, error, name, length(tau), doubt, quantity)
        for quantity, own_mean, mean, error, tau in compared
    ]

    def shift(quantity: str, difference: float, series: Floats, tau: float) -> Distance:
        spread = float(series.std())
        found = integrated_time(series)
        error = math.sqrt(tau / samples + found.tau / series.size)
        floor, scatter = math.sqrt(2 / math.pi) * error, math.sqrt(1 - 2 / math.pi) * error
        return Distance(quantity, name, abs(difference) / spread, error, floor, scatter, samples / tau)

    energy = -float(law.weights @ pair + law.biases @ spin)
    distances.append(shift("energy", energy - float(reference.energy.mean()), reference.energy, energies.tau))
    for k, (array, (first, shape)) in enumerate(fabric.arrays.items()):
        mean, series = float(spin[first : first + math.prod(shape)].mean()), reference.magnetisation[k]
        tau = mixing.of(f"mean({array})").tau
        if math.isfinite(tau) and series.std() > 0:
            distances.append(shift(f"mean({array})", mean - float(series.mean()), series, tau))
    doubts = [_doubt(fabric)] if _doubt(fabric) else []
    if ideal.verdict != "ok":
        doubts.append(f"the ideal run itself is {ideal.verdict}: its means and these floors are no reference")
    return Target(fabric.path, name, tuple(distances), "; ".join(doubts))
