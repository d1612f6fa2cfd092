"""A staircase of networks between two matrices, climbed and descended: the works of every switch.

    A_k = A_0 + k / K (A - A_0),   G_k = g D A_k D,  C = c D^2, equal noise for each farad as in compile/network.py
    W = sum_k (x^T (A_{k+1} - A_k) x - f tr(A_{k+1} - A_k)) / 2 q,   q A^-1 + f 1 = cov x

x is read at each switch. Conductances store nothing and the capacitors stay, so voltages go on without a jump and
switching does no work: W is no energy of the chip but a number that the host makes of its readings, what the switch
would cost in kT if x^T A x / 2 were stored. Capacitors C = c D A D do store it, but a bank that joins charged nodes
makes their voltages jump; the work, at constant charge, would be that of C^-1. Conductances need no such care.

Each way starts in the stationary law of its first stair, reached in `chip.BURN_IN` times of the slowest stair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.linalg import expm
from scipy.optimize import linprog

from thermosim.analysis.free_energy import Staircase, staircase
from thermosim.analysis.mixing import assess, overall
from thermosim.api import Chip, load
from thermosim.compile.chip import BURN_IN, Effort, Run, costs, femtoseconds
from thermosim.compile.matrix import GROUND, Element, comparison, elements, held, scaling
from thermosim.compile.network import Network, netlist
from thermosim.compile.parts import Bank, Parts
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats
from thermosim.engine.island import IslandRunner
from thermosim.errors import ThermosimError
from thermosim.streams import key

CANDIDATES = (1, 2, 4, 8, 16, 32)
"""Numbers of stairs that are tried where none is stated."""


@dataclass(frozen=True)
class Stairs:
    """One network for each stair, with the same capacitors, noise and units; `dwell` [s] on each stair between."""

    networks: tuple[Network, ...]
    dwell: float

    @property
    def slowest(self) -> float:
        """Longest relaxation time of any stair [s]."""
        return max(network.slowest for network in self.networks)

    @property
    def cycle(self) -> float:
        """Seconds of one way up and one down, settling at both ends included."""
        return 2 * ((len(self.networks) - 2) * self.dwell + BURN_IN * self.slowest)

    @property
    def law(self) -> Staircase:
        """Exact law of the work on the way up."""
        return _law(self.networks, self.dwell)

    @property
    def reverse_law(self) -> Staircase:
        """Exact law of the work on the way down."""
        return _law(self.networks[::-1], self.dwell)


def _law(networks: tuple[Network, ...], dwell: float) -> Staircase:
    scale = networks[0].scale
    return staircase(
        [network.held for network in networks],
        [network.covariance / scale for network in networks],
        [np.asarray(expm(-network.slope * dwell)) for network in networks],
    )


def stairs(
    matrix: Floats, reference: Floats, count: int, dwell: float, parts: Parts, rng: np.random.Generator | None
) -> Stairs:
    """`count` switches from the reference to the matrix; `dwell` in relaxation times of the slowest stair.

    Raises
    ------
    ThermosimError
        If one scaling does not make every stair diagonally dominant, or the parts cannot hold them.
    """
    n = len(matrix)
    steps = [reference + k / count * (matrix - reference) for k in range(count + 1)]
    d = _common_scaling(matrix, reference)
    wanted = [elements(step * np.outer(d, d), "A") for step in steps]
    largest = max(part.value for parts_of in wanted for part in parts_of)
    bank = Bank(1 / parts.r_max, 1 / parts.r_min, "S")
    filled = [bank.fill(one, parts.bits, rng, "A", largest) for one in wanted]
    g = filled[0][1]
    doubled = any(part.crossed for parts_of in wanted for part in parts_of)
    half, c = (0.5 if doubled else 1.0), parts.c_max
    real = [held(one, n) / np.outer(d, d) / g for one, _ in filled]
    answers = [np.linalg.inv(one) for one in real]
    widest = math.sqrt(max(float((np.diag(one) / d**2).max()) for one in answers))
    per_volt = 0.5 * half / g
    s = parts.swing**2 / (widest**2 * per_volt)
    if c * d.min() ** 2 < parts.c_min * (1 - 1e-12):
        raise ThermosimError(f"the scaling of A asks for capacitors down to {c * d.min() ** 2:.3g} F, below the range")
    capacitances = tuple(Element(i, GROUND, False, float(c * d[i] ** 2)) for i in range(n))
    loud = tuple(Element(i, GROUND, False, float(2 * s * c * d[i] ** 2)) for i in range(n))
    floor = half * BOLTZMANN * parts.temperature / c * np.eye(n)
    watts = (2 if doubled else 1) * n * s / 2
    networks = tuple(
        Network(n, doubled, one, capacitances, loud, np.zeros(n), d, g / c * matrix_held, matrix_held, np.zeros(n),
                (answer + answer.T) / 2, s * per_volt, floor, watts)
        for (one, _), matrix_held, answer in zip(filled, real, answers, strict=True)
    )  # fmt: skip
    return Stairs(networks, dwell * max(network.slowest for network in networks))


def _common_scaling(matrix: Floats, reference: Floats) -> Floats:
    """d (n,) for both ends, |A| d > 0 and |A_0| d > 0, and then for all between: the size of a sum is no larger."""
    d = scaling(matrix, "A")
    scaling(reference, "the reference")
    least = comparison(reference) @ d
    if np.all(least > 0):
        return d
    n = len(matrix)
    both = np.vstack([comparison(matrix), comparison(reference)]) / np.abs(matrix).max()
    bounds = np.hstack([-both, np.ones((2 * n, 1))])
    found = linprog(np.append(np.zeros(n), -1.0), bounds, np.zeros(2 * n), bounds=[(0, 1)] * n + [(None, 1)])
    if not found.success or found.x is None or found.x[-1] <= n * np.finfo(float).eps:
        raise ThermosimError(
            "no scaling makes A and the reference diagonally dominant at once, so no bank of passive elements can "
            "switch from one to the other; take the diagonal of A as reference"
        )
    return np.asarray(found.x[:n])


def chosen(matrix: Floats, reference: Floats, dwell: float, parts: Parts) -> int:
    """Switches, doubled as long as that saves a quarter of the time that an error takes, by Bennett's closed form."""
    best, least = 0, math.inf
    for count in CANDIDATES:
        try:
            found = stairs(matrix, reference, count, dwell, parts, None)
        except ThermosimError:  # the couplings of the first stair are below the range of the parts
            if best:
                break
            raise
        cost = found.law.bennett_error(1) ** 2 * found.cycle
        if best and cost > 0.75 * least:
            break
        best, least = count, cost
    return best


