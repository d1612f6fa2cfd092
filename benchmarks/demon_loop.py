"""Controller ticks per second of a closed loop: four s-modes, ADC, an MLP 4-64-64-4, DAC, 64 replicas, one core.

    python benchmarks/demon_loop.py

Beside the whole loop, the law alone (the network in its kernel) and the loop with a matrix in the network's place: what
is left is the co-simulator, with its events, conversions and exact analog steps.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from _timing import best

import thermosim as ts
from thermosim.contracts import MLP, Law
from thermosim.demon.laws import LawController
from thermosim.engine.controls import compiled
from thermosim.engine.simulator import run

REPLICAS, TICKS, SIZES = 64, 40_000, (4, 64, 64, 4)


def network() -> MLP:
    """A perceptron with random weights; it only has to cost what a trained one costs."""
    rng = np.random.default_rng(1)
    weights = tuple(rng.normal(size=(out, into)) / np.sqrt(into) for into, out in pairwise(SIZES))
    return MLP(weights, tuple(np.zeros(out) for out in SIZES[1:]), "tanh", "score", 0.04, 0.1)


def ticks_per_second(law: Law) -> float:
    """Rate of the whole loop, the better of three runs after one that compiles."""
    chip = ts.load("smode4", set={"run.duration": f"{TICKS // 10} us", "run.burn_in": "0 s"})
    plan = chip.program.controllers[0]
    controllers = {plan.path: LawController(law, plan.reads, plan.writes)}
    return TICKS / best(lambda: run(chip.program, controllers, replicas=REPLICAS, threads=1))


def law_per_second(law: Law) -> float:
    """Rate of the law alone."""
    evaluate, reads, writes = compiled(law), np.full((4, REPLICAS), 0.01), np.empty((4, REPLICAS))
    return 5000 / best(lambda: [evaluate(reads, writes) for _ in range(5000)])


def main() -> None:
    one, none = np.eye(4), np.zeros((4, 4))
    demon, matrix = Law(network(), one, none, np.zeros(4)), Law(None, none, -one, np.zeros(4))
    whole, alone, bare = ticks_per_second(demon), law_per_second(demon), ticks_per_second(matrix)
    name = f"loop with MLP {'-'.join(map(str, SIZES))}, {REPLICAS} replicas:"
    print(f"{name} {whole:8.0f} ticks/s, {1e6 / whole:5.1f} us each")
    print(f"the network alone:                   {alone:8.0f} ticks/s, {1e6 / alone:5.1f} us each")
    print(f"the loop with a matrix instead:      {bare:8.0f} ticks/s, {1e6 / bare:5.1f} us each")


if __name__ == "__main__":
    main()
