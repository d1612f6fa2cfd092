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
from thermosim.circuit.unknowns import Unknowns
from thermosim.constants import BOLTZMANN
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

    def kelvin(self, parity: Floats) -> float | None:
        """Temperature of the thermal equilibrium exp(-H / k T) that this network keeps, or None.

        It does where all that dissipates is linear, with the noise 2 k T G of one temperature, curves are those of
        stores of energy alone (currents that follow a flux), and neither sources drive it nor coils form loops, whose
        flux nothing would change. H is the energy stored: voltages are normal, of covariance k T C^-1.
        """
        currents, volts = np.flatnonzero(parity < 0), np.flatnonzero(parity > 0)
        linear, rest, n = self.linear, self.rest, len(parity)
        loss, links = linear.conductance[np.ix_(volts, volts)], linear.conductance[np.ix_(volts, currents)]
        back = linear.conductance[np.ix_(currents, volts)]
        stores = bool(np.all((rest.sense_n == n) & np.isin(rest.sense_p, currents)))
        driven = bool(linear.current.any() or linear.input_conductance.any())
        if not stores or driven or not loss.any() or np.any(linear.conductance[np.ix_(currents, currents)]):
            return None
        if not np.array_equal(links, -back.T) or np.linalg.matrix_rank(links) < len(currents):
            return None
        double = float(np.trace(linear.noise) / np.trace(loss))
        expected = np.zeros((n, n))
        expected[np.ix_(volts, volts)] = double * loss
        same = np.allclose(linear.noise, expected, rtol=0, atol=EQUAL * float(np.abs(expected).max()))
        return double / (2 * BOLTZMANN) if same and double > 0 else None

    def no_law(self, parity: Floats) -> str:
        """Why no closed stationary law is known; "" if one is."""
        if np.any(parity < 0):
            return (
                "its coils are in no thermal equilibrium: that needs linear resistors of one temperature and no source"
            )
        if self.rest.remote.any():
            return (
                "currents follow voltages elsewhere (saturable transconductances), so that currents of probability flow"
            )
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
class NonlinearIsland(Unknowns):
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
