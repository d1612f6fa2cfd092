"""Solve, invert, ln det by chips of s-modes: error against time, beside Cholesky and conjugate gradients; roundings."""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from thermosim import compile as chips
from thermosim.analysis.free_energy import bennett, jarzynski
from thermosim.compile.network import resistive

HERE = Path(__file__).parent
PLATFORM = "platform/gpu_h100"
SWITCHES = 8


@dataclass(frozen=True)
class Row:
    """One way to one answer: relative error, its expectation, seconds, joules."""

    task: str
    size: int
    condition: float
    way: str
    error: float
    expected: float
    seconds: float
    joules: float


def frustrated(size: int, seed: int = 1) -> np.ndarray:
    """A sparse matrix with couplings of both signs, about four in a row, and a condition number near 25."""
    rng = np.random.default_rng([seed, size])
    share = min(1.0, 4 / (size - 1))
    off = np.triu(rng.uniform(0.2, 1.0, (size, size)) * (rng.random((size, size)) < share), 1)
    off *= rng.choice([-1.0, 1.0], (size, size))
    off = off + off.T
    matrix = off + np.diag(np.abs(off).sum(axis=1))
    values = np.linalg.eigvalsh(matrix)
    # What is missing to a condition number of 25, if anything; each row needs some way to ground.
    shift = max((values[-1] - 25 * values[0]) / 24, 0.02 * values[-1])
    return matrix + shift * np.eye(size)


def rows(size: int, lengths: list[int], replicas: int) -> list[Row]:
    matrix = frustrated(size)
    right = np.random.default_rng(size).standard_normal(size)
    condition = float(np.linalg.cond(matrix))
    found = []
    tasks = {
        "solve": lambda effort: chips.solve(matrix, right, effort=effort),
        "inverse": lambda effort: chips.inverse(matrix, effort=effort),
        "ln det": lambda effort: chips.log_determinant(matrix, effort=effort, switches=SWITCHES),
    }
    for task, ask in tasks.items():
        for draws in lengths:
            answer = ask(chips.Effort(draws=draws, replicas=replicas))
            found.append(
                Row(task, size, condition, "chip", answer.deviation, answer.expected, answer.seconds, answer.joules)
            )
        for method in answer.digital:
            joules = method.joules[PLATFORM].joules or float("nan")
            found.append(Row(task, size, condition, method.name, method.error, 0.0, method.seconds, joules))
    return found


def roundings(size: int, bits: list[int], averaged: list[int]) -> list[tuple[int, int, float]]:
    """(bits, roundings, relative error) of what networks hold, without noise; 0 roundings is to nearest."""
    matrix = frustrated(size)
    exact = np.linalg.inv(matrix)
    found = []
    for bit in bits:
        parts = replace(chips.Parts(), bits=bit)
        found.append((bit, 0, _relative(resistive(matrix, parts).answer, exact)))
        rng = np.random.default_rng(bit)
        answers = [resistive(matrix, parts, rng=rng).answer for _ in range(max(averaged))]
        found += [(bit, count, _relative(np.mean(answers[:count], axis=0), exact)) for count in averaged]
    return found


@dataclass(frozen=True)
class Estimates:
    """Mean distance from ln det, with its error, of estimates from `runs` works; Jarzynski's bias as foretold."""

    runs: int
    jarzynski: float
    jarzynski_error: float
    bennett: float
    bennett_error: float
    foretold: float


