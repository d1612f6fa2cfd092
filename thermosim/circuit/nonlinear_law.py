"""Nonlinear islands: a linear network and what its nonlinear elements add.

    C dv = -(G v - K u - i) dt - B r(B_s^T v + H u + o) dt + F du + dq,   <dq dq^T> = S dt

Slopes of polynomials at 0 V are in G, so that r is the rest. Where S = s C and G is symmetric, with the elements at the
nodes that they sense, the stationary law is

    p(v) ~ exp(-Psi),   Psi = (2 / s) [v^T G v / 2 - (K u + i)^T v + sum_b R_b(u_b)],   R_b the integral of r_b

because the current of probability, -C^-1 grad(Psi s / 2) p - (C^-1 S C^-1 / 2) grad p, then vanishes everywhere
(Gardiner, Stochastic Methods, 4th ed., section 5.3.3). With one resistor g and its own noise S = 2 k T g on one
capacitor this is exp(-C v^2 / 2 k T).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from thermosim.analysis.conduction import Conduction
from thermosim.circuit.program import LinearLaw
from thermosim.contracts import Floats

EQUAL = 1e-9
"""Relative difference of what must be equal for a closed law."""


@dataclass(frozen=True)
class NonlinearLaw:
    """A linear law and the rest of the nonlinear currents."""

    linear: LinearLaw
    rest: Conduction

    @property
    def intensity(self) -> float | None:
        """s of S = s C [A^2 s / F]; None where the noise is not in proportion to the capacitances."""
        capacitance, noise = self.linear.capacitance, self.linear.noise
        s = float(np.trace(noise) / np.trace(capacitance))
        size = np.sqrt(np.outer(np.diag(capacitance), np.diag(capacitance)))
        return s if s > 0 and float(np.abs(noise - s * capacitance).max() / (s * size).max()) < EQUAL else None

    def no_law(self, parity: Floats) -> str:
        """Why no closed stationary law is known; "" if one is."""
        if np.any(parity < 0):
            return "currents of inductors are among its unknowns"
        g = self.linear.conductance
        if float(np.abs(g - g.T).max(initial=0.0)) > EQUAL * float(np.abs(g).max(initial=0.0)):
            return "its conductances are not reciprocal (active elements)"
        if self.intensity is None:
            return (
                "its noise is not in one proportion to its capacitances (the intensity at every node over its "
                "capacitance, and nothing between nodes), so that currents of probability may flow"
            )
        return ""


@dataclass(frozen=True)
class NonlinearIsland:
    """Nodes joined by linear and nonlinear elements, advanced in steps.

    `path`, `nodes`, `inputs`, `initial`, `absent`: as for linear islands. `elements`: the nonlinear ones with their
    places, in the order of the law. `step` [s], at most, of the `scheme` in :mod:`thermosim.kernels.sde`. `notes`: what
    the reader of a summary must know.
    """

    path: str
    nodes: tuple[str, ...]
    inputs: tuple[str, ...]
    drawn: NonlinearLaw
    actual: NonlinearLaw
    initial: Floats
    elements: tuple[tuple[str, str], ...]
    scheme: str
    step: float
    notes: tuple[str, ...]
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def nets(self) -> tuple[str, ...]:
        """The unknowns that are nets."""
        return tuple(name for name in self.nodes if "(" not in name)

    @property
    def parity(self) -> Floats:
        """(n,) -1 for currents, which time reversal turns round, and 1 for voltages."""
        return np.array([-1.0 if name.startswith("i(") else 1.0 for name in self.nodes])
