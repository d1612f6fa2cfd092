"""Resistor, capacitor, inductor and mutual inductance.

i = (v_p - v_n) / r, with Johnson noise of two-sided intensity 2 k T / r if `noisy`; i = c d(v_p - v_n)/dt;
a `gain` h(t) of a resistor multiplies 1 / r, and its noise with it;
l di/dt + sum_j M_j di_j/dt = v_p - v_n with M = k sqrt(l_a l_b).
Nyquist, Phys. Rev. 32, 110 (1928), eq. 1 (one-sided density 4 k T / r).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, StrictBool, StrictStr

from thermosim.models.base import Coefficient, Farads, Henries, Kelvins, Model, Ohms, Pin

TWO_TERMINAL = (Pin("p", "analog", "inout"), Pin("n", "analog", "inout"))
FOLLOWS: Any = Field(None, description="a name under 'generators' whose value multiplies it")


class Resistor(Model):
    """Linear resistor; `temperature` None is the netlist's."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("r",)

    type: Literal["resistor"] = "resistor"
    r: Ohms
    temperature: Kelvins | None = None
    noisy: StrictBool = True
    gain: StrictStr | None = Field(None, description="a name under 'generators' whose value multiplies 1 / r")


class Capacitor(Model):
    """Linear capacitor, without noise of its own."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("c",)

    type: Literal["capacitor"] = "capacitor"
    c: Farads


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
