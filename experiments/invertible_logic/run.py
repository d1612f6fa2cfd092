"""Gates that run both ways, and factoring by them: how many sweeps until the p-bits hold the factors?

A full adder is run free, forwards and backwards, by clamps, and its states are held against the law of the free p-bits
given the clamped ones, by enumeration.
35, 161 and 945 are factored by a multiplier whose product is tied, by the cost (X Y - F)^2 with its products
held by AND gates, and by the cost itself on p-bits that stand in products of three and four. Two measures: the first
sweep at which the factors appear (at one beta), beside blind guesses of the same bits; and the last read of an
annealing run.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import thermosim as ts
from thermosim.ideal.exact import probabilities
from thermosim.netlist.factoring import factoring, factors, native
from thermosim.netlist.logic import values
from thermosim.netlist.problem_files import read_problem, write_ij
from thermosim.netlist.term_files import write_terms

HERE = Path(__file__).parent
CLAMPS = {"free": {}, "forward": {0: 1, 1: 1, 2: -1}, "backward": {3: -1, 4: 1}}  # of a b ci s co
PENALTY = 0.3  # strength of the AND gates in the cost, in units of F
NATIVE_BETA = 0.5  # the same as that of the cost with pairs
Read = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Method:
    """A circuit that factors: its file, the beta at which it searches, the range over which it is annealed."""

    name: str
    number: int
    file: Path
    spins: int
    scale: float
    beta: float
    cool: tuple[float, float]
    guesses: float  # share of all settings of its input bits that are factors
    solved: Read


def multiplier(number: int, x: int, y: int, solutions: int) -> Method:
    file = HERE / f"multiply{number}.logic"
    problem = read_problem(file)

    def solved(s: np.ndarray) -> np.ndarray:
        return values(problem, s, "x", x) * values(problem, s, "y", y) == number

    return Method("multiplier", number, file, problem.spins, 1.0, 0.4, (0.2, 2.0), solutions / 2 ** (x + y - 2), solved)


def cost(number: int, x: int, y: int, solutions: int, folder: Path) -> Method:
    problem, file = factoring(number, x, y, PENALTY * number), folder / f"cost{number}.ij"
    write_ij(problem, file)

    def solved(s: np.ndarray) -> np.ndarray:
        a, b = factors(s, x, y)
        return a * b == number

    return Method("cost", number, file, problem.spins, 1 / number, 0.5, (0.05, 5.0), solutions / 2 ** (x + y), solved)


def native_cost(number: int, x: int, y: int, solutions: int, folder: Path) -> Method:
    problem, file = native(number, x, y), folder / f"native{number}.terms"
    write_terms(problem, file)

    def solved(s: np.ndarray) -> np.ndarray:
        a, b = factors(s, x, y)
        return a * b == number

    share = solutions / 2 ** (x + y)
    return Method("native", number, file, problem.spins, 1 / number, NATIVE_BETA, (0.05, 5.0), share, solved)


def chip(method: Method, sweeps: int, replicas: int, **more: object) -> ts.Chip:
    problem = {"file": str(method.file), "scale": method.scale}
    settings = {"instances.s.shape": [method.spins], "couplings.circuit.problem": problem, "run.replicas": replicas}
    return ts.load(HERE / "gates.yaml", set=settings | {"run.duration": f"{sweeps} sweeps"} | more)


def first_passage(method: Method, sweeps: int, replicas: int) -> np.ndarray:
    """Share of replicas that have held the factors by each sweep."""
    record = ts.simulate(chip(method, sweeps, replicas, **{"updates.beta": method.beta}), seed=1)
    return np.maximum.accumulate(method.solved(record.samples["s"]), axis=1).mean(axis=0)


def annealed(method: Method, sweeps: int, replicas: int) -> float:
    """Share of replicas that hold the factors at the end of an annealing run."""
    low, high = method.cool
    ramp = {"from": low, "to": high, "sweeps": sweeps, "steps": min(50, sweeps), "spacing": "geometric"}
    settings = {"schedule.beta": ramp, "updates": {"clock": "ck"}, "run.record.s": "every 1 sweeps"}
    record = ts.simulate(chip(method, 1, replicas, **settings, **{"run.burn_in": f"{sweeps} sweeps"}), seed=2)
    return float(method.solved(record.samples["s"][:, -1]).mean())


def adder(name: str, sweeps: int) -> tuple[np.ndarray, np.ndarray]:
    """Measured and exact probabilities of the full adder's 32 states, some of its p-bits held."""
    clamps = [{"of": f"s[{pin}]", "value": value} for pin, value in CLAMPS[name].items()]
    loaded = ts.load(
        HERE / "gates.yaml",
        set={"schedule.clamp": clamps, "run.duration": f"{sweeps} sweeps", "run.burn_in": "200 sweeps",
             "run.record": {}},
    )  # fmt: skip
    states = ts.simulate(loaded, seed=3).series["s:states"]
    allowed = [all((k >> pin & 1) == (value > 0) for pin, value in CLAMPS[name].items()) for k in range(32)]
    exact = np.where(allowed, probabilities(loaded.program.fabrics[0].drawn), 0.0)
    return np.bincount(states.ravel(), minlength=32) / states.size, exact / exact.sum()


