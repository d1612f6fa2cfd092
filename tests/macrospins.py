"""Magnets for tests, and their kernel with the table made from SI."""

from __future__ import annotations

import numpy as np

from thermosim.analysis.magnet import Magnet
from thermosim.constants import BOLTZMANN
from thermosim.kernels.macrospin import COLUMNS, follow
from thermosim.streams import replica_keys

SATURATION = 1.1e6


def magnet(barrier=0.0, damping=0.1, volume=1e-24, **more) -> Magnet:
    """A magnet with a uniaxial barrier [kT], else isotropic."""
    bare = Magnet(SATURATION, volume, damping)
    return Magnet(SATURATION, volume, damping, anisotropy=2 * barrier * BOLTZMANN * 300 / bare.moment, **more)


class Copies:
    """Independent copies of one magnet, all begun at `start` (3,) or (3, replica)."""

    def __init__(self, model: Magnet, step: float, replicas: int, start=(0, 0, 1), seed=1, **changes: float) -> None:
        numbers = {**model.numbers(step), "field_drive": 0.0, "torque_drive": 0.0, "threshold": 0.0}
        for name, factor in changes.items():
            numbers[name] = numbers[name] * factor
        self.table = np.array([[float(numbers[name]) for name in COLUMNS]])
        start = np.asarray(start, dtype=float)
        self.m = np.array(np.broadcast_to(start[:, None] if start.ndim == 1 else start, (3, replicas)))
        self.keys, self.step, self.taken = replica_keys(seed, "magnet", replicas), step, 0

    def run(self, steps: int) -> np.ndarray:
        """Go on for some steps; the magnets (3, replica)."""
        follow(self.table, self.m, self.keys, self.taken, steps, np.zeros((1, len(self.keys))))
        self.taken += steps
        return self.m

    def until(self, time: float) -> np.ndarray:
        """Go on to a time [s], to the nearest step."""
        return self.run(round(time / self.step) - self.taken)


def far(values: np.ndarray, exact: float) -> float:
    """Distance of a mean over independent values from `exact`, in standard errors."""
    return abs(float(np.mean(values)) - exact) / (float(np.std(values)) / np.sqrt(np.size(values)))
