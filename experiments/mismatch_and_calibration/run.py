"""How much threshold mismatch may a die have, before and after its biases are trimmed?

The law that each die samples is exact (its sweep operator's fixed point), so the curves hold no sampling noise; the
calibration does: it only counts outputs, like a chip's own would. The shipped chip `self_trimming` does the same by a
controller of its netlist, and is sampled.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import thermosim as ts
from thermosim.circuit.program import Fabric
from thermosim.engine.calibration import calibrated
from thermosim.ideal.exact import probabilities, sweep_of

HERE = Path(__file__).parent
SIGMAS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # of the threshold [mV]
TRIM = 1e-3 / 26e-3  # a trim of 1 mV, in units of V_s


def error(fabric: Fabric) -> float:
    """Total variation between the law that this die samples and the drawn one."""
    wanted = probabilities(fabric.drawn)
    found = sweep_of(fabric).stationary(wanted)
    assert found is not None, "a die that does not settle"
    return float(0.5 * np.abs(found - wanted).sum())


def dies(sigma: float, count: int, draws: int) -> np.ndarray:
    """Errors (variant, die): as made, trimmed finely, trimmed in steps of 1 mV."""
    rows = []
    for die in range(count):
        settings = {"variation.die": die, "variation.mismatch": {
            "s.offset": {"sigma": f"{sigma} mV"}, "s.gain": {"sigma": "3 %"}}}  # fmt: skip
        fabric = ts.load(HERE / "die.yaml", set=settings).program.fabrics[0]
        fine = calibrated(fabric, draws, seed=die)
        coarse = calibrated(fabric, draws, seed=die, step=TRIM)
        rows.append([error(fabric), error(fine), error(coarse)])
    return np.array(rows).T


def netlist(settings: dict[str, object]) -> tuple[float, float]:
    """Total variation of the states that `self_trimming` (sigma 16 mV) samples, and that of a perfect sampler."""
    summary = ts.measure(ts.simulate(ts.load("self_trimming", set=settings), seed=1))
    distance = next(one for one in summary.target[0].distances if one.quantity.startswith("TV"))
    return distance.value, distance.floor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two spreads, two dies")
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure goes")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sigmas, count, draws = ((2.0, 16.0), 2, 1000) if options.quick else (SIGMAS, 8, 2000)
    found = np.array([dies(sigma, count, draws) for sigma in sigmas])  # (sigma, variant, die)
    for sigma, row in zip(sigmas, found, strict=True):
        made, fine, coarse = row.mean(axis=1)
        scatter = row.std(axis=1, ddof=1) / np.sqrt(count)
        print(
            f"sigma {sigma:4.1f} mV: TV {made:.4f} +- {scatter[0]:.1g} as made, "
            f"{fine:.4f} +- {scatter[1]:.1g} trimmed, "
            f"{coarse:.4f} +- {scatter[2]:.1g} trimmed in 1 mV steps"
        )
    shorter: dict[str, object] = {"run.duration": "2000 sweeps"} if options.quick else {}
    sampled = {"trimmed": netlist(shorter), "left alone": netlist(shorter | {"controllers": {}})}
    for name, (value, floor) in sampled.items():
        print(f"netlist self_trimming, {name}: TV {value:.4f}, a perfect sampler {floor:.4f}")
    draw(sigmas, found, sampled, options.out / "mismatch_and_calibration.png")


def draw(sigmas: tuple[float, ...], found: np.ndarray, sampled: dict[str, tuple[float, float]], path: Path) -> None:
    """Mean over dies with the range of the dies; the sampled chip as crosses."""
    figure, axes = plt.subplots(figsize=(6.5, 4), constrained_layout=True)
    names = ("as made", "biases trimmed", "trimmed in steps of 1 mV")
    for variant, (name, colour) in enumerate(zip(names, ("C3", "C0", "C2"), strict=True)):
        row = found[:, variant]
        axes.fill_between(sigmas, row.min(axis=1), row.max(axis=1), color=colour, alpha=0.15, lw=0)
        axes.plot(sigmas, row.mean(axis=1), "o-", color=colour, label=name)
    for (name, (value, _)), colour in zip(sampled.items(), ("C0", "C3"), strict=True):
        axes.plot(16.0, value, "x", color=colour, ms=9, mew=2, label=f"netlist self_trimming, {name} (sampled)")
    axes.set(xscale="log", yscale="log", xlabel=r"$\sigma(V_T)$ [mV]", ylabel="total variation from the drawn law")
    axes.set_title(f"12 p-bits, {found.shape[2]} dies (band: best to worst), 3 % gain mismatch stays", fontsize=10)
    axes.axvline(26, color="0.7", lw=0.8)
    axes.text(25, axes.get_ylim()[0] * 1.15, r"$V_s$ = 26 mV", fontsize=8, ha="right")
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
