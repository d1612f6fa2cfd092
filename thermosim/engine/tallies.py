"""What is counted of a fabric: arrays of nodes, stretches in which the same p-bits are held, p-bits that are set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Ints


def owners(fabric: Fabric) -> Ints:
    """Number of the array of each node."""
    sizes = [int(np.prod(shape, dtype=np.int64)) for _, shape in fabric.arrays.values()]
    return np.repeat(np.arange(len(sizes)), sizes)


def held_in(fabric: Fabric, begin: int, end: int) -> Iterator[tuple[int, int, np.ndarray]]:
    """Stretches of the sweeps begin .. end-1 with the values (node,) at which p-bits are held in them, 0 if free."""
    if fabric.timetable is None:
        yield begin, end, np.zeros(fabric.nodes, dtype=np.int8)
        return
    for first, last in fabric.timetable.stretches(begin, end):
        yield first, last, fabric.timetable.held(first)


def writes(fabric: Fabric, begin: int, end: int, replicas: int) -> dict[str, Ints]:
    """P-bits that were set before the sweeps that begin in the slots begin .. end-1: ``<array>.writes`` (replica,).

    Arrays of which the schedule never sets a p-bit have no such counter.
    """
    if fabric.timetable is None:
        return {}
    set_before = fabric.timetable.written(-(-begin // fabric.ticks), -(-end // fabric.ticks))
    counts = np.bincount(owners(fabric), set_before, minlength=len(fabric.arrays)).astype(np.int64)
    ever = set(owners(fabric)[fabric.timetable.touched])
    paths = enumerate(fabric.arrays)
    return {f"{path}.writes": np.full(replicas, counts[number]) for number, path in paths if number in ever}
