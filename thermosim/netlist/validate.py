"""Data from a netlist against a data class: a valid object, or problems at their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from thermosim.errors import Position, Problems
from thermosim.netlist.expressions import Names, evaluate_as
from thermosim.strict_yaml import Document, Path, dotted
from thermosim.validation import complaints

ModelT = TypeVar("ModelT", bound=BaseModel)
Locate = Callable[[Path, bool], tuple[Position | None, str]]
"""From a path in the data, and whether its key is meant, to a place and the dotted path to print."""


class ScopedText(str):
    """The text of an expression that is evaluated with the names of the place where it stands, not of its use."""

    __slots__ = ("names",)
    names: Names


def scoped(text: str, names: Names) -> ScopedText:
    """Tie an expression to its names."""
    result = ScopedText(text)
    result.names = names
    return result


def validate(
    cls: type[ModelT], data: Any, at: Path, document: Document, problems: Problems, names: Names | None = None
) -> ModelT | None:
    """Validate what stands at the path `at` of a document; every error becomes a problem with its place."""

    def locate(path: Path, key: bool) -> tuple[Position | None, str]:
        return document.position((*at, *path), key), dotted((*at, *path))

    return check(cls, data, locate, problems, names or {})


def check(
    cls: type[ModelT],
    data: Any,
    locate: Locate,
    problems: Problems,
    names: Names,
    also_known: Iterable[str] = (),
    missing: str = "",
) -> ModelT | None:
    """Validate data gathered from several places; `locate` says where each value stands.

    `also_known` are keys to suggest beyond the fields; `missing` is added where a value is missing.
    """

    def evaluate(text: str, unit: str, more: Names | None = None) -> float:
        known = text.names if isinstance(text, ScopedText) else names
        return evaluate_as(text, unit, {**known, **more} if more else known)

    try:
        return cls.model_validate(data, context={"evaluate": evaluate})
    except ValidationError as error:
        for complaint in complaints(error, cls, data, also_known):
            where, path = locate(complaint.path, complaint.key)
            problems.add(where, path, complaint.message + (missing if complaint.missing else ""))
        return None
