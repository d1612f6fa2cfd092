"""The transfer curves of a fabric's p-bits, as kernels want them."""

from __future__ import annotations

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.kernels.response import ERF, LOGISTIC, TABLE, Curves


def kernel_curves(fabric: Fabric) -> Curves:
    """Kind of curve of every node, and each table once."""
    curves = fabric.barriers.curves if fabric.barriers is not None else ()
    kinds = {"logistic": LOGISTIC, "erf": ERF}
    tables = list(dict.fromkeys(curve for curve in curves if curve.points))
    number = {curve: TABLE + k for k, curve in enumerate(tables)}
    kind = [number[curve] if curve.points else kinds[curve.name] for curve in curves] or [LOGISTIC] * fabric.nodes
    points = [point for curve in tables for point in curve.points]
    first = np.cumsum([0, *(len(curve.points) for curve in tables)])
    argument, chance = np.array(points, dtype=np.float64).reshape(-1, 2).T
    return Curves(
        np.array(kind, dtype=np.int64), first.astype(np.int64), np.ascontiguousarray(argument),
        np.ascontiguousarray(chance),
    )  # fmt: skip
