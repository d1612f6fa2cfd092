"""Does a 3T-1MTJ cell with a persistent threshold (design 1) sample the Boltzmann law? And a tuned magnet (design 2)?

Distance between the share of observations in every state and enumeration, for a pair and an AND gate: wired through,
against the response time of cell and couplings; and latched by a clock, one cell after the other.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import thermosim as ts
from thermosim.ideal.exact import probabilities

HERE = Path(__file__).parent
TAU = 150.0  # tau_N [ps]
TAUS = (0.0, 0.02, 0.1, 0.3, 0.5, 0.65, 1.0, 3.0)
LATCHES = (0.1, 0.3, 1.0, 3.0, 6.0)
NETWORKS = {
    "pair, J = 0.5": ("pair.yaml", 0.5, ("s",)),
    "pair, J = 1": ("pair.yaml", 1.0, ("s",)),
    "AND, beta = 0.5": ("and_gate.yaml", 0.5, ("ab", "y")),
}
STEP = {1: 0.01, 2: 0.0025}
"""Steps of the two designs, in tau_N: the second flips up to e^3 times as fast."""


def measure(design: int, network: str, time: float, tau: float, latch: float, seed: int) -> tuple[float, float, float]:
    """Distance, its standard error over replicas, and the share of draws with cells 0 and 1 unequal; times in tau_N.

    `tau` is the response of the level (design 1) or of the couplings (design 2); `latch` between two readings, or 0.
    """
    file, beta, arrays = NETWORKS[network]
    response = {1: "models.one.tau_t", 2: "models.wire.settling"}[design]
    changes = {
        **{f"instances.{array}.model": {1: "one", 2: "two"}[design] for array in arrays},
        response: f"{tau * TAU:g} ps", "updates.beta": beta,
        "updates.step": f"{STEP[design] * TAU:g} ps", "run.duration": f"{time * TAU:g} ps",
        "run.burn_in": f"{50 * max(1.0, latch) * TAU:g} ps",
    }  # fmt: skip
    if latch:
        clock = {"updates.order": "coloured", "updates.rng": "free", "updates.clock": "ck"}
        changes |= clock | {"instances.clock.frequency": f"{1e3 / (latch * TAU):.9g} GHz"}
    chip = ts.load(HERE / file, set=changes)
    fabric = chip.program.fabrics[0]
    states = ts.simulate(chip, seed=seed).series[f"{fabric.path}:states"]
    shares = np.stack([np.bincount(row, minlength=2**fabric.nodes) for row in states]) / states.shape[1]
    difference = shares - probabilities(fabric.drawn)
    # Direction of the distance: its error is that of the projection on the signs.
    along = 0.5 * difference @ np.sign(difference.mean(axis=0))
    kinds = np.arange(2**fabric.nodes)
    unequal = shares.mean(axis=0)[(kinds & 1) != (kinds >> 1 & 1)].sum()
    return float(along.mean()), float(along.std(ddof=1) / np.sqrt(len(along))), float(unequal)


def run(time: float, seed: int = 1, networks: tuple[str, ...] = tuple(NETWORKS), points: int | None = None) -> list:
    """Rows (network, cell, time, distance, error, unequal); the first `points` of each curve, or all."""
    rows: list[list] = []
    for network in networks:
        for tau in TAUS[:points]:
            rows += [[network, f"{d} wired", tau, *measure(d, network, time, tau, 0.0, seed)] for d in (1, 2)]
        for latch in LATCHES[:points]:
            rows += [[network, f"{d} latched", latch, *measure(d, network, 3 * time, 0.0, latch, seed)] for d in (1, 2)]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short, for a quick look")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure and the table go")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = run(40.0 if options.quick else 2000.0, options.seed)
    for row in rows:
        print("{:16s} design {:10s} {:5.2f} tau_N  distance {:.4f} +- {:.4f}  unequal {:.4f}".format(*row))
    with (options.out / "design1_vs_design2.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["network", "cell", "time", "distance", "error", "unequal"], *rows])
    draw(rows, options.out / "design1_vs_design2.png")


def draw(rows: list[list], path: Path) -> None:
    """Distance against response time (wired) and against the time between readings (latched)."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, constrained_layout=True)
    for panel, kind in zip(axes, ("wired", "latched"), strict=True):
        for colour, network in enumerate(NETWORKS):
            for design, line in (("1", "o-"), ("2", "s--")):
                found = np.array([row[2:5] for row in rows if row[:2] == [network, f"{design} {kind}"]])
                label = f"{network}, design {design}"
                panel.errorbar(found[:, 0], found[:, 1], found[:, 2], fmt=line, color=f"C{colour}", ms=4, label=label)
        panel.set(yscale="log", ylim=(5e-4, 0.6))
    axes[0].set_xscale("symlog", linthresh=0.02)
    axes[0].set_xlim(-0.004, 4)
    axes[0].set(xlabel=r"response time $\tau_T$ (design 1) or $\tau_S$ (design 2), in $\tau_N$")
    axes[0].set(ylabel="total variation to the Boltzmann law", title="outputs wired through")
    axes[1].set(xscale="log", xlabel=r"time between two readings, in $\tau_N$", title="latched, one cell at a time")
    axes[1].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
