"""How much power does a demon draw from one bath, against sensor noise, bits and latency, and what does it cost?

One RC cell (C, R, T) is read every h through noise V; the demon drives R with u = K m, m its estimate of the voltage
when u arrives, d after the reading. With a = exp(-h / tau), l = a + (1 - a) K, P+ the variance of the Kalman estimate,

    W per period = C K (1 - a^2) / (1 + l) (kT/C - P+) exp(-2 d / tau)

(derived in the README; K -> 1: (C / 2) (P- - P+), and with h -> 0: P_max = k (T - T_min) / tau of Sandberg and others).
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import thermosim as ts
from thermosim.constants import BOLTZMANN

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # the demon's own class
from estimator import posterior  # noqa: E402

C, TAU, PERIOD, GAIN, RANGE, T = 1e-15, 100e-9, 10e-9, 0.8, 20e-3, 300.0
KT = BOLTZMANN * T
FREE = KT / C
NOISES = (0.1e-3, 0.2e-3, 0.4e-3, 1e-3, 2e-3, 4e-3, 8e-3)
BITS = (2, 3, 4, 5, 6, 8)
DELAYS = (0.0, 5e-9, 10e-9, 25e-9, 50e-9, 100e-9, 200e-9)


def power(noise: float, delay: float = 0.0, gain: float = GAIN, period: float = PERIOD) -> float:
    """Closed form of the extracted power [W] with readings of rms `noise` [V]."""
    a = math.exp(-period / TAU)
    after = posterior(FREE, noise**2, period / TAU)
    share = (1 - a * a) / (1 + a + (1 - a) * gain)
    return C * gain * share * (FREE - after) * math.exp(-2 * delay / TAU) / period


def largest(noise: float, period: float = PERIOD) -> float:
    """P_max = k (T - T_min) / tau of a continuous sensor with the same noise per time [W]."""
    s = math.sqrt(1 + 2 * FREE * TAU / (noise**2 * period))
    return KT * (s - 1) / (s + 1) / TAU


@dataclass(frozen=True)
class Point:
    """One chip: `watts` drawn from the bath with its error, and `expected`; kT times the rates at which `readings` and
    `codes` tell; mean square of the innovations; `floor` of Landauer, `electronics` [W]; `law` [k/s] with its error."""

    sweep: str
    setting: float
    watts: float
    error: float
    expected: float
    readings: float
    codes: float
    innovations: float
    innovations_error: float
    floor: float
    electronics: float
    law: float
    law_error: float


def measure(sweep: str, setting: float, duration: str, replicas: int, seed: int) -> Point:
    """Run one setting of one sweep: `noise` [V rms], `bits`, or `delay` [s]."""
    noise = setting if sweep == "noise" else 0.4e-3 if sweep == "delay" else 0.2e-3
    bits = int(setting) if sweep == "bits" else 12
    delay = setting if sweep == "delay" else 0.0
    seen = math.hypot(noise, 2 * RANGE / 2**bits / math.sqrt(12))
    chip = ts.load(
        HERE / "engine.yaml",
        set={
            "models.reader.noise": f"{noise * 1e6:.6g} uV", "models.reader.bits": bits,
            "models.driver.settling": f"{delay * 1e9:.6g} ns", "controllers.demon.late": delay,
            "controllers.demon.noise": seen, "controllers.demon.gain": GAIN,
            "run.duration": duration, "run.replicas": replicas,
        },
    )  # fmt: skip
    summary = ts.measure(ts.simulate(chip, seed=seed))
    work = next(one for one in summary.heat[0].sources if one.path == "u")
    (told,) = summary.information
    return Point(
        sweep, setting, -work.watts, work.error, power(seen, delay), KT * told.readings.rate, KT * told.codes.rate,
        told.readings.innovations, told.readings.innovations_error, told.floor, told.watts, told.law, told.law_error,
    )  # fmt: skip


def run(duration: str = "20 us", replicas: int = 512, seed: int = 1, every: int = 1) -> list[Point]:
    """All three sweeps, or every n-th point of each."""
    sweeps = {"noise": NOISES, "bits": BITS, "delay": DELAYS}
    points = []
    for sweep, settings in sweeps.items():
        for setting in settings[::every]:
            point = measure(sweep, setting, duration, replicas, seed)
            points.append(point)
            print(
                f"{sweep:5s} {setting:8.3g}  {point.watts * 1e15:7.3f} +- {point.error * 1e15:.3f} fW"
                f"  closed form {point.expected * 1e15:7.3f}  kT I {point.readings * 1e15:7.3f} (codes"
                f" {point.codes * 1e15:7.3f})  innovations {point.innovations:.4f}({point.innovations_error:.4f})"
                f"  electronics {point.electronics * 1e3:.3g} mW  law {point.law:.4g}({point.law_error:.2g})",
                flush=True,
            )
    return points


def draw(points: list[Point], path: Path) -> None:
    """Power against noise, bits and latency; what it costs."""
    figure, axes = plt.subplots(1, 4, figsize=(14, 3.7), constrained_layout=True)
    unit = KT / TAU
    for axis, sweep, scale in zip(axes, ("noise", "bits", "delay"), (1e3, 1.0, 1e9), strict=False):
        mine = [one for one in points if one.sweep == sweep]
        at = np.array([one.setting for one in mine]) * scale
        axis.errorbar(at, [one.watts / unit for one in mine], [one.error / unit for one in mine], fmt="o", color="C0",
                      label="simulated chip", zorder=3)  # fmt: skip
        if sweep == "bits":
            axis.plot(at, [one.expected / unit for one in mine], "x", color="0.3", label="quantisation read as noise")
            axis.axhline(power(0.2e-3) / unit, color="0.7", lw=0.8)
        else:
            low, high = max(min(at), 0.0), max(at)
            grid = np.geomspace(low, high, 80) if sweep == "noise" else np.linspace(low, high, 80)
            form = [power(x / scale) if sweep == "noise" else power(0.4e-3, x / scale) for x in grid]
            axis.plot(grid, np.array(form) / unit, color="0.3", label="closed form")
            if sweep == "noise":
                closer = [power(x / scale, gain=1 - 1e-9) / unit for x in grid]
                axis.plot(grid, closer, ":", color="0.3", label="closed form, K -> 1")
                axis.plot(
                    grid, [largest(x / scale) / unit for x in grid], "--", color="C3", label=r"$k(T-T_{min})/\tau$"
                )
        axis.set_ylim(0, None)
    axes[0].set(xscale="log", xlabel="sensor noise [mV rms]", ylabel=r"power drawn from the bath [kT/$\tau$]")
    axes[1].set(xlabel="bits of the ADC (+-20 mV)", xticks=BITS)
    axes[2].set(xlabel="from reading to drive [ns]")
    for axis in axes[:3]:
        axis.legend(frameon=False, fontsize=8)
    mine = [one for one in points if one.sweep == "noise"]
    at = np.array([one.setting for one in mine]) * 1e3
    lines = (
        ("electronics", "converters and arithmetic", "C3"),
        ("codes", "kT x nats/s learnt", "C2"),
        ("watts", "drawn from the bath", "C0"),
    )
    for name, label, colour in lines:
        axes[3].plot(at, [getattr(one, name) for one in mine], "o-", ms=3, color=colour, label=label)
    axes[3].set(xscale="log", yscale="log", xlabel="sensor noise [mV rms]", ylabel="power [W]")
    axes[3].legend(frameon=False, fontsize=8, loc="center left")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration", default="20 us", help="recorded time of each point")
    parser.add_argument("--replicas", type=int, default=512)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="where the figure and the table go")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    points = run(options.duration, options.replicas, options.seed)
    with (options.out / "demon_engine.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(list(vars(points[0])))
        writer.writerows([f"{x:.8g}" if isinstance(x, float) else x for x in vars(one).values()] for one in points)
    draw(points, options.out / "demon_engine.png")


if __name__ == "__main__":
    main()
