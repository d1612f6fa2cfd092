"""Conductances whose current is a nonlinear function of the voltage across them, u = v_p - v_n.

    polynomial   i = g1 u + g2 u^2 + g3 u^3 + g4 u^4 + g5 u^5
    tanh         i = i_max tanh(g u / i_max)
    formula      i(u) as an expression, tabulated on [low, high] (:mod:`thermosim.analysis.cubic_table`)

Noise is none, or the Johnson noise 2 k T i'(0) of the slope at 0 V: white, Gaussian, of an intensity that does not
follow the voltage. That is additive noise. Gaussian noise that followed a nonlinear current would drive a current in
equilibrium (Brillouin's paradox: Wyatt and Coram, IEEE Trans. Electron Devices 46, 184, 1999), so it is not offered;
transistors and diodes are charge-jump devices (models/transistors.py).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import StrictBool, model_validator

from thermosim.models.base import Kelvins, Model, Pin, PositiveAmperes, SignedSiemens, quantity
from thermosim.models.passives import TWO_TERMINAL

SiemensPerVolt = Annotated[float, *quantity("S/V", -1e30, 1e30)]
SiemensPerVolt2 = Annotated[float, *quantity("S/V^2", -1e30, 1e30)]
SiemensPerVolt3 = Annotated[float, *quantity("S/V^3", -1e30, 1e30)]
SiemensPerVolt4 = Annotated[float, *quantity("S/V^4", -1e30, 1e30)]


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

    def slopes(self) -> tuple[float, float]:
        """Slope at 0 V of the current, and the part of it that counts as linear conductance [S]."""
        raise NotImplementedError

    def linear(self, values: Any, k: int) -> tuple[float, float]:
        """Of element k: linear conductance [S] and slope at 0 V that makes the noise [S]."""
        raise NotImplementedError


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
