"""Ideal sources and clocks.

White noise of one-sided density S_I [A^2/Hz], or S_I = 4 k T_eff G: <i(t) i(t')> = (S_I / 2) delta(t - t').
A `gain` h(t) multiplies v, i, or the density S_I.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import StrictStr, model_validator

from thermosim.constants import BOLTZMANN
from thermosim.models.base import Amperes, CurrentDensity, Frequency, Kelvins, Model, Pin, Siemens, Volts
from thermosim.models.passives import FOLLOWS, TWO_TERMINAL


class WhiteNoise(Model):
    """Noise current between p and n, stated by its density or by a temperature with the conductance it refers to."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("psd",)

    type: Literal["white_noise"] = "white_noise"
    psd: CurrentDensity | None = None
    t_eff: Kelvins | None = None
    conductance: Siemens | None = None
    gain: StrictStr | None = FOLLOWS

    @model_validator(mode="after")
    def _stated_once(self) -> Self:
        by_temperature = (self.t_eff is not None, self.conductance is not None)
        if self.psd is not None and any(by_temperature):
            raise ValueError("psd already states the noise; leave t_eff and conductance out")
        if self.psd is None and not all(by_temperature):
            raise ValueError("state psd, or t_eff together with the conductance that it refers to")
        return self

    @property
    def intensity(self) -> float:
        """Two-sided intensity S_I / 2 [A^2 s]."""
        if self.psd is not None:
            return self.psd / 2
        assert self.t_eff is not None
        assert self.conductance is not None
        return 2 * BOLTZMANN * self.t_eff * self.conductance


class VoltageSource(Model):
    """Ideal voltage source: v_p - v_n = v."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("v",)

    type: Literal["voltage_source"] = "voltage_source"
    v: Volts
    gain: StrictStr | None = FOLLOWS


class CurrentSource(Model):
    """Ideal current source: i flows out of p into its net and returns through n."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("i",)

    type: Literal["current_source"] = "current_source"
    i: Amperes
    gain: StrictStr | None = FOLLOWS


class ClockSource(Model):
    """Clock with edge k at floor(k / frequency) femtoseconds; the frequency is a fraction, so it does not drift."""

    family: ClassVar[Literal["digital"]] = "digital"
    pins: ClassVar[tuple[Pin, ...]] = (Pin("out", "clock", "out"),)

    type: Literal["clock"] = "clock"
    frequency: Frequency
