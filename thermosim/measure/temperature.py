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
    """s_i I_i of states (state, node)."""
    return spins * law.fields(spins)


def effective_temperature(record: Record, fabric: Fabric) -> EffectiveTemperature | None:
    """Temperature at which the drawn law explains the states best.

    None if nothing couples, couplings are directed or nothing was kept.
    """
    law, packed = fabric.drawn, record.series.get(f"{fabric.path}:states")
    if not (law.reach().any() or law.biases.any()):
        return None
    if not law.symmetric:
        return None  # P(s_i | rest) is not the response to I_i, for the rest is driven by s_i and does not drive it
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
