"""A matrix as a network of s-modes: netlist, and the closed forms of what it will show.

With x = d v / u (d the scaling, v the node or half the differential voltage, u volts for a unit of x), c the largest
capacitance, g siemens for a unit of A:

    resistive     G = g D A D, C = c D^2, i = g u D b, noise of two-sided intensity S = s c D R D, R = 1 if not stated:
                  c dx = -g (A x - b) dt + noise:  mean A^-1 b
                  u^2 cov x = (s / g) X + (k T / c) 1,  A X + X A = R,  so X = A^-1 / 2 for R = 1
    capacitive    C = c D A D, all resistors r at one temperature, noise s at each node:
                  u^2 cov x = (s r / 2 + k T) / c A^-1

k T / c is the Johnson noise of the resistors, coupling ones included: G S C + C S G = 2 k T G is solved by
k T C^-1 whatever G. It is known and is subtracted. Half the difference of a differential pair has half of
all these covariances. Derived from C dv = -G v dt + noise; R = 1 is the condition of equal S_i / C_i under which the
voltages are reversible (Aifer et al., arXiv:2308.05660; Coles et al., arXiv:2302.06584, eqs 7-9 with cold couplers).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.compile.matrix import GROUND, Element, comparison, elements, ends, held, scaling
from thermosim.compile.parts import Bank, Parts
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats
from thermosim.errors import ThermosimError
from thermosim.units import show


@dataclass(frozen=True)
class Network:
    """A compiled network; element values in S, F, A^2/Hz (one-sided) and A.

    `gain` (n,) [1/V]: x = gain v; `slope` (n, n) [1/s]: dx = -slope x dt; `held`: the matrix that the components hold,
    in the units of A; `scale`: cov x = scale answer + floor; `answer`: what `held` answers exactly; `watts`: work
    of the sources at the nodes.
    """

    size: int
    doubled: bool
    conductances: tuple[Element, ...]
    capacitances: tuple[Element, ...]
    noises: tuple[Element, ...]
    currents: Floats
    gain: Floats
    slope: Floats
    held: Floats
    mean: Floats
    answer: Floats
    scale: float
    floor: Floats
    watts: float

    @property
    def covariance(self) -> Floats:
        """Stationary covariance of x."""
        return self.scale * self.answer + self.floor

    @property
    def nodes(self) -> int:
        return self.size * (2 if self.doubled else 1)

    @property
    def slowest(self) -> float:
        """Longest relaxation time [s] of what is read."""
        return float(1 / np.linalg.eigvals(self.slope).real.min())


def resistive(
    matrix: Floats,
    parts: Parts,
    force: Floats | None = None,
    diffusion: Floats | None = None,
    quiet: bool = False,
    rng: np.random.Generator | None = None,
    name: str = "A",
) -> Network:
    """Conductances hold the matrix; `force` b makes a mean, `diffusion` R colours noise, `quiet` is Johnson's alone."""
    n = len(matrix)
    d = scaling(matrix, name)
    wanted = elements(matrix * np.outer(d, d), name)
    filled, g = Bank(1 / parts.r_max, 1 / parts.r_min, "S").fill(wanted, parts.bits, rng, name)
    real = held(filled, n) / np.outer(d, d) / g
    spread = np.diag(np.ones(n)) if diffusion is None else np.asarray(diffusion, dtype=float)
    noises = () if quiet else elements(spread * np.outer(d, d), "R")
    doubled = any(part.crossed for part in (*wanted, *noises))
    half = 0.5 if doubled else 1.0
    inverse = np.linalg.inv(real)
    inverse = (inverse + inverse.T) / 2
    c = parts.c_max
    answer = inverse if diffusion is None else _lyapunov(real, spread)
    per_volt = (0.5 if diffusion is None else 1.0) * half / g  # u^2 cov x over s and the answer
    b = np.zeros(n) if force is None else force
    mean = inverse @ b
    largest = float(np.abs(mean / d).max())
    widest = float(np.sqrt((np.diag(answer) / d**2).max()))
    if force is None:  # nothing sets the scale of x: volts
        unit, s = 1.0, parts.swing**2 / (widest**2 * per_volt)
    elif quiet:
        unit, s = (parts.swing / largest if largest > 0 else 1.0), 0.0
    else:  # cov x is the answer itself
        unit = parts.swing / max(largest, widest)
        s = unit**2 / per_volt
    strength = 2 * s * c  # one-sided
    loud = tuple(Element(e.a, e.b, e.crossed, strength * e.value) for e in noises)
    currents = g * unit * d * b
    capacitances = tuple(Element(i, GROUND, False, float(c * d[i] ** 2)) for i in range(n))
    if capacitances and c * d.min() ** 2 < parts.c_min * (1 - 1e-12):
        raise ThermosimError(
            f"the scaling of {name} asks for capacitors from {show(c * d.min() ** 2, 'F')} to {show(c, 'F')}, beyond "
            f"the range {show(parts.c_min, 'F')} to {show(parts.c_max, 'F')}"
        )
    floor = half * BOLTZMANN * parts.temperature / c / unit**2 * np.eye(n)
    watts = (2 if doubled else 1) * float((strength / 4 * np.diag(spread) / c).sum() + currents @ (unit * mean / d))
    return Network(n, doubled, filled, capacitances, loud, currents, d / unit, g / c * real, real, mean, answer,
                   s * per_volt / unit**2, floor, watts)  # fmt: skip


