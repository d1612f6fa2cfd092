"""Files of products of spins: one term on a line, the numbers of its spins and then its weight.

    # E = -(sum of the terms), spins from 0
    0 0.5              0.5 s_0
    0 2 -1             -1 s_0 s_2
    0 1 2 0.25         0.25 s_0 s_1 s_2

So the order of a term is its number of spins, one to four. Fields are parted by blanks or commas, # begins a comment.
"""

from __future__ import annotations

import math
from pathlib import Path

from thermosim.netlist.problem import Problem, ProblemError, from_products
from thermosim.netlist.problem_files import MOST, text_of
from thermosim.terms import LARGEST

Spins = tuple[int, ...]


def read_term_rows(path: Path, order: int | None = None) -> list[tuple[int, Spins, float]]:
    """Line, spins as written and weight of every term of a file.

    Parameters
    ----------
    path
        The file.
    order
        Spins that every term must have; None for one to four.

    Raises
    ------
    ProblemError
        With file and line: wrong numbers of fields, spins that are no numbers, weights that are not finite.
    """
    found = []
    for line, text in enumerate(text_of(path).splitlines(), 1):
        fields = text.split("#")[0].replace(",", " ").split()
        count = len(fields) - 1
        if not fields:
            continue
        if not (1 <= count <= LARGEST if order is None else count == order):
            wanted = f"one to {LARGEST} spins" if order is None else f"{order} elements"
            raise ProblemError(path.name, line, f"expected {wanted} and a weight, got {len(fields)} fields")
        found.append((line, _spins(path.name, line, fields[:count]), _weight(path.name, line, fields[-1])))
    if not found:
        raise ProblemError(path.name, None, "no term: lines are the spins of a product and its weight")
    return found


def _spins(file: str, line: int, fields: list[str]) -> Spins:
    try:
        spins = tuple(int(field) for field in fields)
    except ValueError:
        raise ProblemError(file, line, f"expected the numbers of spins, got '{' '.join(fields)}'") from None
    for spin in spins:
        if not 0 <= spin < MOST:
            raise ProblemError(file, line, f"spin {spin} is out of range: 0 to {MOST - 1}")
    return spins


def _weight(file: str, line: int, field: str) -> float:
    try:
        value = float(field)
    except ValueError:
        raise ProblemError(file, line, f"expected a weight, got '{field}'") from None
    if not math.isfinite(value):
        raise ProblemError(file, line, f"the weight {field} is not finite")
    return value


def read_terms(path: Path) -> Problem:
    """A file of terms as a problem, E = -(sum of the terms).

    Raises
    ------
    ProblemError
        As :func:`read_term_rows`, and for terms that are stated twice or have a spin twice.
    """
    energy: dict[Spins, float] = {}
    places: dict[Spins, int] = {}
    for line, written, weight in read_term_rows(path):
        spins = tuple(sorted(written))
        told = " ".join(map(str, written))
        if len(set(spins)) < len(spins):
            raise ProblemError(path.name, line, f"the term {told} has a spin twice, and s^2 = 1: state the lower order")
        if spins in energy:
            raise ProblemError(path.name, line, f"states the term {told} again; line {places[spins]} has it already")
        energy[spins], places[spins] = -weight, line
    return from_products(path.name, 1 + max(max(spins) for spins in energy), energy)


def write_terms(problem: Problem, path: Path) -> None:
    """Write a problem as terms; its constant is kept as a comment."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(f"# E = {problem.offset!r} - (sum of the terms), spins from 0\n")
        for members, value in problem.products().items():
            if members:
                stream.write(f"{' '.join(map(str, members))} {-value!r}\n")
