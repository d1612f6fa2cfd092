"""An independent heat-bath sampler: spin after spin, many chains abreast, on this machine's processor.

    P(s_i = +1 | rest) = 1 / (1 + exp(-2 beta (sum_j J_ij s_j + h_i)))

A sweep visits the spins in their order, with no colours and no memory. 32 chains lie side by side, each with its own
xoshiro128++ generator seeded through SplitMix64 from the run's seed; chains are shared out over threads. Sums of
s_i and s_i s_j are kept for each of BLOCKS stretches of the run, whose scatter gives the errors of the means.

Sources: Geman and Geman, IEEE PAMI 6, 721 (1984); Blackman and Vigna, ACM Trans. Math. Softw. 47, 36 (2021).
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from thermosim.contracts import Floats, Ints
from thermosim.streams import generator

if TYPE_CHECKING:
    from thermosim.circuit.program import IsingLaw

LANES = 32
BLOCKS = 16


@dataclass(frozen=True)
class HeatBath:
    """Result of an ideal run.

    `energy` (chain, sweep); `magnetisation` (array, chain, sweep), mean spin of each array; `spin`, `pair`:
    means (node,), (edge,) with standard errors `spin_error`, `pair_error`; `pair_time` and `spin_time`: mean
    over edges or nodes of the autocorrelation time that the scatter of the blocks implies [sweeps];
    `seconds`: wall time of the recorded sweeps, compilation and burn-in apart; `threads` that ran.
    """

    energy: Floats
    magnetisation: Floats
    spin: Floats
    spin_error: Floats
    spin_time: float
    pair: Floats
    pair_error: Floats
    pair_time: float
    seconds: float
    threads: int


def neighbours(law: IsingLaw) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours (node, degree) and 2 beta J (node, degree) float32; padding to fours couples to spin 0 with 0."""
    n = len(law.biases)
    ends = np.concatenate([law.edges, law.edges[:, ::-1]])
    weights = np.concatenate([law.weights, law.weights])
    order = np.argsort(ends[:, 0], kind="stable")
    ends, weights = ends[order], weights[order]
    degree = np.bincount(ends[:, 0], minlength=n)
    column = np.arange(len(ends)) - np.repeat(np.cumsum(degree) - degree, degree)
    table = np.zeros((n, 4 * -(-int(degree.max(initial=0)) // 4)), dtype=np.uint64)
    coupling = np.zeros(table.shape, dtype=np.float32)
    table[ends[:, 0], column] = ends[:, 1]
    coupling[ends[:, 0], column] = 2.0 * law.beta * weights
    return table, coupling


def run(
    law: IsingLaw, arrays: list[tuple[int, int]], chains: int, sweeps: int, burn_in: int, seed: int, threads: int = 2
) -> HeatBath:
    """Sample `law` with at least `chains` chains (whole groups of 32) for `sweeps` sweeps after `burn_in`.

    `arrays` are (first node, nodes) of the arrays whose mean is recorded.
    """
    from thermosim.ideal._lanes import advance, seeded

    table, coupling = neighbours(law)
    field = (2.0 * law.beta * law.biases).astype(np.float32)
    bounds = np.array(arrays, dtype=np.int64).reshape(-1, 2)
    groups = -(-chains // LANES)
    n, edges = len(law.biases), np.ascontiguousarray(law.edges, dtype=np.int64)
    rng = generator(seed, "ideal.gibbs")
    states = [np.where(rng.random((n, LANES)) < 0.5, 1.0, -1.0).astype(np.float32) for _ in range(groups)]
    keys = [seeded(np.uint64(rng.integers(0, 2**63)), LANES) for _ in range(groups)]
    energy = np.empty((groups, sweeps, LANES))
    arrays_mean = np.empty((groups, len(bounds), sweeps, LANES))
    spins = np.zeros((groups, BLOCKS, n), dtype=np.int64)
    pairs = np.zeros((groups, BLOCKS, len(edges)), dtype=np.int64)

    def work(group: int, length: int, recorded: bool) -> None:
        outputs = (energy[group], arrays_mean[group], spins[group], pairs[group])
        if not recorded:
            outputs = (
                np.empty((length, LANES)),
                np.empty((len(bounds), length, LANES)),
                spins[group, :0],
                pairs[group, :0],
            )
        advance(states[group], keys[group], table, coupling, field, edges, bounds, length, recorded, *outputs)

    work(0, 0, True)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda group: work(group, burn_in, False), range(groups)))
        start = time.perf_counter()
        list(pool.map(lambda group: work(group, sweeps, True), range(groups)))
        seconds = time.perf_counter() - start
    for group in range(groups):
        energy[group] /= 2.0 * law.beta
    spin, spin_error, spin_time = _means(spins, sweeps)
    pair, pair_error, pair_time = _means(pairs, sweeps)
    return HeatBath(
        energy=energy.transpose(0, 2, 1).reshape(groups * LANES, sweeps),
        magnetisation=arrays_mean.transpose(1, 0, 3, 2).reshape(len(bounds), groups * LANES, sweeps),
        spin=spin, spin_error=spin_error, spin_time=spin_time,
        pair=pair, pair_error=pair_error, pair_time=pair_time,
        seconds=seconds, threads=min(threads, groups),
    )  # fmt: skip


def _means(sums: Ints, sweeps: int) -> tuple[Floats, Floats, float]:
    """Means, standard errors and mean autocorrelation time from sums (group, block, thing)."""
    edges = np.arange(BLOCKS + 1) * sweeps // BLOCKS
    blocks = (sums / (np.diff(edges)[:, None] * LANES)).reshape(len(sums) * BLOCKS, sums.shape[2])
    mean = blocks.mean(axis=0)
    variance = blocks.var(axis=0, ddof=1) / len(blocks)
    single = float((1.0 - mean**2).sum())
    samples = len(sums) * sweeps * LANES
    time_ = float(variance.sum()) * samples / single if single > 0 else 1.0
    return mean, np.sqrt(variance), time_
