"""Free-running p-bits per microsecond on one thread: every method that can run a fabric, beside a plain Numba loop.

    python benchmarks/free_running.py

+-J couplings, six neighbours. A candidate is a p-bit that is looked at; flips are what a chain is made of, so methods
are compared by flips, or by time constants of all p-bits per second. The word rate of the stream is a bound.
"""

import math
import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numba import njit

from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.engine.free_chains import Couplings, Events, Method, Stream
from thermosim.streams import replica_keys
from thermosim.times import Clock

TAU0 = 1e-7
SECONDS = 0.3


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


def pace(method: Method, nodes: int, up: bool = False) -> float:
    """Intervals of one tau0 per second, once the chain has settled."""
    key = replica_keys(1, "free s", 1)[0]
    state = method.first(key, up)
    draws = np.zeros((1, nodes), dtype=np.int8)
    slot = 0

    def step(intervals: int) -> float:
        nonlocal slot
        begin = time.perf_counter()
        method.follow(key, state, slot, intervals, np.array([(slot + intervals) * TAU0]), draws, 0)
        slot += intervals
        return time.perf_counter() - begin

    step(20)
    intervals = max(1, round(20 * SECONDS / 5 / step(20)))
    return max(intervals / step(intervals) for _ in range(5))


def flips(work: Fabric) -> float:
    """Flips of a p-bit in tau0, counted where the stream or the rejections look at p-bits, in many short intervals."""
    couplings = Couplings(work)
    method, key = Stream(couplings), replica_keys(2, "free s", 1)[0]
    state = method.first(key, False)
    parts = 50
    method.follow(key, state, 0, 30, np.zeros(1), np.zeros((1, work.nodes), dtype=np.int8), 0)
    net, n = method._net, work.nodes
    method._net = net._replace(mean=net.mean / parts)
    draws = np.zeros((20 * parts, n), dtype=np.int8)
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


def best(work: Callable[[], object], repeats: int = 5) -> float:
    """Shortest of some timings [s], after one run to warm up."""
    work()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> None:
    print("Rates per microsecond on one thread; a candidate is a p-bit that is looked at.")
    print(f"{'p-bits':>7s} {'work':24s}{'method':11s}{'chosen':>7s}{'candidates':>12s}{'flips':>9s}{'tau0 x p-bits':>15s}")
    for nodes in (1000, 100_000):
        works = {
            "constant, beta 1": fabric(nodes, 1.0),
            "constant, tau0 +- 50 %": fabric(nodes, 1.0, spread=0.5),
            "Arrhenius, beta 0.1": fabric(nodes, 0.1, arrhenius=True),
            "Arrhenius, beta 0.3": fabric(nodes, 0.3, arrhenius=True),
            "Arrhenius, beta 1": fabric(nodes, 1.0, arrhenius=True),
            "constant, delay tau0/100": fabric(nodes, 1.0, delay=TAU0 / 100),
        }
        for name, work in works.items():
            couplings = Couplings(work)
            each = None if work.delay or (work.arrhenius and work.actual.beta == 1.0) else flips(work)
            chosen = couplings.method()
            names = ["events" if not work.arrhenius else "heap"]
            if work.delay == 0 and not (work.arrhenius and work.actual.beta == 1.0):
                names.append("rejection" if work.arrhenius else "stream")
            for method in names:
                made = Stream(couplings) if method in ("stream", "rejection") else Events(couplings)
                rate = pace(made, nodes) * 1e-6
                looked = made._net.mean if isinstance(made, Stream) else made._net.total * TAU0
                candidates = "-" if method == "heap" else f"{rate * looked:.1f}"
                flipped = "-" if each is None else f"{rate * nodes * each:.1f}"
                mark = "yes" if method == chosen else ""
                print(f"{nodes:7d} {name:24s}{method:11s}{mark:>7s}{candidates:>12s}{flipped:>9s}{rate * nodes:15.1f}", flush=True)
        c = Couplings(works["constant, beta 1"])
        spins = np.ones(nodes)
        seconds = best(lambda c=c, spins=spins: plain(spins, c.first, c.felt, c.weight, max(1, 10**6 // nodes)))
        rate = max(1, 10**6 // nodes) * nodes / seconds * 1e-6
        print(f"{nodes:7d} {'constant, beta 1':24s}{'plain loop':18s}{rate:12.1f}")


if __name__ == "__main__":
    main()
