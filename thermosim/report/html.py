"""The report as one self-contained HTML file: no scripts, no links to anything outside it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from thermosim.report.drawing import Drawing
from thermosim.report.story import Story


def page(
    story: Story,
    drawings: Mapping[str, Sequence[Drawing]],
    provenance: Iterable[tuple[str, str]],
    netlist: str,
) -> str:
    """HTML text of a story; `drawings` by the title of the section that they belong to.

    Every text is escaped: a netlist may say what it likes.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data_uri"] = _data_uri
    template = environment.from_string(files("thermosim.report").joinpath("report.html.j2").read_text("utf-8"))
    return template.render(story=story, drawings=drawings, provenance=list(provenance), netlist=netlist)


def _data_uri(drawing: Drawing) -> str:
    """SVG as an image of its own, so that the identifiers of two drawings cannot meet."""
    return "data:image/svg+xml;base64," + b64encode(drawing.svg().encode()).decode()
