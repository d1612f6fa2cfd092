"""Categorical fabrics measured: mixing, distance to the law, the ideal digital sampler beside it.

Up to 2^20 states TV and KL from the enumerated law. Above, occupations of every state of every node and the energies
J(c_i, c_j) of all edges against a heat-bath run of the law, as :mod:`thermosim.measure.spins` does with spins and
their pairs. An effective temperature is not fitted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from thermosim.analysis.distance import histogram_distances
from thermosim.analysis.mixing import overall, worst
from thermosim.circuit.dits import DitFabric, PottsLaw
from thermosim.contracts import Floats, Ints
from thermosim.ideal import potts
from thermosim.ideal.cost import PlatformCard, categorical_sample
from thermosim.measure.against_ideal import Pace, Yardstick
from thermosim.measure.compare import Ideal, priced_row, timed_row
from thermosim.measure.constant import HeldDits
from thermosim.measure.mixing import PartMixing, assess_all, moving_series, part_of
from thermosim.measure.target import STUCK, Target
from thermosim.record import Record

if TYPE_CHECKING:
    from thermosim.ideal.gibbs import Speed
    from thermosim.ideal.potts_gibbs import DitRun

REFERENCE_UPDATES = 30_000_000
"""Updates of an ideal run, so that it takes a few seconds."""
REFERENCE_SAMPLES = 2**18
"""Sweeps of all chains of an ideal run, however few the nodes."""


def dit_series(record: Record, fabric: DitFabric) -> Iterator[tuple[str, np.ndarray]]:
    """The fixed observables that the law does not hold constant: name without its path, (chain, draw).

    All of them where the law leaves none: then the whole fabric is stuck, and rightly so.
    """
    return moving_series(record, fabric.path, lambda draws: HeldDits(fabric, record, draws))


def dit_mixing(record: Record, fabric: DitFabric) -> PartMixing | None:
    """Mixing of a fabric; None if nothing was recorded of it. Up to 2^14 states the slowest mode of its sweep too."""
    series = list(dit_series(record, fabric))
    if not series:
        return None
    sweep = fabric.ticks * fabric.clock.period
    part = part_of(fabric.path, "fabric", fabric.nodes, series[0][1].shape, sweep * fabric.every, iter(series))
    part = replace(part, steps="reads" if fabric.read else "sweeps")
    if fabric.drawn.count > potts.SPECTRAL:
        return part
    return replace(part, exact={"slowest mode of the sweep": potts.sweep_of(fabric).relaxation() * sweep})


def _same(a: PottsLaw, b: PottsLaw) -> bool:
    return np.array_equal(a.tables, b.tables) and np.array_equal(a.biases, b.biases) and a.beta == b.beta


def dit_laws(fabric: DitFabric, wanted: str) -> list[tuple[str, PottsLaw]]:
    """The laws to be held against, the declared one first."""
    laws = [("as drawn", fabric.drawn)]
    if not _same(fabric.drawn, fabric.programmed):
        laws.append(("as programmed", fabric.programmed))
    return laws[::-1] if wanted == "as_programmed" else laws


def enumerated(record: Record, fabric: DitFabric, mixing: PartMixing, wanted: str) -> Target:
    """TV and KL of a small fabric from its enumerated laws, and from what this die's sweeps leave fixed."""
    laws = [(name, potts.probabilities(law)) for name, law in dit_laws(fabric, wanted)]
    if mixing.verdict == "stuck":
        return Target(fabric.path, laws[0][0], (), STUCK)
    if fabric.drawn.count <= potts.STATIONARY:
        built = potts.sweep_of(fabric).stationary(potts.probabilities(fabric.actual))
        if built is not None and float(np.abs(built - laws[-1][1]).sum()) > 1e-9:
            laws.append(("as built", built))
    states = record.series[f"{fabric.path}:states"]
    distances = [distance for name, p in laws for distance in histogram_distances(states, p, name)]
    return Target(fabric.path, laws[0][0], tuple(distances))


