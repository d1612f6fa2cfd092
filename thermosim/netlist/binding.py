"""From what a netlist says of a model to the model: card values, overrides, and the evidence of each number.

Values are laid over each other, card first, then the entry under ``models:``, then what stands at the
instance, and validated once; each mistake is reported where the value stands, also inside a card.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path as FilePath
from typing import Any

from thermosim.cards import Card, find_card
from thermosim.errors import NetlistError, Position, Problems, suggestion
from thermosim.models import REGISTRY
from thermosim.models.base import Evidence, Model, unit_of
from thermosim.netlist.expressions import Names, is_expression
from thermosim.netlist.schema import Netlist
from thermosim.netlist.validate import check, scoped
from thermosim.strict_yaml import Document, Path, dotted
from thermosim.units import read, show

BEYOND = "beyond_validity"
_SELECTORS = ("card", "type", "model")


@dataclass(frozen=True)
class Bound:
    """A model with its numbers, where each comes from, and the card it started from (None without one)."""

    model: Model
    evidence: Mapping[str, Evidence]
    card: str | None


@dataclass
class _Gathered:
    """Values on their way to one model: raw value, document and path of each."""

    values: dict[str, tuple[Any, Document, Path]] = field(default_factory=dict)
    type: str | None = None
    card: Card | None = None
    home: Path = ()
    """Where the type or card is chosen: missing values are reported there."""
    beyond: tuple[Any, Path] | None = None
    also_known: set[str] = field(default_factory=set)
    """Keys that may stand beside the parameters, for suggestions."""


def bind(
    spec: Mapping[str, Any] | str,
    at: Path,
    netlist: Netlist,
    problems: Problems,
    names: Names,
    extra: Mapping[str, Any] | None = None,
) -> Bound | None:
    """Bind a specification to a model.

    Parameters
    ----------
    spec
        ``{card: X, overrides...}``, ``{type: T, parameters...}``, ``{model: M, overrides...}`` or the name of
        an entry under ``models:``.
    at
        Path of `spec` in the netlist, for positions.
    names
        What expressions at `at` may use; those under ``models:`` use the netlist's own parameters.
    extra
        More overrides, standing at `at` too.

    Returns
    -------
    Bound or None
        None after reporting every problem.
    """
    gathered = _Gathered()
    selected = {"model": spec} if isinstance(spec, str) else spec
    if not _gather({**selected, **(extra or {})}, at, netlist, problems, gathered, ()):
        return None
    cls = REGISTRY.get(gathered.type or "")
    if cls is None:
        where = (
            gathered.card.document.position(("type",)) if gathered.card else netlist.document.position((*at, "type"))
        )
        problems.add(
            where, dotted((*at, "type")), f"unknown type '{gathered.type}'{suggestion(str(gathered.type), REGISTRY)}"
        )
        return None
    model = _validated(cls, gathered, netlist, problems, names)
    if model is None or not _within_validity(model, gathered, netlist, problems):
        return None
    return Bound(model, _evidence(model, gathered), gathered.card.name if gathered.card else None)


def _gather(
    spec: Mapping[str, Any], at: Path, netlist: Netlist, problems: Problems, into: _Gathered, chain: tuple[str, ...]
) -> bool:
    """Lay the values of `spec` over those of the model or card that it names; False after a problem."""
    document = netlist.document
    given = [key for key in _SELECTORS if key in spec]
    if len(given) != 1:
        message = (
            "needs 'card', 'type' or 'model'"
            if not given
            else f"has both '{given[0]}' and '{given[1]}'; a model has one of them"
        )
        problems.add(document.position(at, key=True), dotted(at), message)
        return False
    if at[-2:-1] == ("instances",):
        into.also_known.update(("shape", "pins"))
    key, name = given[0], spec[given[0]]
    where, path = document.position((*at, key)), dotted((*at, key))
    if key == "model":
        if name not in netlist.models or name in chain:
            message = f"unknown model '{name}'{suggestion(str(name), netlist.models)}"
            if name in chain:
                message = f"model '{name}' is defined by itself: {' -> '.join([*chain, name])}"
            problems.add(where, path, message)
            return False
        if not _gather(netlist.models[name], ("models", name), netlist, problems, into, (*chain, name)):
            return False
    elif key == "card":
        card = _card(name, netlist, where, path, problems)
        if card is None:
            return False
        into.card, into.type, into.home = card, card.type, at
        into.values = {
            name: (value.value, card.document, ("values", name, "value")) for name, value in card.values.items()
        }
    else:
        into.type, into.home = str(name), at
    for parameter, value in spec.items():
        if parameter == BEYOND and into.card is not None:
            into.beyond = (value, (*at, parameter))
        elif parameter not in _SELECTORS:
            shared = at[:1] == ("models",) and is_expression(value)
            into.values[parameter] = (
                scoped(value, netlist.parameters) if shared else value,
                document,
                (*at, parameter),
            )
    return True


def _card(name: Any, netlist: Netlist, where: Position | None, path: str, problems: Problems) -> Card | None:
    """The card, looked for in the netlist's libraries first; problems inside it keep their own places."""
    library = [folder for text in netlist.library for folder in (_beside(netlist) / text, FilePath(text))]
    try:
        card = find_card(str(name), library)
    except NetlistError as error:
        for problem in error.problems:
            problems.add(problem.where or where, problem.path or path, problem.message)
        return None
    netlist.document.sources[f"card {name}"] = card.document.sha256
    return card


