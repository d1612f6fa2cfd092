"""The digital way beside the chip: Cholesky and conjugate gradients, timed here and priced by the platform cards.

Multiply-accumulates: Cholesky n^3 / 6, then n^2 for each right-hand side, n^3 / 2 in all for the inverse (LAPACK
potrf, potrs, potri); an iteration of conjugate gradients n^2 + 5 n for each right-hand side (Hestenes and Stiefel,
J. Res. NBS 49, 409 (1952)); an eigendecomposition 9 n^3 / 2 or so, and as much as two products for what is made of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve, expm
from scipy.linalg.lapack import dpotrf, dpotri

from thermosim.contracts import Floats
from thermosim.ideal.cost import arithmetic
from thermosim.measure.platforms import platforms
from thermosim.models.base import Price

ADDERS = ("platform/onchip_prng65",)
"""Cards whose multiply-accumulate is an addition of a few bits: no linear algebra is done with those."""


@dataclass(frozen=True)
class Method:
    """A digital method: its relative error, multiply-accumulates, best wall time here [s], joules by platform."""

    name: str
    error: float
    macs: float
    seconds: float
    joules: dict[str, Price]


def priced(macs: float) -> dict[str, Price]:
    """Joules of multiply-accumulates on every platform card that states them."""
    found = {card.name: arithmetic(card, macs) for card in platforms() if card.name not in ADDERS}
    return {name: price for name, price in found.items() if price.joules is not None}


def best_seconds(work: Callable[[], Any], budget: float = 0.02) -> float:
    """Shortest of at least three runs, repeated for `budget` seconds."""
    best, spent, runs = np.inf, 0.0, 0
    while spent < budget or runs < 3:
        start = time.perf_counter()
        work()
        took = time.perf_counter() - start
        best, spent, runs = min(best, took), spent + took, runs + 1
    return float(best)


def conjugate_gradients(matrix: Floats, right: Floats, tolerance: float) -> tuple[Floats, int]:
    """Solve for columns `right` (n, m) to residuals of `tolerance` of them; and the iterations it took."""
    x = np.zeros_like(right)
    residual = right.copy()
    direction = residual.copy()
    size = np.einsum("ij,ij->j", residual, residual)
    goal = tolerance**2 * size
    for iteration in range(10 * len(matrix)):
        if np.all(size <= goal):
            return x, iteration
        ahead = matrix @ direction
        curve = np.einsum("ij,ij->j", direction, ahead)
        step = np.divide(size, curve, out=np.zeros_like(size), where=curve > 0)
        x += step * direction
        residual -= step * ahead
        new = np.einsum("ij,ij->j", residual, residual)
        direction = residual + np.divide(new, size, out=np.zeros_like(size), where=size > 0) * direction
        size = new
    return x, 10 * len(matrix)


def solving(matrix: Floats, right: Floats, tolerance: float) -> tuple[Method, ...]:
    """Cholesky, conjugate gradients to round-off, and to `tolerance`; `right` (n,) or (n, m)."""
    n = len(matrix)
    columns = right.reshape(n, -1)
    m = columns.shape[1]
    exact = cho_solve(cho_factor(matrix), columns)
    whole = m == n and np.array_equal(columns, np.eye(n))

    def cholesky() -> Any:
        return dpotri(dpotrf(matrix)[0]) if whole else cho_solve(cho_factor(matrix), columns)

    macs = n**3 / 2 if whole else n**3 / 6 + m * n**2
    # Against the solution of the other method, since no third one is at hand.
    tight, _ = conjugate_gradients(matrix, columns, 1e-14)
    methods = [Method("Cholesky", _error(exact, tight), macs, best_seconds(cholesky), priced(macs))]
    for goal in (1e-12, max(tolerance, 1e-12)):
        found, iterations = conjugate_gradients(matrix, columns, goal)
        macs = float(iterations * m * (n**2 + 5 * n))
        seconds = best_seconds(lambda goal=goal: conjugate_gradients(matrix, columns, goal))  # type: ignore[misc]
        name = f"conjugate gradients, {iterations} iterations"
        methods.append(Method(name, _error(found, exact), macs, seconds, priced(macs)))
    return tuple(methods)


def by_eigenvectors(matrix: Floats, work: Callable[[], Any]) -> tuple[Method, ...]:
    """A function of a matrix by its eigenvectors; `work` is what is timed."""
    macs = 4.5 * len(matrix) ** 3 + 2 * len(matrix) ** 3
    return (Method("eigenvectors", len(matrix) * float(np.finfo(float).eps), macs, best_seconds(work), priced(macs)),)


def determinant(matrix: Floats) -> tuple[Method, ...]:
    """ln det by Cholesky, n^3 / 6, held against the sum of the eigenvalues' logarithms."""

    def cholesky() -> float:
        return float(2 * np.log(np.diag(dpotrf(matrix)[0])).sum())

    macs = len(matrix) ** 3 / 6
    other = np.asarray(np.log(np.linalg.eigvalsh(matrix)).sum())
    error = _error(np.asarray(cholesky()), other)
    return (Method("Cholesky", error, macs, best_seconds(cholesky), priced(macs)),)


def exponential(matrix: Floats) -> Floats:
    """e^-A."""
    return np.asarray(expm(-matrix))


def _error(found: Floats, exact: Floats) -> float:
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact)) if np.any(exact) else 0.0
