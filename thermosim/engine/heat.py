"""The second ledger of an island: heat into every branch and work of every source, as the voltages move.

    heat into a branch   int u o dq;   a source of current or noise is a branch whose heat is the work it takes in
    work of a driven net V dq at constant V, (V + V') / 2 dq at a step of V; q through resistors and through capacitors
    energy stored        U = v^T C v / 2 - v^T F V + sum_r (sum_i F_ir) V_r^2 / 2 + i^T L i / 2,   dU = work - heat

Steps are cut into pieces of at most the fastest relaxation time / PER_TIME: means need none, and the fluctuations of
the split between baths are right to second order in a piece (see :mod:`thermosim.analysis.heat`).
Sums are of the recorded window alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from thermosim.analysis.heat import HeatStep, heat_step
from thermosim.analysis.linear import modes
from thermosim.circuit.branches import Branch
from thermosim.circuit.heat import PER_TIME
from thermosim.circuit.program import Island
from thermosim.contracts import Floats
from thermosim.engine.island import times
from thermosim.kernels.heat import follow
from thermosim.streams import replica_keys
from thermosim.times import seconds

_BULK = 2**22
"""Branch pairs in one call, a tenth of a second: between two calls Ctrl-C is heard."""


class Unfinished(Exception):
    """A long step was broken off and undone, because the run is to stop."""


class HeatLedger:
    """`heat` (branch, replica) [J] into each branch, `work` (input, replica) [J] by each driven net since the start of
    the window; `gained` (replica,) [J]: energy stored since then; it equals all work less all heat. `hurried` is asked
    within long steps whether the run is to stop."""

    hurried: Callable[[], bool] = staticmethod(lambda: False)

    def __init__(self, island: Island, branches: Sequence[Branch], seed: int, replicas: int) -> None:
        law = island.actual
        self.law, self.branches = law, tuple(branches)
        k, n = len(self.branches), len(island.nodes)
        coils = np.flatnonzero(island.parity < 0)
        m = len(coils)
        self._inductance = law.capacitance[np.ix_(coils, coils)]
        self._coils = -law.conductance[coils].T  # the rows of currents are -B^T
        inverse = np.linalg.inv(self._inductance)
        self._columns = np.zeros((k + 2 * m, n))
        self._columns[:k] = np.reshape([branch.column for branch in branches], (k, n))
        self._columns[k + np.arange(m), coils] = 1.0
        self._columns[k + m :] = inverse @ self._coils.T
        ones = np.ones(2 * m)
        self._conductance = np.concatenate([[branch.conductance for branch in branches], ones])
        self._intensity = np.array([branch.intensity for branch in branches])
        self._driven = np.concatenate([[-branch.current for branch in branches], 0 * ones])  # driven out of p
        self._moved = np.zeros((n, k + 2 * m))
        self._moved[:, : k + m] = -np.linalg.solve(law.capacitance, np.hstack([self._columns[:k].T, self._coils]))
        self._moved[coils, k + m + np.arange(m)] = 1.0
        ends = [[(end == net) for end in branch.ends] for branch in branches for net in island.inputs]
        signs = np.array([float(p) - float(n) for p, n in ends]).reshape(k, len(island.inputs))
        through = law.input_conductance[coils]  # incidence of coils on driven nets
        self._rails = np.vstack([signs, 0 * through, inverse @ through])
        self._ports = np.ascontiguousarray(np.vstack([signs, through, 0 * through]).T)
        self._fastest = float(np.abs(modes(law.capacitance, law.conductance).rates).max(initial=0.0))
        self._keys = replica_keys(seed, f"heat {island.path}", replicas)
        self._number = 0
        self._cache: dict[int, tuple[HeatStep, int]] = {}
        self.heat: Floats = np.zeros((len(branches), replicas))
        self.work: Floats = np.zeros((len(island.inputs), replicas))
        self.gained: Floats = np.zeros(replicas)

    def step(self, state: Floats, held: Floats, length: int, counts: bool) -> None:
        """Move `state` (node, replica) by `length` [fs] with `held` (input, replica) [V]; booked if it `counts`.

        Raises
        ------
        Unfinished
            If the run is to stop before the step has ended; nothing has changed then.
        """
        if not len(self._columns):  # capacitors alone: nothing moves
            return
        step, pieces = self._step(length)
        shape = (len(self._columns), state.shape[1])
        volts, charge, heat = times(self._rails, held), np.zeros(shape), np.zeros(shape)
        before, number = state.copy(), self._number
        most = max(1, _BULK // (shape[0] ** 2 * shape[1]))
        while pieces > 0:
            count = min(pieces, most)
            follow(
                state, volts, self._columns, self._moved, self._conductance, self._driven, step.response, step.factor,
                step.elastance, step.path, step.slope, step.weights, step.constant, step.shift, step.swirl,
                self._keys, np.uint64(self._number), count, charge, heat,
            )  # fmt: skip
            self._number += count
            pieces -= count
            if pieces and self.hurried():
                state[:], self._number = before, number
                raise Unfinished
        if counts:
            self.heat += heat[: len(self.branches)]
            through = times(self._ports, charge) - times(self.law.input_capacitance.T, state - before)
            self.work += held * through
            self.gained += self._energy(state, held) - self._energy(before, held)

    def jump(self, before: Floats, after: Floats, held: Floats, volts: Floats, counts: bool) -> None:
        """Driven nets stepped from `held` to `volts` (input, replica), and the nodes from `before` to `after`."""
        if counts:
            coupling = self.law.input_capacitance
            through = coupling.sum(axis=0)[:, np.newaxis] * (volts - held) - times(coupling.T, after - before)
            self.work += (volts + held) / 2 * through
            self.gained += self._energy(after, volts) - self._energy(before, held)

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on."""
        sums = {"heat": self.heat.copy(), "work": self.work.copy(), "gained": self.gained.copy()}
        return {"number": self._number, **sums}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self._number = kept["number"]
        self.heat[:], self.work[:], self.gained[:] = kept["heat"], kept["work"], kept["gained"]

    def _energy(self, state: Floats, held: Floats) -> Floats:
        law = self.law
        stored = (state * times(law.capacitance, state)).sum(axis=0) / 2
        stored -= (state * times(law.input_capacitance, held)).sum(axis=0)
        return np.asarray(stored + (law.input_capacitance.sum(axis=0)[:, np.newaxis] * held**2).sum(axis=0) / 2)

    def _step(self, length: int) -> tuple[HeatStep, int]:
        if length not in self._cache:
            if len(self._cache) > 64:
                self._cache.clear()
            pieces = max(1, math.ceil(seconds(length) * self._fastest * PER_TIME))
            k = len(self.branches)
            exact = heat_step(
                self.law.capacitance, self._columns[:k].T, self._conductance[:k], self._intensity,
                seconds(length) / pieces, self._coils, self._inductance,
            )  # fmt: skip
            names = ("response", "factor", "elastance", "path", "slope", "shift")
            laid: dict[str, Any] = {name: np.ascontiguousarray(getattr(exact, name)) for name in names}
            self._cache[length] = replace(exact, **laid), pieces
        return self._cache[length]
