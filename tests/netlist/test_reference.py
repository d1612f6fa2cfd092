"""The reference page is the schema's."""

from __future__ import annotations

from pathlib import Path

from thermosim.models import REGISTRY
from thermosim.netlist.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "netlist.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == reference(), (
        "write it again: python -m thermosim.netlist.reference > docs/reference/netlist.md"
    )


def test_every_type_is_described() -> None:
    assert all(f"### type: {name}\n" in reference() for name in REGISTRY)
