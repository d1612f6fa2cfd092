"""Transfer curves: the probability p(a) with which a p-bit of constant rates answers to its argument.

    logistic   p = 1 / (1 + exp(-a)), in spin form <m> = tanh(a / 2)
    erf        p = (1 + erf(a sqrt(pi) / 4)) / 2: a comparator with Gaussian noise of sigma = 4 / sqrt(2 pi) = 1.596
    clipped    p = min(max(1/2 + a / 4, 0), 1)
    measured   straight lines between points, constant beyond them

All but the measured one have the slope 1/4 at p = 1/2, so one V_s means one gain whatever the curve. Only the logistic
has the odds exp(a) that make a symmetric network sample Boltzmann's law.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from thermosim.contracts import Floats
from thermosim.units import read

_erfc = np.frompyfunc(math.erfc, 1, 1)


@dataclass(frozen=True)
class Curve:
    """A curve by its name; `points` (argument, probability) where it is straight lines."""

    name: str
    points: tuple[tuple[float, float], ...] = ()

    def __str__(self) -> str:
        return self.name

    def log_chance(self, argument: Floats) -> Floats:
        """ln P(+1) at arguments (...,), -inf where it never happens."""
        if self.points or self.name == "erf":
            with np.errstate(divide="ignore"):
                return np.asarray(np.log(self.chance(argument)))
        return np.asarray(-np.logaddexp(0.0, -np.asarray(argument)))

    def log_rest(self, argument: Floats) -> Floats:
        """ln P(-1) at arguments (...,), -inf where it never happens."""
        if self.points:
            with np.errstate(divide="ignore"):
                return np.asarray(np.log(1.0 - self.chance(argument)))
        return self.log_chance(-np.asarray(argument))  # named curves are alike up and down

    def chance(self, argument: Floats) -> Floats:
        """P(+1) at arguments (...,)."""
        if self.points:
            at, chance = np.array(self.points).T
            return np.asarray(np.interp(argument, at, chance))
        if self.name == "erf":
            return np.asarray(0.5 * _erfc(-0.25 * math.sqrt(math.pi) * np.asarray(argument)), dtype=np.float64)
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(argument))))


LOGISTIC = Curve("logistic")
ERF = Curve("erf")
CLIPPED = Curve("clipped", ((-2.0, 0.0), (2.0, 1.0)))
NAMED = {curve.name: curve for curve in (LOGISTIC, ERF, CLIPPED)}


def _point(item: Any) -> tuple[float, float]:
    if not isinstance(item, list | tuple) or len(item) != 2:
        raise ValueError(f"expected points [volts, probability], got {item!r}")
    volts, chance = item
    if isinstance(volts, bool) or not isinstance(volts, str | int | float):
        raise ValueError(f"expected a quantity in V, got {type(volts).__name__}")
    if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
        raise ValueError(f"expected a probability from 0 to 1, got {chance!r}")
    return read(str(volts), "V"), float(chance)


def _faults(points: list[tuple[float, float]]) -> Iterator[str]:
    """What keeps points from being a rising curve."""
    if len(points) < 2:
        yield f"a measured response needs at least 2 points, got {len(points)}"
    for (v, p), (w, q) in pairwise(points):
        if w <= v:
            yield f"the voltages of a measured response rise from point to point; {w:g} V follows {v:g} V"
        if q < p:
            yield f"a measured response never falls with the voltage; {q:g} at {w:g} V follows {p:g}"
    if len(points) > 1 and points[0][1] == points[-1][1]:
        yield f"a measured response rises somewhere; all points have probability {points[0][1]:g}"


def _read(value: Any) -> Curve:
    if isinstance(value, Curve):
        return value
    if isinstance(value, str) and value in NAMED:
        return NAMED[value]
    if not isinstance(value, dict) or set(value) != {"measured"} or not isinstance(value["measured"], list | tuple):
        names = ", ".join(NAMED)
        raise ValueError(f"expected {names} or {{measured: [[volts, probability], ...]}}, got {value!r}")
    points = [_point(item) for item in value["measured"]]
    faults = list(_faults(points))
    if faults:
        raise ValueError("; ".join(faults))
    return Curve("measured", tuple(points))


def _written(curve: Curve) -> Any:
    return {"measured": [[f"{v!r} V", p] for v, p in curve.points]} if curve.name == "measured" else curve.name


_POINT = {"type": "array", "prefixItems": [{"type": ["string", "number"]}, {"type": "number"}], "minItems": 2}
_POINTS = {"type": "array", "items": _POINT, "minItems": 2}
ResponseCurve = Annotated[
    Curve,
    PlainValidator(_read),
    PlainSerializer(_written, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(NAMED)},
                {
                    "type": "object",
                    "properties": {"measured": _POINTS},
                    "required": ["measured"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""A curve as a netlist writes it; the points of a measured one are volts."""
