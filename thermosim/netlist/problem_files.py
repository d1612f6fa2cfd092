"""Readers of problem files: each states its convention, and what it reads is the objective of the source itself.

| format | lines | objective to be made small | numbers from | endings |
|---|---|---|---|---|
| rudy | ``n m``, then m times ``i j w`` | sum w s_i s_j; cut = (sum w - E)/2 | 1 | .rud .rudy .mc .gset |
| ij | ``i j J``, bias ``i i h``; first line may be ``n m`` | -(sum J s_i s_j + sum h s_i) | 0 | .ij .txt |
| coo | ``i j J``, bias ``i i h``; header ``# vartype=SPIN`` or BINARY | sum J x_i x_j + sum h x_i | 0 | .coo |
| qubo | ``p qubo t n d c``, d times ``i i q``, c times ``i j q``, i < j | sum q_i x_i + sum q_ij x_i x_j | 0 | .qubo |
| cnf | ``p cnf n m``, m clauses that end in 0 | 4 x unsatisfied clauses (best auxiliaries) | 1 | .cnf .dimacs |
| logic | gates on named wires | clauses of :mod:`thermosim.netlist.logic` | names | .logic |
| dimod | a binary quadratic model, .bqm or .json | that of dimod: sum h s + sum J s s | labels | .bqm .json |
| terms | ``i w``, ``i j w``, ``i j k w``, ``i j k l w`` | -(sum of w times the product of the spins) | 0 | .terms |

Every pair is stated once, in either order; a second one is an error. x = (1 + s)/2 for bits.
rudy: Helmberg and Rendl, SIAM J. Optim. 10, 673 (2000). qubo: qbsolv. coo: dimod. cnf: DIMACS challenge, 1993.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from thermosim.netlist.problem import MENTIONED, Problem, ProblemError, from_terms

ENDINGS = {
    "rudy": (".rud", ".rudy", ".mc", ".gset"),
    "ij": (".ij", ".txt"),
    "coo": (".coo",),
    "qubo": (".qubo",),
    "cnf": (".cnf", ".dimacs"),
    "logic": (".logic",),
    "dimod": (".bqm", ".json"),
    "terms": (".terms",),
}
FIRST = {"rudy": 1, "ij": 0, "coo": 0}
"""Number of the first spin in the formats whose copies disagree about it."""
MOST = 2**26
"""Spins that a file may ask for before its numbers are taken for a mistake."""
Row = tuple[int, list[str]]
"""Line number and fields."""


def read_problem(
    path: str | Path, format: str | None = None, first: int | None = None, unused: bool = False, scale: float = 1.0
) -> Problem:
    """Read a problem file.

    Parameters
    ----------
    path
        The file; its ending names the format where `format` does not.
    format
        A name of the table above.
    first
        Number of the first spin, where the file departs from its format's custom.
    unused
        Whether spins without edge and bias may stay.
    scale
        Factor on the whole energy, so that its weights fit those of a chip.

    Raises
    ------
    ProblemError
        With file and line: wrong counts, self loops, repeated pairs, weights that are not finite, lone spins.
    """
    path = Path(path)
    kind = format or next((name for name, endings in ENDINGS.items() if path.suffix.lower() in endings), None)
    if kind is None:
        raise ProblemError(
            path.name, None, f"ending '{path.suffix}' names no format; state one of {', '.join(ENDINGS)}"
        )
    if first is not None and kind not in FIRST:
        raise ProblemError(path.name, None, f"'first' is for {', '.join(FIRST)}; {kind} numbers its spins itself")
    if kind == "dimod":
        from thermosim.netlist.problem_bqm import read_bqm

        problem = read_bqm(path)
    elif kind == "terms":
        from thermosim.netlist.term_files import read_terms

        problem = read_terms(path)
    elif kind == "logic":
        from thermosim.netlist.logic import read_logic

        problem = read_logic(path)
    else:
        reader = {"rudy": _rudy, "ij": _ij, "coo": _coo, "qubo": _qubo, "cnf": _cnf}[kind]
        problem = reader(_Lines(path, FIRST.get(kind, 0) if first is None else first))
    lone = problem.unused()
    if lone.size and not unused:
        names = ", ".join(problem.labels[k] if problem.labels else str(k) for k in lone[:MENTIONED])
        more = ", ..." if lone.size > MENTIONED else ""
        message = f"{lone.size} of {problem.spins} spins have neither edge nor bias (counted from 0: {names}{more})"
        raise ProblemError(path.name, None, f"{message}; say 'unused: true' if they may stay")
    return replace(problem, name=path.stem).scaled(scale)


def text_of(path: Path) -> str:
    """Text of a file; copies in UTF-16 are about."""
    content = path.read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProblemError(path.name, line, f"not a text file: byte 0x{content[error.start]:02x}") from None


class _Lines:
    """Lines of a file with the checks that all formats share."""

    def __init__(self, path: Path, first: int) -> None:
        self.file, self.first = path.name, first
        self.text = text_of(path)

    def rows(self, *comments: str) -> Iterator[Row]:
        """Line number and fields of every line that says something."""
        for number, line in enumerate(self.text.splitlines(), 1):
            fields = line.split()
            if fields and not fields[0].startswith(comments):
                yield number, fields

    def fail(self, line: int | None, message: str) -> ProblemError:
        return ProblemError(self.file, line, message)

    def whole(self, line: int, field: str, what: str) -> int:
        try:
            return int(field)
        except ValueError:
            raise self.fail(line, f"expected {what}, a whole number, got '{field}'") from None

    def number(self, line: int, field: str) -> float:
        try:
            value = float(field)
        except ValueError:
            raise self.fail(line, f"expected a weight, got '{field}'") from None
        if not math.isfinite(value):
            raise self.fail(line, f"the weight {field} is not finite")
        return value

    def size(self, line: int, field: str) -> int:
        count = self.whole(line, field, "the number of spins")
        if not 1 <= count <= MOST:
            raise self.fail(line, f"{count} spins are out of range: 1 to {MOST}")
        return count

    def spin(self, line: int, field: str, spins: int | None) -> int:
        index = self.whole(line, field, "a spin") - self.first
        if index < 0 or index >= (MOST if spins is None else spins):
            last = "" if spins is None else f" to {spins - 1 + self.first}"
            raise self.fail(line, f"spin {field} is out of range: {self.first}{last}")
        return index

    def terms(self, rows: Iterator[Row], spins: int | None, loops: bool) -> dict[tuple[int, int], float]:
        """Terms (i, j) with i <= j and their numbers; `loops` says whether i = j is a bias or a mistake."""
        found: dict[tuple[int, int], float] = {}
        places: dict[tuple[int, int], int] = {}
        for line, fields in rows:
            if len(fields) != 3:
                raise self.fail(line, f"expected 'i j weight', got {len(fields)} fields")
            i, j = sorted(self.spin(line, field, spins) for field in fields[:2])
            if i == j and not loops:
                raise self.fail(line, f"couples spin {fields[0]} to itself")
            if (i, j) in found:
                what = "the bias of" if i == j else "the pair"
                raise self.fail(
                    line, f"states {what} {fields[0]} {fields[1]} again; line {places[i, j]} has it already"
                )
            found[i, j], places[i, j] = self.number(line, fields[2]), line
        return found

    def counted(self, got: int, stated: int, line: int, what: str) -> None:
        if got != stated:
            raise self.fail(line, f"the header states {stated} {what} and the file has {got}")


def _problem(file: str, terms: dict[tuple[int, int], float], spins: int | None, sign: float) -> Problem:
    """A problem of spins whose objective is -sign (sum of the terms)."""
    count = 1 + max((j for _, j in terms), default=-1) if spins is None else spins
    biases = np.zeros(count)
    for (i, j), value in terms.items():
        if i == j:
            biases[i] = sign * value
    return from_terms(file, count, ((i, j, sign * value) for (i, j), value in terms.items() if i != j), biases)


def _of_bits(file: str, terms: dict[tuple[int, int], float], spins: int) -> Problem:
    """sum q_ij x_i x_j with x = (1 + s)/2: J = -q/4, h_i = -(q_ii/2 + sum_j q_ij/4), and the constant."""
    biases, offset = np.zeros(spins), 0.0
    for (i, j), value in terms.items():
        if i == j:
            biases[i] -= value / 2
            offset += value / 2
        else:
            biases[i] -= value / 4
            biases[j] -= value / 4
            offset += value / 4
    pairs = ((i, j, -value / 4) for (i, j), value in terms.items() if i != j)
    return from_terms(file, spins, pairs, biases, offset)


def _rudy(lines: _Lines) -> Problem:
    rows = lines.rows("#")
    line, head = next(rows, (1, []))
    if len(head) != 2:
        raise lines.fail(line, "expected the header 'spins edges'")
    spins, count = lines.size(line, head[0]), lines.whole(line, head[1], "the number of edges")
    given = ((number, fields if len(fields) != 2 else [*fields, "1"]) for number, fields in rows)
    terms = lines.terms(given, spins, loops=False)
    lines.counted(len(terms), count, line, "edges")
    return _problem(lines.file, terms, spins, -1.0)


def _ij(lines: _Lines) -> Problem:
    rows = lines.rows("#", "%")
    line, head = next(rows, (1, []))
    if len(head) == 2:
        spins, count = lines.size(line, head[0]), lines.whole(line, head[1], "the number of terms")
        terms = lines.terms(rows, spins, loops=True)
        lines.counted(len(terms), count, line, "terms")
        return _problem(lines.file, terms, spins, 1.0)
    terms = lines.terms(lines.rows("#", "%"), None, loops=True)
    if not terms:
        raise lines.fail(None, "no 'i j J' line")
    return _problem(lines.file, terms, None, 1.0)


def _coo(lines: _Lines) -> Problem:
    kind = re.search(r"^#\s*vartype\s*=\s*(\w+)", lines.text, re.MULTILINE)
    if kind is None or kind[1].upper() not in ("SPIN", "BINARY"):
        raise lines.fail(1, "expected the header '# vartype=SPIN' or '# vartype=BINARY': the signs depend on it")
    terms = lines.terms(lines.rows("#"), None, loops=True)
    if not terms:
        raise lines.fail(None, "no 'i j weight' line")
    if kind[1].upper() == "SPIN":
        return _problem(lines.file, terms, None, -1.0)
    return _of_bits(lines.file, terms, 1 + max(j for _, j in terms))


def _qubo(lines: _Lines) -> Problem:
    rows = lines.rows("c", "#")
    line, head = next(rows, (1, []))
    if len(head) != 6 or head[:2] != ["p", "qubo"]:
        raise lines.fail(line, "expected the header 'p qubo topology nodes diagonals couplers'")
    spins = lines.size(line, head[3])
    diagonals, couplers = (lines.whole(line, head[k], "a count") for k in (4, 5))
    terms = lines.terms(rows, spins, loops=True)
    lines.counted(sum(i == j for i, j in terms), diagonals, line, "diagonals")
    lines.counted(sum(i != j for i, j in terms), couplers, line, "couplers")
    return _of_bits(lines.file, terms, spins)


def _clauses(lines: _Lines) -> tuple[int, list[tuple[int, list[int]]]]:
    """Number of variables, and the clauses with the lines on which they end."""
    rows = lines.rows("c")
    line, head = next(rows, (1, []))
    if len(head) != 4 or head[:2] != ["p", "cnf"]:
        raise lines.fail(line, "expected the header 'p cnf variables clauses'")
    variables, count = lines.size(line, head[2]), lines.whole(line, head[3], "the number of clauses")
    clauses: list[tuple[int, list[int]]] = []
    literals: list[int] = []
    number = line
    for number, fields in rows:
        if fields[0] == "%":  # SATLIB ends its files so, with a stray 0 behind
            break
        for field in fields:
            literal = lines.whole(number, field, "a literal")
            if abs(literal) > variables:
                raise lines.fail(number, f"variable {abs(literal)} is out of range: 1 to {variables}")
            if literal:
                literals.append(literal)
            else:
                clauses.append((number, literals))
                literals = []
    if literals:
        raise lines.fail(number, "the last clause does not end in 0")
    lines.counted(len(clauses), count, line, "clauses")
    return variables, clauses


def _cnf(lines: _Lines) -> Problem:
    """Clauses of up to three literals; spins beyond the variables are auxiliaries of the clauses of three."""
    from thermosim.netlist.logic import Logic

    variables, clauses = _clauses(lines)
    logic = Logic()
    for k in range(variables):
        logic.wire(f"x{k + 1}")
    for number, (line, literals) in enumerate(clauses, 1):
        distinct = list(dict.fromkeys(literals))
        if any(-literal in distinct for literal in distinct):
            continue  # true whatever happens
        if not 1 <= len(distinct) <= 3:
            raise lines.fail(line, f"a clause of {len(distinct)} literals; 1 to 3 are read, split longer ones")
        names = [f"x{abs(literal)}" for literal in distinct]
        logic.clause(names, [1 if literal > 0 else -1 for literal in distinct], f"clause{number}")
    return logic.problem(lines.file)


def write_ij(problem: Problem, path: Path) -> None:
    """Write ``i j J`` lines with the header ``n terms``; a constant is kept as a comment."""
    if len(problem.terms):
        raise ValueError("an ij file holds pairs and biases; products of three or four spins go into a .terms file")
    terms = [(i, i, h) for i, h in enumerate(problem.biases) if h != 0]
    terms += [(int(i), int(j), w) for (i, j), w in zip(problem.edges, problem.weights, strict=True)]
    with path.open("w", encoding="utf-8") as stream:
        stream.write(f"# E = {problem.offset!r} - (sum J s s + sum h s); spins from 0, each pair once\n")
        stream.write(f"{problem.spins} {len(terms)}\n")
        stream.writelines(f"{i} {j} {float(value)!r}\n" for i, j, value in terms)


def write_rudy(problem: Problem, path: Path) -> None:
    """Write a Max-Cut problem with w = -J."""
    if np.any(problem.biases) or len(problem.terms):
        raise ValueError("a rudy file holds no biases and no products of three or four spins")
    with path.open("w", encoding="utf-8") as stream:
        stream.write(f"{problem.spins} {len(problem.edges)}\n")
        for (i, j), weight in zip(problem.edges, problem.weights, strict=True):
            stream.write(f"{i + 1} {j + 1} {-weight:.17g}\n")
