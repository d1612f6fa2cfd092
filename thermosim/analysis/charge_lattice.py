"""The master equation of a small circuit of charge jumps, exactly: a sparse generator on the lattice of charges.

    dp(N)/dt = sum_r lambda_r(N - t_r) p(N - t_r) - lambda_r(N) p(N)

on a box of N out of which nothing jumps (a box that is large enough changes nothing; where jumps obey detailed balance,
it only cuts the law). Mean times until a set is left solve W^T T = -1 inside it (van Kampen, Stochastic Processes in
Physics and Chemistry, chapter XII).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm
from scipy.sparse import coo_array, csc_array, identity, vstack
from scipy.sparse.linalg import splu

from thermosim.analysis.jumps import JumpLaw
from thermosim.contracts import Floats, Ints


@dataclass(frozen=True)
class Lattice:
    """The master equation of a small circuit on a box of charges: dp/dt = W p.

    low, high (n,): smallest and largest N on each node; jumps out of the box do not happen. states (state, n); volts
    (state, n) [V]; matrix W (state, state) [1/s], columns sum to zero.
    """

    low: Ints
    high: Ints
    states: Ints
    volts: Floats
    matrix: csc_array

    def stationary(self) -> Floats:
        """p (state,) with W p = 0."""
        # Flows w p instead of p, w the rate out of a state: rates differ by many powers of ten.
        out = -self.matrix.diagonal()
        chain = self.matrix * (1 / out)[None, :]
        system = csc_array(vstack([chain[:-1], csc_array(np.ones((1, len(out))))]))
        right = np.zeros(len(out))
        right[-1] = 1.0
        found = splu(system).solve(right) / out
        return np.asarray(found / found.sum())

    def hitting_time(self, inside: np.ndarray) -> Floats:
        """Mean time [s] from each state until a state that is not `inside` (state,) bool; 0 outside."""
        times = np.zeros(len(self.states))
        out = -self.matrix.diagonal()[inside]
        block = csc_array(self.matrix[inside][:, inside].T) * (1 / out)[:, None]
        times[inside] = splu(csc_array(block), permc_spec="MMD_AT_PLUS_A").solve(-1 / out)
        return times

    def correlation_time(self, observable: Floats, stationary: Floats) -> float:
        """Integral of the autocorrelation of `observable` (state,) over positive lags [s]: its 1/rate where one
        decays."""
        centred = observable - stationary @ observable
        potential = self._potential(stationary)(centred)
        return float((stationary * centred) @ potential / (stationary @ centred**2))

    def slowest_time(self, observable: Floats, stationary: Floats) -> float:
        """1/rate of the slowest mode [s] by inverse iteration from `observable` (state,), which must share in it."""
        vector = observable - stationary @ observable
        solve = self._potential(stationary)
        time = 0.0
        for _ in range(30):
            after = solve(vector)
            before, time = time, float(np.sqrt(stationary @ after**2 / (stationary @ vector**2)))
            vector = after / np.sqrt(stationary @ after**2)
            if abs(time - before) <= 1e-9 * time:
                break
        return time

    def _potential(self, stationary: Floats) -> Callable[[Floats], Floats]:
        """Solver of W^T x = -f with <x> = 0, for f of stationary mean zero."""
        # Solve W^T x = -f, each row in units of its rate; x is free to a constant, so that one state can be left out.
        out = -self.matrix.diagonal()
        rest = np.arange(len(out)) != int(np.argmax(stationary))
        scaled = csc_array(self.matrix.T) * (1 / out)[:, None]
        factors = splu(csc_array(scaled[rest][:, rest]), permc_spec="MMD_AT_PLUS_A")

        def solve(vector: Floats) -> Floats:
            potential = np.zeros(len(out))
            potential[rest] = factors.solve(-(vector / out)[rest])
            return np.asarray(potential - stationary @ potential)

        return solve

    def evolve(self, start: Floats, time: float) -> Floats:
        """p (state,) a `time` [s] after `start`, by a dense exponential: for up to a thousand states or two."""
        return np.asarray(expm(self.matrix.toarray() * time) @ start)


def lattice(law: JumpLaw, held: Floats, low: Sequence[int], high: Sequence[int]) -> Lattice:
    """Master equation on the box ``low`` <= N <= ``high`` with inputs `held` (m,) [V]."""
    first, last = np.asarray(low, dtype=np.int64), np.asarray(high, dtype=np.int64)
    shape = tuple(int(x) for x in last - first + 1)
    grid = np.indices(shape).reshape(len(shape), -1)
    states = (grid + first[:, None]).T.astype(np.int64)
    volts = law.volts(states.T, np.repeat(held[:, None], len(states), axis=1)).T
    gain = law.node_gain @ law.per_charge
    rates = np.exp(law.base(held)[:, None] + gain @ states.T)
    rows, columns, values = [], [], []
    number = np.arange(len(states))
    for channel, moved in enumerate(law.transfer):
        if not moved.any():
            continue
        goal = grid + moved[:, None]
        kept = np.all((goal >= 0) & (goal < np.array(shape)[:, None]), axis=0)
        to = np.ravel_multi_index(tuple(goal[:, kept]), shape)
        rows.append(to)
        columns.append(number[kept])
        values.append(rates[channel, kept])
    r, c, v = np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
    size = len(states)
    out = np.bincount(c, v, minlength=size)
    matrix = csc_array(coo_array((v, (r, c)), shape=(size, size))) - csc_array(identity(size).multiply(out[:, None]))
    return Lattice(first, last, states, volts, csc_array(matrix))
