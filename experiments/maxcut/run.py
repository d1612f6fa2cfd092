"""Annealing p-bits against simulated annealing: cut, time and joules until the best cut has been seen with 99 %.

Two problems: a +-J torus of 100 spins, whose lowest energy is exact (transfer matrix), and a random graph of 200
nodes and 5 % of all edges in a rudy file, whose best cut is the best that a long digital run saw. Chip and baseline
follow the same staircase of beta and are read once, at the end. Copies of the chip that exchange their states (parallel
tempering) are read after every sweep instead, and solve when the coldest has held the best cut.
"""

from __future__ import annotations

import argparse
import csv
import math
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import thermosim as ts
from thermosim.analysis.solution import ToSolution, to_solution
from thermosim.cards import find_card
from thermosim.circuit.program import IsingLaw
from thermosim.ideal.annealing import anneal
from thermosim.ideal.cost import heat_bath_sample
from thermosim.ideal.gibbs import LANES, speed
from thermosim.measure.energy import ledger
from thermosim.measure.platforms import platform
from thermosim.netlist.planted import torus
from thermosim.netlist.problem import Problem, from_terms
from thermosim.netlist.problem_files import read_problem, write_rudy

HERE = Path(__file__).parent
CORE = 10.0  # watts of one processor core, assumed
BETA = {"torus": (0.2, 3.0), "graph": (0.05, 1.5)}
LADDER = {"torus": (0.4, 1.6), "graph": (0.2, 0.8)}
COPIES = 8


@dataclass(frozen=True)
class Point:
    """One machine at one length of run: final cuts, and time and energy of a single run."""

    machine: str
    sweeps: int
    cuts: np.ndarray
    seconds: float
    joules: float

    def solved(self, best: float) -> ToSolution:
        return to_solution(1, int(np.sum(self.cuts > best - 0.5)), len(self.cuts), confidence=0.68)


def random_graph(nodes: int, share: float, file: Path) -> Problem:
    """A graph with unit weights, written and read as a rudy file."""
    i, j = np.triu_indices(nodes, 1)
    kept = np.random.default_rng(7).random(len(i)) < share
    pairs = [(int(a), int(b), -1.0) for a, b in zip(i[kept], j[kept], strict=True)]
    write_rudy(from_terms("graph", nodes, pairs), file)
    return read_problem(file)


def chip(problem: Problem, source: dict, beta: tuple[float, float], sweeps: int, runs: int, seed: int) -> Point:
    ramp = {"from": beta[0], "to": beta[1], "sweeps": sweeps, "steps": min(50, sweeps)}
    loaded = ts.load(
        HERE / "ising.yaml",
        set={"instances.s.shape": [problem.spins], "couplings.cut.problem": source, "schedule.beta": ramp,
             "run.burn_in": f"{sweeps - 1} sweeps", "run.replicas": runs, "run.record": {"s": "every 1 sweeps"}},
    )  # fmt: skip
    record, program = ts.simulate(loaded, seed=seed), loaded.program
    energy = ledger(program.prices, record.counters, runs, float(runs))
    joules = (energy.window.value + energy.burn_in.value) / runs
    fabric = program.fabrics[0]
    seconds = sweeps * fabric.colours * fabric.clock.period
    return Point("chip", sweeps, problem.cut(record.samples["s"][:, -1]), seconds, joules)


def tempered(
    problem: Problem, source: dict, beta: tuple[float, float], lengths: list[int], runs: int, seed: int
) -> list[Point]:
    """Ladders of copies of the chip that work side by side; one run has all lengths within it."""
    sweeps = lengths[-1]
    ladder = {"betas": {"from": beta[0], "to": beta[1], "steps": COPIES}, "every": 5}
    loaded = ts.load(
        HERE / "ising.yaml",
        set={"instances.s.shape": [problem.spins], "couplings.cut.problem": source, "schedule": {"tempering": ladder},
             "run.burn_in": "0 s", "run.duration": f"{sweeps} sweeps", "run.replicas": runs},
    )  # fmt: skip
    record, program = ts.simulate(loaded, seed=seed), loaded.program
    joules = ledger(program.prices, record.counters, runs, float(runs)).window.value / runs / sweeps
    cuts = np.maximum.accumulate((-problem.weights.sum() - record.series["s:energy"]) / 2, axis=1)
    fabric = program.fabrics[0]
    slot = fabric.colours * fabric.clock.period
    name = f"{COPIES} tempered chips"
    return [Point(name, n, cuts[:, n - 1], n * slot, n * joules) for n in lengths]


