"""Distance of what ran from the law that it is meant to sample, with what a perfect sampler of equal length scores.

Islands of which a declared mixture speaks: that mixture, jointly where it extends over several. Other islands without a
controller: the exact Gaussian law of the network as drawn, sources and parts at their drawn values. In both the
Kolmogorov-Smirnov distance along fixed directions (those that a mixture's means span, the relaxation modes, eight
random projections) and the error of the covariance.

Fabrics up to 20 p-bits: TV and KL from the enumerated law. Larger ones: pair correlations, means, energy and array
means against a heat-bath run of the law. How many independent moments are compared, and their errors, comes from that
run; the chip's errors are its, times the ratio of their autocorrelation times: that of the energy for the pairs, that
of means and projections, weighted with their variances, for the means. The laws are `as drawn`; `as programmed` where
quantisation changed a weight; and `as built` up to 14 held p-bits, the stationary law of this die with its mismatch:
what is left there is dynamics.

Energies and array means are compared in units of the law's standard deviation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thermosim.analysis.distance import (
    Distance,
    covariance_error,
    histogram_distances,
    kolmogorov_smirnov,
    moment_error,
)
from thermosim.analysis.mixing import Mixing, integrated_time, overall
from thermosim.circuit.discipline import discipline, exchanges_exactly
from thermosim.circuit.ising import one_law
from thermosim.circuit.nonlinear_law import NonlinearIsland
from thermosim.circuit.program import Fabric, IsingLaw, JumpIsland, Program
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats, Mixture
from thermosim.ideal import disciplines, exact
from thermosim.ideal.gaussian import GaussianMixture, gaussian, of_mixture, principal_directions
from thermosim.measure.mixing import (
    IslandSamples,
    PartMixing,
    assess_all,
    controlled,
    mixture_of,
    mode_directions,
    projection_directions,
)
from thermosim.record import Record
from thermosim.units import show

if TYPE_CHECKING:
    from thermosim.ideal.gibbs import HeatBath, Moments

KS_PROJECTIONS = 8
REFERENCE_UPDATES = 320_000_000
"""Spin updates of an ideal run, so that it takes about as long as a short run of the chip itself."""
REFERENCE_SAMPLES = 2**18
"""Sweeps of all chains of an ideal run, however few the spins."""
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
        return Target(island.path, "none", (), "a controller drives it and the netlist names no target law")
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


def fabric_laws(fabric: Fabric, wanted: str) -> list[tuple[str, IsingLaw]]:
    """The laws to be held against, the declared one first."""
    laws = [("as drawn", fabric.drawn)]
    if not one_law(fabric.drawn, fabric.programmed) and not _unknown(fabric, fabric.programmed):
        laws.append(("as programmed", fabric.programmed))
    return laws[::-1] if wanted == "as_programmed" else laws


def no_law(fabric: Fabric, wanted: str = "as_drawn") -> str:
    """Why there is no law to be held against; "" if there is one."""
    return _unknown(fabric, fabric.programmed if wanted == "as_programmed" else fabric.drawn)


def _unknown(fabric: Fabric, law: IsingLaw) -> str:
    if law.symmetric:
        return ""
    if law.depths() is None:
        return "directed couplings that close a cycle: no energy, and no law but the one that their updates leave fixed"
    if fabric.nodes > exact.ENUMERABLE:
        return f"the law of a Bayesian network is summed over its states, up to {exact.ENUMERABLE} p-bits"
    return ""


def enumerated_target(record: Record, fabric: Fabric, mixing: PartMixing, wanted: str) -> Target:
    """TV and KL of a small fabric from its enumerated laws."""
    if mixing.verdict == "stuck":
        return Target(fabric.path, fabric_laws(fabric, wanted)[0][0], (), STUCK)
    states = record.series[f"{fabric.path}:states"]
    distances: list[Distance] = []
    laws = [(name, exact.probabilities(law)) for name, law in fabric_laws(fabric, wanted)]
    built = None if trimmed(record, fabric) else _built(fabric)
    if built is not None and float(np.abs(built - laws[-1][1]).sum()) > 1e-9:
        laws.append(("as built", built))
    for name, p in laws:
        distances += histogram_distances(states, p, name)
    return Target(fabric.path, laws[0][0], tuple(distances), _doubt(record.program.known(fabric)))


def trimmed(record: Record, fabric: Fabric) -> bool:
    """Whether a controller programs its p-bits, so that the die as it was built is not what samples."""
    return any(host.fabric == fabric.path for host in record.program.hosts)


def _doubt(fabric: Fabric) -> str:
    known = discipline(fabric)
    if known.boltzmann or not fabric.drawn.symmetric:
        return known.reason
    return f"the sampled law is not Boltzmann's ({known.reason})"


def _built(fabric: Fabric) -> Floats | None:
    """The law that this die's dynamics leave fixed; None where it is not known."""
    if fabric.tempering is not None and not exchanges_exactly(fabric):
        return None
    if fabric.order not in ("coloured", "sequential"):
        return disciplines.stationary(fabric) if disciplines.known(fabric) else None
    if fabric.nodes <= exact.STATIONARY and fabric.rng == "held" and fabric.input_nets is None:
        known = fabric.actual if fabric.actual.symmetric else fabric.drawn
        return exact.sweep_of(fabric).stationary(exact.probabilities(known))
    return None


@dataclass(frozen=True)
class Pace:
    """Mixing of an ideal sampler in the observables that the chip has too, and their variances."""

    mixing: tuple[Mixing, ...]
    variance: Mapping[str, float]


