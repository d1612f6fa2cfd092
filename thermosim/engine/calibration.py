"""Calibration: measure the response of every p-bit without drive, and trim its bias until it is balanced.

    measured_i = ln(P_i / (1 - P_i)) at zero field,   shift_i <- shift_i - measured_i (to the trim's resolution)

Only outputs are used, as on a real chip: the error of a trim is that of counting, sqrt(1 / (P (1 - P) N_eff)).
Gain and tau0 are left as they are. P_i of 0 or 1 is taken half a count inside, which trims as far as was seen.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.contracts import Floats
from thermosim.engine.fabric import FabricRunner


def response(fabric: Fabric, draws: int, seed: int, replicas: int = 64) -> Floats:
    """Logit of every p-bit's mean output (node,) with couplings and biases programmed to zero.

    `draws` sweeps of each of `replicas` chains are counted, after as many relaxation times as a slot lets pass.

    Raises
    ------
    ValueError
        If the p-bits have an inner state.
    """
    if fabric.inner:
        raise ValueError(f"{fabric.path}: calibration is not built for p-bits with inner state")
    n = fabric.nodes
    silent = IsingLaw(np.zeros((0, 2), dtype=np.int64), np.zeros(0), np.zeros(n), fabric.actual.beta)
    bare = replace(fabric, drawn=silent, programmed=silent, actual=silent, rng="held", timetable=None)
    runner = FabricRunner(bare, seed, replicas)
    runner.advance(int(np.ceil(20.0 / -np.log(max(float(fabric.memory.max()), 1e-9)))))
    runner.advance(draws, record=True)
    count = draws * replicas
    up = np.clip((runner.totals.spin / count + 1.0) / 2.0, 0.5 / count, 1.0 - 0.5 / count)
    return np.asarray(np.log(up / (1.0 - up)))


def calibrated(fabric: Fabric, draws: int, seed: int, rounds: int = 3, step: float = 0.0) -> Fabric:
    """The fabric with its biases trimmed in `rounds` of measurement; `step` is the trim's resolution (logit units)."""
    trimmed = fabric
    for k in range(rounds):
        wanted = trimmed.shift - response(trimmed, draws, seed + k)
        trim = wanted - fabric.shift
        trimmed = replace(fabric, shift=fabric.shift + (np.rint(trim / step) * step if step else trim))
    return trimmed
