"""Cards: finding, reading, and every mistake in one; the shipped cards and their evidence."""
# ruff: noqa: E501 - whole messages and netlists stand on one line

from __future__ import annotations

import re
from pathlib import Path

import pytest

import thermosim.cards
from thermosim.cards import all_cards, data_folders, find_card, find_netlist, list_cards, list_netlists
from thermosim.errors import NetlistError, Position
from thermosim.models import REGISTRY

CARD = """\
type: resistor
description: A resistor of the text book.
values:
  r: {value: 1 kOhm, evidence: measured, source: "table 1", spread: [0.9 kOhm, 1.1 kOhm]}
validity: {r: [1 Ohm, 1 MOhm]}
checks:
  - {quantity: noise, expected: 4.07 nV, given: {temperature: 300 K}}
references: [book]
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "resistor").mkdir()
    (tmp_path / "resistor" / "book.yaml").write_text(CARD)
    return tmp_path


def test_a_card_is_read_with_places(library: Path) -> None:
    card = find_card("resistor/book", [library])
    assert (card.name, card.type) == ("resistor/book", "resistor")
    value = card.values["r"]
    assert (value.value, value.evidence, value.source, value.spread) == (
        "1 kOhm",
        "measured",
        "table 1",
        ("0.9 kOhm", "1.1 kOhm"),
    )
    assert card.checks[0].quantity == "noise"
    assert card.references == ("book",)
    assert card.document.position(("values", "r", "value")) == Position(f"{library}/resistor/book.yaml", 4, 14)


def test_a_library_comes_before_the_shipped_cards(library: Path) -> None:
    name = next(name for name in list_cards() if name.startswith("adc/"))
    (library / "adc").mkdir()
    (library / f"{name}.yaml").write_text(CARD)
    assert find_card(name, [library]).type == "resistor"
    assert find_card(name).type == "adc"
    assert "resistor/book" in list_cards([library])
    assert "resistor/book" not in list_cards()


def test_a_changed_card_is_read_again(library: Path) -> None:
    import os

    before = find_card("resistor/book", [library])
    file = library / "resistor" / "book.yaml"
    file.write_text(CARD.replace("1 kOhm, ev", "2 kOhm, ev"))
    os.utime(file, ns=(1, 1))
    assert before.values["r"].value == "1 kOhm"
    assert find_card("resistor/book", [library]).values["r"].value == "2 kOhm"


def test_an_unknown_card_lists_those_that_exist(library: Path) -> None:
    with pytest.raises(NetlistError) as caught:
        find_card("resistor/bok", [library])
    text = str(caught.value)
    assert text.startswith("unknown card 'resistor/bok'; did you mean 'resistor/book'? these cards exist: adc/")
    assert text.endswith(", ".join(list_cards([library])))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("type: resistor\n", "", "1:1: missing 'type': the model type that the numbers are for"),
        ("evidence: measured, ", "", "4:3: values.r: missing 'evidence'"),
        ('source: "table 1", ', "", "4:3: values.r: missing 'source': where the number comes from"),
        ('"table 1"', '""', "4:50: values.r.source: expected text, got nothing"),
        (
            "evidence: measured",
            "evidence: measurd",
            "4:32: values.r.evidence: 'measurd' is not one of measured, modelled, calibrated, derived, assumed, unverified; "
            "did you mean 'measured'?",
        ),
        (
            "spread: [0.9 kOhm, 1.1 kOhm]",
            "spread: [0.9 kOhm]",
            "4:69: values.r.spread: expected at least 2 items, got 1",
        ),
        ("references", "referenses", "8:1: referenses: unknown key 'referenses'; did you mean 'references'?"),
        ("validity: {r: [1 Ohm, 1 MOhm]}", "validity: 5", "5:11: validity: expected a mapping, got 5"),
        (CARD, "- 1\n", "1:1: expected a mapping, got a list"),
        (CARD, "", "1:1: the file is empty; expected a mapping of keys to values"),
    ],
)
def test_the_text_of_each_mistake_in_a_card(library: Path, old: str, new: str, message: str) -> None:
    file = library / "resistor" / "bad.yaml"
    file.write_text(CARD.replace(old, new))
    with pytest.raises(NetlistError) as caught:
        find_card("resistor/bad", [library])
    assert str(caught.value) == f"{file}:{message}"


def test_every_shipped_card_is_of_a_known_type_and_has_sources() -> None:
    cards = list(all_cards())
    assert len(cards) == len(list_cards()) > 5
    for card in cards:
        assert card.type in REGISTRY
        assert card.name.split("/")[0] == card.type
        assert "default" not in card.name
        assert set(card.values) <= set(REGISTRY[card.type].model_fields)
        for value in card.values.values():
            assert len(value.source) > 3


def test_references_of_shipped_cards_are_in_the_bibliography() -> None:
    files = [folder / "references.bib" for folder in data_folders("devices")]
    known = {key for file in files if file.is_file() for key in re.findall(r"@\w+\{([^,]+),", file.read_text())}
    for card in all_cards():
        assert set(card.references) <= known, card.name


def test_netlists_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    assert find_netlist("smode4").name == "smode4.yaml"
    assert "smode4" in list_netlists()
    assert "smode" not in list_netlists()
    own = tmp_path / "own.yaml"
    own.write_text("thermosim: 1\n")
    assert find_netlist(own) == own


def test_a_directory_does_not_hide_a_shipped_netlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "smode4").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_netlist("smode4").is_file()


def test_an_installed_package_finds_the_data_inside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a pyproject.toml beside it, the folder beside the package belongs to somebody else."""
    package = tmp_path / "thermosim"
    for folder in (package / "_data" / "devices" / "resistor", tmp_path / "devices" / "resistor"):
        folder.mkdir(parents=True)
        (folder / "book.yaml").write_text(CARD)
    monkeypatch.setattr(thermosim.cards, "_PACKAGE", package)
    assert data_folders("devices") == (package / "_data" / "devices",)
    assert list_cards() == ("resistor/book",)
    assert str(package) in find_card("resistor/book").document.files[0]
    with pytest.raises(NetlistError, match=r"^x: no such file; no shipped netlists exist$"):
        find_netlist("x")
