"""Binding: which value wins, what it is worth as evidence, and where its mistakes are reported."""
# ruff: noqa: E501 - whole messages and netlists stand on one line

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from thermosim.errors import Problems
from thermosim.models import REGISTRY
from thermosim.models.base import Evidence
from thermosim.netlist import Bound, Netlist, bind, load_text
from thermosim.units import read_any

CARD = """\
type: resistor
description: A resistor of the text book.
values:
  r: {value: 2 kOhm, evidence: measured, source: "table 1", spread: [1.8 kOhm, 2.2 kOhm]}
validity: {r: [1 kOhm, 10 kOhm], temperature: [250 K, 350 K]}
"""
TEXT = """\
thermosim: 1
library: [LIBRARY]
parameters: {R0: 4 kOhm}
models:
  book: {card: resistor/book}
  more: {model: book, noisy: false}
  own: {type: resistor, r: "{R0 / 2}"}
  far: {card: resistor/book, r: 20 kOhm}
run: {duration: 1 us}
"""


@pytest.fixture
def netlist(tmp_path: Path) -> Netlist:
    (tmp_path / "resistor").mkdir()
    (tmp_path / "resistor" / "book.yaml").write_text(CARD)
    return load_text(TEXT.replace("LIBRARY", str(tmp_path)), "chip.yaml")


def bound(netlist: Netlist, spec: Any, names: Any = None, at: Any = ("instances", "x"), **extra: Any) -> Bound:
    problems = Problems()
    found = bind(spec, at, netlist, problems, netlist.parameters if names is None else names, extra)
    problems.raise_if_any()
    assert found is not None
    return found


def complaints(netlist: Netlist, spec: Any, at: Any = ("instances", "x"), **extra: Any) -> list[str]:
    problems = Problems()
    assert bind(spec, at, netlist, problems, netlist.parameters, extra) is None
    return [str(problem) for problem in problems.sorted()]


def test_a_card_gives_value_and_evidence(netlist: Netlist) -> None:
    found = bound(netlist, "book")
    assert found.model.r == 2000.0  # type: ignore[attr-defined]
    assert found.card == "resistor/book"
    assert found.evidence["r"] == Evidence("measured", "table 1", 1800.0, 2200.0)
    assert found.evidence["noisy"] == Evidence("assumed", "default of the model 'resistor'")


def test_the_nearest_value_wins_and_is_assumed(netlist: Netlist) -> None:
    found = bound(netlist, {"model": "more"}, r="3 kOhm")
    assert found.model.r == 3000.0  # type: ignore[attr-defined]
    assert found.model.noisy is False  # type: ignore[attr-defined]
    assert found.evidence["noisy"] == Evidence("assumed", "netlist chip.yaml:6")
    assert found.evidence["r"].grade == "assumed"
    assert found.card == "resistor/book"


def test_a_model_uses_the_netlists_names_and_an_instance_its_own(netlist: Netlist) -> None:
    """R0 means 4 kOhm under `models:` even where a subcircuit has an R0 of its own."""
    inner = {"R0": read_any("1 Ohm")}
    assert bound(netlist, "own", inner).model.r == 2000.0  # type: ignore[attr-defined]
    assert bound(netlist, "own", inner, r="{R0 / 2}").model.r == 0.5  # type: ignore[attr-defined]


def test_an_inline_type_has_no_card(netlist: Netlist) -> None:
    found = bound(netlist, {"type": "resistor", "r": "1 kOhm"}, at=("couplings", "c", "model"))
    assert found.card is None
    assert type(found.model) is REGISTRY["resistor"]


def test_an_override_from_the_command_line_says_so(tmp_path: Path) -> None:
    netlist = load_text(TEXT.replace("LIBRARY", str(tmp_path)), "chip.yaml", set={"models.own.r": "5 kOhm"})
    assert bound(netlist, "own").evidence["r"] == Evidence("assumed", "--set models.own.r=5 kOhm")


def test_beyond_the_validity_of_a_card(netlist: Netlist) -> None:
    assert complaints(netlist, "far") == [
        "chip.yaml:8:33: models.far.r: 20 kOhm is outside the validity of card resistor/book, 1 kOhm to 10 kOhm; "
        "to use it there say beyond_validity: <reason>"
    ]
    assert bound(netlist, "far", beyond_validity="extrapolated").model.r == 2e4  # type: ignore[attr-defined]
    assert complaints(netlist, "far", beyond_validity="") == [
        "chip.yaml:1:1: instances.x.beyond_validity: give the reason in words"
    ]
    hot = netlist.model_copy(update={"temperature": 400.0})
    hot._document = netlist.document
    assert complaints(hot, "book") == [
        "chip.yaml:1:1: temperature: 400 K is outside the validity of card resistor/book, 250 K to 350 K; "
        "to use it there say beyond_validity: <reason>"
    ]


def test_what_a_card_leaves_open_must_be_said(netlist: Netlist, tmp_path: Path) -> None:
    (tmp_path / "resistor" / "open.yaml").write_text("type: resistor\ndescription: Nothing.\nvalues: {}\n")
    assert complaints(netlist, {"card": "resistor/open"}) == [
        "chip.yaml:1:1: instances.x: missing 'r': a quantity in Ohm; card resistor/open does not state it"
    ]


def test_a_mistake_inside_a_card_is_reported_in_the_card(netlist: Netlist, tmp_path: Path) -> None:
    file = tmp_path / "resistor" / "bad.yaml"
    file.write_text(CARD.replace("2 kOhm, ev", "2 kV, ev"))
    assert complaints(netlist, {"card": "resistor/bad"}) == [
        f"{file}:4:14: card resistor/bad: values.r: '2 kV': expected Ohm with an optional SI prefix"
    ]
    file.write_text(CARD.replace("  r: {", "  rr: {"))
    assert f"{file}:4:3: card resistor/bad: values.rr: unknown key 'rr'; did you mean 'r'?" in complaints(
        netlist, {"card": "resistor/bad"}
    )


@pytest.mark.parametrize(
    ("spec", "start"),
    [
        ("bok", "chip.yaml:1:1: instances.x.model: unknown model 'bok'; did you mean 'book'?"),
        ({"r": "1 Ohm"}, "chip.yaml:1:1: instances.x: needs 'card', 'type' or 'model'"),
        ({"type": "a", "card": "b"}, "chip.yaml:1:1: instances.x: has both 'card' and 'type'; a model has one of them"),
        ({"type": "resitor"}, "chip.yaml:1:1: instances.x.type: unknown type 'resitor'; did you mean 'resistor'?"),
        (
            {"card": "resistor/bock"},
            "chip.yaml:1:1: instances.x.card: unknown card 'resistor/bock'; did you mean 'resistor/book'? these cards exist: ",
        ),
    ],
)
def test_specifications_that_name_nothing(netlist: Netlist, spec: Any, start: str) -> None:
    (message,) = complaints(netlist, spec)
    assert message.startswith(start)


def test_one_mistake_in_a_shared_model_is_reported_once(tmp_path: Path) -> None:
    netlist = load_text(TEXT.replace("LIBRARY", str(tmp_path)).replace("{R0 / 2}", "{R9 / 2}"), "chip.yaml")
    problems = Problems()
    for name in ("a", "b", "c"):
        bind({"model": "own"}, ("instances", name), netlist, problems, netlist.parameters)
    assert [str(problem) for problem in problems.sorted()] == [
        "chip.yaml:7:28: models.own.r: '{R9 / 2}': unknown name 'R9'; these exist: R0"
    ]
