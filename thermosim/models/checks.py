"""What a card claims to reproduce, computed from the card.

A check names a quantity, the conditions (`with`: parameters that the card leaves to the netlist; a count or a geometry)
and the expected value; it holds if the computed value rounds to the digits that are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np

from thermosim.models import REGISTRY
from thermosim.models.adc import Adc
from thermosim.models.base import Model, Price, PriceContext
from thermosim.models.cmos_rng import CmosRng
from thermosim.models.digital import Digital, controller_prices
from thermosim.models.macrospin import Macrospin
from thermosim.models.mtj import Mtj
from thermosim.models.platform import Platform, gaussian_step_price, heat_bath_price
from thermosim.units import read

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """A check and what came out [SI]; `margin` is half a unit of the last digit written."""

    quantity: str
    expected: float
    computed: float
    margin: float

    @property
    def holds(self) -> bool:
        return abs(self.computed - self.expected) <= self.margin * (1 + 1e-9)


def check_card(card: Mapping[str, Any]) -> tuple[Outcome, ...]:
    """Compute every check of a card, given as the plain data of its file.

    Raises
    ------
    ValueError
        If a check names a quantity that is not known for the card's type.
    """
    return tuple(_outcome(card, check) for check in card.get("checks", ()))


def _outcome(card: Mapping[str, Any], check: Options) -> Outcome:
    name = str(check["quantity"])
    if name not in QUANTITIES:
        raise ValueError(f"unknown quantity '{name}'; these exist: {', '.join(QUANTITIES)}")
    model_type, unit, compute = QUANTITIES[name]
    values = {key: item["value"] for key, item in card["values"].items()}
    model = REGISTRY[card["type"]].model_validate({"type": card["type"], **values, **check.get("with", {})})
    if not isinstance(model, model_type):
        raise ValueError(f"'{name}' is no quantity of a {card['type']}")
    text = str(check["expected"])
    return Outcome(name, read(text, unit), compute(model, check), _last_digit(text, unit) / 2)


def _last_digit(text: str, unit: str) -> float:
    """One unit of the last digit of a quantity, in SI: 1e-12 for "1.600 nJ"."""
    match = re.match(r"\s*[+-]?(\d*)\.?(\d*)((?:[eE][+-]?\d+)?.*)", text, re.DOTALL)
    assert match is not None
    digit = f"0.{'0' * (len(match[2]) - 1)}1" if match[2] else "1"
    return read(digit + match[3], unit)


def _total(prices: tuple[Price, ...], check: Options) -> float:
    """Joules of the named actions (or of all that have a price), `times` over."""
    wanted = check.get("actions", [item.action for item in prices if item.joules is not None])
    joules = {item.action: item.joules for item in prices}
    return sum(float(joules[action] or 0.0) for action in wanted) * float(check.get("times", 1))


def _energy(model: Any, check: Options) -> float:
    interval = read(str(check["interval"]), "s") if "interval" in check else None
    context = PriceContext(wire_length=check.get("wire_length"), interval=interval)
    return _total(model.prices({}, context), check)


def _tick(model: Any, check: Options) -> float:
    return _total(controller_prices(model, {}, int(check["macs"]), int(check["bytes"])), check)


def _update(model: Any, check: Options) -> float:
    return _total((heat_bath_price(model, {}, float(check["degree"])),), check)


def _step(model: Any, check: Options) -> float:
    return _total((gaussian_step_price(model, {}, float(check["macs"])),), check)


def _memory(model: Any, check: Options) -> float:
    return exp(-read(str(check["interval"]), "s") / model.tau0)


def _dwell(model: Any, check: Options) -> float:
    return float(model.tau0 * exp(model.barrier))


def _magnets(model: Any) -> dict[str, Any]:
    """One magnet's parameters at 300 K."""
    given = {name: getattr(model, name) for name in type(model).model_fields}
    numbers = {name: np.array([value]) for name, value in given.items() if isinstance(value, int | float)}
    return numbers | {"temperature": np.array([300.0])}


def _relaxation(model: Any, check: Options) -> float:
    return float(model.port(_magnets(model)).relaxation[0])


def _unit_current(model: Any, check: Options) -> float:
    return float(model.magnet(_magnets(model)).current_unit[0])


def _effective_bits(model: Any, check: Options) -> float:
    return float(model.effective_bits)


QUANTITIES: dict[str, tuple[type[Model], str, Callable[[Any, Options], float]]] = {
    "energy": (Model, "J", _energy),
    "tick energy": (Digital, "J", _tick),
    "heat-bath update": (Platform, "J", _update),
    "gaussian step": (Platform, "J", _step),
    "memory": (CmosRng, "1", _memory),
    "dwell": (Mtj, "s", _dwell),
    "relaxation": (Macrospin, "s", _relaxation),
    "unit current": (Macrospin, "A", _unit_current),
    "effective bits": (Adc, "1", _effective_bits),
}
