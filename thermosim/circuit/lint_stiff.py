"""The lint of reciprocal networks whose matrices no longer hold their slowest rate.

A sum of conductances is stored to 2^-53 of itself, so a rate lambda with mode x (normalised, y = R v, A = R^-T G R^-1)
is known to about 2^-53 x^T |A| |x| / lambda, whatever the algorithm (first-order perturbation). Far apart
capacitances alone do no harm; a leak of 1 TOhm behind a short of 1 Ohm leaves four digits.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.movers import corners
from thermosim.circuit.program import Island, LinearLaw, Program
from thermosim.errors import Position
from thermosim.units import show

LOST = 1e-6
"""Relative error of the slowest rate from which on it is told."""


def laws(island: Island) -> list[LinearLaw]:
    """The law as drawn; of a network that changes in time those of its extreme states."""
    moving = island.moving
    return [island.drawn] if moving is None else [moving.drawn.law(values) for values in corners(moving)]


def slowest(law: LinearLaw) -> tuple[float, float, int] | None:
    """Slowest rate [1/s], its relative uncertainty, and the node where it is strongest; None where G is not symmetric.

    A rate of zero beside its uncertainty counts as a zero mode, which is an ordinary case.
    """
    if not np.array_equal(law.conductance, law.conductance.T) or not law.conductance.any():
        return None
    root = cholesky(law.capacitance)
    rates = solve_triangular(root, solve_triangular(root, law.conductance, trans="T").T, trans="T")
    values, vectors = np.linalg.eigh((rates + rates.T) / 2)
    mode = np.abs(vectors[:, 0])
    uncertain = float(np.finfo(float).eps / 2 * mode @ np.abs(rates) @ mode)
    if values[0] <= 0 or uncertain >= values[0]:
        return None
    strongest = np.abs(solve_triangular(root, vectors[:, 0])) * np.sqrt(np.diag(law.capacitance))
    return float(values[0]), uncertain / float(values[0]), int(strongest.argmax())


def lost_digits(circuit: Circuit, program: Program) -> Iterator[tuple[Position | None, str, str]]:
    """A slowest relaxation that is the difference of much larger conductances."""
    for island in program.islands:
        states = [state for law in laws(island) if (state := slowest(law)) is not None]
        found = max(states, key=lambda state: state[1], default=None)
        if found is None or found[1] < LOST:
            continue
        rate, uncertain, node = found
        net = island.nodes[node]
        contacts = circuit.nets.contacts.get(net)
        yield (
            contacts[0].where if contacts else None,
            island.path,
            f"the slowest relaxation, {show(1 / rate, 's', 3)} at '{net}', is the small difference of conductances "
            f"{2 * uncertain / np.finfo(float).eps:.1g} times as large: sums of them hold it to {100 * uncertain:.1g} "
            "%. Join nets that small resistors connect, or leave the small conductances out",
        )
