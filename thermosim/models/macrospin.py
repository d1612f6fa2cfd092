"""A junction's magnet followed in time (s-LLG) as a p-bit: the input is a spin current or a field, the output is read.

    output +1 where the divider is below the inverter's threshold, that is m_z > z*;  m_z = +1 is antiparallel
    I_s = g V' (spin current along z), or H = k V' (field along z), V' = gain (V - offset)
    perpendicular: z is the normal of the disc; in_plane: z lies in it, and the normal is the hard axis
    V_s: d logit P / dV = 1 / V_s at V = 0, from exp(-E/kT + x m_z), x = hbar I_s / (2 q a kT) or mu0 H M_s V / kT

A spin current has that law only along an axis of symmetry, so it drives perpendicular magnets. Only an isotropic magnet
that is read at m_z = 0 answers with p = sigmoid(x) exactly.
Equation and noise: :mod:`thermosim.kernels.macrospin`; Camsari, Faria, Sutton, Datta, Phys. Rev. X 7, 031014 (2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import expm1, pi, sqrt
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from thermosim.analysis.magnet import GAMMA0, Magnet, vcma
from thermosim.contracts import Floats
from thermosim.models.base import (
    Evidence,
    FieldStrength,
    Magnetisation,
    PositiveMetres,
    PositiveNumber,
    Price,
    PriceContext,
    Share,
    Siemens,
    Vcma,
    Volts,
    quantity,
)
from thermosim.models.divider import Divided
from thermosim.models.pbit import Inner, Response

FieldPerVolt = Annotated[float, *quantity("A/m/V", above=0)]
LOWEST_WELL = 1.0
"""Barrier [kT] up to which a magnet read in its plane is taken as an easy plane."""


@dataclass(frozen=True)
class Followed(Inner):
    """The magnets of an array; what one unit of the argument adds: spin current [A], field [A/m]; z* of the readout."""

    kind: ClassVar[str] = "macrospin"
    magnet: Magnet
    current: Floats
    field: Floats
    threshold: float
    isotropic: bool

    def limits(self, reach: Floats) -> dict[str, float]:
        return self.magnet.limits(self.field * reach, np.abs(self.current) * reach)

    def columns(self, step: float) -> dict[str, Floats]:
        drives = {"field_drive": self.field, "torque_drive": self.magnet.torque(self.current)}
        return self.magnet.numbers(step) | drives | {"threshold": np.asarray(self.threshold)}

    def departs(self, coupled: bool, wired: bool) -> str:
        response = "" if self.isotropic and self.threshold == 0 else "the response of its magnets is not the sigmoid"
        if coupled and wired:
            return (
                "macrospins wired through — the output is the sign of a magnet that has more states than two and "
                "remembers where between them it was" + (f"; and {response}" if response else "")
            )
        return f"macrospin: {response}" if response else ""


class Macrospin(Divided):
    """Magnet of a disc: `m_s` [A/m], `diameter`, `thickness` [m], `alpha`, `h_k` [A/m] along z, `n_normal`.

    `n_normal`: demagnetising factor along the normal, 1 for a thin film, the rest shared by the plane; left out, `h_k`
    is the effective field of a perpendicular magnet and holds its shape. Input: `transconductance` [A/V of spin
    current] or `field_per_volt`. `xi`, `t_ox`, `v_bias`: a constant voltage over the oxide that changes h_k. Readout:
    see :class:`Divided`; `r_t`, if left out, reads at m_z = 0.
    """

    mismatched: ClassVar[tuple[str, ...]] = ("offset", "gain", "m_s", "diameter", "thickness", "alpha", "h_k")

    type: Literal["macrospin"] = "macrospin"
    orientation: Literal["perpendicular", "in_plane"]
    m_s: Magnetisation
    diameter: PositiveMetres
    thickness: PositiveMetres
    alpha: PositiveNumber
    h_k: FieldStrength
    n_normal: Share | None = None
    transconductance: Siemens | None = None
    field_per_volt: FieldPerVolt | None = None
    xi: Vcma | None = None
    t_ox: PositiveMetres | None = None
    v_bias: Volts | None = None

    @model_validator(mode="after")
    def _driven(self) -> Self:
        if (self.transconductance is None) == (self.field_per_volt is None):
            raise ValueError("an input needs one of transconductance (spin current) and field_per_volt")
        if self.transconductance is not None and self.orientation == "in_plane":
            raise ValueError(
                "a spin current in the plane of a film is not built as an input: it must overcome the demagnetising "
                "field and has no law in closed form; use field_per_volt, or orientation: perpendicular"
            )
        if self.n_normal is None and self.orientation == "in_plane":
            raise ValueError("a magnet in the plane is held there by its shape; state n_normal, 1 for a thin film")
        given = [item is not None for item in (self.xi, self.t_ox, self.v_bias)]
        if any(given) and not all(given):
            raise ValueError("voltage-controlled anisotropy needs xi, t_ox and v_bias together")
        return self

    @property
    def transistor(self) -> float:
        """Resistance of the transistor [Ohm]: `r_t`, or what the junction has at m_z = 0 as the inverter switches."""
        if self.r_t is not None:
            return self.r_t
        r_p, tmr, supply = self.junction
        across = 0.5 * supply - self.threshold
        there = tmr if self.v_half is None else tmr / (1 + (across / self.v_half) ** 2)
        return r_p * (1 + there / (there + 2)) * (supply - across) / across

    def magnet(self, values: Mapping[str, Floats]) -> Magnet:
        """The magnets of an array whose parameters per element are `values`."""
        saturation, thickness = values["m_s"], values["thickness"]
        across = values["n_normal"] if self.n_normal is not None else np.full_like(saturation, 1 / 3)
        anisotropy, along = values["h_k"], (1 - across) / 2
        if self.xi is not None:
            anisotropy = vcma(anisotropy, self.xi, self.v_bias, saturation, thickness, self.t_ox)
        inside = self.orientation == "in_plane"
        return Magnet(
            saturation, pi / 4 * values["diameter"] ** 2 * thickness, values["alpha"],
            temperature=float(values["temperature"][0]), anisotropy=anisotropy,
            shape=(across, along, along) if inside else (along, along, across),
        )  # fmt: skip

    def port(self, values: Mapping[str, Floats]) -> Response:
        """Scale from the slope of the equilibrium law; relaxation from its spectrum, or by dephasing in the plane.

        Raises
        ------
        ValueError
            If the magnet is at 0 K, or has no relaxation time that is known here.
        """
        if not values["temperature"][0] > 0:
            raise ValueError("a macrospin at 0 K answers without noise and is no p-bit; say a temperature above 0 K")
        magnet, z = self.magnet(values), self.switching
        none = np.zeros_like(values["m_s"])
        slopes = np.array([_slope(*pair, z) for pair in zip(magnet.barrier, magnet.plane + none, strict=True)])
        if self.transconductance is not None:
            scale = magnet.current_unit / (values["transconductance"] * slopes)
            current, field = values["transconductance"] * scale, none
        else:
            scale = magnet.field_unit / (values["field_per_volt"] * slopes)
            current, field = none, values["field_per_volt"] * scale
        isotropic = bool(np.all(np.abs(magnet.barrier) < 1e-9) and np.all(magnet.plane == 0))
        inner = Followed(magnet, current, field, z, isotropic)
        return Response(scale, values["offset"], values["gain"], values["bias"], relaxation(magnet), inner=inner)

    def prices(self, evidence: Mapping[str, Evidence], context: PriceContext) -> tuple[Price, ...]:
        """One update: `static`, the divider until the next one, mean of both ends."""
        return (self.static(evidence, context),)


@lru_cache(maxsize=4096)
def _slope(barrier: float, plane: float, threshold: float) -> float:
    from thermosim.analysis.fokker_planck import stationary

    return stationary(barrier, 0.0, threshold, plane).slope


@lru_cache(maxsize=4096)
def _slowest(barrier: float) -> float:
    from thermosim.analysis.fokker_planck import rates

    return float(rates(barrier)[0])


def relaxation(magnet: Magnet) -> Floats:
    """Relaxation time [s], (element,): 1/lambda_1 of an axial magnet; of an easy plane, when <m_z(0) m_z(t)> is 1/e.

    In the plane C = exp(-(s/k)^2 (k t - 1 + exp(-k t))), s^2 = g0^2 mu0 kT / V the precession in the thermal tilt and
    k = a g0 M_s the loss of that tilt.

    Raises
    ------
    ValueError
        If a barrier is too high, or a magnet in the plane has wells.
    """
    if magnet.axial:
        return np.asarray(1 / (np.array([_slowest(float(d)) for d in magnet.barrier]) * magnet.forgetting))
    if np.any(magnet.barrier > LOWEST_WELL):
        raise ValueError(
            f"a barrier of {float(np.max(magnet.barrier)):.3g} kT in the plane is not built: its relaxation has no "
            f"closed form above {LOWEST_WELL:g} kT; use orientation: perpendicular, or the telegraph (mtj)"
        )
    hard = magnet.saturation * (magnet.shape[0] - magnet.shape[1])
    turn = GAMMA0 * hard * np.sqrt(1 / (2 * magnet.plane))
    lost = magnet.damping * GAMMA0 * hard
    return np.array([_dephased(float(s), float(k)) for s, k in zip(turn, lost, strict=True)])


def _dephased(turn: float, lost: float) -> float:
    """t [s] at which (turn/lost)^2 (lost t - 1 + exp(-lost t)) = 1, by bisection below the sum of its two limits."""
    low, high = 0.0, 2 * (sqrt(2) / turn + lost / turn**2 + 1 / lost)
    for _ in range(80):
        middle = 0.5 * (low + high)
        if (turn / lost) ** 2 * (lost * middle + expm1(-lost * middle)) < 1:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
