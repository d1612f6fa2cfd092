"""Reading a junction: a transistor and the junction share a supply, and an inverter compares what lies between.

V_mid = (V_dd/2) (R_T - R_MTJ) / (R_T + R_MTJ),  static power V_dd^2 / (R_T + R_MTJ)
R = R_P (1 + rho) / (1 - rho z),  rho = TMR / (TMR + 2),  TMR(V) = TMR_0 / (1 + (V/V_h)^2),  V across the junction
z = +1 is the antiparallel state, R_P (1 + TMR); the inverter turns its low V_mid into output +1. At R_T = sqrt(R_P
R_AP) two states are furthest apart, but a magnet at z = 0 does not give half the swing: 1/R is what is linear in z.
Camsari, Salahuddin, Datta, IEEE EDL 38, 1767 (2017); the fall of the TMR is the usual Lorentzian of fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Self

from pydantic import model_validator

from thermosim.models.base import Evidence, Ohms, PositiveNumber, PositiveVolts, Price, PriceContext, Volts
from thermosim.models.pbit import Pbit
from thermosim.models.pricing import price


def divider(supply: float, transistor: float, junction: float) -> float:
    """Voltage [V] between transistor and junction on rails of +-supply/2; the junction hangs on the upper rail."""
    return 0.5 * supply * (transistor - junction) / (transistor + junction)


def static_energy(supply: float, transistor: float, junction: float, interval: float) -> float:
    """Energy [J] that the divider burns in `interval` [s]."""
    return supply**2 / (transistor + junction) * interval


def fallen(tmr: float, volts: float, v_half: float | None) -> float:
    """TMR with `volts` across the junction; it has fallen to half at `v_half`, or never where that is None."""
    return tmr if v_half is None else tmr / (1 + (volts / v_half) ** 2)


def antiparallel(supply: float, transistor: float, r_p: float, tmr: float, v_half: float | None) -> float:
    """Resistance [Ohm] of the antiparallel state, which lowers its own TMR by the voltage that it takes."""
    low, high = r_p, r_p * (1 + tmr)
    if v_half is None:
        return high
    for _ in range(60):
        middle = 0.5 * (low + high)
        if r_p * (1 + fallen(tmr, supply * middle / (middle + transistor), v_half)) > middle:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


class Divided(Pbit):
    """A p-bit whose junction may be read by a divider, all or nothing.

    `r_p` [Ohm], `tmr` at no voltage, `supply` [V]; `v_half` [V] halves the TMR; `r_t` (sqrt(R_P R_AP) at no voltage if
    left out) and the inverter's `threshold` [V] from mid supply.
    """

    r_p: Ohms | None = None
    tmr: PositiveNumber | None = None
    v_half: PositiveVolts | None = None
    supply: PositiveVolts | None = None
    r_t: Ohms | None = None
    threshold: Volts = 0.0

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if not self.readable:
            if any(item is not None for item in (self.r_p, self.tmr, self.supply, self.r_t, self.v_half)):
                raise ValueError("a readout needs r_p, tmr and supply together")
            if self.threshold:
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
    def readable(self) -> bool:
        """Whether a readout is stated."""
        return None not in (self.r_p, self.tmr, self.supply)

    @property
    def junction(self) -> tuple[float, float, float]:
        """R_P [Ohm], TMR at no voltage, supply [V]."""
        assert self.r_p is not None
        assert self.tmr is not None
        assert self.supply is not None
        return self.r_p, self.tmr, self.supply

    @property
    def transistor(self) -> float:
        """Resistance of the transistor [Ohm]."""
        r_p, tmr, _ = self.junction
        return self.r_t if self.r_t is not None else r_p * sqrt(1 + tmr)

    @property
    def levels(self) -> tuple[float, float]:
        """Voltages [V] of the divider with the junction antiparallel and parallel."""
        r_p, tmr, supply = self.junction
        r_ap = antiparallel(supply, self.transistor, r_p, tmr, self.v_half)
        return divider(supply, self.transistor, r_ap), divider(supply, self.transistor, r_p)

    @property
    def switching(self) -> float:
        """z of the magnet at which the inverter switches, +1 antiparallel; 0 without a readout."""
        if not self.readable:
            return 0.0
        r_p, tmr, supply = self.junction
        across = 0.5 * supply - self.threshold
        at = self.transistor * across / (supply - across)
        there = fallen(tmr, across, self.v_half)
        rho = there / (there + 2)
        return (1 - r_p * (1 + rho) / at) / rho

    def static(self, evidence: Mapping[str, Evidence], context: PriceContext) -> Price:
        """Price of the divider between two updates, mean of both states."""
        junctions = {"supply": self.supply, "r_p": self.r_p, "tmr": self.tmr}
        for name in ("r_t", "v_half"):
            if getattr(self, name) is not None:
                junctions[name] = getattr(self, name)
        graded = {**evidence, "interval": Evidence("derived", "clock and colours, or relaxation time")}

        def joules(
            supply: float, r_p: float, tmr: float, interval: float, r_t: float | None = None,
            v_half: float | None = None,
        ) -> float:  # fmt: skip
            transistor = r_p * sqrt(1 + tmr) if r_t is None else r_t
            states = (r_p, antiparallel(supply, transistor, r_p, tmr, v_half))
            return sum(static_energy(supply, transistor, junction, interval) for junction in states) / 2

        return price("updates", "static", {**junctions, "interval": context.interval}, joules, graded)
