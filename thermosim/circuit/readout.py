"""How often the host reads a fabric: a draw is what leaves the chip, and is paid; without it every sweep is a draw.

Nothing is read faster than its cells allow: a frame of an array takes `read_time`.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Any

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.program import Fabric
from thermosim.errors import Problems
from thermosim.units import show


def with_reads(circuit: Circuit, fabrics: tuple[Fabric, ...], problems: Problems) -> tuple[Fabric, ...]:
    """The fabrics with the interval of ``run.read``; one that cannot be kept is reported."""
    read = circuit.netlist.run.read
    if read is None:
        return fabrics
    where = circuit.netlist.document.position(("run", "read"))
    if not fabrics:
        problems.add(where, "run.read", "reads p-bits, and this chip has none; analog nets are read by converters")
    found = []
    for fabric in fabrics:
        try:
            found.append(replace(fabric, every=_every(circuit, fabric, read), read=True))
        except ValueError as error:
            problems.add(where, "run.read", str(error))
            found.append(fabric)
    return tuple(found)


def _every(circuit: Circuit, fabric: Fabric, read: Any) -> int:
    """Sweeps, or intervals of the grid of free-running p-bits, from one read to the next."""
    sweep = fabric.ticks / fabric.clock.frequency
    if fabric.order == "free":
        if read.unit == "sweeps":
            raise ValueError(f"'{fabric.path}' has free-running p-bits, which have no sweeps: read it every so long")
        count = read.value / sweep
        if count.denominator != 1:
            raise ValueError(
                f"'{fabric.path}' is observed every {show(float(sweep), 's')} (updates.every): read it at a multiple"
            )
    elif read.unit != "sweeps":
        raise ValueError(f"'{fabric.path}' has clocked p-bits: read it every so many sweeps")
    else:
        count = read.value
    for path in fabric.arrays:
        model: Any = circuit.instances[path].bound.model
        if model.read_time is not None and float(count * sweep) < model.read_time * (1 - 1e-12):
            raise ValueError(
                f"a read of '{path}' takes {show(model.read_time, 's')} and one is asked for every "
                f"{show(float(count * sweep), 's')}; read every {ceil(model.read_time / float(sweep) - 1e-9)} "
                f"{'sweeps' if fabric.order != 'free' else 'intervals'} or more"
            )
    return int(count)
