"""From a magnet with two wells to a telegraph of the same mean and dwell times, and where there is none.

    k_up = lambda_1 P(z > 0),   k_down = lambda_1 P(z < 0)        of the diffusion along the axis under a spin current
    telegraph: k = exp(-E (1 -+ x / x_c)^2) / tau0,  E = Delta,  x_c = 4 Delta / s,  tau0 = 2 exp(-Delta) / lambda_1

s = d logit P(z > 0) / dx at x = 0, so that both have one mean for small currents, and one dwell time without. A spin
current along the axis tilts the law as a field does, hence the exponent 2; x_c = 2 Delta only for high barriers. tau0
is no attempt time: it is what the form needs.
Brown, Phys. Rev. 130, 1677 (1963).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.analysis.fokker_planck import rates, stationary
from thermosim.analysis.magnet import Magnet

SEPARATION = 10.0
"""Least ratio of the second decay rate to the slowest: below it the magnet is not a two-state device."""
TOLERANCE = 0.2
"""Largest error of the logarithm of a dwell time."""


@dataclass(frozen=True)
class Telegraph:
    """tau0 [s], `barrier` [kT], `critical` spin current [A]; `dwell_error` of ln dwell, `mean_error` of P."""

    tau0: float
    barrier: float
    critical: float
    exponent: float
    dwell_error: float
    mean_error: float
    evidence: str = "derived"


def wells(barrier: float, x: float = 0.0) -> tuple[float, float]:
    """k_up and k_down of a magnet of `barrier` [kT] under x = hbar I_s / (2 q a kT), in units of its lambda."""
    slowest, share = float(rates(barrier, x)[0]), stationary(barrier, x).above
    return slowest * share, slowest * (1 - share)


def telegraph(magnet: Magnet, current: float) -> Telegraph:
    """The telegraph of one axial magnet for spin currents up to `current` [A] either way.

    Raises
    ------
    ValueError
        If the magnet has no axis, no two wells that are well apart, or a dwell time is missed within that current.
    """
    if not magnet.axial or np.any(magnet.field[2]):
        raise ValueError("a telegraph is derived for a magnet with an axis of symmetry and no field; this one has none")
    barrier, unit = float(magnet.barrier), float(magnet.current_unit)
    slow, next_one = rates(barrier, 0.0, 2) if barrier > 0 else (1.0, 3.0)
    if next_one < SEPARATION * slow:
        raise ValueError(
            f"no telegraph: a barrier of {barrier:.3g} kT does not make two states, its second decay rate is only "
            f"{next_one / slow:.2g} times the slowest (at least {SEPARATION:g}); follow the magnet itself (macrospin)"
        )
    tau0 = 2 * np.exp(-barrier) / slow
    critical = 4 * barrier / stationary(barrier).slope
    dwell_error = mean_error = 0.0
    for x in np.linspace(0, current / unit, 9):
        up, down = wells(barrier, float(x))
        mine = [np.exp(-barrier * max(1 + sign * x / critical, 0.0) ** 2) / tau0 for sign in (-1, 1)]
        dwell_error = max(dwell_error, abs(float(np.log(mine[0] / up))), abs(float(np.log(mine[1] / down))))
        mean_error = max(mean_error, abs(mine[0] / (mine[0] + mine[1]) - up / (up + down)))
    if dwell_error > TOLERANCE:
        raise ValueError(
            f"no telegraph: up to {current:.3g} A it would miss a dwell time by a factor {np.exp(dwell_error):.3g} (at "
            f"most {np.exp(TOLERANCE):.3g}); its critical current is {critical * unit:.3g} A: stay below, or follow "
            "the magnet itself (macrospin)"
        )
    return Telegraph(float(tau0 / magnet.forgetting), barrier, float(critical * unit), 2.0, dwell_error, mean_error)
