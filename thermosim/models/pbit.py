"""The one port of a p-bit: whatever is behind it, a fabric asks for a response and gets arrays.

The argument is a = gain (V - offset) / scale. Held at a constant V for a time D,

    P(x(t+D) = 1) = p + (x(t) - p) exp(-(k_up + k_down) D),   p = k_up / (k_up + k_down)

Without `barriers` the sum of the rates is 1/relaxation at every bias and p(a) is the logistic function or another
:mod:`curve <thermosim.models.curves>`. With them (Neel, Arrhenius)

    k_up = exp(-E_up (1 - a/c_up)^n) / tau0,   k_down = exp(-E_down (1 + a/c_down)^n) / tau0

in units of kT; a barrier that the bias has pulled down stays at zero.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Literal

import numpy as np

from thermosim.contracts import Floats
from thermosim.models.base import Evidence, Joules, Model, Number, Pin, PositiveNumber, PositiveSeconds, Price, Volts
from thermosim.models.curves import LOGISTIC, Curve
from thermosim.models.pricing import stated


@dataclass(frozen=True)
class Barriers:
    """Two wells, per element (elements,): attempt time `tau0` [s], barriers [kT], critical arguments, exponent.

    `exponent` 0 marks an element whose rates follow its curve p(a) with the constant sum 1/tau0.
    """

    tau0: Floats
    up: Floats
    down: Floats
    critical_up: Floats
    critical_down: Floats
    exponent: Floats
    curves: tuple[Curve, ...]

    def rates(self, element: int, argument: Floats) -> tuple[Floats, Floats]:
        """k_up and k_down [1/s] of one element at arguments (...,)."""
        up, down = self.log_rates(element, argument)
        return np.exp(up), np.exp(down)

    def log_rates(self, element: int, argument: Floats) -> tuple[Floats, Floats]:
        """ln(k_up s) and ln(k_down s) of one element at arguments (...,)."""
        n, attempts = self.exponent[element], -np.log(self.tau0[element])
        if n == 0:
            curve = self.curves[element]
            return attempts + curve.log_chance(argument), attempts + curve.log_rest(argument)
        up = self.up[element] * np.maximum(1.0 - argument / self.critical_up[element], 0.0) ** n
        down = self.down[element] * np.maximum(1.0 + argument / self.critical_down[element], 0.0) ** n
        return attempts - up, attempts - down


def join(parts: list[Barriers]) -> Barriers:
    """The elements of several arrays in a row."""
    numbers = [item.name for item in fields(Barriers) if item.name != "curves"]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in numbers}
    return Barriers(**joined, curves=tuple(curve for part in parts for curve in part.curves))


class Inner(ABC):
    """The inner state of an array of p-bits that is integrated in time, in equal steps; `kind` names its kernel."""

    kind: ClassVar[str]

    @abstractmethod
    def limits(self, reach: Floats) -> dict[str, float]:
        """Longest step [s] by the criterion that sets it, where arguments reach up to `reach` (elements,)."""

    @abstractmethod
    def columns(self, step: float) -> dict[str, Floats]:
        """What the kernel's table holds for steps of `step` [s], each (elements,), by the names of its columns."""

    @abstractmethod
    def departs(self, coupled: bool, wired: bool) -> str:
        """Why the law is not Boltzmann's even with inputs that do not lag; empty if it is as steps become short.

        `wired`: outputs act at once; else they are latched by a clock that is slow.
        """


@dataclass(frozen=True)
class Response:
    """What a fabric must know of an array of p-bits, per element (elements,).

    `scale` [V] moves logit p by one around V = offset (there p = 1/2, if the wells are equal); `offset` [V];
    `gain`; `bias`: the dimensionless h; `relaxation` [s] at V = offset; `barriers` None where it does not depend on V,
    and then p follows `curve`; `inner` for p-bits that are integrated in time.
    """

    scale: Floats
    offset: Floats
    gain: Floats
    bias: Floats
    relaxation: Floats
    barriers: Barriers | None = None
    curve: Curve = LOGISTIC
    inner: Inner | None = None

    def as_barriers(self) -> Barriers:
        """The barriers, or constant rates in their notation, so that kinds of p-bits mix in a fabric."""
        if self.barriers is not None:
            return self.barriers
        one, zero = np.ones_like(self.relaxation), np.zeros_like(self.relaxation)
        return Barriers(self.relaxation, zero, zero, one, one, zero, (self.curve,) * len(one))


class Pbit(Model, ABC):
    """A p-bit: analog input, bit output, `bias` the dimensionless h of the Boltzmann law.

    The host's side of it: reading one p-bit costs `e_read`, and all of them `read_time` together; programming one (its
    bias and couplings) costs `e_write`, and may be done once every `write_interval`. None: nobody states it.
    """

    family: ClassVar[Literal["pbit"]] = "pbit"
    pins: ClassVar[tuple[Pin, ...]] = (
        Pin("in", "analog", "in", optional=True),
        Pin("clock", "clock", "in", optional=True),
        Pin("out", "bit", "out", optional=True),
    )
    counters: ClassVar[tuple[str, ...]] = ("updates", "reads", "writes")

    offset: Volts = 0.0
    gain: PositiveNumber = 1.0
    bias: Number = 0.0
    e_read: Joules | None = None
    e_write: Joules | None = None
    read_time: PositiveSeconds | None = None
    write_interval: PositiveSeconds | None = None

    @property
    def bias_supply(self) -> float | None:
        """Supply [V] of the bias network that the couplings share with the cell, if the cell has one."""
        return None

    def host_prices(self, evidence: Mapping[str, Evidence]) -> tuple[Price, ...]:
        """Reading one p-bit, and programming one."""
        return (
            stated("reads", "read", "e_read", self.e_read, evidence),
            stated("writes", "write", "e_write", self.e_write, evidence),
        )

    @abstractmethod
    def port(self, values: Mapping[str, Floats]) -> Response:
        """Response of an array whose numeric parameters per element are `values`; `temperature` [K] is among them."""