def baseline(problem: Problem, beta: tuple[float, float], lengths: list[int], runs: int, seed: int) -> list[Point]:
    """Simulated annealing; the time of a sweep is the best of many short repeats, for other programs are no cost."""
    law = IsingLaw(problem.edges, problem.weights, problem.biases, 1.0)
    sweep = speed(law, LANES, least=1e-3, repeats=500).seconds
    points = []
    for sweeps in lengths:
        steps = min(50, sweeps)
        stairs = tuple((k * sweeps // steps, float(b)) for k, b in enumerate(np.linspace(*beta, steps)))
        cuts = problem.cut(anneal(law, stairs, sweeps, runs, seed).states)
        points.append(Point("processor core", sweeps, cuts, sweeps * sweep, sweeps * sweep * CORE))
    return points


def asic(point: Point, problem: Problem) -> Point:
    """The baseline's sweeps at the energy of a published digital p-bit chip; nobody states its clock."""
    card = platform(find_card("platform/asic28_pbit"))
    price = heat_bath_sample(card, problem.spins, 2 * len(problem.edges) / problem.spins, point.sweeps)
    return Point("28 nm digital p-bits", point.sweeps, point.cuts, math.nan, price.joules or math.nan)


def cheapest(points: list[Point], best: float, what: str) -> tuple[float, float, float, int]:
    """Least `what` to solution over the lengths, with its interval, and the length."""
    found = [(getattr(p, what), p.solved(best), p.sweeps) for p in points]
    cost, runs, sweeps = min(found, key=lambda item: item[0] * item[1].value)
    return cost * runs.value, cost * runs.low, cost * runs.high, sweeps


def draw(results: dict[str, tuple[float, list[Point]]], out: Path) -> None:
    figure, axes = plt.subplots(2, 3, figsize=(13, 7.2), layout="constrained", sharex=True)
    titles = {"torus": "+-J torus, 10 x 10", "graph": "random graph, 200 nodes"}
    for row, (name, (best, points)) in zip(axes, results.items(), strict=True):
        for k, machine in enumerate(dict.fromkeys(p.machine for p in points)):
            mine = [p for p in points if p.machine == machine]
            sweeps, runs = np.array([p.sweeps for p in mine]), [p.solved(best) for p in mine]
            value = np.array([r.value for r in runs])
            error = np.array([[r.value - r.low, r.high - r.value] for r in runs]).T
            shown = np.isfinite(value)
            if k != 2:
                cuts = [p.cuts / best for p in mine]
                row[0].errorbar(sweeps, [c.mean() for c in cuts], [c.std() for c in cuts], fmt="o-", ms=4, capsize=2,
                                color=f"C{k}", label=machine)  # fmt: skip
            for axis, what in ((row[1], "seconds"), (row[2], "joules")):
                cost = np.array([getattr(p, what) for p in mine])
                if np.all(np.isfinite(cost)):
                    shift = np.nan_to_num(error[:, shown] * cost[shown], posinf=0)
                    axis.errorbar(sweeps[shown], (value * cost)[shown], shift, fmt="o-", ms=4, capsize=2, color=f"C{k}",
                                  label=machine)  # fmt: skip
        row[0].axhline(1, color="k", lw=0.5)
        row[0].set(xscale="log", ylabel="final cut / best cut (spread of runs)", title=titles[name])
        row[1].set(yscale="log", ylabel="time to solution, 99 % [s]", title=titles[name])
        row[2].set(yscale="log", ylabel="energy to solution, 99 % [J]", title=titles[name])
    for axis in axes[1]:
        axis.set_xlabel("sweeps of one run")
    axes[0, 0].legend(fontsize=8)
    axes[0, 2].legend(fontsize=8)
    figure.savefig(out / "maxcut.png", dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small runs, a few seconds")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for figure, table and graph")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    lengths = [30, 100] if given.quick else [10, 30, 100, 300, 1000, 3000, 10000]
    runs = 64 if given.quick else 512
    graph = random_graph(200, 0.05, given.out / "random200.rud")
    lattice = torus(10, 1)
    if lattice.ground is None:
        raise RuntimeError("the torus has no exact energy")
    long = baseline(graph, BETA["graph"], lengths[-1:], 4 * runs, 99)[0]
    cases = {
        "torus": (
            lattice,
            {"planted": "torus", "size": 10, "seed": 1},
            float(-lattice.weights.sum() - lattice.ground) / 2,
        ),
        "graph": (graph, {"file": str(given.out / "random200.rud")}, float(long.cuts.max())),
    }
    results = {}
    for name, (problem, source, best) in cases.items():
        points = [chip(problem, source, BETA[name], n, runs, 1) for n in lengths]
        core = baseline(problem, BETA[name], lengths, runs, 2)
        ladders = tempered(problem, source, LADDER[name], [n for n in lengths if n <= 1000], runs // 2, 3)
        results[name] = (best, [*points, *core, *(asic(point, problem) for point in core), *ladders])
    with (given.out / "maxcut.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["problem", "best cut", "machine", "what", "to solution", "low", "high", "sweeps of a run"])
        for name, (best, points) in results.items():
            for machine in dict.fromkeys(p.machine for p in points):
                mine = [p for p in points if p.machine == machine]
                for what in ("sweeps", "seconds", "joules"):
                    value, low, high, sweeps = cheapest(mine, best, what)
                    if math.isfinite(value):
                        table.writerow([name, best, machine, what, f"{value:.3g}", f"{low:.3g}", f"{high:.3g}", sweeps])
    draw(results, given.out)
    print((given.out / "maxcut.csv").read_text())


if __name__ == "__main__":
    main()
