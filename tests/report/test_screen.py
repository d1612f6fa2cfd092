"""The screen: everything said, aligned, never wider than 100 columns."""

import re
from pathlib import Path

import pytest

from thermosim.report import screen
from thermosim.report.story import Story


def test_everything_is_said(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    screen.show(story)
    text = capsys.readouterr().out
    for words in (
        "pbit_grid",
        "Mixing  not settled",
        "2.31 ± 0.04 sweeps  2.31 us",
        "45.0 %",
        "3.2 nJ",
        "modelled",
        "0.038 ± 0.001",
        "! the halves",
    ):
        assert words in text


def test_no_line_is_wider_than_100_columns(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    screen.show(story)
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 100


def test_values_of_shares_are_aligned(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    screen.show(story)
    rows = [line for line in capsys.readouterr().out.splitlines() if re.search(r"\d %", line)]
    assert len(rows) == 2
    assert len({row.index("%") for row in rows}) == 1
    assert len({row.index("J ") for row in rows}) == 1


def test_no_colour_codes_where_output_is_no_terminal(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    screen.show(story)
    assert "\x1b" not in capsys.readouterr().out


def test_a_path_is_never_broken(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("results") / ("long" * 40) / "report.html"
    screen.show_files({"report": path})
    assert str(path) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("share", "drawn"), [(0.0, ""), (0.0001, "▏"), (0.5, "█" * 13), (1.0, "█" * 26), (0.52, "█" * 13 + "▌")]
)
def test_bar(share: float, drawn: str) -> None:
    assert screen.bar(share) == drawn
