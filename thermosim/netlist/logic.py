"""Circuits of invertible gates as Ising problems: gates that share a wire share its spin, so their energies add up.

    E = sum over gates (E_gate - E_truth) + sum over ties strength (1 - m t)

so E = 0 exactly where every gate and tie is satisfied, and every other state lies above. A `.logic` file has one
statement in a line:

    and a b y           any gate of :data:`thermosim.netlist.gates.GATES`, with its pins in their order
    multiply x 3 y 3 p  an array multiplier: words x0 x1 x2, y0 y1 y2, product p0 .. p5; the number is that of bits
    tie y 1             holds a wire
    tie p 35 6          holds a word of 6 bits, the lowest first

A tie is a bias as strong as everything else that pulls at its spin, so that one flipped tie never pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from thermosim.errors import suggestion
from thermosim.netlist.gates import CLAUSE, CLAUSE_BIAS, GATES
from thermosim.netlist.problem import Problem, ProblemError, from_terms


class Logic:
    """Gathers gates, clauses and ties on wires that have names; `gates` are kinds with the spins of their pins."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.gates: list[tuple[str, tuple[int, ...]]] = []
        self._index: dict[str, int] = {}
        self._pairs: list[tuple[int, int, float]] = []
        self._fields: list[tuple[int, float]] = []
        self._ties: dict[int, int] = {}
        self._offset = 0.0

    def wire(self, name: str) -> int:
        """The spin of a wire; a new one at its first use."""
        if name not in self._index:
            self._index[name] = len(self.names)
            self.names.append(name)
        return self._index[name]

    def gate(self, kind: str, *wires: str) -> None:
        """Put a gate on its wires."""
        if kind not in GATES:
            raise ValueError(f"unknown gate '{kind}'{suggestion(kind, [*GATES, 'multiply', 'tie'])}")
        gate = GATES[kind]
        if len(wires) != len(gate.pins):
            raise ValueError(f"'{kind}' has the {len(gate.pins)} pins {' '.join(gate.pins)}, got {len(wires)} wires")
        if len(set(wires)) < len(wires):
            raise ValueError(f"'{kind}' has two pins on one wire")
        auxiliaries = [f"{kind}({','.join(wires)}).{k}" for k in range(gate.auxiliaries)]
        spins = [self.wire(name) for name in (*wires, *auxiliaries)]
        self.gates.append((kind, tuple(spins[: len(wires)])))
        self._add(spins, gate.coupling, gate.bias, -gate.ground)

    def clause(self, wires: Sequence[str], signs: Sequence[int], name: str) -> None:
        """One to three literals of which one at least shall hold: E = 0, or 4 where none does."""
        spins, sign = [self.wire(wire) for wire in wires], np.array(signs, dtype=np.float64)
        if len(spins) == 1:
            self._add(spins, np.zeros((1, 1)), 2 * sign, 2.0)
        elif len(spins) == 2:
            self._add(spins, -np.outer(sign, sign) * (1 - np.eye(2)), sign, 1.0)
        else:
            sign = np.append(sign, 1.0)
            self._add([*spins, self.wire(name)], CLAUSE * np.outer(sign, sign), CLAUSE_BIAS * sign, 4.0)

    def tie(self, wire: str, value: int, bits: int | None = None) -> None:
        """Hold a wire at 0 or 1, or a word of `bits` wires at a number."""
        if not 0 <= value < 2 ** (bits or 1):
            raise ValueError(f"{value} does not fit in {bits or 1} bit{'s' * (bits is not None and bits > 1)}")
        for k, name in enumerate([wire] if bits is None else word(wire, bits)):
            if name not in self._index:
                raise ValueError(f"no wire '{name}' before this line{suggestion(name, self._index)}")
            up = 2 * (value >> k & 1) - 1
            if self._ties.setdefault(self._index[name], up) != up:
                raise ValueError(f"wire '{name}' is tied to both 0 and 1")

    def multiply(self, x: str, x_bits: int, y: str, y_bits: int, product: str) -> None:
        """An array multiplier: AND gates for the partial products, full and half adders column by column."""
        if not (1 <= x_bits <= 64 and 1 <= y_bits <= 64):
            raise ValueError("words have 1 to 64 bits")
        columns: list[list[str]] = [[] for _ in range(x_bits + y_bits)]
        for i, a in enumerate(word(x, x_bits)):
            for j, b in enumerate(word(y, y_bits)):
                partial = f"{product}.{i}.{j}"
                self.gate("and", a, b, partial)
                columns[i + j].append(partial)
        for k, column in enumerate(columns):
            while len(column) > 1:
                taken, column[:] = column[:3], column[3:]
                total, carry = f"{product}.s{k}.{len(column)}", f"{product}.c{k}.{len(column)}"
                self.gate("full_adder" if len(taken) == 3 else "half_adder", *taken, total, carry)
                column.append(total)
                columns[k + 1].append(carry)
            if column:
                self._rename(column[0], f"{product}{k}")

    def problem(self, name: str) -> Problem:
        """All gates and ties as one problem whose lowest energy is 0 if the circuit can be satisfied."""
        fields = np.zeros(len(self.names))
        for spin, value in self._fields:
            fields[spin] += value
        bare = from_terms(name, len(self.names), self._pairs, fields)
        load = np.abs(fields)
        for side in (0, 1):
            np.add.at(load, bare.edges[:, side], np.abs(bare.weights))
        offset = self._offset
        for spin, up in self._ties.items():
            strength = max(1.0, float(load[spin]))
            fields[spin] += up * strength
            offset += strength
        return from_terms(name, len(self.names), self._pairs, fields, offset, self.names)

    def _add(self, spins: list[int], coupling: np.ndarray, bias: np.ndarray, offset: float) -> None:
        i, j = np.nonzero(np.triu(coupling))
        self._pairs += [(spins[a], spins[b], float(coupling[a, b])) for a, b in zip(i, j, strict=True)]
        self._fields += [(spin, float(h)) for spin, h in zip(spins, bias, strict=True)]
        self._offset += offset

    def _rename(self, old: str, new: str) -> None:
        if new in self._index:
            raise ValueError(f"wire '{new}' exists already; the product needs its name")
        spin = self._index.pop(old)
        self._index[new], self.names[spin] = spin, new


