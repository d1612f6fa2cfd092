"""Sums of a fabric of p-bits over replicas and recorded draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Ints
from thermosim.kernels.observe import Seen

_NAMES = ("spin", "pair", "term")


class Totals:
    """`spin` (node,), `pair` (edge,) and `term` (product,): sums of outputs +-1 over `count` draws of all replicas."""

    def __init__(self, fabric: Fabric) -> None:
        self._path = fabric.path
        self.spin: Ints = np.zeros(fabric.nodes, dtype=np.int64)
        self.pair: Ints = np.zeros(len(fabric.actual.edges), dtype=np.int64)
        self.term: Ints = np.zeros(len(fabric.actual.terms), dtype=np.int64)
        self.count = 0

    def add(self, seen: Iterable[Seen], count: int) -> None:
        """Add what was seen of every group of replicas in `count` draws of all of them."""
        for part in seen:
            for name in _NAMES:
                getattr(self, name).__iadd__(getattr(part, name))
        self.count += count

    def named(self) -> dict[str, np.ndarray]:
        """Sums by their names in a record; of products where there are any."""
        names = _NAMES if len(self.term) else _NAMES[:2]
        sums = {f"{self._path}:{name}": getattr(self, name).copy() for name in names}
        return sums | {f"{self._path}:count": np.array(self.count, dtype=np.int64)}

    def checkpoint(self) -> dict[str, Any]:
        """The sums so far."""
        return {name: getattr(self, name).copy() for name in _NAMES} | {"count": self.count}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take up what :meth:`checkpoint` gave."""
        for name in _NAMES:
            getattr(self, name)[:] = kept[name]
        self.count = int(kept["count"])
