"""Linear active elements: transconductance, voltage-controlled voltage source, and amplifier with one pole.

Transconductance: the current gm (v_cp - v_cn) flows out of p into its net and returns through n. Ideal source without a
pole (vcvs): v_p - v_n = gain (v_cp - v_cn), whatever current that takes. Amplifier: an inner
voltage w with

    (1 / 2 pi f) dw/dt = gain (v_in_p - v_in_n + e) - w,   current (w - v_out) / output_resistance into `out`,

e white of one-sided density `psd`; f = gbw / |gain| where gbw is stated. `swing` [V] limits nothing: a lint tells when
the output goes beyond it.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from thermosim.models.base import Hertz, Model, Number, Ohms, Pin, PositiveVolts, SignedSiemens, VoltageDensity


class Transconductance(Model):
    """Voltage-controlled current source, linear, of either sign, without noise or bandwidth of its own."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = (
        Pin("p", "analog", "inout"),
        Pin("n", "analog", "inout"),
        Pin("cp", "analog", "in"),
        Pin("cn", "analog", "in"),
    )
    mismatched: ClassVar[tuple[str, ...]] = ("gm",)

    type: Literal["transconductance"] = "transconductance"
    gm: SignedSiemens


class Vcvs(Model):
    """Ideal voltage-controlled voltage source: no pole, no noise, no resistance; its controls draw no current."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = Transconductance.pins
    mismatched: ClassVar[tuple[str, ...]] = ("gain",)

    type: Literal["vcvs"] = "vcvs"
    gain: Number


class Amplifier(Model):
    """Amplifier with one pole, input noise and a noiseless output resistance; its inputs draw no current."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = (
        Pin("in_p", "analog", "in"),
        Pin("in_n", "analog", "in"),
        Pin("out", "analog", "inout"),
    )
    mismatched: ClassVar[tuple[str, ...]] = ("gain", "bandwidth", "gbw")

    type: Literal["amplifier"] = "amplifier"
    gain: Number
    bandwidth: Hertz | None = None
    gbw: Hertz | None = None
    output_resistance: Ohms
    psd: VoltageDensity
    swing: PositiveVolts | None = None
    saturation: PositiveVolts | None = None

    @model_validator(mode="after")
    def _built(self) -> Self:
        wrong = []
        if self.saturation is not None:
            wrong.append(
                "saturation is not built: an amplifier is linear; state swing, and a lint tells when its output goes "
                "beyond it"
            )
        if (self.bandwidth is None) == (self.gbw is None):
            wrong.append("state the pole once: bandwidth, or gbw = |gain| bandwidth")
        if self.gain == 0:
            wrong.append("a gain of 0 amplifies nothing; leave the amplifier out")
        if wrong:
            raise ValueError("; and ".join(wrong))
        return self
