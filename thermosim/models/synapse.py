"""Synapse between p-bits: a weight held in a few bits, with a full scale and a supply.

programmed = clip(round(J / step) step, -j_max, j_max),  step = j_max / (2^(bits-1) - 1)
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from thermosim.models.base import Model, PositiveNumber, PositiveVolts, Seconds, count


def quantise(weights: NDArray[np.float64], bits: int | None, j_max: float | None) -> NDArray[np.float64]:
    """Weights (...,) as a synapse of `bits` and signed full scale `j_max` holds them.

    Codes run from -(2^(bits-1) - 1) to 2^(bits-1) - 1, so zero and both signs are exact mirror images.
    Without `bits` the weights are only clipped; without `j_max` they are held as they are.
    """
    if j_max is None:
        return weights
    if bits is None:
        return np.clip(weights, -j_max, j_max)
    largest = 2 ** (bits - 1) - 1
    codes = np.clip(np.rint(weights / j_max * largest), -largest, largest)
    programmed: NDArray[np.float64] = codes * (j_max / largest)
    return programmed


class Synapse(Model):
    """Weighted coupling: `bits` with sign, `j_max` the full scale of one edge, `v_dd` the supply of its bias network.

    A change of the source is felt `delay` later, and the input then settles as exp(-t / settling); both count for
    free-running p-bits, while clocked ones find their inputs settled.
    With `v_dd` a node has the budget 4 beta (sum |J| + |h|) <= v_dd / V_s, and its bias energy grows with v_dd^2.
    """

    family: ClassVar[Literal["synapse"]] = "synapse"
    mismatched: ClassVar[tuple[str, ...]] = ("weight",)

    type: Literal["synapse"] = "synapse"
    bits: Annotated[int, *count(2, 32)] | None = None
    j_max: PositiveNumber | None = None
    v_dd: PositiveVolts | None = None
    settling: Seconds = 0.0
    delay: Seconds = 0.0

    @model_validator(mode="after")
    def _full_scale(self) -> Self:
        if self.bits is not None and self.j_max is None:
            raise ValueError("bits need a full scale: state j_max")
        return self
