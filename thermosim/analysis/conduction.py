"""Currents of nonlinear elements beyond their linear part, as arrays: value, slope and integral.

    u_b = x[sense_p] - x[sense_n] + held_b,   i_b = r_b(u_b) out of row p and into row n

    POLYNOMIAL   r = c2 u^2 + c3 u^3 + c4 u^4 + c5 u^5
    TANH         r = a tanh(s u),              integral (a / s) ln cosh(s u)
    TABLE        cubic pieces on [low, high]   (:mod:`thermosim.analysis.cubic_table`)

What is linear in a polynomial counts among the conductances of the network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.analysis.cubic_table import CubicTable
from thermosim.contracts import Floats, Ints

POLYNOMIAL, TANH, TABLE = 0, 1, 2
"""Kinds of curve."""
NUMBERS = 4
"""Numbers that a curve of one of the first two kinds has."""


@dataclass(frozen=True)
class Conduction:
    """Nonlinear elements over n unknowns; row n stands for what is held.

    kind (b,); p, n, sense_p, sense_n (b,) rows; numbers (b, 4); tables: of elements of kind TABLE, by element;
    held (b, m): what the inputs add to u_b; offset (b,) [V] adds a constant.
    """

    kind: Ints
    p: Ints
    n: Ints
    sense_p: Ints
    sense_n: Ints
    numbers: Floats
    held: Floats
    offset: Floats
    tables: tuple[CubicTable | None, ...]

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def coils(self) -> np.ndarray:
        """Which (b,) sense the flux of a saturable coil: polynomials of what is elsewhere."""
        return np.asarray((self.kind == POLYNOMIAL) & (self.sense_p != self.p))

    @property
    def remote(self) -> np.ndarray:
        """Which (b,) sense a voltage that is not the one across them."""
        return np.asarray(((self.sense_p != self.p) | (self.sense_n != self.n)) & ~self.coils)

    def columns(self, size: int, sense: bool = False) -> Floats:
        """(size, b): +1 and -1 in the rows where each current leaves and enters, or of what it is a function of."""
        first, second = (self.sense_p, self.sense_n) if sense else (self.p, self.n)
        full = np.zeros((size + 1, len(self)))
        full[first, np.arange(len(self))] += 1.0
        full[second, np.arange(len(self))] -= 1.0
        return np.ascontiguousarray(full[:size])

    def current(self, volts: Floats) -> Floats:
        """r(u) of every element, volts (b, ...) [V]."""
        return self._each(volts, 0)

    def slope(self, volts: Floats) -> Floats:
        """dr/du (b, ...) [S]."""
        return self._each(volts, 1)

    def integral(self, volts: Floats) -> Floats:
        """Integral of r from 0 to u (b, ...) [W]."""
        return self._each(volts, -1)

    def _each(self, volts: Floats, order: int) -> Floats:
        return np.stack([self.curve(b, volts[b], order) for b in range(len(self))]) if len(self) else volts * 0.0

    def curve(self, b: int, u: Floats, order: int) -> Floats:
        """The integral from 0 (order -1), value (0) or slope (1) of one curve."""
        table = self.tables[b]
        if table is not None:
            return table.at(u, order)
        if self.kind[b] == TANH:
            most, steepness = self.numbers[b, 0], self.numbers[b, 1]
            if order == 0:
                return np.asarray(most * np.tanh(steepness * u))
            if order == 1:
                return np.asarray(most * steepness / np.cosh(np.minimum(np.abs(steepness * u), 300.0)) ** 2)
            size = np.abs(steepness * u)
            return np.asarray(most / steepness * (size + np.log1p(np.exp(-2 * size)) - np.log(2.0)))
        curve = np.polynomial.Polynomial([0.0, 0.0, *self.numbers[b]])
        return np.asarray((curve.integ() if order < 0 else curve.deriv() if order else curve)(u))
