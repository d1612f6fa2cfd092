"""Noise currents of the parts of a chip: shot noise, 1/f noise, noise of finite bandwidth, held digital noise.

    shot_noise     S_I = 2 q I F M^2 (saturated), 2 q I coth(q V / 2 k T) (a junction with I at V)
    flicker_noise  S_I = A / f between f_low and f_high, A = psd at
    band_noise     S_I = psd / (1 + (f / bandwidth)^2), times the same of a second pole
    held_noise     a level drawn at every clock edge and held; rms^2 = psd / (2 h) for a period h

S_I [A^2/Hz] is one-sided. A current flows out of p into its net and returns through n, but for the mean of a junction,
which flows from p through it to n.
Schottky, Ann. Phys. 362, 541 (1918); McIntyre, IEEE Trans. Electron Devices 13, 164 (1966), for F and M.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from thermosim.models.base import (
    Amperes,
    CurrentDensity,
    Evidence,
    Hertz,
    Joules,
    Kelvins,
    Model,
    Pin,
    PositiveKelvins,
    Price,
    PriceContext,
    Siemens,
    Volts,
    count,
    quantity,
)
from thermosim.models.passives import TWO_TERMINAL
from thermosim.models.pricing import stated

Excess = Annotated[float, *quantity("1", 1, 1e6)]
Ripple = Annotated[float, *quantity("1", 1e-6, 0.1)]
Deviations = Annotated[float, *quantity("1", 1, 10)]


class ShotNoise(Model):
    """Shot noise of a junction or of a current that single electrons carry, as Gaussian white noise.

    `current` [A] alone is saturated: no electron comes back. With `voltage` [V], and `current` or the `conductance`
    of a tunnel junction, electrons go both ways, S_I = 2 q I coth(q V / 2 k T), which is 4 k T G at V = 0.
    `gain` and `excess_factor` F multiply a saturated current and its noise by an avalanche: M I and 2 q I F M^2.
    """

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("current", "conductance")

    type: Literal["shot_noise"] = "shot_noise"
    mean: Literal["included", "left_out"]
    current: Amperes | None = None
    conductance: Siemens | None = None
    voltage: Volts | None = None
    temperature: Kelvins | None = None
    gain: Excess | None = None
    excess_factor: Excess | None = None

    @model_validator(mode="after")
    def _stated_once(self) -> Self:
        if (self.current is None) == (self.conductance is None):
            raise ValueError("state the junction once: its current, or its conductance together with its voltage")
        if self.conductance is not None and self.voltage is None:
            raise ValueError("a conductance says what flows only with the voltage across it; state voltage")
        if self.current == 0:
            raise ValueError("no current, no shot noise; at 0 V state the conductance of the junction and voltage: 0 V")
        if self.voltage is not None and self.current is not None and self.voltage * self.current <= 0:
            raise ValueError(
                f"a passive junction does not carry {self.current:g} A at {self.voltage:g} V: both flow from p to n; "
                "at 0 V state its conductance"
            )
        if (self.gain is None) != (self.excess_factor is None):
            raise ValueError("an avalanche has both a gain M and an excess_factor F; neither follows from the other")
        if self.gain is not None and self.voltage is not None:
            raise ValueError("an avalanche is saturated: no electron comes back; leave voltage out")
        return self


class FlickerNoise(Model):
    """1/f noise between `f_low` and `f_high`, as a sum of relaxing currents whose spectrum ripples by `ripple`.

    `psd` is the one-sided density at the frequency `at`. The variance is psd at ln(f_high / f_low), exactly.
    """

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("psd",)

    type: Literal["flicker_noise"] = "flicker_noise"
    psd: Annotated[float, *quantity("A^2/Hz", above=0, maximum=1)]
    at: Hertz
    f_low: Hertz
    f_high: Hertz
    ripple: Ripple

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.f_high < 2 * self.f_low:
            raise ValueError(f"the band from {self.f_low:g} to {self.f_high:g} Hz is narrower than an octave: no 1/f")
        return self


class _Stated(Model):
    """Noise that is stated by its density at low frequencies, or by a temperature with its conductance."""

    psd: CurrentDensity | None = None
    t_eff: PositiveKelvins | None = None
    conductance: Siemens | None = None

    @model_validator(mode="after")
    def _density_stated_once(self) -> Self:
        by_temperature = (self.t_eff is not None, self.conductance is not None)
        if self.psd is not None and any(by_temperature):
            raise ValueError("psd already states the noise; leave t_eff and conductance out")
        if self.psd is None and not all(by_temperature):
            raise ValueError("state psd, or t_eff together with the conductance that it refers to")
        if self.psd == 0:
            raise ValueError("a psd of 0 is no noise; leave the source out")
        return self


class BandNoise(_Stated):
    """Noise current behind a pole at `bandwidth` [Hz], and behind another at `second_pole` if there is one."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("psd", "bandwidth")

    type: Literal["band_noise"] = "band_noise"
    bandwidth: Hertz
    second_pole: Hertz | None = None


class HeldNoise(_Stated):
    """Digital noise: at every edge of its clock a level is drawn from a normal law, and held until the next.

    `psd` is the density at low frequencies of the law before it is cut at `clip` standard deviations on either side
    and rounded to 2^`bits` levels between; both, or neither for levels of any value.
    """

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = (*TWO_TERMINAL, Pin("clock", "clock", "in"))
    counters: ClassVar[tuple[str, ...]] = ("updates",)
    mismatched: ClassVar[tuple[str, ...]] = ("psd",)

    type: Literal["held_noise"] = "held_noise"
    bits: Annotated[int, *count(1, 16)] | None = None
    clip: Deviations | None = None
    energy: Joules | None = None

    @model_validator(mode="after")
    def _levels(self) -> Self:
        if (self.bits is None) != (self.clip is None):
            raise ValueError("state bits and clip, the standard deviations that they reach to, or neither")
        return self

    def prices(self, evidence: Mapping[str, Evidence], context: PriceContext) -> tuple[Price, ...]:
        """One new level: the random number and its conversion."""
        return (stated("updates", "level", "energy", self.energy, evidence),)
