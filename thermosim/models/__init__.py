"""Device models: what each device is, as data. `REGISTRY` finds a class by its `type`."""

from __future__ import annotations

from thermosim.models.adc import Adc
from thermosim.models.amplifiers import Amplifier, Transconductance, Vcvs
from thermosim.models.base import Model
from thermosim.models.cmos_rng import CmosRng
from thermosim.models.dac import Dac
from thermosim.models.design import Design1, Design2
from thermosim.models.digital import Digital
from thermosim.models.macrospin import Macrospin
from thermosim.models.mtj import Mtj
from thermosim.models.noise_sources import BandNoise, FlickerNoise, HeldNoise, ShotNoise
from thermosim.models.nonlinear import (
    FormulaConductance,
    PolynomialConductance,
    SaturableInductor,
    SaturableTransconductance,
    TanhConductance,
)
from thermosim.models.passives import Capacitor, Inductor, Mutual, Resistor
from thermosim.models.pdit import Pdit
from thermosim.models.platform import Platform
from thermosim.models.sources import ClockSource, CurrentSource, VoltageSource, WhiteNoise
from thermosim.models.switches import Switch
from thermosim.models.synapse import Synapse, quantise
from thermosim.models.transistors import Diode, Nmos, Pmos

_CLASSES: tuple[type[Model], ...] = (
    Resistor,
    Capacitor,
    Inductor,
    Mutual,
    Switch,
    Transconductance,
    Vcvs,
    Amplifier,
    PolynomialConductance,
    TanhConductance,
    FormulaConductance,
    SaturableInductor,
    SaturableTransconductance,
    Diode,
    Nmos,
    Pmos,
    WhiteNoise,
    ShotNoise,
    FlickerNoise,
    BandNoise,
    HeldNoise,
    VoltageSource,
    CurrentSource,
    ClockSource,
    Adc,
    Dac,
    Digital,
    Platform,
    CmosRng,
    Mtj,
    Design1,
    Design2,
    Macrospin,
    Pdit,
    Synapse,
)
REGISTRY: dict[str, type[Model]] = {str(model.model_fields["type"].default): model for model in _CLASSES}

__all__ = ["REGISTRY", "quantise"]
