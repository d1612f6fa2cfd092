"""How slow may a synapse be? Total variation to Boltzmann's law against its lag, for two devices and two kinds of lag.

Free-running p-bits flip on inputs that settle with tau_S (RC) or arrive tau_S late (delay). Constant rates are those
of a heat bath, (1 - s tanh I) / (2 tau_N); Arrhenius rates are exp(-s I) / tau_N, so that tau0 = tau_N / 2. The
delayed pair has a closed form (`thermosim.analysis.delayed_pair`), drawn as lines.
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
from thermosim.analysis.delayed_pair import pair_correlation
from thermosim.ideal.exact import probabilities

HERE = Path(__file__).parent
NEURON = 100e-9  # tau_N [s]
LAGS = (0.01, 0.1, 0.3, 1.0, 3.0)  # tau_S / tau_N
NETS = {"pair": ("pair.yaml", 1.0), "AND, beta = 0.5": ("and_gate.yaml", 0.5), "AND, beta = 1": ("and_gate.yaml", 1.0)}
DEVICES, KINDS = {"heat bath": "const", "Arrhenius": "arrhenius"}, {"RC": "settling", "delay": "delay"}
# What the project's reference states, to about 0.01.
STATED = {
    ("pair", "heat bath", "RC"): (0.006, 0.018, 0.038, 0.109, 0.178),
    ("pair", "heat bath", "delay"): (0.008, 0.024, 0.048, 0.151, 0.306),
    ("pair", "Arrhenius", "RC"): (0.008, 0.042, 0.090, 0.163, 0.237),
    ("pair", "Arrhenius", "delay"): (0.009, 0.051, 0.141, 0.319, 0.382),
    ("AND, beta = 0.5", "heat bath", "RC"): (0.015, 0.023, 0.044, 0.110, 0.165),
    ("AND, beta = 0.5", "heat bath", "delay"): (0.009, 0.019, 0.066, 0.171, 0.354),
    ("AND, beta = 0.5", "Arrhenius", "RC"): (0.008, 0.039, 0.092, 0.159, 0.210),
    ("AND, beta = 0.5", "Arrhenius", "delay"): (0.009, 0.055, 0.157, 0.394, 0.505),
    ("AND, beta = 1", "heat bath", "RC"): (0.015, 0.032, 0.063, 0.080, 0.146),
    ("AND, beta = 1", "heat bath", "delay"): (0.015, 0.092, 0.145, 0.185, 0.349),
    ("AND, beta = 1", "Arrhenius", "RC"): (0.012, 0.053, 0.089, 0.122, 0.170),
    ("AND, beta = 1", "Arrhenius", "delay"): (0.009, 0.065, 0.336, 0.829, 0.848),
}


def length(net: str, device: str, kind: str, lag: float) -> tuple[str, str]:
    """Duration and burn-in. One corner forgets in thousands of tau_N: rates that grow, inputs that average."""
    slow = (net, device, kind) == ("AND, beta = 1", "Arrhenius", "RC") and lag >= 1
    return ("20 ms", "4 ms") if slow else ("4 ms", "50 us")


def measure(
    net: str, device: str, kind: str, lag: float, duration: str, burn_in: str, seed: int
) -> tuple[float, float]:
    """Total variation between the pooled states and Boltzmann's law, and its standard error over replicas."""
    file, beta = NETS[net]
    tau0 = NEURON / 2 if device == "Arrhenius" else NEURON
    chip = ts.load(
        HERE / file,
        set={
            "models.rng.rtn": DEVICES[device], "models.rng.tau0": f"{tau0 * 1e9:g} ns",
            f"models.wire.{KINDS[kind]}": f"{lag * NEURON * 1e9:g} ns", "updates.beta": beta, "run.duration": duration,
            "run.burn_in": burn_in,
        },
    )  # fmt: skip
    fabric = chip.program.fabrics[0]
    states = ts.simulate(chip, seed=seed).series[f"{fabric.path}:states"]
    share = np.stack([np.bincount(row, minlength=2**fabric.nodes) for row in states]) / states.shape[1]
    difference = share - probabilities(fabric.drawn)
    # A first-order error: the sign of each state's difference is taken as known.
    along = 0.5 * difference @ np.sign(difference.mean(axis=0))
    return float(along.mean()), float(along.std(ddof=1) / np.sqrt(len(along)))


def exact(device: str, lag: float) -> float:
    """Total variation of the delayed pair."""
    tau0 = 0.5 if device == "Arrhenius" else 1.0
    return abs(np.tanh(1) - pair_correlation(1.0, lag, tau0, device == "Arrhenius")) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the pair alone, for a short time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure and the table go")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for (net, device, kind), stated in STATED.items():
        if options.quick and net != "pair":
            continue
        for lag, reference in zip(LAGS, stated, strict=True):
            span = ("100 us", "50 us") if options.quick else length(net, device, kind, lag)
            found, error = measure(net, device, kind, lag, *span, options.seed)
            form = exact(device, lag) if (net, kind) == ("pair", "delay") else ""
            rows.append([net, device, kind, lag, found, error, form, reference])
            text = "{0:15s} {1:9s} {2:5s} tau_S/tau_N {3:<4g}  TV {4:.4f} +- {5:.4f}  stated {7:.3f}".format(*rows[-1])
            print(text + (f"  exact {form:.4f}" if form else ""), flush=True)
    header = ["net", "device", "lag", "tau_S/tau_N", "tv", "error", "exact", "stated"]
    with (options.out / "synapse_delay.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    draw(rows, options.out / "synapse_delay.png")


def draw(rows: list[list], path: Path) -> None:
    """One panel for each net: filled marks are simulated, hollow ones stated; lines are exact or lead the eye."""
    nets = list(dict.fromkeys(row[0] for row in rows))
    figure, panels = plt.subplots(1, len(nets), figsize=(4.2 * len(nets), 4), squeeze=False, constrained_layout=True)
    for panel, net in zip(panels[0], nets, strict=True):
        for colour, (device, kind) in zip(
            ("C0", "C9", "C3", "C1"), ((d, k) for d in DEVICES for k in KINDS), strict=True
        ):
            mine = [row for row in rows if row[:3] == [net, device, kind]]
            lags = np.array([row[3] for row in mine])
            style = {"color": colour, "ls": "none" if kind == "delay" and net == "pair" else "-", "lw": 1}
            panel.errorbar(
                lags,
                [row[4] for row in mine],
                [row[5] for row in mine],
                fmt="o",
                ms=5,
                label=f"{device}, {kind}",
                **style,
            )
            panel.plot(lags, [row[7] for row in mine], "o", ms=9, mfc="none", mec=colour, alpha=0.6)
            if kind == "delay" and net == "pair":
                fine = np.geomspace(LAGS[0], LAGS[-1], 100)
                panel.plot(fine, [exact(device, lag) for lag in fine], color=colour, lw=1)
        panel.set(xscale="log", yscale="log", ylim=(5e-4, 1.2), xlabel=r"$\tau_S / \tau_N$", title=net)
    panels[0][0].set_ylabel("total variation to Boltzmann's law")
    panels[0][0].plot([], [], "o", ms=9, mfc="none", mec="0.4", label="stated in the reference")
    panels[0][0].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    main()
