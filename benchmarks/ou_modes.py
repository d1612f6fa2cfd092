"""Exact OU stepping: our rate beside the normals alone, the matrix products alone, and peers, in one run on one core.

    python benchmarks/ou_modes.py

The bound is what has to be done at the least: draw the normals and multiply each sample by one matrix (BLAS dgemm).
"""

from __future__ import annotations

import numpy as np
from _timing import best
from threadpoolctl import threadpool_limits

from thermosim.analysis.propagator import propagator
from thermosim.kernels.jit import jit
from thermosim.kernels.normal import fill, workspace
from thermosim.kernels.ou import step, steps
from thermosim.kernels.random import bits64
from thermosim.kernels.tiles import WIDTH

NODES, SAMPLES, CHUNK = 64, 100_000, 10_000


@jit
def draw_only(key, nodes, count):
    """As many normals as `count` steps of one chain need, thrown away."""
    out = np.empty((nodes, WIDTH))
    bits = np.empty(WIDTH, np.uint64)
    high, low, even, odd = workspace()
    for begin in range(0, count, WIDTH):
        for k in range(WIDTH):
            bits[k] = bits64(key, np.uint64(begin + k))
        fill(bits, out, high, low, even, odd)
    return out[0, 0]


def chain(nodes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """RC cells of unequal resistance in a chain: C [F], G [S] and S [A^2 s]."""
    resistance = 1e6 * np.linspace(1.0, 3.0, nodes)
    coupling = 0.5e-6 * (2 * np.eye(nodes) - np.eye(nodes, k=1) - np.eye(nodes, k=-1))
    return 1e-12 * np.eye(nodes), np.diag(1 / resistance) + coupling, 1e-26 * np.diag(1e6 / resistance)


def thermox_rate(samples: int) -> float | None:
    """Samples per second of thermox on the same chain in units of its time constant, or None without it."""
    try:
        import jax
        import thermox
    except ImportError:
        return None
    capacitance, conductance, noise = chain(NODES)
    drift = np.linalg.solve(capacitance, conductance) * 1e-6
    diffusion = noise / noise.max()
    times = np.arange(samples) * 0.1
    zero = np.zeros(NODES)

    def sample() -> object:
        return thermox.sample(jax.random.PRNGKey(0), times, zero, drift, zero, diffusion).block_until_ready()

    return samples / best(sample, 2)


def main() -> None:
    capacitance, conductance, noise = chain(NODES)
    law = capacitance, conductance, noise, np.zeros((NODES, 0)), np.zeros(NODES)
    exact = propagator(*law, 0.1e-6)
    key, drive = np.array([42], np.uint64), np.zeros((NODES, 1))
    state, out, nodes = np.zeros((NODES, 1)), np.zeros((CHUNK, NODES, 1)), np.arange(NODES)
    counter = 0

    def ours() -> None:
        nonlocal counter
        for _ in range(SAMPLES // CHUNK):
            steps(state, exact.decay, drive, exact.factor, key, np.uint64(counter), nodes, out)
            counter += CHUNK

    block, product = np.ones((NODES, 256)), np.ones((NODES, 256))

    def gemm() -> None:
        for _ in range(SAMPLES // 256):
            np.dot(exact.decay, block, out=product)

    time_ours = best(ours)
    time_draw = best(lambda: draw_only(key[0], NODES, SAMPLES))
    time_gemm = best(gemm) * SAMPLES / (SAMPLES // 256 * 256)
    bound = time_draw + time_gemm
    print(f"{NODES} coupled modes, one chain, every sample recorded, double precision")
    print(f"  thermosim           {SAMPLES / time_ours / 1e6:8.2f} M samples/s")
    per_nanosecond = NODES * SAMPLES / time_draw / 1e9
    print(f"  normals alone       {SAMPLES / time_draw / 1e6:8.2f} M samples/s ({per_nanosecond:.2f} per ns)")
    print(f"  one dgemm alone     {SAMPLES / time_gemm / 1e6:8.2f} M samples/s")
    print(f"  bound by the two    {SAMPLES / bound / 1e6:8.2f} M samples/s; reached {bound / time_ours:.2f} of it")
    print("  (a network out of equilibrium needs one and a half products a sample: decay and triangular noise)")
    rate = thermox_rate(SAMPLES)
    print(
        f"  thermox             {rate / 1e6:8.3f} M samples/s; ratio {SAMPLES / time_ours / rate:.0f}"
        if rate
        else "  thermox             not installed"
    )

    for count, replicas in ((8, 4096), (4, 64)):
        law = *chain(count), np.zeros((count, 0)), np.zeros(count)
        exact = propagator(*law, 0.1e-6)
        keys = np.arange(replicas, dtype=np.uint64) + np.uint64(7)
        state, drive = np.zeros((count, replicas)), np.zeros((count, 1))
        none, nodes, turns = np.zeros((500, 0, replicas)), np.arange(0), 500

        def many(exact=exact, keys=keys, state=state, drive=drive, none=none, nodes=nodes) -> None:
            steps(state, exact.decay, drive, exact.factor, keys, np.uint64(0), nodes, none)

        def single(exact=exact, keys=keys, state=state, drive=drive, turns=turns) -> None:
            for turn in range(turns):
                step(state, exact.decay, drive, exact.factor, keys, np.uint64(turn))

        print(f"{count} modes x {replicas} replicas")
        print(f"  many steps a call   {turns * replicas / best(many, 3) / 1e6:8.1f} M replica-steps/s")
        print(f"  one step a call     {best(single, 3) / turns * 1e6:8.2f} us a call")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
