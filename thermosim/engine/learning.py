"""What the digital side learns of one island as it runs: by the readings of its converters, and by their codes.

Two Gaussian beliefs pass by as the island does, with its exact transitions, and move with every step of its inputs,
which the digital side makes itself. One takes up the readings before they are quantised, by Kalman's rule, and is the
law of the state given them; the other takes up the codes, see :mod:`thermosim.kernels.knowledge`. Both begin in the
state in which the run begins, which is known. Sums are of the recorded window.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thermosim.analysis.propagator import Propagator
from thermosim.circuit.learning import Learning
from thermosim.circuit.program import AdcBank
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats, Ints
from thermosim.kernels.knowledge import pass_by, take_codes, take_readings

READINGS, CODES = 0, 1
"""Rows of all that is kept for both beliefs."""


class Learner:
    """Two beliefs, by readings and by codes, and what they counted.

    `told` (belief, replica) [nats] and `squares` (belief, replica) of the window; `conversions` of each replica in it;
    `histogram` (channel, code) of all replicas; `unknown` (belief, end, replica) [nats]: half the log-determinant of
    the covariance [V^2] where the window begins and at its end, nan where the state is known.
    """

    def __init__(self, learning: Learning, initial: Floats, banks: list[AdcBank], state: Floats, window: int) -> None:
        """`initial` (node,) [V]; `state` (node, replica): the island's own array, which moves in place."""
        n, replicas = state.shape
        self._learning, self._state, self._window = learning, state, window
        self._banks = {bank.path: _Bank(bank, *learning.banks[bank.path]) for bank in banks}
        self.means = np.repeat(initial[:, np.newaxis], replicas, axis=1)[np.newaxis].repeat(2, axis=0)
        self.shared = np.zeros((1, n, n))
        """Covariance given the readings: the same in every replica [V^2]."""
        self.own = np.zeros((replicas, n, n))
        """Covariance given the codes [V^2]."""
        self.exact = all((bank.noise > 0).all() for bank in self._banks.values())
        """Whether every sensor has noise of its own: else a reading without quantisation tells all."""
        self.told, self.squares = np.zeros((2, replicas)), np.zeros((2, replicas))
        self.conversions = 0
        self.unknown = np.full((2, 2, replicas), np.nan)
        width = max(2**bank.bits for bank in banks)
        self.histogram = np.zeros((learning.channels, width), dtype=np.int64)
        if window == 0:
            self._look(0)

    def pass_by(self, step: Propagator, drive: Floats, now: int) -> None:
        """Time went by to `now` [fs]; `drive` (node, replica) [V]: what inputs added."""
        for mean, covariance in zip(self.means, (self.shared, self.own), strict=True):
            pass_by(mean, covariance, step.decay, drive, step.covariance)
        if now == self._window:
            self._look(0)

    def shift(self, moved: Floats) -> None:
        """Inputs stepped and moved the state by `moved` (node, replica) [V]."""
        self.means += moved

    def read(self, bank: AdcBank, time: int, values: Floats, at: Ints, noise: Floats, codes: Ints) -> None:
        """A bank converted ``values[at]`` (channel, replica) [V] with `noise` (channel, replica) [V]."""
        part = self._banks[bank.path]
        told, squares = np.zeros((2, *self.told.shape))
        mine = codes[part.channels]
        if self.exact:
            seen = part.gain[:, np.newaxis] * values[at[part.channels]] + part.offset[:, np.newaxis]
            seen += noise[part.channels]
            take_readings(
                self.means[READINGS], self.shared, part.rows, part.gain, part.offset, part.noise, seen, self._state,
                told[READINGS], squares[READINGS],
            )  # fmt: skip
        take_codes(
            self.means[CODES], self.own, part.rows, part.gain, part.offset, part.noise, part.transitions, mine,
            self._state, told[CODES], squares[CODES],
        )  # fmt: skip
        if time >= self._window:
            self.told += told
            self.squares += squares
            self.conversions += len(mine)
            first = self._first(bank.path)
            for row, found in enumerate(mine, first):
                self.histogram[row] += np.bincount(found, minlength=self.histogram.shape[1])

    def sums(self) -> dict[str, np.ndarray]:
        """What the record keeps, by name."""
        self._look(1)
        told, squares, unknown = self.told.copy(), self.squares.copy(), self.unknown.copy()
        if not self.exact:
            told[READINGS], squares[READINGS], unknown[READINGS] = np.nan, np.nan, np.nan
        path = self._learning.path
        return {
            f"{path}:told": told,
            f"{path}:squares": squares,
            f"{path}:unknown": unknown,
            f"{path}:codes": self.histogram.copy(),
            f"{path}:conversions": np.array([self.conversions]),
        }

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on."""
        return {"conversions": self.conversions, **{name: getattr(self, name).copy() for name in _KEPT}}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.conversions = kept["conversions"]
        for name in _KEPT:
            getattr(self, name)[:] = kept[name]

    def _first(self, path: str) -> int:
        """Row of a bank's first channel in the histogram."""
        before = 0
        for name, (channels, _) in self._learning.banks.items():
            if name == path:
                break
            before += len(channels)
        return before

    def _look(self, end: int) -> None:
        for belief, covariance in enumerate((self.shared, self.own)):
            sign, half = np.linalg.slogdet(covariance)
            self.unknown[belief, end] = np.where(sign > 0, half / 2, np.nan)


_KEPT = ("means", "shared", "own", "told", "squares", "histogram", "unknown")


class _Bank:
    """The channels of one bank that look at the island."""

    def __init__(self, bank: AdcBank, channels: Ints, rows: Ints) -> None:
        self.channels, self.rows = channels, rows
        self.gain = np.broadcast_to(bank.gain, (len(bank.inputs),))[channels].astype(float)
        self.offset = np.broadcast_to(bank.offset, (len(bank.inputs),))[channels].astype(float)
        sampler = bank.temperature * BOLTZMANN / bank.sample_capacitance if bank.sample_capacitance > 0 else 0.0
        self.noise = np.hypot(self.gain * np.sqrt(sampler), bank.input_noise)
        self.transitions = np.ascontiguousarray(bank.transitions[channels])
