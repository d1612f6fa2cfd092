"""Spin updates per microsecond on one thread: ours beside a plain Numba loop, the random words alone, and peers.

    python benchmarks/p_bits.py

Everything in one run; the ratios count. The bound is what the kernel cannot do without, alone: for many replicas its
random words; for one chain (sums) its words, and couplings and neighbours added up where all neighbours follow one
another; for dense graphs the products in single precision; for free-running p-bits (events) comparison and flips of
candidates that were drawn before. Peers are measured where they are installed. The last columns are of throw-away
prototypes on another machine, for their ratios; their bounds for one chain were C loops with gathers and draws.
"""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
from _peers import annealed, peapods, thrml
from _timing import best
from numba import njit

from thermosim.analysis.colouring import colour_graph
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.free import FreeRunner
from thermosim.engine.orders import runner
from thermosim.kernels.chain import SIZE
from thermosim.kernels.fields import whole
from thermosim.kernels.jit import jit_noalias
from thermosim.kernels.packed_tables import PLANES
from thermosim.kernels.random import lane64
from thermosim.kernels.stream import redraw
from thermosim.times import Clock

G12 = ((0, 1), (4, 1), (9, 10))
PROTOTYPES = {
    ("70 x 70 G12", 64): (920, 84, 1892), ("70 x 70 G12", 1): (303, 71, 327),
    ("256 x 256", 64): (1267, 90, 2682), ("256 x 256", 1): (586, 70, 715),
    ("256 x 256, +-J", 64): (4500, None, 7700), ("1000 x 1000", 1): (557, 54, 630),
    ("dense 440", 64): (140, 23, 165), ("dense 440", 1): (63, 23, 165),
    ("free, 1e3, +-J", 1): (165, None, 307), ("free, 1e5, +-J", 1): (55, None, 116),
}  # fmt: skip
"""Prototype, best peer and bound of work and chains on another machine [updates per us]."""


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


@jit_noalias
def words(bits, nodes, out, half):
    """One random word for two replicas of every node, as the kernel draws them."""
    for node in range(nodes):
        for k in range(half):
            out[k] ^= lane64(bits[k], node)


@jit_noalias
def chain_sums(bits, half, node, weight, near, depth, total, words):
    """Words and sums of blocks of nodes, as the kernel for one chain makes them."""
    size = np.uint64(total.size)
    for first in range(np.uint64(0), np.uint64(node.size), size):
        for k in range(size):
            words[k] = np.uint32(lane64(bits, np.uint64(node[first + k])) >> half)
            total[k] = 0
        for entry in range(np.uint64(0), depth, np.uint64(4)):
            a, at = entry * size, (first * depth) + entry * size
            b, c, d = size, np.uint64(2) * size, np.uint64(3) * size
            for k in range(size):
                total[k] += (
                    (weight[at + k] & np.int32(near[a + k])) + (weight[at + b + k] & np.int32(near[a + b + k]))
                ) + (
                    (weight[at + c + k] & np.int32(near[a + c + k])) + (weight[at + d + k] & np.int32(near[a + d + k]))
                )


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
    chip = FabricRunner(work, 1, replicas, threads)
    sweeps = max(1, round(1e7 / (work.nodes * replicas * work.colours**0.3)))
    seconds = best(lambda: chip.advance(sweeps, record), 9)
    return sweeps * work.nodes * replicas / seconds * 1e-6, chip.kernels[0]


def free(nodes: int, signs: bool) -> tuple[float, float, float]:
    """Events per microsecond of free-running p-bits of degree 6 at random, those with all observed, and the bound."""
    random = np.random.default_rng(2)
    edges = np.unique(np.sort(random.integers(0, nodes, (3 * nodes, 2)), axis=1), axis=0)
    edges = edges[edges[:, 0] != edges[:, 1]]
    weights = random.choice([-1.0, 1.0], len(edges)) if signs else random.normal(0, 0.3, len(edges))
    work = fabric(nodes, edges, weights, np.zeros(nodes, np.int32))
    work = replace(work, order="free", relaxation=np.full(nodes, work.clock.period))  # an event each in an interval
    chip, intervals = runner(work, 1, 1, 1), max(20, round(1e6 / nodes))
    rates = []
    for every in (intervals, 1):
        seconds = best(lambda every=every: chip.advance(intervals, record=True, every=every), 9)
        rates.append(intervals * nodes / seconds * 1e-6)
    return rates[0], rates[1], event_rate(chip)


def event_rate(chip: FreeRunner) -> float:
    """Events per microsecond of a stream whose candidates were drawn before: comparison and flips alone."""
    net, state, random = chip._method._net, chip._states[0], np.random.default_rng(3)
    site = random.integers(0, len(state.up), 2**20).astype(np.uint32)
    threshold = (random.logistic(size=len(site)) / net.unit).astype(np.float32)
    count = np.uint64(len(site))
    seconds = best(lambda: redraw(site, threshold, count, state.level, state.up, net.first, net.felt, net.weight))
    return len(site) / seconds * 1e-6


