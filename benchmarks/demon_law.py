"""The demon's law for 64 replicas: time a call, and arithmetic rate against BLAS sgemm, in one run on one core.

python benchmarks/demon_law.py
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from _timing import best
from threadpoolctl import threadpool_limits

from thermosim.kernels.activation import KINDS
from thermosim.kernels.law import law, mixture, mlp
from thermosim.kernels.mlp import perceptron

REPLICAS, CALLS = 64, 2000


def fastest(work: Callable[[], object]) -> float:
    """Shortest wall time a call [s] of five runs of CALLS calls, after one to warm up."""
    return best(lambda: [work() for _ in range(CALLS)], 5) / CALLS


def main() -> None:
    rng = np.random.default_rng(1)
    reads, out = rng.normal(size=(4, REPLICAS)), np.empty((4, REPLICAS))
    identity, zero = np.eye(4), np.zeros(4)

    square = rng.normal(size=(64, 64)).astype(np.float32)
    columns, result = rng.normal(size=(64, REPLICAS)).astype(np.float32), np.empty((64, REPLICAS), np.float32)
    seconds = fastest(lambda: np.dot(square, columns, out=result))
    rate = 2 * 64 * 64 * REPLICAS / seconds / 1e9
    print(f"sgemm 64 x 64 x {REPLICAS}            {seconds * 1e6:7.2f} us  {rate:6.1f} GFLOP/s")

    for output in ("score", "energy"):
        sizes = [4, 64, 64, 4 if output == "score" else 1]
        weights = [rng.normal(size=(b, a)) / np.sqrt(a) for a, b in pairwise(sizes)]
        biases = [np.zeros(b) for b in sizes[1:]]
        macs = sum(weight.size for weight in weights) * (1 if output == "score" else 2)
        for kind in KINDS:
            evaluate = law(mlp(perceptron(weights, biases, kind, output)), identity, identity, zero)
            seconds = fastest(lambda evaluate=evaluate: evaluate(reads, out))
            rate = 2 * macs * REPLICAS / seconds / 1e9
            print(f"{'-'.join(map(str, sizes)):9} {output:6} {kind:8}    {seconds * 1e6:7.2f} us  {rate:6.1f} GFLOP/s")

    evaluate = law(mixture(rng.normal(size=(2, 4)), 0.5, np.array([0.5, 0.5])), identity, identity, zero)
    print(f"mixture of 2 in 4 dimensions  {fastest(lambda: evaluate(reads, out)) * 1e6:7.2f} us")
    evaluate = law(None, np.zeros((4, 0)), identity, zero)
    print(f"proportional                  {fastest(lambda: evaluate(reads, out)) * 1e6:7.2f} us")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