def rows(p: np.ndarray) -> dict[str, float]:
    """Probabilities by `a b ci -> s co`, the 24 states that break the table together."""
    table: dict[str, float] = {}
    for state, share in enumerate(p):
        a, b, c, s, co = (state >> k & 1 for k in range(5))
        holds = (s, co) == ((a + b + c) % 2, (a + b + c) // 2)
        name = f"{a}{b}{c}→{co}{s}" if holds else "other"
        table[name] = table.get(name, 0.0) + share
    return dict(sorted(table.items(), key=lambda item: (item[0] == "other", item[0])))


def draw(adders: dict, found: dict, final: dict, lengths: list[int], out: Path) -> None:
    figure, axes = plt.subplots(1, 3, figsize=(13.5, 4.2), layout="constrained")
    for k, (name, (seen, exact)) in enumerate(adders.items()):
        names, place = list(rows(seen)), np.arange(9) + 0.27 * (k - 1)
        axes[0].bar(place, list(rows(seen).values()), 0.25, label=name, color=f"C{k}")
        axes[0].plot(place, list(rows(exact).values()), "k_", ms=8, label="exact" if k == 0 else None)
    axes[0].set_xticks(range(9), names, rotation=60, fontsize=8)
    axes[0].set(title="Full adder, a b ci → co s, at beta = 1", ylabel="probability")
    axes[0].legend(fontsize=8)
    styles = {"multiplier": "-", "cost": "--", "native": ":"}
    for axis, title in (
        (axes[1], "Factors seen by that sweep (pale: blind guesses)"),
        (axes[2], "Last read of annealing"),
    ):
        axis.set(xscale="log", ylim=(-0.03, 1.03), xlabel="sweeps", title=title)
    for (name, number), (share, guesses) in found.items():
        colour, sweep = f"C{[35, 161, 945].index(number)}", np.arange(1, len(share) + 1)
        axes[1].plot(sweep, share, styles[name], color=colour, label=f"{number}, {name}")
        axes[1].plot(sweep, 1 - (1 - guesses) ** sweep, styles[name], color=colour, lw=4, alpha=0.2)
    for (name, number), shares in final.items():
        axes[2].plot(lengths, shares, "o" + styles[name], color=f"C{[35, 161, 945].index(number)}", ms=4)
    axes[1].set_ylabel("share of replicas")
    handles, names = axes[1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower right", ncols=9, fontsize=7)
    figure.savefig(out / "invertible_logic.png", dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small runs, a few seconds")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for figure and table")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    sweeps, replicas = (200, 32) if given.quick else (3000, 256)
    lengths = [10, 100] if given.quick else [3, 10, 30, 100, 300, 1000, 3000, 10000]
    numbers = ((35, 3, 3, 2, 2, 2), (161, 3, 5, 2, 4, 1), (945, 6, 4, 5, 3, 1))[: 1 if given.quick else 3]
    methods = []
    for number, x, y, odd_x, odd_y, solutions in numbers:
        methods += [multiplier(number, x, y, solutions), cost(number, odd_x, odd_y, solutions, given.out)]
        methods.append(native_cost(number, odd_x, odd_y, solutions, given.out))
    adders = {name: adder(name, sweeps) for name in ("free", "forward", "backward")}
    found = {(m.name, m.number): (first_passage(m, sweeps, replicas), m.guesses) for m in methods}
    final = {(m.name, m.number): [annealed(m, length, replicas) for length in lengths] for m in methods}
    with (given.out / "invertible_logic.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        columns = ["method", "number", "p-bits", "median sweeps", "median guesses"]
        table.writerow(columns + [f"annealed {n}" for n in lengths])
        for m in methods:
            share, guesses = found[m.name, m.number]
            median = int(np.argmax(share >= 0.5)) + 1 if share[-1] >= 0.5 else ""
            blind = int(np.ceil(np.log(0.5) / np.log(1 - guesses)))
            table.writerow([m.name, m.number, m.spins, median, blind, *(f"{p:.3f}" for p in final[m.name, m.number])])
        for name, (seen, exact) in adders.items():
            table.writerow(["adder", name, 5, f"TV {np.abs(seen - exact).sum() / 2:.4f}"])
    draw(adders, found, final, lengths, given.out)
    print((given.out / "invertible_logic.csv").read_text())


if __name__ == "__main__":
    main()
