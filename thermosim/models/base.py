"""What every device model declares: parameters with units, pins, counted actions and their prices.

A model is data. Fields are annotated with one of the quantity aliases below, which read
``12 fF`` (or an expression in quotes and braces) into SI floats through the validation context.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

from thermosim.units import read

Evaluate = Callable[[str, str], float]
"""Evaluates the text of an expression ``{...}`` for a field of a unit; raises ValueError."""


def _reader(unit: str, minimum: float, maximum: float, open_below: bool) -> BeforeValidator:
    def validate(value: Any, info: ValidationInfo) -> float:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(f"expected a quantity in {unit}, got {type(value).__name__}")
        text = value if isinstance(value, str) else repr(value)
        if text.strip().startswith("{"):
            evaluate: Evaluate | None = (info.context or {}).get("evaluate")
            if evaluate is None:
                raise ValueError(f"'{text}': expressions are not allowed here")
            number = evaluate(text, unit)
        else:
            number = read(text, unit)
        below = number <= minimum if open_below else number < minimum
        if below or number > maximum or number != number:
            low = "above" if open_below else "at least"
            raise ValueError(f"{text!s} is out of range: {low} {minimum:g} and at most {maximum:g} {unit}".replace(" 1", "") if unit == "1" else f"{text!s} is out of range: {low} {minimum:g} {unit} and at most {maximum:g} {unit}")
        return number

    return BeforeValidator(validate)


def quantity(unit: str, minimum: float = -1e30, maximum: float = 1e30, *, above: float | None = None) -> Any:
    """Annotation of a field that holds a quantity of `unit` in SI, within [minimum, maximum] or above `above`."""
    low = minimum if above is None else above
    schema = {
        "anyOf": [{"type": "number"}, {"type": "string"}] if unit in ("1", "%") else [{"type": "string"}],
        "description": f"quantity in {unit}, or an expression in quotes and braces",
    }
    return (_reader(unit, low, maximum, above is not None), WithJsonSchema(schema), UnitTag(unit))


@dataclass(frozen=True)
class UnitTag:
    """The unit of a field, for printing (found in ``model_fields[name].metadata``)."""

    unit: str


Volts = Annotated[float, *quantity("V", -1e6, 1e6)]
PositiveVolts = Annotated[float, *quantity("V", above=0, maximum=1e6)]
Amperes = Annotated[float, *quantity("A", -1e3, 1e3)]
Ohms = Annotated[float, *quantity("Ohm", above=0, maximum=1e18)]
Siemens = Annotated[float, *quantity("S", above=0, maximum=1e6)]
Farads = Annotated[float, *quantity("F", above=0, maximum=1e-3)]
FaradsOrZero = Annotated[float, *quantity("F", 0, 1e-3)]
Kelvins = Annotated[float, *quantity("K", 0, 1e15)]
Seconds = Annotated[float, *quantity("s", 0, 9000)]
PositiveSeconds = Annotated[float, *quantity("s", above=0, maximum=9000)]
Hertz = Annotated[float, *quantity("Hz", above=0, maximum=1e15)]
Joules = Annotated[float, *quantity("J", 0, 1)]
Metres = Annotated[float, *quantity("m", 0, 1)]
CurrentDensity = Annotated[float, *quantity("A^2/Hz", 0, 1)]
Number = Annotated[float, *quantity("1")]
Share = Annotated[float, *quantity("1", 0, 1)]
PositiveNumber = Annotated[float, *quantity("1", above=0)]


class Pin(NamedTuple):
    """A pin: `kind` of net that it takes, `direction`, and whether it may stay open."""

    name: str
    kind: Literal["analog", "bit", "code", "clock"]
    direction: Literal["in", "out", "inout"]
    optional: bool = False


Grade = Literal["measured", "modelled", "calibrated", "derived", "assumed", "unverified"]


@dataclass(frozen=True)
class Evidence:
    """Where a number comes from. `low` and `high` are the spread in SI, equal to the value if none is stated."""

    grade: Grade
    source: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Price:
    """What one counted action costs.

    `counter` names the engine's counter (``updates``, ``conversions``, ``ticks``); `action` the ledger's row.
    `joules` None means that nobody priced it: the ledger then lists it as unpriced.
    """

    counter: str
    action: str
    joules: float | None
    low: float | None
    high: float | None
    grade: Grade
    source: str


@dataclass(frozen=True)
class PriceContext:
    """What a price may depend on beyond the model itself.

    `temperature` [K]; `synapses`: models of the couplings at this instance; `wire_lengths`: summed wire
    length [cell pitches] that one cell drives, or None where the couplings have no geometry.
    """

    temperature: float = 300.0
    synapse: Model | None = None
    synapse_evidence: Mapping[str, Evidence] = field(default_factory=dict)
    wire_length: float | None = None


class Model(BaseModel):
    """Base of all device models: frozen, unknown keys refused.

    `family` names the kernel family: linear, pbit, synapse, converter or digital.
    `counters` are what the engine counts for each element and replica.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    family: ClassVar[Literal["linear", "pbit", "synapse", "converter", "digital"]]
    pins: ClassVar[tuple[Pin, ...]] = ()
    counters: ClassVar[tuple[str, ...]] = ()
    mismatched: ClassVar[tuple[str, ...]] = ()
    """Parameters that `variation` may draw for each element or die."""

    def prices(self, evidence: Mapping[str, Evidence], context: PriceContext) -> tuple[Price, ...]:
        """Price of every counted action; a model without actions has none."""
        return ()


__all__ = ["Evidence", "Field", "Grade", "Model", "Pin", "Price", "PriceContext", "UnitTag", "quantity"]