def word_rate() -> float:
    """64-bit random words per microsecond, for many lanes of few nodes."""
    size, nodes = np.uint64(16), 400_000
    bits, out = np.arange(size, dtype=np.uint64), np.zeros(size, np.uint64)
    return nodes * 16 / best(lambda: words(bits, np.uint64(nodes), out, size)) * 1e-6


def sum_rate(work: Fabric) -> float:
    """Updates per microsecond of one chain on a lattice: words and sums alone."""
    nodes, depth = work.nodes // SIZE * SIZE, 2 * len(work.actual.edges) // work.nodes
    few = whole(work.actual.weights) is not None
    weight = np.full(nodes * depth, 3, np.int8 if few else np.int32)
    node, near = np.arange(nodes, dtype=np.uint32), np.full(SIZE * depth, -1, np.int8)
    total, room, sweeps = np.zeros(SIZE, np.int32), np.zeros(SIZE, np.uint32), max(1, round(1e6 / nodes))

    def sweep() -> None:
        for slot in range(sweeps):
            chain_sums(np.uint64(slot), np.uint64(0), node, weight, near, np.uint64(depth), total, room)

    return sweeps * nodes / best(sweep, 20) * 1e-6


def product_rate() -> float:
    """Updates per microsecond whose sums are one product of a 440 x 440 matrix with 64 replicas, single precision."""
    matrix, spins = np.ones((440, 440), np.float32), np.ones((440, 64), np.float32)
    return 440 * 64 / best(lambda: matrix @ spins, 20) * 1e-6


def bound(name: str, kernel: str, limits: dict[str, float]) -> tuple[float, str]:
    """What the kernel cannot pass, and why."""
    if kernel == "packed":
        return limits["words"] * 64 / PLANES, "words"
    if name.startswith("dense"):
        return limits["product"], "product"
    if kernel == "stream":
        return limits[name], "events"
    if kernel == "chain":
        return limits[name], "sums"
    return limits["words"] * 2, "words"


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


def show(rate: float | None, ours: float | None = None) -> str:
    if rate is None:
        return f"{'-':>15s}"
    return f"{rate:8.1f} {'(' + format(ours / rate, '.2g') + ')' if ours else '':>6s}"


def line(name: str, chains: int, kernel: str, rate: float, recorded: float, others: list[float | None],
         limits: dict[str, float]) -> None:  # fmt: skip
    limit, why = bound(name, kernel, limits)
    cells = "".join(show(other, rate) for other in others) + show(limit, rate) + f" {why:8s}"
    old = PROTOTYPES.get((name, chains))
    if old is not None:
        cells += f"{old[0]:6d} " + (f"({old[0] / old[1]:.2g} of peer, " if old[1] else "(") + f"{old[0] / old[2]:.2g})"
    print(f"{name:21s}{chains:6d} {kernel:9s}{rate:8.1f}{recorded:9.1f}{cells}", flush=True)


def main() -> None:
    print("Spin updates per microsecond on one thread. In brackets: our rate divided by that one.")
    titles = ("plain numba", "dwave-samplers", "openjij", "peapods", "THRML", "bound")
    print(f"{'work':21s}{'chains':>6s} {'kernel':9s}{'ours':>8s}{'recorded':>9s}" + "".join(f"{t:>15s}" for t in titles)
          + f" {'':8s}prototype (its ratio to the best peer, to its bound)")  # fmt: skip
    limits = {"words": word_rate(), "product": product_rate()}
    for name, work in works().items():
        if " x " in name:
            limits[name] = sum_rate(work)
        plain_rate = straightforward(work)
        peers = [annealed(peer, work) for peer in ("dwave", "openjij")]
        for replicas in (64, 1):
            if replicas > 1 and work.nodes > 100_000:
                continue
            rate, kernel = ours(work, replicas)
            recorded, _ = ours(work, replicas, record=True)
            others = [plain_rate, *peers, peapods(work, replicas) if " x " in name and "G12" not in name else None]
            others.append(thrml(work, replicas) if name == "70 x 70 G12" else None)
            line(name, replicas, kernel, rate, recorded, others, limits)
    for nodes, signs in ((1000, False), (1000, True), (100_000, False), (100_000, True)):
        name = f"free, {nodes:.0e}".replace("e+0", "e") + (", +-J" if signs else "")
        rate, recorded, limits[name] = free(nodes, signs)
        line(name, 1, "stream", rate, recorded, [None] * 5, limits)
    for name, chains in (("70 x 70 G12", 64), ("256 x 256, +-J", 128)):
        one, two = (ours(works()[name], chains, threads=threads)[0] for threads in (1, 2))
        print(f"Two threads on {name} with {chains} chains: {two / one:.2f} times one thread.")
    print("'recorded': with all observables after every sweep, of free p-bits once in a relaxation time.")
    print("'-': not installed, too slow to set up, or not its kind of work. Words: 64 random bits for two updates of")
    print(f"replicas side by side, for one of a chain, for {64 // PLANES} of packed ones.")


if __name__ == "__main__":
    main()
