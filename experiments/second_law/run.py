"""The second law and its fluctuations on three small networks, a panel for each theorem.

    Jarzynski, Crooks        <exp(-W)> = 1,   P_forward(W) / P_reverse(-W) = exp(W)     [kT; no free energy changes]
    van Zon and others       law of work and heat of an RC cell with a current, from its exact characteristic function
    Ciliberto and others     heat between two baths through a capacitor, mean in closed form
    Seifert                  P(S) / P(-S) = exp(S) for the total entropy of a stationary state, not of the baths alone
    Barato, Seifert          var Q / <Q>^2 >= 2 / S with the entropy of every bath, and not with what the voltages show

Units: kT at 300 K, tau = RC = 100 ns.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from thermosim.analysis.thermodynamics import visible_entropy
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from trajectories import Trajectories  # noqa: E402

R, C, TAU = 1e5, 1e-12, 1e-7
KT = BOLTZMANN * 300
CLIMB = 2.0
"""How far the staircase goes [sqrt(kT/C)]."""
STAIRS = (1, 2, 4, 8, 16)
PAUSE = 0.5
SPANS = (1.5, 6.0)
HOT = (300.0, 400.0, 600.0, 1200.0)
TIMES = (1.0, 3.0, 10.0, 30.0)


def staircase(steps: int, replicas: int, seed: int, reverse: bool = False) -> Floats:
    """Work [kT] on an RC cell whose far end climbs in equal steps with uneven pauses, or the same backwards in time.

    It is the energy C (v - u)^2 / 2 that the cell gained and the heat that it gave, whose sum the ledger closes.
    """
    cell = Trajectories("dragged.yaml", replicas, seed)
    runner, stride = cell.runner, math.sqrt(KT / C) * CLIMB / steps
    start = runner.state[0].copy()
    pauses = PAUSE * (0.5 + np.arange(steps) / steps)  # after each step
    if reverse:
        pauses, stride = np.append(pauses[-2::-1], pauses[0]), -stride
    for number, pause in enumerate(pauses):
        runner.drive(np.array([0]), np.full((1, replicas), (number + 1) * stride))
        cell.go(pause * TAU)
    gained = C / 2 * ((runner.state[0] - steps * stride) ** 2 - start**2)
    return np.asarray((gained + cell.heat("R")) / KT)


def work_of_staircase(steps: int) -> float:
    """Mean of the same in closed form [kT]; its variance is twice that, by Crooks."""
    stride, lag, work = CLIMB / steps, 0.0, 0.0
    for pause in PAUSE * (0.5 + np.arange(steps) / steps):
        work += ((lag + stride) ** 2 - lag**2) / 2
        lag = (lag + stride) * math.exp(-pause)
    return work


def log_ratio(forward: Floats, backward: Floats, bins: Floats) -> tuple[Floats, Floats, Floats]:
    """ln of the two histograms' ratio with its error, at the bins' middles, where both have 20 counts or more."""
    a, b = (np.histogram(values, bins)[0].astype(float) for values in (forward, backward))
    good = (a >= 20) & (b >= 20)
    a, b = a[good] / len(forward), b[good] / len(backward)
    error = np.sqrt(1 / (a * len(forward)) + 1 / (b * len(backward)))
    return ((bins[1:] + bins[:-1]) / 2)[good], np.log(a / b), error


def dragged(span: float, replicas: int, seed: int) -> tuple[Floats, Floats]:
    """Heat and work [kT] in `span` tau of a cell that carries a current with I^2 R tau = kT."""
    cell = Trajectories("dragged.yaml", replicas, seed, I=f"{math.sqrt(KT / (R * TAU)) * 1e9:.9g} nA")
    for _ in range(4):
        cell.go(span * TAU / 4)
    return cell.heat("R") / KT, -cell.heat("I") / KT


def law_of_heat(span: float, reach: float = 80.0, points: int = 2**15) -> tuple[Floats, Floats]:
    """Density of the same heat, by Fourier's integral of its exact characteristic function."""
    left, twice = 1 - math.exp(-span), 1 - math.exp(-2 * span)
    width = 2 * reach / points
    q = 2 * math.pi * np.fft.fftfreq(points, width)
    exponent = q * (1j - q) * (span - 2 * q**2 * left**2 / (1 + twice * q**2))
    characteristic = np.exp(exponent) / np.sqrt(1 + twice * q**2)
    heat = width * (np.arange(points) - points // 2)
    density = np.fft.fftshift(np.fft.fft(characteristic)).real / points / width
    return heat, density


def between_baths(hot: float, span: float, replicas: int, seed: int) -> tuple[Floats, Floats, Floats, float]:
    """Heat [J] into the bath at 300 K, entropies of baths and in total [k], and the mean heat in closed form [J]."""
    pair = Trajectories("two_baths.yaml", replicas, seed, T2=f"{hot:g} K")
    for _ in range(4):
        pair.go(span * TAU / 4)
    c1, c2, cc, r1, r2 = C, 2 * C, 1.5 * C, R, 2 * R
    joint = (c1 * c2 + cc * (c1 + c2)) * ((c1 + cc) * r1 + (c2 + cc) * r2)
    expected = BOLTZMANN * cc**2 * (hot - 300.0) / joint * span * TAU
    return (pair.heat("R1"), *pair.entropy(), expected)


def uncertainty(replicas: int, seed: int) -> list[tuple[float, float, float, float, float]]:
    """(time [tau], var Q S / 2 <Q>^2, its error, the same with the voltages' entropy, its error) of a cold coupler."""
    cells = Trajectories("cold_coupler.yaml", replicas, seed)
    capacitance = cells.law.capacitance
    diffusion = np.linalg.solve(capacitance, np.linalg.solve(capacitance, cells.law.noise).T)
    seen = visible_entropy(np.linalg.solve(capacitance, cells.law.conductance), cells.covariance, diffusion)
    assert seen is not None
    rows, before = [], 0.0
    for time in TIMES:
        for _ in range(4):
            cells.go((time - before) * TAU / 4)
        before = time
        heat = cells.heat("R12")
        ratio = heat.var() / (2 * heat.mean() ** 2)
        fourth = ((heat - heat.mean()) ** 4).mean() / heat.var() ** 2
        error = ratio * math.sqrt((fourth - 1 + 4 * heat.var() / heat.mean() ** 2) / replicas)
        whole = float(cells.entropy()[0].mean())
        rows.append((time, ratio * whole, error * whole, ratio * seen * time * TAU, error * seen * time * TAU))
    return rows


def run(replicas: int = 100_000, seed: int = 1) -> dict[str, list]:
    """Everything that the figure shows: name -> rows."""
    results: dict[str, list] = {"jarzynski": [], "crooks": [], "heat": [], "baths": [], "total": [], "uncertainty": []}
    for steps in STAIRS:
        work = staircase(steps, replicas, seed + steps)
        weight = np.exp(-work)
        results["jarzynski"].append(
            (steps, weight.mean(), weight.std() / math.sqrt(replicas), work.mean(), work.std() / math.sqrt(replicas))
        )
    forward, backward = (staircase(4, replicas, seed + 50 + back, bool(back)) for back in (0, 1))
    results["crooks"] = list(zip(*log_ratio(forward, -backward, np.arange(-3, 4.2, 0.4)), strict=True))
    for span in SPANS:
        heat, work = dragged(span, replicas, seed + 60)
        for name, values in (("heat", heat), ("work", work)):
            at, ratio, error = log_ratio(values, -values, np.arange(0, 12, 0.5))
            results["heat"] += [(span, name, *row) for row in zip(at, ratio, error, strict=True)]
    for hot in HOT:
        heat, baths, total, expected = between_baths(hot, 10.0, replicas // 2, seed + 70)
        spread = heat.std() / math.sqrt(len(heat))
        results["baths"].append((hot, heat.mean() / KT, spread / KT, expected / KT))
    _, baths, total, _ = between_baths(HOT[-1], 2.0, 2 * replicas, seed + 80)
    for name, values in (("total", total), ("baths", baths)):
        rows = zip(*log_ratio(values, -values, np.arange(0, 6, 0.3)), strict=True)
        results["total"] += [(name, *row) for row in rows]
    weight = np.exp(-total)
    results["integral"] = [(weight.mean(), weight.std() / math.sqrt(len(weight)))]
    results["uncertainty"] = list(uncertainty(replicas // 2, seed + 90))
    return results


def draw(results: dict[str, list], path: Path) -> None:
    """A panel for each theorem."""
    figure, axes = plt.subplots(2, 3, figsize=(12.5, 7), constrained_layout=True)
    (jarzynski, crooks, heat), (baths, total, bound) = axes
    steps, weight, error, work, spread = map(np.array, zip(*results["jarzynski"], strict=True))
    jarzynski.errorbar(steps, weight, error, fmt="o", color="C0", label=r"$\langle e^{-W/kT}\rangle$, simulated")
    jarzynski.axhline(1, color="C0", lw=0.8)
    jarzynski.errorbar(steps, work, spread, fmt="s", color="C1", label=r"$\langle W\rangle/kT$, simulated")
    jarzynski.plot(steps, [work_of_staircase(int(k)) for k in steps], color="C1", lw=0.8, label="closed forms")
    jarzynski.set(xscale="log", xlabel="steps of the staircase", title="Jarzynski", xticks=steps, xticklabels=steps)
    at, ratio, error = map(np.array, zip(*results["crooks"], strict=True))
    crooks.errorbar(at, ratio, error, fmt="o", color="C0", label="simulated")
    crooks.plot(at, at, color="0.3", lw=0.8, label="slope 1")
    crooks.set(xlabel="W / kT", ylabel=r"$\ln P_F(W)/P_R(-W)$", title="Crooks, 4 steps")
    for colour, span in zip(("C0", "C1"), SPANS, strict=True):
        for name, marker in (("heat", "o"), ("work", "s")):
            rows = [row[2:] for row in results["heat"] if row[:2] == (span, name)]
            at, ratio, error = map(np.array, zip(*rows, strict=True))
            heat.errorbar(at, ratio, error, fmt=marker, color=colour, ms=4, mfc=colour if name == "heat" else "none",
                          label=f"{name}, {span:g} tau")  # fmt: skip
        at, density = law_of_heat(span)
        here = (at > 0) & (at < 10)
        mirrored = np.interp(-at[here], at, density)
        heat.plot(at[here], np.log(density[here] / mirrored), color=colour, lw=0.9)
        heat.plot([0, 8], [0, 8 / (1 - (1 - math.exp(-span)) / span)], color=colour, lw=0.9, ls="--")
    heat.set(
        xlabel="Q, W / kT", ylabel=r"$\ln P(x)/P(-x)$", title="RC cell with a current: lines are exact", ylim=(0, 12)
    )
    hot, mean, error, expected = map(np.array, zip(*results["baths"], strict=True))
    baths.errorbar(hot, mean, error, fmt="o", color="C0", label="simulated")
    baths.plot(hot, expected, color="0.3", lw=0.8, label="closed form")
    baths.set(xlabel="temperature of the other bath [K]", ylabel="heat into 300 K in 10 tau [kT]", title="two baths")
    for name, colour in (("total", "C0"), ("baths", "C3")):
        rows = [row[1:] for row in results["total"] if row[0] == name]
        at, ratio, error = map(np.array, zip(*rows, strict=True))
        said = "total entropy" if name == "total" else "entropy of the baths alone"
        total.errorbar(at, ratio, error, fmt="o", color=colour, label=said)
    total.plot([0, 5], [0, 5], color="0.3", lw=0.8, label="slope 1")
    total.set(xlabel="S / k", ylabel=r"$\ln P(S)/P(-S)$", title="300 K and 1200 K, 2 tau")
    time, whole, error, seen, other = map(np.array, zip(*results["uncertainty"], strict=True))
    bound.errorbar(time, whole, error, fmt="o-", color="C0", label="S of every bath")
    bound.errorbar(time, seen, other, fmt="o-", color="C3", label="S that the voltages show")
    bound.axhline(1, color="0.3", lw=0.8)
    bound.set(xscale="log", yscale="log", xlabel="time [tau]", ylabel=r"var Q  S / 2$\langle Q\rangle^2$",
              title="uncertainty bound, cold coupler")  # fmt: skip
    for axis in axes.flat:
        axis.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure and the table go")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    results = run(options.replicas, options.seed)
    with (options.out / "second_law.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        for name, rows in results.items():
            for row in rows:
                writer.writerow([name, *(f"{x:.6g}" if isinstance(x, float) else x for x in row)])
                print(name, *(f"{x:.5g}" if isinstance(x, float) else x for x in row), flush=True)
    draw(results, options.out / "second_law.png")


if __name__ == "__main__":
    main()
