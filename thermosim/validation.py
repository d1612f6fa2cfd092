"""What a data class refused, in words for the person who wrote the file.

pydantic says what went wrong and at which path; here each kind of error becomes one sentence that
names what was got, what exists, and what to do.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Union

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from thermosim.errors import suggestion
from thermosim.models.base import Model, UnitTag

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Complaint:
    """One error: `path` inside the validated data, whether it is about the key there, and what to say."""

    path: Path
    key: bool
    message: str
    missing: bool = False


def complaints(
    error: ValidationError, cls: type[BaseModel], data: Any, also_known: Iterable[str] = ()
) -> Iterator[Complaint]:
    """Every error of one validation, in the house's words.

    `also_known` are keys that exist at the top of `data` though they are no fields of `cls`.
    """
    for detail in error.errors(include_url=False):
        path = _path(detail["loc"], data, missing=detail["type"] == "missing")
        kind, got = detail["type"], detail.get("input")
        context = detail.get("ctx", {})
        if kind == "too_short" and len(got) >= context["min_length"]:
            continue  # the items are reported one by one
        if kind == "extra_forbidden":
            known = {*_keys(cls, path[:-1]), *(also_known if len(path) == 1 else ())}
            yield Complaint(path, True, f"unknown key '{path[-1]}'{suggestion(str(path[-1]), known)}")
        elif kind == "missing" and isinstance(detail["loc"][-1], int):
            yield Complaint(path, False, f"expected at least {detail['loc'][-1] + 1} items, got {len(got)}")
        elif kind == "missing":
            yield Complaint(path[:-1], True, f"missing '{path[-1]}'{_purpose(cls, path)}", True)
        else:
            yield Complaint(path, False, _sentence(kind, got, context, detail["msg"]))


def _path(location: tuple[int | str, ...], data: Any, missing: bool) -> Path:
    """Error location without the tags of unions: only what can be followed in the data."""
    path: list[str | int] = []
    here = data
    for count, item in enumerate(location):
        last = count == len(location) - 1
        if isinstance(here, dict) and (item in here or (last and missing)):
            path.append(item)
            here = here.get(item)
        elif isinstance(here, list | tuple) and isinstance(item, int) and item < len(here):
            path.append(item)
            here = here[item]
    return tuple(path)


_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}


def _sentence(kind: str, got: Any, context: dict[str, Any], fallback: str) -> str:
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, got {shown(got)}"
    if kind == "literal_error":
        expected = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
        return f"{shown(got)} is not one of {', '.join(expected)}{_close(got, expected)}"
    if kind == "finite_number":
        return f"{shown(got)} is not a finite number"
    if kind in ("too_short", "too_long"):
        limit = context.get("min_length", context.get("max_length"))
        many = "at least" if kind == "too_short" else "at most"
        return f"expected {many} {limit} {'item' if limit == 1 else 'items'}, got {context['actual_length']}"
    if kind == "string_too_short":
        return "expected text, got nothing"
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        word = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
        limit = next(f"{word[name]} {value}" for name, value in context.items() if name in word)
        return f"{shown(got)} is out of range: {limit}"
    if kind == "value_error":
        return _own(str(context["error"]), got)
    return fallback[:1].lower() + fallback[1:]


def _own(message: str, got: Any) -> str:
    """Our own text; where a field wanted a quantity and got no scalar, say what it got."""
    if message.startswith("expected a quantity in") and not isinstance(got, str | int | float):
        if isinstance(got, dict) and len(got) == 1 and next(iter(got.values())) is None:
            text = "{" + str(next(iter(got))) + "}"
            return f'an expression needs quotes: "{text}"'
        return f"{message.split(', got')[0]}, got {shown(got)}"
    if message.startswith("expected a quantity in") and isinstance(got, bool):
        return f"{message.split(', got')[0]}, got {shown(got)}"
    return message


def _close(got: Any, expected: list[str]) -> str:
    hint = suggestion(got, expected) if isinstance(got, str) else ""
    return hint if "did you mean" in hint else ""


def shown(value: Any) -> str:
    """A value as a message quotes it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return f"'{value}'" if isinstance(value, str) else str(value)


def _purpose(cls: type[BaseModel], path: Path) -> str:
    """What a missing field is for: its unit or its description."""
    for model in _models(cls, path[:-1]):
        field = _field(model, str(path[-1]))
        if field is None:
            continue
        unit = next((tag.unit for tag in field.metadata if isinstance(tag, UnitTag)), None)
        if unit is not None:
            return ": a plain number" if unit == "1" else f": a quantity in {unit}"
        if field.description:
            return f": {field.description}"
    return ""


def _keys(cls: type[BaseModel], path: Path) -> set[str]:
    """Keys that exist at a path of a data class."""
    return {
        field.alias or name
        for model in _models(cls, path)
        for name, field in model.model_fields.items()
        if not (name == "type" and issubclass(model, Model))
    }


def _field(model: type[BaseModel], key: str) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if key in (name, field.alias)), None)


def _models(cls: type[BaseModel], path: Path) -> list[type[BaseModel]]:
    """Data classes that may stand at a path."""
    found: list[Any] = [cls]
    for step in path:
        found = [inner for annotation in found for inner in _inside(annotation, step)]
    return [model for annotation in found for model in _alternatives(annotation) if _is_model(model)]


def _inside(annotation: Any, step: str | int) -> Iterator[Any]:
    """Annotations of what stands under a key or index."""
    for option in _alternatives(annotation):
        if _is_model(option):
            field = _field(option, str(step))
            if field is not None:
                yield field.annotation
        elif typing.get_origin(option) is dict:
            yield typing.get_args(option)[1]
        elif typing.get_origin(option) in (tuple, list):
            yield typing.get_args(option)[0]


def _alternatives(annotation: Any) -> list[Any]:
    """Members of a union, without the wrapping of Annotated."""
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return [member for option in typing.get_args(annotation) for member in _alternatives(option)]
    return [annotation]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
