"""Does a 3T-1MTJ cell with a persistent threshold (design 1) sample the Boltzmann law? And a tuned magnet (design 2)?

Distance between the share of time in every state and enumeration, for a pair and an AND gate: wired through, against
the response time of cell and couplings; and with a latch that reads one cell after the other.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from thermosim.kernels.behavioural import cells
from thermosim.streams import replica_keys

HERE = Path(__file__).parent
TAUS = (0.0, 0.02, 0.1, 0.3, 0.65, 1.0, 3.0)
LATCHES = (0.1, 0.3, 1.0, 3.0, 6.0)
NETWORKS = {
    "pair, J = 0.5": (0.5 * np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2)),
    "pair, J = 1": (np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2)),
    "AND, beta = 0.5": (
        0.5 * np.array([[0.0, -1.0, 2.0], [-1.0, 0.0, 2.0], [2.0, 2.0, 0.0]]),
        0.5 * np.array([1.0, 1.0, -2.0]),
    ),
}
CHAINS = 8


def boltzmann(couplings: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """Enumerated law (2^n,), bit i of a state is spin i up."""
    n = len(biases)
    spins = 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1.0
    weight = np.exp(0.5 * np.einsum("si,ij,sj->s", spins, couplings, spins) + spins @ biases)
    return np.asarray(weight / weight.sum())


def measure(
    design: int, network: str, time: float, step: float, tau_s: float, tau_t: float, latch: float, seed: int
) -> tuple[float, float, float]:
    """Distance of the mean share of CHAINS runs, its standard error, and the share with cells 0 and 1 unequal."""
    couplings, biases = NETWORKS[network]
    name = f"design {design} {network} {tau_s} {tau_t} {latch}"
    between, burn_in = round(latch / step), round(50 * max(1.0, latch) / step)
    run = [
        cells(design, couplings, biases, step, tau_s, tau_t, 0.0, between, key, burn_in, round(time / step))
        for key in replica_keys(seed, name, CHAINS)
    ]
    law, shares = boltzmann(couplings, biases), np.array(run)
    difference = shares.mean(axis=0) - law
    error = np.abs(difference).sum() / 2
    # Direction of the distance: its error is that of the projection on the signs.
    projected = (shares - law) @ np.sign(difference) / 2
    states = np.arange(len(law))
    unequal = shares.mean(axis=0)[(states & 1) != (states >> 1 & 1)].sum()
    return float(error), float(projected.std(ddof=1) / np.sqrt(CHAINS)), float(unequal)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short and coarse, for a quick look")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure and the table go")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    time, step = (8e2, 0.02) if options.quick else (2e4, 0.01)
    rows: list[list] = []
    for network in NETWORKS:
        for tau in TAUS:
            rows.append([network, "1 wired", tau, *measure(1, network, time, step, 0.0, tau, 0.0, options.seed)])
            rows.append([network, "2 wired", tau, *measure(2, network, time, step, tau, 0.0, 0.0, options.seed)])
        for latch in LATCHES:
            for design in (1, 2):
                found = measure(design, network, 3 * time, 0.02, 0.0, 0.0, latch, options.seed)
                rows.append([network, f"{design} latched", latch, *found])
        for row in rows[-2 * (len(TAUS) + len(LATCHES)) :]:
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
