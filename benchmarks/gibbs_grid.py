"""Spin updates per nanosecond of the 70 x 70 G12 torus on one thread, against its bound and peers.

Rows: our sweep alone, with all observables of every sweep, with free RNGs; the random words alone, which bound it; a
plain Numba loop with np.random and math.exp; and, where they are installed, dwave-samplers and THRML. Everything in
one run; ratios count.
"""

import math
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import numpy as np
from numba import njit

from thermosim.analysis.colouring import colour_graph
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.engine.fabric import FabricRunner
from thermosim.kernels.jit import jit_noalias
from thermosim.kernels.random import lane64
from thermosim.times import Clock

SIDE, REPLICAS = 70, 64
NODES = SIDE * SIDE
RULES = ((0, 1), (4, 1), (9, 10))


def grid(rng: Literal["held", "free"]) -> Fabric:
    """The shipped grid's law: couplings N(0, 0.15^2), biases 0.1, memory e^-5."""
    edges = set()
    for x in range(SIDE):
        for y in range(SIDE):
            for a, b in RULES:
                for dx, dy in ((a, b), (-b, a)):
                    ends = (x * SIDE + y, (x + dx) % SIDE * SIDE + (y + dy) % SIDE)
                    edges.add((min(ends), max(ends)))
    pairs = np.array(sorted(edges))
    law = IsingLaw(pairs, np.random.default_rng(1).normal(0, 0.15, len(pairs)), np.full(NODES, 0.1), 1.0)
    one = np.ones(NODES)
    return Fabric(
        path="s", arrays={"s": (0, (SIDE, SIDE))}, nodes=NODES, colours=2, colour=colour_graph(NODES, pairs),
        clock=Clock("ck", Fraction(2_000_000)), rng=rng, drawn=law, programmed=law, actual=law,
        slope=one, shift=0 * one, memory=math.exp(-5) * one, volts=0.026 * one, relaxation=1e-7 * one,
    )  # fmt: skip


def best(work: Callable[[], object], repeats: int = 5) -> float:
    """Shortest of some timings [s], after one run to warm up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


@jit_noalias
def words(bits, nodes, out):
    """One random word for two replicas of every node, as the kernel draws them."""
    for node in range(nodes):
        for k in range(np.uint64(out.size)):
            out[k] ^= lane64(bits[k], node)


@njit
def plain(state, first, other, weight, bias, order, sweeps):
    """The straightforward loop."""
    for _ in range(sweeps):
        for i in order:
            field = bias[i]
            for k in range(first[i], first[i + 1]):
                field += weight[k] * state[other[k]]
            state[i] = 1.0 if np.random.random() < 1.0 / (1.0 + math.exp(-2.0 * field)) else -1.0  # noqa: NPY002


def ours(fabric: Fabric, record: bool, sweeps: int = 100) -> float:
    runner = FabricRunner(fabric, 1, REPLICAS)
    return sweeps * NODES * REPLICAS / best(lambda: runner.advance(sweeps, record)) * 1e-9


def bound() -> float:
    bits, out = np.arange(32, dtype=np.uint64), np.zeros(32, np.uint64)
    return 100 * NODES * REPLICAS / best(lambda: words(bits, np.uint64(100 * NODES), out)) * 1e-9


def straightforward(law: IsingLaw, sweeps: int = 200) -> float:
    ends = np.concatenate([law.edges, law.edges[:, ::-1]])
    order = np.argsort(ends[:, 0], kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(ends[:, 0], minlength=NODES))])
    weights, state = np.concatenate([law.weights, law.weights])[order], np.ones(NODES)
    visit = np.argsort(colour_graph(NODES, law.edges), kind="stable")
    other = np.ascontiguousarray(ends[order, 1])
    seconds = best(lambda: plain(state, first, other, weights, law.biases, visit, sweeps), 3)
    return sweeps * NODES / seconds * 1e-9


def dwave(law: IsingLaw, sweeps: int = 200) -> float | None:
    """Heat-bath sweeps of dwave-samplers at one temperature, differences of two lengths to leave set-up out."""
    try:
        from dwave.samplers import SimulatedAnnealingSampler
    except ImportError:
        return None
    fields = dict(enumerate(-law.biases))
    couplings = {(int(i), int(j)): -w for (i, j), w in zip(law.edges, law.weights, strict=True)}

    def run(length: int) -> object:
        return SimulatedAnnealingSampler().sample_ising(
            fields,
            couplings,
            num_reads=8,
            num_sweeps=length,
            beta_range=(1.0, 1.0),
            proposal_acceptance_criteria="Gibbs",
        )

    seconds = best(lambda: run(sweeps), 3) - best(lambda: run(1), 3)
    return (sweeps - 1) * NODES * 8 / seconds * 1e-9


def thrml(law: IsingLaw, sweeps: int = 100) -> float | None:
    """THRML with two blocks, all threads that JAX takes."""
    try:
        import jax
        import jax.numpy as jnp
        from thrml import Block, SamplingSchedule, SpinNode, sample_states
        from thrml.models import IsingEBM, IsingSamplingProgram, hinton_init
    except ImportError:
        return None
    nodes = [SpinNode() for _ in range(NODES)]
    colour = colour_graph(NODES, law.edges)
    model = IsingEBM(
        nodes,
        [(nodes[i], nodes[j]) for i, j in law.edges],
        jnp.array(law.biases),
        jnp.array(law.weights),
        jnp.array(1.0),
    )
    blocks = [Block([nodes[i] for i in np.flatnonzero(colour == c)]) for c in (0, 1)]
    program = IsingSamplingProgram(model, blocks, clamped_blocks=[])
    keys = jax.random.split(jax.random.key(0), REPLICAS)
    first = hinton_init(jax.random.key(1), model, blocks, (REPLICAS,))

    def run(length: int) -> Callable[[], object]:
        schedule = SamplingSchedule(n_warmup=length, n_samples=1, steps_per_sample=1)
        chains = jax.jit(jax.vmap(lambda key, state: sample_states(key, program, schedule, state, [], [Block(nodes)])))
        return lambda: jax.block_until_ready(chains(keys, first))

    seconds = best(run(sweeps), 2) - best(run(1), 2)
    return (sweeps - 1) * NODES * REPLICAS / seconds * 1e-9


def main() -> None:
    held = grid("held")
    rows = {
        "thermosim, sweep": ours(held, record=False),
        "thermosim, all observables every sweep": ours(held, record=True),
        "thermosim, free RNGs (two relaxations each)": ours(grid("free"), record=False),
        "random words alone (bound)": bound(),
        "straightforward Numba loop, one chain": straightforward(held.actual),
        "dwave-samplers, 8 chains": dwave(held.actual),
        "THRML, 64 chains, all threads": thrml(held.actual),
    }
    sweep = rows["thermosim, sweep"]
    print(f"{SIDE} x {SIDE} G12 torus, {REPLICAS} replicas, spin updates per ns on one thread; ratio: our sweep / row")
    for name, rate in rows.items():
        print(f"  {name:46s}" + ("not installed" if rate is None else f"{rate:8.4f}   {sweep / rate:8.2f}"))


if __name__ == "__main__":
    main()
