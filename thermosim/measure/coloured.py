"""What noise currents with a memory add to the closed forms of an island: their shares, their work, reversibility.

    work of a noise current w    W = <(v_p - v_n) w>     (it is smooth or in steps: no Stratonovich correction)
    detailed balance             voltages alone are reversible where their cross-spectra are real at every frequency

(a stationary Gaussian process is the same backwards if and only if <v(t) v(0)^T> is symmetric for every t).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from thermosim.analysis import linear, spectrum
from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.held_noise import Held
from thermosim.circuit.noise_states import COLOURED, HELD, elements, is_noise, own_rows, relaxing
from thermosim.circuit.program import Island
from thermosim.circuit.sources import ties
from thermosim.contracts import Floats


def column(circuit: Circuit, island: Island, driven: Mapping[str, float], instance: Instance, k: int) -> Floats | None:
    """+1 at p and -1 at n over the island's unknowns; None where an end is an eliminated net."""
    tied = ties(circuit, driven, "actual")
    found = np.zeros(len(island.nodes))
    for pin, sign in (("p", 1.0), ("n", -1.0)):
        net = tied.get(instance.pins[pin][k], (instance.pins[pin][k], 0.0))[0]
        if net in island.absent:
            return None
        if net in island.nodes:
            found[island.nodes.index(net)] += sign
    return found


def noises(circuit: Circuit, island: Island, driven: Mapping[str, float]) -> Iterator[tuple[str, Floats]]:
    """Path of every element with a memory, and the noise that drives its unknowns (n, n) [A^2 s]."""
    for instance, k, names in elements(circuit, island, COLOURED):
        if column(circuit, island, driven, instance, k) is not None:
            rows = [island.nodes.index(name) for name in names]
            alone = np.zeros_like(island.actual.noise)
            alone[rows, rows] = island.actual.noise[rows, rows]
            yield instance.element(k), alone


def works(
    circuit: Circuit, island: Island, driven: Mapping[str, float], covariance: Floats, levels: Held | None
) -> Iterator[tuple[str, float]]:
    """Path and mean work [W] of every element with a memory."""
    for instance, k, (name,) in elements(circuit, island, HELD):
        ends = column(circuit, island, driven, instance, k)
        if ends is not None and levels is not None:
            yield instance.element(k), float(ends @ levels.with_levels[:, island.inputs.index(name)])
    for instance, k, _ in elements(circuit, island, COLOURED):
        ends = column(circuit, island, driven, instance, k)
        if ends is not None:
            flows = [island.nodes.index(one.name) for one in relaxing(instance, k, "actual") if one.last]
            yield instance.element(k), float((ends @ covariance[:, flows]).sum())


def reversible(island: Island) -> bool:
    """Whether the voltages alone obey detailed balance, where noise has a memory."""
    law, own = island.actual, own_rows(island)
    nets = [k for k, name in enumerate(island.nodes) if "(" not in name]
    block = np.ix_(own, own)
    rates = np.abs(linear.modes(law.capacitance[block], law.conductance[block]).rates)
    memory = [law.conductance[k, k] / law.capacitance[k, k] for k, name in enumerate(island.nodes) if is_noise(name)]
    corners = np.unique(np.concatenate([rates, memory])) / (2 * np.pi)
    between = np.sqrt(corners[1:] * corners[:-1])
    at = np.unique(np.concatenate([corners, between, corners[:1] / 10, corners[-1:] * 10]))
    found = spectrum.density(law.capacitance, law.conductance, law.noise, at[at > 0])[:, nets][:, :, nets]
    size = np.sqrt(np.einsum("fi,fj->fij", *(2 * [np.einsum("fii->fi", found.real)])))
    return bool(np.all(np.abs(found.imag) <= 1e-9 * size))
