"""A fabric of which some p-bits are held, as the fabric of those that are free.

    E(s_free | s_held) = -(sum over free pairs J_ij s_i s_j + sum_i h'_i s_i) + const
    h'_i = h_i + sum_(j held) J_ij s_j

The conditional law of the free p-bits is again an Ising law, with the held ones in its biases; their response, memory
and colours stay as they are. It holds for each of the three versions of a law.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.circuit.regions import balanced, folded
from thermosim.contracts import Ints
from thermosim.models.pbit import Barriers


def conditional_law(law: IsingLaw, held: np.ndarray) -> IsingLaw:
    """The law of the free p-bits, numbered in their order; `held` (node,) is +-1 where a p-bit is held and else 0."""
    free = held == 0
    biases = law.biases.copy()
    targets, sources, weights = law.couplings()
    np.add.at(biases, targets, weights * held[sources])
    inside = free_edges(law, held)
    number = np.cumsum(free) - 1
    back = None if law.back is None else law.back[inside]
    return IsingLaw(number[law.edges[inside]], law.weights[inside], biases[free], law.beta, back)


def free_edges(law: IsingLaw, held: np.ndarray) -> np.ndarray:
    """Which edges (edge,) bool join two free p-bits."""
    inside: np.ndarray = (held[law.edges] == 0).all(axis=1)
    return inside


def conditional_fabric(fabric: Fabric, held: np.ndarray) -> Fabric:
    """The fabric of the free p-bits alone; its arrays are flat, and those that are held whole are gone."""
    free = np.flatnonzero(held == 0)
    drawn, programmed, actual = (conditional_law(law, held) for law in (fabric.drawn, fabric.programmed, fabric.actual))
    slope, factors = fabric.slope[free], None if fabric.factors is None else fabric.factors[free]
    if factors is not None and balanced(drawn, factors):  # those of another beta were held
        drawn, programmed, actual = (folded(law, factors) for law in (drawn, programmed, actual))
        slope, factors = slope / factors, None
    arrays: dict[str, tuple[int, tuple[int, ...]]] = {}
    start = 0
    for path, (first, shape) in fabric.arrays.items():
        count = int(np.count_nonzero(held[first : first + int(np.prod(shape, dtype=np.int64))] == 0))
        if count:
            arrays[path] = (start, (count,))
            start += count
    nets = fabric.input_nets
    return replace(
        fabric,
        drawn=drawn,
        programmed=programmed,
        actual=actual,
        arrays=arrays,
        nodes=len(free),
        colour=fabric.colour[free],
        slope=slope,
        factors=factors,
        shift=fabric.shift[free],
        memory=fabric.memory[free],
        volts=fabric.volts[free],
        relaxation=fabric.relaxation[free],
        input_nets=None if nets is None else tuple(nets[node] for node in free),
        barriers=None if fabric.barriers is None else _picked(fabric.barriers, free),
        arrhenius=tuple(fabric.arrhenius[node] for node in free) if fabric.arrhenius else (),
        timetable=None,
    )


def recorded_fabric(fabric: Fabric, window: tuple[int, int]) -> Fabric:
    """What samples in a window [fs]: the free p-bits where the same ones are held through it, else the whole fabric."""
    if fabric.timetable is None:
        return fabric
    held, same = fabric.timetable.standing(*fabric.sweeps_of(window))
    return conditional_fabric(fabric, held) if same and held.any() and not held.all() else fabric


def _picked(barriers: Barriers, nodes: Ints) -> Barriers:
    numbers = {field.name: getattr(barriers, field.name)[nodes] for field in fields(barriers) if field.name != "curves"}
    return replace(barriers, **numbers, curves=tuple(barriers.curves[node] for node in nodes))
