"""Invertible gates: small Ising problems whose ground states are the rows of a truth table.

    E(m) = -(1/2 m^T J m + h^T m),  m = +-1, up means 1;  E = E_truth on every row of the table, E_truth + gap at least
    on everything else

Clamp inputs and the outputs follow; clamp outputs and the inputs that give them take turns. Spins beyond the pins are
auxiliaries. Camsari, Faria, Sutton and Datta, Phys. Rev. X 7, 031014 (2017). The clause of three literals has one
auxiliary, which is settled in every satisfied row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from thermosim.contracts import Floats

Bits = tuple[int, ...]


@dataclass(frozen=True)
class Gate:
    """A gate: `pins` in the order of the spins, then `auxiliaries`.

    `coupling` (spin, spin) symmetric without diagonal, `bias` (spin,); `truth`: of the `inputs` first pins, the others.
    """

    pins: tuple[str, ...]
    inputs: int
    coupling: Floats
    bias: Floats
    truth: Callable[..., Bits]
    ground: float
    gap: float
    auxiliaries: int = 0


def _gate(
    pins: str, coupling: list[list[int]], bias: list[int], truth: Callable[..., Bits], ground: float, gap: float
) -> Gate:
    names = tuple(pins.split())
    visible = tuple(name for name in names if name != "aux")
    inputs = truth.__code__.co_argcount
    matrix, field = np.array(coupling, dtype=np.float64), np.array(bias, dtype=np.float64)
    return Gate(visible, inputs, matrix, field, truth, ground, gap, len(names) - len(visible))


_AND = [[0, -1, 2], [-1, 0, 2], [2, 2, 0]]
_NAND = [[0, -1, -2], [-1, 0, -2], [-2, -2, 0]]
_FULL = [[0, -1, -1, 1, 2], [-1, 0, -1, 1, 2], [-1, -1, 0, 1, 2], [1, 1, 1, 0, -2], [2, 2, 2, -2, 0]]
_HALF = [[0, -1, 1, 2], [-1, 0, 1, 2], [1, 1, 0, -2], [2, 2, -2, 0]]
_XOR = [[0, -3, 2, 6], [-3, 0, 2, 6], [2, 2, 0, -4], [6, 6, -4, 0]]

GATES: dict[str, Gate] = {
    "copy": _gate("a y", [[0, 1], [1, 0]], [0, 0], lambda a: (a,), -1, 2),
    "not": _gate("a y", [[0, -1], [-1, 0]], [0, 0], lambda a: (1 - a,), -1, 2),
    "and": _gate("a b y", _AND, [1, 1, -2], lambda a, b: (a & b,), -3, 4),
    "or": _gate("a b y", _AND, [-1, -1, 2], lambda a, b: (a | b,), -3, 4),
    "nand": _gate("a b y", _NAND, [1, 1, 2], lambda a, b: (1 - (a & b),), -3, 4),
    "nor": _gate("a b y", _NAND, [-1, -1, -2], lambda a, b: (1 - (a | b),), -3, 4),
    "xor": _gate("a b y aux", _XOR, [3, 3, -2, -6], lambda a, b: (a ^ b,), -11, 4),
    "half_adder": _gate("a b s c", _HALF, [1, 1, -1, -2], lambda a, b: (a ^ b, a & b), -4, 2),
    "full_adder": _gate("a b ci s co", _FULL, [0, 0, 0, 0, 0], lambda a, b, c: (a ^ b ^ c, int(a + b + c > 1)), -4, 2),
}

CLAUSE = np.array([[0, -1, 0, 2], [-1, 0, 0, 2], [0, 0, 0, -1], [2, 2, -1, 0]], dtype=np.float64)
"""Couplings of the clause a or b or c with the auxiliary y; :data:`CLAUSE_BIAS` its biases. -4 satisfied, 0 not."""
CLAUSE_BIAS = np.array([-1, -1, 1, 3], dtype=np.float64)
