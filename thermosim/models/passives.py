"""Resistor and capacitor.

i = (v_p - v_n) / r, with Johnson noise of two-sided intensity 2 k T / r if `noisy`; i = c d(v_p - v_n)/dt.
Nyquist, Phys. Rev. 32, 110 (1928), eq. 1 (one-sided density 4 k T / r).
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import StrictBool

from thermosim.models.base import Farads, Kelvins, Model, Ohms, Pin

TWO_TERMINAL = (Pin("p", "analog", "inout"), Pin("n", "analog", "inout"))


class Resistor(Model):
    """Linear resistor; `temperature` None is the netlist's."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("r",)

    type: Literal["resistor"] = "resistor"
    r: Ohms
    temperature: Kelvins | None = None
    noisy: StrictBool = True


class Capacitor(Model):
    """Linear capacitor, without noise of its own."""

    family: ClassVar[Literal["linear"]] = "linear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("c",)

    type: Literal["capacitor"] = "capacitor"
    c: Farads
