"""A Langevin computer of quartic units: activation of one, and the statistics of a chain, against quadrature.

One unit: <v> of p ~ exp(-(2 C / S)(g2 v^2 / 2 + g4 v^4 / 4 - I v)). A chain: mean, variance, excess kurtosis of every
unit and its covariance with the first, against transfer matrices over the exact law exp(-(2 C / S) sum of contents).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import thermosim as ts
from thermosim.analysis.mixing import integrated_time
from thermosim.analysis.transfer import Marginals
from thermosim.measure.nonlinear import island_marginals

HERE = Path(__file__).parent
CURRENTS = np.linspace(-0.8, 0.8, 9)  # uA


@dataclass(frozen=True)
class Compared:
    """A statistic as the law has it and as sampled, with standard errors."""

    exact: np.ndarray
    sampled: np.ndarray
    error: np.ndarray

    @property
    def sigmas(self) -> np.ndarray:
        """Deviations in standard errors."""
        return (self.sampled - self.exact) / self.error


def estimate(values: np.ndarray) -> tuple[float, float]:
    """Mean of (chain, draw) and its standard error, by the correlation time."""
    return float(values.mean()), float(np.sqrt(values.var() * integrated_time(values).tau / values.size))


def law_of(chip: ts.Chip) -> Marginals:
    """Marginals of a chip's one network, nothing being driven."""
    (island,) = chip.program.nonlinear_islands
    return island_marginals(island, island.drawn, np.zeros(len(island.inputs)))


def neuron(duration: str, seed: int) -> Compared:
    """Mean voltage against the input current [V]."""
    rows = []
    for current in CURRENTS:
        chip = ts.load(HERE / "neuron.yaml", set={"parameters.I": f"{current} uA", "run.duration": duration})
        values = ts.simulate(chip, seed=seed).samples["x"][:, :, 0]
        rows.append((law_of(chip).moment(1)[0], *estimate(values)))
    return Compared(*np.array(rows).T)


def chain(duration: str, seed: int) -> tuple[Marginals, np.ndarray, dict[str, Compared]]:
    """Law and samples (chain, draw, unit) of the chain, and its statistics [V, V^2, 1, V^2]."""
    chip = ts.load(HERE / "chain.yaml", set={"run.duration": duration})
    law = law_of(chip)
    values = ts.simulate(chip, seed=seed).samples["x[*]"]
    mean, variance, fourth = law.moment(1), law.moment(2), law.moment(4)
    units = range(values.shape[2])
    away = values - mean
    # Of the exact mean and variance, so that every statistic is a plain average.
    averages = {
        "mean": (mean, [values[:, :, k] for k in units]),
        "variance": (variance, [away[:, :, k] ** 2 for k in units]),
        "excess kurtosis": (
            fourth / variance**2 - 3, [away[:, :, k] ** 4 / variance[k] ** 2 - 3 for k in units]
        ),
        "covariance with the first": (law.along(list(units)), [away[:, :, 0] * away[:, :, k] for k in units]),
    }  # fmt: skip
    return law, values, {
        name: Compared(exact, *np.array([estimate(one) for one in series]).T)
        for name, (exact, series) in averages.items()
    }  # fmt: skip


def run(duration: str, seed: int) -> tuple[Compared, Marginals, np.ndarray, dict[str, Compared]]:
    """Everything: activation, law and samples of the chain, its statistics."""
    return (neuron(duration, seed), *chain(duration, seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration", default="2 ms", help="recorded time of each run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure goes")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    activation, law, values, statistics = run(options.duration, options.seed)
    for name, one in {"activation": activation, **statistics}.items():
        relative = np.sqrt(np.mean((one.sampled - one.exact) ** 2) / np.mean(one.exact**2))
        print(
            f"{name:26s} rms deviation {relative:.4f} of the rms value; in standard errors rms "
            f"{np.sqrt(np.mean(one.sigmas**2)):.2f}, largest {np.abs(one.sigmas).max():.2f}"
        )
    draw(activation, law, values, statistics, options.out / "langevin_computer.png")


def draw(activation: Compared, law: Marginals, values: np.ndarray, statistics: dict[str, Compared], path: Path) -> None:
    """Activation; densities of three units; moments along the chain."""
    figure, axes = plt.subplots(1, 4, figsize=(13, 3.4), constrained_layout=True)
    left, densities, moments, reach = axes
    left.plot(CURRENTS, activation.exact * 1e3, "k-", lw=1, label="quadrature")
    left.errorbar(CURRENTS, activation.sampled * 1e3, activation.error * 1e3, fmt="o", ms=4, label="chip")
    left.set(xlabel="input [uA]", ylabel="mean voltage [mV]", title="activation of one unit")
    left.legend(frameon=False, fontsize=8)
    for k, colour in zip((0, 7, 15), ("C0", "C1", "C2"), strict=True):
        densities.hist(values[:, :, k].ravel() * 1e3, 80, density=True, histtype="stepfilled", alpha=0.3, color=colour)
        densities.plot(law.points[k] * 1e3, law.density[k] / 1e3, color=colour, label=f"unit {k}")
    densities.set(xlabel="voltage [mV]", ylabel="density [1/mV]", title="laws in the chain")
    densities.legend(frameon=False, fontsize=8)
    units = np.arange(values.shape[2])
    mean, variance, kurtosis = (statistics[name] for name in ("mean", "variance", "excess kurtosis"))
    for one, label, scale in ((mean, "mean / 50 mV", 20.0), (variance, "variance / (50 mV)$^2$", 400.0),
                              (kurtosis, "excess kurtosis", 1.0)):  # fmt: skip
        drawn = moments.errorbar(units, one.sampled * scale, one.error * scale, fmt="o", ms=3, label=label)
        moments.plot(units, one.exact * scale, lw=1, color=drawn[0].get_color())
    moments.axhline(0, color="0.7", lw=0.5)
    moments.set(xlabel="unit", title="moments (lines: exact)")
    moments.legend(frameon=False, fontsize=7)
    first = statistics["covariance with the first"]
    reach.errorbar(units, first.sampled * 1e6, first.error * 1e6, fmt="o", ms=4, label="chip")
    reach.plot(units, first.exact * 1e6, "k-", lw=1, label="transfer matrices")
    reach.set(
        xlabel="unit k",
        ylabel=r"cov($v_0$, $v_k$) [mV$^2$]",
        yscale="log",
        ylim=(1, None),
        title="correlation along the chain",
    )
    reach.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    main()
