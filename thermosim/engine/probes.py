"""Recording on a regular grid without an event for every record.

Draw k of a probe, k = 1 .. duration // every, is taken at ``burn_in + k every`` and shows what was there
before anything was written at that instant. Sources record lazily, when they next advance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.circuit.program import Probe
from thermosim.contracts import Ints


class Tape:
    """The draws of one probe: `data` (draw, node, replica), one row for each of `nets`."""

    def __init__(self, probe: Probe, burn_in: int, duration: int, replicas: int) -> None:
        """Room for the draws of an analog (volts) or code probe in [burn_in, burn_in + duration] fs."""
        name, nets, every = probe.name, probe.nets, probe.every
        shape = np.float64 if probe.kind == "analog" else np.int64
        self.name, self.nets, self.every = name, nets, every
        self._burn_in = burn_in
        self.draws = duration // every
        self.data: np.ndarray = np.zeros((self.draws, len(nets), replicas), dtype=shape)
        self.tracks: list[Track] = []

    def time(self, draw: int) -> int:
        """Time of draw number `draw`, counted from 0 [fs]."""
        return self._burn_in + (draw + 1) * self.every

    @property
    def taken(self) -> int:
        """Draws that every source of this probe has recorded."""
        return min((track.taken for track in self.tracks), default=0)

    def times(self) -> Ints:
        """Times of the draws taken [fs]."""
        return self._burn_in + self.every * np.arange(1, self.taken + 1, dtype=np.int64)

    def samples(self) -> np.ndarray:
        """The draws taken, as (chain, draw, node)."""
        return np.ascontiguousarray(self.data[: self.taken].transpose(2, 0, 1))

    def ahead(self) -> np.ndarray:
        """Draws that some sources have recorded and others not yet (draw, node, replica)."""
        return self.data[self.taken : max((track.taken for track in self.tracks), default=0)].copy()

    def restore(self, samples: np.ndarray, taken: list[int], ahead: np.ndarray) -> None:
        """Put back what :meth:`samples` and :meth:`ahead` gave, with the draws `taken` by each track."""
        count = samples.shape[1]
        self.data[:count] = samples.transpose(1, 2, 0)
        self.data[count : count + len(ahead)] = ahead
        for track, number in zip(self.tracks, taken, strict=True):
            track.taken = number


@dataclass
class Track:
    """The part of a tape that one source records: its `rows` go to the tape's `columns`."""

    tape: Tape
    rows: Ints
    columns: Ints
    taken: int = 0

    @property
    def due(self) -> int | None:
        """Time of the next draw [fs]; None when all are taken."""
        return self.tape.time(self.taken) if self.taken < self.tape.draws else None

    def take(self, values: np.ndarray) -> None:
        """Record one draw from all values (rows, replicas) of the source."""
        self.tape.data[self.taken, self.columns] = values[self.rows]
        self.taken += 1

    def take_many(self, values: np.ndarray) -> None:
        """Record successive draws, values (draw, rows of this track, replicas)."""
        self.tape.data[self.taken : self.taken + len(values), self.columns] = values
        self.taken += len(values)


def connect(tape: Tape, rows: dict[str, int]) -> Track | None:
    """The track of `tape` on a source whose nets are numbered by `rows`; None if it has none of them."""
    columns = [column for column, net in enumerate(tape.nets) if net in rows]
    if not columns:
        return None
    track = Track(tape, np.array([rows[tape.nets[column]] for column in columns]), np.array(columns))
    tape.tracks.append(track)
    return track
