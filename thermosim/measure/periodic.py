"""The periodic stationary state of an island whose switches and generators repeat, at the phases of their changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import lcm
from typing import Literal

import numpy as np

from thermosim.analysis.linear import input_jump
from thermosim.analysis.periodic import PeriodicState, Stretch, periodic_state
from thermosim.analysis.propagator import Propagator, propagator
from thermosim.circuit.moving import Moving, Parts, kept_charge
from thermosim.circuit.program import Island, Program
from thermosim.contracts import Floats
from thermosim.times import seconds
from thermosim.units import show

MOST = 20_000
"""Changes of a period."""
AWKWARD = 64
"""A clock whose period is a whole number of femtoseconds only after more than so many is taken to the femtosecond."""


@dataclass(frozen=True)
class Periodic:
    """What repeats every `period` [fs]: the `state` at `times` [fs] of the period, before what happens there."""

    period: int
    times: tuple[int, ...]
    state: PeriodicState

    def at(self, time: int) -> tuple[Floats, Floats]:
        """Mean (n,) [V] and covariance (n, n) [V^2] at one of the times."""
        k = self.times.index(time % self.period)
        return self.state.means[k], self.state.covariances[k]


def periodic(
    island: Island,
    driven: Mapping[str, float],
    which: Literal["drawn", "actual"] = "actual",
    phases: tuple[int, ...] = (),
) -> Periodic:
    """Solve for the state that repeats, also at these `phases` [fs]; `driven`: volts of nets that stand still.

    Raises
    ------
    ValueError
        If something does not repeat, too much happens in a period, or some mode never settles.
    """
    moving = island.moving
    assert moving is not None
    period = _period(moving)
    times = _changes(moving, period, phases)
    parts: Parts = getattr(moving, which)
    known: dict[tuple[object, ...], Propagator] = {}
    stretches = []
    m = len(island.inputs)
    for begin, end in zip(times, (*times[1:], period), strict=True):
        values = moving.values(begin)
        key = (end - begin, *values)
        if key not in known:
            law = parts.law(values)
            known[key] = propagator(
                law.capacitance, law.conductance, law.noise, law.input_conductance, law.current, seconds(end - begin)
            )
        exact, now = known[key], inputs_at(island, driven, begin, which)
        before = (begin or period) - 1
        pull, push, jump = arrival(moving, parts, before, begin)
        stepped = pull @ jump @ (now - inputs_at(island, driven, before, which))[:m] + push @ now[:m]
        offset = exact.decay @ stepped + exact.inputs @ np.append(now, 1.0)
        stretches.append(Stretch(exact.decay @ pull, offset, exact.covariance))
    return Periodic(period, times, periodic_state(stretches))


def arrival(moving: Moving, parts: Parts, before: int, begin: int) -> tuple[Floats, Floats, Floats]:
    """What changes between `before` and `begin` [fs] do: driven nets step first, v + C^-1 F du, then capacitors turn,
    J v + K u. Returns J (n, n), K and C^-1 F (n, m)."""
    old, new = moving.values(before), moving.values(begin)
    law, m = parts.law(old), parts.inputs
    jump = input_jump(law.capacitance, law.input_capacitance[:, :m])
    if not moving.stores or old == new:
        return np.eye(len(jump)), np.zeros_like(jump), jump
    return (*kept_charge(law, parts.law(new), m), jump)


def inputs_at(
    island: Island, driven: Mapping[str, float], time: int, which: Literal["drawn", "actual"] = "actual"
) -> Floats:
    """Volts of the driven nets and amperes of the moving currents from `time` [fs] on."""
    moving = island.moving
    assert moving is not None
    moved = {one.net: (one.drawn if which == "drawn" else one.volts) * one.signal.at(time) for one in moving.inputs}
    volts = [moved.get(net, driven.get(net, 0.0)) for net in island.inputs]
    return np.array([*volts, *(signal.at(time) for signal in moving.currents)])


def recorded_phase(
    program: Program, island: Island, every: int, which: Literal["drawn", "actual"]
) -> tuple[Floats, Floats] | str:
    """Mean and covariance at the one phase of its period at which an island is recorded `every` so many fs; else why
    there is no such law."""
    first = program.burn_in + every
    try:
        found = periodic(island, program.driven if which == "actual" else program.drawn_driven, which, (first,))
    except ValueError as error:
        return str(error)
    if every % found.period:
        period = show(seconds(found.period), "s")
        return f"it changes in time and is not recorded at one phase of its period of {period}"
    return found.at(first)


def _period(moving: Moving) -> int:
    """The shortest whole number of femtoseconds after which everything repeats."""
    for signal in moving.all:
        if signal.period is None:
            raise ValueError(f"{signal.name} does not repeat, so there is no stationary state")
    periods = {signal.period for signal in moving.all if signal.period is not None}
    whole = lcm(*(period.numerator for period in periods))
    first = next(iter(periods))
    return round(first) if len(periods) == 1 and whole > AWKWARD * first else whole


def _changes(moving: Moving, period: int, phases: tuple[int, ...]) -> tuple[int, ...]:
    """Times in [0, period) at which something changes, and the phases that were asked for."""
    found = {0, *(phase % period for phase in phases)}
    for signal in moving.all:
        time = signal.after(0)
        while time is not None and time < period:
            found.add(time)
            if len(found) > MOST:
                raise ValueError(
                    f"all together repeats only after {seconds(period):.4g} s and more than {MOST} changes: choose "
                    "clocks and periods that are multiples of each other"
                )
            time = signal.after(time)
    return tuple(sorted(found))
