"""One replica of a free-running fabric: by a stream of candidates where inputs follow at once, else event by event.

| method | what it does | chosen for |
|---|---|---|
| stream | redraws, no times | inputs that follow at once, rates at most 1/tau0 |
| rejection | the same, tried at the largest rate that inputs allow | with Arrhenius p-bits, where that is cheaper |
| heap | a candidate time for each p-bit | other fabrics with Arrhenius p-bits |
| events | one stream with times | synapses that settle or are late |

Expected costs, per unit of time: a rejection costs one candidate for sum_i k0_i exp(b_i / 2), b_i the largest |a_i|;
a heap costs HEAP candidates for each flip and each neighbour that must move, at sum_i k0_i / cosh(a_i / 2) flips, with
the mean square of a_i over independent neighbours. The choice depends on the fabric alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats, Ints
from thermosim.engine.curves import kernel_curves
from thermosim.errors import SimulationError
from thermosim.kernels.random import bits64
from thermosim.kernels.response import LOGISTIC
from thermosim.kernels.stream import CURVED, NODES, REDRAW, REJECT, StreamNet, StreamState, follow_stream
from thermosim.kernels.telegraph import Net, State, alias_table, begin, follow

_START = np.uint64(0xFFFFFFFFFFFFFFFF)
_ROOM = 64
"""Flips under way that a queue holds before it grows."""
STEEPEST = 1000.0
"""Largest log-odds of an Arrhenius p-bit: beyond it a rate leaves the range of numbers."""
HEAP = 30.0
"""Candidates of a stream in the time that one entry of a heap takes to move."""
_DIGITS = 60
"""Binary digits of the largest argument of a stream."""


class Couplings:
    """What every method needs: arguments a_i = bias_i + sum_j weight_ij s_j as rows of what a p-bit drives.

    `first` (node + 1,), `felt`, `weight` (entry,); `bias`, `rate` (node,): 1/tau0, or k0; `arrhenius` (node,) bool;
    `reach` (node,), the largest |a_i|; `held` (node,) +-1 where a p-bit is held, whose rate is 0, and else 0.
    """

    def __init__(self, fabric: Fabric, held: np.ndarray) -> None:
        law, n = fabric.actual, fabric.nodes
        scale = 2.0 * law.beta * fabric.slope
        felt, sources, weights = law.couplings()
        order = np.lexsort((felt, sources))
        self.fabric, self.held = fabric, held
        self.felt = felt[order]
        self.weight: Floats = (scale[felt] * weights)[order]
        self.first = np.concatenate([[0], np.cumsum(np.bincount(sources, minlength=n))]).astype(np.int64)
        self.bias: Floats = scale * law.biases + fabric.shift
        self.arrhenius = np.array(fabric.arrhenius or (False,) * n)
        self.rate: Floats = np.where(held == 0, np.where(self.arrhenius, 0.5, 1.0) / fabric.relaxation, 0.0)
        self.reach: Floats = np.abs(self.bias) + self._felt_sum(np.abs(self.weight))

    def _felt_sum(self, values: Floats) -> Floats:
        return np.bincount(self.felt, values, self.fabric.nodes).astype(np.float64)

    def method(self) -> str:
        """The method of the table above that suits the fabric."""
        fabric = self.fabric
        if fabric.settling or fabric.delay:
            return "heap" if self.arrhenius.any() else "events"
        if not self.arrhenius.any():
            return "stream"
        if kernel_curves(fabric).kind.any():
            return "heap"
        mean_square = self.bias**2 + self._felt_sum(self.weight**2)
        with np.errstate(over="ignore"):
            tries = self.rate * np.where(self.arrhenius, np.exp(self.reach / 2), 1.0)
            flips = self.rate / np.where(self.arrhenius, np.cosh(np.sqrt(mean_square) / 2), 1.0)
        return "rejection" if tries.sum() < HEAP * (flips * (1 + np.diff(self.first))).sum() else "heap"


def first_spins(key: np.uint64, held: np.ndarray, up: bool) -> Floats:
    """Outputs +-1 at random, by names that no later word has; or all up; those that are `held` (node,) as they are."""
    words = np.array([bits64(key, _START - np.uint64(node)) for node in range(len(held))], dtype=np.uint64)
    return np.where(held == 0, np.where(up | (words >> np.uint64(63) == 1), 1.0, -1.0), held)


class Method(ABC):
    """How the replicas of a fabric are followed; what differs between replicas is in their own state."""

    @abstractmethod
    def first(self, key: np.uint64, up: bool) -> Any:
        """A replica at time 0 with settled inputs."""

    @abstractmethod
    def follow(
        self, key: np.uint64, state: Any, slot: int, every: int, until: Floats, draws: np.ndarray, lane: int
    ) -> None:
        """Run from interval `slot` on; outputs after every `every`, at `until` [s], to draws (draw, node * width)."""

    @abstractmethod
    def spins(self, state: Any) -> np.ndarray:
        """Outputs (node,) +-1 int8."""

    @abstractmethod
    def kept(self, state: Any) -> dict[str, np.ndarray]:
        """All that the future of a replica depends on."""

    @abstractmethod
    def take_up(self, state: Any, kept: dict[str, np.ndarray]) -> None:
        """Go on from what :meth:`kept` gave."""


class Stream(Method):
    """Candidates without times."""

    def __init__(self, couplings: Couplings) -> None:
        """Round the arguments to whole units.

        Raises
        ------
        SimulationError
            If there are more p-bits than a site has numbers.
        """
        fabric, self._couplings = couplings.fabric, couplings
        if fabric.nodes > NODES:
            raise SimulationError(f"{fabric.path}: {fabric.nodes} free-running p-bits; at most {NODES} are built")
        curves = kernel_curves(fabric)
        self.unit = float(np.exp2(np.ceil(np.log2(max(float(couplings.reach.max()), 1.0))) - _DIGITS))
        weight = np.rint(couplings.weight / self.unit).astype(np.int64)
        self._bias = np.rint(couplings.bias / self.unit).astype(np.int64)
        self._weight = weight
        bound = np.abs(self._bias)
        np.add.at(bound, couplings.felt, np.abs(weight))
        rejected = bool(couplings.arrhenius.any())
        bound = np.where(couplings.arrhenius, bound, 0)
        rate = couplings.rate * np.exp(0.5 * self.unit * bound)
        self._kind = REJECT if rejected else CURVED if (curves.kind != LOGISTIC).any() else REDRAW
        chance, alias = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint32)
        if np.ptp(rate) > 0:
            shares, others = alias_table(rate)
            chance, alias = np.rint(shares * 2.0**37).astype(np.uint64), others.astype(np.uint32)
        self._net = StreamNet(
            couplings.first, couplings.felt.astype(np.uint32), 2 * weight, chance, alias, bound, couplings.arrhenius,
            curves, self.unit, float(rate.sum() * fabric.clock.period),
        )  # fmt: skip

    def first(self, key: np.uint64, up: bool) -> StreamState:
        spin = first_spins(key, self._couplings.held, up)
        return StreamState(self._levels(spin), np.where(spin > 0, np.int8(-1), np.int8(0)), np.zeros(1, np.int64))

    def _levels(self, spin: Floats) -> Ints:
        level = self._bias.copy()
        sources = np.repeat(spin > 0, np.diff(self._couplings.first))
        np.add.at(level, self._couplings.felt, np.where(sources, self._weight, -self._weight))
        return level

    def follow(
        self, key: np.uint64, state: StreamState, slot: int, every: int, until: Floats, draws: np.ndarray, lane: int
    ) -> None:
        width = draws.shape[1] // len(state.up)
        follow_stream(key, self._kind, slot, every, self._net, state, draws, lane, width)

    def spins(self, state: StreamState) -> np.ndarray:
        return np.where(state.up != 0, np.int8(1), np.int8(-1))

    def kept(self, state: StreamState) -> dict[str, np.ndarray]:
        return {"up": state.up.copy(), "count": state.count.copy()}

    def take_up(self, state: StreamState, kept: dict[str, np.ndarray]) -> None:
        state.up[:], state.count[:] = kept["up"], kept["count"]
        state.level[:] = self._levels(self.spins(state).astype(np.float64))


class _Chain:
    """A replica event by event: its state and its queue of flips under way."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.times, self.nodes = np.zeros(_ROOM), np.zeros(_ROOM, dtype=np.int64)


