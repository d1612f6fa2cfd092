"""Kinds of values that the sections of a netlist share: spans of time, counts, texts, recording intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    StrictStr,
    ValidationInfo,
    WithJsonSchema,
)

from thermosim.models.base import quantity
from thermosim.units import Quantity, Span, UnitError, read_any, read_span
from thermosim.validation import shown

_TEXT = {"type": "string"}


class Section(BaseModel):
    """A part of the file: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class OpenSection(BaseModel):
    """A part of the file whose other keys are kept as they are and read later."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False, populate_by_name=True)


def _evaluated(text: str, unit: str, info: ValidationInfo) -> float:
    evaluate: Callable[[str, str], float] | None = (info.context or {}).get("evaluate")
    if evaluate is None:
        raise ValueError(f"'{text}': expressions are not allowed here")
    return evaluate(text, unit)


def _duration(value: Any, info: ValidationInfo) -> Span:
    if isinstance(value, Span):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnitError("expected a time or a number of sweeps, e.g. 10 us or 5 sweeps")
    text = str(value)
    if text.strip().startswith("{"):
        # Arithmetic leaves dust in the last digits; 15 of them say what was meant.
        text = f"{_evaluated(text, 's', info):.15g} s"
    return read_span(text, "sweeps")


def _interval(value: Any, info: ValidationInfo) -> Span:
    example = "expected 'every' and a time or a number of sweeps, e.g. every 1 us or every 10 sweeps"
    if isinstance(value, Span):
        return value
    if not isinstance(value, str) or not value.strip().startswith("every "):
        raise UnitError(f"'{value}': {example}")
    span = _duration(value.strip().removeprefix("every ").strip(), info)
    if span.value == 0:
        raise UnitError(f"'{value}': the interval must be above zero")
    return span


def _count(minimum: int) -> BeforeValidator:
    def validate(value: Any, info: ValidationInfo) -> int:
        number = value
        if isinstance(value, str) and value.strip().startswith("{"):
            number = _evaluated(value, "1", info)
        if isinstance(number, bool) or not isinstance(number, int | float) or number != number or number != int(number):
            raise ValueError(f"expected a whole number, got {shown(value)}")
        if number < minimum:
            raise ValueError(f"{shown(value)} is out of range: at least {minimum}")
        return int(number)

    return BeforeValidator(validate)


def _any_quantity(value: Any) -> Quantity:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("expected a quantity, e.g. 1 pF")
    if str(value).strip().startswith("{"):
        raise ValueError(f"'{value}': a default is a plain quantity; expressions stand where it is used")
    return read_any(str(value))


def _net(value: Any) -> Any:
    """Ground may be written 0 without quotes."""
    if isinstance(value, int) and not isinstance(value, bool) and value == 0:
        return "0"
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{shown(value)} is no net: write a name, or 0 for ground")
    return value


def _reason(text: str) -> str:
    if not text.strip():
        raise ValueError("say why it may stay")
    return text


def _texts(value: Any) -> Any:
    """One text stands for a list of one."""
    return (value,) if isinstance(value, str) else value


Duration = Annotated[Span, PlainValidator(_duration), WithJsonSchema({**_TEXT, "examples": ["10 ms", "4000 sweeps"]})]
Every = Annotated[
    Span, PlainValidator(_interval), WithJsonSchema({**_TEXT, "examples": ["every 1 us", "every 10 sweeps"]})
]
_COUNT_SCHEMA = WithJsonSchema({"anyOf": [{"type": "integer"}, _TEXT]})
_QUANTITY_SCHEMA = WithJsonSchema({"anyOf": [{"type": "number"}, _TEXT]})
Count = Annotated[int, _count(1), _COUNT_SCHEMA]
Whole = Annotated[int, _count(0), _COUNT_SCHEMA]
Net = Annotated[StrictStr, BeforeValidator(_net), WithJsonSchema({"anyOf": [_TEXT, {"const": 0}]})]
Texts = Annotated[
    tuple[StrictStr, ...],
    BeforeValidator(_texts),
    WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}),
]
Reason = Annotated[StrictStr, AfterValidator(_reason)]
Number = Annotated[float, *quantity("1")]
PositiveNumber = Annotated[float, *quantity("1", above=0)]
NonNegative = Annotated[float, *quantity("1", 0)]
AnyQuantity = Annotated[Quantity, PlainValidator(_any_quantity), _QUANTITY_SCHEMA]
Raw = Any
"""A value that is read later, against the unit of the parameter that it is given to."""
