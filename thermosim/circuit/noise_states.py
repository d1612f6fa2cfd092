"""Noise currents with a memory as unknowns of an island, so that its law stays linear with white noise.

    relaxing current w [A]   s tau dw/dt + s w = s xi,   s = k 300 K / (tau <w^2>),   into the nets of its element

s makes every row an energy: its size changes no law, only round-off. 1/f noise is a sum of such currents
(:mod:`thermosim.analysis.noise_spectra`); a second pole follows the first, s tau_2 dw_2/dt + s w_2 = s w_1.
Nothing drives these unknowns but their own noise. They begin in their stationary law: corners far below 1 / duration
would not get there by waiting. Held digital noise is an input of the island in amperes, `n(NAME)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thermosim.analysis.noise_spectra import (
    flicker_variance,
    grid,
    junction_density,
    saturated_density,
)
from thermosim.circuit.circuit import Circuit, Instance
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats
from thermosim.units import show

if TYPE_CHECKING:
    from thermosim.circuit.program import Island
    from thermosim.circuit.stamps import Stamper

COLOURED = ("flicker_noise", "band_noise")
"""Noise currents with a memory."""
HELD = ("held_noise",)
NOISES = ("white_noise", "shot_noise", *COLOURED, *HELD)
"""Noise currents that no bath accounts for; they pass no voltage on."""
_ENERGY = BOLTZMANN * 300


@dataclass(frozen=True)
class Relaxing:
    """One relaxing current: its unknown, `variance` [A^2] of it without a first pole, `time` [s].

    `after`: the unknown that it follows, "" where white noise drives it; `last`: whether it flows into the nets.
    """

    name: str
    variance: float
    time: float
    after: str = ""
    last: bool = True


def is_noise(unknown: str) -> bool:
    """Whether an unknown or input of an island is a noise current."""
    return unknown.startswith("n(")


def own_rows(island: Island) -> np.ndarray:
    """Unknowns of an island that are no noise currents (rows,)."""
    return np.array([k for k, name in enumerate(island.nodes) if not is_noise(name)], dtype=np.int64)


def state_names(instance: Instance, k: int) -> list[str]:
    """Unknowns of element k."""
    model: Any = instance.bound.model
    if instance.type == "flicker_noise":
        count = len(grid(model.f_low, model.f_high, model.ripple))
        return [f"n({instance.element(k)}:{number + 1})" for number in range(count)]
    name = instance.element(k)
    return [f"n({name})"] if model.second_pole is None else [f"n({name}:1)", f"n({name}:2)"]


def held_name(instance: Instance, k: int) -> str:
    """Input of element k of a held noise."""
    return f"n({instance.element(k)})"


def density(instance: Instance, k: int, which: str) -> float:
    """One-sided density at low frequencies [A^2/Hz] of an element that states psd, or t_eff with conductance."""
    values = getattr(instance, which)
    if "psd" in values:
        return float(values["psd"][k])
    return float(4 * BOLTZMANN * values["t_eff"][k] * values["conductance"][k])


def relaxing(instance: Instance, k: int, which: str) -> list[Relaxing]:
    """The relaxing currents that element k is made of."""
    model: Any = instance.bound.model
    names = state_names(instance, k)
    if instance.type == "flicker_noise":
        corners = grid(model.f_low, model.f_high, model.ripple)
        strength = density(instance, k, which) * model.at
        each = flicker_variance(strength, model.f_low, model.f_high) / len(corners)
        return [
            Relaxing(name, each, float(1 / (2 * np.pi * corner))) for name, corner in zip(names, corners, strict=True)
        ]
    time = 1 / (2 * np.pi * float(getattr(instance, which)["bandwidth"][k]))
    variance = density(instance, k, which) / (4 * time)
    if model.second_pole is None:
        return [Relaxing(names[0], variance, time)]
    second = 1 / (2 * np.pi * model.second_pole)
    return [
        Relaxing(names[0], variance, time, last=False),
        Relaxing(names[1], variance * time / (time + second), second, after=names[0]),
    ]


def stamp_states(work: Stamper, instance: Instance, k: int, which: str) -> None:
    """Rows of the relaxing currents of element k, and their way into its nets."""
    for one in relaxing(instance, k, which):
        scale = _ENERGY / (one.time * one.variance)
        row = work.row(one.name)
        work.capacitance[row, row] += scale * one.time
        work.conductance[row, row] += scale
        if one.after:
            work.conductance[row, work.row(one.after)] -= scale
        else:
            work.noise[row, row] += 2 * scale**2 * one.variance * one.time
        if one.last:
            inject(work, instance, k, one.name)


def inject(work: Stamper, instance: Instance, k: int, name: str) -> None:
    """The current `name` flows out of p into its net and returns through n."""
    work.conduct(instance.pins["p"][k], name, -1.0)
    work.conduct(instance.pins["n"][k], name, 1.0)


def shot(instance: Instance, k: int, which: str, ambient: float) -> tuple[float, float]:
    """Two-sided intensity [A^2 s] and mean current [A] out of p, of element k of a shot noise."""
    model: Any = instance.bound.model
    values = getattr(instance, which)
    gain, excess = model.gain or 1.0, model.excess_factor or 1.0
    if model.voltage is None:
        current = float(values["current"][k])
        found = saturated_density(current, gain, excess)
    else:
        g = float(values["conductance"][k]) if "conductance" in values else float(values["current"][k]) / model.voltage
        current = g * model.voltage
        found = junction_density(g, model.voltage, ambient if model.temperature is None else model.temperature)
    return found / 2, -gain * current if model.mean == "included" else 0.0


def flicker_notes(circuit: Circuit) -> Iterator[str]:
    """How good the 1/f noise of each array is: its grid ripples by `ripple`, and its ends take as much again there."""
    for instance in circuit.of_type("flicker_noise"):
        model: Any = instance.bound.model
        reach = 2 / (np.pi * model.ripple)
        low, high = model.f_low * reach, model.f_high / reach
        where = f"from {show(low, 'Hz', 3)} to {show(high, 'Hz', 3)}" if low < high else "nowhere"
        yield (
            f"{instance.path}: 1/f noise as {len(state_names(instance, 0))} relaxing currents, within "
            f"{200 * model.ripple:.3g} % of A / f {where}, and half of it at the ends of its band"
        )


def elements(circuit: Circuit, island: Island, kinds: tuple[str, ...]) -> Iterator[tuple[Instance, int, list[str]]]:
    """Elements of these kinds whose unknowns or inputs are in the island, with their names there."""
    here = {*island.nodes, *island.inputs}
    for instance in circuit.of_type(*kinds):
        for k in range(instance.size):
            names = state_names(instance, k) if instance.type in COLOURED else [held_name(instance, k)]
            if names[0] in here:
                yield instance, k, names


def start_factor(island: Island) -> tuple[np.ndarray, Floats]:
    """Rows of the noise currents (m,), and L (m, m) with L L^T their stationary covariance [A^2]."""
    from thermosim.analysis.linear import stationary

    rows = np.array([k for k, name in enumerate(island.nodes) if is_noise(name)], dtype=np.int64)
    law, block = island.actual, np.ix_(rows, rows)
    if not len(rows):
        return rows, np.zeros((0, 0))
    covariance = stationary(law.capacitance[block], law.conductance[block], law.noise[block])
    return rows, np.asarray(np.linalg.cholesky(covariance))
