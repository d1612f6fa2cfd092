"""What does a sample of a thermodynamic model cost? The published headlines, counted and priced.

One chip of 70 x 70 p-bits runs the 250 sweeps of a denoising step and its ledger is read. The Z1 ledger then asks how
many sweeps must pass between two reads, or two programmings, before the sampling itself is what one pays for.
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
INTERVALS = (1250, 2500, 5000, 20000)  # sweeps between reads; a frame of 25 us is 1,250 sweeps
CODON = 2e4 * 3147  # updates of the codon model
DECADE = 10.0  # stated uncertainty of the modelled prices: an order of magnitude


def step(overrides: dict[str, object]) -> tuple[float, float, float]:
    """Joules of 250 sweeps of the grid: value, low, high of the cards' spreads."""
    found = ts.measure(ts.simulate(ts.load(HERE / "grid.yaml", set=overrides), seed=1)).energy
    assert found is not None
    return found.window.value, found.window.low, found.window.high


def headlines() -> list[tuple[str, float, float, float, float, str]]:
    """Name, published, ours, low, high [J], evidence."""
    one = step({})
    flat = step({"models.rng": {"card": "cmos_rng/extropic2025_headline", "v_s": "26 mV"}})
    rows = [
        (f"DTM sample, T = {steps}", 1.6e-9 * steps, *(steps * value for value in one), "calibrated")
        for steps in (1, 4, 8)
    ]
    rows.append(("T = 8 at 2 fJ per cell", 19.6e-9, *(8 * value for value in flat), "modelled"))
    rows.append(("codon Ising, 2e4 sweeps", 82e-9, *(value * CODON / (250 * 4900) for value in one), "modelled"))
    return rows


def prices() -> tuple[float, float, float]:
    """Z1's update, read and write of one p-bit [J], as the chip's ledger has them."""
    rows = ts.load("z1_tile").program.prices
    each = {row.price.action: row.price.joules for row in rows if row.price.joules is not None}
    return each["cell"], each["read"], each["write"]


def tile(every: int) -> float:
    """Joules of a p-bit and sweep of the Z1 tile that is read every so many sweeps, as its ledger counts them."""
    settings = {"run.read": f"every {every} sweeps", "run.duration": f"{4 * every} sweeps", "run.replicas": 1}
    found = ts.measure(ts.simulate(ts.load("z1_tile", set={**settings, "run.measure": ["energy"]}), seed=1)).energy
    assert found is not None
    return found.window.value / (4096 * 4 * every)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the same: the run takes seconds")
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure goes")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = headlines()
    for name, published, value, low, high, grade in rows:
        print(
            f"{name:26s} published {published * 1e9:6.2f} nJ, here {value * 1e9:7.3f} nJ "
            f"({low * 1e9:.3g} to {high * 1e9:.3g}), {grade}"
        )
    update, read, write = prices()
    print(f"Z1: a read costs {read / update:.0f} updates, a write {write / update:.0f}")
    counted = {every: tile(every) for every in ((1250,) if options.quick else INTERVALS)}
    for every, joules in counted.items():
        print(f"Z1 tile read every {every} sweeps: {joules * 1e15:.3f} fJ per p-bit and sweep")
    draw(rows, counted, options.out / "energy_per_sample.png")


def draw(rows: list[tuple[str, float, float, float, float, str]], counted: dict[int, float], path: Path) -> None:
    """Left: headlines with the spread of their cards; right: Z1 joules per sweep against sweeps between reads."""
    update, read, write = prices()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), constrained_layout=True)
    y = np.arange(len(rows))[::-1]
    value, low, high = (1e9 * np.array([row[k] for row in rows]) for k in (2, 3, 4))
    left.errorbar(value, y, xerr=[value - low, high - value], fmt="o", capsize=3, label="ledger, spread of the cards")
    left.plot([1e9 * row[1] for row in rows], y, "k|", ms=16, label="published")
    left.set(yticks=y, xscale="log", xlabel="energy [nJ]", title="headlines")
    left.set_yticklabels([f"{row[0]}\n({row[5]})" for row in rows], fontsize=8)
    left.set_ylim(-0.6, len(rows) + 0.4)
    left.legend(frameon=False, loc="upper left", fontsize=8)
    sweeps = np.logspace(0, 6, 200)
    costs = (
        ("sampling alone", 0.0, "0.4"),
        ("with a read", read, "C0"),
        ("with a read and a write", read + write, "C1"),
    )
    for name, extra, colour in costs:
        total = sweeps * update + extra
        right.loglog(sweeps, total / sweeps, color=colour, label=name)
        right.fill_between(sweeps, total / sweeps / DECADE, DECADE * total / sweeps, color=colour, alpha=0.08, lw=0)
    for extra, name in ((read, "read"), (write, "write")):
        right.axvline(extra / update, color="0.7", lw=0.8)
        right.text(extra / update * 1.1, 2.5e-16, f"{name}: {extra / update:,.0f}", fontsize=8)
    right.plot(list(counted), list(counted.values()), "ko", ms=4, label="ledger of the tile")
    right.axvspan(sweeps[0], min(counted), color="0.93", lw=0, zorder=0)
    right.text(1.3, 1.5e-9, "faster than a frame of 25 us", fontsize=8)
    right.set(
        xlabel="sweeps between reads", ylabel="energy per p-bit and sweep [J]", title="Z1 ledger (modelled, x10 band)"
    )
    right.set_ylim(1e-16, 1e-8)
    right.legend(frameon=False, loc="upper right", fontsize=8)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
