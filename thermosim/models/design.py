"""Unclocked cells of Faria and others: a persistent threshold (`design1`), a magnet that the input tunes (`design2`).

    design 1 (3T-1MTJ)  output sgn(r_T - r): r_T follows tanh(V/V_0) in tau_T, the junction holds r until it redraws it
                        from U(-1, 1), at the rate exp(-r I_MTJ / I_S0) / tau_N
    design 2 (SOT)      output m, which flips at the rate exp(-m V/V_0) / tau_N

An isolated cell is +1 with p = sigmoid(2 V/V_0), so V_s = V_0 / 2; in design 1 only without read current, which makes
r dwell near +1: p = (e^(k t) - e^(-k)) / (2 sinh k), k = I_MTJ / I_S0, t = tanh(V/V_0).
Faria, Kaiser, Camsari, Datta, Front. Comput. Neurosci. 15, 584797 (2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from thermosim.contracts import Floats
from thermosim.models.base import (
    Amperes,
    Evidence,
    Joules,
    PositiveAmperes,
    PositiveSeconds,
    PositiveVolts,
    Price,
    PriceContext,
    Seconds,
)
from thermosim.models.divider import Divided
from thermosim.models.pbit import Inner, Response
from thermosim.models.pricing import stated

THRESHOLD, TUNED = 0.02, 0.06
"""Longest steps in mean times to the next move of the fastest cell. Wires show the old output for a step, so the law of
coupled cells is off by about as much."""


@dataclass(frozen=True)
class Threshold(Inner):
    """Design 1, per element: times [s] and pinning k."""

    kind: ClassVar[str] = "design1"
    tau_n: Floats
    tau_t: Floats
    pinning: Floats

    def limits(self, reach: Floats) -> dict[str, float]:
        fastest = self.tau_n * np.exp(-np.abs(self.pinning))
        return {f"step <= {THRESHOLD:g} tau_n exp(-i_mtj/i_s0)": float(THRESHOLD * fastest.min())}

    def columns(self, step: float) -> dict[str, Floats]:
        with np.errstate(divide="ignore"):
            follow = -np.expm1(-step / self.tau_t)
        return {"follow": follow, "attempts": step / self.tau_n, "pinning": self.pinning}

    def departs(self, coupled: bool, wired: bool) -> str:
        pinned = bool(np.any(self.pinning))
        because = "the read current makes thresholds dwell at one end, so its response is not the sigmoid"
        if coupled and wired:
            return (
                "design 1 wired through — a threshold persists while its neighbours move, so it is not fresh noise: a "
                "pair with instant response has P(unequal) = (1 - t)^2 / 2, t = tanh J, where Boltzmann has "
                "(1 - t) / 2; a clock that latches one colour at a time and waits for tau_n mends it"
                + (f"; and {because}" if pinned else "")
            )
        return f"design 1: {because}" if pinned else ""


@dataclass(frozen=True)
class Tuned(Inner):
    """Design 2, per element: `tau_n` [s]."""

    kind: ClassVar[str] = "design2"
    tau_n: Floats

    def limits(self, reach: Floats) -> dict[str, float]:
        fastest = self.tau_n * np.exp(-reach / 2)
        return {f"step <= {TUNED:g} tau_n exp(-|V|/v0)": float(TUNED * fastest.min())}

    def columns(self, step: float) -> dict[str, Floats]:
        return {"attempts": step / self.tau_n}

    def departs(self, coupled: bool, wired: bool) -> str:
        return ""


class Design1(Divided):
    """3T-1MTJ cell with a persistent threshold: `v0` [V], `tau_n`, `tau_t` [s]; read current `i_mtj` over `i_s0` [A].

    `tau_t` is the response of transistor and inverter; the synapse's `settling` is tau_S. 0 A states that the read
    current pins nothing. Readout, for its energy: see :class:`Divided`.
    """

    mismatched: ClassVar[tuple[str, ...]] = ("offset", "gain", "v0", "tau_n", "tau_t")

    type: Literal["design1"] = "design1"
    v0: PositiveVolts
    tau_n: PositiveSeconds
    tau_t: Seconds
    i_mtj: Amperes
    i_s0: PositiveAmperes

    def port(self, values: Mapping[str, Floats]) -> Response:
        """Scale V_0 / 2."""
        inner = Threshold(values["tau_n"], values["tau_t"], values["i_mtj"] / values["i_s0"])
        return Response(
            values["v0"] / 2, values["offset"], values["gain"], values["bias"], values["tau_n"], inner=inner
        )

    def prices(self, evidence: Mapping[str, Evidence], context: PriceContext) -> tuple[Price, ...]:
        """One update: `static`, the divider until the next one (one tau_n where nothing clocks it)."""
        return (self.static(evidence, context),)


class Design2(Divided):
    """SOT or GSHE cell whose magnet the input tunes: `v0` [V], `tau_n` [s]; `e_write` [J] of its write current.

    Readout, for its energy: see :class:`Divided`.
    """

    mismatched: ClassVar[tuple[str, ...]] = ("offset", "gain", "v0", "tau_n")

    type: Literal["design2"] = "design2"
    v0: PositiveVolts
    tau_n: PositiveSeconds
    e_write: Joules | None = None

    def port(self, values: Mapping[str, Floats]) -> Response:
        """Scale V_0 / 2; both rates are 1/tau_n at V = 0, so it relaxes in half of tau_n."""
        inner = Tuned(values["tau_n"])
        return Response(
            values["v0"] / 2, values["offset"], values["gain"], values["bias"], values["tau_n"] / 2, inner=inner
        )

    def prices(self, evidence: Mapping[str, Evidence], context: PriceContext) -> tuple[Price, ...]:
        """One update: `static`, the divider until the next one, and `write`."""
        return (self.static(evidence, context), stated("updates", "write", "e_write", self.e_write, evidence))