def capacitive(matrix: Floats, parts: Parts, rng: np.random.Generator | None = None, name: str = "A") -> Network:
    """Capacitors hold the matrix; one resistor and one noise source at each node."""
    n = len(matrix)
    d = scaling(matrix, name)
    wanted = elements(matrix * np.outer(d, d), name)
    filled, c = Bank(parts.c_min, parts.c_max, "F").fill(wanted, parts.bits, rng, name)
    real = held(filled, n) / np.outer(d, d) / c
    doubled = any(part.crossed for part in wanted)
    half = 0.5 if doubled else 1.0
    answer = np.linalg.inv(real)
    answer = (answer + answer.T) / 2
    thermal = BOLTZMANN * parts.temperature
    loudest = float((np.diag(answer) / d**2).max()) * half / c
    energy = max(parts.swing**2 / loudest, thermal)  # k T_eff
    s = 2 * (energy - thermal) / parts.r_min
    resistors = tuple(Element(i, GROUND, False, 1 / parts.r_min) for i in range(n))
    loud = tuple(Element(i, GROUND, False, 2 * s) for i in range(n)) if s > 0 else ()
    slope = np.linalg.inv(real * np.outer(d, d)) / (parts.r_min * c)
    slope = d[:, None] * slope / d[None, :]
    inverse = np.linalg.inv(held(filled, n))
    total = float(np.trace(inverse)) + (float(np.trace(np.linalg.inv(comparison(held(filled, n))))) if doubled else 0.0)
    return Network(n, doubled, resistors, filled, loud, np.zeros(n), d, slope, real, np.zeros(n), answer,
                   half * energy / c, np.zeros((n, n)), s * total / 2)  # fmt: skip


def _lyapunov(matrix: Floats, diffusion: Floats) -> Floats:
    """X with A X + X A = R, by the eigenvectors of A."""
    values, vectors = np.linalg.eigh(matrix)
    inside = (vectors.T @ diffusion @ vectors) / np.add.outer(values, values)
    return np.asarray(vectors @ inside @ vectors.T)


def netlist(network: Network, title: str, temperature: float, run: str) -> str:
    """The network as the text of a netlist; node i is x[i], and where nodes are differential its v- is x[i + n]."""
    n = network.size
    told = f"{n} differential pairs: x[i] is v+ of element i, x[i + {n}] its v-" if network.doubled else f"{n} nodes"
    lines = [
        "thermosim: 1",
        f"name: {title}",
        f"description: 'Compiled from a matrix; {told}.'",
        f"temperature: {temperature!r} K",
        "instances:",
    ]
    kinds = (
        ("C", "capacitor", "c", "F", network.capacitances, False),
        ("R", "resistor", "r", "Ohm", network.conductances, True),
        ("N", "white_noise", "psd", "A^2/Hz", network.noises, False),
    )
    for letter, kind, key, unit, found, inverted in kinds:
        for part in found:
            value = 1 / part.value if inverted else part.value
            for a, b in ends(part, n, network.doubled):
                name, low = (f"{letter}{a}", "0") if b == GROUND else (f"{letter}{a}_{b}", f"'x[{b}]'")
                lines.append(f"  {name}: {{type: {kind}, {key}: {value!r} {unit}, pins: {{p: 'x[{a}]', n: {low}}}}}")
    for a, current in enumerate(network.currents):
        for node, sign in ((a, 1.0), (a + n, -1.0))[: network.nodes // n]:
            if current:
                value = float(sign * current)
                lines.append(f"  I{node}: {{type: current_source, i: {value!r} A, pins: {{p: 'x[{node}]', n: 0}}}}")
    return "\n".join([*lines, f"run: {run}", ""])
