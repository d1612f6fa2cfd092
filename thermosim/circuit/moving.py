"""A linear network whose elements change in time: one law for each set of values that its signals take.

    G(t) = G_0 + sum_s h_s(t) G_s,   and so C, S, F and i

over the unknowns before any is eliminated: an element that follows signal s adds its stamps to the part of s, a switch
the difference between closed and open. Moving currents are inputs [A] behind the driven nets, so that a step of one
needs no new law. Voltages are continuous but where a capacitor changes: no finite current moves charge at once, so that
every free node keeps its own while the driven nets u hold still,

    C' v' - F' u = C v - F u
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from thermosim.circuit.circuit import At
from thermosim.circuit.eliminate import eliminate
from thermosim.circuit.program import LinearLaw
from thermosim.circuit.signals import Signal
from thermosim.contracts import Floats, Ints

Values = tuple[float, ...]


@dataclass(frozen=True)
class Parts:
    """`base`: the law with every signal at 0, over n unknowns, of which `gone` are eliminated; its inputs are m driven
    nets and c moving currents. `capacitance`, `conductance`, `noise` (s, n, n), `current` (s, n): what signal s adds at
    value 1; `input_conductance`, `input_capacitance` (s, n, m)."""

    base: LinearLaw
    gone: Ints
    capacitance: Floats
    conductance: Floats
    noise: Floats
    current: Floats
    input_conductance: Floats
    input_capacitance: Floats

    @property
    def inputs(self) -> int:
        """Driven nets, m."""
        return int(self.input_conductance.shape[2])

    def law(self, values: Sequence[float]) -> LinearLaw:
        """The law while the signals have these values.

        Raises
        ------
        Undetermined
            If an eliminated voltage does not follow from the rest.
        """
        h, base = np.asarray(values, dtype=float), self.base
        inputs, coupling, m = base.input_conductance.copy(), base.input_capacitance.copy(), self.inputs
        inputs[:, :m] += np.tensordot(h, self.input_conductance, 1)
        coupling[:, :m] += np.tensordot(h, self.input_capacitance, 1)
        whole = replace(
            base,
            capacitance=base.capacitance + np.tensordot(h, self.capacitance, 1),
            conductance=base.conductance + np.tensordot(h, self.conductance, 1),
            noise=base.noise + np.tensordot(h, self.noise, 1),
            current=base.current + np.tensordot(h, self.current, 1),
            input_conductance=inputs,
            input_capacitance=coupling,
        )
        return eliminate(whole, self.gone)


@dataclass(frozen=True)
class MovingSource:
    """A driven net whose voltage is `volts` times a signal; `drawn`: the same without this die's mismatch. `element` is
    its source, which stands `at` this place of the netlist."""

    net: str
    element: str
    at: At
    volts: float
    drawn: float
    signal: Signal


@dataclass(frozen=True)
class Moving:
    """How an island changes in time.

    `signals`: what its law follows, in the order of the parts' values; `currents`: what its moving currents follow, in
    the order of their inputs; `inputs`: its driven nets that move.
    """

    signals: tuple[Signal, ...]
    currents: tuple[Signal, ...]
    inputs: tuple[MovingSource, ...]
    drawn: Parts
    actual: Parts

    @property
    def stores(self) -> bool:
        """Whether capacitors change, so that voltages jump."""
        return bool(self.actual.capacitance.any())

    @property
    def all(self) -> tuple[Signal, ...]:
        """Every signal once."""
        found = [*self.signals, *self.currents, *(one.signal for one in self.inputs)]
        return tuple({id(signal): signal for signal in found}.values())

    def values(self, time: int) -> Values:
        """Values of `signals` from `time` [fs] on."""
        return tuple(signal.at(time) for signal in self.signals)

    def after(self, time: int) -> int | None:
        """First change of the law or of a current after `time` [fs]; of driven nets the engine takes care."""
        return min((t for one in (*self.signals, *self.currents) if (t := one.after(time)) is not None), default=None)


def unknown(law: LinearLaw, stores: bool) -> LinearLaw:
    """What stands for the law of an island that moves: its capacitance alone, and not that if capacitors change (it
    `stores`). The rest is nan, so that nobody takes the law of one instant for that of the chip."""
    names = ["conductance", "noise", "input_conductance", "current"]
    names += ["capacitance", "input_capacitance"] if stores else []
    return replace(law, **{name: np.full_like(getattr(law, name), np.nan) for name in names})


def kept_charge(before: LinearLaw, after: LinearLaw, inputs: int) -> tuple[Floats, Floats]:
    """v' = J v + K u of a change of capacitors, u the first `inputs`: J = 1 - C'^-1 (C' - C) (n, n), K = C'^-1 (F' - F)
    (n, m); 1 and 0 to the bit where they stand still."""
    n = len(before.capacitance)
    shift = (after.input_capacitance - before.input_capacitance)[:, :inputs]
    found = np.linalg.solve(after.capacitance, np.hstack([before.capacitance - after.capacitance, shift]))
    return np.ascontiguousarray(np.eye(n) + found[:, :n]), np.ascontiguousarray(found[:, n:])
