"""Linear algebra by chips: compile, run, read with error bars, and the digital way beside it.

    solve      currents b into conductances A, Johnson noise alone: the mean over time of x
    inverse    equal noise at each node: its covariance, Johnson floor subtracted
    lyapunov   noise R: the same; A X + X A = R
    expm       noise R = 2 A, so that cov x = 1: <x(t + s) x(t)^T> = e^{-A s}
    gaussian   currents and noise: samples of N(m, S)

What each of them shows is in :mod:`thermosim.compile.network`; log-determinants are in
:mod:`thermosim.compile.determinant`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from thermosim.compile import digital
from thermosim.compile.answer import Answer, GaussianAnswer, answered
from thermosim.compile.chip import Effort, Run, over_replicas, run
from thermosim.compile.error_law import covariance_error, mean_covariance, mean_error
from thermosim.compile.matrix import refuse_unless_positive_definite, refuse_wrong_vector
from thermosim.compile.network import Network, capacitive, resistive
from thermosim.compile.parts import Parts
from thermosim.contracts import Floats
from thermosim.errors import ThermosimError

PARTS, EFFORT = Parts(), Effort()


def solve(matrix: Floats, right: Floats, parts: Parts = PARTS, effort: Effort = EFFORT, roundings: int = 0) -> Answer:
    """x with A x = b.

    Parameters
    ----------
    matrix, right
        A (n, n), positive definite and symmetric bit for bit; b (n,).
    parts
        Ranges and bits of the components.
    effort
        Draws, replicas, seed.
    roundings
        Chips with stochastically rounded components whose answers are averaged; 0 is one chip, rounded to nearest.

    Raises
    ------
    ThermosimError
        If A is not positive definite, or passive parts in their range cannot hold it; with the entry or eigenvalue.
    """
    a = refuse_unless_positive_definite(matrix, "A")
    b = refuse_wrong_vector(right, len(a), "b")

    def read(network: Network, made: Run) -> tuple[Floats, Floats]:
        return over_replicas(made.x, lambda x: x.mean(axis=0))

    answer = answered(
        lambda rng: resistive(a, parts, force=b, quiet=True, rng=rng), run, read, lambda network: network.mean,
        np.asarray(np.linalg.solve(a, b)), mean_error, len(a), parts, effort, roundings, "solve",
    )  # fmt: skip
    return replace(answer, digital=digital.solving(a, b, answer.deviation))


def inverse(
    matrix: Floats,
    parts: Parts = PARTS,
    effort: Effort = EFFORT,
    roundings: int = 0,
    coupling: Literal["resistive", "capacitive"] = "resistive",
) -> Answer:
    """A^-1, of a matrix held by conductances or by capacitors; else as :func:`solve`."""
    a = refuse_unless_positive_definite(matrix, "A")
    if coupling not in ("resistive", "capacitive"):
        raise ThermosimError(f"coupling '{coupling}' is unknown; these exist: resistive, capacitive")

    def build(rng: np.random.Generator | None) -> Network:
        return resistive(a, parts, rng=rng) if coupling == "resistive" else capacitive(a, parts, rng=rng)

    exact = np.asarray(np.linalg.inv(a))
    answer = answered(build, run, _second_moment, lambda network: network.answer, exact, covariance_error,
                     len(a) * (len(a) + 1) / 2, parts, effort, roundings, "inverse")  # fmt: skip
    return replace(answer, digital=digital.solving(a, np.eye(len(a)), answer.deviation))


def lyapunov(
    matrix: Floats, right: Floats, parts: Parts = PARTS, effort: Effort = EFFORT, roundings: int = 0
) -> Answer:
    """X with A X + X A = R; R positive definite too, and dominated by its diagonal in the scaling of A.

    Drift held by passive parts is symmetric, so that A X + X A^T with another A is refused with A itself.
    """
    a, r = refuse_unless_positive_definite(matrix, "A"), refuse_unless_positive_definite(right, "R")
    if r.shape != a.shape:
        raise ThermosimError(f"R has shape {list(r.shape)} and A {list(a.shape)}; they must be of one size")

    def spectral() -> Floats:
        rates, modes = np.linalg.eigh(a)
        return np.asarray(modes @ ((modes.T @ r @ modes) / np.add.outer(rates, rates)) @ modes.T)

    answer = answered(lambda rng: resistive(a, parts, diffusion=r, rng=rng), run, _second_moment,
                     lambda network: network.answer, spectral(), covariance_error, len(a) * (len(a) + 1) / 2,
                     parts, effort, roundings, "lyapunov")  # fmt: skip
    return replace(answer, digital=digital.by_eigenvectors(a, spectral))


def expm(matrix: Floats, parts: Parts = PARTS, effort: Effort = EFFORT, roundings: int = 0) -> Answer:
    """e^-A: draws are one unit of time apart, c / g seconds.

    The noise is 2 A, which is that of hot resistors, so Johnson's adds to it and none is subtracted.
    """
    a = refuse_unless_positive_definite(matrix, "A")
    unit = _unit_time(resistive(a, parts, diffusion=2 * a), a)
    paced = replace(effort, every=unit)

    def read(network: Network, made: Run) -> tuple[Floats, Floats]:
        size = network.scale + float(network.floor[0, 0])

        def lagged(x: Floats) -> Floats:
            found = x[1:].T @ x[:-1] / (len(x) - 1) / size
            return np.asarray((found + found.T) / 2)

        return over_replicas(made.x, lagged)

    def held(network: Network) -> Floats:
        return digital.exponential(network.held)

    answer = answered(
        lambda rng: resistive(a, parts, diffusion=2 * a, rng=rng), run, read, held, digital.exponential(a),
        lambda network, made: float("nan"), len(a) ** 2, parts, paced, roundings, "expm",
    )  # fmt: skip
    return replace(answer, digital=digital.by_eigenvectors(a, lambda: digital.exponential(a)))


def _unit_time(network: Network, matrix: Floats) -> float:
    """c / g: the time in which the chip relaxes as e^-A [s]."""
    return float(matrix[0, 0] / (network.slope[0, 0] * matrix[0, 0] / network.held[0, 0]))


def gaussian(
    mean: Floats,
    precision: Floats | None = None,
    covariance: Floats | None = None,
    parts: Parts = PARTS,
    effort: Effort = EFFORT,
) -> GaussianAnswer:
    """Samples of N(m, S); conductances hold the precision, so that a covariance is first inverted, digitally."""
    if (precision is None) == (covariance is None):
        raise ThermosimError("state the precision or the covariance of the law, one of them")
    if precision is None:
        assert covariance is not None
        found = np.linalg.inv(refuse_unless_positive_definite(covariance, "covariance"))
        precision = (found + found.T) / 2
    a = refuse_unless_positive_definite(precision, "precision")
    return _gaussian(a, a @ refuse_wrong_vector(mean, len(a), "mean"), parts, effort)


def bayesian_regression(
    features: Floats,
    targets: Floats,
    noise: float,
    prior: float,
    parts: Parts = PARTS,
    effort: Effort = EFFORT,
) -> GaussianAnswer:
    """Posterior of w in y = X w + N(0, noise^2), w ~ N(0, prior^2): precision X^T X / noise^2 + 1 / prior^2.

    The mean is not computed: X^T y / noise^2 goes in as currents.
    """
    x = np.asarray(features, dtype=float)
    if x.ndim != 2 or not np.all(np.isfinite(x)):
        raise ThermosimError(f"features have shape {list(x.shape)}; a finite matrix (sample, weight) is needed")
    y = refuse_wrong_vector(targets, len(x), "targets")
    if not (np.isfinite([noise, prior]).all() and noise > 0 and prior > 0):
        raise ThermosimError(f"noise and prior must be finite and above zero, got {noise} and {prior}")
    found = x.T @ x / noise**2 + np.eye(x.shape[1]) / prior**2
    precision = (found + found.T) / 2
    return _gaussian(precision, x.T @ y / noise**2, parts, effort)


def _gaussian(a: Floats, force: Floats, parts: Parts, effort: Effort) -> GaussianAnswer:
    """N(A^-1 b, A^-1) of a precision A and currents b."""
    kept: list[tuple[Network, Run]] = []

    def read(network: Network, made: Run) -> tuple[Floats, Floats]:
        kept.append((network, made))
        centre = made.x.mean(axis=(0, 1))
        # The mean is measured too: what that takes from the covariance, by the closed form of its error.
        lost = mean_covariance(network, made)
        value, error = over_replicas(made.x, lambda x: (x - centre).T @ (x - centre) / len(x) - network.floor)
        return (value + lost) / network.scale, error / network.scale

    answer = answered(lambda rng: resistive(a, parts, force=force, rng=rng, name="precision"), run, read,
                     lambda network: network.answer, np.asarray(np.linalg.inv(a)), covariance_error,
                     len(a) * (len(a) + 3) / 2, parts, effort, 0, "gaussian")  # fmt: skip
    ((_, made),) = kept
    found_mean, found_error = over_replicas(made.x, lambda x: x.mean(axis=0))
    named = {field: getattr(answer, field) for field in answer.__dataclass_fields__}
    named["digital"] = digital.solving(a, np.eye(len(a)), answer.deviation)
    return GaussianAnswer(**named, mean=found_mean, mean_error=found_error, samples=made.x)


def _second_moment(network: Network, made: Run) -> tuple[Floats, Floats]:
    """The mean is 0 by construction and is not estimated."""
    value, error = over_replicas(made.x, lambda x: x.T @ x / len(x))
    return (value - network.floor) / network.scale, error / network.scale
