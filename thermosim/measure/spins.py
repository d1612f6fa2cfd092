"""Fabrics of p-bits measured against their laws, and the ideal sampler of each.

Up to 20 p-bits: TV and KL from the enumerated law. Larger ones: pair correlations, means, energy and array means
against a heat-bath run of the law (:mod:`thermosim.measure.against_ideal`): the energy speaks for the pairs, means and
projections for the means. The laws are `as drawn`; `as programmed` where quantisation changed a weight; and `as built`
up to 14 held p-bits, the stationary law of this die with its mismatch: what is left there is dynamics.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from thermosim.analysis.distance import Distance, histogram_distances
from thermosim.analysis.mixing import overall
from thermosim.circuit.discipline import discipline, exchanges_exactly
from thermosim.circuit.ising import one_law
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.contracts import Floats
from thermosim.ideal import disciplines, exact
from thermosim.measure.against_ideal import Pace, Yardstick
from thermosim.measure.mixing import PartMixing, assess_all
from thermosim.measure.target import STUCK, Target
from thermosim.record import Record

if TYPE_CHECKING:
    from thermosim.ideal.gibbs import HeatBath

REFERENCE_UPDATES = 320_000_000
"""Spin updates of an ideal run, so that it takes about as long as a short run of the chip itself."""
REFERENCE_SAMPLES = 2**18
"""Sweeps of all chains of an ideal run, however few the spins."""


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
    known = {one.name: one for one in mixing.observables}
    singles = [one for one in known if one != "energy"]
    yardstick = Yardstick(mixing, ideal, run.energy.size, name)
    distances = [yardstick.moments("means, rms", spin, run.spin, singles)]
    if len(law.edges):
        among = ["energy"] if "energy" in known else singles
        distances.insert(0, yardstick.moments("pair correlations, rms", pair, run.pair, among))

    if "energy" in known:
        energy = -float(law.weights @ pair + law.biases @ spin)
        if len(law.terms):
            energy -= float(law.terms.weights @ record.sums[f"{fabric.path}:term"]) / count
        distances.append(yardstick.shift("energy", energy - float(run.energy.mean()), run.energy, known["energy"].tau))
    for k, (array, (first, shape)) in enumerate(fabric.arrays.items()):
        mean, series = float(spin[first : first + math.prod(shape)].mean()), run.magnetisation[k]
        tau = known[f"mean({array})"].tau if f"mean({array})" in known else math.nan
        if math.isfinite(tau) and series.std() > 0:
            distances.append(yardstick.shift(f"mean({array})", mean - float(series.mean()), series, tau))
    doubt = _doubt(record.program.known(fabric))
    doubts = [doubt] if doubt else []
    if settled != "ok":
        doubts.append(f"the ideal run itself is {settled}: its means and these floors are no reference")
    return Target(fabric.path, name, tuple(distances), "; ".join(doubts))
