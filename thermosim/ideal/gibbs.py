"""An independent heat-bath sampler: spin after spin, many chains abreast, on this machine's processor.

    P(s_i = +1 | rest) = 1 / (1 + exp(-2 beta I_i)),   I_i = sum_j J_ij s_j + h_i + sum_terms K prod_{j != i} s_j

A sweep visits the spins in their order, with no colours and no memory. 32 chains lie side by side, each with its own
xoshiro128++ generator seeded through SplitMix64 from the run's seed; chains are shared out over threads. Sums of
s_i and s_i s_j are kept for each of BLOCKS stretches of the run, whose scatter gives the errors of the means: with
the covariance C of the block means, tr C / blocks is the sum of their squared errors, and (tr C)^2 / tr C^2 says how
many independent ones they are worth, 1 where a single slow mode moves all. tr C^2 is estimated without bias from the
sample covariance S of B blocks, nu = B - 1, as nu^2 (tr S^2 - (tr S)^2 / nu) / ((nu - 1) (nu + 2)). A stretch of L
sweeps cuts a correlation of time tau short by (tau^2 - 1) / (2 L), exactly so for an exponential; it is added again.

Sources: Geman and Geman, IEEE PAMI 6, 721 (1984); Blackman and Vigna, ACM Trans. Math. Softw. 47, 36 (2021).
"""

from __future__ import annotations

import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thermosim.contracts import Floats, Ints
from thermosim.streams import generator

if TYPE_CHECKING:
    from thermosim.circuit.program import IsingLaw

LANES = 32
BLOCKS = 16


@dataclass(frozen=True)
class Moments:
    """Means of many spins or pairs, with their errors.

    `mean`, `error` (thing,): mean and standard error; `time`: autocorrelation time that the mean squared error
    implies [sweeps]; `independent`: number of independent ones they are worth; `freedom`: blocks less one.
    """

    mean: Floats
    error: Floats
    time: float
    independent: float
    freedom: int


@dataclass(frozen=True)
class HeatBath:
    """Result of an ideal run.

    `energy` (chain, sweep); `magnetisation` (array, chain, sweep), mean spin of each array; `projection`
    (row, chain, sweep), sum_i c_i s_i / sqrt(nodes) for each row of signs; `spin` over nodes, `pair` over edges.
    """

    energy: Floats
    magnetisation: Floats
    projection: Floats
    spin: Moments
    pair: Moments


