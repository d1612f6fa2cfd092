"""Couplings that p-dits take part in: a weight times one table for all edges, or a whole table for each from a file.

J_ij(a, b) = weight_ij table[a][b],   table = identity (Potts) between p-dits of one number of states
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thermosim.circuit.circuit import At, Instance, Synapses
from thermosim.circuit.data_files import CouplingError
from thermosim.contracts import Floats
from thermosim.models import quantise
from thermosim.netlist import Bound
from thermosim.netlist.tables import Ends, read_tables

if TYPE_CHECKING:
    from thermosim.circuit.elaborate import Expansion


def states_of(instance: Instance) -> int:
    """Number of states of an element: two of a p-bit."""
    return int(getattr(instance.bound.model, "q", 2))


def table_of(coupling: Any, bound: Bound, a: Instance, b: Instance) -> Floats | None:
    """The table that multiplies every weight; None where it is for a file of tables to say, or between p-bits."""
    kinds, states = (a.bound.model.family, b.bound.model.family), (states_of(a), states_of(b))
    if "pdit" not in kinds:
        for key in ("table", "tables"):
            if getattr(coupling, key) is not None:
                raise CouplingError(key, "is for couplings with p-dits; two p-bits couple by a weight")
        return None
    if coupling.problem is not None:
        raise CouplingError("problem", "a problem is for p-bits; p-dits take 'tables', or edges with a weight")
    if coupling.tables is not None:
        for key in ("weight", "table"):
            if getattr(coupling, key) is not None:
                raise CouplingError(key, "the file of tables says how strong every edge is; leave this out")
        return None
    if coupling.table is not None:
        return _checked(np.array(coupling.table, dtype=float), states, a, b)
    shape = f"{states[0]} x {states[1]}"
    if kinds != ("pdit", "pdit"):
        raise CouplingError(
            "", f"a p-bit and a p-dit couple by a table of {shape}: give 'table', or a file of 'tables'"
        )
    if states[0] != states[1]:
        raise CouplingError(
            "",
            f"a Potts weight couples p-dits of one number of states; '{a.path}' has {states[0]} and '{b.path}' "
            f"{states[1]}: give a 'table' of {shape}, or a file of 'tables'",
        )
    return np.eye(states[0])


def _checked(table: Floats, states: tuple[int, int], a: Instance, b: Instance) -> Floats:
    """A table of the right shape that says the same from both ends of an edge within an array."""
    if table.shape != states:
        got, need = (" x ".join(map(str, shape)) for shape in (table.shape, states))
        raise CouplingError(
            "table", f"is {got}; '{a.path}' with '{b.path}' needs {need}, a row for each state of the first"
        )
    if a is b and not np.array_equal(table, table.T):
        i, j = np.argwhere(table != table.T)[0]
        raise CouplingError(
            "table",
            f"is not symmetric: [{i}][{j}] is {table[i, j]:g}, [{j}][{i}] is {table[j, i]:g}, and which end of an edge "
            "within an array comes first is not said; a file of 'tables' says it edge by edge",
        )
    return table


def file_synapses(
    work: Expansion, path: str, coupling: Any, at: At, bound: Bound, ends: list[Instance], file: Path
) -> Synapses:
    """Edges with a whole table each; the file's biases join those of the p-dits."""
    a, b = ends
    same, model = a is b, bound.model
    known = Ends((a.size, b.size), (states_of(a), states_of(b)), same)
    try:
        found = read_tables(file, known, coupling.tables.alphabet)
    except ValueError as error:
        raise CouplingError("tables", str(error)) from None
    if same:
        _add_biases(work, a, found.biases)
    weights = found.tables.ravel()
    programmed = quantise(weights, getattr(model, "bits", None), getattr(model, "j_max", None))
    return Synapses(path, at, bound, (a.path, b.path), found.edges, None, weights, programmed, programmed)


def _add_biases(work: Expansion, array: Instance, biases: Floats) -> None:
    drawn, actual = ({**values, "bias": values["bias"] + biases} for values in (array.drawn, array.actual))
    work.instances[array.path] = replace(array, drawn=drawn, actual=actual)
