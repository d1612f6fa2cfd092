"""Conductances whose current is a nonlinear function of the voltage across them, u = v_p - v_n; a coil that saturates,
and a transconductance that does.

    polynomial   i = g1 u + g2 u^2 + g3 u^3 + g4 u^4 + g5 u^5
    tanh         i = i_max tanh(g u / i_max)
    formula      i(u) as an expression, tabulated on [low, high] (:mod:`thermosim.analysis.cubic_table`)
    gm           i_max tanh(gm (v_cp - v_cn) / i_max) out of p into its net, back through n
    coil         i = x (1 + (x / i_sat)^2),  l dx/dt = u;  x = flux / l,  energy l x^2 / 2 + l x^4 / (4 i_sat^2)

Noise is none, or the Johnson noise 2 k T i'(0) of the slope at 0 V: white, Gaussian, of an intensity that does not
follow the voltage. That is additive noise. Gaussian noise that followed a nonlinear current would drive a current in
equilibrium (Brillouin's paradox: Wyatt and Coram, IEEE Trans. Electron Devices 46, 184, 1999), so it is not offered;
transistors and diodes are charge-jump devices (models/transistors.py).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import (
    BeforeValidator,
    PlainSerializer,
    StrictBool,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from thermosim.analysis.cubic_table import CubicTable, tabulate
from thermosim.models.amplifiers import Transconductance
from thermosim.models.base import (
    Evaluate,
    Henries,
    Kelvins,
    Model,
    Pin,
    PositiveAmperes,
    SignedSiemens,
    Volts,
    quantity,
)
from thermosim.models.passives import TWO_TERMINAL
from thermosim.units import Quantity, read_any

SiemensPerVolt = Annotated[float, *quantity("S/V", -1e30, 1e30)]
SiemensPerVolt2 = Annotated[float, *quantity("S/V^2", -1e30, 1e30)]
SiemensPerVolt3 = Annotated[float, *quantity("S/V^3", -1e30, 1e30)]
SiemensPerVolt4 = Annotated[float, *quantity("S/V^4", -1e30, 1e30)]
TABLE_ERROR = 1e-9
"""Error of a tabulated formula, as a share of its largest current, up to which it is taken."""


@dataclass(frozen=True, eq=False)
class Formula:
    """A current [A] as an expression in v [V], and its table."""

    text: str
    table: CubicTable


def _formula(value: Any, info: ValidationInfo) -> Formula:
    low, high = info.data.get("low"), info.data.get("high")
    evaluate: Evaluate | None = (info.context or {}).get("evaluate")
    if not isinstance(value, str) or not value.strip().startswith("{"):
        raise ValueError("expected an expression in quotes and braces with v in it, e.g. '{I0 * (exp(v / V0) - 1)}'")
    if evaluate is None:
        raise ValueError(f"'{value}': expressions are not allowed here")
    if low is None or high is None or not low < high:
        raise ValueError("it needs a range, low below high, in which it holds")
    volt = read_any("1 V")

    def at(volts: float) -> float:
        return evaluate(value, "A", {"v": Quantity(volts, volt.dimension)})

    table = tabulate(at, low, high, TABLE_ERROR)
    if not np.any(table.pieces[:, 1:]):
        raise ValueError(f"'{value}' does not depend on v; draw a current_source")
    return Formula(value, table)


def _dumped(formula: Formula) -> str:
    """Text and values: elements whose names stand for other numbers differ."""
    return f"{formula.text} {sha256(formula.table.pieces.tobytes()).hexdigest()}"


Curve = Annotated[
    Any,
    BeforeValidator(_formula),
    PlainSerializer(_dumped),
    WithJsonSchema({"type": "string", "description": "expression in v, a current; in quotes and braces"}),
]


class NonlinearConductance(Model):
    """What nonlinear conductances share; `temperature` None is the netlist's. `noisy` has no default: state it."""

    family: ClassVar[Literal["nonlinear"]] = "nonlinear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL

    noisy: StrictBool
    temperature: Kelvins | None = None

    @model_validator(mode="after")
    def _noise_of_a_slope(self) -> Self:
        if self.noisy and not self.slopes()[0] > 0:
            raise ValueError(
                "its slope at 0 V is not above 0, so that there is no Johnson noise to take; say noisy: false and put "
                "a white_noise beside it"
            )
        if not self.noisy and self.temperature is not None:
            raise ValueError("without noise it has no use for a temperature; leave one of the two out")
        return self

    @abstractmethod
    def slopes(self) -> tuple[float, float]:
        """Slope at 0 V of the current, and the part of it that counts as linear conductance [S]."""

    @abstractmethod
    def linear(self, values: Any, k: int) -> tuple[float, float]:
        """Of element k: linear conductance [S] and slope at 0 V that makes the noise [S]."""


