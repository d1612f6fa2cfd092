"""Shot-noise CMOS random number generator as a p-bit: two states, random telegraph noise between them.

p = p(v),  v = gain (V - offset) / V_s;  p is the logistic function or another curve of equal slope at p = 1/2
rtn const:      k_up = p/tau0,  k_dn = (1-p)/tau0,  so P(x(t+D) = 1) = p + (x(t) - p) exp(-D/tau0)
rtn arrhenius:  k_up = k0 exp(v/2),  k_dn = k0 exp(-v/2),  k0 = 1/(2 tau0), so tau0 is the relaxation time at v = 0
E_cell = E_rng + E_wire + E_clock + E_bias;  E_wire = 1/2 eta pitch length V_sig^2,  E_clock = 1/2 eta pitch V_sig^2,
E_bias = C (tau_rng/tau_bias) V_dd^2 gamma (1 - gamma)
Jelincic et al., arXiv:2510.23972, eq. 12 and appendix on energy; Jelincic and Walker, arXiv:2606.17327, supplement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from thermosim.contracts import Floats
from thermosim.models.base import (
    Evidence,
    Farads,
    FaradsPerMetre,
    Joules,
    Metres,
    PositiveNumber,
    PositiveSeconds,
    PositiveVolts,
    Price,
    PriceContext,
    Share,
)
from thermosim.models.curves import LOGISTIC, Curve, ResponseCurve
from thermosim.models.pbit import Pbit, Response
from thermosim.models.pricing import price, stated
from thermosim.models.synapse import Synapse

TERMS = ("e_rng", "eta", "pitch", "v_sig", "c_bias", "tau_ratio", "v_dd")


def wire_energy(eta: float, pitch: float, v_sig: float, length: float = 1.0) -> float:
    """Energy [J] of one swing of a wire of `length` cell pitches."""
    return 0.5 * eta * pitch * length * v_sig**2


def bias_energy(c_bias: float, tau_ratio: float, v_dd: float, gamma: float) -> float:
    """Energy [J] that the bias network burns in one relaxation time of the RNG."""
    return c_bias * tau_ratio * v_dd**2 * gamma * (1 - gamma)


class CmosRng(Pbit):
    """Two-state p-bit, clocked or free-running; `rtn` says how its rates depend on the input.

    `bias` is the dimensionless h of the Boltzmann law. Energy is stated either by `e_cell` for everything, or term by
    term: `e_rng`; the wires (`eta` [F/m], `pitch` [m], `v_sig` [V]); the bias network (`c_bias` [F],
    `tau_ratio` = tau_rng/tau_bias, `gamma`, `v_dd` [V]).
    """

    mismatched: ClassVar[tuple[str, ...]] = ("offset", "gain", "v_s", "tau0")

    type: Literal["cmos_rng"] = "cmos_rng"
    tau0: PositiveSeconds
    v_s: PositiveVolts
    rtn: Literal["const", "arrhenius"] = "const"
    response: ResponseCurve = Field(
        LOGISTIC,
        description="probability of +1 against the input: logistic, erf or clipped, all of slope 1 / (4 V_s) at 1/2, "
        "or {measured: [[volts, probability], ..]}",
    )
    e_cell: Joules | None = None
    e_rng: Joules | None = None
    eta: FaradsPerMetre | None = None
    pitch: Metres | None = None
    v_sig: PositiveVolts | None = None
    c_bias: Farads | None = None
    tau_ratio: PositiveNumber | None = None
    gamma: Share = 0.5
    v_dd: PositiveVolts | None = None

    @model_validator(mode="after")
    def _priced_once(self) -> Self:
        given = [name for name in TERMS if getattr(self, name) is not None]
        if self.e_cell is not None and given:
            raise ValueError(
                f"e_cell already prices the whole cell; leave {', '.join(given)} out, or use a card without them"
            )
        return self

    @model_validator(mode="after")
    def _one_law_of_rates(self) -> Self:
        if self.rtn == "arrhenius" and self.response is not LOGISTIC:
            raise ValueError(
                f"rtn: arrhenius has the rates k0 exp(+-v/2) and with them the logistic response; response: "
                f"{self.response} goes with rtn: const"
            )
        return self

    @property
    def bias_supply(self) -> float | None:
        """`v_dd`: the supply of the bias network [V]."""
        return self.v_dd

    def port(self, values: Mapping[str, Floats]) -> Response:
        """Scale V_s, relaxation tau0: at every bias, or at none where `rtn` is arrhenius.

        The volts of a measured curve are V - offset of a p-bit of gain 1 with the V_s that the netlist states.
        """
        curve = self.response
        if curve.name == "measured":
            curve = Curve("measured", tuple((volts / self.v_s, chance) for volts, chance in curve.points))
        return Response(values["v_s"], values["offset"], values["gain"], values["bias"], values["tau0"], curve=curve)

    def prices(self, evidence: Mapping[str, Evidence], context: PriceContext) -> tuple[Price, ...]:
        """One update of one cell (one count per cell and sweep): `cell`, or `rng`, `wire`, `clock` and `bias`."""
        if self.e_cell is not None:
            return (stated("updates", "cell", "e_cell", self.e_cell, evidence),)
        v_dd, graded = self.v_dd, dict(evidence)
        if isinstance(context.synapse, Synapse) and context.synapse.v_dd is not None:
            v_dd = context.synapse.v_dd
            graded.pop("v_dd", None)
            if "v_dd" in context.synapse_evidence:
                graded["v_dd"] = context.synapse_evidence["v_dd"]
        graded["wire_length"] = Evidence("derived", "geometry of the couplings")
        wires = {"eta": self.eta, "pitch": self.pitch, "v_sig": self.v_sig}
        bias = {"c_bias": self.c_bias, "tau_ratio": self.tau_ratio, "v_dd": v_dd, "gamma": self.gamma}
        return (
            stated("updates", "rng", "e_rng", self.e_rng, graded),
            price(
                "updates",
                "wire",
                {**wires, "wire_length": context.wire_length},
                lambda eta, pitch, v_sig, wire_length: wire_energy(eta, pitch, v_sig, wire_length),
                graded,
            ),
            price("updates", "clock", wires, wire_energy, graded),
            price("updates", "bias", bias, bias_energy, graded),
        )
