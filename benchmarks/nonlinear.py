"""Steps of a chain of quartic units beside drawing its normals alone and beside a plain Numba loop, on one core.

    python benchmarks/nonlinear.py

64 units x 256 replicas, resistors between neighbours. The plain loop is Euler's scheme with NumPy's generator, node by
node, with the two neighbours it has: a step of it does less and is of first order. Each is the best of many short runs,
taken in turn: other programs disturb all alike.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from _timing import best_in_turn
from threadpoolctl import threadpool_limits

import thermosim as ts
from thermosim.engine.nonlinear import NonlinearRunner
from thermosim.kernels.jit import jit
from thermosim.kernels.normal import fill, workspace
from thermosim.kernels.random import bits64
from thermosim.kernels.tiles import WIDTH, aligned

NODES, REPLICAS, STEPS = 64, 256, 8
HEAD = "thermosim: 1\nname: chain\nparameters: {G0: 10 uS, V0: 70 mV}\ninstances:\n"
CHAIN = """
  C: {{type: capacitor, c: 1 pF, shape: [{n}], pins: {{p: "x[i]", n: 0}}}}
  Q: {{{curve}, noisy: false, shape: [{n}], pins: {{p: "x[i]", n: 0}}}}
  N: {{type: white_noise, psd: 2e-20 A^2/Hz, shape: [{n}], pins: {{p: "x[i]", n: 0}}}}
  R: {{type: resistor, r: 200 kOhm, noisy: false, shape: [{links}], pins: {{p: "x[i]", n: "x[i+1]"}}}}
run: {{duration: 1 us, step: 1 ns, record: {{"x[*]": every 100 ns}}}}
"""
CURVES = {
    "quartic": "type: polynomial_conductance, g1: -10 uS, g3: 2 mS/V^2",
    "all powers": "type: polynomial_conductance, g2: 0.1 mS/V, g3: 2 mS/V^2, g4: 1 mS/V^3, g5: 1 mS/V^4",
    "tanh": "type: tanh_conductance, g: 10 uS, i_max: 1 uA",
    "formula": "type: formula_conductance, low: -1 V, high: 1 V, current: '{G0 * v * v * v / (V0 * V0)}'",
}


@jit
def plain_loop(state, conductance, link, cubic, capacitance, spread, step, count):
    """Euler's scheme as one would write it first."""
    n, replicas = state.shape
    before = np.empty(n)
    for r in range(replicas):
        for _ in range(count):
            before[:] = state[:, r]
            for i in range(n):
                v = before[i]
                current = conductance * v + cubic * v * v * v
                if i > 0:
                    current += link * (v - before[i - 1])
                if i < n - 1:
                    current += link * (v - before[i + 1])
                state[i, r] = v - step * current / capacitance + spread * np.random.standard_normal()  # noqa: NPY002 - Numba knows no other


@jit
def draw_only(nodes, tiles):
    """The normals of `tiles` times WIDTH node vectors, thrown away."""
    out, bits = aligned(nodes, WIDTH), np.empty(WIDTH, np.uint64)
    high, low, even, odd = workspace()
    for tile in range(tiles):
        for k in range(WIDTH):
            bits[k] = bits64(np.uint64(k), np.uint64(tile))
        fill(bits, out, high, low, even, odd)
    return out[0, 0]


def runner(curve: str, scheme: str, nodes: int = NODES, replicas: int = REPLICAS) -> NonlinearRunner:
    """A chain, ready to step."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.yaml"
        path.write_text(HEAD + CHAIN.format(n=nodes, links=nodes - 1, curve=CURVES[curve]))
        island = ts.load(path).program.nonlinear_islands[0]
    return NonlinearRunner(replace(island, scheme=scheme), np.zeros((0, replicas)), 1, 1)


def main() -> None:
    works = [("quartic", "splitting"), ("quartic", "heun"), ("quartic", "euler")]
    works += [(curve, "splitting") for curve in CURVES if curve != "quartic"]
    runners = [runner(*work) for work in works]
    state = np.zeros((NODES, REPLICAS))
    spread = np.sqrt(1e-20 * 1e-9) / 1e-12

    def go(one: NonlinearRunner) -> Callable[[], object]:
        return lambda: one.advance(one.time + STEPS * 1_000_000)

    calls: list[Callable[[], object]] = [go(one) for one in runners]
    calls.append(lambda: draw_only(NODES, REPLICAS * STEPS // WIDTH))
    calls.append(lambda: plain_loop(state, -1e-5, 5e-6, 2e-3, 1e-12, spread, 1e-9, STEPS))
    *ours, draws, plain = best_in_turn(calls, seconds=20.0)
    size = NODES * REPLICAS * STEPS
    print(
        f"{NODES} nodes x {REPLICAS} replicas, one thread; M node-steps per second, ratios to the plain loop and to the"
    )
    print(f"bound: normals alone, {size / draws / 1e6:.0f} M/s; plain Numba loop, Euler: {size / plain / 1e6:.1f} M/s")
    print("curve       scheme      M node-steps/s   / plain loop   / bound")
    for (curve, scheme), time in zip(works, ours, strict=True):
        print(f"{curve:11s} {scheme:10s} {size / time / 1e6:15.1f} {plain / time:14.1f} {draws / time:9.3f}")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
