"""Nets: the names between the pins, their kind, who drives them and who reads them.

A net expression is ``x``, ``x[i]``, ``x[i, j+1]`` or ``x[*]``; ground is ``0``. Indices are
expressions of the instance's own indices and must come out as whole numbers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from thermosim.errors import Position, Problems, suggestion
from thermosim.models.base import Pin
from thermosim.netlist.expressions import evaluate
from thermosim.units import Quantity

GROUND = "0"
_NET = re.compile(r"([A-Za-z_]\w*)(?:\[(.*)\])?")
Names = Mapping[str, Quantity | float]


class NetExpressionError(ValueError):
    """A net expression that names no net."""


def split(text: str) -> tuple[str, str | None]:
    """Base name and index text (None without brackets) of a net expression."""
    match = _NET.fullmatch(text.strip())
    if match is None:
        raise NetExpressionError(f"'{text}' is no net: write a name, name[index], name[*], or 0 for ground")
    return match[1], match[2]


def element(text: str, names: Names) -> str:
    """Canonical name of one net: ``x[i+1]`` with i = 2 is ``x[3]``."""
    if text.strip() == GROUND:
        return GROUND
    base, index = split(text)
    if index is None:
        return base
    values = []
    for part in index.split(","):
        if part.strip() == "*":
            raise NetExpressionError(f"'{text}': [*] names a whole array; a pin takes one net, e.g. {base}[i]")
        value = evaluate("{" + part + "}", names).value
        if value != int(value) or value < 0:
            raise NetExpressionError(f"'{text}': index {value:g} is not a whole number from 0 up")
        values.append(str(int(value)))
    return f"{base}[{','.join(values)}]"


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Sort key that puts x[10] after x[2]."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name))


def index_of(name: str) -> tuple[str, tuple[int, ...]]:
    """``m[0].x[3]`` -> (``m[0].x``, (3,)); a name without index has ()."""
    match = re.fullmatch(r"(.*?)\[([\d,]+)\]", name)
    return (match[1], tuple(int(part) for part in match[2].split(","))) if match else (name, ())


@dataclass(frozen=True)
class Contact:
    """One pin of one element on a net."""

    element: str
    pin: Pin
    where: Position | None


@dataclass
class Nets:
    """Every net of a circuit with its contacts, gathered while the hierarchy is expanded."""

    contacts: dict[str, list[Contact]] = field(default_factory=lambda: defaultdict(list))

    def connect(self, net: str, contact: Contact) -> None:
        self.contacts[net].append(contact)

    def kind(self, net: str) -> str:
        """Kind of the first contact; clashes are reported by :meth:`check`."""
        return self.contacts[net][0].pin.kind

    def members(self, base: str) -> list[str]:
        """Nets of the array `base`, or the net itself, in natural order."""
        found = [net for net in self.contacts if net == base or index_of(net)[0] == base]
        return sorted(found, key=natural)

    def bases(self) -> set[str]:
        return {index_of(net)[0] for net in self.contacts if net != GROUND}

    def named(self, text: str) -> list[str]:
        """Nets that ``x``, ``x[*]`` or ``x[2]`` names, in natural order.

        Raises
        ------
        ValueError
            If there is none; the message says which exist.
        """
        base, index = split(text)
        members = self.members(base)
        if not members:
            raise ValueError(f"no net '{base}'{suggestion(base, self.bases())}")
        if index is None or index.strip() == "*":
            return members
        wanted = f"{base}[{index.replace(' ', '')}]"
        if wanted not in members:
            raise ValueError(f"no net '{wanted}'; {base} has {members[0]} to {members[-1]}")
        return [wanted]

    def check(self, problems: Problems) -> None:
        """Report clashes of kind, floating and undriven nets, and two drivers on one net."""
        for net in sorted(self.contacts, key=natural):
            if net == GROUND:
                continue
            contacts = self.contacts[net]
            first = contacts[0]
            kinds = {contact.pin.kind for contact in contacts}
            if len(kinds) > 1:
                other = next(contact for contact in contacts if contact.pin.kind != first.pin.kind)
                problems.add(
                    other.where,
                    f"{other.element}.{other.pin.name}",
                    f"net '{net}' joins {other.pin.kind} with {first.pin.kind} ({first.element}.{first.pin.name}); "
                    "only converters and p-bits bridge kinds of nets",
                )
                continue
            drivers = [contact for contact in contacts if contact.pin.direction == "out"]
            if len(drivers) > 1:
                a, b = drivers[:2]
                problems.add(
                    b.where,
                    f"{b.element}.{b.pin.name}",
                    f"net '{net}' has two drivers: {a.element}.{a.pin.name} and {b.element}.{b.pin.name}; leave one",
                )
            if first.pin.kind == "analog":
                passive = any(contact.pin.direction != "in" for contact in contacts)
                if len(contacts) == 1 or not passive:
                    problems.add(
                        first.where,
                        f"{first.element}.{first.pin.name}",
                        f"net '{net}' floats: only {_list(contacts)} is on it; connect it or correct the name",
                    )
            elif not drivers:
                problems.add(
                    first.where,
                    f"{first.element}.{first.pin.name}",
                    f"{first.pin.kind} net '{net}' has no driver: only {_list(contacts)} reads it",
                )


def _list(contacts: list[Contact]) -> str:
    return ", ".join(f"{contact.element}.{contact.pin.name}" for contact in contacts[:4])
