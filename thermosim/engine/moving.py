"""A linear island whose elements change in time: exact steps between its changes, under the law of each.

Between two changes the law is constant and its transition is exact, so the run has the law of the staircase itself
whatever the lengths of its steps. At a change voltages and coil currents stay as they are, but for two: driven nets
may jump, and where a capacitor changes every free node keeps its charge,

    v' = C'^-1 (C v + (F' - F) u)

after what driven nets do at that instant. With u_b before and u_b' after the change across each capacitor c_b

    work of who turns it  W_b = -(c_b' - c_b) u_b u_b' / 2,   sum_b W_b + u . dQ_u = U' - U

exactly: of the charges Q = C v, u^T Q' - u'^T Q over all nets is - 2 sum W_b, and dQ is 0 on the free ones. For one
capacitor q^2 (1 / c' - 1 / c) / 2. Of several that turn at once only the sum is a fact, the parts are this convention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from thermosim.analysis.linear import input_jump, modes
from thermosim.analysis.propagator import Propagator
from thermosim.circuit.branches import Branch
from thermosim.circuit.eliminate import Undetermined
from thermosim.circuit.moving import MovingSource, Values, kept_charge
from thermosim.circuit.program import Island, LinearLaw
from thermosim.contracts import Floats
from thermosim.engine.heat import HeatLedger
from thermosim.engine.held import Held
from thermosim.engine.island import IslandRunner, times
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
        first, m = self.moving.actual.law(self.moving.values(0)), len(held)
        stores = replace(island.actual, capacitance=first.capacitance, input_capacitance=first.input_capacitance[:, :m])
        super().__init__(replace(island, actual=stores), held, seed, threads)
        self.island = island
        currents = np.zeros((len(self.moving.currents), held.shape[1]))
        self._held = np.vstack([held, currents, np.ones((1, held.shape[1]))])
        self._values: Values = ()
        self._next: int | None = None
        self._turned = 0
        self._changes: dict[tuple[Values, Values], tuple[Floats, Floats, Floats]] = {}
        self._take_up(0)

    def checkpoint(self) -> dict[str, Any]:
        return {**super().checkpoint(), "turned": self._turned}

    def restore(self, kept: dict[str, Any]) -> None:
        super().restore(kept)
        self._take_up(kept["turned"])
        if self.moving.stores:
            self._jump = self._change(self._values, self._values)[2]
        if isinstance(self.ledger, MovingLedger):
            self.ledger.turn(self._turned)

    def _take_up(self, time: int) -> None:
        """Take the values of `time` [fs], and see when they change."""
        self._turned = time
        self._values, self._next = self.moving.values(time), self.moving.after(time)
        for row, signal in enumerate(self.moving.currents, self._inputs):
            self._held[row] = signal.at(time)

    def _turn(self) -> None:
        """Take up the values of now; where capacitors change, nodes keep their charge."""
        old = self._values
        self._take_up(self.time)
        ledger = self.ledger
        if not self.moving.stores or old == self._values:
            if isinstance(ledger, MovingLedger):
                ledger.turn(self.time)
            return
        pull, push, self._jump = self._change(old, self._values)
        before, held = self.state.copy(), self._held[: self._inputs]
        self.state[:] = times(pull, before)
        if self._inputs:
            self.state += times(push, held)
        if isinstance(ledger, MovingLedger):
            ledger.knob(self.time, before, self.state, held, self.time >= self._window)

    def _change(self, old: Values, new: Values) -> tuple[Floats, Floats, Floats]:
        """J and K of v' = J v + K u, and then C'^-1 F'."""
        known = self._changes.get((old, new))
        if known is None:
            if len(self._changes) > 256:
                self._changes.clear()
            before, after = (self.moving.actual.law(values) for values in (old, new))
            jump = input_jump(after.capacitance, after.input_capacitance[:, : self._inputs])
            known = self._changes[old, new] = (*kept_charge(before, after, self._inputs), jump)
        return known

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
    Changing a capacitor does: `heat` of that branch is the work that who turns it takes in, -W.
    """

    def __init__(self, island: Island, branches: Sequence[Branch], seed: int, replicas: int) -> None:
        assert island.moving is not None
        self._moving = island.moving
        law = self._moving.actual.law(self._moving.values(0))
        self._driven_nets = len(island.inputs)
        super().__init__(replace(island, actual=self._of_nets(law)), branches, seed, replicas)
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
            law = self._of_nets(self._moving.actual.law(values))
            fastest = float(np.abs(modes(law.capacitance, law.conductance).rates).max(initial=0.0))
            moved = np.ascontiguousarray(-np.linalg.solve(law.capacitance, self._columns.T))
            self._known[values] = (law, fastest, moved, {})
        self.law, self._fastest, self._moved, self._cache = self._known[values]
        farads = [0.0 if one.signal is None else one.farads * one.signal.at(time) for one in self.branches]
        self._farads = np.array(farads)

    def knob(self, time: int, before: Floats, after: Floats, held: Floats, counts: bool) -> None:
        """Capacitors take up their values of `time` [fs]: nodes went from `before` to `after` with inputs `held`."""
        farads, energy, charge = self._farads, self._energy(before, held), self._on_nets(before, held)
        self.turn(time)
        if counts:
            volts = times(self._rails, held) if len(held) else 0.0
            across = (times(self._columns, before) + volts) * (times(self._columns, after) + volts)
            self.heat += (self._farads - farads)[:, np.newaxis] / 2 * across
            self.work += held * (self._on_nets(after, held) - charge)
            self.gained += self._energy(after, held) - energy

    def _on_nets(self, state: Floats, held: Floats) -> Floats:
        """Charge (input, replica) [C] that each driven net has on its capacitors to the nodes."""
        coupling = self.law.input_capacitance
        return np.asarray(coupling.sum(axis=0)[:, np.newaxis] * held - times(coupling.T, state))

    def _of_nets(self, law: LinearLaw) -> LinearLaw:
        """The law without its moving currents, which are branches."""
        m = self._driven_nets
        return replace(
            law, input_conductance=law.input_conductance[:, :m], input_capacitance=law.input_capacitance[:, :m]
        )
