"""Mean heat into every bath and work of every source over a period of the state that repeats, in closed form.

    heat into b   int G_b <u_b^2> - I_b <u_b> dt - (S_b / 2) (b^T C^-1 b) T
    work of a driven net   sum of V int <current> dt while V stands, (V + V') / 2 <charge> through capacitors at a step
    work on a capacitor    -(c' - c) <u u'> / 2 at each of its changes, u and u' across it before and after

with the integrals of the second moments over each stretch (:func:`thermosim.analysis.periodic.moment_integral`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from thermosim.analysis import linear, thermodynamics
from thermosim.analysis.periodic import moment_integral
from thermosim.circuit.branches import Branch
from thermosim.circuit.program import Island
from thermosim.contracts import Floats
from thermosim.measure.network import Flow
from thermosim.measure.periodic import Periodic, arrival, inputs_at, periodic
from thermosim.times import seconds

MOST = 1e8
"""Stretches times the sixth power of nodes, which the exponentials of second moments cost: some seconds."""


def periodic_flows(
    island: Island, parts: Sequence[Branch], driven: Mapping[str, float]
) -> tuple[dict[str, Flow], Periodic]:
    """Mean powers [W] by path, and the state that they belong to.

    Raises
    ------
    ValueError
        If nothing repeats, or there are too many nodes.
    """
    found = periodic(island, driven)
    if len(found.times) * (len(island.nodes) + 1) ** 6 > MOST:
        raise ValueError(
            f"it changes {len(found.times)} times in a period: with {len(island.nodes)} nodes the closed forms of its "
            "heat take too long"
        )
    moving = island.moving
    assert moving is not None
    m, span = len(island.inputs), seconds(found.period)
    heat, work = np.zeros(len(parts)), np.zeros(m)
    rails = np.array(
        [[float(part.ends[0] == net) - float(part.ends[1] == net) for net in island.inputs] for part in parts]
    ).reshape(len(parts), m)
    for k, (begin, end) in enumerate(zip(found.times, (*found.times[1:], found.period), strict=True)):
        last = (begin or found.period) - 1
        before, now = (inputs_at(island, driven, time)[:m] for time in (last, begin))
        pull, push, jump = arrival(moving, moving.actual, last, begin)
        old, law = (moving.actual.law(moving.values(time)) for time in (last, begin))
        capacitance, (was, coupling) = law.capacitance, (one.input_capacitance[:, :m] for one in (old, law))
        stepped = found.state.means[k] + jump @ (now - before)
        work += (now + before) / 2 * (was.sum(axis=0) * (now - before) - was.T @ (stepped - found.state.means[k]))
        mean = pull @ stepped + push @ now
        work += now * ((coupling - was).sum(axis=0) * now - coupling.T @ mean + was.T @ stepped)
        for b, part in enumerate(parts):
            if part.farads and part.signal is not None:
                level = float(rails[b] @ now)
                product = (part.column @ stepped + level) * (part.column @ mean + level)
                product += part.column @ found.state.covariances[k] @ pull.T @ part.column
                heat[b] += part.farads * (part.signal.at(begin) - part.signal.at(last)) / 2 * product
        inflow = law.input_conductance @ inputs_at(island, driven, begin) + law.current
        slope = np.asarray(np.linalg.solve(capacitance, inflow), dtype=np.float64)
        length = seconds(end - begin)
        moments = moment_integral(
            linear.drift(capacitance, law.conductance), slope, linear.diffusion(capacitance, law.noise), mean,
            pull @ found.state.covariances[k] @ pull.T, length,
        )  # fmt: skip
        after = found.state.means[(k + 1) % len(found.times)]
        work -= now * (coupling.T @ (after - mean))
        for b, part in enumerate(parts):
            charge, mine = _branch(part, float(rails[b] @ now), moments, capacitance, length, begin)
            heat[b] += mine
            work += now * rails[b] * charge
    flows = {
        part.path: Flow(part.path, joules / span if part.temperature is not None else -joules / span, part.temperature)
        for part, joules in zip(parts, heat.tolist(), strict=True)
    }
    flows |= {net: Flow(net, joules / span, None) for net, joules in zip(island.inputs, work.tolist(), strict=True)}
    return flows, found


def _branch(
    part: Branch, held: float, moments: Floats, capacitance: Floats, length: float, begin: int
) -> tuple[float, float]:
    """Charge [C] through a branch and heat [J] into it over a stretch with `moments`."""
    value = 1.0 if part.signal is None else part.signal.at(begin)
    conductance, intensity, current = part.at(value)
    across = np.append(part.column, held)
    square, volts = float(across @ moments @ across), float(across @ moments[:, -1])
    noise = thermodynamics.noise_work(capacitance, part.column, intensity) * length
    return conductance * volts - current * length, conductance * square - current * volts - noise
