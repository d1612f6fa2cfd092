"""A record of a fabric with held p-bits, as a record of the free ones: what is measured is their conditional law.

Sums over free p-bits and over the pairs of them are picked out, and packed states keep the bits of the free ones.
Energies and means differ from those of the free p-bits by constants (and a factor), which no autocorrelation time sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from thermosim.circuit.conditional import conditional_fabric, free_edges
from thermosim.circuit.program import Fabric, Program
from thermosim.contracts import Ints
from thermosim.record import Record


@dataclass(frozen=True)
class View:
    """What to measure of a fabric: `fabric` and `record` of its free p-bits, which were `free` among all its `nodes`.

    `one_law` is False where clamps come or go while it is recorded: then nothing is picked out.
    """

    fabric: Fabric
    record: Record
    free: Ints
    nodes: int
    one_law: bool


def view(program: Program, fabric: Fabric, record: Record) -> View:
    """The free p-bits of a fabric in the recorded window."""
    everyone: Ints = np.arange(fabric.nodes, dtype=np.int64)
    if fabric.timetable is None:
        return View(fabric, record, everyone, fabric.nodes, True)
    window = program.burn_in, program.burn_in + program.duration
    held, one_law = fabric.timetable.standing(*fabric.sweeps_of(window))
    if not one_law or not held.any() or f"{fabric.path}:spin" not in record.sums:
        return View(fabric, record, everyone, fabric.nodes, one_law)
    free, reduced, prefix = np.flatnonzero(held == 0), conditional_fabric(fabric, held), f"{fabric.path}:"
    gone = {f"{prefix}mean({path})" for path in fabric.arrays if path not in reduced.arrays}
    series = {name: values for name, values in record.series.items() if name not in gone}
    if f"{prefix}states" in series:
        series[f"{prefix}states"] = _picked_bits(series[f"{prefix}states"], free)
    sums = dict(record.sums)
    sums[f"{prefix}spin"] = sums[f"{prefix}spin"][free]
    sums[f"{prefix}pair"] = sums[f"{prefix}pair"][free_edges(fabric.drawn, held)]
    if f"{prefix}last" in sums:
        sums[f"{prefix}last"] = sums[f"{prefix}last"][free]
    return View(reduced, replace(record, series=series, sums=sums), free, fabric.nodes, True)


def _picked_bits(states: np.ndarray, nodes: Ints) -> np.ndarray:
    """Packed states of `nodes` alone, the first of them the lowest bit."""
    packed = np.zeros_like(states)
    for bit, node in enumerate(nodes):
        packed |= (states >> np.uint32(node) & np.uint32(1)) << np.uint32(bit)
    return packed
