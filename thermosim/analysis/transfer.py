"""Exact marginals of p(v) ~ exp(-sum_i A_i(v_i) - sum_(ij) P_ij(v_i, v_j)) whose pairs form trees or rings.

On a grid of points for each variable, with T_ij = exp(-P_ij) and w_i = exp(-A_i) times the spacing, messages go up and
down a tree,

    m_(i -> j)(v_j) = sum_(v_i) T_ij(v_i, v_j) w_i(v_i) prod_(k != j) m_(k -> i)(v_i),   p_i ~ w_i prod_k m_(k -> i)

and on a ring the marginals are the diagonals of the products of all w T, begun at each variable (transfer matrices:
Scalapino, Sears, Ferrell, Phys. Rev. B 6, 3409, 1972). The sum over a grid is the trapezoidal rule, whose error falls
exponentially for smooth densities that vanish at both ends; a second grid says how large it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from thermosim.contracts import Floats

Site = Callable[[Floats], Floats]
Pair = Callable[[Floats, Floats], Floats]
EDGE = 1e-12
"""Density at the ends of a grid, as a share of the largest, below which the grid is wide enough."""
FIRST = 65
MOST = 2049
MOST_ON_A_RING = 513
ROOM = 2**27
"""Numbers that the matrices of all pairs may hold together."""
TOLERANCE = 1e-7
"""Difference of variances on two grids, relative, below which the finer one is taken."""


@dataclass(frozen=True)
class Marginals:
    """Marginals of every variable: points (n, m) and density (n, m).

    `error`: of a variance, relative, by a coarser grid. `joint`: pair (i, j) -> probabilities (m, m) on their grids.
    """

    points: Floats
    density: Floats
    error: float
    joint: Mapping[tuple[int, int], Floats]

    def moment(self, power: int) -> Floats:
        """Central moments (n,); power 1 gives the means."""
        weight = self.density * (self.points[:, 1:2] - self.points[:, :1])
        mean = np.einsum("im,im->i", weight, self.points)
        return np.asarray(mean if power == 1 else np.einsum("im,im->i", weight, (self.points - mean[:, None]) ** power))

    def covariance(self, pair: tuple[int, int]) -> float:
        """Covariance of the two variables of a pair."""
        i, j = pair
        mean = self.moment(1)
        return float((self.points[i] - mean[i]) @ self.joint[pair] @ (self.points[j] - mean[j]))

    def along(self, path: Sequence[int]) -> Floats:
        """Covariances of the first variable of a path of pairs with every one of it (path,); of trees alone.

        <v_0 | v_k> follows from <v_0 | v_(k-1)>, as on a tree v_0 and v_k know of each other through v_(k-1) alone.
        """
        mean, spacing = self.moment(1), self.points[:, 1] - self.points[:, 0]
        known = self.points[path[0]] - mean[path[0]]
        found = [self.moment(2)[path[0]]]
        for i, j in pairwise(path):
            joint = self.joint[i, j] if (i, j) in self.joint else self.joint[j, i].T
            weight = self.density[j] * spacing[j]
            known = np.divide(known @ joint, weight, out=np.zeros_like(weight), where=weight > 0)
            found.append(float((known * weight) @ (self.points[j] - mean[j])))
        return np.array(found)

    def cdf(self, variable: int, values: Floats) -> Floats:
        """Distribution function of one variable at `values`, of any shape."""
        from scipy.interpolate import CubicSpline

        points = self.points[variable]
        integral = CubicSpline(points, self.density[variable]).antiderivative()
        total = float(integral(points[-1]))
        return np.asarray(np.clip(integral(np.clip(values, points[0], points[-1])) / total, 0.0, 1.0))


def shape(variables: int, pairs: Sequence[tuple[int, int]]) -> str:
    """``tree`` (or several), ``ring``, or "" for what is neither."""
    group = list(range(variables))

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    loops = 0
    for i, j in pairs:
        a, b = root(i), root(j)
        loops += a == b
        group[a] = b
    if not loops:
        return "tree"
    degree = np.bincount(np.array(pairs).ravel(), minlength=variables)
    return "ring" if loops == 1 and len(pairs) == variables and bool(np.all(degree == 2)) else ""


def marginals(sites: Sequence[Site], pairs: Mapping[tuple[int, int], Pair], centre: Floats, width: Floats) -> Marginals:
    """Marginals over as many variables as there are `sites`.

    Parameters
    ----------
    sites
        A_i of points (m,).
    pairs
        (i, j) -> P_ij of points (m, 1) of i and (1, m) of j.
    centre, width
        (n,) where to begin to look, and how far around; grids grow until densities vanish at their ends.

    Raises
    ------
    ValueError
        If the pairs form no tree and no ring, densities vanish nowhere, or no grid is fine enough.
    """
    kind = shape(len(sites), list(pairs))
    if not kind:
        raise ValueError("its couplings close loops other than one ring, over which no exact sum is made")
    run = _tree if kind == "tree" else _ring
    centre, width = centre.astype(float).copy(), width.astype(float).copy()
    for _ in range(80):
        points = _grid(centre, width, FIRST)
        density = run(points, sites, pairs)[0]
        edge = np.maximum(density[:, 0], density[:, -1]) > EDGE * density.max(axis=1)
        if not edge.any():
            break
        width[edge] *= 1.5
    else:
        raise ValueError("no bounds were found beyond which its law vanishes")
    centre, width = _trimmed(points, density)
    count, before = FIRST, None
    while True:
        points = _grid(centre, width, count)
        density, joint = run(points, sites, pairs)
        found = Marginals(points, density, np.inf, joint)
        now = found.moment(2)
        if before is not None:
            error = float(np.abs(now / before - 1).max())
            if error < TOLERANCE:
                return Marginals(points, density, error, joint)
        finer = 2 * count - 1
        if finer > (MOST if kind == "tree" else MOST_ON_A_RING) or finer**2 * len(pairs) > ROOM:
            raise ValueError("its law is too narrow, or has too many nodes, for the grids on which it would be summed")
        before, count = now, finer


def _grid(centre: Floats, width: Floats, count: int) -> Floats:
    return np.asarray(centre[:, None] + width[:, None] * np.linspace(-1.0, 1.0, count))


def _trimmed(points: Floats, density: Floats) -> tuple[Floats, Floats]:
    """Centres and half widths of where there is something."""
    seen = density > EDGE * density.max(axis=1, keepdims=True)
    low = np.array([row[max(0, int(np.argmax(some)) - 1)] for row, some in zip(points, seen, strict=True)])
    high = np.array([row[::-1][max(0, int(np.argmax(some[::-1])) - 1)] for row, some in zip(points, seen, strict=True)])
    return (low + high) / 2, (high - low) / 2


def _weights(points: Floats, sites: Sequence[Site]) -> Floats:
    energy = np.array([site(row) for site, row in zip(sites, points, strict=True)])
    return np.asarray(np.exp(-(energy - energy.min(axis=1, keepdims=True))))


def _kernels(points: Floats, pairs: Mapping[tuple[int, int], Pair]) -> dict[tuple[int, int], Floats]:
    found = {}
    for (i, j), pair in pairs.items():
        energy = pair(points[i][:, None], points[j][None, :])
        found[i, j] = np.exp(-(energy - energy.min()))
    return found


def _tree(
    points: Floats, sites: Sequence[Site], pairs: Mapping[tuple[int, int], Pair]
) -> tuple[Floats, dict[tuple[int, int], Floats]]:
    """Densities (n, m), and probabilities of every pair."""
    weight, kernel = _weights(points, sites), _kernels(points, pairs)
    near: dict[int, list[int]] = {i: [] for i in range(len(sites))}
    step: dict[tuple[int, int], Floats] = {}
    for (i, j), matrix in kernel.items():
        near[i].append(j)
        near[j].append(i)
        step[i, j], step[j, i] = matrix, matrix.T
    order, parent = [], {}
    for start in near:
        if start in parent:
            continue
        parent[start] = -1
        stack = [start]
        while stack:
            i = stack.pop()
            order.append(i)
            for j in near[i]:
                if j not in parent:
                    parent[j] = i
                    stack.append(j)
    message: dict[tuple[int, int], Floats] = {}

    def send(i: int, j: int) -> None:
        inside = weight[i].copy()
        for k in near[i]:
            if k != j:
                inside = inside * message[k, i]
        out = inside @ step[i, j]
        message[i, j] = out / out.max()

    for i in reversed(order):
        if parent[i] >= 0:
            send(i, parent[i])
    for i in order:
        for j in near[i]:
            if parent[j] == i:
                send(i, j)
    density = np.empty_like(points)
    for i in near:
        density[i] = weight[i] * np.prod([message[k, i] for k in near[i]], axis=0)
    joint = {}
    for (i, j), matrix in kernel.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            first = np.where(message[j, i] > 0, density[i] / message[j, i], 0.0)
            second = np.where(message[i, j] > 0, density[j] / message[i, j], 0.0)
        both = first[:, None] * matrix * second[None, :]
        joint[i, j] = both / both.sum()
    return _normalised(points, density), joint


def _ring(
    points: Floats, sites: Sequence[Site], pairs: Mapping[tuple[int, int], Pair]
) -> tuple[Floats, dict[tuple[int, int], Floats]]:
    """The same on one ring through all variables."""
    weight, kernel = _weights(points, sites), _kernels(points, pairs)
    step = {**kernel, **{(j, i): matrix.T for (i, j), matrix in kernel.items()}}
    path = [0]
    while len(path) < len(sites):
        nexts = [j for i, j in step if i == path[-1] and (len(path) < 2 or j != path[-2])]
        path.append(nexts[0])
    moves = [weight[i][:, None] * step[i, j] for i, j in zip(path, [*path[1:], path[0]], strict=True)]
    moves = [move / move.max() for move in moves]
    behind = [np.eye(points.shape[1])]
    for move in moves[:-1]:
        product = behind[-1] @ move
        behind.append(product / product.max())
    ahead = moves[-1]
    density, joint = np.empty_like(points), {}
    after = np.eye(points.shape[1])
    for k in range(len(path) - 1, -1, -1):
        ahead = moves[k] @ after
        ahead = ahead / ahead.max()
        i, j = path[k], path[(k + 1) % len(path)]
        density[i] = np.einsum("ab,ba->a", ahead, behind[k])
        both = moves[k] * (after @ behind[k]).T
        both = both / both.sum()
        joint[(i, j) if (i, j) in kernel else (j, i)] = both if (i, j) in kernel else both.T
        after = ahead
    return _normalised(points, density), joint


def _normalised(points: Floats, density: Floats) -> Floats:
    spacing = points[:, 1:2] - points[:, :1]
    return np.asarray(density / (density.sum(axis=1, keepdims=True) * spacing))
