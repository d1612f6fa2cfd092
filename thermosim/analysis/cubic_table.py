"""A function of one variable as cubic pieces on equal intervals, with its largest error.

On [x_k, x_k + h], t = (x - x_k) / h in [0, 1]:   f = c0 + t (c1 + t (c2 + t c3)),   the not-a-knot cubic spline

(de Boor, A Practical Guide to Splines, chapter IV; error O(h^4)). Values in the middle of all intervals, where the
spline was not told the function, say how far it is off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from thermosim.contracts import Floats

FEWEST, MOST = 128, 8192
"""Intervals of a table."""


@dataclass(frozen=True, eq=False)
class CubicTable:
    """Pieces (interval, 4) of a function on [low, high]; `error` is the largest seen in the middle of an interval."""

    low: float
    high: float
    pieces: Floats
    error: float

    @property
    def step(self) -> float:
        """Width of an interval."""
        return (self.high - self.low) / len(self.pieces)

    def at(self, x: Floats, order: int = 0) -> Floats:
        """Value (order 0), derivative (1) or integral from 0 (-1); what lies outside gets the piece at that end."""
        return self._integral(x) - self._integral(np.zeros(1))[0] if order < 0 else self._plain(x, order)

    def _place(self, x: Floats) -> tuple[np.ndarray, Floats]:
        position = (np.asarray(x) - self.low) / self.step
        piece = np.clip(np.floor(position), 0, len(self.pieces) - 1).astype(np.int64)
        return piece, np.asarray(position - piece)

    def _plain(self, x: Floats, order: int) -> Floats:
        piece, t = self._place(x)
        c = self.pieces[piece]
        if order == 1:
            return np.asarray((c[..., 1] + t * (2 * c[..., 2] + t * 3 * c[..., 3])) / self.step)
        return np.asarray(c[..., 0] + t * (c[..., 1] + t * (c[..., 2] + t * c[..., 3])))

    def _integral(self, x: Floats) -> Floats:
        weights = 1.0 / np.arange(1, 5)
        before = np.concatenate([[0.0], np.cumsum(self.pieces @ weights)])
        piece, t = self._place(x)
        c = self.pieces[piece] * weights
        inside = t * (c[..., 0] + t * (c[..., 1] + t * (c[..., 2] + t * c[..., 3])))
        return np.asarray((before[piece] + inside) * self.step)


def tabulate(function: Callable[[float], float], low: float, high: float, tolerance: float) -> CubicTable:
    """The table with the fewest intervals, a power of two, whose error is below `tolerance` of the largest value.

    Raises
    ------
    ValueError
        If MOST intervals do not do: the function has a kink, a pole or a step.
    """
    from scipy.interpolate import CubicSpline

    count = FEWEST
    known: dict[float, float] = {}

    def values(points: Floats) -> Floats:
        return np.array([known.setdefault(x, function(x)) if x not in known else known[x] for x in points.tolist()])

    while True:
        edges = np.linspace(low, high, 2 * count + 1)
        exact = values(edges)
        spline = CubicSpline(edges[::2], exact[::2])
        error = float(np.abs(spline(edges[1::2]) - exact[1::2]).max())
        scale = float(np.abs(exact).max())
        if error <= tolerance * scale:
            step = (high - low) / count
            pieces = spline.c[::-1].T * step ** np.arange(4)
            return CubicTable(low, high, np.ascontiguousarray(pieces), error)
        if 2 * count > MOST:
            raise ValueError(
                f"a cubic table of {count} intervals is off by {error / scale:.2g} of its largest value, above "
                f"{tolerance:g}: a kink, a step or a pole on [{low:g}, {high:g}]"
            )
        count *= 2