def _beside(netlist: Netlist) -> FilePath:
    return FilePath(netlist.document.files[0]).parent if netlist.document.files else FilePath()


def _validated(
    cls: type[Model], gathered: _Gathered, netlist: Netlist, problems: Problems, names: Names
) -> Model | None:
    def locate(path: Path, key: bool) -> tuple[Position | None, str]:
        if path and path[0] in gathered.values:
            _, document, at = gathered.values[str(path[0])]
            # A card's value stands one level below the key that names it.
            card = document is not netlist.document
            spot = at[:-1] if card and key and len(path) == 1 else (*at, *path[1:])
            shown = (
                f"card {gathered.card.name}: {dotted(at[:-1])}" if card and gathered.card else dotted((*at, *path[1:]))
            )
            return document.position(spot, key), shown
        return netlist.document.position(gathered.home, key), dotted(gathered.home)

    data = {name: value for name, (value, _, _) in gathered.values.items()}
    if "type" in cls.model_fields:
        data["type"] = gathered.type
    unstated = f"; card {gathered.card.name} does not state it" if gathered.card else ""
    return check(cls, data, locate, problems, names, gathered.also_known, unstated)


def _unit(cls: type[Model], name: str) -> str | None:
    return unit_of(cls, name) if name in cls.model_fields else None


def _within_validity(model: Model, gathered: _Gathered, netlist: Netlist, problems: Problems) -> bool:
    """Whether every value lies where its card says that the card holds."""
    if gathered.beyond is not None:
        reason, at = gathered.beyond
        if isinstance(reason, str) and reason.strip():
            return True
        problems.add(netlist.document.position(at), dotted(at), "give the reason in words")
        return False
    card, good = gathered.card, True
    for name, (low, high) in (card.validity if card else {}).items():
        assert card is not None
        unit = "K" if name == "temperature" else _unit(type(model), name)
        own = getattr(model, name, None)
        value = (
            own if isinstance(own, int | float | Fraction) else netlist.temperature if name == "temperature" else None
        )
        if value is None:
            message = f"'{name}' is no number of model '{card.type}'"
            problems.add(
                card.document.position(("validity", name), key=True), f"card {card.name}: validity.{name}", message
            )
            return False
        limits = [read(str(limit), unit) if unit else float(limit) for limit in (low, high)]
        if not limits[0] <= float(value) <= limits[1]:
            good = False
            document, at = gathered.values[name][1:] if name in gathered.values else (netlist.document, (name,))
            shown = show(float(value), unit) if unit else f"{value:g}"
            problems.add(
                document.position(at),
                dotted(at),
                f"{shown} is outside the validity of card {card.name}, {low} to {high}; "
                f"to use it there say {BEYOND}: <reason>",
            )
    return good


def _evidence(model: Model, gathered: _Gathered) -> dict[str, Evidence]:
    """Grade and source of every parameter: the card's, or assumed where the netlist or a default says it."""
    found: dict[str, Evidence] = {}
    for name in type(model).model_fields:
        if name == "type":
            continue
        if name not in gathered.values:
            found[name] = Evidence("assumed", f"default of the model '{gathered.type}'")
            continue
        _, document, at = gathered.values[name]
        if gathered.card is not None and document is gathered.card.document:
            value = gathered.card.values[name]
            unit = _unit(type(model), name)
            low, high = (None, None)
            if value.spread is not None:
                low, high = (read(str(limit), unit) if unit else float(limit) for limit in value.spread)
            found[name] = Evidence(value.evidence, value.source, low, high)
        else:
            where = document.position(at)
            found[name] = Evidence("assumed", _said(where))
    return found


def _said(where: Position | None) -> str:
    """Source of a number that the netlist or an override says."""
    if where is None:
        return "netlist"
    return where.file if where.file.startswith("--set ") else f"netlist {where.file}:{where.line}"
