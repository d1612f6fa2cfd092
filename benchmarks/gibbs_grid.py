"""Spin updates per microsecond on one thread: ours beside a plain Numba loop, the random words alone, and peers.

    python benchmarks/gibbs_grid.py

Everything in one run; the ratios count. The bound is the time to draw the random words of the kernel's updates. Peers
(dwave-samplers and openjij with all chains one after the other, THRML with two blocks on all threads) are measured
where they are installed.
"""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numba import njit

from thermosim.analysis.colouring import colour_graph
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.engine.fabric import FabricRunner
from thermosim.kernels.jit import jit_noalias
from thermosim.kernels.random import lane64
from thermosim.times import Clock

G12 = ((0, 1), (4, 1), (9, 10))


def torus(side: int, rules: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Edges (edge, 2) of a square torus; each rule stands for four neighbours, by quarter turns."""
    site = np.arange(side * side)
    x, y = site // side, site % side
    ends = [
        np.sort(np.stack([site, (x + dx) % side * side + (y + dy) % side], axis=1), axis=1)
        for a, b in rules
        for dx, dy in ((a, b), (-b, a))
    ]
    return np.unique(np.concatenate(ends), axis=0)


def fabric(nodes: int, edges: np.ndarray, weights: np.ndarray, colour: np.ndarray) -> Fabric:
    law = IsingLaw(edges, weights, np.full(nodes, 0.1), 1.0)
    one = np.ones(nodes)
    return Fabric(
        path="s", arrays={"s": (0, (nodes,))}, nodes=nodes, colours=int(colour.max()) + 1, colour=colour,
        clock=Clock("ck", Fraction(2_000_000)), rng="held", drawn=law, programmed=law, actual=law,
        slope=one, shift=0 * one, memory=math.exp(-5) * one, volts=0.026 * one, relaxation=1e-7 * one,
    )  # fmt: skip


def works() -> dict[str, Fabric]:
    """Grids with the shipped one's law, a grid of random signs, and a complete graph."""
    random = np.random.default_rng(1)

    def grid(side: int, rules: tuple[tuple[int, int], ...]) -> Fabric:
        edges = torus(side, rules)
        return fabric(side**2, edges, random.normal(0, 0.15, len(edges)), colour_graph(side**2, edges))

    real = grid(70, G12)
    small, large = grid(256, ((0, 1),)), grid(1000, ((0, 1),))
    dense = np.stack(np.triu_indices(440, 1), axis=1)
    signs = random.choice([-1.0, 1.0], len(small.actual.edges))

    def few(work: Fabric, weights: np.ndarray) -> Fabric:
        return replace(work, actual=replace(work.actual, weights=weights))

    return {
        "70 x 70 G12": real,
        "70 x 70 G12, 6 bits": few(real, np.clip(np.rint(real.actual.weights / 0.024), -31, 31) * 0.024),
        "256 x 256": small,
        "256 x 256, +-J": few(small, signs),
        "1000 x 1000": large,
        "dense 440": fabric(440, dense, random.normal(0, 440**-0.5, len(dense)), np.arange(440, dtype=np.int32)),
    }


def best(work: Callable[[], object], repeats: int = 3) -> float:
    """Shortest of some timings [s], after one run to warm up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


@jit_noalias
def words(bits, nodes, out, half):
    """One random word for two replicas of every node, as the kernel draws them."""
    for node in range(nodes):
        for k in range(half):
            out[k] ^= lane64(bits[k], node)


@jit_noalias
def chain_words(bits, nodes, out, size):
    """One random word for every node of one replica."""
    for node in range(np.uint64(0), nodes, size):
        for k in range(size):
            out[k] ^= lane64(bits, node + k)


@njit
def plain(state, first, other, weight, bias, order, sweeps):
    """The straightforward loop."""
    for _ in range(sweeps):
        for i in order:
            field = bias[i]
            for k in range(first[i], first[i + 1]):
                field += weight[k] * state[other[k]]
            state[i] = 1.0 if np.random.random() < 1.0 / (1.0 + math.exp(-2.0 * field)) else -1.0  # noqa: NPY002


def ours(work: Fabric, replicas: int, record: bool = False, threads: int = 1) -> tuple[float, str]:
    """Updates per microsecond, and the kernel."""
    runner = FabricRunner(work, 1, replicas, threads)
    sweeps = max(1, round(3e7 / (work.nodes * replicas * work.colours**0.3)))
    seconds = best(lambda: runner.advance(sweeps, record))
    return sweeps * work.nodes * replicas / seconds * 1e-6, runner.kernels[0]


def bound(replicas: int) -> float:
    size, nodes = np.uint64(16 if replicas > 1 else 128), 400_000
    if replicas == 1:
        out = np.zeros(size, np.uint64)
        return nodes / best(lambda: chain_words(np.uint64(5), np.uint64(nodes), out, size)) * 1e-6
    bits, out = np.arange(size, dtype=np.uint64), np.zeros(size, np.uint64)
    return nodes * 32 / best(lambda: words(bits, np.uint64(nodes), out, size)) * 1e-6


def straightforward(work: Fabric) -> float:
    law = work.actual
    ends = np.concatenate([law.edges, law.edges[:, ::-1]])
    order = np.argsort(ends[:, 0], kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(ends[:, 0], minlength=work.nodes))])
    weights, state = np.concatenate([law.weights, law.weights])[order], np.ones(work.nodes)
    visit, other = np.argsort(work.colour, kind="stable"), np.ascontiguousarray(ends[order, 1])
    sweeps = max(1, round(5e7 / len(ends)))
    seconds = best(lambda: plain(state, first, other, weights, law.biases, visit, sweeps))
    return sweeps * work.nodes / seconds * 1e-6


def annealer(name: str) -> Callable[..., object] | None:
    """A function (fields, couplings, reads, sweeps) of dwave-samplers or openjij, or None."""
    try:
        if name == "dwave":
            from dwave.samplers import SimulatedAnnealingSampler

            return lambda fields, couplings, reads, sweeps: SimulatedAnnealingSampler().sample_ising(
                fields, couplings, num_reads=reads, num_sweeps=sweeps, beta_range=(1.0, 1.0),
                proposal_acceptance_criteria="Gibbs",
            )  # fmt: skip
        import openjij

        return lambda fields, couplings, reads, sweeps: openjij.SASampler().sample_ising(
            fields, couplings, num_reads=reads, num_sweeps=sweeps, beta_min=1.0, beta_max=1.0
        )
    except ImportError:
        return None


def annealed(name: str, work: Fabric) -> float | None:
    """A peer's sweeps at one temperature; differences of two lengths leave set-up out."""
    call = annealer(name)
    if call is None or work.nodes > 100_000:
        return None
    law = work.actual
    fields = dict(enumerate(-law.biases))
    couplings = {(int(i), int(j)): -float(w) for (i, j), w in zip(law.edges, law.weights, strict=True)}
    reads = 8 if work.nodes < 10_000 else 1
    sweeps = max(30, round(6e7 / (len(couplings) * reads)))
    few, many = (best(lambda n=n: call(fields, couplings, reads, n), 2) for n in (1, 1 + sweeps))
    return sweeps * work.nodes * reads / (many - few) * 1e-6 if many > few else None


def thrml(work: Fabric, replicas: int, sweeps: int = 100) -> float | None:
    """THRML with two blocks, all threads that JAX takes."""
    law = work.actual
    try:
        import jax
        import jax.numpy as jnp
        from thrml import Block, SamplingSchedule, SpinNode, sample_states
        from thrml.models import IsingEBM, IsingSamplingProgram, hinton_init
    except ImportError:
        return None
    nodes = [SpinNode() for _ in range(work.nodes)]
    model = IsingEBM(
        nodes,
        [(nodes[i], nodes[j]) for i, j in law.edges],
        jnp.array(law.biases),
        jnp.array(law.weights),
        jnp.array(1.0),
    )
    blocks = [Block([nodes[i] for i in np.flatnonzero(work.colour == c)]) for c in (0, 1)]
    program = IsingSamplingProgram(model, blocks, clamped_blocks=[])
    keys = jax.random.split(jax.random.key(0), replicas)
    first = hinton_init(jax.random.key(1), model, blocks, (replicas,))

    def run(length: int) -> Callable[[], object]:
        schedule = SamplingSchedule(n_warmup=length, n_samples=1, steps_per_sample=1)
        chains = jax.jit(jax.vmap(lambda key, state: sample_states(key, program, schedule, state, [], [Block(nodes)])))
        return lambda: jax.block_until_ready(chains(keys, first))

    seconds = best(run(sweeps), 2) - best(run(1), 2)
    return (sweeps - 1) * work.nodes * replicas / seconds * 1e-6


def show(rate: float | None, ratio: float | None = None) -> str:
    if rate is None:
        return f"{'-':>16s}"
    return f"{rate:9.1f}" + (f" {'(' + format(ratio, '.2g') + ')':>6s}" if ratio else " " * 7)


def main() -> None:
    print("Spin updates per microsecond on one thread. In brackets: our rate divided by that one.")
    print(f"{'work':22s}{'chains':>6s} {'kernel':7s}{'ours':>9s}{'recorded':>10s}" + "".join(
        f"{name:>16s}" for name in ("plain numba", "RNG bound", "dwave-samplers", "openjij", "THRML")
    ))  # fmt: skip
    bounds = {replicas: bound(replicas) for replicas in (1, 64)}
    for name, work in works().items():
        plain_rate = straightforward(work)
        peers = [annealed(peer, work) for peer in ("dwave", "openjij")]
        for replicas in (64, 1):
            if replicas > 1 and work.nodes > 100_000:
                continue
            rate, kernel = ours(work, replicas)
            recorded, _ = ours(work, replicas, record=True)
            others = [plain_rate, bounds[replicas], *peers]
            others.append(thrml(work, replicas) if name == "70 x 70 G12" else None)
            cells = "".join(show(other, rate / other if other else None) for other in others)
            print(f"{name:22s}{replicas:6d} {kernel:7s}{rate:9.1f}{recorded:10.1f}{cells}", flush=True)
    one, two = (ours(works()["70 x 70 G12"], 64, threads=threads)[0] for threads in (1, 2))
    print(f"Two threads on 70 x 70 G12 with 64 chains: {two / one:.2f} times one thread.")
    print("'recorded': with all observables after every sweep. '-': not installed, or too slow to set up.")


if __name__ == "__main__":
    main()