def ideal_run(fabric: Fabric, law: IsingLaw, mixing: PartMixing, seed: int, signs: np.ndarray | None) -> HeatBath:
    """Run the ideal sampler of `law` for as long as is worth it; `signs` of the projections to be followed."""
    from thermosim.ideal import gibbs

    chains = gibbs.LANES * -(-mixing.chains // gibbs.LANES)
    affordable = min(REFERENCE_UPDATES // (fabric.nodes * chains), REFERENCE_SAMPLES // chains)
    sweeps = max(affordable, 16 * gibbs.BLOCKS)
    arrays = [(first, math.prod(shape)) for first, shape in fabric.arrays.values()]
    return gibbs.run(law, arrays, chains, sweeps, max(100, sweeps // 8), seed, signs)


def pace(fabric: Fabric, run: HeatBath, mixing: PartMixing) -> Pace:
    """Assess of an ideal run what was assessed of the chip."""
    series: dict[str, Floats] = {"energy": run.energy}
    series |= {f"mean({path})": mean for path, mean in zip(fabric.arrays, run.magnetisation, strict=True)}
    series |= {f"projection[{k}]": row for k, row in enumerate(run.projection)}
    shared = {one.name: series[one.name] for one in mixing.observables if one.name in series}
    return Pace(assess_all(shared.items()), {name: float(one.var()) for name, one in shared.items()})


def slowdown(chip: PartMixing, ideal: Pace, names: list[str], time: float) -> tuple[float, float]:
    """Ratio of the errors' squares of the chip to those of the ideal run at equal samples, and its standard error.

    `time`: autocorrelation time of the ideal run's moments. Moments forget faster than the observables that give the
    ratio, but draws that are far apart are independent and no better than that.
    """
    own = {one.name: one for one in chip.observables if one.name in names and math.isfinite(one.tau)}
    other = {one.name: one for one in ideal.mixing if one.name in own and math.isfinite(one.tau)}

    def total(found: dict[str, Mixing], figure: str) -> float:
        return sum(ideal.variance[name] * float(getattr(found[name], figure)) for name in other)

    ratio = total(own, "tau") / total(other, "tau")
    # One slow mode may be in all of them, so that their errors do not average out.
    doubt = math.hypot(total(own, "tau_error") / total(own, "tau"), total(other, "tau_error") / total(other, "tau"))
    return max(ratio, min(1.0, 1.0 / time)), ratio * doubt


def sampled_target(
    record: Record, fabric: Fabric, mixing: PartMixing, run: HeatBath, ideal: Pace, law: IsingLaw, name: str
) -> Target:
    """Moments of a large fabric against those of an ideal heat-bath run of the law called `name`.

    `ideal`: pace of the ideal sampler of this law, or of the declared one that was quantised to give it.
    """
    if mixing.verdict == "stuck":
        return Target(fabric.path, name, (), STUCK)
    settled = overall(ideal.mixing)
    if settled != "ok" and fabric.tempering is not None:
        why = f"the ideal sampler, which has no copies at other betas, is {settled}: its means are no reference"
        return Target(fabric.path, name, (), f"no distance: {why}")
    if settled == "stuck":
        return Target(fabric.path, name, (), "no distance: the ideal sampler is stuck too")
    if not math.isfinite(mixing.tau):
        return Target(fabric.path, name, (), "no distance: too few samples")
    count = float(record.sums[f"{fabric.path}:count"])
    spin, pair = record.sums[f"{fabric.path}:spin"] / count, record.sums[f"{fabric.path}:pair"] / count
    samples = mixing.chains * mixing.draws
    known = {one.name: one for one in mixing.observables}
    singles = [one for one in known if one != "energy"]

    def moments(quantity: str, own_mean: Floats, their: Moments, names: list[str]) -> Distance:
        ratio, ratio_doubt = slowdown(mixing, ideal, names, their.time)
        other = float((their.error**2).mean())
        share = other * run.energy.size / samples
        square = other + share * ratio
        doubt = math.hypot(share * ratio_doubt, square * math.sqrt(2.0 / (their.freedom * their.independent)))
        length = samples / (their.time * ratio)
        return moment_error(own_mean, their.mean, name, square, doubt, their.independent, length, quantity)

    distances = [moments("means, rms", spin, run.spin, singles)]
    if len(law.edges):
        among = ["energy"] if "energy" in known else singles
        distances.insert(0, moments("pair correlations, rms", pair, run.pair, among))

    def shift(quantity: str, difference: float, series: Floats, tau: float) -> Distance:
        spread = float(series.std())
        error = math.sqrt(tau / samples + integrated_time(series).tau / series.size)
        floor, scatter = math.sqrt(2 / math.pi) * error, math.sqrt(1 - 2 / math.pi) * error
        return Distance(quantity, name, abs(difference) / spread, error, floor, scatter, samples / tau)

    if "energy" in known:
        energy = -float(law.weights @ pair + law.biases @ spin)
        if len(law.terms):
            energy -= float(law.terms.weights @ record.sums[f"{fabric.path}:term"]) / count
        distances.append(shift("energy", energy - float(run.energy.mean()), run.energy, known["energy"].tau))
    for k, (array, (first, shape)) in enumerate(fabric.arrays.items()):
        mean, series = float(spin[first : first + math.prod(shape)].mean()), run.magnetisation[k]
        tau = known[f"mean({array})"].tau if f"mean({array})" in known else math.nan
        if math.isfinite(tau) and series.std() > 0:
            distances.append(shift(f"mean({array})", mean - float(series.mean()), series, tau))
    doubt = _doubt(record.program.known(fabric))
    doubts = [doubt] if doubt else []
    if settled != "ok":
        doubts.append(f"the ideal run itself is {settled}: its means and these floors are no reference")
    return Target(fabric.path, name, tuple(distances), "; ".join(doubts))
