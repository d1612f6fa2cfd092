"""Nodes without capacitance leave the network exactly.

With 1 the unknowns that store energy, 2 those that do not, 0 = -(G_21 x_1 + G_22 x_2 - K_2 u - i_2) dt + dq_2, so

    T = (1, -G_12 G_22^-1):   G' = G_11 - G_12 G_22^-1 G_21,   (K', i') = T (K, i),   S' = T S T^T

(Schur complement; T keeps the noise of what was between the nodes). The eliminated voltages themselves contain white
noise. Nothing is approximated: the law of x_1 is that of the limit of vanishing capacitance.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from thermosim.circuit.program import LinearLaw
from thermosim.contracts import Floats, Ints

SINGULAR = 1e-12
"""Below this share of the largest singular value a scaled matrix is taken for singular."""


class Undetermined(ValueError):
    """The eliminated voltages do not follow from the rest; `rows` are the unknowns concerned."""

    def __init__(self, rows: Ints) -> None:
        super().__init__("nothing determines these voltages")
        self.rows = rows


def without_storage(law: LinearLaw) -> Ints:
    """Unknowns whose row of the capacitance matrix is empty."""
    return np.flatnonzero(~law.capacitance.any(axis=1) & ~law.input_capacitance.any(axis=1))


def transfer(conductance: Floats, gone: Ints) -> tuple[Ints, Floats]:
    """Kept unknowns and -G_12 G_22^-1, by which the eliminated rows add to theirs.

    Raises
    ------
    Undetermined
        If G_22 is singular.
    """
    kept = np.setdiff1d(np.arange(len(conductance)), gone)
    inner = conductance[np.ix_(gone, gone)]
    scale = np.abs(inner).max(axis=1)
    if not scale.all():
        raise Undetermined(gone[scale == 0])
    left, values, _ = np.linalg.svd(inner / scale[:, np.newaxis])
    if values[-1] < SINGULAR * values[0]:
        raise Undetermined(gone[np.abs(left[:, -1]) > 1e-3])
    onto = -np.linalg.solve(inner.T, conductance[np.ix_(kept, gone)].T).T
    return kept.astype(np.int64), np.asarray(onto, dtype=np.float64)


def eliminate(law: LinearLaw, gone: Ints) -> LinearLaw:
    """The law of the other unknowns.

    Raises
    ------
    Undetermined
        If the eliminated voltages do not follow from the rest.
    """
    if not len(gone):
        return law
    kept, onto = transfer(law.conductance, gone)

    def rows(matrix: Floats) -> Floats:
        return np.asarray(matrix[kept] + onto @ matrix[gone])

    conductance = rows(law.conductance)[:, kept]
    if np.array_equal(law.conductance, law.conductance.T):
        conductance = (conductance + conductance.T) / 2
    noise = rows(rows(law.noise).T)
    return replace(
        law,
        capacitance=law.capacitance[np.ix_(kept, kept)],
        conductance=conductance,
        noise=(noise + noise.T) / 2,
        input_conductance=rows(law.input_conductance),
        input_capacitance=law.input_capacitance[kept],
        current=rows(law.current),
    )