def biases(size: int, draws: int, replicas: int) -> tuple[chips.DeterminantAnswer, list[Estimates]]:
    """One switch, from the diagonal at once: what few runs make of ln det."""
    answer = chips.log_determinant(frustrated(size), effort=chips.Effort(draws, replicas), switches=1)
    difference = (float(answer.exact) - np.log(np.diag(frustrated(size))).sum()) / 2
    found = []
    for runs in (2, 4, 8, 16, 32, 64, 128, 256):
        blocks = answer.works[0][: len(answer.works[0]) // runs * runs].reshape(-1, runs, 2)
        if len(blocks) < 20:
            break
        down = 2 * (-difference - np.array([jarzynski(block[:, 1]).value for block in blocks]))
        both = 2 * (np.array([bennett(*block.T).value for block in blocks]) - difference)
        scale = np.sqrt(len(blocks))
        foretold = -float(answer.jarzynski_expected[1] ** 2) * draws * replicas / runs / 4
        found.append(Estimates(runs, down.mean(), down.std() / scale, both.mean(), both.std() / scale, foretold))
    return answer, found


def draw_works(axes: np.ndarray, answer: chips.DeterminantAnswer, found: list[Estimates], size: int) -> None:
    runs = [one.runs for one in found]
    for marker, label, values, errors in (
        ("o-", "Jarzynski, way down", [one.jarzynski for one in found], [one.jarzynski_error for one in found]),
        ("s-", "Bennett, both ways", [one.bennett for one in found], [one.bennett_error for one in found]),
    ):
        axes[0].errorbar(runs, np.abs(values), errors, fmt=marker, label=label)
    axes[0].plot(runs, np.abs([one.foretold for one in found]), "k:", label="Jarzynski to leading order")
    axes[0].set(xscale="log", yscale="log", ylim=(1e-4, 3), xlabel="runs in an estimate",
                ylabel="|mean error of ln det|", title=f"bias, one switch, d = {size}")  # fmt: skip
    axes[0].legend(fontsize=8)
    known = np.log(np.diag(frustrated(size))).sum()
    edges = np.linspace(
        *np.quantile(np.concatenate([answer.works[0][:, 0], -answer.works[0][:, 1]]), [0.002, 0.998]), 60
    )
    axes[1].hist(answer.works[0][:, 0], edges, histtype="step", density=True, label="way up")
    axes[1].hist(-answer.works[0][:, 1], edges, histtype="step", density=True, label="way down, negative")
    axes[1].axvline((float(answer.exact) - known) / 2, color="k", lw=1, label="dF: they cross (Crooks)")
    axes[1].set(yscale="log", xlabel="work [kT]", ylabel="density", title="works of one switch")
    axes[1].legend(fontsize=8)


def _relative(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def draw(
    found: list[Row],
    mended: list[tuple[int, int, float]],
    works: tuple[chips.DeterminantAnswer, list[Estimates], int],
    out: Path,
) -> None:
    figure, grid = plt.subplots(2, 3, figsize=(14, 9), layout="constrained")
    axes, lower = grid
    draw_works(lower[1:], *works)
    sizes = sorted({row.size for row in found})
    for axis, task in zip(axes, ("solve", "inverse", "ln det"), strict=True):
        for k, size in enumerate(sizes):
            mine = [row for row in found if row.task == task and row.size == size]
            chip = [row for row in mine if row.way == "chip"]
            seconds = [row.seconds for row in chip]
            axis.plot(seconds, [row.error for row in chip], "o", color=f"C{k}", label=f"d = {size}")
            axis.plot(seconds, [row.expected for row in chip], "-", color=f"C{k}", lw=1)
            for marker, name in (("s", "Cholesky"), ("^", "conjugate")):
                ways = [row for row in mine if row.way.startswith(name)]
                axis.plot([row.seconds for row in ways], [max(row.error, 1e-17) for row in ways], marker, color=f"C{k}",
                          mfc="none")  # fmt: skip
        axis.set(xscale="log", yscale="log", xlabel="time [s]", ylabel="relative error", title=task)
    axes[0].plot([], [], "k-", lw=1, label="closed form")
    axes[0].plot([], [], "ko", label="chip (its own time)")
    axes[0].plot([], [], "ks", mfc="none", label="Cholesky, here")
    axes[0].plot([], [], "k^", mfc="none", label="conjugate gradients, here")
    axes[0].legend(fontsize=8)
    for k, bit in enumerate(sorted({bit for bit, _, _ in mended})):
        mine = [(count, error) for b, count, error in mended if b == bit and count]
        nearest = next(error for b, count, error in mended if b == bit and not count)
        lower[0].plot(*zip(*mine, strict=True), "o-", color=f"C{k}", label=f"{bit} bits, stochastic")
        lower[0].axhline(nearest, color=f"C{k}", ls=":", label=f"{bit} bits, to nearest")
    lower[0].set(xscale="log", yscale="log", xlabel="roundings averaged", ylabel="relative error of the inverse",
                title="rounding of the conductances")  # fmt: skip
    lower[0].legend(fontsize=8)
    figure.savefig(out / "matrix_functions.png", dpi=120)
    plt.close(figure)


def run(sizes: list[int], lengths: list[int], replicas: int, averaged: list[int], out: Path) -> list[Row]:
    out.mkdir(parents=True, exist_ok=True)
    found = [row for size in sizes for row in rows(size, lengths, replicas)]
    mended = roundings(sizes[min(1, len(sizes) - 1)], [4, 6, 8], averaged)
    with (out / "matrix_functions.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["task", "size", "condition", "way", "error", "expected", "seconds", "joules"])
        for row in found:
            numbers = [f"{value:.3g}" for value in (row.error, row.expected, row.seconds, row.joules)]
            table.writerow([row.task, row.size, f"{row.condition:.3g}", row.way, *numbers])
    with (out / "roundings.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["bits", "roundings (0: to nearest)", "error"])
        table.writerows([bit, count, f"{error:.3g}"] for bit, count, error in mended)
    small = chips.inverse(frustrated(sizes[0]), effort=chips.Effort(draws=lengths[0], replicas=replicas))
    (out / "inverse.yaml").write_text(small.netlists[0])
    answer, few = biases(sizes[0], max(lengths), replicas)
    (out / "ln_det_stair_1.yaml").write_text(answer.netlists[-1])
    draw(found, mended, (answer, few, sizes[0]), out)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, seconds")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for figure and tables")
    given = parser.parse_args()
    if given.quick:
        run([4, 8], [50, 200], 8, [1, 4, 16], given.out)
    else:
        run([4, 16, 64], [30, 300, 3000], 32, [1, 4, 16, 64, 256], given.out)
    print((given.out / "matrix_functions.csv").read_text())


if __name__ == "__main__":
    main()
