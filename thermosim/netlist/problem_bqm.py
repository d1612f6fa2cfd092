"""Binary quadratic models of dimod as problems: E = offset + sum h s + sum J s s there, so J and h change sign.

Source: dimod, https://docs.dwavequantum.com; needs the extra `ising`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from thermosim.netlist.problem import Problem, ProblemError, from_terms


def from_bqm(bqm: Any, name: str = "bqm") -> Problem:
    """A dimod model as a problem; spins in the order of its variables, whose labels are kept as texts."""
    spin = bqm.change_vartype("SPIN", inplace=False)
    order = {label: k for k, label in enumerate(spin.variables)}
    biases = np.array([-float(spin.linear[label]) for label in spin.variables], dtype=np.float64)
    pairs = [(order[u], order[v], -float(value)) for (u, v), value in spin.quadratic.items()]
    if not np.all(np.isfinite(biases)) or not all(np.isfinite(value) for _, _, value in pairs):
        raise ProblemError(name, None, "the model has weights that are not finite")
    return from_terms(name, len(biases), pairs, biases, float(spin.offset), [str(label) for label in spin.variables])


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
