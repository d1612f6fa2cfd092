"""The HTML report: self-contained, escaped, and complete."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from thermosim.report.drawing import Drawing, spin_map
from thermosim.report.html import page
from thermosim.report.story import Story


class _Reader(HTMLParser):
    """Collects tags, attributes and text, and checks that tags nest."""

    void = ("meta", "img")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def drawing() -> Drawing:
    return spin_map("Mean spins", np.array([[1.0, -1.0, 0.0]]), "s")


def _read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def test_self_contained_and_without_scripts(story: Story, drawing: Drawing) -> None:
    text = page(story, {"Target": [drawing]}, [("seed", "1")], "thermosim: 1\n")
    reader = _read(text)
    assert "script" not in reader.tags
    assert "link" not in reader.tags
    assert len(reader.sources) == 1
    assert all(source.startswith("data:image/svg+xml;base64,") for source in reader.sources)
    assert not re.search(r"https?:|@import|url\(", text)


def test_says_what_the_screen_says(story: Story) -> None:
    said = _read(page(story, {}, [("seed", "1")], "name: pbit_grid")).text
    for words in (
        "pbit_grid",
        "not settled",
        "2.31 ± 0.04 sweeps",
        "0.038 ± 0.001",
        "the halves of the chains",
        "name: pbit_grid",
    ):
        assert words in said


def test_a_netlist_cannot_inject_markup(story: Story) -> None:
    evil = "<script>alert('&')</script>"
    reader = _read(page(story, {}, [("file", evil)], evil))
    assert "script" not in reader.tags
    assert reader.text.count(evil) == 2


def test_the_same_story_gives_the_same_bytes(story: Story, drawing: Drawing) -> None:
    pages = {page(story, {"Target": [drawing]}, [], "") for _ in range(2)}
    assert len(pages) == 1
