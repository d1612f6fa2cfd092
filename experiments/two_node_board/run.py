"""A two-node board: its makers' model against their measurement, and a ladder of condition numbers.

Sigma is proportional to G^-1, so Sigma G / (its mean diagonal) should be 1; the error is its largest other entry.
Samples of the chip have a statistical error; a band of 200 Hz to 50 kHz has a systematic one, which is exact here.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import thermosim as ts
from thermosim.analysis import spectrum

HERE = Path(__file__).parent
BAND = (200.0, 50e3)  # [Hz]
LOADS = (1.0, 2.2, 4.7, 10.0)  # RL [kOhm] at R3 = 1 kOhm
MEASURED = np.array([0.7097, 0.6258, 0.3596])  # rms [mV] of both nodes, correlation


def told(covariance: np.ndarray) -> np.ndarray:
    """rms of both nodes [mV] and their correlation."""
    rms = np.sqrt(np.diag(covariance))
    return np.array([*(rms * 1e3), covariance[0, 1] / rms.prod()])


def inversion_error(covariance: np.ndarray, conductance: np.ndarray) -> float:
    """Largest entry of Sigma G / (mean diagonal) - 1."""
    product = covariance @ conductance
    return float(np.abs(product / np.mean(np.diag(product)) - np.eye(2)).max())


def rung(load: float, duration: str, seed: int) -> tuple[float, float, float, float]:
    """kappa; inversion error of the exact law within the band, of samples as rms over replicas, and of all pooled."""
    chip = ts.load(HERE / "ladder.yaml", set={"parameters.RL": f"{load} kOhm", "run.duration": duration})
    law = chip.program.islands[0].actual
    within = spectrum.band_covariance(law.capacitance, law.conductance, law.noise, *BAND)
    samples = ts.simulate(chip, seed=seed).samples
    both = np.concatenate([samples["v1"], samples["v2"]], axis=-1)  # (replica, time, node)
    each = [replica.T @ replica / len(replica) for replica in both]
    single = np.sqrt(np.mean([inversion_error(one, law.conductance) ** 2 for one in each]))
    pooled = inversion_error(np.mean(each, axis=0), law.conductance)
    return float(np.linalg.cond(law.conductance)), inversion_error(within, law.conductance), float(single), pooled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration", default="400 ms", help="recorded time of each rung")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure goes")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    law = ts.load("two_node_board").program.islands[0].actual
    model = told(spectrum.band_covariance(law.capacitance, law.conductance, law.noise, *BAND))
    print("v1 {:.4f} mV  v2 {:.4f} mV  correlation {:.4f}   model, in band".format(*model))
    print("v1 {:.4f} mV  v2 {:.4f} mV  correlation {:.4f}   measured by its makers".format(*MEASURED))
    rows = [rung(load, options.duration, options.seed) for load in LOADS]
    for load, row in zip(LOADS, rows, strict=True):
        line = "RL {:4.1f} kOhm  kappa {:5.2f}  error in band {:.4f}  samples, one copy {:.4f}  pooled {:.4f}"
        print(line.format(load, *row))
    draw(model, np.array(rows), options.out / "two_node_board.png")


def draw(model: np.ndarray, rows: np.ndarray, path: Path) -> None:
    """Left: model and measurement; right: the error of the inverse up the ladder."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), constrained_layout=True)
    places = np.arange(3)
    left.bar(places - 0.2, model, 0.4, label="model, 200 Hz to 50 kHz")
    left.bar(places + 0.2, MEASURED, 0.4, label="measured by its makers")
    left.set_xticks(places, ["rms v1 [mV]", "rms v2 [mV]", "correlation"])
    left.set(title="the board: +17 and +16 %, unexplained", ylim=(0, 0.95))
    left.legend(frameon=False, fontsize=8)
    right.plot(rows[:, 0], rows[:, 1], "k-", label="band alone (exact)")
    right.plot(rows[:, 0], rows[:, 2], "o", label="samples, one copy")
    right.plot(rows[:, 0], rows[:, 3], "s", label="samples, all copies")
    right.set(xlabel=r"$\kappa(G)$", ylabel=r"error of $\Sigma G$", xscale="log", yscale="log", title="ladder")
    right.set_xticks(rows[:, 0], [f"{kappa:.3g}" for kappa in rows[:, 0]])
    right.minorticks_off()
    right.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    main()
