"""P-bits whose beta is a multiple of the others': the law where none of them couple across, and none where they do.

    P(s_i = +1 | rest) = sigmoid(2 beta f_i (sum_j J_ij s_j + h_i))

is the conditional of one law of all spins only if f_i J_ij = f_j J_ji for every pair. With J_ij = J_ji that asks for
equal factors at both ends of every coupling; then the law is exp(-beta E') with f J and f h in the place of J and h.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.elements import Arrays, elements
from thermosim.circuit.program import IsingLaw
from thermosim.contracts import Floats


def beta_factors(circuit: Circuit, arrays: Arrays, nodes: int) -> Floats:
    """Factor of each node (node,); later entries of the netlist win, and names in none of `arrays` are left out."""
    factors: Floats = np.ones(nodes)
    for name, factor in circuit.netlist.schedule.beta_factors.items():
        try:
            factors[elements(name, arrays)] = factor
        except ValueError:
            continue  # p-bits of another fabric, or told by whoever checks the schedule
    return factors


def balanced(law: IsingLaw, factors: Floats) -> bool:
    """Whether all p-bits that feel each other have the same factor."""
    pairs = law.joined()
    return bool(np.all(factors[pairs[:, 0]] == factors[pairs[:, 1]]))


def folded(law: IsingLaw, factors: Floats) -> IsingLaw:
    """The law of a balanced fabric, with its factors in couplings and biases."""
    if np.all(factors == 1.0):
        return law
    ends = factors[law.edges[:, 0]]
    return replace(
        law,
        weights=law.weights * ends,
        biases=law.biases * factors,
        back=None if law.back is None else law.back * ends,
        terms=replace(law.terms, weights=law.terms.weights * factors[law.terms.members[:, 0]]),
    )
