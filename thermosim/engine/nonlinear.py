"""A nonlinear island in time: equal steps from one event or record to the next, none longer than the island's.

The k-th step of a replica uses the k-th block of its noise, named by (seed, island path, replica). Steps end where
something touches the island or where a probe records, so that a run is the same however it is interrupted.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from thermosim.analysis.conduction import POLYNOMIAL, TABLE
from thermosim.analysis.scheme import linear_part
from thermosim.circuit.nonlinear import rate, steepest
from thermosim.circuit.nonlinear_law import NonlinearIsland
from thermosim.contracts import Floats, Ints
from thermosim.engine.held import Rows
from thermosim.engine.island import times
from thermosim.engine.probes import Tape, Track, connect
from thermosim.errors import SimulationError
from thermosim.kernels.sde import CUBIC, SCHEMES, Curves, Linear, advance
from thermosim.streams import replica_keys
from thermosim.times import seconds
from thermosim.units import show

LARGE = 1.0
"""Rate of the steepest curve visited, times the step, at which a run stops: no small step any more."""
NEGLIGIBLE = 1e-20
"""Entries of a step's matrices below this share of the largest of four rows are taken for zero: far below round-off."""
_CACHED = 64
_NEVER = 2**63
_BULK = 2**18


class NonlinearRunner:
    """State of one nonlinear island: `state` (node, replica) [V], valid at `time` [fs] after `number` steps."""

    def __init__(self, island: NonlinearIsland, held: Floats, seed: int, threads: int) -> None:
        """`held` (input, replica): voltages of the inputs at time 0 [V]."""
        replicas = held.shape[1]
        self.island, self.law = island, island.actual.linear
        self.state: Floats = np.repeat(np.asarray(island.initial, dtype=float)[:, np.newaxis], replicas, axis=1)
        self.time, self.number = 0, 0
        self.rows = {net: row for row, net in enumerate(island.nodes)}
        self.tracks: list[Track] = []
        self._held = np.vstack([held, np.ones((1, replicas))])
        self._keys = replica_keys(seed, f"nonlinear island {island.path}", replicas)
        self._threads, self._due = threads, _NEVER
        rest = island.actual.rest
        self._curves = _curves(island)
        self._sense = np.column_stack([rest.held, rest.offset])
        self._far: Floats = np.zeros((len(rest), replicas))
        self._cache: OrderedDict[tuple[int, int], tuple[Linear, Floats]] = OrderedDict()
        self._jump = np.linalg.solve(self.law.capacitance, self.law.input_capacitance)
        self._longest = 0.0

    def record(self, tapes: Iterable[Tape]) -> None:
        """Put the nets that tapes ask for on them."""
        self.tracks = [track for tape in tapes if (track := connect(tape, self.rows))]
        self.resume_recording()

    def resume_recording(self) -> None:
        """Look again at what the tapes have."""
        self._due = min((track.due for track in self.tracks if track.due is not None), default=_NEVER)

    def advance(self, time: int) -> None:
        """Move to `time` [fs], recording every draw that is due up to then."""
        self.advance_to_draws(time)
        if time > self.time:
            self._go(time - self.time, 1, None)

    def advance_to_draws(self, time: int) -> None:
        """Move to the last draw due up to `time` [fs], so that stopping there adds no step of its own."""
        while self._due <= time:
            if self._due > self.time:
                self._go(self._due - self.time, 1, None)
            for track in self.tracks:
                if track.due == self._due:
                    track.take(self.state)
            self.resume_recording()
            live = [track for track in self.tracks if track.due is not None]
            if len(live) == 1 and self._due <= time:
                self._record_many(live[0], time)
                self.resume_recording()

    def _record_many(self, track: Track, limit: int) -> None:
        every = track.tape.every
        left = min((limit - self.time) // every, track.tape.draws - track.taken)
        each = self._parts(every)
        while left > 0:
            count = min(left, max(1, _BULK // (self.state.size * each)))
            track.take_many(self._go(every, count, track.rows))
            left -= count

    def drive(self, rows: Rows, volts: Floats) -> None:
        """Step inputs `rows` to `volts` (input, replica) now; coupling capacitors pass the step on at once."""
        if self._jump.any():
            self.state += times(self._jump[:, rows], volts - self._held[rows])
        self._held[rows] = volts

    def check(self, seed: int) -> None:
        """Raise if a replica left the finite numbers, a curve its range, or a step was no small one."""
        rest, far = self.island.actual.rest, self._far.max(axis=1, initial=0.0)
        when = f"at or before {seconds(self.time):.9g} s; the run has seed {seed} and fails again with it"
        for b, table in enumerate(rest.tables):
            if table is not None and not far[b] <= (table.high - table.low) / 2:
                what = f"has {show(table.low, 'V')} to {show(table.high, 'V')}"
                raise self._stopped(b, f"the voltage across it left the range in which its formula {what} {when}")
        bad = np.flatnonzero(~np.isfinite(self.state).all(axis=0))
        if bad.size or not np.isfinite(far).all():
            b = int(np.argmax(np.where(np.isfinite(far), far, np.inf)))
            raise self._stopped(b, f"a voltage is not finite {when}; a shorter run.step may help")
        steep = steepest(rest, self._curves.centre - far, self._curves.centre + far)
        fastest = rate(self.law, rest, steep) * self._longest
        if fastest > LARGE:
            b = int(np.argmax(steep))
            coil = bool(rest.coils[b])
            reached = show(float(far[b]), "A" if coil else "V", 3)
            slope = f"{steep[b]:.3g}" if coil else show(float(steep[b]), "S", 3)
            raise self._stopped(
                b,
                f"it reached {reached}, where its slope of {slope} makes a step of "
                f"{show(self._longest, 's', 3)} no small one ({fastest:.3g} of the time constant there) "
                f"{when}; set run.step to {show(self._longest / (4 * fastest), 's', 2)} or less",
            )

    def _stopped(self, b: int, message: str) -> SimulationError:
        name, place = self.island.elements[b]
        return SimulationError(f"{place + ': ' if place else ''}{name}: {message}")

    def told(self) -> dict[str, Any]:
        """How it was simulated: the scheme, the steps made, the longest [s], and the range that was visited."""
        far = self._far.max(axis=1, initial=0.0)
        steep = steepest(self.island.actual.rest, self._curves.centre - far, self._curves.centre + far)
        fastest = rate(self.law, self.island.actual.rest, steep) * self._longest
        return {
            "scheme": self.island.scheme,
            "steps": self.number,
            "longest step [s]": float(f"{self._longest:.4g}"),
            "of the time constant at the steepest point visited": round(float(fastest), 4),
        }

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on."""
        kept = {"state": self.state.copy(), "held": self._held.copy(), "far": self._far.copy()}
        return {"time": self.time, "number": self.number, "longest": self._longest, **kept}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.time, self.number, self._longest = kept["time"], kept["number"], kept["longest"]
        self.state[:], self._held[:], self._far[:] = kept["state"], kept["held"], kept["far"]

    # -- steps ------------------------------------------------------------------------------------------------

    def _parts(self, length: int) -> int:
        """Steps of a span of `length` [fs]; the margin keeps a step that fits exactly from being split by round-off."""
        return max(1, math.ceil(seconds(length) / self.island.step - 1e-9))

    def _go(self, length: int, count: int, rows: Ints | None) -> Floats:
        """`count` spans of `length` [fs]; the voltages of `rows` after each of them (span, row, replica)."""
        each = self._parts(length)
        linear, inputs = self._linear(length, each)
        drive, held = times(inputs, self._held), times(self._sense, self._held)
        seen = np.empty((count, 0 if rows is None else len(rows), self.state.shape[1]))
        watched = np.empty(0, np.int64) if rows is None else rows
        step = seconds(length) / each
        scheme, number = SCHEMES[self.island.scheme], np.uint64(self.number)

        def part(one: int, last: int) -> None:
            advance(
                self.state, linear, drive, self._curves, held, scheme, step, self._keys, number, each, watched, seen,
                self._far, one, last,
            )  # fmt: skip

        replicas = self.state.shape[1]
        threads = min(self._threads, replicas)
        if threads == 1 or count * each * self.state.size < 2**14:
            part(0, replicas)
        else:
            edges = np.linspace(0, replicas, threads + 1).astype(int)
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(part, edges[:-1], edges[1:]))
        self._longest = max(self._longest, step)
        self.number += count * each
        self.time += count * length
        return seen

    def _linear(self, length: int, each: int) -> tuple[Linear, Floats]:
        found = self._cache.get((length, each))
        if found is None:
            found = linear_step(self.island, seconds(length) / each)
            while len(self._cache) >= _CACHED:
                self._cache.popitem(last=False)
            self._cache[length, each] = found
        return found


def linear_step(island: NonlinearIsland, step: float) -> tuple[Linear, Floats]:
    """The linear part over one step [s], and what inputs and constants add (node, input + 1)."""
    law = island.actual.linear
    part = linear_part(
        island.scheme, law.capacitance, law.conductance, law.noise, law.input_conductance, law.current, step
    )
    decay, factor = _cleared(part.decay), _cleared(part.factor)
    return Linear(decay, factor, _bands(decay), _bands(factor)), part.inputs


def _cleared(matrix: Floats) -> Floats:
    """Without entries that no sum could tell from zero; scales of rows and columns are taken out first."""
    rows = np.abs(matrix).max(axis=1, keepdims=True)
    return np.ascontiguousarray(np.where(np.abs(matrix) < NEGLIGIBLE * rows, 0.0, matrix))


def _bands(matrix: Floats) -> Ints:
    """First and last but one column with anything in each four rows."""
    bands = np.zeros(((len(matrix) + 3) // 4, 2), dtype=np.int64)
    for group in range(len(bands)):
        filled = np.flatnonzero(matrix[4 * group : 4 * group + 4].any(axis=0))
        if filled.size:
            bands[group] = filled[0], filled[-1] + 1
    return bands


def _curves(island: NonlinearIsland) -> Curves:
    """Curves as the kernel takes them: tables one behind the other."""
    rest, inverse = island.actual.rest, np.linalg.inv(island.actual.linear.capacitance)
    numbers, centre, pieces, first = rest.numbers.copy(), np.zeros(len(rest)), [np.zeros((1, 4))], 1
    for b, table in enumerate(rest.tables):
        if table is not None:
            assert rest.kind[b] == TABLE
            numbers[b] = table.low, 1 / table.step, first, len(table.pieces)
            centre[b] = (table.low + table.high) / 2
            pieces.append(table.pieces)
            first += len(table.pieces)
    diagonal = bool(np.count_nonzero(inverse - np.diag(np.diag(inverse))) == 0)
    alone = (rest.kind == POLYNOMIAL) & ~rest.numbers[:, [0, 2, 3]].any(axis=1)
    kinds = np.where(alone, CUBIC, rest.kind)
    edges = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(rest)]
    runs = np.array([(kinds[a], a, b) for a, b in pairwise(edges)], dtype=np.int64)
    return Curves(
        runs, rest.p, rest.n, rest.sense_p, rest.sense_n, np.ascontiguousarray(numbers), centre,
        np.ascontiguousarray(np.vstack(pieces)), np.ascontiguousarray(inverse), diagonal,
    )  # fmt: skip
