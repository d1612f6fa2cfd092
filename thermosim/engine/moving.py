"""A linear island whose elements change in time: exact steps between its changes, under the law of each.

Between two changes the law is constant and its transition is exact, so the run has the law of the staircase itself
whatever the lengths of its steps. At a change voltages and coil currents stay as they are; only driven nets may jump.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from thermosim.analysis.linear import modes
from thermosim.analysis.propagator import Propagator
from thermosim.circuit.branches import Branch
from thermosim.circuit.eliminate import Undetermined
from thermosim.circuit.moving import MovingSource, Values
from thermosim.circuit.program import Island, LinearLaw
from thermosim.contracts import Floats
from thermosim.engine.heat import HeatLedger
from thermosim.engine.held import Held
from thermosim.engine.island import IslandRunner
from thermosim.engine.jumps import JumpRunner
from thermosim.engine.nonlinear import NonlinearRunner
from thermosim.engine.probes import Track
from thermosim.errors import SimulationError
from thermosim.times import seconds


class MovingRunner(IslandRunner):
    """An island that moves; `_held` has its moving currents [A] behind its inputs."""

    def __init__(self, island: Island, held: Floats, seed: int, threads: int) -> None:
        assert island.moving is not None
        self.moving = island.moving
        super().__init__(island, held, seed, threads)
        currents = np.zeros((len(self.moving.currents), held.shape[1]))
        self._held = np.vstack([held, currents, np.ones((1, held.shape[1]))])
        self._values: Values = ()
        self._next: int | None = None
        self._turn()

    def restore(self, kept: dict[str, Any]) -> None:
        super().restore(kept)
        self._turn()

    def _turn(self) -> None:
        """Take up the values of now, and see when they change."""
        self._values, self._next = self.moving.values(self.time), self.moving.after(self.time)
        for row, signal in enumerate(self.moving.currents, self._inputs):
            self._held[row] = signal.at(self.time)
        if isinstance(self.ledger, MovingLedger):
            self.ledger.turn(self.time)

    def _step(self, length: int) -> None:
        end = self.time + length
        while self.time < end:
            if self._next is not None and self._next <= self.time:
                self._turn()
            until = end if self._next is None else min(end, self._next)
            super()._step(until - self.time)

    def _record_many(self, track: Track, limit: int) -> None:
        if self._next is not None and self._next <= self.time:
            self._turn()
        until = limit if self._next is None else min(limit, self._next)
        if track.tape.every <= until - self.time:
            super()._record_many(track, until)

    def _propagator(self, length: int) -> Propagator:
        key = (length, *self._values)
        exact = self._cache.get(key)
        if exact is None:
            return self._keep(key, self._law(), length)
        self._cache.move_to_end(key)
        return exact

    def _law(self) -> LinearLaw:
        try:
            return self.moving.actual.law(self._values)
        except Undetermined:
            raise SimulationError(
                f"island '{self.island.path}': a net without capacitance is left undetermined at "
                f"{seconds(self.time):.9g} s; put a capacitor or a resistor from it to ground"
            ) from None


class SourceRunner:
    """A driven net that follows a generator."""

    def __init__(
        self, source: MovingSource, islands: Sequence[IslandRunner | JumpRunner | NonlinearRunner], rails: Held
    ) -> None:
        self.source = source
        self._rails = rails
        self._row = rails.numbers((source.net,))
        self._driven = [
            (runner, slice(row, row + 1))
            for runner in islands
            if source.net in runner.island.inputs
            for row in [runner.island.inputs.index(source.net)]
        ]

    def after(self, time: int) -> int | None:
        """The next change after `time` [fs]."""
        return self.source.signal.after(time)

    def step(self, time: int) -> None:
        """Everything that the net drives sees its new voltage from `time` [fs] on."""
        volts = np.full((1, self._rails.values.shape[1]), self.source.volts * self.source.signal.at(time))
        for runner, rows in self._driven:
            runner.advance(time)
            runner.drive(rows, volts)
        self._rails.set(time, self._row, volts)


class MovingLedger(HeatLedger):
    """The second ledger of an island that moves: what its branches conduct, and their noise, follow its signals.

    Changing a resistor or a switch does no work, because no energy is stored in them: what changes is where heat goes.
    """

    def __init__(self, island: Island, branches: Sequence[Branch], seed: int, replicas: int) -> None:
        assert island.moving is not None
        self._moving = island.moving
        law = self._moving.actual.law(self._moving.values(0))
        m = len(island.inputs)
        law = replace(
            law, input_conductance=law.input_conductance[:, :m], input_capacitance=law.input_capacitance[:, :m]
        )
        super().__init__(replace(island, actual=law), branches, seed, replicas)
        self._known: dict[Values, tuple[Any, ...]] = {}
        self.turn(0)

    def turn(self, time: int) -> None:
        """Take up the values of `time` [fs]."""
        numbers = [one.at(1.0 if one.signal is None else one.signal.at(time)) for one in self.branches]
        table = np.array(numbers).reshape(len(numbers), 3)
        self._conductance, self._intensity = table[:, 0].copy(), table[:, 1].copy()
        self._driven = -table[:, 2]
        values = self._moving.values(time)
        if values not in self._known:
            if len(self._known) > 256:
                self._known.clear()
            law = self._moving.actual.law(values)
            fastest = float(np.abs(modes(law.capacitance, law.conductance).rates).max(initial=0.0))
            self._known[values] = (fastest, {})
        self._fastest, self._cache = self._known[values]
