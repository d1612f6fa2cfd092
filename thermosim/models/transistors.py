"""Subthreshold transistors and diodes whose charge crosses one elementary charge at a time.

Forward and reverse jumps are two Poisson processes. Their macroscopic rates [1/s] are, with V_T = k T / q,

    NMOS   forward (q from d to s)  (I_0/q) exp((v_gb - V_th)/(n V_T) - v_sb/V_T),   reverse  .. - v_db/V_T
    PMOS   forward (q from s to d)  (I_0/q) exp((v_bg - V_th)/(n V_T) + v_sb/V_T),   reverse  .. + v_db/V_T
    diode  forward (q from p to n)  (I_s/q) exp(v_pn/V_T),                           reverse  I_s/q

so that forward/reverse = exp(V/V_T), V the voltage along the forward current: local detailed balance. A jump moves the
voltages, and its rate is the macroscopic one half-way (analysis/jumps.py), which keeps detailed balance at finite
charge.

    I = I_0 exp((v_gs - V_th)/(n V_T)) (1 - exp(-v_ds/V_T)),   S_I = 2 q I_sat (1 + exp(-v_ds/V_T))   (bulk at the
    source)

Enz, Krummenacher, Vittoz, Analog Integr. Circuits Signal Process. 8, 83 (1995), weak inversion; Sarpeshkar, Delbrueck,
Mead, IEEE Circuits Devices 9(6), 23 (1993); Freitas, Delvenne, Esposito, Phys. Rev. X 11, 031064 (2021).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from thermosim.constants import BOLTZMANN, CHARGE
from thermosim.models.base import Model, Pin, PositiveKelvins, Volts, quantity
from thermosim.models.passives import TWO_TERMINAL

PositiveAmperes = Annotated[float, *quantity("A", above=0, maximum=1e3)]
SlopeFactor = Annotated[float, *quantity("1", 1, 10)]
VoltsPerKelvin = Annotated[float, *quantity("V/K", -0.1, 0.1)]
Exponent = Annotated[float, *quantity("1", -10, 10)]


def thermal_voltage(temperature: float) -> float:
    """V_T = k T / q [V]."""
    return BOLTZMANN * temperature / CHARGE


class Transistor(Model):
    """What NMOS and PMOS share.

    `i_0` [A]: saturated drain current at v_gs = V_th, and `v_th` [V], both at `t_nominal`; `n`: slope factor. At
    another temperature T, I_0 -> I_0 (T/t_nominal)^(2 - mobility_exponent) (specific current: V_T^2 times mobility) and
    V_th -> V_th - v_th_slope (T - t_nominal). `temperature` None is the netlist's.
    """

    family: ClassVar[Literal["jump"]] = "jump"
    pins: ClassVar[tuple[Pin, ...]] = (
        Pin("g", "analog", "in"),
        Pin("d", "analog", "inout"),
        Pin("s", "analog", "inout"),
        Pin("b", "analog", "in", optional=True),
    )
    mismatched: ClassVar[tuple[str, ...]] = ("i_0", "v_th", "n")

    i_0: PositiveAmperes
    v_th: Volts
    n: SlopeFactor
    temperature: PositiveKelvins | None = None
    t_nominal: PositiveKelvins = 300.0
    v_th_slope: VoltsPerKelvin | None = None
    mobility_exponent: Exponent = 1.5

    def at(self, values: Any, k: int, temperature: float) -> tuple[float, float, float]:
        """I_0 [A], V_th [V] and n of element k at `temperature` [K]; `values` holds parameters (element,)."""
        current = float(values["i_0"][k]) * (temperature / self.t_nominal) ** (2 - self.mobility_exponent)
        shift = (self.v_th_slope or 0.0) * (temperature - self.t_nominal)
        return current, float(values["v_th"][k]) - shift, float(values["n"][k])


class Nmos(Transistor):
    """Subthreshold n-channel transistor with Poisson charge jumps; `b` is at the source unless it is wired."""

    type: Literal["nmos"] = "nmos"


class Pmos(Transistor):
    """Subthreshold p-channel transistor with Poisson charge jumps; `v_th` is the magnitude of its threshold."""

    type: Literal["pmos"] = "pmos"


class Diode(Model):
    """Junction with Poisson charge jumps, i = i_s (exp(v/V_T) - 1); `i_s` is that of its own temperature."""

    family: ClassVar[Literal["jump"]] = "jump"
    pins: ClassVar[tuple[Pin, ...]] = TWO_TERMINAL
    mismatched: ClassVar[tuple[str, ...]] = ("i_s",)

    type: Literal["diode"] = "diode"
    i_s: PositiveAmperes
    temperature: PositiveKelvins | None = None
