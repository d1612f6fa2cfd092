"""The stationary law of a nonlinear island, where one is known, and the distance of samples from it.

p ~ exp(-Psi) of :mod:`thermosim.circuit.nonlinear_law`, with driven nets held where the netlist holds them; marginals
by quadrature over trees and rings of couplings (:mod:`thermosim.analysis.transfer`).
"""

from __future__ import annotations

import numpy as np

from thermosim.analysis.closure import region
from thermosim.analysis.distance import Distance, kolmogorov_smirnov
from thermosim.analysis.mixing import integrated_time
from thermosim.analysis.scheme import averages, linear_part, operator
from thermosim.analysis.transfer import Marginals, Pair, Site, marginals
from thermosim.circuit.nonlinear_law import NonlinearIsland, NonlinearLaw
from thermosim.contracts import Floats

LAW = "the network as drawn"
NODES = 16
"""Nodes whose marginals are compared, at most."""


def island_marginals(island: NonlinearIsland, law: NonlinearLaw, held: Floats) -> Marginals:
    """Marginals of every node of an island whose inputs are at `held` [V].

    Raises
    ------
    ValueError
        If it has no closed law, or none that can be summed; the message says why.
    """
    reason = law.no_law(island.parity)
    if reason:
        raise ValueError(reason)
    linear, rest = law.linear, law.rest
    s = law.intensity
    assert s is not None
    scale, n = 2.0 / s, len(island.nodes)
    shift = linear.input_conductance @ held + linear.current
    offsets = rest.held @ held + rest.offset
    between = {(i, j): -linear.conductance[i, j] for i in range(n) for j in range(i) if linear.conductance[i, j]}
    own = np.diag(linear.conductance).copy()
    for (i, j), g in between.items():
        own[i] -= g
        own[j] -= g
    joining: dict[tuple[int, int], list[int]] = {pair: [] for pair in between}
    grounded: list[list[int]] = [[] for _ in range(n)]
    for b in range(len(rest)):
        p, q = int(rest.p[b]), int(rest.n[b])
        if p < n and q < n:
            joining.setdefault((max(p, q), min(p, q)), []).append(b)
        else:
            grounded[p if p < n else q].append(b)

    def site(i: int) -> Site:
        def energy(v: Floats) -> Floats:
            total = own[i] * v**2 / 2 - shift[i] * v
            for b in grounded[i]:
                total = total + rest.curve(b, (v if rest.p[b] == i else -v) + offsets[b], -1)
            return np.asarray(scale * total)

        return energy

    def pair(i: int, j: int) -> Pair:
        def energy(a: Floats, b: Floats) -> Floats:
            total = between.get((i, j), 0.0) * (a - b) ** 2 / 2
            for k in joining[i, j]:
                u = (a - b if rest.p[k] == i else b - a) + offsets[k]
                total = total + rest.curve(k, u, -1)
            return np.asarray(scale * total)

        return energy

    guess = region(linear.capacitance, linear.conductance, linear.noise, shift, rest, offsets)
    width = 3 * np.sqrt(np.diag(guess.covariance))
    return marginals([site(i) for i in range(n)], {key: pair(*key) for key in joining}, guess.centre, width)


def distances(island: NonlinearIsland, held: Floats, nodes: tuple[str, ...], values: Floats) -> tuple[Distance, ...]:
    """Kolmogorov-Smirnov distances of nodes from their marginals, values (chain, draw, node) [V].

    Of more than NODES nodes every so many are looked at. Raises ValueError where no law is known.
    """
    law = island_marginals(island, island.drawn, held)
    found = []
    for k in range(0, len(nodes), -(-len(nodes) // NODES)):
        seen = values[:, :, k]
        tau = integrated_time(seen).tau
        if np.isfinite(tau):
            cdf = law.cdf(island.nodes.index(nodes[k]), seen)
            found.append(kolmogorov_smirnov(cdf, LAW, tau, f"KS along {nodes[k]}"))
    return tuple(found)


def shift_by_step(island: NonlinearIsland, held: Floats, step: float) -> float:
    """By which share of itself steps of this length [s] shift the variance of one node, exactly; of this die.

    Raises ValueError where no law is known.
    """
    law, linear = island_marginals(island, island.actual, held), island.actual.linear
    part = linear_part(
        island.scheme, linear.capacitance, linear.conductance, linear.noise, linear.input_conductance, linear.current,
        step,
    )  # fmt: skip
    low, high = law.points[0, 0], law.points[0, -1]
    edge = 0.1 * (high - low)
    points, matrix = operator(
        island.scheme, part, linear.capacitance, island.actual.rest, held, step, low - edge, high + edge
    )
    weight = averages(matrix)
    centre = float(weight @ points)
    return float(weight @ (points - centre) ** 2 / law.moment(2)[0]) - 1
