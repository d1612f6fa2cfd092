"""The islands as a measurement sees them: those that one declared law speaks of are one island.

Independent networks side by side are a network: C, G and S of the union are block diagonal, its inputs the union of
theirs. So a mixture over several islands is held against their joint samples, and mixes as slowly as it does jointly.
"""

from __future__ import annotations

import numpy as np

from thermosim.circuit.nonlinear_law import NonlinearIsland
from thermosim.circuit.program import Island, JumpIsland, LinearLaw, Program
from thermosim.contracts import Floats, Mixture


def measured_islands(program: Program) -> tuple[Island | JumpIsland | NonlinearIsland, ...]:
    """Every island; the linear ones over which a declared mixture extends joined to one, in the place of the first."""
    if not isinstance(program.target, Mixture):
        return program.analog
    spanned = [island for island in program.islands if set(island.nodes) & set(program.target_nets)]
    if len(spanned) < 2:
        return program.analog
    whole = join(spanned)
    return tuple(whole if island is spanned[0] else island for island in program.analog if island not in spanned[1:])


def join(islands: list[Island]) -> Island:
    """Islands side by side, as one whose `path` names them all."""
    inputs = tuple(dict.fromkeys(net for island in islands for net in island.inputs))

    def laws(which: str) -> LinearLaw:
        parts: list[LinearLaw] = [getattr(island, which) for island in islands]

        def stack(name: str) -> Floats:
            rows = []
            for part, island in zip(parts, islands, strict=True):
                row = np.zeros((len(island.nodes), len(inputs)))
                row[:, [inputs.index(net) for net in island.inputs]] = getattr(part, name)
                rows.append(row)
            return np.vstack(rows)

        return LinearLaw(
            capacitance=_diagonal([part.capacitance for part in parts]),
            conductance=_diagonal([part.conductance for part in parts]),
            noise=_diagonal([part.noise for part in parts]),
            input_conductance=stack("input_conductance"),
            input_capacitance=stack("input_capacitance"),
            current=np.concatenate([part.current for part in parts]),
        )

    return Island(
        path=" + ".join(island.path for island in islands),
        nodes=tuple(net for island in islands for net in island.nodes),
        inputs=inputs,
        drawn=laws("drawn"),
        actual=laws("actual"),
        initial=np.concatenate([island.initial for island in islands]),
        moving=next((island.moving for island in islands if island.moving is not None), None),
    )


def _diagonal(blocks: list[Floats]) -> Floats:
    size = sum(len(block) for block in blocks)
    whole, at = np.zeros((size, size)), 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return whole
