"""One screen of at most 100 columns: what ran, mixing, energy, target, files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table as Grid
from rich.text import Text

from thermosim.report.story import Badge, Fact, Part, Section, Story, Table

WIDTH = 100
_TONES = {"good": "bold green", "warn": "bold yellow", "bad": "bold red", "plain": "bold"}
_BAR = 26


def console() -> Console:
    """Standard output, never wider than 100 columns; 100 where it is no terminal."""
    probe = Console(file=sys.stdout)
    width = min(WIDTH, probe.width) if probe.is_terminal else WIDTH
    # What is printed comes from netlists and cards: square brackets in it are no markup.
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def show(story: Story) -> None:
    """Print the story."""
    out = console()
    out.print(Text.assemble((story.name, "bold"), "  ", (story.description, "dim")))
    out.print(Text(story.run))
    for section in story.sections:
        out.print()
        out.print(_section(section))


def show_files(files: Mapping[str, Path]) -> None:
    """Print where the files are, the report last and alone so that it is found."""
    out = console()
    out.print()
    out.print(heading("Files"))
    for name, path in files.items():
        out.print(Text.assemble("  ", (f"{name:<9}", "dim"), str(path)), soft_wrap=True)


def _section(section: Section) -> RenderableType:
    blocks: list[RenderableType] = []
    if section.facts:
        blocks.append(_facts(section.facts))
    if section.parts:
        blocks.append(_parts(section.parts))
    blocks += [_table(table) for table in section.tables]
    blocks += [_remark(text) for text in section.remarks]
    return Group(heading(section.title, section.badge), *(Padding(block, (0, 0, 0, 2)) for block in blocks))


def heading(title: str, badge: Badge | None = None) -> RenderableType:
    """A title on a rule, with its verdict."""
    text = Text(title, style="bold")
    if badge:
        text.append("  ")
        text.append(badge.text, style=_TONES[badge.tone])
    return Rule(text, align="left", style="dim", characters="─")


def _facts(facts: tuple[Fact, ...]) -> Grid:
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True, min_width=20)
    grid.add_column(overflow="fold")
    for fact in facts:
        grid.add_row(fact.label, Text.assemble(fact.value, ("  " + fact.note if fact.note else "", "dim")))
    return grid


def _parts(parts: tuple[Part, ...]) -> Grid:
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(max_width=34, overflow="ellipsis", no_wrap=True)
    grid.add_column(width=_BAR, no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(style="dim", no_wrap=True)
    for part in parts:
        grid.add_row(
            part.label, Text(bar(part.share), style="blue"), f"{100 * part.share:.1f} %", part.value, part.grade
        )
    return grid


def bar(share: float, width: int = _BAR) -> str:
    """A bar in eighths of a column; anything above zero shows."""
    eighths = max(round(share * width * 8), 1 if share > 0 else 0)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _table(table: Table) -> Grid:
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, numeric in zip(table.header, table.numeric, strict=True):
        grid.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in table.rows:
        grid.add_row(*row)
    return grid


def _remark(text: str) -> Text:
    return Text.assemble(("! ", "yellow"), text)
