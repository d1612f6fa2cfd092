"""Reading a netlist: text to data with places, data to sections, sections checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from thermosim.cards import find_netlist
from thermosim.errors import Problems
from thermosim.netlist.couplings import Coupling
from thermosim.netlist.document import Document, read_file, read_text
from thermosim.netlist.parameters import resolve_parameters
from thermosim.netlist.references import check_references
from thermosim.netlist.schema import Controller, Instance, Netlist, Subcircuit
from thermosim.netlist.validate import ModelT, validate
from thermosim.units import Quantity


def load(
    source: str | PathLike[str], set: Mapping[str, Any] | None = None, problems: Problems | None = None
) -> Netlist:
    """Read a netlist file, or a shipped netlist by name.

    Parameters
    ----------
    source
        A file, or the name of a shipped netlist such as ``pbit_grid``.
    set
        Overrides by dotted path; texts are read as YAML: ``{"models.adc8.bits": 6, "parameters.C0": "2 pF"}``.
    problems
        Collects the problems instead of raising them, and the sound parts come back: elaborating them finds what
        else is wrong, so that all of it is told at once.

    Raises
    ------
    NetlistError
        With every structural problem of the file and its includes.
    """
    found = Problems() if problems is None else problems
    path = find_netlist(fspath(source))
    netlist = _netlist(read_file(path, set or {}, found), found, path.stem)
    if problems is None:
        found.raise_if_any()
    return netlist


def load_text(text: str, name: str = "netlist.yaml", set: Mapping[str, Any] | None = None) -> Netlist:
    """Read a netlist from text, as if it stood in the file `name`."""
    problems = Problems()
    netlist = _netlist(read_text(text, name, set or {}, problems), problems, Path(name).stem)
    problems.raise_if_any()
    return netlist


def _netlist(document: Document | None, problems: Problems, stem: str) -> Netlist:
    """The netlist, or its sound parts after reporting what is wrong with the others."""
    if document is None:
        problems.raise_if_any()
        raise AssertionError("a document is missing without a problem")
    names = resolve_parameters(document, problems)
    blind = len(problems) > 0  # expressions that use a broken parameter would be blamed too
    data = {"name": stem, **document.data, "parameters": names}
    netlist = validate(Netlist, data, (), document, problems, names)
    checked = _sound_parts(document, names) if netlist is None else netlist
    checked._document = document
    check_references(checked, problems)
    if blind:
        problems.raise_if_any()
    return checked


def _sound_parts(document: Document, names: Mapping[str, Quantity]) -> Netlist:
    """What of a faulty netlist is sound, so that the rest of its mistakes are found in the same pass."""

    def each(section: str, cls: type[ModelT]) -> dict[str, ModelT]:
        raw = document.data.get(section)
        parts = raw if isinstance(raw, dict) else {}
        found = {
            name: validate(cls, part, (section, name), document, Problems(), names) for name, part in parts.items()
        }
        return {name: part for name, part in found.items() if part is not None}

    models = document.data.get("models")
    sections: dict[str, Any] = {
        "parameters": names,
        "models": {name: spec for name, spec in models.items() if isinstance(spec, dict)}
        if isinstance(models, dict)
        else {},
        "subcircuits": each("subcircuits", Subcircuit),
        "instances": each("instances", Instance),
        "couplings": each("couplings", Coupling),
        "controllers": each("controllers", Controller),
    }
    return Netlist.model_construct(**sections)
