"""Textbook samplers and optimisers on this machine's processor: clusters, simulated annealing, parallel tempering.

Swendsen-Wang joins equal neighbours with probability 1 - exp(-2 beta J) and flips every cluster with probability 1/2;
a field is a coupling to one ghost spin. Annealing and tempering flip spin after spin with min(1, exp(-beta dE));
tempering exchanges neighbours in temperature with min(1, exp(d beta dE)).

Sources: Swendsen and Wang, Phys. Rev. Lett. 58, 86 (1987); Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983);
Hukushima and Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from thermosim.contracts import Floats, Ints
from thermosim.streams import generator

if TYPE_CHECKING:
    from thermosim.circuit.program import IsingLaw


@dataclass(frozen=True)
class Clusters:
    """Series of one chain (sweep,): `energy` and `magnetisation` per spin as the law counts them."""

    energy: Floats
    magnetisation: Floats


@dataclass(frozen=True)
class Best:
    """`energy` of the lowest state found in each run (run,) and those states `spins` (run, node) int8."""

    energy: Floats
    spins: np.ndarray


@dataclass(frozen=True)
class Tempered:
    """`energy` (sweep, temperature), share of `accepted` exchanges (pair,), the lowest energy and its state."""

    energy: Floats
    accepted: Floats
    lowest: float
    spins: np.ndarray


def energy_of(law: IsingLaw, spins: np.ndarray) -> Floats:
    """E of states (..., node)."""
    return law.energy(spins)


def refuse_beyond_pairs(law: IsingLaw) -> None:
    """Raise ValueError unless the law is one of symmetric pairs, which are all that these samplers know."""
    if not law.symmetric or len(law.terms):
        what = "directed couplings" if not law.symmetric else "products of three or four spins"
        raise ValueError(f"this sampler is for symmetric pairs, and the law has {what}")


def swendsen_wang(law: IsingLaw, sweeps: int, burn_in: int, seed: int) -> Clusters:
    """One chain of cluster sweeps from all spins up; couplings must not be negative."""
    from thermosim.ideal._moves import cluster_sweeps

    refuse_beyond_pairs(law)
    if np.any(law.weights < 0):
        raise ValueError("Swendsen-Wang is for ferromagnets: some coupling is negative")
    n, felt = len(law.biases), np.flatnonzero(law.biases)
    ghost = n if felt.size else -1
    edges, weights = law.edges, law.weights
    if felt.size:
        edges = np.concatenate([edges, np.column_stack([felt, np.full(felt.size, n)])])
        weights = np.concatenate([weights, law.biases[felt]])
    spins = np.ones(n + (ghost >= 0), dtype=np.int8)
    energy, mean = np.empty(burn_in + sweeps), np.empty(burn_in + sweeps)
    bond = -np.expm1(-2.0 * law.beta * np.abs(weights))
    rng = generator(seed, "ideal.swendsen_wang")
    edges = np.ascontiguousarray(edges, dtype=np.int64)
    cluster_sweeps(spins, edges, bond, ghost, rng, burn_in + sweeps, energy, mean, weights)
    return Clusters(energy[burn_in:], mean[burn_in:])


def _rows(law: IsingLaw) -> tuple[Ints, Ints, Floats]:
    """Neighbours of every spin as compressed rows: first (node + 1,), other, weight."""
    refuse_beyond_pairs(law)
    ends = np.concatenate([law.edges, law.edges[:, ::-1]])
    order = np.argsort(ends[:, 0], kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(ends[:, 0], minlength=len(law.biases)))])
    weight = np.concatenate([law.weights, law.weights])[order]
    return first.astype(np.int64), np.ascontiguousarray(ends[order, 1]), weight


def anneal(law: IsingLaw, betas: Floats, runs: int, seed: int) -> Best:
    """Simulated annealing: `runs` independent runs, one Metropolis sweep at each of `betas`, from random states."""
    from thermosim.ideal._moves import anneal as kernel

    rows, rng = _rows(law), generator(seed, "ideal.anneal")
    spins = np.where(rng.random((runs, len(law.biases))) < 0.5, 1, -1).astype(np.int8)
    start, best = energy_of(law, spins), np.empty_like(spins)
    schedule = np.asarray(betas, dtype=np.float64)
    for run in range(runs):
        kernel(spins[run], start[run], *rows, law.biases, schedule, rng, best[run])
    return Best(energy_of(law, best), best)


def temper(law: IsingLaw, betas: Floats, sweeps: int, burn_in: int, seed: int) -> Tempered:
    """Parallel tempering over `betas` (ascending), one exchange attempt of every other pair after each sweep."""
    from thermosim.ideal._moves import exchange

    rng, ladder = generator(seed, "ideal.temper"), np.asarray(betas, dtype=np.float64)
    if np.any(np.diff(ladder) <= 0):
        raise ValueError("the inverse temperatures of a ladder must ascend")
    spins = np.where(rng.random((len(ladder), len(law.biases))) < 0.5, 1, -1).astype(np.int8)
    energy, best = energy_of(law, spins), np.empty(len(law.biases), dtype=np.int8)
    trace, accepted = np.empty((burn_in + sweeps, len(ladder))), np.zeros(max(len(ladder) - 1, 0))
    exchange(spins, energy, *_rows(law), law.biases, ladder, rng, burn_in + sweeps, trace, best, accepted)
    return Tempered(trace[burn_in:], 2 * accepted / (burn_in + sweeps), float(energy_of(law, best)), best)