class _Stair:
    """The islands of one stair's chip, which take up the voltages of another."""

    def __init__(self, chip: Chip, nodes: int, replicas: int, seed: int) -> None:
        self.runners = [IslandRunner(island, np.zeros((0, replicas)), seed, 1) for island in chip.program.islands]
        place = {f"x[{k}]": k for k in range(nodes)}
        self.rows = [np.array([place[net] for net in runner.island.nodes]) for runner in self.runners]

    def relax(self, volts: Floats, length: int) -> None:
        """`volts` (node, replica) after `length` [fs], in place."""
        for runner, rows in zip(self.runners, self.rows, strict=True):
            runner.state[:] = volts[rows]
            runner.advance(runner.time + length)
            volts[rows] = runner.state


def climb(climbed: Stairs, parts: Parts, effort: Effort, title: str) -> Run:
    """Works [kT] of `effort.draws` ways up and down for each replica, as `x` (replica, draw, way)."""
    networks = climbed.networks
    first = networks[0]
    dwell, settling = femtoseconds(climbed.dwell), femtoseconds(BURN_IN * climbed.slowest)
    testbench = f"{{duration: {dwell} fs, record: {{x: every {dwell} fs}}}}"
    texts = tuple(netlist(one, f"{title}_{k}", parts.temperature, testbench) for k, one in enumerate(networks))
    with TemporaryDirectory() as folder:
        chips = []
        for k, text in enumerate(texts):
            file = Path(folder) / f"{title}_{k}.yaml"
            file.write_text(text, encoding="utf-8")
            chips.append(load(file))
    on = [
        _Stair(chip, first.nodes, effort.replicas, int(key(effort.seed, "stair", k) >> np.uint64(1)))
        for k, chip in enumerate(chips)
    ]
    volts = np.zeros((first.nodes, effort.replicas))
    works = np.zeros((effort.replicas, effort.draws, 2))
    on[0].relax(volts, settling)
    for draw in range(effort.draws):
        for way, order in enumerate((range(len(on)), range(len(on) - 1, -1, -1))):
            for here, then in pairwise(order):
                works[:, draw, way] += _work(networks[here], networks[then], volts)
                on[then].relax(volts, settling if then == order[-1] else dwell)
    seconds = effort.replicas * (settling + effort.draws * 2 * (settling + (len(on) - 2) * dwell)) * 1e-15
    verdict = overall([assess(name, works[:, :, way]) for way, name in enumerate(("work up", "work down"))])
    readings = 2 * (len(on) - 1) * works.shape[0] * works.shape[1] * first.size
    every = 2 * (settling + (len(on) - 2) * dwell) * 1e-15
    return Run(texts, works, every, verdict, seconds, costs(first, parts, chips[0], readings, seconds))


def _work(here: Network, then: Network, volts: Floats) -> Floats:
    """Work of one switch [kT] (replica,)."""
    n = here.size
    x = here.gain[:, np.newaxis] * ((volts[:n] - volts[n:]) / 2 if here.doubled else volts)
    change = then.held - here.held
    known = float(np.trace(change @ here.floor))
    return np.asarray(((x * (change @ x)).sum(axis=0) - known) / (2 * here.scale))
