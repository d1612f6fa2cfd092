"""A demon with memory: `gain` of Kalman's estimate of one RC cell, carried forward to when it acts, drives the cell.

    m+ = m + g (y - m),  g = P- / (P- + V);   u = gain E[v when u arrives]

It knows the voltages that it has asked for and when they arrive, `late` seconds after the reading.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from thermosim.contracts import Arithmetic


class Estimator:
    """Controller of one net through one resistor."""

    law = None

    def __init__(self, plan: Any, options: Mapping[str, Any]) -> None:
        law, period = plan.plant, float(plan.clock.period)
        capacitance, conductance = law.capacitance[0, 0], law.conductance[0, 0]
        self._tau = capacitance / conductance
        self._gain, variance = float(options["gain"]), float(options["noise"]) ** 2
        late = float(options["late"])
        self._whole, self._rest, self._period = int(late // period + 1e-9), 0.0, period
        self._rest = max(0.0, late - self._whole * period)
        free = law.noise[0, 0] / (2 * capacitance * conductance)
        self.after = posterior(free, variance, period / self._tau)
        self._weight = self.after / variance

    @property
    def arithmetic(self) -> Arithmetic:
        """Estimate, prediction over what is under way, and the drive."""
        steps = self._whole + 4
        return Arithmetic(2 * steps, 4 * 2 * steps)

    def initial_state(self, replicas: int) -> dict[str, np.ndarray]:
        """Mean before the reading, and what was asked for, oldest first."""
        return {"mean": np.zeros(replicas), "asked": np.zeros((self._whole + 1, replicas))}

    def act(
        self, reads: Mapping[str, np.ndarray], tick: int, state: Any, rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], Any]:
        """Take up a reading, look ahead, drive."""
        mean = state["mean"] + self._weight * (reads["y"][0] - state["mean"])
        asked = state["asked"]
        ahead = self._decay(mean, asked[0], self._rest)
        for volts in asked[1:]:
            ahead = self._decay(ahead, volts, self._period)
        drive = self._gain * ahead
        asked = np.vstack([asked[1:], drive])
        first = state["asked"][0]
        later = self._decay(self._decay(mean, first, self._rest), asked[0], self._period - self._rest)
        return {"d": drive[np.newaxis]}, {"mean": later, "asked": asked}

    def _decay(self, volts: np.ndarray, held: np.ndarray, span: float) -> np.ndarray:
        part = math.exp(-span / self._tau)
        return part * volts + (1 - part) * held


def posterior(free: float, variance: float, step: float) -> float:
    """P+ of readings of `variance` [V^2] every `step` [tau] of a cell of stationary variance `free` [V^2]."""
    decay = math.exp(-2 * step)
    before = free
    for _ in range(100_000):
        after = before * variance / (before + variance)
        following = decay * after + free * (1 - decay)
        if abs(following - before) < 1e-15 * free:
            break
        before = following
    return before * variance / (before + variance)
