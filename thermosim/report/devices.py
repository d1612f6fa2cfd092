"""Models and cards as pages: every number with its unit, evidence, source, spread, validity and checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic.fields import FieldInfo
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from thermosim.cards import Card, all_cards, find_card, list_cards
from thermosim.errors import NetlistError, Problem, suggestion
from thermosim.models import REGISTRY
from thermosim.models.base import Model, UnitTag
from thermosim.report.screen import console, heading

_GRADES = {
    "measured": "green", "modelled": "cyan", "calibrated": "cyan", "derived": "cyan", "assumed": "yellow",
    "unverified": "red",
}  # fmt: skip


def catalogue() -> dict[str, Any]:
    """All models and cards; keys ``models`` (type, family, description) and ``cards`` (name, type, description)."""
    return {
        "models": [
            {"type": name, "family": model.family, "description": _first_line(model)}
            for name, model in REGISTRY.items()
        ],
        "cards": [{"name": card.name, "type": card.type, "description": card.description} for card in all_cards()],
    }


def page(name: str) -> dict[str, Any]:
    """One card or model.

    Raises
    ------
    NetlistError
        If there is neither; the message lists what exists.
    """
    if name in REGISTRY:
        return _model_page(name, REGISTRY[name])
    cards = list_cards()
    if name in cards:
        return _card_page(find_card(name))
    known = (*cards, *REGISTRY)
    hint = suggestion(name, known)
    exist = f" these cards exist: {', '.join(cards) or 'none'}; these models: {', '.join(REGISTRY)}"
    raise NetlistError(
        [Problem(None, "", f"no card or model '{name}'{hint if 'did you mean' in hint else ';'}{exist}")]
    )


def _card_page(card: Card) -> dict[str, Any]:
    model = REGISTRY.get(card.type)
    values = [
        {
            "parameter": parameter,
            "value": _said(value.value),
            "unit": unit_of(model.model_fields[parameter]) if model and parameter in model.model_fields else None,
            "evidence": value.evidence,
            "source": value.source,
            "spread": [_said(limit) for limit in value.spread] if value.spread else None,
        }
        for parameter, value in card.values.items()
    ]
    return {
        "kind": "card",
        "name": card.name,
        "type": card.type,
        "description": card.description,
        "values": values,
        "validity": {key: [_said(limit) for limit in limits] for key, limits in card.validity.items()},
        "checks": [
            {key: _said(item) for key, item in check.model_dump(exclude_none=True).items()} for check in card.checks
        ],
        "references": list(card.references),
    }


def _model_page(name: str, model: type[Model]) -> dict[str, Any]:
    return {
        "kind": "model",
        "name": name,
        "family": model.family,
        "description": _first_line(model),
        "pins": [pin._asdict() for pin in model.pins],
        "parameters": [
            {
                "parameter": key,
                "unit": unit_of(info),
                "required": info.is_required(),
                "default": None if info.is_required() or info.default is None else _said(info.default),
            }
            for key, info in model.model_fields.items()
            if key != "type"
        ],
        "counters": list(model.counters),
        "varies": list(model.mismatched),
        "cards": [card.name for card in all_cards() if card.type == name],
    }


def unit_of(info: FieldInfo) -> str | None:
    """The unit that a field declares, also where the quantity may be left out; None for what has no unit."""
    return next((tag.unit for tag in (*info.metadata, *_metadata(info.annotation)) if isinstance(tag, UnitTag)), None)


def _metadata(annotation: Any) -> Iterator[Any]:
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _metadata(part)


def _first_line(model: type[Model]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _said(value: Any) -> str:
    """A value as the netlist would write it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_said(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_said(item) for item in value) + "]"
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def show_catalogue() -> None:
    """Print the models and the cards."""
    found, out = catalogue(), console()
    out.print(heading("Models"))
    out.print(_grid(None, [(item["type"], item["family"], item["description"]) for item in found["models"]]))
    out.print()
    out.print(heading("Cards"))
    out.print(
        _grid(
            None,
            [
                (card["name"], card["type"], card["description"].partition(". ")[0].rstrip(".") + ".")
                for card in found["cards"]
            ],
        )
    )
    out.print()
    out.print(Text("thermosim devices NAME prints every number of a card, or the parameters of a model", style="dim"))


def show_page(name: str) -> None:
    """Print one card or model."""
    found, out = page(name), console()
    kind = f"card of model {found['type']}" if found["kind"] == "card" else f"model of family {found['family']}"
    out.print(Text.assemble((found["name"], "bold"), "  ", (kind, "dim")))
    out.print(Text(found["description"]))
    (_show_card if found["kind"] == "card" else _show_model)(found, out)


def _show_card(card: Mapping[str, Any], out: Console) -> None:
    out.print()
    out.print(heading("Values"))
    for row in card["values"]:
        head = Text.assemble(
            (f"{row['parameter']:<16}", "bold"),
            f" {row['value']:<18}",
            (f" {row['evidence']}", _GRADES[row["evidence"]]),
        )
        if row["spread"]:
            head.append(f"  {row['spread'][0]} to {row['spread'][1]}", style="dim")
        out.print(Padding(Group(head, Padding(Text(row["source"], style="dim"), (0, 0, 0, 17))), (0, 0, 0, 2)))
    if card["validity"]:
        out.print()
        out.print(heading("Valid for"))
        out.print(_grid(None, [(key, f"{low} to {high}") for key, (low, high) in card["validity"].items()]))
    if card["checks"]:
        out.print()
        out.print(heading("Must reproduce"))
        for check in card["checks"]:
            extra = ", ".join(f"{key} {value}" for key, value in check.items() if key not in ("quantity", "expected"))
            out.print(
                Padding(
                    Text.assemble(f"{check['quantity']} = {check['expected']}", (f"  {extra}", "dim")), (0, 0, 0, 2)
                )
            )
    if card["references"]:
        out.print()
        out.print(heading("References"))
        for reference in card["references"]:
            out.print(Padding(Text(reference), (0, 0, 0, 2)))


def _show_model(model: Mapping[str, Any], out: Console) -> None:
    if model["pins"]:
        out.print()
        out.print(heading("Pins"))
        rows = [
            (pin["name"], pin["kind"], pin["direction"] + (", may stay open" if pin["optional"] else ""))
            for pin in model["pins"]
        ]
        out.print(_grid(None, rows))
    out.print()
    out.print(heading("Parameters"))
    rows = [
        (row["parameter"], row["unit"] or "", "required" if row["required"] else f"default {row['default'] or 'none'}")
        for row in model["parameters"]
    ]
    out.print(_grid(("", "unit", ""), rows))
    for title, key in (
        ("Counted actions", "counters"),
        ("May vary from die to die or element to element", "varies"),
        ("Cards", "cards"),
    ):
        if model[key]:
            out.print()
            out.print(heading(title))
            out.print(Padding(Text(", ".join(model[key])), (0, 0, 0, 2)))


def _grid(header: tuple[str, ...] | None, rows: Sequence[tuple[str, ...]]) -> Padding:
    width = len(rows[0]) if rows else 1
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=header is not None, header_style="dim")
    for place in range(width):
        table.add_column(header[place] if header else "", style="bold" if place == 0 else "", no_wrap=place == 0)
    for row in rows:
        table.add_row(*row)
    return Padding(table, (0, 0, 0, 2))
