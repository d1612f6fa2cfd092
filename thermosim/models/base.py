"""What every device model declares: parameters with units, pins, counted actions and their prices.

A model is data. Fields are annotated with one of the quantity aliases below, which read
``12 fF`` (or an expression in quotes and braces) into SI floats through the validation context.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from thermosim.units import Span, read, read_exact, read_span

Evaluate = Callable[..., float]
"""Evaluates the text of an expression ``{...}`` for a field of a unit, with more names if given; raises ValueError."""


def _range(unit: str, minimum: float, maximum: float, open_below: bool) -> str:
    """The range of a field in words; 1e30 stands for no limit."""
    shown = "" if unit == "1" else f" {unit}"
    low = f"{'above' if open_below else 'at least'} {minimum:g}{shown}" if minimum > -_UNLIMITED else ""
    high = f"at most {maximum:g}{shown}" if maximum < _UNLIMITED else ""
    return " and ".join(part for part in (low, high) if part)


_UNLIMITED = 1e30


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
            raise ValueError(f"{text} is out of range: {_range(unit, minimum, maximum, open_below)}")
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
VoltsRms = Annotated[float, *quantity("V", 0, 1e6)]
Amperes = Annotated[float, *quantity("A", -1e3, 1e3)]
PositiveAmperes = Annotated[float, *quantity("A", above=0, maximum=1e3)]
Ohms = Annotated[float, *quantity("Ohm", above=0, maximum=1e18)]
Siemens = Annotated[float, *quantity("S", above=0, maximum=1e6)]
SignedSiemens = Annotated[float, *quantity("S", -1e6, 1e6)]
Henries = Annotated[float, *quantity("H", above=0, maximum=1e6)]
VoltageDensity = Annotated[float, *quantity("V^2/Hz", 0, 1)]
Coefficient = Annotated[float, *quantity("1", -1, 1)]
Farads = Annotated[float, *quantity("F", above=0, maximum=1e-3)]
FaradsOrZero = Annotated[float, *quantity("F", 0, 1e-3)]
Kelvins = Annotated[float, *quantity("K", 0, 1e15)]
PositiveKelvins = Annotated[float, *quantity("K", above=0, maximum=1e15)]
Seconds = Annotated[float, *quantity("s", 0, 9000)]
TemperatureCoefficient = Annotated[float, *quantity("1/K", -1, 1)]
ThermalResistance = Annotated[float, *quantity("K/W", above=0, maximum=1e15)]
PositiveSeconds = Annotated[float, *quantity("s", above=0, maximum=9000)]
Hertz = Annotated[float, *quantity("Hz", above=0, maximum=1e15)]
Joules = Annotated[float, *quantity("J", 0, 1)]
Metres = Annotated[float, *quantity("m", 0, 1)]
PositiveMetres = Annotated[float, *quantity("m", above=0, maximum=1)]
FieldStrength = Annotated[float, *quantity("A/m", -1e9, 1e9)]
Magnetisation = Annotated[float, *quantity("A/m", above=0, maximum=1e8)]
Vcma = Annotated[float, *quantity("J/V/m", -1, 1)]
CurrentDensity = Annotated[float, *quantity("A^2/Hz", 0, 1)]
FaradsPerMetre = Annotated[float, *quantity("F/m", above=0, maximum=1)]
Decibels = Annotated[float, *quantity("dB", 0, 400)]
Number = Annotated[float, *quantity("1")]
Share = Annotated[float, *quantity("1", 0, 1)]
PositiveNumber = Annotated[float, *quantity("1", above=0)]
UnitSpread = Annotated[float, *quantity("1", 0, 0.1)]


def _text(value: Any, unit: str, info: ValidationInfo) -> str:
    """The text of a quantity; the value of an expression stands for its first 15 digits, which say what was meant."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"expected a quantity in {unit}, got {type(value).__name__}")
    text = value if isinstance(value, str) else repr(value)
    if not text.strip().startswith("{"):
        return text
    evaluate: Evaluate | None = (info.context or {}).get("evaluate")
    if evaluate is None:
        raise ValueError(f"'{text}': expressions are not allowed here")
    return f"{evaluate(text, unit):.15g} {unit}"


