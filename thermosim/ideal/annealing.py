"""Simulated annealing as a digital machine does it: heat-bath sweeps under a staircase of beta, many chains abreast.

    P(s_i = +1 | rest) = 1 / (1 + exp(-2 beta_k I_i))  in the sweeps of stair k

Spins are visited in their order. It shares the kernel of :mod:`thermosim.ideal.gibbs`, and no code with the fabric.
Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983).
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from thermosim.contracts import Floats
from thermosim.ideal.gibbs import LANES, neighbours, term_rows
from thermosim.streams import generator

if TYPE_CHECKING:
    from thermosim.circuit.program import IsingLaw


@dataclass(frozen=True)
class Annealing:
    """`energy` (chain, sweep) at the end of every sweep; `states` (chain, node) +-1 at the end of the run.

    `seconds`: wall time of the sweeps, compilation apart, with so many `threads`.
    """

    energy: Floats
    states: np.ndarray
    seconds: float
    threads: int


def anneal(
    law: IsingLaw, stairs: tuple[tuple[int, float], ...], sweeps: int, chains: int, seed: int, threads: int = 1
) -> Annealing:
    """Anneal at least `chains` chains (whole groups of 32) for `sweeps` sweeps.

    `stairs` are (first sweep, beta), the first at sweep 0; the law's own beta plays no part.
    """
    from thermosim.ideal._lanes import advance, seeded

    if not stairs or stairs[0][0] != 0:
        raise ValueError("the first stair begins at sweep 0")
    ends = [*(start for start, _ in stairs if start < sweeps), sweeps]
    spans = [(begin, end, beta) for (begin, end), (_, beta) in zip(pairwise(ends), stairs, strict=False)]
    if not law.symmetric:
        raise ValueError("directed couplings have no energy to be annealed")
    laws = [replace(law, beta=beta) for *_, beta in spans]
    tables = [(*neighbours(one), term_rows(one)) for one in laws]
    fields = [(2.0 * beta * law.biases).astype(np.float32) for *_, beta in spans]
    groups, n = -(-chains // LANES), len(law.biases)
    rng = generator(seed, "ideal.annealing")
    states = [np.where(rng.random((n, LANES)) < 0.5, 1.0, -1.0).astype(np.float32) for _ in range(groups)]
    keys = [seeded(np.uint64(rng.integers(0, 2**63)), LANES) for _ in range(groups)]
    energy = np.empty((groups, sweeps, LANES))
    none, signs = np.zeros((0, 2), dtype=np.int64), np.zeros((0, 0), dtype=np.uint32)

    def work(group: int, length: int) -> None:
        for (begin, end, beta), (table, coupling, terms), field in zip(spans, tables, fields, strict=True):
            count = min(end, length) - begin
            if count < 0:
                return
            seen, means = np.empty((count, LANES)), np.empty((0, count, LANES))
            unlike = np.empty((0, count, LANES), dtype=np.int32)
            spins, pairs = np.zeros((1, n), dtype=np.int64), np.zeros((1, 0), dtype=np.int64)
            advance(
                states[group], keys[group], table, coupling, terms, field, none, none, signs, count, True, seen, means,
                unlike, spins, pairs,
            )  # fmt: skip
            energy[group, begin : begin + count] = seen / (2.0 * beta)

    work(0, 0)
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda group: work(group, sweeps), range(groups)))
    seconds = time.perf_counter() - start
    final = np.concatenate(states, axis=1).T.astype(np.int8)
    return Annealing(energy.transpose(0, 2, 1).reshape(groups * LANES, sweeps), final, seconds, min(threads, groups))
