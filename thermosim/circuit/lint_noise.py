"""Lints of noise sources and amplifiers: too few electrons for a Gaussian, levels that stand too long, clipping.

N = S_I tau / 2 q^2 electrons cross a junction, both ways counted, in the relaxation time tau, and the voltage of an RC
then has the excess kurtosis 1 / N (Campbell: the n-th cumulant is (N / n) (q / C)^n). tau is that in which a charge
begins to leave where it arrived, B^T C^-1 B / B^T A C^-1 B.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from thermosim.analysis.linear import drift, mean, stationary
from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.held_noise import held_in
from thermosim.circuit.lint_pbits import Found, position
from thermosim.circuit.movers import corners
from thermosim.circuit.noise_states import shot
from thermosim.circuit.nonlinear_law import NonlinearIsland
from thermosim.circuit.program import Island, Program
from thermosim.circuit.sources import ties
from thermosim.constants import CHARGE
from thermosim.contracts import Floats
from thermosim.units import show

ELECTRONS = 50
"""Below so many in a relaxation time a Gaussian is told apart from single electrons."""
REACH = 4
"""Standard deviations that a Gaussian voltage is taken to reach."""


def kick(island: Island, column: Floats) -> float:
    """Time [s] in which a charge that arrives along `column` begins to leave; infinite where it stays.

    In a network that changes in time: in that of its extreme states in which it stays longest.
    """
    moving = island.moving
    laws = [island.actual] if moving is None else [moving.actual.law(values) for values in corners(moving)]
    found = []
    for law in laws:
        volts = np.linalg.solve(law.capacitance, column)
        slope = float(column @ drift(law.capacitance, law.conductance) @ volts)
        found.append(float(column @ volts) / slope if slope > 0 else float("inf"))
    return max(found)


def _columns(circuit: Circuit, program: Program, kind: str) -> Iterator[tuple[Instance, int, Island, Floats]]:
    """Elements of a kind of two ends at nets of islands, with +1 at p and -1 at n."""
    tied = ties(circuit, program.driven, "actual")
    for instance in circuit.of_type(kind):
        for k in range(instance.size):
            ends = [tied.get(instance.pins[pin][k], (instance.pins[pin][k], 0.0))[0] for pin in ("p", "n")]
            for island in program.islands:
                column = np.zeros(len(island.nodes))
                for net, sign in zip(ends, (1.0, -1.0), strict=True):
                    if net in island.nodes:
                        column[island.nodes.index(net)] += sign
                if column.any():
                    yield instance, k, island, column


def few_electrons(circuit: Circuit, program: Program) -> Found:
    """Shot noise of so few electrons in a relaxation time that it is not Gaussian."""
    for instance, k, island, column in _columns(circuit, program, "shot_noise"):
        model: Any = instance.bound.model
        intensity, _ = shot(instance, k, "actual", program.temperature)
        packets = (model.gain or 1.0) ** 2 * (model.excess_factor or 1.0)
        time = kick(island, column)
        count = intensity / packets / CHARGE**2 * time
        if count < ELECTRONS:
            yield (
                position(circuit, instance.at),
                instance.element(k),
                f"{count:.3g} electrons cross it in the {show(time, 's', 3)} of its net: that is not Gaussian (excess "
                f"kurtosis of its voltage about {1 / count:.2g}); transistors and diodes count electrons",
            )


def held_levels(circuit: Circuit, program: Program) -> Found:
    """Held noise whose levels stand for longer than the net that they drive remembers."""
    clocks = {name: bank.clock for bank in program.held for name in bank.inputs}
    for instance, k, island, column in _columns(circuit, program, "held_noise"):
        period, time = clocks[f"n({instance.element(k)})"].period, kick(island, column)
        if period > time:
            yield (
                position(circuit, instance.at),
                instance.element(k),
                f"its levels stand for {show(period, 's', 3)} and its net forgets in {show(time, 's', 3)}: the voltage "
                "follows the levels instead of diffusing under them; raise the clock's frequency or the capacitance",
            )


def clipping(circuit: Circuit, program: Program) -> Found:
    """An amplifier whose output goes beyond its swing."""
    for instance in circuit.of_type("amplifier"):
        model: Any = instance.bound.model
        islands: tuple[Island | NonlinearIsland, ...] = (*program.islands, *program.nonlinear_islands)
        for island in islands if model.swing is not None else ():
            laws = _levels(program, island) if isinstance(island, Island) else {}
            for k in range(instance.size):
                name = f"v({instance.element(k)})"
                if name in island.nodes and name not in laws:
                    yield (
                        position(circuit, instance.at),
                        instance.element(k),
                        f"whether its output stays within its swing of {show(model.swing, 'V')} is not known "
                        f"beforehand: {_unknown(island)}; record a net that follows it",
                    )
                if name in laws:
                    middle, sigma = laws[name]
                    if abs(middle) + REACH * sigma > model.swing:
                        yield (
                            position(circuit, instance.at),
                            instance.element(k),
                            f"its output reaches {show(abs(middle) + REACH * sigma, 'V', 3)} (|mean| + {REACH} sigma), "
                            f"beyond its swing of {show(model.swing, 'V')}: the chip clips and this model, which is "
                            "linear, does not",
                        )


def _unknown(island: Island | NonlinearIsland) -> str:
    """Why an island has no stationary mean and spread."""
    if isinstance(island, NonlinearIsland):
        return "its network is not linear"
    return "its network has no stationary state" if island.moving is None else "its network changes in time"


def _levels(program: Program, island: Island) -> Mapping[str, tuple[float, float]]:
    """Mean and standard deviation of every unknown in the stationary state; empty without one."""
    law = island.actual
    if island.moving is not None:
        return {}
    try:
        covariance = stationary(law.capacitance, law.conductance, law.noise)
        levels = held_in(island, program.held, "actual")
        held = np.array([program.driven[net] for net in island.inputs])
        middle = mean(law.conductance, law.input_conductance, law.current, held)
    except ValueError:
        return {}
    covariance = covariance if levels is None else covariance + levels.mean
    return dict(
        zip(island.nodes, zip(middle.tolist(), np.sqrt(np.diag(covariance)).tolist(), strict=True), strict=True)
    )


def shot_bias(circuit: Circuit, program: Program) -> Found:
    """A junction whose mean voltage in the circuit is not the one that its noise is stated for."""
    for instance, k, island, column in _columns(circuit, program, "shot_noise"):
        model: Any = instance.bound.model
        laws = _levels(program, island)
        ends = {instance.pins[pin][k] for pin in ("p", "n")}
        if model.voltage is None or not laws or not ends <= {"0", *island.nodes}:
            continue
        across = float(column @ np.array([laws[name][0] for name in island.nodes]))
        if model.mean == "included" and abs(across - model.voltage) > 0.1 * max(abs(model.voltage), 0.01):
            yield (
                position(circuit, instance.at),
                instance.element(k),
                f"its noise is stated for {show(model.voltage, 'V', 3)} across it, and the circuit puts "
                f"{show(across, 'V', 3)} there",
            )


NOISE: dict[str, Callable[[Circuit, Program], Found]] = {
    "few-electrons": few_electrons,
    "shot-bias": shot_bias,
    "held-noise": held_levels,
    "clipping": clipping,
}
