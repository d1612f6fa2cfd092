"""What the record of a run will take in memory: probes as asked for, observables of fabrics at every sweep."""

from __future__ import annotations

import numpy as np

from thermosim.circuit.dits import DitFabric
from thermosim.circuit.program import Fabric, Program
from thermosim.engine.dit_observables import bytes_per_draw as dit_bytes
from thermosim.engine.observables import bytes_per_draw
from thermosim.engine.sweeps import sweeps_until
from thermosim.errors import SimulationError

MEMORY_LIMIT = 8 * 2**30
"""Bytes of samples and observables above which a run is refused before it starts."""


def refuse_too_much(program: Program, replicas: int) -> None:
    """Raise if the record of `replicas` copies would not fit.

    Raises
    ------
    SimulationError
        With the parts of the record, the largest first.
    """
    parts: list[tuple[int, str]] = []
    for probe in program.probes:
        if probe.kind == "bit":
            fabric = next(fabric for fabric in program.sampling if probe.nets[0] in fabric.arrays)
            _, shape = fabric.arrays[probe.nets[0]]
            width, size, draws = int(np.prod(shape, dtype=np.int64)), 1, _sweeps(program, fabric) // probe.every
        else:
            width, size, draws = len(probe.nets), 8, program.duration // probe.every
        parts.append((draws * width * replicas * size, f"probe '{probe.name}', {draws} draws of {width} nodes"))
    for fabric in program.sampling:
        draws = _sweeps(program, fabric) // fabric.every
        size = dit_bytes(fabric) if isinstance(fabric, DitFabric) else bytes_per_draw(fabric)
        parts.append((draws * replicas * size, f"observables of '{fabric.path}', {draws} sweeps"))
    for learning in program.learning:
        (nodes,) = (len(island.nodes) for island in program.islands if island.path == learning.path)
        parts.append((8 * nodes**2 * replicas, f"what codes tell of '{learning.path}' in every replica"))
    total = sum(size for size, _ in parts)
    if total > MEMORY_LIMIT:
        told = ", ".join(f"{size / 2**30:.3g} GiB for {what}" for size, what in sorted(parts, reverse=True))
        raise SimulationError(
            f"the record of {replicas} replicas would take {total / 2**30:.3g} GiB, above the limit of "
            f"{MEMORY_LIMIT / 2**30:.0f} GiB: {told}; record less often, for a shorter time, or run fewer replicas"
        )


def _sweeps(program: Program, fabric: Fabric | DitFabric) -> int:
    """Sweeps that end in the recorded window."""
    return sweeps_until(fabric, program.burn_in + program.duration) - sweeps_until(fabric, program.burn_in)
