"""Tables of couplings between p-dits in the text form of adabmDCA: ``J i j a b value`` and ``h i a value``.

    E(c) = -(sum_pairs J_ij(c_i, c_j) + sum_i h_i(c_i)),   the law is exp(-E)

Sites count from 0. States are numbers from 0 or letters of an alphabet. Each pair of sites is stated in one order, i j
or j i; entries that are left out are zero. Format: https://github.com/spqb/adabmDCApy (`adabmDCA.io.load_params` and
`load_params_oldformat`); energy: Muntoni et al., BMC Bioinformatics 22, 528 (2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thermosim.contracts import Floats, Ints
from thermosim.netlist.problem import ProblemError
from thermosim.netlist.problem_files import text_of

ALPHABETS = {"protein": "-ACDEFGHIKLMNPQRSTVWY", "rna": "-ACGU", "dna": "-ACGT"}
"""The order of the letters is that of adabmDCA: the gap first."""


@dataclass(frozen=True)
class Ends:
    """What a file may speak of: elements and states of both arrays, and whether they are one."""

    elements: tuple[int, int]
    states: tuple[int, int]
    same: bool


@dataclass(frozen=True)
class Tables:
    """`edges` (edge, 2); `tables` (edge, states, states); `biases` (element, states), zero where none is stated."""

    edges: Ints
    tables: Floats
    biases: Floats


def read_tables(path: Path, ends: Ends, alphabet: str | None = None) -> Tables:
    """Read a file of tables.

    Raises
    ------
    ProblemError
        With file and line: unreadable lines, sites or states that do not exist, entries stated twice.
    """
    reader = _Reader(path.name, ends, alphabet)
    for number, line in enumerate(text_of(path).splitlines(), 1):
        fields = line.split()
        if fields and not fields[0].startswith("#"):
            reader.take(number, fields)
    if not reader.tables:
        raise ProblemError(path.name, None, "no 'J i j a b value' line")
    edges = np.array(sorted(reader.tables), dtype=np.int64)
    return Tables(edges, np.stack([reader.tables[i, j] for i, j in edges.tolist()]), reader.biases)


class _Reader:
    """Lines become tables of the pairs of sites."""

    def __init__(self, file: str, ends: Ends, alphabet: str | None) -> None:
        self._file, self._ends = file, ends
        self._letters = ALPHABETS.get(alphabet or "", alphabet)
        if self._letters is not None:
            wrong = [q for q in ends.states if q != len(self._letters)]
            if wrong or len(set(self._letters)) < len(self._letters):
                what = f"{len(set(self._letters))} different letters, and the arrays have p-dits of {ends.states[0]}"
                raise ProblemError(file, None, f"alphabet '{alphabet}' has {what} and {ends.states[1]} states")
        self.tables: dict[tuple[int, int], Floats] = {}
        self.biases = np.zeros((ends.elements[0], ends.states[0]))
        self._orders: dict[tuple[int, int], tuple[bool, int]] = {}
        self._stated: dict[tuple[int | str, ...], int] = {}

    def take(self, line: int, fields: list[str]) -> None:
        """One line that says something."""
        sizes = {"J": 6, "h": 4}
        if fields[0] not in sizes or len(fields) != sizes[fields[0]]:
            raise self._fail(line, f"expected 'J i j a b value' or 'h i a value', got '{' '.join(fields[:7])}'")
        if fields[0] == "J":
            self._coupling(line, fields)
        else:
            self._bias(line, fields)

    def _coupling(self, line: int, fields: list[str]) -> None:
        i, j = (self._site(line, fields[1 + side], side) for side in (0, 1))
        a, b = (self._state(line, fields[3 + side], side) for side in (0, 1))
        if self._ends.same and i == j:
            raise self._fail(line, f"couples site {i} to itself")
        turned = self._ends.same and i > j
        pair = (j, i) if turned else (i, j)
        order, first = self._orders.setdefault(pair, (turned, line))
        if order != turned:
            raise self._fail(
                line, f"states the pair {i} {j}, and line {first} has it as {j} {i}; state it in one order"
            )
        self._once(line, ("J", *pair, *((b, a) if turned else (a, b))), " ".join(fields[:5]))
        table = self.tables.setdefault(pair, np.zeros(self._ends.states))
        table[(b, a) if turned else (a, b)] = self._value(line, fields[5])

    def _bias(self, line: int, fields: list[str]) -> None:
        if not self._ends.same:
            raise self._fail(line, "states a bias, and the file couples two arrays; give 'bias' to the p-dits instead")
        i, a = self._site(line, fields[1], 0), self._state(line, fields[2], 0)
        self._once(line, ("h", i, a), " ".join(fields[:3]))
        self.biases[i, a] = self._value(line, fields[3])

    def _once(self, line: int, name: tuple[int | str, ...], text: str) -> None:
        before = self._stated.setdefault(name, line)
        if before != line:
            raise self._fail(line, f"states '{text}' again; line {before} has it already")

    def _site(self, line: int, field: str, side: int) -> int:
        if not field.isdigit():
            raise self._fail(line, f"expected a site, a number from 0, got '{field}'")
        if int(field) >= self._ends.elements[side]:
            raise self._fail(line, f"site {field} is out of range: 0 to {self._ends.elements[side] - 1}")
        return int(field)

    def _state(self, line: int, field: str, side: int) -> int:
        if self._letters is not None:
            if len(field) != 1 or field not in self._letters:
                raise self._fail(line, f"'{field}' is no letter of the alphabet '{self._letters}'")
            return self._letters.index(field)
        if not field.isdigit():
            names = ", ".join(ALPHABETS)
            raise self._fail(
                line, f"state '{field}' is no number from 0; letters need an 'alphabet': {names} or its letters"
            )
        if int(field) >= self._ends.states[side]:
            raise self._fail(line, f"state {field} is out of range: 0 to {self._ends.states[side] - 1}")
        return int(field)

    def _value(self, line: int, field: str) -> float:
        try:
            value = float(field)
        except ValueError:
            raise self._fail(line, f"expected a number, got '{field}'") from None
        if not np.isfinite(value):
            raise self._fail(line, f"the value {field} is not finite")
        return value

    def _fail(self, line: int, message: str) -> ProblemError:
        return ProblemError(self._file, line, message)


def write_tables(path: Path, tables: Tables, alphabet: str | None = None) -> None:
    """Write every entry of the tables and biases, states as numbers or as letters of `alphabet`."""
    letters = ALPHABETS.get(alphabet or "", alphabet)

    def name(state: int) -> str:
        return str(state) if letters is None else letters[state]

    with path.open("w", encoding="utf-8") as stream:
        for (i, j), table in zip(tables.edges.tolist(), tables.tables, strict=True):
            for (a, b), value in np.ndenumerate(table):
                stream.write(f"J {i} {j} {name(a)} {name(b)} {float(value)!r}\n")
        for (i, a), value in np.ndenumerate(tables.biases):
            stream.write(f"h {i} {name(a)} {float(value)!r}\n")
