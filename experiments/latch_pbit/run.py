"""A p-bit of six transistors: response, memory and offset from single-electron jumps, against its telegraph reduction.

Left: probability of the output against the input, exact (generator on the charge lattice), simulated, and the sigmoid
that the reduction gives. Middle: memory against the supply. Right: input offset of dies whose thresholds differ by
sigma(V_th) = A/sqrt(W L), against first order: sigma_off^2 = sigma^2 sum_k (d offset / d V_th,k)^2.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import thermosim as ts
from thermosim.circuit.reduction import Telegraph, telegraph

HERE = Path(__file__).parent
MIDDLE = 0.0425
DEVICES = ("L.MI", "L.MR", "L.P.A.MN", "L.P.A.MP", "L.P.B.MN", "L.P.B.MP")
PELGROM = "2 mV*um"
SIZES = ("8 um", "4 um", "2 um")  # of a square device: sigma 0.25, 0.5, 1 mV


def reduce(settings: dict[str, Any], volts: list[float]) -> Telegraph:
    """The reduction of the die with these settings."""
    return telegraph(ts.load(HERE / "latch.yaml", set=settings).program, "q", "qb", "in", volts)


def simulated(bias: float, replicas: int) -> tuple[float, float]:
    """Probability of a high output at `bias` [V], with its error over replicas."""
    chip = ts.load(HERE / "latch.yaml", set={"parameters.VB": f"{bias:.6g} V"})
    record = ts.simulate(chip, seed=1, replicas=replicas)
    high = (record.samples["q"][:, :, 0] > record.samples["qb"][:, :, 0]).mean(axis=1)
    return float(high.mean()), float(high.std(ddof=1) / np.sqrt(len(high)))


def mismatch(size: str, die: int) -> dict[str, Any]:
    """Settings of die number `die` with square devices of side `size`."""
    spread = {"pelgrom": PELGROM, "w": size, "l": size}
    return {"variation.die": die, "variation.mismatch": {f"{name}.v_th": spread for name in DEVICES}}


def weights(step: float = 1e-4) -> np.ndarray:
    """d offset / d V_th of each device (device,), from offsets with one threshold moved: a corner of one die."""
    found = []
    for name in DEVICES:
        corner = {"variation.corners": {"one": {f"{name}.v_th": 1 + step / 0.2}}, "variation.corner": "one"}
        found.append((reduce(corner, [MIDDLE - 0.01, MIDDLE + 0.01]).offset - MIDDLE) / step)
    return np.array(found)


def run(quick: bool) -> dict[str, Any]:
    """Everything that the figure shows."""
    grid = [MIDDLE + 1e-3 * x for x in ((-20, 0, 20) if quick else range(-20, 21, 4))]
    exact = reduce({}, grid)
    biases = (-0.008, 0.008) if quick else (-0.02, -0.012, -0.006, 0.0, 0.006, 0.012, 0.02)
    points = [(bias, *simulated(bias, 8 if quick else 48)) for bias in biases]
    supplies = (80, 85) if quick else (60, 65, 70, 75, 80, 85, 90)
    memory = []
    for supply in supplies:
        half = supply / 2e3
        settings = {"parameters.VDD": f"{supply} mV", "parameters.VREF": f"{supply / 2} mV"}
        found = reduce(settings, [half - 0.005, half + 0.005])
        memory.append((supply, found.tau0, found.v_s, found.purity))
    dies, sizes = (2, SIZES[:1]) if quick else (12, SIZES)
    volts = [MIDDLE - 0.06, MIDDLE + 0.06]
    offsets = {s: np.array([reduce(mismatch(s, d), volts).offset - MIDDLE for d in range(dies)]) for s in sizes}
    return {"exact": exact, "points": points, "memory": memory, "offsets": offsets, "weights": weights()}


def draw(found: dict[str, Any], path: Path) -> None:
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.7), constrained_layout=True)
    exact = found["exact"]
    x = 1e3 * (exact.volts - MIDDLE)
    left.plot(x, exact.p, "C0-", label="generator of single jumps")
    fine = np.linspace(x[0], x[-1], 200)
    sigmoid = 1 / (1 + np.exp(-(1e-3 * fine + MIDDLE - exact.offset) / exact.v_s))
    left.plot(fine, sigmoid, "k--", lw=1, label=f"telegraph, V_s = {1e3 * exact.v_s:.1f} mV")
    bias, p, error = np.array(found["points"]).T
    left.errorbar(1e3 * bias, p, error, fmt="o", color="C3", ms=4, label="simulated jumps")
    left.set(xlabel="input - reference [mV]", ylabel="P(q high)", title="response")
    left.legend(frameon=False, fontsize=8)
    supply, tau, _, _ = np.array(found["memory"]).T
    middle.plot(supply, 1e9 * tau, "o-")
    middle.set(xlabel="supply [mV]", ylabel=r"$\tau_0$ [ns]", yscale="log", title="memory (30 aF a node)")
    sigma = np.array([2.0 / float(size.split()[0]) for size in found["offsets"]])
    spread = np.array([1e3 * offsets.std(ddof=1) for offsets in found["offsets"].values()])
    count = len(next(iter(found["offsets"].values())))
    right.errorbar(sigma, spread, spread / np.sqrt(2 * (count - 1)), fmt="o", color="C3", label=f"{count} dies")
    line = np.array([0.0, sigma.max()])
    slope = float(np.linalg.norm(found["weights"]))
    right.plot(line, slope * line, "k--", lw=1, label=f"first order, {slope:.2f} sigma")
    right.set(xlabel=r"$\sigma(V_{th})$ [mV]", ylabel="spread of the offset [mV]", title="mismatch")
    right.legend(frameon=False, fontsize=8, loc="upper left")
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few points, few dies")
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure goes")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    found = run(options.quick)
    exact = found["exact"]
    print(
        f"telegraph: offset {1e3 * (exact.offset - MIDDLE):.3f} mV, V_s {1e3 * exact.v_s:.2f} mV, tau0 "
        f"{1e9 * exact.tau0:.1f} ns, purity {exact.purity:.3f}, ln odds off by {exact.logit_error:.2g}, ln tau by "
        f"{exact.tau_change:.2g} within 20 mV"
    )
    for bias, p, error in found["points"]:
        print(f"simulated at {1e3 * bias:+.0f} mV: p {p:.4f} +- {error:.4f}")
    for supply, tau, v_s, purity in found["memory"]:
        print(f"supply {supply} mV: tau0 {1e9 * tau:.4g} ns, V_s {1e3 * v_s:.3g} mV, purity {purity:.3f}")
    told = ", ".join(f"{name} {weight:+.2f}" for name, weight in zip(DEVICES, found["weights"], strict=True))
    print(f"d offset / d V_th: {told}")
    for size, offsets in found["offsets"].items():
        print(f"devices of {size}: offset {1e3 * offsets.mean():+.2f} mV, spread {1e3 * offsets.std(ddof=1):.2f} mV")
    draw(found, options.out / "latch_pbit.png")


if __name__ == "__main__":
    main()
