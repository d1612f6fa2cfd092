"""What a controller is told of the island that it acts on: the network as drawn, with noise that it may take for white.

    S' = S + (psd / 2) b b^T for band-limited and held noise of low-frequency density psd along b

It knows no state of a noise source, and nothing of 1/f noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.noise_states import COLOURED, HELD, density, elements, is_noise, own_rows
from thermosim.circuit.program import Island, LinearLaw


def plant_of(circuit: Circuit, island: Island) -> tuple[LinearLaw, list[str], list[str]]:
    """The law over the island's own unknowns and driven nets, and their names."""
    law, rows = island.drawn, own_rows(island)
    inputs = np.array([k for k, name in enumerate(island.inputs) if not is_noise(name)], dtype=np.int64)
    names = [island.nodes[row] for row in rows], [island.inputs[column] for column in inputs]
    if len(rows) == len(island.nodes) and len(inputs) == len(island.inputs):
        return law, *names
    noise = law.noise[np.ix_(rows, rows)].copy()
    for instance, k, (*_, last) in elements(circuit, island, ("band_noise", *HELD)):
        if instance.type in HELD:
            along = law.input_conductance[rows, island.inputs.index(last)]
        else:
            along = -law.conductance[rows, island.nodes.index(last)]
        noise += density(instance, k, "drawn") / 2 * np.outer(along, along)
    block = np.ix_(rows, rows)
    known = LinearLaw(
        law.capacitance[block], law.conductance[block], noise, law.input_conductance[np.ix_(rows, inputs)],
        law.input_capacitance[np.ix_(rows, inputs)], law.current[rows],
    )  # fmt: skip
    return known, *names


def plant_notes(circuit: Circuit, islands: Sequence[Island]) -> Iterator[str]:
    """What controllers are not told of the noise of the islands that converters drive."""
    outputs = {net for instance in circuit.of_type("dac") for net in instance.pins["out"]}
    for island in islands if circuit.netlist.controllers else ():
        kinds = {instance.type for instance, _, _ in elements(circuit, island, (*COLOURED, *HELD))}
        if kinds and outputs & set(island.inputs):
            white = "band-limited and held noise as if it were white" if kinds - {"flicker_noise"} else ""
            flicker = "nothing of its 1/f noise" if "flicker_noise" in kinds else ""
            yield f"controllers are told of network {island.path} " + " and ".join(t for t in (white, flicker) if t)