def reference(fabric: DitFabric, law: PottsLaw, mixing: PartMixing, seed: int) -> DitRun:
    """Run the ideal sampler of `law` for as long as is worth it."""
    from thermosim.engine.dit_observables import signs_of
    from thermosim.ideal import gibbs, potts_gibbs

    chains = max(mixing.chains, 8)
    affordable = min(REFERENCE_UPDATES // (fabric.nodes * chains), REFERENCE_SAMPLES // chains)
    sweeps = max(affordable, 16 * gibbs.BLOCKS)
    signs = signs_of(fabric.path, law.states)
    return potts_gibbs.run(law, fabric.drawn, _owner(fabric), chains, sweeps, max(100, sweeps // 8), seed, signs)


def _owner(fabric: DitFabric) -> Ints:
    """First row of the states of every node's array."""
    owner, first = np.zeros(fabric.nodes, dtype=np.int64), 0
    for path in fabric.arrays:
        nodes = fabric.nodes_of(path)
        owner[nodes] = first
        first += int(fabric.drawn.states[nodes][0])
    return owner


def pace(fabric: DitFabric, run: DitRun, mixing: PartMixing) -> Pace:
    """Assess of an ideal run what was assessed of the chip."""
    series: dict[str, Floats] = {"energy": run.energy}
    owner = _owner(fabric)
    for path in fabric.arrays:
        nodes = fabric.nodes_of(path)
        first, size = int(owner[nodes][0]), nodes.stop - nodes.start
        if path in fabric.pbits:
            series[f"mean({path})"] = (run.occupied[first + 1] - run.occupied[first]) / size
        else:
            states = range(int(fabric.drawn.states[nodes][0]))
            series |= {f"occupation({path})[{a}]": run.occupied[first + a] / size for a in states}
    series |= {f"projection[{k}]": row / math.sqrt(fabric.nodes) for k, row in enumerate(run.projection)}
    shared = {one.name: series[one.name] for one in mixing.observables if one.name in series}
    return Pace(assess_all(shared.items()), {name: float(one.var()) for name, one in shared.items()})


def sampled(
    record: Record, fabric: DitFabric, mixing: PartMixing, run: DitRun, ideal: Pace, law: PottsLaw, name: str
) -> Target:
    """Moments of a large fabric against those of a heat-bath run of the law called `name`."""
    if mixing.verdict == "stuck":
        return Target(fabric.path, name, (), STUCK)
    settled = overall(ideal.mixing)
    if settled == "stuck":
        return Target(fabric.path, name, (), "no distance: the ideal sampler is stuck too")
    if not math.isfinite(mixing.tau):
        return Target(fabric.path, name, (), "no distance: too few samples")
    count = float(record.sums[f"{fabric.path}:count"])
    exists = np.arange(law.tables.shape[1]) < law.states[:, None]
    state, bond = record.sums[f"{fabric.path}:state"][exists] / count, record.sums[f"{fabric.path}:bond"] / count
    known = {one.name: one for one in mixing.observables}
    singles = [one for one in known if one != "energy"] or list(known)
    yardstick = Yardstick(mixing, ideal, run.energy.size, name)
    distances = [yardstick.moments("occupations, rms", state, run.state, singles)]
    if len(law.edges):
        among = ["energy"] if "energy" in known else singles
        distances.insert(0, yardstick.moments("energies of the edges, rms", bond, run.bond, among))
    if "energy" in known:
        difference = float(record.series[f"{fabric.path}:energy"].mean()) - float(run.energy.mean())
        distances.append(yardstick.shift("energy", difference, run.energy, known["energy"].tau))
    note = "" if settled == "ok" else f"the ideal run itself is {settled}: its means and these floors are no reference"
    return Target(fabric.path, name, tuple(distances), note)


def dit_ideals(fabric: DitFabric, ideal: Pace, speed: Speed, platforms: tuple[PlatformCard, ...]) -> list[Ideal]:
    """The heat-bath sampler of a fabric's law that mixes as `ideal`; none where it does not mix."""
    slowest, verdict = worst(ideal.mixing), overall(ideal.mixing)
    if slowest is None or verdict == "stuck":
        return []
    doubt = "" if verdict == "ok" else f", {verdict}"
    sampler = f"categorical heat bath, tau {slowest.tau:.3g} sweeps of {slowest.name}{doubt}"
    how = f"bare sweeps of {speed.chains} chains on {speed.threads} thread{'' if speed.threads == 1 else 's'}"
    degree = np.bincount(fabric.drawn.edges.ravel(), minlength=fabric.nodes)
    rows = [timed_row(fabric.path, sampler, speed.seconds * slowest.tau, how)]
    return rows + [
        priced_row(fabric.path, sampler, card, categorical_sample(card, fabric.drawn.states, degree, slowest.tau))
        for card in platforms
    ]
