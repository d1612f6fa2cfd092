"""Other weights for a chip that stands: quantisation and this die's mismatch apply to them as to the first.

Mismatch and process are the same draws as before, for they are named by path and die and not by value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from thermosim.circuit.circuit import Circuit, Synapses
from thermosim.circuit.fabrics import ising_laws
from thermosim.circuit.program import Fabric, Program
from thermosim.circuit.variation import vary
from thermosim.contracts import Floats, Ints
from thermosim.errors import Problems
from thermosim.models import quantise


def reprogram(circuit: Circuit, program: Program, weights: Floats, biases: Floats) -> tuple[Circuit, Program]:
    """The die with other couplings (edge,) and biases (node,) of its one fabric; wires, colours and clocks stay.

    Raises
    ------
    ValueError
        If it has not exactly one fabric, or directed couplings or products of three or four p-bits, or two synapses
        join the same pair, so that a weight has no one place.
    """
    if len(program.fabrics) != 1:
        raise ValueError(f"reprogramming needs one fabric of p-bits and the chip has {len(program.fabrics)}")
    fabric = program.fabrics[0]
    refuse_beyond_pairs(circuit)
    synapses = tuple(_with_weights(synapse, weights[_slots(synapse, fabric)]) for synapse in circuit.synapses)
    if sum(len(synapse.edges) for synapse in synapses) != len(fabric.drawn.edges):
        raise ValueError("two couplings join the same p-bits, so that their weights have no one place")
    other = _with_biases(replace(circuit, synapses=synapses), fabric, biases)
    laws = ising_laws(other, [other.instances[path] for path in fabric.arrays], dict(fabric.arrays))
    changed = replace(fabric, drawn=laws[0], programmed=laws[1], actual=laws[2])
    return other, replace(program, fabrics=(changed,))


def refuse_beyond_pairs(circuit: Circuit) -> None:
    """Raise ValueError if weights are more than one number for each pair."""
    for synapse in circuit.synapses:
        if synapse.directed or len(synapse.ends) > 2:
            what = "is directed" if synapse.directed else "has products of three or four p-bits"
            raise ValueError(f"coupling '{synapse.path}' {what}; only symmetric pairs can be programmed anew")


def rewire(circuit: Circuit, edges: Ints, weights: Floats, biases: Floats) -> Circuit:
    """The die with its one coupling on other `edges` (edge, 2) of its one array, lengths unknown; assemble it again."""
    refuse_beyond_pairs(circuit)
    (synapse,) = circuit.synapses
    wired = _with_weights(replace(synapse, edges=edges, lengths=None), weights)
    (array,) = set(synapse.ends)
    instance = circuit.instances[array]
    drawn = {**instance.drawn, "bias": biases}
    changed = {**circuit.instances, array: replace(instance, drawn=drawn)}
    return _varied(replace(circuit, synapses=(wired,), instances=changed))


def _with_weights(synapse: Synapses, weights: Floats) -> Synapses:
    model: Any = synapse.bound.model
    programmed = quantise(weights, model.bits, model.j_max)
    return replace(synapse, drawn=weights, programmed=programmed, actual=programmed)


def _slots(synapse: Synapses, fabric: Fabric) -> Ints:
    """Place of each of the synapse's edges among the fabric's."""
    offsets = np.array([fabric.arrays[end][0] for end in synapse.ends])
    ends = np.sort(synapse.edges + offsets, axis=1)
    names = fabric.drawn.edges @ np.array([fabric.nodes, 1])
    slots: Ints = np.searchsorted(names, ends @ np.array([fabric.nodes, 1]))
    return slots


def _with_biases(circuit: Circuit, fabric: Fabric, biases: Floats) -> Circuit:
    instances = dict(circuit.instances)
    for path, (first, _) in fabric.arrays.items():
        instance = instances[path]
        values: Mapping[str, Floats] = {**instance.drawn, "bias": biases[first : first + instance.size]}
        instances[path] = replace(instance, drawn=values)
    return _varied(replace(circuit, instances=instances))


def _varied(circuit: Circuit) -> Circuit:
    """This die drawn again from the nominal values."""
    instances = {path: replace(item, actual=item.drawn) for path, item in circuit.instances.items()}
    problems = Problems()
    varied = vary(replace(circuit, instances=instances, mismatch={}), problems)
    problems.raise_if_any()
    return varied
