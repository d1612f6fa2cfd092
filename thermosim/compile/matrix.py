"""A positive definite matrix as two-terminal elements between nodes, with signs by differential nodes.

Elements of value e >= 0 between nodes give a matrix M with M_ij = -e_ij and M_ii = e_i0 + sum_j e_ij: symmetric,
off-diagonals not positive, and diagonally dominant. Three steps bring A there, exactly:

    scaling     D A D with D = diag(d), d = |A|^-1 1, where |A|_ii = A_ii and |A|_ij = -abs(A_ij) is the comparison
                matrix: the row sums of D |A| D are d_i, above zero. d = 1 where A is dominant already.
    doubling    A = P + N, N the positive off-diagonals. On nodes (v+, v-) take B = [[P, -N], [-N, P]]. On v- = -v+
                it acts as P + N = A, on v- = v+ as P - N = |A|, so B is positive definite if and only if both are.
    elements    each off-diagonal of B is an element, what is left of its rows goes to ground.

d > 0 exists if and only if |A| is positive definite (A is an H-matrix with positive diagonal: Berman and Plemmons,
Nonnegative Matrices in the Mathematical Sciences, 1994, chapter 6, M35). No other positive definite matrix can be
held by passive elements on such pairs of nodes: dominance of B in any scaling implies that of |A|.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.contracts import Floats
from thermosim.errors import ThermosimError

GROUND = -1


@dataclass(frozen=True)
class Element:
    """An element of `value` between nodes `a` and `b` (or GROUND); `crossed` joins v+ of one to v- of the other."""

    a: int
    b: int
    crossed: bool
    value: float


def refuse_unless_positive_definite(matrix: Floats, name: str) -> Floats:
    """The matrix as floats.

    Raises
    ------
    ThermosimError
        If it is not square, finite, symmetric bit for bit and positive definite; with the entry or the eigenvalue.
    """
    given = np.asarray(matrix, dtype=float)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or not given.size:
        raise ThermosimError(f"{name} has shape {list(given.shape)}; a square matrix is needed")
    bad = np.argwhere(~np.isfinite(given))
    if len(bad):
        i, j = bad[0]
        raise ThermosimError(f"{name}[{i}, {j}] is {given[i, j]}; every entry must be finite")
    apart = np.argwhere(given != given.T)
    if len(apart):
        i, j = apart[0]
        raise ThermosimError(
            f"{name} is not symmetric: [{i}, {j}] is {float(given[i, j])!r}, [{j}, {i}] is {float(given[j, i])!r}; "
            f"passive elements are reciprocal. If that is round-off, give ({name} + {name}.T) / 2"
        )
    values = np.linalg.eigvalsh(given)
    if values[0] <= len(given) * np.finfo(float).eps * abs(values[-1]):
        raise ThermosimError(
            f"{name} is not positive definite: its smallest eigenvalue is {values[0]:.6g}, its largest {values[-1]:.6g}"
        )
    return given


def refuse_wrong_vector(vector: Floats, size: int, name: str) -> Floats:
    """The vector as floats; of another size, or not finite, it is refused."""
    given = np.asarray(vector, dtype=float)
    if given.shape != (size,):
        raise ThermosimError(f"{name} has shape {list(given.shape)}; the matrix needs [{size}]")
    if not np.all(np.isfinite(given)):
        k = int(np.argmax(~np.isfinite(given)))
        raise ThermosimError(f"{name}[{k}] is {given[k]}; every entry must be finite")
    return given


def comparison(matrix: Floats) -> Floats:
    """|A|: the diagonal, and the others as -abs."""
    off = -np.abs(matrix)
    np.fill_diagonal(off, np.diag(matrix))
    return off


def scaling(matrix: Floats, name: str) -> Floats:
    """d (n,), at most 1, so that diag(d) A diag(d) is diagonally dominant; ones where A is.

    Raises
    ------
    ThermosimError
        If no scaling does, with the eigenvalue of the comparison matrix.
    """
    sizes = comparison(matrix)
    if np.all(sizes.sum(axis=1) >= -_slack(matrix)):
        return np.ones(len(matrix))
    values, vectors = np.linalg.eigh(sizes)
    if values[0] <= len(matrix) * np.finfo(float).eps * values[-1]:
        raise ThermosimError(
            f"{name} cannot be held by passive elements: its comparison matrix (diagonal less the sizes of the others) "
            f"has the eigenvalue {values[0]:.4g}, and it must be positive definite; this one needs negative "
            "conductances, that is amplifiers, which are not built"
        )
    found = (vectors / values) @ vectors.sum(axis=0)
    return np.asarray(found / found.max())


def elements(matrix: Floats, name: str) -> tuple[Element, ...]:
    """Elements of a diagonally dominant matrix; zeros, and remainders at round-off, are left out.

    Raises
    ------
    ThermosimError
        If a row is not dominated by its diagonal.
    """
    found, n = [], len(matrix)
    left = comparison(matrix).sum(axis=1)
    slack = _slack(matrix)
    if np.any(left < -slack):
        i = int(np.argmin(left))
        raise ThermosimError(
            f"row {i} of {name} is not dominated by its diagonal in the scaling of the network: {matrix[i, i]:.4g} "
            f"against {matrix[i, i] - left[i]:.4g} in the others; passive elements and noise sources cannot hold that"
        )
    for i in range(n):
        found += [Element(i, j, bool(matrix[i, j] > 0), abs(float(matrix[i, j]))) for j in range(i) if matrix[i, j]]
        if left[i] > slack[i]:
            found.append(Element(i, GROUND, False, float(left[i])))
    return tuple(found)


def held(parts: tuple[Element, ...], size: int) -> Floats:
    """The matrix (size, size) that elements hold on v- = -v+: the inverse of :func:`elements`."""
    matrix = np.zeros((size, size))
    for part in parts:
        matrix[part.a, part.a] += part.value
        if part.b != GROUND:
            matrix[part.b, part.b] += part.value
            matrix[part.a, part.b] = matrix[part.b, part.a] = part.value if part.crossed else -part.value
    return matrix


def ends(part: Element, size: int, doubled: bool) -> tuple[tuple[int, int], ...]:
    """Pairs of nodes that an element joins: one, or two where nodes are differential (v- of i is node i + size)."""
    if not doubled:
        return ((part.a, part.b),)
    if part.b == GROUND:
        return ((part.a, GROUND), (part.a + size, GROUND))
    far = part.b + size
    return ((part.a, far), (part.a + size, part.b)) if part.crossed else ((part.a, part.b), (part.a + size, far))


def in_steps(values: Floats, step: float, rng: np.random.Generator | None) -> Floats:
    """Multiples of `step`: the nearest, or with `rng` up or down at random so that the mean is the value."""
    steps = values / step
    return np.asarray(step * (np.rint(steps) if rng is None else np.floor(steps + rng.random(len(values)))))


def _slack(matrix: Floats) -> Floats:
    """What a row sum is worth at round-off (n,)."""
    return np.asarray(4 * len(matrix) * np.finfo(float).eps * np.abs(np.diag(matrix)))
