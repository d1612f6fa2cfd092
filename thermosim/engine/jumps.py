"""A jump island at work: whole charges on its nodes, moved one by one or in leaps, seen as voltages.

v = C^-1 (q N + F u). The chain of a replica is named by (seed, island path, replica). Exact chains do not depend on
where a run stops; leaps end at what touches the island and at records, as the steps of a linear island do.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from thermosim.circuit.jumps import LEAP
from thermosim.circuit.program import JumpIsland
from thermosim.contracts import Floats, Ints
from thermosim.engine.counters import Counters
from thermosim.engine.held import Rows
from thermosim.engine.island import times
from thermosim.engine.probes import Tape, Track, connect
from thermosim.errors import SimulationError
from thermosim.kernels.jumps import Jumps, begin, follow, leap, rebase
from thermosim.streams import replica_keys
from thermosim.times import seconds

WORST = 1.0
"""Change of a ln rate within one leap at which a run stops: the leap was no small step then."""
_NEVER = 2**63
_BULK = 2**16


class JumpRunner:
    """State of one jump island: `charge` (node, replica) int64, `state` (node, replica) [V], valid at `time` [fs]."""

    def __init__(
        self, island: JumpIsland, held: Floats, counters: Counters, burn_in: int, seed: int, threads: int
    ) -> None:
        """`held` (input, replica): voltages of the inputs at time 0 [V]; `burn_in` [fs]."""
        replicas = held.shape[1]
        self.island, self.law = island, island.actual
        self.rows = {net: row for row, net in enumerate(island.nodes)}
        self.tracks: list[Track] = []
        self.time = 0
        self.charge: Ints = np.repeat(np.array(island.initial, dtype=np.int64)[:, np.newaxis], replicas, axis=1)
        self._held = held.copy()
        self._burn_in, self._due, self._threads = burn_in, _NEVER, threads
        law = self.law
        self._per_charge, self._divider = law.per_charge, law.divider
        response = law.response
        self._jumps = Jumps(
            law.transfer, np.ascontiguousarray(law.node_gain @ law.per_charge), response, np.exp(response.T)
        )
        channels = len(law.transfer)
        self._rate, self._next = np.zeros((channels, replicas)), np.zeros(replicas)
        self._count = np.zeros(replicas, dtype=np.uint64)
        self._worst = np.zeros(replicas)
        self._keys = replica_keys(seed, f"jumps {island.path}", replicas)
        self._base = law.base(self._held)
        if island.exact:
            begin(self._keys, self._base, self.charge, self._jumps, self._rate, self._next, self._count)
        self._counted = [(counters.new(source, "charges"), -law.supply[:, row]) for source, row in island.supplies]
        self.state: Floats = self._volts(self.charge)

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
            self._go(np.array([time]))

    def advance_to_draws(self, time: int) -> None:
        """Move to the last draw due up to `time` [fs], so that stopping there adds no step of its own."""
        while self._due <= time:
            live = [track for track in self.tracks if track.due is not None]
            if len(live) == 1:
                self._record_many(live[0], time)
            else:
                self._go(np.array([self._due]))
                for track in live:
                    if track.due == self._due:
                        track.take(self.state)
            self.resume_recording()

    def _record_many(self, track: Track, limit: int) -> None:
        every, first = track.tape.every, self._due
        left = min((limit - first) // every + 1, track.tape.draws - track.taken)
        while left > 0:
            count = min(left, max(1, _BULK // self.state.size))
            seen = self._go(first + every * np.arange(count))
            track.take_many(np.stack([self._volts(charge)[track.rows] for charge in seen]))
            first += count * every
            left -= count

    def drive(self, rows: Rows, volts: Floats) -> None:
        """Step inputs `rows` to `volts` (input, replica) now; coupling capacitors pass the step on at once."""
        self._held[rows] = volts
        self._base = self.law.base(self._held)
        if self.island.exact:
            rebase(seconds(self.time), self._base, self.charge, self._jumps, self._rate, self._next)
        self.state = self._volts(self.charge)

    def check(self, seed: int) -> None:
        """Raise if a replica left the numbers, or a leap was no small step."""
        bad = np.flatnonzero(np.isnan(self._next) | np.isnan(self._worst))
        if bad.size:
            raise SimulationError(
                f"island '{self.island.path}': a jump rate of replica {bad[0]} left the range of numbers at or before "
                f"{seconds(self.time):.9g} s; the voltages on its gates are too high for this model; seed {seed}"
            )
        if self._worst.max(initial=0.0) > WORST:
            raise SimulationError(
                f"island '{self.island.path}': a ln rate changed by {self._worst.max():.2g} within one leap, which is "
                "no small step; set run.jumps: exact"
            )

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on."""
        kept = {"charge": self.charge, "held": self._held, "rate": self._rate, "next": self._next}
        kept |= {"count": self._count, "worst": self._worst}
        return {"time": self.time} | {name: array.copy() for name, array in kept.items()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.time = kept["time"]
        self.charge[:], self._held[:], self._rate[:] = kept["charge"], kept["held"], kept["rate"]
        self._next[:], self._count[:], self._worst[:] = kept["next"], kept["count"], kept["worst"]
        self._base = self.law.base(self._held)
        self.state = self._volts(self.charge)

    def told(self) -> dict[str, Any]:
        """How it was simulated: jumps or leaps made, and the largest change of a ln rate in a leap."""
        number = int(self._count.sum())
        if self.island.exact:
            return {"method": "one by one", "jumps": number - len(self._keys)}
        return {
            "method": "leaps",
            "leaps": number,
            "largest change of a ln rate in one": round(float(self._worst.max()), 3),
        }

    # -- steps ------------------------------------------------------------------------------------------------

    def _volts(self, charge: Ints) -> Floats:
        return times(self._per_charge, charge.astype(float)) + times(self._divider, self._held)

    def _go(self, until: Ints) -> Ints:
        """Move through the times `until` [fs]: charges there (time, node, replica); the end of the burn-in cuts the
        counts."""
        early = until[until <= self._burn_in]
        parts = []
        if len(early):
            parts.append(self._run(early))
        if self.time < self._burn_in < until[-1]:
            self._run(np.array([self._burn_in]))
        late = until[len(early) :]
        if len(late):
            parts.append(self._run(late))
        self.state = self._volts(self.charge)
        return np.concatenate(parts)

    def _run(self, until: Ints) -> Ints:
        ends = np.array([seconds(int(time)) for time in until])
        seen = np.zeros((len(until), *self.charge.shape), dtype=np.int64)
        flow = np.zeros(self._rate.shape, dtype=np.int64)
        if self._threads == 1 or len(self._keys) < 2:
            self._part(slice(None), ends, flow, seen)
        else:
            edges = np.linspace(0, len(self._keys), min(self._threads, len(self._keys)) + 1).astype(int)
            with ThreadPoolExecutor(self._threads) as pool:
                parts = [slice(a, b) for a, b in pairwise(edges)]
                list(pool.map(lambda part: self._part(part, ends, flow, seen), parts))
        for counter, charges in self._counted:
            row = counter.at(self.time)
            row += charges @ flow
        self.time = int(until[-1])
        return seen

    def _part(self, replicas: slice, ends: Floats, flow: Ints, seen: Ints) -> None:
        """Move some replicas; every array is a view, so the kernels work in place."""
        keys, base, charge = self._keys[replicas], self._base[:, replicas], self.charge[:, replicas]
        count, flow, seen = self._count[replicas], flow[:, replicas], seen[:, :, replicas]
        if self.island.exact:
            follow(
                keys, ends, base, charge, self._jumps, self._rate[:, replicas], self._next[replicas], count, flow, seen
            )
        else:
            leap(
                keys,
                seconds(self.time),
                ends,
                base,
                charge,
                self._jumps,
                count,
                flow,
                self._worst[replicas],
                LEAP,
                seen,
            )
