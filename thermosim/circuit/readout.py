"""How often the host reads a fabric: a draw is what leaves the chip, and is paid; without it every sweep is a draw.

Nothing is read faster than its cells allow: a frame of an array takes `read_time`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import Any, TypeVar

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.dits import DitFabric
from thermosim.circuit.program import Fabric
from thermosim.errors import Problems
from thermosim.units import show

Sampling = TypeVar("Sampling", Fabric, DitFabric)


def check_reads(circuit: Circuit, fabrics: Sequence[Fabric | DitFabric], problems: Problems) -> None:
    """Report reads of a chip that has nothing to be read."""
    if circuit.netlist.run.read is not None and not fabrics:
        where = circuit.netlist.document.position(("run", "read"))
        problems.add(where, "run.read", "reads p-bits, and this chip has none; analog nets are read by converters")


def check_window(
    circuit: Circuit, fabrics: Sequence[Fabric | DitFabric], duration: int | None, problems: Problems
) -> None:
    """Report reads that never fall into the recorded window, `duration` [fs] long."""
    for fabric in fabrics:
        if fabric.read and duration is not None and fabric.clock.edge(fabric.every * fabric.ticks) > duration:
            where = circuit.netlist.document.position(("run", "read"))
            problems.add(where, "run.read", "no samples: the interval between reads is longer than run.duration")


def with_reads(circuit: Circuit, fabrics: tuple[Sampling, ...], problems: Problems) -> tuple[Sampling, ...]:
    """The fabrics with the interval of ``run.read``; one that cannot be kept is reported."""
    read = circuit.netlist.run.read
    if read is None:
        return fabrics
    where = circuit.netlist.document.position(("run", "read"))
    found = []
    for fabric in fabrics:
        try:
            found.append(replace(fabric, every=_every(circuit, fabric, read), read=True))
        except ValueError as error:
            problems.add(where, "run.read", str(error))
            found.append(fabric)
    return tuple(found)


def _every(circuit: Circuit, fabric: Fabric | DitFabric, read: Any) -> int:
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
        takes = getattr(model, "read_time", None)
        if takes is not None and float(count * sweep) < takes * (1 - 1e-12):
            raise ValueError(
                f"a read of '{path}' takes {show(takes, 's')} and one is asked for every "
                f"{show(float(count * sweep), 's')}; read every {ceil(takes / float(sweep) - 1e-9)} "
                f"{'sweeps' if fabric.order != 'free' else 'intervals'} or more"
            )
    return int(count)
