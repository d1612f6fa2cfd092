"""An 8 x 8 inverse by a board of RLC cells: statistical error against samples, and every systematic error by itself.

    E |S_hat - S|_F^2 = (|S|_F^2 + (tr S)^2) / N   for N independent samples of known mean (Isserlis)

The systematic part is exact: the stationary law of the netlist of each die, against A^-1. A board is calibrated once,
with its couplings open and every bank to ground at its middle: one factor between volts squared and A^-1.
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import board  # noqa: E402

import thermosim as ts  # noqa: E402
from thermosim.analysis.linear import stationary  # noqa: E402

REPORTED, SAMPLES = (0.25, 0.31), 12_000
ALONE = {
    "banks of 4 bits": board.Flaws(bits=board.BOARD.bits),
    "capacitors 2 %": board.Flaws(capacitors=board.BOARD.capacitors),
    "inductors 10 %": board.Flaws(inductors=board.BOARD.inductors),
    "resistors 1 %": board.Flaws(resistors=board.BOARD.resistors),
    "noise levels 10 %": board.Flaws(noise=board.BOARD.noise),
    "noise up to 6 MHz": board.Flaws(corner=board.BOARD.corner),
    "all of them": board.BOARD,
    "all, C_n taken from the banks": replace(board.BOARD, corrected=True),
    "all, noise up to 3 MHz": replace(board.BOARD, corner=3e6),
}


def made(banks: np.ndarray, flaws: board.Flaws, die: int, draws: int = 2, replicas: int = 1) -> ts.Chip:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "board.yaml"
        file.write_text(board.netlist(banks, flaws, die, draws, replicas))
        return ts.load(file)


def law(chip: ts.Chip) -> np.ndarray:
    """Stationary covariance of the cells [V^2], exact."""
    found = np.zeros((board.CELLS, board.CELLS))
    for island in chip.program.islands:
        rows = [k for k, net in enumerate(island.nodes) if net.startswith("x[")]
        cells = [int(island.nodes[k][2:-1]) for k in rows]
        actual = island.actual
        whole = stationary(actual.capacitance, actual.conductance, actual.noise)
        found[np.ix_(cells, cells)] = whole[np.ix_(rows, rows)]
    return found


def scale(flaws: board.Flaws, die: int) -> float:
    """Volts squared times farads, by calibration with all couplings open."""
    less = flaws.extra if flaws.corrected else 0.0
    banks = np.diag(np.full(board.CELLS, board.BANK / 2 - less))
    return float(np.trace(law(made(banks, flaws, die)))) / board.CELLS * board.BANK / 2


def inverse(covariance: np.ndarray, matrix: np.ndarray, factor: float) -> np.ndarray:
    """A^-1 as read: C = c A, with c by which the matrix was put into the banks."""
    per_unit = board.capacitance(board.elements(matrix, None))[0, 0] / matrix[0, 0]
    return covariance * per_unit / factor


def error(found: np.ndarray, matrix: np.ndarray) -> float:
    exact = np.linalg.inv(matrix)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def systematic(flaws: board.Flaws, count: int) -> np.ndarray:
    """Relative errors of the inverse without statistics, of `count` matrices each on a die of its own."""
    found = []
    for k in range(count):
        matrix = board.target(k)
        banks = board.elements(matrix, flaws.bits, less=flaws.extra if flaws.corrected else 0.0)
        covariance = law(made(banks, flaws, k))
        found.append(error(inverse(covariance, matrix, scale(flaws, k)), matrix))
    return np.array(found)


def statistical(covariance: np.ndarray, samples: int) -> float:
    """Root of the expected square of the relative error."""
    square = np.linalg.norm(covariance) ** 2
    return float(np.sqrt((square + np.trace(covariance) ** 2) / samples / square))


def sampled(lengths: list[int], replicas: int, seed: int = 1) -> tuple[list[float], list[float], float, list[float]]:
    """Root mean square over replicas of the error against the board's own law, and against A^-1, by length; the
    systematic error; the statistical one as foretold, relative to A^-1."""
    matrix, flaws = board.target(0), board.BOARD
    banks = board.elements(matrix, flaws.bits)
    chip = made(banks, flaws, 0, max(lengths), replicas)
    x = ts.simulate(chip, seed=seed).samples["x"][:, -max(lengths) :]
    exact, factor = law(chip), scale(flaws, 0)
    size = np.linalg.norm(np.linalg.inv(matrix))
    own, whole = [], []
    for length in lengths:
        found = [one[:length].T @ one[:length] / length for one in x]
        own.append(_rms([np.linalg.norm(inverse(one - exact, matrix, factor)) / size for one in found]))
        whole.append(_rms([error(inverse(one, matrix, factor), matrix) for one in found]))
    part = np.linalg.norm(inverse(exact, matrix, factor)) / size
    foretold = [statistical(exact, length) * float(part) for length in lengths]
    return own, whole, error(inverse(exact, matrix, factor), matrix), foretold


def _rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def mitigated(bits: list[int], matrices: int, roundings: int) -> list[tuple[int, float, float]]:
    """(bits, error to nearest, error of the mean over stochastic roundings), medians; ideal parts, no noise."""
    rows = []
    for bit in bits:
        errors = []
        for k in range(matrices):
            matrix, rng = board.target(k), np.random.default_rng([k, bit])
            per_unit = board.capacitance(board.elements(matrix, None))[0, 0] / matrix[0, 0]
            tries = [board.capacitance(board.elements(matrix, bit, rng)) for _ in range(roundings)]
            held = [np.linalg.inv(one) * per_unit for one in tries if np.linalg.eigvalsh(one)[0] > 1e-3 * board.BANK]
            nearest = np.linalg.inv(board.capacitance(board.elements(matrix, bit))) * per_unit
            errors.append((error(nearest, matrix), error(np.mean(held, axis=0), matrix)))
        low, high = np.median(errors, axis=0)
        rows.append((bit, float(low), float(high)))
    return rows


def run(lengths: list[int], replicas: int, dies: int, out: Path) -> dict[str, np.ndarray]:
    out.mkdir(parents=True, exist_ok=True)
    flaws = {name: systematic(flaw, dies) for name, flaw in ALONE.items()}
    own, whole, floor, foretold = sampled(lengths, replicas)
    rounded = mitigated([3, 4, 5, 6, 8], dies, 64)
    (out / "board.yaml").write_text(
        board.netlist(board.elements(board.target(0), board.BOARD.bits), board.BOARD, 0, 1000, 4)
    )
    with (out / "spu_inversion.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["what", "median", "least", "most"])
        for name, errors in flaws.items():
            table.writerow([name, *(f"{value:.4g}" for value in (np.median(errors), errors.min(), errors.max()))])
        table.writerow(["samples", "error against the board's own law", "foretold", "error against A^-1", "systematic"])
        for row in zip(lengths, own, foretold, whole, strict=True):
            table.writerow([row[0], *(f"{value:.4g}" for value in (*row[1:], floor))])
        table.writerow(["bits", "to nearest", "mean of 64 roundings"])
        table.writerows([bit, f"{low:.4g}", f"{high:.4g}"] for bit, low, high in rounded)
    draw(lengths, own, whole, floor, foretold, flaws, rounded, out)
    return {
        "own": np.array(own),
        "foretold": np.array(foretold),
        "whole": np.array(whole),
        "floor": np.array(floor),
    } | flaws


def draw(lengths, own, whole, floor, foretold, flaws, rounded, out: Path) -> None:  # type: ignore[no-untyped-def]
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained")
    left.axhspan(*REPORTED, color="0.85", label="reported, 8 x 8")
    left.plot(lengths, own, "o", label="against the board's own law")
    left.plot(lengths, foretold, "C0-", lw=1, label="closed form")
    left.plot(lengths, whole, "s", color="C1", label="against the inverse")
    left.plot(lengths, np.hypot(foretold, floor), "C1-", lw=1, label="with the systematic part")
    left.axhline(floor, color="k", ls=":", label="systematic alone, exact")
    left.axvline(SAMPLES, color="0.6", lw=0.8)
    left.set(xscale="log", yscale="log", xlabel="samples", ylabel="relative error", title="one board, one matrix")
    left.legend(fontsize=8)
    places = np.arange(len(flaws))[::-1]
    for place, errors in zip(places, flaws.values(), strict=True):
        middle.plot(np.maximum(errors, 1e-5), np.full(len(errors), place), "|", color="0.5")
        middle.plot(max(np.median(errors), 1e-5), place, "ko")
    middle.axvspan(*REPORTED, color="0.85")
    middle.set(
        xscale="log", xlabel="relative error of the inverse", title=f"systematic, {len(errors)} matrices and dies"
    )
    middle.set_yticks(places, list(flaws))
    bits = [row[0] for row in rounded]
    right.plot(bits, [row[1] for row in rounded], "o-", label="banks to nearest")
    right.plot(bits, [row[2] for row in rounded], "s-", label="mean of 64 stochastic roundings")
    right.set(yscale="log", xlabel="bits of a bank", ylabel="relative error, median", title="rounding alone")
    right.legend(fontsize=8)
    figure.savefig(out / "spu_inversion.png", dpi=120)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, seconds")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for figure and table")
    given = parser.parse_args()
    if given.quick:
        run([30, 300], 4, 3, given.out)
    else:
        run([30, 100, 300, 1000, 3000, SAMPLES, 40_000], 24, 40, given.out)
    print((given.out / "spu_inversion.csv").read_text())


if __name__ == "__main__":
    main()
