"""The netlist's own parameters: quantities, or expressions of other parameters in any order."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Any

from thermosim.errors import Problems, suggestion
from thermosim.netlist.expressions import evaluate, is_expression, names_in
from thermosim.strict_yaml import Document
from thermosim.units import Quantity, read_any
from thermosim.validation import shown

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
INDICES = ("i", "j", "k")


def resolve_parameters(document: Document, problems: Problems) -> dict[str, Quantity]:
    """Values of ``parameters:``; those that have none are reported and left out."""
    raw = document.data.get("parameters")
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        where = document.position(("parameters",))
        problems.add(where, "parameters", f"expected a mapping of names to quantities, got {shown(raw)}")
        return {}
    return _Resolution(raw, document, problems).all()


def name_problem(name: str) -> str | None:
    """Why `name` cannot name a parameter, or None."""
    if keyword.iskeyword(name):
        return f"'{name}' cannot name a parameter: expressions keep this word"
    if not NAME.fullmatch(name):
        return f"'{name}' cannot name a parameter: use letters, digits and _"
    if name in INDICES:
        return f"'{name}' cannot name a parameter: i, j and k are array indices"
    return None


class _Resolution:
    """Evaluates parameters on demand, so that their order does not matter."""

    def __init__(self, raw: Mapping[str, Any], document: Document, problems: Problems) -> None:
        self.raw = raw
        self.document = document
        self.problems = problems
        self.values: dict[str, Quantity] = {}
        self.failed: set[str] = set()

    def all(self) -> dict[str, Quantity]:
        for name in self.raw:
            self.resolve(name, ())
        return {name: self.values[name] for name in self.raw if name in self.values}

    def resolve(self, name: str, chain: tuple[str, ...]) -> None:
        if name in self.values or name in self.failed:
            return
        if name in chain:
            self.fail(name, f"defined by itself: {' -> '.join([*chain[chain.index(name) :], name])}")
            return
        complaint = name_problem(name)
        if complaint is not None:
            self.fail(name, complaint, key=True)
            return
        value = self.raw[name]
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            if isinstance(value, dict) and len(value) == 1 and next(iter(value.values())) is None:
                self.fail(name, 'an expression needs quotes: "{' + next(iter(value)) + '}"')
            else:
                self.fail(name, f"expected a quantity, e.g. 1 pF, got {shown(value)}")
            return
        try:
            if is_expression(value):
                for other in sorted(names_in(str(value))):
                    if other not in self.raw:
                        known = self.raw.keys() - {name}
                        raise ValueError(f"'{value}': unknown name '{other}'{suggestion(other, known)}")
                    self.resolve(other, (*chain, name))
                    if other in self.failed:
                        self.failed.add(name)
                if name not in self.failed:
                    self.values[name] = evaluate(str(value), self.values)
            else:
                self.values[name] = read_any(str(value))
        except ValueError as error:
            self.fail(name, str(error))

    def fail(self, name: str, message: str, key: bool = False) -> None:
        self.failed.add(name)
        path = ("parameters", name)
        self.problems.add(self.document.position(path, key), f"parameters.{name}", message)
