"""The event queue: SimPy in whole femtoseconds, with a fixed order among things of one instant.

Everything that happens at one instant is one SimPy event; inside it the phases run in the order

    record, sample, publish, compute, write, latch, step

and, within a phase, in the order of scheduling. Pending actions are data (time, phase, name, payload), so
that a run can be written down in mid-flight and taken up again. SimPy: https://simpy.readthedocs.io.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

import simpy

from thermosim.times import FEMTOSECONDS, Clock

Action = Callable[[int, Any], None]
"""What an action does, given the time [fs] and its payload (plain data)."""


class Phase(IntEnum):
    """The order of things that happen at the same femtosecond.

    What is read at an instant (recorded, sampled) is what was there before anything was written at that instant.
    """

    RECORD = 0
    SAMPLE = 1
    PUBLISH = 2
    COMPUTE = 3
    WRITE = 4
    LATCH = 5
    STEP = 6


class Pending(NamedTuple):
    """An action that has not happened yet."""

    time: int
    phase: int
    name: str
    payload: Any


class Agenda:
    """What is to happen, by instant and phase.

    `actions` are called by name; `after_instant` runs when an instant is complete, and may call :meth:`halt`. An action
    that raises is still pending, and so is what had not happened before it.
    """

    def __init__(self, actions: Mapping[str, Action], after_instant: Callable[[int], None]) -> None:
        self._environment = simpy.Environment(initial_time=0)
        self.now = 0
        """Time of the instant that happens now or happened last [fs]."""
        self._actions = actions
        self._after_instant = after_instant
        self._instants: dict[int, tuple[list[tuple[str, Any]], ...]] = {}
        self._halted: simpy.Event = self._environment.event()

    @property
    def inside_instant(self) -> bool:
        """Whether some actions of the present instant have happened and others have not."""
        return self.now in self._instants

    def at(self, time: int, phase: Phase, name: str, payload: Any = None) -> None:
        """Have action `name` happen at `time` [fs], now at the earliest."""
        instant = self._instants.get(time)
        if instant is None:
            instant = self._instants[time] = ([], [], [], [], [], [], [])  # one list for each phase
            # Python integers only: a NumPy or float delay would turn SimPy's clock into one.
            self._environment.timeout(int(time) - self.now).callbacks.append(self._happen)
        instant[phase].append((name, payload))

    def resume(self, time: int) -> None:
        """Start at `time` [fs] instead of 0, before anything is scheduled."""
        self._environment = simpy.Environment(initial_time=int(time))
        self.now = int(time)

    def run(self) -> None:
        """Let things happen until :meth:`halt`."""
        self._halted = self._environment.event()
        self._environment.run(until=self._halted)

    def halt(self) -> None:
        """Return from :meth:`run` before the next instant."""
        if not self._halted.triggered:
            self._halted.succeed()

    def pending(self) -> list[Pending]:
        """All actions to come, in the order in which they will happen."""
        return [
            Pending(time, phase, name, payload)
            for time in sorted(self._instants)
            for phase, actions in enumerate(self._instants[time])
            for name, payload in actions
        ]

    def _happen(self, _event: simpy.Event) -> None:
        time = self.now = int(self._environment.now)
        actions = self._actions
        for phase in self._instants[time]:
            while phase:  # grows while it runs if an action without latency adds to its own instant
                name, payload = phase[0]
                actions[name](time, payload)
                del phase[0]
        del self._instants[time]
        self._after_instant(time)


class Edges:
    """The edges of a clock in plain integers: edge k at floor(k numerator / denominator) fs."""

    def __init__(self, clock: Clock) -> None:
        self._numerator = FEMTOSECONDS * clock.frequency.denominator
        self._denominator = clock.frequency.numerator

    def at(self, k: int) -> int:
        """Time of edge k [fs]."""
        return k * self._numerator // self._denominator

    def not_before(self, time: int) -> int:
        """Time of the first edge at or after `time` [fs]."""
        return -(-time * self._denominator // self._numerator) * self._numerator // self._denominator

    def count_until(self, time: int) -> int:
        """Index of the last edge at or before `time` [fs]."""
        return -(-(time + 1) * self._denominator // self._numerator) - 1
