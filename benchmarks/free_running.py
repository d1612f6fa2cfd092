"""Free-running p-bits per microsecond on one thread: every method that can run a fabric, beside a plain Numba loop.

    python benchmarks/free_running.py

+-J couplings, six neighbours. A candidate is a p-bit that is looked at; a chain is made of flips, so methods of one
work are compared by flips. The time is that of the thread, so that other programs disturb less.
"""

import math
import time
from fractions import Fraction

import numpy as np
from numba import njit

from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.engine.free_chains import Couplings, Events, Method, Stream
from thermosim.streams import replica_keys
from thermosim.times import Clock

TAU0 = 1e-7
SECONDS = 0.1
"""Length of a timing: short, since the shortest of many counts."""


def fabric(nodes: int, beta: float, arrhenius: bool = False, spread: float = 0.0, delay: float = 0.0) -> Fabric:
    """A ring with neighbours at three distances; relaxation times spread by a factor 1 +- spread."""
    random = np.random.default_rng(1)
    site = np.arange(nodes)
    ends = [np.sort(np.stack([site, (site + step) % nodes], axis=1), axis=1) for step in (1, 17, 211)]
    edges = np.unique(np.concatenate(ends), axis=0)
    law = IsingLaw(edges, random.choice([-1.0, 1.0], len(edges)), np.zeros(nodes), beta)
    one = np.ones(nodes)
    return Fabric(
        path="s", arrays={"s": (0, (nodes,))}, nodes=nodes, colours=1, colour=np.zeros(nodes, dtype=np.int32),
        clock=Clock("grid", Fraction(10**7)), rng="held", drawn=law, programmed=law, actual=law, slope=one,
        shift=0 * one, memory=0 * one, volts=0.026 * one,
        relaxation=TAU0 * (1 + spread * random.uniform(-1, 1, nodes)), order="free",
        arrhenius=(True,) * nodes if arrhenius else (), delay=delay,
    )  # fmt: skip


def pace(method: Method, nodes: int) -> float:
    """Intervals of one tau0 per second, once the chain has settled."""
    key = replica_keys(1, "free s", 1)[0]
    state = method.first(key, False)
    draws = np.zeros((1, nodes), dtype=np.int8)
    slot = 0

    def step(intervals: int) -> float:
        nonlocal slot
        begin = time.thread_time()
        method.follow(key, state, slot, intervals, np.array([(slot + intervals) * TAU0]), draws, 0)
        slot += intervals
        return time.thread_time() - begin

    step(20 if nodes < 10_000 else 3)
    intervals = max(1, round(5 * SECONDS / step(5)))
    return max(intervals / step(intervals) for _ in range(12))


def flips(work: Fabric) -> float:
    """Flips of a p-bit in tau0, counted by the stream in short intervals."""
    couplings = Couplings(work)
    method, key = Stream(couplings), replica_keys(2, "free s", 1)[0]
    state = method.first(key, False)
    parts = 50
    intervals = 20 if work.nodes < 10_000 else 1
    method.follow(key, state, 0, 30, np.zeros(1), np.zeros((1, work.nodes), dtype=np.int8), 0)
    net, n = method._net, work.nodes
    method._net = net._replace(mean=net.mean / parts)
    draws = np.zeros((intervals * parts, n), dtype=np.int8)
    method.follow(key, state, 1000, 1, np.zeros(len(draws)), draws, 0)
    return float(np.count_nonzero(draws[1:] != draws[:-1])) / (len(draws) - 1) * parts / n


@njit
def plain(state, first, other, weight, sweeps):
    """The straightforward loop: a p-bit at random, its field, a random number."""
    for _ in range(sweeps * state.size):
        i = np.random.randint(state.size)  # noqa: NPY002
        field = 0.0
        for k in range(first[i], first[i + 1]):
            field += weight[k] * state[other[k]]
        state[i] = 1.0 if np.random.random() < 1.0 / (1.0 + math.exp(-field)) else -1.0  # noqa: NPY002


def line(nodes: int, name: str, method: str, chosen: str, candidates: float | None, flipped: float | None) -> None:
    cells = ["-" if value is None else f"{value:.1f}" for value in (candidates, flipped)]
    print(f"{nodes:7d}  {name:25s}{method:11s}{chosen:>7s}{cells[0]:>12s}{cells[1]:>8s}", flush=True)


def main() -> None:
    print("Candidates (p-bits that are looked at) and flips per microsecond of one thread's own time.")
    print(f"{'p-bits':>7s}  {'work':25s}{'method':11s}{'chosen':>7s}{'candidates':>12s}{'flips':>8s}")
    for nodes in (1000, 100_000):
        works = {
            "constant, beta 1": fabric(nodes, 1.0),
            "constant, tau0 +- 50 %": fabric(nodes, 1.0, spread=0.5),
            "Arrhenius, beta 0.1": fabric(nodes, 0.1, arrhenius=True),
            "Arrhenius, beta 0.3": fabric(nodes, 0.3, arrhenius=True),
            "Arrhenius, beta 0.5": fabric(nodes, 0.5, arrhenius=True),
            "constant, delay tau0/100": fabric(nodes, 1.0, delay=TAU0 / 100),
        }
        for name, work in works.items():
            couplings = Couplings(work)
            each = None if work.delay else flips(work)
            methods = ["heap" if work.arrhenius else "events"]
            if not work.delay:
                methods.append("rejection" if work.arrhenius else "stream")
            for method in methods:
                made = Stream(couplings) if method in ("stream", "rejection") else Events(couplings)
                rate = pace(made, nodes) * 1e-6
                looked = made._net.mean if isinstance(made, Stream) else made._net.total * TAU0
                chosen = "yes" if method == couplings.method() else ""
                candidates = None if method == "heap" else rate * looked
                line(nodes, name, method, chosen, candidates, None if each is None else rate * nodes * each)
        couplings, spins, sweeps = Couplings(works["constant, beta 1"]), np.ones(nodes), max(1, 10**6 // nodes)
        arrays = couplings.first, couplings.felt, couplings.weight
        times = []
        for _ in range(6):
            begin = time.thread_time()
            plain(spins, *arrays, sweeps)
            times.append(time.thread_time() - begin)
        line(nodes, "constant, beta 1", "plain loop", "", sweeps * nodes / min(times) * 1e-6, None)


if __name__ == "__main__":
    main()
