"""The files of a run: record, summary, report; each replaced only when it is complete."""

from __future__ import annotations

import json
from pathlib import Path

from thermosim.api import Chip
from thermosim.measure import Summary
from thermosim.provenance import machine
from thermosim.record import Record
from thermosim.report.figures import draw
from thermosim.report.html import page
from thermosim.report.overview import tell


def write(folder: Path, chip: Chip, record: Record, summary: Summary) -> dict[str, Path]:
    """Write summary and report beside the record in `folder`; returns all paths, the report last."""
    _replace(folder / "summary.json", json.dumps(summary.to_dict(), indent=1, allow_nan=False, ensure_ascii=False))
    drawings = draw(record, summary, chip.program)
    _replace(
        folder / "report.html",
        page(tell(summary, chip, full=True), drawings, _provenance(chip, record), _netlist(chip)),
    )
    return {"record": folder / "record.npz", "summary": folder / "summary.json", "report": folder / "report.html"}


def _replace(path: Path, text: str) -> None:
    """Write beside the file and rename: a reader never sees half of it."""
    draft = path.with_name(path.name + ".part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _netlist(chip: Chip) -> str:
    return str(chip.program.provenance["netlist"])


def _provenance(chip: Chip, record: Record) -> list[tuple[str, str]]:
    """What another person needs to get the same bits."""
    given, meta = chip.program.provenance, record.meta
    beyond = [f"{name} {digest}" for name, digest in given["sources"].items() if name not in given["files"]]
    return [
        ("files", ", ".join(str(file) for file in given["files"])),
        ("sha256", str(given["sha256"])),
        ("sha256 of what else was read", ", ".join(beyond) or "nothing else"),
        ("overrides", "; ".join(f"{path} = {value}" for path, value in chip.overrides.items()) or "none"),
        ("cards", ", ".join(f"{path}: {card}" for path, card in given["cards"].items()) or "none"),
        ("corner, die", f"{given['corner']}, {given['die']}; variation seed {given['variation_seed']}"),
        ("seed, replicas", f"{meta['seed']}, {meta['replicas']}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in meta["versions"].items())),
        ("machine", ", ".join(machine().values())),
    ]
