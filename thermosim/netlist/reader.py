"""Reading a netlist: text to data with places, data to sections, sections checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from thermosim.cards import find_netlist
from thermosim.errors import Problems
from thermosim.netlist.document import Document, read_file, read_text
from thermosim.netlist.parameters import resolve_parameters
from thermosim.netlist.references import check_references
from thermosim.netlist.schema import Netlist
from thermosim.netlist.validate import validate


def load(source: str | PathLike[str], set: Mapping[str, Any] | None = None) -> Netlist:
    """Read a netlist file, or a shipped netlist by name.

    Parameters
    ----------
    source
        A file, or the name of a shipped netlist such as ``pbit_grid``.
    set
        Overrides by dotted path; texts are read as YAML: ``{"models.adc8.bits": 6, "parameters.C0": "2 pF"}``.

    Raises
    ------
    NetlistError
        With every structural problem of the file and its includes.
    """
    problems = Problems()
    path = find_netlist(fspath(source))
    return _netlist(read_file(path, set or {}, problems), problems, path.stem)


def load_text(text: str, name: str = "netlist.yaml", set: Mapping[str, Any] | None = None) -> Netlist:
    """Read a netlist from text, as if it stood in the file `name`."""
    problems = Problems()
    return _netlist(read_text(text, name, set or {}, problems), problems, Path(name).stem)


def _netlist(document: Document | None, problems: Problems, stem: str) -> Netlist:
    if document is None:
        problems.raise_if_any()
        raise AssertionError("a document is missing without a problem")
    names = resolve_parameters(document, problems)
    data = {"name": stem, **document.data, "parameters": names}
    netlist = validate(Netlist, data, (), document, problems, names)
    if netlist is not None:
        netlist._document = document
        check_references(netlist, problems)
    problems.raise_if_any()
    assert netlist is not None
    return netlist
