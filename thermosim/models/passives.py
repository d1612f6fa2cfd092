"""Resistor, capacitor, inductor and mutual inductance.

i = (v_p - v_n) / r, with Johnson noise of two-sided intensity 2 k T / r if `noisy`; i = c d(v_p - v_n)/dt; r and c are
those at `t_nominal` and change by the share `tc1` with every kelvin from there (:mod:`thermosim.circuit.warmth`);
a `gain` h(t) of a resistor multiplies 1 / r, and its noise with it; of a capacitor c, at constant charge;
l di/dt + sum_j M_j di_j/dt = v_p - v_n with M = k sqrt(l_a l_b).
Nyquist, Phys. Rev. 32, 110 (1928), eq. 1 (one-sided density 4 k T / r).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, StrictBool, StrictStr, model_validator

from thermosim.models.base import (
    Coefficient,
    Farads,
    Henries,
    Kelvins,
    Model,
    Ohms,
    Pin,
    PositiveKelvins,
    TemperatureCoefficient,
    ThermalResistance,
)

TWO_TERMINAL = (Pin("p", "analog", "inout"), Pin("n", "analog", "inout"))
FOLLOWS: Any = Field(None, description="a name under 'generators' whose value multiplies it")


class _Drifting(Model):
    """What both kinds of components say of temperature."""

    tc1: TemperatureCoefficient | None = None
    t_nominal: PositiveKelvins | None = None

    @model_validator(mode="after")
    def _drift_stated(self) -> Self:
        if (self.tc1 is None) != (self.t_nominal is None):
            raise ValueError("tc1 and t_nominal, the temperature at which its value holds, belong together")
        return self


class Resistor(_Drifting):
    """Linear resistor; `temperature` None is the netlist's, or that to which its own heat brings it through
    `thermal_resistance`."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("r",)

    type: Literal["resistor"] = "resistor"
    r: Ohms
    temperature: Kelvins | None = None
    noisy: StrictBool = True
    gain: StrictStr | None = Field(None, description="a name under 'generators' whose value multiplies 1 / r")
    thermal_resistance: ThermalResistance | None = None

    @model_validator(mode="after")
    def _one_temperature(self) -> Self:
        if self.temperature is not None and self.thermal_resistance is not None:
            raise ValueError("temperature holds it where it is; leave it or thermal_resistance out")
        return self


class Capacitor(_Drifting):
    """Linear capacitor, without noise of its own."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("c",)

    type: Literal["capacitor"] = "capacitor"
    c: Farads
    gain: StrictStr | None = FOLLOWS


class Inductor(Model):
    """Linear inductor without resistance, capacitance or noise of its own; its current i(NAME) flows from p to n."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("l",)

    type: Literal["inductor"] = "inductor"
    l: Henries  # noqa: E741 - the symbol of the field


class Mutual(Model):
    """Two inductors of the same body share flux: M = k sqrt(l_a l_b), the dots at their pins p."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = ()
    mismatched: ClassVar[tuple[str, ...]] = ("k",)

    type: Literal["mutual"] = "mutual"
    a: StrictStr
    b: StrictStr
    k: Coefficient