def _frequency(value: Any, info: ValidationInfo) -> Fraction:
    if isinstance(value, Fraction):
        return value
    text = _text(value, "Hz", info)
    frequency = read_exact(text, "Hz")
    if not 0 < frequency <= 10**15:
        raise ValueError(f"{text} is out of range: above 0 Hz and at most 1e+15 Hz")
    return frequency


def _latency(value: Any, info: ValidationInfo) -> Span:
    if isinstance(value, Span):
        return value
    span = read_span(_text(value, "s", info), "cycles")
    if span.unit == "s" and span.value > 9000:
        raise ValueError(f"{value} is out of range: at most 9000 s")
    return span


def count(minimum: int, maximum: int) -> Any:
    """Annotation of a field that holds a whole number within [minimum, maximum]; an expression may state it."""

    def validate(value: Any, info: ValidationInfo) -> int:
        number: float | None = None
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = value
        elif isinstance(value, str):
            number = read(_text(value, "1", info).removesuffix(" 1"), "1")
        if number is None or number != int(number):
            raise ValueError(f"expected a whole number, got {value!r}")
        if not minimum <= number <= maximum:
            raise ValueError(f"{value} is out of range: {minimum} to {maximum}")
        return int(number)

    return (BeforeValidator(validate), WithJsonSchema({"anyOf": [{"type": "integer"}, _TEXT_ONLY]}))


_TEXT_ONLY = {"type": "string"}
Frequency = Annotated[
    Fraction,
    PlainValidator(_frequency),
    PlainSerializer(lambda value: f"{value} Hz", when_used="json"),
    WithJsonSchema(_TEXT_ONLY | {"description": "frequency in Hz, kept exact", "examples": ["12 MHz"]}),
    UnitTag("Hz"),
]
Latency = Annotated[
    Span,
    PlainValidator(_latency),
    PlainSerializer(str, when_used="json"),
    WithJsonSchema(_TEXT_ONLY | {"description": "whole clock cycles or a time", "examples": ["1 cycle", "120 ns"]}),
]


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
    length [cell pitches] that one cell drives, or None where the couplings have no geometry; `interval`: time between
    two updates of a clocked p-bit [s].
    """

    temperature: float = 300.0
    synapse: Model | None = None
    synapse_evidence: Mapping[str, Evidence] = field(default_factory=dict)
    wire_length: float | None = None
    interval: float | None = None


class Model(BaseModel):
    """Base of all device models: frozen, unknown keys refused.

    `family` names the kernel family: linear, nonlinear, jump, pbit, pdit, synapse, converter or digital.
    `counters` are what the engine counts for each element and replica.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    family: ClassVar[Literal["linear", "nonlinear", "jump", "pbit", "pdit", "synapse", "converter", "digital"]]
    pins: ClassVar[tuple[Pin, ...]] = ()
    counters: ClassVar[tuple[str, ...]] = ()
    mismatched: ClassVar[tuple[str, ...]] = ()
    """Parameters that `variation` may draw for each element or die."""

    def prices(self, evidence: Mapping[str, Evidence], context: PriceContext) -> tuple[Price, ...]:
        """Price of every counted action; a model without actions has none."""
        return ()


def unit_of(model: type[Model], parameter: str) -> str | None:
    """Unit of a parameter of a model, also where it may be None; None for counts, names and nested forms."""
    info = model.model_fields[parameter]
    candidates = [*info.metadata, *(tag for part in get_args(info.annotation) for tag in get_args(part)[1:])]
    return next((tag.unit for tag in candidates if isinstance(tag, UnitTag)), None)


__all__ = [
    "Evidence",
    "Field",
    "Grade",
    "Latency",
    "Model",
    "Pin",
    "Price",
    "PriceContext",
    "UnitTag",
    "quantity",
    "unit_of",
]