class PolynomialConductance(NonlinearConductance):
    """Polynomial current; g1 is its linear part, which is stepped exactly."""

    mismatched: ClassVar[tuple[str, ...]] = ("g1", "g2", "g3", "g4", "g5")

    type: Literal["polynomial_conductance"] = "polynomial_conductance"
    g1: SignedSiemens = 0.0
    g2: SiemensPerVolt = 0.0
    g3: SiemensPerVolt2 = 0.0
    g4: SiemensPerVolt3 = 0.0
    g5: SiemensPerVolt4 = 0.0

    @model_validator(mode="after")
    def _nonlinear(self) -> Self:
        if not any((self.g2, self.g3, self.g4, self.g5)):
            raise ValueError("state one of g2 to g5; a conductance of g1 alone is a resistor")
        return self

    def slopes(self) -> tuple[float, float]:
        """g1, all of it linear."""
        return self.g1, self.g1

    def linear(self, values: Any, k: int) -> tuple[float, float]:
        """g1 of element k, twice."""
        return float(values["g1"][k]), float(values["g1"][k])


class TanhConductance(NonlinearConductance):
    """Current that saturates at +-i_max, with the slope `g` at 0 V, of either sign."""

    mismatched: ClassVar[tuple[str, ...]] = ("g", "i_max")

    type: Literal["tanh_conductance"] = "tanh_conductance"
    g: SignedSiemens
    i_max: PositiveAmperes

    def slopes(self) -> tuple[float, float]:
        """g, none of it linear."""
        return self.g, 0.0

    def linear(self, values: Any, k: int) -> tuple[float, float]:
        """No linear conductance; noise of g."""
        return 0.0, float(values["g"][k])


class FormulaConductance(NonlinearConductance):
    """Current as an expression in v = v_p - v_n; it holds from `low` to `high`, and a run stops outside."""

    type: Literal["formula_conductance"] = "formula_conductance"
    low: Volts
    high: Volts
    current: Curve

    def slopes(self) -> tuple[float, float]:
        """The slope of the table at 0 V, none of it linear; 0 where 0 V is not in it."""
        table: CubicTable = self.current.table
        return (float(table.at(np.zeros(1), 1)[0]) if table.low <= 0 <= table.high else 0.0), 0.0

    def linear(self, values: Any, k: int) -> tuple[float, float]:
        """No linear conductance; noise of the slope at 0 V."""
        return 0.0, self.slopes()[0]


class SaturableInductor(Model):
    """Coil whose current rises faster than its flux; `i_sat` is that x at which half of the current is the excess."""

    family: ClassVar[Literal["nonlinear"]] = "nonlinear"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("l", "i_sat")

    type: Literal["saturable_inductor"] = "saturable_inductor"
    l: Henries  # noqa: E741 - the symbol of the field
    i_sat: PositiveAmperes


class SaturableTransconductance(Model):
    """Voltage-controlled current source of the slope `gm` at 0 V, of either sign, that ends at +-`i_max`; without noise
    or bandwidth of its own."""

    family: ClassVar[Literal["nonlinear"]] = "nonlinear"
    pins: ClassVar[tuple[Pin, ...]] = Transconductance.pins
    mismatched: ClassVar[tuple[str, ...]] = ("gm", "i_max")

    type: Literal["saturable_transconductance"] = "saturable_transconductance"
    gm: SignedSiemens
    i_max: PositiveAmperes
