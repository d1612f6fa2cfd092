"""What a report says, before anyone decides how it looks: sections of facts, shares, tables and remarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "warn", "bad", "plain"]


@dataclass(frozen=True)
class Badge:
    """A short verdict with its tone."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Fact:
    """One labelled value, with a note in a quieter voice."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Part:
    """One share of a whole, 0 to 1, drawn as a bar: its `value` as text and its evidence."""

    label: str
    share: float
    value: str
    grade: str


@dataclass(frozen=True)
class Table:
    """Texts in columns; the first column is aligned left, the others right where `numeric` says so."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]


@dataclass(frozen=True)
class Section:
    """One subject. `remarks` are sentences that must not be overlooked."""

    title: str
    badge: Badge | None = None
    facts: tuple[Fact, ...] = ()
    parts: tuple[Part, ...] = ()
    tables: tuple[Table, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """The whole: `name` and `description` of the chip, one line on the run, the sections."""

    name: str
    description: str
    run: str
    sections: tuple[Section, ...]
