"""One die: flat instance arrays with their nets, edges with their weights. Nothing about time.

An instance array is one declaration repeated: 70 x 70 p-bits are one :class:`Instance` of 4,900
elements, while an array of subcircuits is expanded (``m[3].C1``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from thermosim.circuit.nets import Nets
from thermosim.contracts import Floats, Ints
from thermosim.netlist import Bound, Netlist

At = tuple[str | int, ...]


@dataclass(frozen=True)
class Instance:
    """An array of equal elements.

    `drawn` and `actual` hold every numeric parameter per element, (elements,), as written and
    with this die's corner, process and mismatch. `pins` maps pin -> net of each element.
    """

    path: str
    at: At
    bound: Bound
    shape: tuple[int, ...]
    pins: Mapping[str, tuple[str, ...]]
    drawn: Mapping[str, Floats]
    actual: Mapping[str, Floats]

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def type(self) -> str:
        return str(getattr(self.bound.model, "type"))  # noqa: B009 (subclasses declare it)

    def element(self, k: int) -> str:
        """Path of element k, e.g. ``s[3,4]``."""
        if not self.shape:
            return self.path
        return f"{self.path}[{','.join(str(int(x)) for x in np.unravel_index(k, self.shape))}]"


@dataclass(frozen=True)
class Synapses:
    """Bulk edges between arrays of p-bits and p-dits: `edges` (edge, end) are elements of the arrays `ends`, two or, in
    terms, more.

    `directed`: the first end drives the second and does not feel it.
    `lengths` (edge,) are wire lengths in cell pitches, None where the edges have no geometry.
    Weights (edge,): as `drawn`, as `programmed` (quantised), and `actual` (with mismatch).
    """

    path: str
    at: At
    bound: Bound
    ends: tuple[str, ...]
    edges: Ints
    lengths: Floats | None
    drawn: Floats
    programmed: Floats
    actual: Floats
    directed: bool = False
    table: Floats | None = None
    """(states, states) of the ends of a coupling with p-dits, times the weight of each edge. None there: the weights
    are whole tables (edge * states * states,)."""


@dataclass(frozen=True)
class Circuit:
    """One die of a chip."""

    netlist: Netlist
    die: int
    instances: Mapping[str, Instance]
    synapses: tuple[Synapses, ...]
    nets: Nets
    mismatch: Mapping[str, Any]
    """Drawn factors and shifts: ``path.parameter`` -> (elements,) actual values."""

    def of_type(self, *types: str) -> list[Instance]:
        """Instances of these model types, in path order."""
        return [instance for instance in self.instances.values() if instance.type in types]

    def of_family(self, family: str) -> list[Instance]:
        return [instance for instance in self.instances.values() if instance.bound.model.family == family]
