"""Terms of three or four p-bits as the netlist lists them: which elements of which arrays, and the weight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from thermosim.circuit.circuit import Instance
from thermosim.circuit.data_files import CouplingError, data_file
from thermosim.contracts import Floats, Ints
from thermosim.netlist.term_files import read_term_rows
from thermosim.terms import LARGEST, Terms

if TYPE_CHECKING:
    from thermosim.circuit.elaborate import Expansion


def products(coupling: Any, ends: list[Instance], work: Expansion) -> tuple[Ints, Floats]:
    """Members (term, end), elements of the arrays `ends`, and weights (term,) of a coupling's `terms`."""
    if coupling.weight is not None:
        raise CouplingError("weight", "the terms already carry weights; leave 'weight' out")
    order, given = len(ends), coupling.terms
    if isinstance(given, str):
        try:
            rows = read_term_rows(data_file(work, given, "terms"), order)
        except CouplingError:
            raise
        except ValueError as error:
            raise CouplingError("terms", str(error)) from None
        places, members, weights = (list(column) for column in zip(*rows, strict=True))
        where = [f"line {line} of '{given}'" for line in places]
    else:
        where = [f"term {k}" for k in range(len(given))]
        members, weights = _inline(given, order, where)
    names = [end.path for end in ends]
    seen: dict[tuple[tuple[str, int], ...], int] = {}
    for k, row in enumerate(members):
        told = f"{where[k]} = ({', '.join(map(str, row))})"
        for name, end, i in zip(names, ends, row, strict=True):
            if not 0 <= i < end.size:
                raise CouplingError("terms", f"{told} is out of range: '{name}' has elements 0 to {end.size - 1}")
        who = tuple(sorted(zip(names, row, strict=True)))
        if len(set(who)) < order:
            name, i = next(one for one in who if who.count(one) > 1)
            raise CouplingError(
                "terms", f"{told} has element {i} of '{name}' twice, and s^2 = 1: state the lower order"
            )
        if who in seen:
            raise CouplingError("terms", f"{told} states the product of {where[seen[who]]} again; state each term once")
        seen[who] = k
    return np.array(members, dtype=np.int64).reshape(-1, order), np.array(weights, dtype=np.float64)


def _inline(rows: Any, order: int, where: list[str]) -> tuple[list[tuple[int, ...]], list[float]]:
    """Members and weights of rows in the netlist."""
    if not rows:
        raise CouplingError("terms", "no term: leave the coupling out")
    members = []
    for told, row in zip(where, rows, strict=True):
        if len(row) != order + 1:
            wanted = f"{order} elements, one of each array in 'between', and a weight"
            raise CouplingError("terms", f"{told} has {len(row)} entries; expected {wanted}")
        if not all(float(value).is_integer() for value in row[:-1]):
            part = next(value for value in row[:-1] if not float(value).is_integer())
            raise CouplingError("terms", f"{told}: {part:g} is no element; elements are whole numbers from 0")
        members.append(tuple(int(value) for value in row[:-1]))
    return members, [float(row[-1]) for row in rows]


def split(terms: Terms) -> Iterator[tuple[Ints, Floats]]:
    """Members (term, order) and weights of each order by itself."""
    for order in range(3, LARGEST + 1):
        chosen = terms.orders == order
        if chosen.any():
            yield terms.members[chosen][:, LARGEST - order :], terms.weights[chosen]
