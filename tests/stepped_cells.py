"""Fabrics of p-bits with inner state by hand, times in units of tau_N = TICK."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
from small_fabrics import TICK, fabric

from thermosim.analysis import fokker_planck
from thermosim.analysis.magnet import Magnet
from thermosim.models.design import Threshold, Tuned
from thermosim.models.macrospin import Followed


def threshold(n, tau_t=0.0, pinning=0.0):
    return Threshold(*(value * np.ones(n) for value in (TICK, tau_t * TICK, pinning)))


def tuned(n):
    return Tuned(TICK * np.ones(n))


def cells(matrix, biases, inner, *, step=0.02, tau_s=0.0, every=1.0, order="free", **more: Any):
    """A fabric that takes `step` and is seen on the grid `every`, or is latched every `every` where it is clocked."""
    relaxation = TICK * (0.5 if inner.kind == "design2" else 1.0)
    clocked = {} if order == "free" else {"rng": "free", "memory": float(np.exp(-every * TICK / relaxation))}
    return fabric(
        matrix, biases, order=order, every=every * TICK, tau0=relaxation, inner=(inner,), settling=tau_s * TICK,
        steps=ceil(every / step * (1 - 1e-9)), **(clocked | more),
    )  # fmt: skip


def spin(n, barrier=0.0, damping=0.1, threshold=0.0):
    """Magnets driven by a spin current that forget as 1/TICK when they are isotropic; z* of the readout."""
    magnet = Magnet(1.1e6, 1e-24, damping)
    magnet = replace(magnet, volume=magnet.volume * TICK * magnet.forgetting)
    anisotropy = 2 * barrier * magnet.field_unit
    one = np.ones(n)
    slope = fokker_planck.stationary(barrier, 0.0, threshold).slope
    each = replace(magnet, saturation=1.1e6 * one, anisotropy=anisotropy * one)
    return Followed(each, magnet.current_unit / slope * one, 0 * one, threshold, barrier == 0)
