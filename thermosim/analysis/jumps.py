"""Circuits of single-charge jumps: rates at finite charge, operating point, small-signal law.

n nodes hold whole numbers N of elementary charges behind a capacitance matrix C, beside m held nets u:

    v = C^-1 (q N + F u)

A jump r moves one charge q from net a to net b, t_r = e_b - e_a on the nodes, and the nodes by delta_r = q C^-1 t_r.
The energy of the capacitors and the work of the supplies change by

    dF_r = (v + delta_r/2) . C delta_r + q (u_b - u_a, held ends) = -q (V_r - v_r/2)
    V_r = v_a - v_b before the jump,   v_r = q t_r . C^-1 t_r      (q/C for one node; coupling capacitors enter by C^-1)

which is -q times the voltage half-way, at v + delta_r/2. So with macroscopic rates R that obey R_forward/R_reverse =
exp(V/V_T) at every voltage, the choice

    lambda_r(v) = R_r(v + delta_r/2)

makes forward at v over reverse at v + delta_r equal exp(-dF_r/kT). Here every ln R is linear in all voltages.
Freitas, Delvenne, Esposito, Phys. Rev. X 11, 031064 (2021), for the framework; the matrix form is derived here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.constants import BOLTZMANN, CHARGE
from thermosim.contracts import Floats, Ints


@dataclass(frozen=True)
class JumpLaw:
    """Jumps of r channels over n nodes and m held inputs.

    capacitance C (n, n) [F]; input_capacitance F (n, m) [F]; transfer t (r, n): charges that a jump adds to each node;
    ln R_r(v, u) = log_rate (r,) [ln 1/s] + node_gain (r, n) v + input_gain (r, m) u, gains in 1/V. supply (r, m):
    charges that a jump adds to each held net.
    """

    capacitance: Floats
    input_capacitance: Floats
    transfer: Ints
    log_rate: Floats
    node_gain: Floats
    input_gain: Floats
    supply: Ints

    @property
    def per_charge(self) -> Floats:
        """q C^-1 (n, n): voltages that one charge on each node makes [V]."""
        return np.asarray(CHARGE * np.linalg.inv(self.capacitance))

    @property
    def steps(self) -> Floats:
        """delta (n, r): voltages by which each jump moves the nodes [V]."""
        return np.asarray(self.per_charge @ self.transfer.T)

    @property
    def response(self) -> Floats:
        """(r, r): change of ln R of the first channel by one jump of the second."""
        return np.asarray(self.node_gain @ self.steps)

    @property
    def divider(self) -> Floats:
        """C^-1 F (n, m): share of each input that coupling capacitors pass on."""
        return np.asarray(np.linalg.solve(self.capacitance, self.input_capacitance))

    def base(self, held: Floats) -> Floats:
        """ln lambda (r, ...) of every channel at N = 0 and inputs `held` (m, ...) [V], half-way rule included."""
        gain = self.input_gain + self.node_gain @ self.divider
        constant = self.log_rate + np.diag(self.response) / 2
        return np.asarray(constant.reshape(-1, *[1] * (held.ndim - 1)) + np.tensordot(gain, held, axes=1))

    def macroscopic(self, volts: Floats, held: Floats) -> Floats:
        """R (r,) [1/s] at node voltages `volts` (n,) and inputs `held` (m,) [V]."""
        return np.asarray(np.exp(self.log_rate + self.node_gain @ volts + self.input_gain @ held))

    def volts(self, charges: Ints, held: Floats) -> Floats:
        """v (n, ...) [V] of `charges` N (n, ...) with inputs `held` (m, ...)."""
        moved = np.tensordot(self.per_charge, charges.astype(float), axes=1)
        return np.asarray(moved + np.tensordot(self.divider, held, axes=1))


@dataclass(frozen=True)
class SmallSignal:
    """C dv = -(G v - K u - i) dt + F du + dq, <dq dq^T> = S dt, about `point` (n,) [V] with inputs `held` (m,) [V]."""

    point: Floats
    capacitance: Floats
    conductance: Floats
    noise: Floats
    input_conductance: Floats
    input_capacitance: Floats
    current: Floats

    @property
    def temperature(self) -> Floats:
        """Effective temperature (n,) of each node: S_ii / (2 k G_ii) [K], S two-sided; nan where G_ii is not
        positive."""
        own = np.diag(self.conductance)
        return np.where(own > 0, np.diag(self.noise) / (2 * BOLTZMANN * np.where(own > 0, own, 1.0)), np.nan)


def operating_point(law: JumpLaw, held: Floats, start: Floats | None = None) -> Floats:
    """Voltages (n,) at which no mean current flows into any node, macroscopically: damped Newton from `start` (zero).

    Raises
    ------
    ValueError
        If it is not found: a node floats, or the start is too far away.
    """
    volts = np.zeros(len(law.capacitance)) if start is None else np.array(start, dtype=float)
    reach = 1.0 / max(float(np.abs(law.node_gain).max()), 1e-300)
    for _ in range(2000):
        rate = law.macroscopic(volts, held)
        flow, size = law.transfer.T @ rate, np.abs(law.transfer.T) @ rate
        if np.all(np.abs(flow) <= 1e-13 * size):
            return volts
        slope = law.transfer.T @ (rate[:, None] * law.node_gain)
        step = np.linalg.lstsq(slope / size[:, None], -flow / size, rcond=None)[0]
        volts = volts + step * min(1.0, reach / max(float(np.abs(step).max()), 1e-300))
    raise ValueError("no operating point found: a node has no path for charge, or the start is far from it")


def small_signal(law: JumpLaw, held: Floats, start: Floats | None = None) -> SmallSignal:
    """The linear network with white noise that a circuit is near its operating point (see :func:`operating_point`)."""
    point = operating_point(law, held, start)
    rate = law.macroscopic(point, held)
    conductance = -CHARGE * law.transfer.T @ (rate[:, None] * law.node_gain)
    inputs = CHARGE * law.transfer.T @ (rate[:, None] * law.input_gain)
    noise = CHARGE**2 * law.transfer.T @ (rate[:, None] * law.transfer)
    current = conductance @ point - inputs @ held
    return SmallSignal(point, law.capacitance, conductance, noise, inputs, law.input_capacitance, current)
