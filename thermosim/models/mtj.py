"""Stochastic magnetic tunnel junction as a p-bit: two-state telegraph over barriers, read by a divider and an inverter.

tau_P = tau0 exp[E_P (1 - V/V_P)^n],  tau_AP = tau0 exp[E_AP (1 + V/V_AP)^n],  P(AP) = tau_AP / (tau_P + tau_AP)
V > 0 favours the antiparallel state, output +1; divider and inverter: :mod:`thermosim.models.divider`.
Neel and Brown; exponents: Funatsu et al., Nat. Commun. 13, 4079 (2022).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from thermosim.contracts import Floats
from thermosim.models.base import (
    Evidence,
    Joules,
    PositiveNumber,
    PositiveSeconds,
    PositiveVolts,
    Price,
    PriceContext,
)
from thermosim.models.curves import LOGISTIC
from thermosim.models.divider import Divided
from thermosim.models.pbit import Barriers, Response
from thermosim.models.pricing import stated


class Mtj(Divided):
    """Junction in a latched 3T-1MTJ cell.

    `barrier` [kT] and `critical` [V] of the parallel well, `barrier_ap` and `critical_ap` of the other (equal if left
    out); `exponent` 1 (spin torque), 1.5 (saddle node) or 2 (field). Readout: see :class:`Divided`. `e_latch` [J]:
    reading the inverter once.
    """

    mismatched: ClassVar[tuple[str, ...]] = (
        "offset", "gain", "tau0", "barrier", "barrier_ap", "critical", "critical_ap",
    )  # fmt: skip

    type: Literal["mtj"] = "mtj"
    tau0: PositiveSeconds
    barrier: PositiveNumber
    critical: PositiveVolts
    barrier_ap: PositiveNumber | None = None
    critical_ap: PositiveVolts | None = None
    exponent: PositiveNumber = 1.0
    e_latch: Joules | None = None

    @model_validator(mode="after")
    def _known_exponent(self) -> Self:
        if self.exponent not in (1.0, 1.5, 2.0):
            raise ValueError(f"exponent {self.exponent:g} is out of range: 1, 1.5 or 2")
        return self

    def port(self, values: Mapping[str, Floats]) -> Response:
        """Scale: 1 / (n (E_P/V_P + E_AP/V_AP)), the slope of ln(tau_AP/tau_P) at V = 0."""
        up, critical_up = values["barrier"], values["critical"]
        down, critical_down = values.get("barrier_ap", up), values.get("critical_ap", critical_up)
        exponent = values["exponent"]
        scale = 1.0 / (exponent * (up / critical_up + down / critical_down))
        barriers = Barriers(
            tau0=values["tau0"],
            up=up,
            down=down,
            critical_up=critical_up / scale,
            critical_down=critical_down / scale,
            exponent=exponent,
            curves=(LOGISTIC,) * len(exponent),
        )
        relaxation = values["tau0"] / (np.exp(-up) + np.exp(-down))
        return Response(scale, values["offset"], values["gain"], values["bias"], relaxation, barriers)

    def prices(self, evidence: Mapping[str, Evidence], context: PriceContext) -> tuple[Price, ...]:
        """One update: `static`, the divider until the next one (mean of both states), and `latch`."""
        return (
            self.static(evidence, context),
            stated("updates", "latch", "e_latch", self.e_latch, evidence),
        )