def word(name: str, bits: int) -> list[str]:
    """Wires of a word, the lowest bit first."""
    return [f"{name}{k}" for k in range(bits)]


def values(problem: Problem, states: np.ndarray, name: str, bits: int) -> np.ndarray:
    """Numbers (...,) that states (..., spin) hold in a word."""
    columns = [problem.labels.index(wire) for wire in word(name, bits)]
    held: np.ndarray = (np.asarray(states)[..., columns] > 0) @ (1 << np.arange(bits))
    return held


def read_logic(path: Path) -> Problem:
    """Read a `.logic` file."""
    from thermosim.netlist.problem_files import text_of

    logic = Logic()
    for number, line in enumerate(text_of(path).splitlines(), 1):
        fields = line.partition("#")[0].split()
        if fields:
            try:
                _statement(logic, fields)
            except ValueError as error:
                raise ProblemError(path.name, number, str(error)) from None
    if not logic.names:
        raise ProblemError(path.name, None, "no gate")
    return logic.problem(path.name)


def _statement(logic: Logic, fields: list[str]) -> None:
    kind, *rest = fields
    if kind == "tie":
        if len(rest) not in (2, 3):
            raise ValueError("expected 'tie wire value' or 'tie word value bits'")
        logic.tie(rest[0], _whole(rest[1]), _whole(rest[2]) if len(rest) == 3 else None)
    elif kind == "multiply":
        if len(rest) != 5:
            raise ValueError("expected 'multiply x bits y bits product'")
        logic.multiply(rest[0], _whole(rest[1]), rest[2], _whole(rest[3]), rest[4])
    else:
        logic.gate(kind, *rest)


def _whole(text: str) -> int:
    if not text.isdigit():
        raise ValueError(f"expected a whole number, got '{text}'")
    return int(text)
