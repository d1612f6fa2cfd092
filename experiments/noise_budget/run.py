"""Which source limits an s-mode chip: the noise of every part by the size of a node, and by the length of a record.

at the converter    var = sum over sources of their closed forms + n_in^2 + k T / C_s + LSB^2 / 12
mean of N samples   var = (1/N) sum_k (1 - |k|/N) C(k D),   C(t) = e^{-At} Sigma, held noise at its edges included
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import expm

import thermosim as ts
from thermosim.analysis import linear
from thermosim.circuit.held_noise import held_in
from thermosim.constants import BOLTZMANN

HERE = Path(__file__).parent
SIZES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)  # C0 [fF]
EVERY = 2e-6  # [s], between two samples
NAMES = ("digital", "R", "shot", "1/f", "buffer", "converter")
_KIND = {"up": "shot", "down": "shot", "slow": "1/f", "Rc": "R"}
Table = dict[str, float]


def chip(settings: Mapping[str, Any]) -> ts.Chip:
    return ts.load(HERE / "noise_budget.yaml", set=dict(settings))


def budget(found: ts.Chip) -> Table:
    """rms [V] that each kind of source adds to what node 0 shows the converter, at the instants of sampling."""
    (network,) = ts.analyze(found)
    row = network.nodes.index("y[0]")
    variance = dict.fromkeys(NAMES, 0.0)
    for one in network.contributions:
        kind = one.path.split("[")[0]
        if kind != "digital":
            variance[_KIND.get(kind, kind)] += one.share[row] * network.covariance[row, row]
    assert network.edges is not None
    variance["digital"] = network.edges[row, row] - sum(variance.values())
    bank = found.program.adcs[0]
    variance["converter"] = (
        bank.input_noise**2 + BOLTZMANN * bank.temperature / bank.sample_capacitance + bank.step**2 / 12
    )
    return {name: float(np.sqrt(value)) for name, value in variance.items()}


def measured(size: float, replicas: int, duration: float, seed: int) -> Table:
    """rms [V] with its relative error: the unwanted noise of the network alone, and the error of the converter."""
    run = {"parameters.C0": f"{size} fF", "run.duration": f"{duration * 1e6:g} us", "run.replicas": replicas}
    quiet = ts.simulate(chip({**run, "parameters.V0": "1 nV"}), seed=seed).samples["y"]
    loud = chip(run)
    samples = ts.simulate(loud, seed=seed).samples
    bank = loud.program.adcs[0]
    # A code stands on its net one period after its sample, and what is drawn at an instant was there before it.
    wrong = bank.low + (samples["d"][:, 2:] + 0.5) * bank.step - samples["y"][:, :-2]
    each = np.mean(quiet**2, axis=(1, 2))
    return {
        "network": float(np.sqrt(each.mean())),
        "network error": float(each.std(ddof=1) / np.sqrt(len(each)) / each.mean() / 2),
        "converter": float(np.sqrt(np.mean(wrong**2))),
    }


def correlation(found: ts.Chip, draws: int) -> np.ndarray:
    """<x(k D) x(0)> [V^2] of node 0 at the edges, k = 0 .. draws - 1; a few exactly, those between in ln k."""
    (island,) = found.program.islands
    law, held = island.actual, held_in(island, found.program.held, "actual")
    assert held is not None
    assert held.edges is not None
    at = np.unique(np.concatenate([np.arange(min(12, draws)), np.geomspace(1, draws, 60).astype(int)]))
    drift = linear.drift(law.capacitance, law.conductance)
    own = [k for k, name in enumerate(island.nodes) if not name.startswith("n(")]
    row, block = island.nodes.index("x[0]"), np.ix_(own, own)
    rest = linear.autocovariance(law.capacitance, law.conductance, law.noise, at * EVERY)[:, row, row]
    levels = [(expm(-drift[block] * time) @ held.edges[block])[own.index(row), own.index(row)] for time in at * EVERY]
    return np.interp(np.log(np.arange(draws) + 1.0), np.log(at + 1.0), rest + np.array(levels))


def mean_error(correlation: np.ndarray, draws: int) -> float:
    """rms [V] of the mean of so many samples."""
    weights = np.concatenate([[1.0], 2 * (1 - np.arange(1, draws) / draws)])
    return float(np.sqrt(weights @ correlation[:draws] / draws))


def means(lengths: Sequence[int], replicas: int, seed: int) -> list[tuple[float, float, float, float]]:
    """Record length [s]; rms of its mean [V]: measured, expected, and expected without 1/f noise."""
    most = max(lengths)
    run = {"run.duration": f"{most * EVERY * 1e6:g} us", "run.replicas": replicas}
    loud = chip(run)
    # D = 2 us shows the levels, whose period divides it, just before they change: at their edges.
    x = ts.simulate(loud, seed=seed).samples["x"]
    all_of_it, without = (correlation(one, most) for one in (loud, chip({**run, "instances.slow.psd": "1e-45 A^2/Hz"})))
    rows = []
    for draws in lengths:
        parts = x[:, : x.shape[1] // draws * draws].reshape(len(x), -1, draws, 2).mean(axis=2)
        seen = float(np.sqrt(np.mean(parts**2)))
        rows.append((draws * EVERY, seen, mean_error(all_of_it, draws), mean_error(without, draws)))
    return rows


def run(
    sizes: Sequence[float] = SIZES, replicas: int = 200, duration: float = 400e-6,
    lengths: Sequence[int] = (3, 10, 30, 100, 300, 1000, 3000, 10000), seed: int = 1,
) -> tuple[list[tuple[float, Table, Table]], list[tuple[float, float, float, float]]]:  # fmt: skip
    """Size [fF], budget and what was measured; and the error of the mean by length."""
    table = [
        (size, budget(chip({"parameters.C0": f"{size} fF"})), measured(size, replicas, duration, seed))
        for size in sizes
    ]
    return table, means(lengths, max(16, replicas // 3), seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short look")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure goes")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    small: dict[str, Any] = {"sizes": (3.0, 100.0), "replicas": 48, "duration": 100e-6, "lengths": (3, 30, 300)}
    table, rows = run(seed=options.seed, **(small if options.quick else {}))
    print("rms at the converter [mV]")
    print("C0 [fF]  " + "  ".join(f"{name:>9}" for name in NAMES) + "   network: expected, measured   converter")
    for size, expected, seen in table:
        alone = np.sqrt(sum(expected[name] ** 2 for name in NAMES if name not in ("digital", "converter")))
        line = "  ".join(f"{1e3 * expected[name]:9.4f}" for name in NAMES)
        told = f"{1e3 * alone:.4f}, {1e3 * seen['network']:.4f} ({100 * seen['network error']:.1f} %)"
        print(f"{size:7g}  {line}   {told}   {1e3 * seen['converter']:.4f}")
    print("mean of a record: length [s], rms [mV] measured, expected, expected without 1/f")
    for row in rows:
        print(f"{row[0]:.3g}  " + "  ".join(f"{1e3 * value:.4f}" for value in row[1:]))
    draw(table, rows, options.out / "noise_budget.png")


def draw(table: list[tuple[float, Table, Table]], rows: list[tuple[float, float, float, float]], path: Path) -> None:
    """Left: rms by source against the size of a node. Right: rms of the mean against the length of a record."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), constrained_layout=True)
    sizes = [size for size, _, _ in table]
    for name in NAMES:
        style = {"digital": "k--", "converter": "k-"}.get(name, "-")
        left.plot(sizes, [1e3 * expected[name] for _, expected, _ in table], style, label=name)
    alone = [
        1e3 * np.sqrt(sum(e[name] ** 2 for name in NAMES if name not in ("digital", "converter"))) for _, e, _ in table
    ]
    left.plot(sizes, alone, color="0.6", lw=4, alpha=0.5, label="R, shot, 1/f, buffer together")
    left.plot(sizes, [1e3 * seen["network"] for _, _, seen in table], "o", color="0.3", ms=5, label="measured")
    left.plot(sizes, [1e3 * seen["converter"] for _, _, seen in table], "s", color="k", ms=4)
    left.set(xscale="log", yscale="log", xlabel="C0 of a node [fF], tau = 1 us", ylabel="rms at the converter [mV]")
    left.set_title("noise by source")
    left.set_ylim(0.012, 30)
    left.legend(frameon=False, fontsize=8, ncol=2, loc="lower left")
    values = 1e3 * np.array(rows)
    right.plot(values[:, 0], values[:, 2], "k-", label="expected")
    right.plot(values[:, 0], values[:, 3], "k:", label="expected without 1/f")
    right.plot(values[:, 0], values[:, 1], "o", label="measured")
    right.set(xscale="log", yscale="log", xlabel="length of a record [ms]", ylabel="rms of its mean [mV]")
    right.set_title("20 fF: 1/f noise sets the floor of a mean")
    right.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    main()
