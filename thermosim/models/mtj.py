"""Stochastic magnetic tunnel junction as a p-bit: two-state telegraph over barriers, read by a divider and an inverter.

tau_P = tau0 exp[E_P (1 - V/V_P)^n],  tau_AP = tau0 exp[E_AP (1 + V/V_AP)^n],  P(AP) = tau_AP / (tau_P + tau_AP)
V_mid = (V_dd/2) (R_T - R_MTJ) / (R_T + R_MTJ),  R_AP = R_P (1 + TMR),  static power V_dd^2 / (R_T + R_MTJ)
V > 0 favours the antiparallel state; the inverter turns its low V_mid into output +1.
Neel and Brown; exponents: Funatsu et al., Nat. Commun. 13, 4079 (2022); cell: Camsari, Salahuddin, Datta, IEEE EDL 38,
1767 (2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from thermosim.contracts import Floats
from thermosim.models.base import (
    Evidence,
    Joules,
    Ohms,
    PositiveNumber,
    PositiveSeconds,
    PositiveVolts,
    Price,
    PriceContext,
    Volts,
)
from thermosim.models.curves import LOGISTIC
from thermosim.models.pbit import Barriers, Pbit, Response
from thermosim.models.pricing import price, stated


def divider(supply: float, transistor: float, junction: float) -> float:
    """Voltage [V] between transistor and junction on rails of +-supply/2; the junction hangs on the upper rail."""
    return 0.5 * supply * (transistor - junction) / (transistor + junction)


def static_energy(supply: float, transistor: float, junction: float, interval: float) -> float:
    """Energy [J] that the divider burns in `interval` [s]."""
    return supply**2 / (transistor + junction) * interval


class Mtj(Pbit):
    """Junction in a latched 3T-1MTJ cell.

    `barrier` [kT] and `critical` [V] of the parallel well, `barrier_ap` and `critical_ap` of the other (equal if left
    out); `exponent` 1 (spin torque), 1.5 (saddle node) or 2 (field). Readout, all or nothing: `r_p` [Ohm], `tmr`,
    `supply` [V], with `r_t` (the best, sqrt(R_P R_AP), if left out) and the inverter's `threshold` [V] from mid supply.
    `e_latch` [J]: reading the inverter once.
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
    r_p: Ohms | None = None
    tmr: PositiveNumber | None = None
    supply: PositiveVolts | None = None
    r_t: Ohms | None = None
    threshold: Volts = 0.0
    e_latch: Joules | None = None

    @model_validator(mode="after")
    def _works(self) -> Self:
        if self.exponent not in (1.0, 1.5, 2.0):
            raise ValueError(f"exponent {self.exponent:g} is out of range: 1, 1.5 or 2")
        if self.r_p is None or self.tmr is None or self.supply is None:
            if any(item is not None for item in (self.r_p, self.tmr, self.supply, self.r_t)) or self.threshold:
                raise ValueError("a readout needs r_p, tmr and supply together")
            return self
        low, high = self.levels
        if not low < self.threshold < high:
            raise ValueError(
                f"the inverter never switches: its threshold of {self.threshold:.4g} V is outside the divider's levels "
                f"{low:.4g} V (antiparallel) and {high:.4g} V (parallel); set r_t or threshold"
            )
        return self

    @property
    def transistor(self) -> float:
        """Resistance of the transistor [Ohm]."""
        assert self.r_p is not None
        assert self.tmr is not None
        return self.r_t if self.r_t is not None else self.r_p * sqrt(1 + self.tmr)

    @property
    def levels(self) -> tuple[float, float]:
        """Voltages [V] of the divider with the junction antiparallel and parallel."""
        assert self.r_p is not None
        assert self.tmr is not None
        assert self.supply is not None
        high, low = (divider(self.supply, self.transistor, r) for r in (self.r_p, self.r_p * (1 + self.tmr)))
        return low, high

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
        junctions = {"supply": self.supply, "r_p": self.r_p, "tmr": self.tmr}
        if self.r_t is not None:
            junctions["r_t"] = self.r_t
        graded = {**evidence, "interval": Evidence("derived", "clock and colours")}

        def joules(supply: float, r_p: float, tmr: float, interval: float, r_t: float | None = None) -> float:
            transistor = r_p * sqrt(1 + tmr) if r_t is None else r_t
            states = (r_p, r_p * (1 + tmr))
            return sum(static_energy(supply, transistor, junction, interval) for junction in states) / 2

        return (
            price("updates", "static", {**junctions, "interval": context.interval}, joules, graded),
            stated("updates", "latch", "e_latch", self.e_latch, evidence),
        )
