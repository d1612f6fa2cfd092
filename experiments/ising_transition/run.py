"""The two-dimensional Ising transition on a CMOS fabric, against Onsager; how mixing slows down where it orders.

Energy per spin against Kaufman's exact torus of the same size, |magnetisation| against Yang's infinite lattice (below
the critical coupling a small torus keeps some), and the integrated time of |m| at the critical point against size.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import thermosim as ts
from thermosim.analysis.mixing import integrated_time
from thermosim.ideal import onsager

HERE = Path(__file__).parent
COUPLINGS = (0.25, 0.30, 0.35, 0.38, 0.40, 0.42, 0.43, 0.44, 0.45, 0.46, 0.48, 0.50)
SIZES = (4, 6, 8, 12, 16, 24, 32)


def series(size: int, beta: float, sweeps: int, burn_in: int) -> tuple[np.ndarray, np.ndarray]:
    """Energy per spin and |m| (chain, sweep)."""
    settings = {
        "instances.s.shape": [size, size], "updates.beta": beta,
        "run.duration": f"{sweeps} sweeps", "run.burn_in": f"{burn_in} sweeps",
    }  # fmt: skip
    record = ts.simulate(ts.load(HERE / "lattice.yaml", set=settings), seed=1)
    return record.series["s:energy"] / size**2, np.abs(record.series["s:mean(s)"])


def mean(x: np.ndarray) -> tuple[float, float]:
    """Mean and its standard error from the scatter of the chains."""
    return float(x.mean()), float(x.mean(axis=1).std(ddof=1) / np.sqrt(len(x)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="8 x 8, three temperatures, three sizes")
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure goes")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    size, couplings, sizes = (8, (0.3, 0.44, 0.5), (4, 6, 8)) if options.quick else (32, COUPLINGS, SIZES)
    length = 1000 if options.quick else 4000
    rows, times = [], []
    for beta in couplings:
        energy, order = series(size, beta, length, length // 2)
        rows.append((beta, *mean(energy), onsager.energy_torus(size, size, beta), *mean(order)))
        print(
            "beta J {:.3f}: u {:.5f} +- {:.1g}, exact {:.5f}; |m| {:.4f} +- {:.1g}, infinite {:.4f}".format(
                *rows[-1], onsager.magnetisation(beta)
            )
        )
    for width in sizes:
        found = integrated_time(series(width, onsager.CRITICAL, max(length, 30 * width**2), 10 * width**2)[1])
        times.append((width, found.tau, found.error))
        print(f"critical point, L = {width}: tau_int of |m| {found.tau:.1f} +- {found.error:.2g} sweeps")
    draw(size, np.array(rows), np.array(times), options.out / "ising_transition.png")


def draw(size: int, rows: np.ndarray, times: np.ndarray, path: Path) -> None:
    """Energy, magnetisation, critical slowing down."""
    beta, u, u_error, _, m, m_error = rows.T
    fine = np.linspace(beta.min(), beta.max(), 300)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.7), constrained_layout=True)
    left.plot(fine, [onsager.energy(x) for x in fine], color="0.6", label="Onsager, infinite")
    left.plot(fine, [onsager.energy_torus(size, size, x) for x in fine], "k--", lw=1, label=f"Kaufman, {size} x {size}")
    left.errorbar(beta, u, u_error, fmt="o", ms=4, color="C0", label=f"CMOS fabric, {size} x {size}")
    left.set(ylabel="energy per spin / J", title="energy")
    middle.plot(fine, [onsager.magnetisation(x) for x in fine], color="0.6", label="Yang, infinite")
    middle.errorbar(beta, m, m_error, fmt="o", ms=4, color="C0", label=f"CMOS fabric, {size} x {size}")
    middle.set(ylabel="|magnetisation|", title="order")
    for axes in (left, middle):
        axes.axvline(onsager.CRITICAL, color="0.85", lw=0.8)
        axes.set_xlabel(r"$\beta J$")
        axes.legend(frameon=False, fontsize=8)
    width, tau, error = times.T
    kept = width >= 8 if np.count_nonzero(width >= 8) > 2 else width > 0
    (slope, offset), spread = np.polyfit(
        np.log(width[kept]), np.log(tau[kept]), 1, w=tau[kept] / error[kept], cov="unscaled"
    )
    right.errorbar(width, tau, error, fmt="o", color="C0", label="tau_int of |m|")
    right.plot(
        width[kept], np.exp(offset) * width[kept] ** slope, "k--", lw=1,
        label=f"slope {slope:.2f} +- {spread[0, 0] ** 0.5:.2f} (z = 2.17 expected)",
    )  # fmt: skip
    right.set(xscale="log", yscale="log", xlabel="L", ylabel="sweeps", title="critical point")
    right.set_xticks(width, [f"{x:.0f}" for x in width], minor=False)
    right.minorticks_off()
    right.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
