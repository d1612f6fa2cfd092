"""The lint of networks whose resistors exchange heat that their voltages do not show.

sum_b Qdot_b / (k T_b) beyond twice sigma of the unknowns (analysis/thermodynamics.py). Chips with noise sources are
left alone: those plainly do work.
"""

from __future__ import annotations

import numpy as np

from thermosim.analysis import linear, thermodynamics
from thermosim.circuit.branches import branches
from thermosim.circuit.circuit import Circuit
from thermosim.circuit.lint_pbits import Found, position
from thermosim.circuit.noise_states import NOISES
from thermosim.circuit.program import Program
from thermosim.circuit.stamps import ACTIVE
from thermosim.constants import BOLTZMANN
from thermosim.units import show

_ROUND_OFF = 1e-9


def hidden_dissipation(circuit: Circuit, program: Program) -> Found:
    """Resistors at unequal temperatures exchange more heat than the voltages show."""
    if circuit.of_type(*ACTIVE, *NOISES):
        return
    for island in program.islands:
        parts = [part for part in branches(circuit, island, program.driven) if part.conductance > 0]
        if island.absent or island.moving is not None or len({part.temperature for part in parts}) < 2:
            continue
        law = island.actual
        try:
            covariance = linear.stationary(law.capacitance, law.conductance, law.noise)
        except ValueError:
            continue
        columns = np.array([one.column for one in parts]).T
        conductance, intensity = (
            np.array([getattr(one, key) for one in parts]) for key in ("conductance", "intensity")
        )
        works = intensity / 2 * np.sum(columns * np.linalg.solve(law.capacitance, columns), axis=0)
        heats = conductance * np.sum(columns * (covariance @ columns), axis=0) - works
        most, turnover = int(np.argmax(heats)), float(works.sum())
        if heats[most] <= _ROUND_OFF * turnover:
            continue
        seen = thermodynamics.visible_entropy(
            linear.drift(law.capacitance, law.conductance), covariance,
            linear.diffusion(law.capacitance, law.noise), island.parity,
        )  # fmt: skip
        if seen is None:
            continue
        produced = sum(
            heat / (BOLTZMANN * one.temperature) if one.temperature else np.inf
            for heat, one in zip(heats, parts, strict=True)
            if one.temperature or heat > _ROUND_OFF * turnover
        )
        if produced > 2 * seen:
            resistors = ((item, item.element(k)) for item in circuit.of_type("resistor") for k in range(item.size))
            at = next(item.at for item, path in resistors if path == parts[most].path)
            yield (
                position(circuit, at), parts[most].path,
                f"it takes {show(float(heats[most]), 'W', 3)} from warmer resistors, and the voltages of "
                f"'{island.path}' hide most of the entropy that this makes; "
                "'thermosim analyze' gives the heat of every resistor",
            )  # fmt: skip
