"""Effective temperature of a fabric against its law as drawn, from the states that the run kept.

Up to 20 p-bits every recorded state; larger fabrics the last state of every replica, which are independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from thermosim.analysis.temperature import inverse_temperature
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.contracts import Floats
from thermosim.record import Record


@dataclass(frozen=True)
class EffectiveTemperature:
    """`ratio` of the effective to the declared temperature with its standard `error`; `states` it was fitted to."""

    path: str
    ratio: float
    error: float
    states: int


def pulls(law: IsingLaw, spins: Floats) -> Floats:
    """s_i (sum_j J_ij s_j + h_i) of states (state, node)."""
    field = np.tile(law.biases, (len(spins), 1))
    for column in (0, 1):
        target, source = law.edges[:, column], law.edges[:, 1 - column]
        np.add.at(field.T, target, (law.weights * spins[:, source]).T)
    return spins * field


def effective_temperature(record: Record, fabric: Fabric) -> EffectiveTemperature | None:
    """Temperature at which the drawn law explains the states best; None if nothing couples or nothing was kept."""
    law, packed = fabric.drawn, record.series.get(f"{fabric.path}:states")
    if not (np.any(law.weights) or np.any(law.biases)):
        return None
    if packed is not None and packed.size:
        states, which = np.unique(packed, return_inverse=True)
        bits = (states[:, None].astype(np.int64) >> np.arange(fabric.nodes)) & 1
        spins = 2.0 * bits.astype(np.float64) - 1.0
        which = which.reshape(packed.shape)
    elif f"{fabric.path}:last" in record.sums:
        spins = record.sums[f"{fabric.path}:last"].T.astype(np.float64)
        which = np.arange(len(spins))[:, None]
    else:
        return None
    found = inverse_temperature(pulls(law, spins), which)
    if not math.isfinite(found.beta) or found.beta == 0:
        return None
    ratio = law.beta / found.beta
    return EffectiveTemperature(fabric.path, ratio, abs(ratio) * found.error / abs(found.beta), which.size)
