"""Files of data that a netlist names: looked up beside it, and noted in the provenance of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from thermosim.netlist import Netlist

if TYPE_CHECKING:
    from thermosim.circuit.elaborate import Expansion


class CouplingError(ValueError):
    """A coupling that makes no edges; `key` says which of its keys is at fault."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def folder(netlist: Netlist) -> Path:
    """Where data files of a netlist are looked up first: beside it."""
    files = netlist.document.files
    return Path(files[0]).parent if files else Path()


def data_file(work: Expansion, text: str, key: str) -> Path:
    """A data file, looked up beside the netlist."""
    found = next((path for path in (folder(work.netlist) / text, Path(text)) if path.is_file()), None)
    if found is None:
        raise CouplingError(key, f"no file '{text}' beside the netlist or here")
    work.netlist.document.note(text, found.read_bytes())
    return found
