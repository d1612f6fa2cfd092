"""Models of dimod as problems: E = offset + sum h s + sum J s s there, so J and h change sign.

A BinaryPolynomial has products too; those of three and four become terms, longer ones are refused.

Source: dimod, https://docs.dwavequantum.com; needs the extra `ising`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from thermosim.netlist.problem import Problem, ProblemError, from_products, from_terms


def from_bqm(bqm: Any, name: str = "bqm") -> Problem:
    """A dimod model as a problem; spins in the order of its variables, whose labels are kept as texts."""
    spin = bqm.change_vartype("SPIN", inplace=False)
    order = {label: k for k, label in enumerate(spin.variables)}
    biases = np.array([-float(spin.linear[label]) for label in spin.variables], dtype=np.float64)
    pairs = [(order[u], order[v], -float(value)) for (u, v), value in spin.quadratic.items()]
    if not np.all(np.isfinite(biases)) or not all(np.isfinite(value) for _, _, value in pairs):
        raise ProblemError(name, None, "the model has weights that are not finite")
    return from_terms(name, len(biases), pairs, biases, float(spin.offset), [str(label) for label in spin.variables])


def from_polynomial(polynomial: Any, name: str = "polynomial") -> Problem:
    """A dimod BinaryPolynomial as a problem; spins by label, whose texts are kept.

    Raises
    ------
    ProblemError
        If a product has more than four variables, or a weight is not finite.
    """
    spin = polynomial.to_spin()
    labels = sorted(spin.variables, key=lambda label: (str(type(label)), label))
    order = {label: k for k, label in enumerate(labels)}
    energy = {tuple(sorted(order[label] for label in term)): float(value) for term, value in spin.items()}
    if not all(np.isfinite(value) for value in energy.values()):
        raise ProblemError(name, None, "the polynomial has weights that are not finite")
    try:
        return from_products(name, len(labels), energy, [str(label) for label in labels])
    except ValueError as error:
        raise ProblemError(name, None, str(error)) from None


def to_polynomial(problem: Problem) -> Any:
    """A problem as a dimod BinaryPolynomial of spins, numbered as here."""
    import dimod

    return dimod.BinaryPolynomial(problem.products(), "SPIN")


def read_bqm(path: Path) -> Problem:
    """Read what ``bqm.to_file()`` (.bqm) or ``json.dump(bqm.to_serializable())`` (.json) wrote."""
    try:
        import dimod
    except ImportError:
        raise ProblemError(path.name, None, "dimod models need the extra: pip install 'thermosim-hil[ising]'") from None
    try:
        if path.suffix == ".json":
            bqm = dimod.BinaryQuadraticModel.from_serializable(json.loads(path.read_text(encoding="utf-8")))
        else:
            with path.open("rb") as stream:
                bqm = dimod.BinaryQuadraticModel.from_file(stream)
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ProblemError(path.name, None, f"no binary quadratic model of dimod: {error}") from None
    return from_bqm(bqm, path.name)
