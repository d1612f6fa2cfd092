"""A digital machine that runs the ideal sampler: joules per random number, multiply-accumulate and sigmoid.

E_update(d) = E_uniform + d E_mac + E_sigmoid for a heat-bath update of a spin of degree d, or E_update as measured;
E_draw(o, m) = E_uniform + m E_mac + o E_sigmoid for a draw among o other states, whose fields against the first take m
multiply-accumulates and whose exponentials are taken to cost as much as a sigmoid; with two states it is E_update.
m E_mac for arithmetic alone; E_step(m) = E_normal + m E_mac for a Langevin or exact Gaussian step that takes m
multiply-accumulates per coordinate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from thermosim.models.base import Evidence, Joules, Model, Price
from thermosim.models.pricing import price, stated


class Platform(Model):
    """Energies of a platform; None is unknown, and what needs it is then unpriced.

    `e_update` is a measured whole update of one p-bit, which stands for its parts.
    """

    family: ClassVar[Literal["digital"]] = "digital"

    type: Literal["platform"] = "platform"
    e_uniform: Joules | None = None
    e_normal: Joules | None = None
    e_mac: Joules | None = None
    e_sigmoid: Joules | None = None
    e_update: Joules | None = None

    @model_validator(mode="after")
    def _updates_once(self) -> Self:
        parts = [name for name in ("e_uniform", "e_sigmoid") if getattr(self, name) is not None]
        if self.e_update is not None and parts:
            raise ValueError(f"e_update already prices a whole update; leave {', '.join(parts)} out")
        return self


def heat_bath_price(model: Platform, evidence: Mapping[str, Evidence], degree: float) -> Price:
    """Price of one heat-bath update of a spin with `degree` neighbours."""
    if model.e_update is not None:
        return stated("updates", "update", "e_update", model.e_update, evidence)
    return price(
        "updates",
        "update",
        {"e_uniform": model.e_uniform, "e_mac": model.e_mac, "e_sigmoid": model.e_sigmoid},
        lambda e_uniform, e_mac, e_sigmoid: e_uniform + degree * e_mac + e_sigmoid,
        evidence,
    )


def gaussian_step_price(model: Platform, evidence: Mapping[str, Evidence], macs: float) -> Price:
    """Price of one new coordinate that takes a normal and `macs` multiply-accumulates."""
    return price(
        "steps",
        "step",
        {"e_normal": model.e_normal, "e_mac": model.e_mac},
        lambda e_normal, e_mac: e_normal + macs * e_mac,
        evidence,
    )


def arithmetic_price(model: Platform, evidence: Mapping[str, Evidence], macs: float) -> Price:
    """Price of `macs` multiply-accumulates."""
    return price("macs", "arithmetic", {"e_mac": model.e_mac}, lambda e_mac: macs * e_mac, evidence)


def categorical_price(model: Platform, evidence: Mapping[str, Evidence], others: float, fields: float) -> Price:
    """Price of one draw among `others` states beside the first, with `fields` multiply-accumulates."""
    if model.e_update is not None:
        reason = "its measured update is that of a p-bit; nobody states that of a p-dit"
        return Price("updates", "update", None, None, None, "unverified", reason)
    return price(
        "updates",
        "update",
        {"e_uniform": model.e_uniform, "e_mac": model.e_mac, "e_sigmoid": model.e_sigmoid},
        lambda e_uniform, e_mac, e_sigmoid: e_uniform + fields * e_mac + others * e_sigmoid,
        evidence,
    )
