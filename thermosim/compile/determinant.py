"""The log-determinant of a matrix by work: ln det A = ln det A_0 + 2 dF, dF of a staircase of chips from A_0 to A.

    dF = (ln det A - ln det A_0) / 2   in kT, of energies x^T A x / 2

A_0 is the diagonal of A unless stated: the network without couplings, its determinant a product. Bennett's estimate
from the ways up and down is the answer; Jarzynski's from either way alone stands beside it, with its bias.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from thermosim.analysis.free_energy import bennett, jarzynski
from thermosim.analysis.mixing import LENGTH
from thermosim.compile import digital
from thermosim.compile.answer import Answer, answered
from thermosim.compile.chip import Effort, Run
from thermosim.compile.matrix import refuse_unless_positive_definite
from thermosim.compile.parts import Parts
from thermosim.compile.staircase import Stairs, chosen, climb, stairs
from thermosim.compile.tasks import EFFORT, PARTS
from thermosim.contracts import Floats
from thermosim.errors import ThermosimError


@dataclass(frozen=True)
class DeterminantAnswer(Answer):
    """`value` is ln det A by Bennett's estimate, and its `error` Bennett's own.

    `jarzynski`, `jarzynski_error`, `jarzynski_bias` (way,): ln det A from the ways up and down alone, and their bias to
    leading order, which is subtracted from neither; `jarzynski_expected` (way,): their standard errors by the closed
    form, which those from a sample fall short of where rare runs decide. `works` (chip, run, way) [kT]; `switches` in
    one way; `dwell` [s] between two of them.
    """

    jarzynski: Floats
    jarzynski_error: Floats
    jarzynski_bias: Floats
    jarzynski_expected: Floats
    works: Floats
    switches: int
    dwell: float

    def __str__(self) -> str:
        ways = "; ".join(
            f"{name} {value:.5g} +- {error:.2g}, bias {bias:+.2g}"
            for name, value, error, bias in zip(
                ("up", "down"), self.jarzynski, self.jarzynski_error, self.jarzynski_bias, strict=True
            )
        )
        return (
            f"ln det = {float(self.value):.6g} +- {float(self.error):.2g} (Bennett), exact {float(self.exact):.6g}; "
            f"{self.switches} switches, {self.dwell:.3g} s apart; Jarzynski {ways}\n{super().__str__()}"
        )


def log_determinant(
    matrix: Floats,
    reference: Floats | None = None,
    parts: Parts = PARTS,
    effort: Effort = EFFORT,
    roundings: int = 0,
    switches: int | None = None,
    dwell: float = 1.0,
) -> DeterminantAnswer:
    """ln det A.

    Parameters
    ----------
    matrix, reference
        A and A_0 (n, n), positive definite and symmetric bit for bit; the diagonal of A if None.
    parts, effort, roundings
        As for :func:`thermosim.compile.solve`; `effort.draws` are ways up and as many down for each replica.
    switches
        In one way; the number of least error in a time by the closed form if None, which costs more than the answer.
    dwell
        Time between switches, in relaxation times of the slowest stair.

    Raises
    ------
    ThermosimError
        If a matrix is not positive definite, both are the same, or passive parts cannot hold the stairs.
    """
    a = refuse_unless_positive_definite(matrix, "A")
    start = np.diag(np.diag(a)) if reference is None else refuse_unless_positive_definite(reference, "the reference")
    _refuse(a, start, effort, switches, dwell)
    count = chosen(a, start, dwell, parts) if switches is None else switches
    ways: list[list[Floats]] = []
    kept: list[tuple[Stairs, Run]] = []

    def build(rng: np.random.Generator | None) -> Stairs:
        return stairs(a, start, count, dwell, parts, rng)

    def read(climbed: Stairs, made: Run) -> tuple[Floats, Floats]:
        up, down = made.x[..., 0].ravel(), made.x[..., 1].ravel()
        known = _exact(climbed.networks[0].held)
        found = bennett(up, down)
        alone = jarzynski(up), jarzynski(down)
        runs = up.size
        expected = [law.jarzynski_error(runs) for law in (climbed.law, climbed.reverse_law)]
        signs = np.array([1.0, -1.0])
        ways.append(
            [
                known + 2 * signs * [one.value for one in alone],
                2 * np.array([one.error for one in alone]),
                2 * signs * [one.bias for one in alone],
                2 * np.array(expected),
            ]
        )
        kept.append((climbed, made))
        return known + 2 * np.asarray(found.value), 2 * np.asarray(found.error)

    def foretell(climbed: Stairs, made: Run) -> float:
        return 2 * climbed.law.bennett_error(made.x[..., 0].size)

    answer = answered(build, climb, read, lambda climbed: _exact(climbed.networks[-1].held), _exact(a), foretell,
                     2 * count * len(a) * (len(a) + 1), parts, effort, roundings, "determinant")  # fmt: skip
    chips = len(ways)
    values, errors, biases, expected = (np.array([one[k] for one in ways]) for k in range(4))
    if _overlap(kept) < LENGTH and answer.verdict == "ok":
        answer = replace(answer, verdict="too short")
    named = {field: getattr(answer, field) for field in Answer.__dataclass_fields__}
    named["digital"] = digital.determinant(a)
    return DeterminantAnswer(
        **named, jarzynski=values.mean(axis=0), jarzynski_error=np.sqrt((errors**2).sum(axis=0)) / chips,
        jarzynski_bias=biases.mean(axis=0), jarzynski_expected=np.sqrt((expected**2).sum(axis=0)) / chips,
        works=np.array([made.x.reshape(-1, 2) for _, made in kept]), switches=count, dwell=kept[0][0].dwell,
    )  # fmt: skip


def _refuse(a: Floats, start: Floats, effort: Effort, switches: int | None, dwell: float) -> None:
    if start.shape != a.shape:
        raise ThermosimError(
            f"the reference has shape {list(start.shape)} and A {list(a.shape)}; they must be of one size"
        )
    if np.array_equal(a, start):
        raise ThermosimError("A is its own reference: nothing is to be switched, and its determinant is that one's")
    if switches is not None and switches < 1:
        raise ThermosimError(f"switches = {switches}: one at least")
    if not (np.isfinite(dwell) and dwell > 0):
        raise ThermosimError(f"dwell = {dwell}: finite and above zero, in relaxation times")
    if effort.every is not None:
        raise ThermosimError("effort.every has no meaning for a log-determinant: state dwell")


def _overlap(kept: list[tuple[Stairs, Run]]) -> float:
    """Runs that count in Bennett's sums, (sum f)^2 / sum f^2, of the poorest way and chip."""
    fewest = np.inf
    for _, made in kept:
        up, down = made.x[..., 0].ravel(), made.x[..., 1].ravel()
        value = bennett(up, down).value
        for lost in (up - value, down + value):
            weights = 1 / (1 + np.exp(np.clip(lost, -700, 700)))
            fewest = min(fewest, float(weights.sum() ** 2 / (weights**2).sum()))
    return fewest


def _exact(matrix: Floats) -> Floats:
    return np.asarray(2 * np.log(np.diag(np.linalg.cholesky(matrix))).sum())
