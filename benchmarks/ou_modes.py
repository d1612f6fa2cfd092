"""Exact OU stepping beside what it must do at the least, and beside peers, in one run on one core.

    python benchmarks/ou_modes.py

The bound adds up the normals alone, the two matrix products of a step alone (full and triangular, on data in the
first cache) and writing the record alone. Each is the best of many short runs, taken in turn: other programs disturb
all alike.
"""

from __future__ import annotations

from collections.abc import Callable

import _analog_peers as peers
import numpy as np
from _timing import best_in_turn
from threadpoolctl import threadpool_limits

from thermosim.analysis.propagator import propagator
from thermosim.kernels.jit import jit
from thermosim.kernels.normal import BATCH, fill, hash_keys, workspace
from thermosim.kernels.ou import step, steps
from thermosim.kernels.tiles import WIDTH, add_product, aligned

STEP = 0.1e-6  # s; a tenth of the shortest time constant of a cell
WORKS = ((64, 1, 512, 64), (64, 1, 512, 1), (8, 4096, 64, 0), (8, 4096, 8, 8), (8, 1, 2048, 8), (4, 64, 64, 0))
"""(nodes, replicas, steps in a call, recorded nodes)"""


@jit
def draw_only(nodes, tiles):
    """The normals of `tiles` times WIDTH node vectors, thrown away; as many tiles at a time as fill a batch."""
    ahead = max(1, 2 * BATCH // (nodes + 1))
    out, bits = aligned(ahead * nodes, WIDTH), np.empty(ahead * WIDTH, np.uint64)
    keys = np.arange(WIDTH).astype(np.uint64)
    high, low, even, odd = workspace()
    for tile in range(0, tiles, ahead):
        for k in range(ahead):
            hash_keys(keys, np.uint64(tile + k), bits[k * WIDTH :])
        fill(bits, out, high, low, even, odd)
    return out[0, 0]


@jit
def multiply_only(factor, decay, tiles):
    """The two products of `tiles` times WIDTH node vectors, none waiting for another's result."""
    total, terms = aligned(len(decay), WIDTH), aligned(len(decay), WIDTH)
    total[:], terms[:] = 0.0, 1e-3
    for _ in range(tiles):
        add_product(total, factor, terms, True)
        add_product(total, decay, terms, False)
    return total[0, 0]


def chain(nodes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """RC cells of unequal resistance in a chain: C [F], G [S] and S [A^2 s]."""
    resistance = 1e6 * np.linspace(1.0, 3.0, nodes)
    coupling = 0.5e-6 * (2 * np.eye(nodes) - np.eye(nodes, k=1) - np.eye(nodes, k=-1))
    return 1e-12 * np.eye(nodes), np.diag(1 / resistance) + coupling, 1e-26 * np.diag(1e6 / resistance)


def measure(nodes: int, replicas: int, count: int, recorded: int) -> None:
    """Print our rate, each part of the bound and the ratio."""
    exact = propagator(*chain(nodes), np.zeros((nodes, 0)), np.zeros(nodes), STEP)
    keys = np.arange(replicas, dtype=np.uint64) + np.uint64(7)
    state, drive, rows = np.zeros((nodes, replicas)), np.zeros((nodes, 1)), np.arange(recorded)
    out = np.zeros((count, recorded, replicas))
    tiles = replicas * count // WIDTH
    works: list[Callable[[], object]] = [
        lambda: steps(state, exact.decay, drive, exact.factor, keys, np.uint64(0), rows, out),
        lambda: draw_only(nodes, tiles),
        lambda: multiply_only(exact.factor, exact.decay, tiles),
        lambda: out.fill(1.0),
    ]
    ours, *parts = best_in_turn(works)
    samples = replicas * count
    normals, products, writing = (part / samples * 1e9 for part in parts)
    print(
        f"{nodes:5d} {replicas:8d} {recorded:8d} {samples / ours / 1e6:10.2f} {samples / sum(parts) / 1e6:10.2f} "
        f"{sum(parts) / ours:6.2f}   {normals:8.2f} {products:8.2f} {writing:7.2f} {nodes / normals:12.2f}"
    )


def compare(nodes: int, replicas: int, count: int) -> None:
    """Print the rates of peers and plain loops; ours is in the table above."""
    capacitance, conductance, noise = chain(nodes)
    exact = propagator(capacitance, conductance, noise, np.zeros((nodes, 0)), np.zeros(nodes), STEP)
    drift = np.linalg.solve(capacitance, conductance)
    spread = np.sqrt(np.diag(noise) * STEP) / np.diag(capacitance)
    keys, state = np.arange(replicas, dtype=np.uint64), np.zeros((nodes, replicas))
    rows = np.arange(nodes if replicas == 1 else 0)
    out, drive = np.zeros((count, len(rows), replicas)), np.zeros((nodes, 1))
    (time,) = best_in_turn(
        [lambda: steps(state, exact.decay, drive, exact.factor, keys, np.uint64(0), rows, out)], seconds=1.0
    )
    ours = replicas * count / time
    rates: dict[str, float | None] = {
        "NumPy loop, exact": peers.numpy_loop(exact.decay, exact.factor, replicas, max(4, 2000 // replicas)),
        "Numba loop, Euler": peers.numba_loop(drift, spread, STEP, replicas, max(4, 2000 // replicas)),
    }
    rates["JAX scan, exact"] = peers.jax_scan(exact.decay, exact.factor, replicas, max(200, 100_000 // replicas))
    if replicas == 1:
        unit = drift * 1e-6, noise / noise.max(), STEP * 1e6
        rates["thermox, exact"] = peers.thermox(*unit, 10_000)
        rates["diffrax, Euler"] = peers.diffrax(*unit, 1_000)
    print(f"{nodes} nodes x {replicas} replicas: thermosim {ours / 1e6:.2f} M steps/s")
    for name, rate in rates.items():
        print(f"  {name:20s}" + (f"{rate / 1e6:10.4f} M/s; ratio {ours / rate:.0f}" if rate else "    not installed"))


def main() -> None:
    print("Exact steps, double precision, one thread. Rates in M node vectors (replica-steps) per second, times in ns.")
    print("nodes replicas recorded  thermosim      bound  ratio    normals products writing normals per ns")
    for work in WORKS:
        measure(*work)
    exact = propagator(*chain(8), np.zeros((8, 0)), np.zeros(8), STEP)
    state, keys, drive = np.zeros((8, 4096)), np.arange(4096, dtype=np.uint64), np.zeros((8, 1))
    (time,) = best_in_turn([lambda: step(state, exact.decay, drive, exact.factor, keys, np.uint64(0))], seconds=1.0)
    print(f"one step a call, 8 nodes x 4096 replicas: {4096 / time / 1e6:.1f} M replica-steps/s")
    block, product = np.ones((64, 256)), np.ones((64, 256))
    (time,) = best_in_turn([lambda: np.dot(block[:, :64], block, out=product)], seconds=1.0)
    print(f"dgemm of NumPy, 64 x 64 x 256, for comparison: {64 * 64 * 256 / time / 1e9:.1f} G products/s")
    compare(64, 1, 512)
    compare(8, 4096, 64)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
