"""How fast may an RNG of tau0 = 100 ns be clocked? Sampling error and mixing against clock period / tau0.

A held RNG restarts from its latched value: clocked too fast it only becomes lazy. A free RNG saw other neighbours
before and samples another law in between. Total variation is against the enumerated law, with the score of a perfect
sampler of the same effective length beside it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import thermosim as ts

HERE = Path(__file__).parent
TAU0 = 100e-9
RATIOS = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0)


def measure(ratio: float, rng: str, sweeps: int) -> dict[str, float]:
    """One chip whose slots last `ratio` tau0."""
    frequency = round(1.0 / (ratio * TAU0))
    settings = {
        "instances.clock.frequency": f"{frequency} Hz", "updates.rng": rng, "run.duration": f"{sweeps} sweeps",
        "run.burn_in": f"{round(500 / min(ratio, 1.0))} sweeps",
    }  # fmt: skip
    summary = ts.measure(ts.simulate(ts.load(HERE / "torus.yaml", set=settings), seed=1))
    part = summary.mixing[0]
    distance = next(one for one in summary.target[0].distances if one.quantity.startswith("TV"))
    heat = summary.temperature[0]
    return {
        "ratio": ratio, "tv": distance.value, "floor": distance.floor, "spread": distance.floor_spread,
        "tau": part.tau, "error": part.tau_error, "interval": part.interval,
        "relaxation": next(iter(part.exact.values()), float("nan")) / part.interval,
        "temperature": heat.ratio, "temperature_error": heat.error,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three periods, short runs")
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure goes")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    ratios, sweeps = ((0.2, 1.0, 5.0), 2000) if options.quick else (RATIOS, 3_000)
    rows = {rng: [measure(ratio, rng, sweeps) for ratio in ratios] for rng in ("held", "free")}
    for rng, found in rows.items():
        for row in found:
            print(
                f"{rng} {row['ratio']:4.2f} tau0: TV {row['tv']:.4f} "
                f"(perfect {row['floor']:.4f} +- {row['spread']:.1g}), "
                f"tau_int {row['tau']:.2f} +- {row['error']:.1g} sweeps = {row['tau'] * row['interval'] * 1e9:.0f} ns, "
                f"T_eff/T {row['temperature']:.4f} +- {row['temperature_error']:.1g}"
            )
    draw(rows, options.out / "rng_memory.png")


def draw(rows: dict[str, list[dict[str, float]]], path: Path) -> None:
    """Left: total variation; middle: tau_int in sweeps; right: the same in nanoseconds."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.7), constrained_layout=True)
    for (rng, found), colour in zip(rows.items(), ("C0", "C3"), strict=True):
        x = np.array([row["ratio"] for row in found])
        tau, error = (np.array([row[name] for row in found]) for name in ("tau", "error"))
        interval = np.array([row["interval"] for row in found])
        left.plot(x, [row["tv"] for row in found], "o-", color=colour, label=f"{rng} RNG")
        left.plot(x, [row["floor"] for row in found], "--", color=colour, lw=1, label=f"perfect ({rng})")
        middle.errorbar(x, tau, error, fmt="o-", color=colour, label=f"{rng} RNG")
        right.errorbar(x, tau * interval * 1e9, error * interval * 1e9, fmt="o-", color=colour)
    left.set(ylabel="total variation from Boltzmann", yscale="log", title="sampling error")
    middle.set(ylabel="integrated time [sweeps]", yscale="log", title="mixing in sweeps")
    right.set(ylabel="integrated time [ns]", yscale="log", title="mixing in time")
    for axes in (left, middle, right):
        axes.set(xlabel=r"clock period / $\tau_0$", xscale="log")
        axes.axvline(0.2, color="0.7", lw=0.8, label="50 MHz and 100 ns" if axes is middle else None)
    left.set_ylim(0.012, 0.15)
    left.legend(frameon=False, fontsize=8, loc="lower left", ncols=2)
    middle.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
