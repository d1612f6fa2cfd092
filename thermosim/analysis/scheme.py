"""One step of every scheme of :mod:`thermosim.kernels.sde` in plain NumPy, and the law that it leaves fixed.

The operator of a step, (P f)(x) = <f(x')>, acts on values at Chebyshev points: x' from Gauss-Hermite draws, f between
the points by barycentric interpolation. Its left eigenvector of eigenvalue 1 averages functions over the stationary law
of the steps, to round-off where the law is smooth and vanishes at both ends (Trefethen, Approximation Theory and
Approximation Practice, chapter 5). Against quadrature it says exactly by how much a step shifts a law.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.analysis.conduction import Conduction
from thermosim.analysis.linear import diffusion, drift
from thermosim.analysis.propagator import propagator, square_root
from thermosim.contracts import Floats

POINTS, DRAWS = 141, 60


@dataclass(frozen=True)
class LinearPart:
    """x' = decay x + inputs (u, 1) + factor z: exact for splitting, else of first order; decay, factor (n, n)."""

    decay: Floats
    factor: Floats
    inputs: Floats


def linear_part(
    scheme: str, capacitance: Floats, conductance: Floats, noise: Floats, input_conductance: Floats, current: Floats,
    step: float,
) -> LinearPart:  # fmt: skip
    """The linear part of a step [s]; other arguments as of :func:`thermosim.analysis.propagator.propagator`."""
    if scheme == "splitting":
        exact = propagator(capacitance, conductance, noise, input_conductance, current, step)
        return LinearPart(exact.decay, exact.factor, exact.inputs)
    sources = np.column_stack([input_conductance, current])
    return LinearPart(
        np.eye(len(capacitance)) - step * drift(capacitance, conductance),
        square_root(step * diffusion(capacitance, noise)),
        np.ascontiguousarray(step * np.linalg.solve(capacitance, sources)),
    )


def stepped(
    scheme: str, state: Floats, held: Floats, linear: LinearPart, capacitance: Floats, rest: Conduction, step: float,
    z: Floats,
) -> Floats:  # fmt: skip
    """The state (n, copy) after one step [s] with held inputs (m, copy) and the normals z (n, copy)."""
    n, copies = state.shape
    into, sense = rest.columns(n), rest.columns(n, sense=True)
    offset = rest.held @ held + rest.offset[:, None]
    drive = linear.inputs @ np.vstack([held, np.ones((1, copies))])

    def rate(x: Floats) -> Floats:
        return np.asarray(-np.linalg.solve(capacitance, into @ rest.current(sense.T @ x + offset)))

    def kick(x: Floats, seconds: float) -> Floats:
        return x + seconds * rate(x + seconds / 2 * rate(x))

    def line(x: Floats) -> Floats:
        return np.asarray(linear.decay @ x + drive)

    noise = linear.factor @ z
    if scheme == "splitting":
        return kick(line(kick(state, step / 2)) + noise, step / 2)
    first = line(state) + step * rate(state) + noise
    return first if scheme == "euler" else (state + line(first) + step * rate(first) + noise) / 2


def operator(
    scheme: str, linear: LinearPart, capacitance: Floats, rest: Conduction, held: Floats, step: float, low: float,
    high: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Points (p,) [V] on [low, high] and the operator (p, p) of a step of one node with inputs at `held` (m,)."""
    points = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * np.arange(POINTS) / (POINTS - 1))
    z, weight = np.polynomial.hermite_e.hermegauss(DRAWS)
    start, noise = np.repeat(points, DRAWS)[None], np.tile(z, POINTS)[None]
    inputs = np.repeat(held[:, None], POINTS * DRAWS, axis=1)
    after = np.clip(stepped(scheme, start, inputs, linear, capacitance, rest, step, noise)[0], low, high)
    sign = np.where(np.arange(POINTS) % 2, -1.0, 1.0)
    sign[[0, -1]] /= 2
    distance = after[:, None] - points[None, :]
    hit = np.abs(distance) < 1e-15 * (high - low)
    part = sign / np.where(hit, 1.0, distance)
    basis = part / part.sum(axis=1, keepdims=True)
    exact = hit.any(axis=1)
    basis[exact] = hit[exact]
    return points, np.einsum("q,pqj->pj", weight / weight.sum(), basis.reshape(POINTS, DRAWS, POINTS))


def averages(matrix: Floats) -> Floats:
    """Weights (p,) by which the stationary law of an operator averages values at its points."""
    n = len(matrix)
    system = np.vstack([(matrix - np.eye(n)).T, np.ones((1, n))])
    return np.asarray(np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0])
