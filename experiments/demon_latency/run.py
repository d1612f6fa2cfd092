"""How late and how coarse may the demon of smode4 be? Two curves: loop latency, and ADC bits.

Along w = (1, -1, -1, 1)/2 the loop is exactly linear, so var_w / sigma^2 has a closed form
(`thermosim.analysis.delay`); along e = (1, 1, 1, 1)/2 it is bimodal and the Kolmogorov-Smirnov
distance to the mixture's exact law is the measure. The dashed line is what a perfect sampler of the
same effective length would score.
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
from thermosim.analysis.delay import delayed_loop_variance

HERE = Path(__file__).parent
CYCLES = ((0, 0), (1, 0), (1, 1), (2, 3), (5, 5), (10, 10))  # ADC and controller latencies; 20 ns of settling on top
BITS = (2, 3, 4, 5, 6)
ALONG_W = np.array([1, -1, -1, 1]) / 2
SIGMA = 40e-3  # of the target along every direction but e [V]


def measure(adc: int, demon: int, bits: int, duration: str, seed: int) -> tuple[float, float, float, float]:
    """var_w / sigma^2 with its standard error over replicas, KS along e, and what a perfect sampler would score."""
    chip = ts.load(
        HERE.parents[1] / "netlists" / "smode4.yaml",
        set={
            "models.adc8.latency": f"{adc} cycles",
            "models.adc8.bits": bits,
            "controllers.demon.latency": f"{demon} cycles",
            "run.duration": duration,
        },
    )
    record = ts.simulate(chip, seed=seed)
    along_w = np.var(record.samples["x"] @ ALONG_W, axis=1) / SIGMA**2
    distances = ts.measure(record).target[0].distances
    along_e = next(distance for distance in distances if distance.quantity == "KS along principal[0]")
    return float(along_w.mean()), float(along_w.std(ddof=1) / np.sqrt(along_w.size)), along_e.value, along_e.floor


def exact_variance(cycles: int) -> float:
    """Closed form of var_w / sigma^2 at this many cycles of latency plus settling."""
    rate, wanted = 3e5, 1000 / SIGMA**2  # A_w of the network and D / sigma^2 of the target [1/s]
    latency = cycles * 100e-9 + 20e-9
    return delayed_loop_variance(rate, rate - wanted, 2 * 1000.0, 100e-9, latency) / SIGMA**2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration", default="10 ms", help="recorded time of each point")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure and the table go")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for adc, demon in CYCLES:
        variance, error, distance, floor = measure(adc, demon, 8, options.duration, options.seed)
        rows.append(
            ["latency", (adc + demon) * 100 + 20, variance, error, exact_variance(adc + demon), distance, floor]
        )
        line = "latency {1:5d} ns  var_w/s^2 {2:.4f} +- {3:.4f}  exact {4:.4f}  KS_e {5:.4f}  perfect {6:.4f}"
        print(line.format(*rows[-1]), flush=True)
    for bits in BITS:
        variance, error, distance, floor = measure(0, 0, bits, options.duration, options.seed)
        rows.append(["bits", bits, variance, error, "", distance, floor])
        line = "ADC {1:d} bits  var_w/s^2 {2:.4f} +- {3:.4f}  KS_e {5:.4f}  perfect {6:.4f}"
        print(line.format(*rows[-1]), flush=True)
    with (options.out / "demon_latency.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["sweep", "setting", "var_w", "error", "exact", "ks_e", "ks_perfect"], *rows])
    draw(rows, options.out / "demon_latency.png")


def draw(rows: list[list], path: Path) -> None:
    """Left: variance along w against latency; right: KS along e against latency and bits."""
    late = [row for row in rows if row[0] == "latency"]
    coarse = [row for row in rows if row[0] == "bits"]
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.6), constrained_layout=True)
    latency = np.array([row[1] for row in late])
    left.plot(latency, [row[4] for row in late], color="0.4", label="exact (delay equation)")
    left.errorbar(
        latency, [row[2] for row in late], [row[3] for row in late], fmt="o", color="C0", label="simulated chip"
    )
    left.axhline(1, color="0.7", lw=0.8)
    left.set(xlabel="loop latency [ns]", ylabel=r"var$_w$ / $\sigma^2$", xscale="log", title="variance along w")
    left.legend(frameon=False)
    middle.plot(latency, [row[5] for row in late], "o-", color="C1")
    middle.set(xlabel="loop latency [ns]", ylabel="KS distance along e", xscale="log", yscale="log", title="8 bits")
    right.plot([row[1] for row in coarse], [row[5] for row in coarse], "s-", color="C2")
    right.set(xlabel="ADC bits", ylabel="KS distance along e", yscale="log", title="20 ns", xticks=BITS)
    middle.plot(latency, [row[6] for row in late], color="0.4", ls="--", lw=1, label="perfect sampler, same length")
    right.plot([row[1] for row in coarse], [row[6] for row in coarse], color="0.4", ls="--", lw=1)
    for axes in (middle, right):
        axes.set_ylim(3e-3, 0.4)
    middle.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
