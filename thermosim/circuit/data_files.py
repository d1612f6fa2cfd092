"""Files of data that a netlist names: looked up beside it, noted in the provenance of a run, and read as edges."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thermosim.contracts import Floats, Ints
from thermosim.netlist import Netlist
from thermosim.netlist.graph_files import GRAPHS, read_graph

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


def finite(values: np.ndarray, key: str) -> Floats:
    """The values, if all of them are numbers."""
    if not np.all(np.isfinite(values)):
        raise CouplingError(key, "holds values that are not finite")
    return np.asarray(values, dtype=float)


def edges_of_file(name: str, directed: bool, work: Expansion) -> tuple[Ints, Floats | None]:
    """Edges from ``i,j[,weight]`` lines (.csv), ``edges`` and ``weights`` (.npz), or Matrix Market (.mtx); from 0."""
    file = data_file(work, name, "edges")
    if file.suffix == ".npz":
        with np.load(file, allow_pickle=False) as data:
            edges = np.asarray(data["edges"], dtype=np.int64)
            return edges, finite(data["weights"], "edges") if "weights" in data else None
    if directed and file.suffix != ".csv":
        raise CouplingError(
            "edges", f"directed edges are read from .csv or .npz, not {file.suffix}: those know no direction"
        )
    if file.suffix == ".mtx":
        from scipy.io import mmread

        sparse: Any = mmread(file)
        upper = sparse.row < sparse.col
        keep = upper if np.any(upper) else sparse.row > sparse.col
        pairs = np.sort(np.stack([sparse.row[keep], sparse.col[keep]], axis=1), axis=1)
        return pairs.astype(np.int64), finite(sparse.data[keep], "edges")
    if file.suffix in GRAPHS:
        edges, listed = read_graph(file)
        return edges, None if listed is None else finite(listed, "edges")
    with file.open(newline="") as stream:
        rows = [row for row in csv.reader(stream) if row and not row[0].lstrip().startswith("#")]
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1 or (widths and widths[0] not in (2, 3)):
        raise CouplingError(
            "edges", f"'{name}' has lines of {', '.join(map(str, widths))} entries; all are i,j or all i,j,weight"
        )
    try:
        edges = np.array([[int(row[0]), int(row[1])] for row in rows], dtype=np.int64).reshape(-1, 2)
        weights = np.array([float(row[2]) for row in rows]) if rows and len(rows[0]) > 2 else None
    except (ValueError, IndexError) as error:
        raise CouplingError("edges", f"'{name}' is no list of 'i,j' or 'i,j,weight' lines: {error}") from None
    return edges, None if weights is None else finite(weights, "edges")
