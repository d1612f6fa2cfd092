"""An independent heat-bath sampler of categorical nodes: node after node, chain after chain, on this processor.

A sweep visits the nodes in their order, with no colours and no memory, in double precision. Counts of every state and
sums of J(c_i, c_j) are kept for BLOCKS stretches of the run, whose scatter gives the errors of their means as
:mod:`thermosim.ideal.gibbs` says.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thermosim.contracts import Floats, Ints
from thermosim.ideal.gibbs import BLOCKS, Moments, Speed, moments
from thermosim.streams import generator

if TYPE_CHECKING:
    from thermosim.circuit.dits import PottsLaw


@dataclass(frozen=True)
class DitRun:
    """Result of an ideal run.

    `energy` (chain, sweep); `occupied` (row, chain, sweep), nodes of an array in a state; `projection` (row, chain,
    sweep), sums of signs; `state` over (node, state), those that exist, `bond` over edges.
    """

    energy: Floats
    occupied: Floats
    projection: Floats
    state: Moments
    bond: Moments


def _prepared(law: PottsLaw) -> tuple[Any, ...]:
    """Arguments of the kernel behind its generator: both directions of every edge, tables at beta, each kind once."""
    i, j = law.edges.T
    tables = np.concatenate([law.tables, law.tables.transpose(0, 2, 1)])
    targets, sources = np.concatenate([i, j]), np.concatenate([j, i])
    order = np.argsort(targets, kind="stable")
    known, which = _kinds(tables[order])
    return (
        law.states.astype(np.int64),
        np.searchsorted(targets[order], np.arange(law.nodes + 1)).astype(np.int64),
        sources[order].astype(np.int64),
        which,
        known * law.beta,
        law.biases * law.beta,
        np.zeros(law.tables.shape[1]),
    )


def _kinds(tables: Floats) -> tuple[Floats, Ints]:
    """Different tables, and which of them each is."""
    size = tables.shape[1] * tables.shape[2]
    known, which = np.unique(tables.reshape(len(tables), size), axis=0, return_inverse=True)
    return known.reshape(-1, *tables.shape[1:]), which.ravel().astype(np.int64)


def run(
    law: PottsLaw, seen: PottsLaw, owner: Ints, chains: int, sweeps: int, burn_in: int, seed: int, signs: np.ndarray,
    threads: int | None = None,
) -> DitRun:  # fmt: skip
    """Sample `law` with `chains` chains for `sweeps` sweeps after `burn_in`.

    Energies and J(c_i, c_j) are those of `seen`, a law on the same edges. `owner` (node,): the first of the rows that
    count the states of the node's array; `signs` (row, node, Q).
    """
    rng = generator(seed, "ideal.potts")
    rows, width = int((owner + law.states).max()), law.tables.shape[1]
    prepared = _prepared(law)
    kinds, drawn = _kinds(seen.tables)
    flat = np.ascontiguousarray(signs.transpose(1, 2, 0), dtype=np.int64)
    edges = np.ascontiguousarray(law.edges, dtype=np.int64)
    block_of = np.searchsorted(np.arange(1, BLOCKS + 1) * sweeps // BLOCKS, np.arange(sweeps), side="right")
    states = [(rng.random(law.nodes) * law.states).astype(np.int64) for _ in range(chains)]
    keys = [rng.integers(0, 2**64, 4, dtype=np.uint64) for _ in range(chains)]
    energy, occupied = np.zeros((chains, sweeps)), np.zeros((chains, rows, sweeps))
    projected = np.zeros((chains, len(signs), sweeps))
    groups = np.array_split(np.arange(chains), min(chains, 4))
    visits = np.zeros((len(groups), BLOCKS, law.nodes, width), dtype=np.int64)
    bonds, squares = np.zeros((len(groups), BLOCKS, len(edges))), np.zeros((len(groups), len(edges)))

    def work(group: int) -> None:
        from thermosim.ideal._categories import advance, sweep

        own = (*prepared[:-1], prepared[-1].copy())
        for chain in groups[group]:
            for _ in range(burn_in):
                sweep(states[chain], keys[chain], *own)
            advance(
                states[chain], keys[chain], own, sweeps, owner, flat, kinds, drawn, seen.biases, edges,
                block_of.astype(np.int64), energy[chain], occupied[chain], projected[chain], visits[group],
                bonds[group], squares[group],
            )  # fmt: skip

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        list(pool.map(work, range(len(groups))))
    exists = np.arange(width) < law.states[:, None]
    lengths = np.diff(np.arange(BLOCKS + 1) * sweeps // BLOCKS)
    share = np.array([len(group) for group in groups])[:, None] * lengths
    visited = visits[:, :, exists] / share[..., None]
    mean = visited.mean(axis=(0, 1))
    coupled = bonds / share[..., None]
    variance = np.maximum(squares.sum(axis=0) / (chains * sweeps) - coupled.mean(axis=(0, 1)) ** 2, 0.0)
    total = chains * sweeps
    return DitRun(
        energy=energy,
        occupied=occupied.transpose(1, 0, 2),
        projection=projected.transpose(1, 0, 2),
        state=moments(visited.reshape(-1, visited.shape[2]), mean * (1 - mean), total, sweeps),
        bond=moments(coupled.reshape(-1, len(edges)), variance, total, sweeps),
    )


def speed(law: PottsLaw, chains: int, least: float = 0.01, repeats: int = 3) -> Speed:
    """Time bare sweeps, nothing observed, on every processor that there are chains for; the best of `repeats`."""
    from thermosim.ideal._categories import sweep

    rng, prepared = np.random.default_rng(0), _prepared(law)
    threads = min(chains, os.cpu_count() or 1)
    states = [(rng.random(law.nodes) * law.states).astype(np.int64) for _ in range(chains)]
    keys = [rng.integers(0, 2**64, 4, dtype=np.uint64) for _ in range(chains)]

    def work(chain: int, sweeps: int) -> None:
        own = (*prepared[:-1], prepared[-1].copy())
        for _ in range(sweeps):
            sweep(states[chain], keys[chain], *own)

    with ThreadPoolExecutor(threads) as pool:

        def timed(sweeps: int) -> float:
            begin = time.perf_counter()
            list(pool.map(lambda chain: work(chain, sweeps), range(chains)))
            return time.perf_counter() - begin

        timed(1)
        sweeps = max(1, int(least / max(timed(1), 1e-9)))
        best = min(timed(sweeps) for _ in range(repeats))
    return Speed(best / (sweeps * chains), chains, threads)
