"""Held digital noise of the netlist -> banks for the engine, and what it adds to the closed forms of an island.

A level is drawn at every edge of a clock and held: rms^2 = psd / (2 h) for the one-sided density psd at low frequencies
and a period h. It enters its island as an input in amperes (:mod:`thermosim.circuit.noise_states`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from thermosim.analysis.held import Periodic, level_moments, periodic
from thermosim.circuit.circuit import Circuit
from thermosim.circuit.converters import clock_of
from thermosim.circuit.noise_states import density, held_name, is_noise, own_rows
from thermosim.circuit.program import HeldBank, Island
from thermosim.contracts import Floats
from thermosim.errors import Problems
from thermosim.times import Clock


def build_held(circuit: Circuit, clocks: dict[str, Clock], problems: Problems) -> tuple[HeldBank, ...]:
    """Every array of held noise."""
    banks = []
    for instance in circuit.of_type("held_noise"):
        model: Any = instance.bound.model
        clock = clock_of(circuit, instance, clocks, problems)
        if clock is None:
            continue
        rms = {
            which: np.array(
                [np.sqrt(density(instance, k, which) / 2 * float(clock.frequency)) for k in range(instance.size)]
            )
            for which in ("drawn", "actual")
        }
        names = tuple(held_name(instance, k) for k in range(instance.size))
        share, _ = level_moments(model.bits, model.clip)
        banks.append(HeldBank(instance.path, names, clock, rms["drawn"], rms["actual"], model.bits, model.clip, share))
    return tuple(banks)


def held_notes(banks: Sequence[HeldBank]) -> tuple[str, ...]:
    """What the levels of each bank are not."""
    found = []
    for bank in banks:
        if bank.bits is not None:
            share, kurtosis = level_moments(bank.bits, bank.clip)
            found.append(
                f"{bank.path}: levels of {bank.bits} bits cut at {bank.clip:g} standard deviations have "
                f"{share:.5g} of the stated variance and an excess kurtosis of {kurtosis:.2g}"
            )
    return tuple(found)


@dataclass(frozen=True)
class Held:
    """What held noise does to an island: one periodic state for each of its clocks, over all its unknowns.

    `mean`, `edges` (n, n) [V^2]: covariance over a period and at the edges, None where clocks differ; `with_levels`
    (n, m) for the m inputs of the island [V A]; `shares`: by input, its part of `mean`; `density` (m,) [A^2/Hz] at low
    frequencies, one-sided, 0 for nets.
    """

    mean: Floats
    edges: Floats | None
    with_levels: Floats
    shares: dict[str, Floats]
    density: Floats


def held_in(island: Island, banks: Sequence[HeldBank], which: Literal["drawn", "actual"]) -> Held | None:
    """The part of held noise in the law of an island; None if it has none.

    Raises
    ------
    ValueError
        If some mode does not decay.
    """
    names = [name for name in island.inputs if is_noise(name)]
    if not names:
        return None
    law, own, n = getattr(island, which), own_rows(island), len(island.nodes)
    block = np.ix_(own, own)
    where = {name: (bank, k) for bank in banks for k, name in enumerate(bank.inputs)}
    mean, edges, shares = np.zeros((n, n)), np.zeros((n, n)), {}
    with_levels, low = np.zeros((n, len(island.inputs))), np.zeros(len(island.inputs))
    for name in names:
        bank, k = where[name]
        column, period = island.inputs.index(name), bank.clock.period
        variance = np.array([bank.share * getattr(bank, which)[k] ** 2])
        drive = law.input_conductance[own][:, [column]]
        found: Periodic = periodic(law.capacitance[block], law.conductance[block], drive, variance, period)
        shares[name] = np.zeros((n, n))
        shares[name][block] = found.mean
        mean += shares[name]
        edges[block] += found.edges
        with_levels[own, column] = found.with_levels[:, 0]
        low[column] = 2 * period * variance[0]
    clocks = {where[name][0].clock for name in names}
    return Held(mean, edges if len(clocks) == 1 else None, with_levels, shares, low)
