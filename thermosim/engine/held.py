"""Values that stay as they are until somebody sets them: driven nets [V] and code nets."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from thermosim.contracts import Ints
from thermosim.engine.probes import Tape, Track, connect

Rows = Ints | slice
"""Rows of an array: a slice where they follow each other, which NumPy reads several times faster."""


def compact(rows: list[int]) -> Rows:
    """`rows` as a slice if they are consecutive, else as an array."""
    if rows and rows == list(range(rows[0], rows[0] + len(rows))):
        return slice(rows[0], rows[0] + len(rows))
    return np.array(rows, dtype=np.int64)


class Held:
    """Named nets with one value for each replica: `values` (net, replica)."""

    def __init__(self, initial: dict[str, float], shape: type, replicas: int) -> None:
        self.rows = {net: row for row, net in enumerate(initial)}
        start: np.ndarray = np.array(list(initial.values()), dtype=shape)
        self.values: np.ndarray = np.repeat(start[:, np.newaxis], replicas, axis=1)
        self.tracks: list[Track] = []

    def record(self, tapes: Iterable[Tape]) -> None:
        """Put the nets that tapes ask for on them."""
        self.tracks = [track for tape in tapes if (track := connect(tape, self.rows))]

    def numbers(self, nets: tuple[str, ...]) -> Rows:
        """Rows of `nets`."""
        return compact([self.rows[net] for net in nets])

    def set(self, time: int, rows: Rows, values: np.ndarray) -> None:
        """Give `rows` new values at `time` [fs]; draws up to that instant still see the old ones."""
        if self.tracks:
            self.advance(time)
        self.values[rows] = values

    def advance(self, time: int) -> None:
        """Record all draws due up to `time` [fs]."""
        for track in self.tracks:
            while track.due is not None and track.due <= time:
                track.take(self.values)
