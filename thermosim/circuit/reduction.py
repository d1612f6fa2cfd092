"""From transistors to the tiers above them: a latch as a telegraph p-bit, a circuit near rest as a linear network.

Latch: side = sign(v_high - v_low). The generator on the charge lattice gives, for every voltage V of one input,

    p(V) = P(side = +1),   tau(V) = relaxation time of the slowest mode

and the telegraph p-bit p = sigmoid((V - offset)/V_s) that has its middle, its slope there, and its time there.
Small signals: analysis/jumps.py, as a LinearLaw; T_eff = S_I / (4 k G), S_I one-sided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from thermosim.analysis.charge_lattice import Lattice, lattice
from thermosim.analysis.jumps import JumpLaw, small_signal
from thermosim.circuit.program import JumpIsland, LinearLaw, Program
from thermosim.constants import BOLTZMANN, CHARGE
from thermosim.contracts import Floats

MARGIN = 5.5
"""Standard deviations kT/C by which the box of charges reaches beyond the supplies."""
MOST_STATES = 40_000
EDGE = 1e-5
"""Probability at the edge of the box from which on it is too small."""


@dataclass(frozen=True)
class Telegraph:
    """A latch as a two-state p-bit.

    `volts` (V,) of the input [V]; `p` of side +1; `time` of the slowest mode and `memory`, the integral of the side's
    autocorrelation [s], at each. `offset`, `v_s` [V] and `tau0` [s] of the telegraph p-bit; `logit_error`: largest
    distance of ln p/(1-p) from (V - offset)/V_s over `volts`; `purity`: memory over time at the offset, 1 where the
    side is one exponential. `tau_change`: largest |ln tau(V)/tau0| over `volts`, 0 for a p-bit of constant total rate.
    """

    volts: Floats
    p: Floats
    time: Floats
    memory: Floats
    offset: float
    v_s: float
    tau0: float
    logit_error: float
    tau_change: float
    purity: float

    def card(self, source: str) -> dict[str, Any]:
        """The parameters as a device card of type cmos_rng, derived from the circuit called `source`."""
        values = {"tau0": f"{self.tau0:.4g} s", "v_s": f"{self.v_s:.4g} V", "offset": f"{self.offset:.4g} V"}
        note = f"generator of charge jumps of {source}"
        graded = {name: {"value": value, "evidence": "derived", "source": note} for name, value in values.items()}
        return {"type": "cmos_rng", "description": f"Telegraph reduction of {source}.", "values": graded}


def held_at(program: Program, island: JumpIsland, net: str, volts: float) -> Floats:
    """Voltages of the island's inputs as driven, with `net` at `volts` [V]."""
    return np.array([volts if name == net else program.driven[name] for name in island.inputs])


def charge_lattice(law: JumpLaw, held: Floats, kelvin: float) -> Lattice:
    """The lattice of all charges that the supplies and thermal noise can reach.

    Raises
    ------
    ValueError
        If that are too many states.
    """
    spread = MARGIN * np.sqrt(BOLTZMANN * kelvin * np.diag(np.linalg.inv(law.capacitance)))
    volts = np.array([min(0.0, *held), max(0.0, *held)])
    shift = law.divider @ held
    size = np.diag(law.capacitance) / CHARGE
    low = np.floor((volts[0] - spread - shift) * size).astype(int)
    high = np.ceil((volts[1] + spread - shift) * size).astype(int)
    count = float(np.prod((high - low + 1).astype(float)))
    if count > MOST_STATES:
        raise ValueError(f"{count:.3g} states of charge are too many for an exact generator ({MOST_STATES}); simulate")
    return lattice(law, held, low.tolist(), high.tolist())


def telegraph(program: Program, high: str, low: str, net: str, volts: Sequence[float]) -> Telegraph:
    """Reduce the latch with nodes `high` and `low` to a p-bit of its input `net`, looked at over `volts`.

    Raises
    ------
    ValueError
        If the nets are not of one transistor circuit, it has too many states or leaves the box that holds them, or
        p = 1/2 is not within `volts`.
    """
    island = next((one for one in program.jump_islands if {high, low} <= set(one.nodes)), None)
    if island is None or net not in island.inputs:
        known = "; ".join(f"{', '.join(one.nodes)} driven by {', '.join(one.inputs)}" for one in program.jump_islands)
        raise ValueError(f"no transistor circuit has nodes '{high}' and '{low}' and input '{net}'; there are: {known}")

    def solved(v: float) -> tuple[Lattice, Floats, Floats]:
        box = charge_lattice(island.actual, held_at(program, island, net, v), program.temperature)
        difference = box.volts[:, island.nodes.index(high)] - box.volts[:, island.nodes.index(low)]
        side = np.where(np.abs(difference) < 1e-9, 0.0, np.sign(difference))
        law, edge = box.stationary(), np.any((box.states == box.low) | (box.states == box.high), axis=1)
        if law[edge].sum() > EDGE:
            raise ValueError(
                f"the law reaches the edge of the box of charges with probability {law[edge].sum():.2g}; a transistor "
                "is hotter than the chip, or a node is driven beyond its supplies: simulate"
            )
        return box, law, side

    def log_odds(v: float) -> float:
        _, law, side = solved(v)
        p = float(law @ (1 + side) / 2)
        return float(np.log(p / (1 - p)))

    def times(v: float) -> tuple[float, float]:
        box, law, side = solved(v)
        return box.slowest_time(side, law), box.correlation_time(side, law)

    grid = np.asarray(volts, dtype=float)
    logit = np.array([log_odds(float(v)) for v in grid])
    if not logit[0] < 0 < logit[-1]:
        raise ValueError(
            f"p = 1/2 is not between {grid[0]:g} V and {grid[-1]:g} V: ln p/(1-p) ends at {logit[[0, -1]]}"
        )
    offset = float(brentq(log_odds, grid[0], grid[-1], xtol=1e-8))
    step = 0.01 * float(grid[-1] - grid[0])
    slope = (log_odds(offset + step) - log_odds(offset - step)) / (2 * step)
    time, memory = np.array([times(float(v)) for v in grid]).T
    tau0, own = times(offset)
    p = 1 / (1 + np.exp(-logit))
    logit_error = float(np.abs(logit - (grid - offset) * slope).max())
    tau_change = float(np.abs(np.log(time / tau0)).max())
    return Telegraph(grid, p, time, memory, offset, 1 / slope, tau0, logit_error, tau_change, own / tau0)


def linear_law(island: JumpIsland, held: Floats, start: Floats | None = None) -> LinearLaw:
    """The s-modes of a circuit near its operating point, found from `start` (n,) [V] with inputs `held` (m,) [V]."""
    near = small_signal(island.actual, held, start)
    return LinearLaw(
        near.capacitance, near.conductance, near.noise, near.input_conductance, near.input_capacitance, near.current
    )