def neighbours(law: IsingLaw) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours (node, degree) and 2 beta J (node, degree) float32; padding to fours couples to spin 0 with 0."""
    n = len(law.biases)
    targets, sources, weights = law.couplings()
    ends = np.column_stack([targets, sources])
    order = np.argsort(ends[:, 0], kind="stable")
    ends, weights = ends[order], weights[order]
    degree = np.bincount(ends[:, 0], minlength=n)
    column = np.arange(len(ends)) - np.repeat(np.cumsum(degree) - degree, degree)
    table = np.zeros((n, 4 * -(-int(degree.max(initial=0)) // 4)), dtype=np.uint64)
    coupling = np.zeros(table.shape, dtype=np.float32)
    table[ends[:, 0], column] = ends[:, 1]
    coupling[ends[:, 0], column] = 2.0 * law.beta * weights
    return table, coupling


def term_rows(law: IsingLaw) -> tuple[Ints, Ints, np.ndarray]:
    """Terms of every node as compressed rows: first (node + 1,), other (entry, 3), 2 beta K (entry,) float32."""
    members, others, weights = law.terms.felt()
    order = np.argsort(members, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(members, minlength=len(law.biases)))]).astype(np.int64)
    return first, np.ascontiguousarray(others[order]), (2.0 * law.beta * weights[order]).astype(np.float32)


@dataclass(frozen=True)
class _Prepared:
    """What every group of lanes starts from."""

    table: np.ndarray
    coupling: np.ndarray
    terms: tuple[Ints, Ints, np.ndarray]
    field: np.ndarray
    edges: Ints
    states: list[np.ndarray]
    keys: list[np.ndarray]


def _prepare(law: IsingLaw, chains: int, seed: int) -> _Prepared:
    from thermosim.ideal._lanes import seeded

    if not law.symmetric:
        raise ValueError("heat-bath sweeps of directed couplings sample no law that their order does not decide")
    rng, groups = generator(seed, "ideal.gibbs"), -(-chains // LANES)
    states = [np.where(rng.random((len(law.biases), LANES)) < 0.5, 1.0, -1.0).astype(np.float32) for _ in range(groups)]
    return _Prepared(
        *neighbours(law),
        term_rows(law),
        (2.0 * law.beta * law.biases).astype(np.float32),
        np.ascontiguousarray(law.edges, dtype=np.int64),
        states,
        [seeded(np.uint64(rng.integers(0, 2**63)), LANES) for _ in range(groups)],
    )


def _advance(made: _Prepared, group: int, sweeps: int, bounds: Ints, signs: np.ndarray, outputs: Any) -> None:
    """Advance a group by `sweeps`; without `outputs` nothing is observed."""
    from thermosim.ideal._lanes import advance

    rest = outputs or (
        np.empty((0, LANES)), np.empty((0, 0, LANES)), np.empty((0, 0, LANES), dtype=np.int32),
        np.empty((0, 0), dtype=np.int64), np.empty((0, 0), dtype=np.int64),
    )  # fmt: skip
    advance(
        made.states[group], made.keys[group], made.table, made.coupling, made.terms, made.field, made.edges, bounds,
        signs, sweeps, outputs is not None, *rest,
    )  # fmt: skip


def run(
    law: IsingLaw, arrays: list[tuple[int, int]], chains: int, sweeps: int, burn_in: int, seed: int,
    signs: np.ndarray | None = None, threads: int | None = None,
) -> HeatBath:  # fmt: skip
    """Sample `law` with at least `chains` chains (whole groups of 32) for `sweeps` sweeps after `burn_in`.

    `arrays` are (first node, nodes) of the arrays whose mean is recorded; `signs` (row, node) +-1 of the projections.
    """
    n = len(law.biases)
    made = _prepare(law, chains, seed)
    groups = len(made.states)
    bounds = np.array(arrays, dtype=np.int64).reshape(-1, 2)
    rows = np.zeros((0, n)) if signs is None else signs
    packed = _words(rows)
    energy = np.empty((groups, sweeps, LANES))
    arrays_mean = np.empty((groups, len(bounds), sweeps, LANES))
    unlike = np.empty((groups, len(rows), sweeps, LANES), dtype=np.int32)
    spins = np.zeros((groups, BLOCKS, n), dtype=np.int64)
    pairs = np.zeros((groups, BLOCKS, len(made.edges)), dtype=np.int64)

    def work(group: int) -> None:
        _advance(made, group, burn_in, bounds, packed, None)
        outputs = (energy[group], arrays_mean[group], unlike[group], spins[group], pairs[group])
        _advance(made, group, sweeps, bounds, packed, outputs)

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        list(pool.map(work, range(groups)))
    energy /= 2.0 * law.beta
    return HeatBath(
        energy=energy.transpose(0, 2, 1).reshape(groups * LANES, sweeps),
        magnetisation=arrays_mean.transpose(1, 0, 3, 2).reshape(len(bounds), groups * LANES, sweeps),
        projection=(n - 2.0 * unlike).transpose(1, 0, 3, 2).reshape(len(rows), groups * LANES, sweeps) / np.sqrt(n),
        spin=_of_spins(spins, sweeps),
        pair=_of_spins(pairs, sweeps),
    )


@dataclass(frozen=True)
class Speed:
    """Wall seconds of one bare sweep of one chain, with `chains` of them on `threads` threads."""

    seconds: float
    chains: int
    threads: int


def speed(law: IsingLaw, chains: int, least: float = 0.01, repeats: int = 3) -> Speed:
    """Time bare sweeps, nothing observed, on every processor that there are chains for; the best of `repeats`.

    Every repeat takes `least` [s] or longer.
    """
    made = _prepare(law, chains, 0)
    groups = len(made.states)
    threads = min(groups, os.cpu_count() or 1)
    bounds, signs = np.zeros((0, 2), dtype=np.int64), _words(np.zeros((0, len(law.biases))))
    sweeps, best = 1, math.inf
    with ThreadPoolExecutor(threads) as pool:

        def timed() -> float:
            start = time.perf_counter()
            list(pool.map(lambda group: _advance(made, group, sweeps, bounds, signs, None), range(groups)))
            return time.perf_counter() - start

        timed()
        while (took := timed()) < least:
            sweeps = max(2 * sweeps, math.ceil(sweeps * least / took))
        for _ in range(repeats):
            best = min(best, timed() / (sweeps * groups * LANES))
    return Speed(best, groups * LANES, threads)


def _words(signs: np.ndarray) -> np.ndarray:
    """Signs (row, node) -> words (row, ceil(node / 32)) uint32, a bit set where a sign is +1, the first node lowest."""
    rows, nodes = signs.shape
    words = -(-nodes // 32)
    up = np.zeros((rows, words * 32), dtype=np.uint64)
    up[:, :nodes] = signs > 0
    bits = up.reshape(rows, words, 32) << np.arange(32, dtype=np.uint64)
    return np.asarray(bits.sum(axis=2), dtype=np.uint32)


def _of_spins(sums: Ints, sweeps: int) -> Moments:
    """Means and their errors from sums of +-1 (group, block, thing)."""
    edges = np.arange(BLOCKS + 1) * sweeps // BLOCKS
    blocks = (sums / (np.diff(edges)[:, None] * LANES)).reshape(len(sums) * BLOCKS, sums.shape[2])
    return moments(blocks, 1.0 - blocks.mean(axis=0) ** 2, len(sums) * sweeps * LANES, sweeps)


def moments(blocks: Floats, variance: Floats, samples: int, sweeps: int) -> Moments:
    """Means and their errors from means of stretches (block, thing) of `samples` in all, BLOCKS stretches of each group
    of chains, whose single values have the `variance` (thing,)."""
    mean = blocks.mean(axis=0)
    apart, freedom = blocks - mean, len(blocks) - 1
    gram = apart @ apart.T / freedom
    trace = float(np.trace(gram))
    single = float(variance.sum())
    if not (trace > 0 and single > 0):
        return Moments(mean, np.zeros_like(mean), 1.0, 1.0, freedom)
    square = (float((gram**2).sum()) - trace**2 / freedom) * freedom**2 / ((freedom - 1) * (freedom + 2))
    # Both traces are of an estimate; for one mode alone the two corrections cancel to the last digit.
    independent = (trace**2 - 2.0 * square / freedom) / square if square > 0 else math.inf
    seen = trace / len(blocks) * samples / single
    length = sweeps / BLOCKS
    full = length - math.sqrt(max(length**2 - 2.0 * length * seen + 1.0, 0.0))  # seen = full - (full^2 - 1) / (2 L)
    error = np.sqrt((apart**2).sum(axis=0) / freedom / len(blocks) * full / seen)
    return Moments(mean, error, full, min(max(independent, 1.0), float(len(mean))), freedom)
