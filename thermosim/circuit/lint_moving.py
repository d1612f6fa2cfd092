"""Lints of networks that change in time: switches that do not settle or leak, staircases too coarse for a curve."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from thermosim.analysis.linear import modes
from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.lint_pbits import Found, position
from thermosim.circuit.movers import corners
from thermosim.circuit.program import Program
from thermosim.errors import Position
from thermosim.units import show

SETTLED, DROOPED = 5.0, 0.01


def _switches(circuit: Circuit, program: Program) -> Iterator[tuple[Instance, int, float, float, float]]:
    """Every clocked switch: for how long it is closed and open [s], and what it charges [F], its ends in series."""
    frequencies = {
        net: float(getattr(clock.bound.model, "frequency"))  # noqa: B009 (clocks alone have one)
        for clock in circuit.of_type("clock")
        for net in clock.pins.get("out", ())
    }
    for instance in (one for one in circuit.of_type("switch") if "clock" in one.pins):
        for k in range(instance.size):
            duty, period = float(instance.drawn["duty"][k]), 1 / frequencies[instance.pins["clock"][k]]
            ends = instance.pins["p"][k], instance.pins["n"][k]
            for island in program.islands:
                column = np.array([float(net == ends[0]) - float(net == ends[1]) for net in island.nodes])
                if column.any():
                    moving = island.moving
                    law = island.drawn if moving is None else moving.drawn.law(moving.values(0))
                    farad = 1 / float(column @ np.linalg.solve(law.capacitance, column))
                    yield instance, k, duty * period, (1 - duty) * period, farad


def switch_settling(circuit: Circuit, program: Program) -> Found:
    """A switch that is closed for less than five times r_on C: charge is left behind."""
    for instance, k, closed, _, farad in _switches(circuit, program):
        tau = float(instance.drawn["r_on"][k]) * farad
        if closed < SETTLED * tau:
            yield (
                _place(circuit, instance), instance.element(k),
                f"it is closed for {show(closed, 's')}, {closed / tau:.3g} times its r_on C of {show(tau, 's')}: "
                f"{100 * np.exp(-closed / tau):.3g} % of a step is left behind; lower r_on or slow the clock",
            )  # fmt: skip


def switch_leak(circuit: Circuit, program: Program) -> Found:
    """A switch that is open for more than a hundredth of r_off C: what was sampled droops."""
    for instance, k, _, opened, farad in _switches(circuit, program):
        tau = float(instance.drawn["r_off"][k]) * farad
        if opened > DROOPED * tau:
            yield (
                _place(circuit, instance), instance.element(k),
                f"it is open for {show(opened, 's')} and its r_off C is {show(tau, 's')}: {100 * opened / tau:.3g} % "
                "of what was sampled leaks; raise r_off or the clock's frequency",
            )  # fmt: skip


def coarse_stairs(circuit: Circuit, program: Program) -> Found:
    """A generator of a curve whose updates are further apart than the slowest relaxation time: it is seen as single
    steps."""
    for name, spec in circuit.netlist.generators.items():
        if spec.rate is None:
            continue
        for island in program.islands:
            moving = island.moving
            if moving is None or not any(signal.name == f"generator '{name}'" for signal in moving.all):
                continue
            laws = [moving.drawn.law(values) for values in corners(moving)]
            slowest = max(float(modes(law.capacitance, law.conductance).times[0]) for law in laws)
            update = float(1 / spec.rate)
            if np.isfinite(slowest) and update > slowest:
                yield (
                    position(circuit, ("generators", name, "rate")), f"generators.{name}",
                    f"it is updated every {show(update, 's')} and the network of '{island.path}' relaxes in "
                    f"{show(slowest, 's')}: the network settles on every stair and sees no curve; raise the rate",
                )  # fmt: skip


def _place(circuit: Circuit, instance: Instance) -> Position | None:
    return circuit.netlist.document.position(instance.at, key=True)


MOVING: dict[str, Callable[[Circuit, Program], Found]] = {
    "switch-settling": switch_settling,
    "switch-leak": switch_leak,
    "coarse-stairs": coarse_stairs,
}