class Events(Method):
    """One event after the other, each at its time."""

    def __init__(self, couplings: Couplings) -> None:
        """Check that no rate can leave the range of numbers.

        Raises
        ------
        SimulationError
            If one can.
        """
        fabric, reach, arrhenius = couplings.fabric, couplings.reach, couplings.arrhenius
        if arrhenius.any() and reach[arrhenius].max() > STEEPEST:
            raise SimulationError(
                f"{fabric.path}: an input of an Arrhenius p-bit reaches log-odds of {reach[arrhenius].max():.3g}, and "
                f"its rates leave the range of numbers above {STEEPEST:g}; lower the weights or beta"
            )
        chance, alias = alias_table(couplings.rate)
        self._bias, self._held = couplings.bias, couplings.held
        self._net = Net(
            couplings.first, couplings.felt, couplings.weight, couplings.rate, arrhenius, chance, alias,
            float(couplings.rate.sum()), kernel_curves(fabric), fabric.settling, fabric.delay,
        )  # fmt: skip

    def first(self, key: np.uint64, up: bool) -> _Chain:
        net, n = self._net, len(self._bias)
        spin = first_spins(key, self._held, up)
        goal = self._bias.copy()
        np.add.at(goal, net.felt, net.weight * np.repeat(spin, np.diff(net.first)))
        rows = n if np.any(net.arrhenius) else 0
        state = State(
            spin, goal, goal.copy(), np.zeros(n), np.zeros(rows), np.zeros(rows), np.zeros(rows, dtype=np.int64),
            np.zeros(rows, dtype=np.int64), np.zeros(2), np.zeros(1, dtype=np.uint64), np.zeros(2, dtype=np.int64),
        )  # fmt: skip
        begin(key, net, state)
        return _Chain(state)

    def follow(
        self, key: np.uint64, state: _Chain, slot: int, every: int, until: Floats, draws: np.ndarray, lane: int
    ) -> None:
        width = draws.shape[1] // len(self._bias)
        state.times, state.nodes = follow(
            key, until, self._net, state.state, state.times, state.nodes, draws, lane, width
        )

    def spins(self, state: _Chain) -> np.ndarray:
        return state.state.spin.astype(np.int8)

    def kept(self, state: _Chain) -> dict[str, np.ndarray]:
        return {name: value.copy() for name, value in state.state._asdict().items()} | {
            "times": state.times.copy(),
            "nodes": state.nodes.copy(),
        }

    def take_up(self, state: _Chain, kept: dict[str, np.ndarray]) -> None:
        for name, value in state.state._asdict().items():
            value[:] = kept[name]
        state.times, state.nodes = np.array(kept["times"]), np.array(kept["nodes"])
