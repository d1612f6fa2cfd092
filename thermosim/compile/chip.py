"""A compiled network runs: samples in the units of the problem, their verdict, the time, the joules.

Replicas are chips that know nothing of each other, so the error of a mean over them is the spread of their own means
over sqrt(replicas), whatever their correlation time. They start at 0 V and burn in for 12 relaxation times, which
leaves e^-12 = 6e-6 of a mean. On one chip they run one after the other: `seconds` counts them all, burn-in included.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from thermosim.analysis.mixing import Verdict, assess, overall
from thermosim.api import Chip, load, simulate
from thermosim.compile.network import Network, netlist
from thermosim.compile.parts import Parts
from thermosim.contracts import Floats
from thermosim.errors import Problems, ThermosimError
from thermosim.models.base import Grade, PriceContext
from thermosim.netlist import bind

BURN_IN = 12.0
DRAWS_PER_TIME = 4.0
"""Draws in one relaxation time of the slowest mode: its square then has 1.02 times the error of a continuous record."""
UNPRICED = (
    "amplifiers that make the noise and the currents",
    "the buffer before each converter",
    "programming the banks",
    "finding the scaling and checking the matrix, done here by eigenvalues",
)


@dataclass(frozen=True)
class Cost:
    """`count` actions of a kind and their joules in all; `low` and `high` are those of the card."""

    action: str
    count: int
    joules: float
    low: float
    high: float
    grade: Grade
    source: str


@dataclass(frozen=True)
class Run:
    """Samples `x` (chain, draw, element) every `every` [s]; `texts`: the netlists that ran."""

    texts: tuple[str, ...]
    x: Floats
    every: float
    verdict: Verdict
    seconds: float
    costs: tuple[Cost, ...]


@dataclass(frozen=True)
class Effort:
    """How long a chip runs: `draws` of each of `replicas`; `every` [s] between draws, by the slowest mode if None."""

    draws: int = 2000
    replicas: int = 32
    seed: int = 1
    every: float | None = None

    def __post_init__(self) -> None:
        if self.draws < 8 or self.replicas < 2:
            raise ThermosimError(
                f"{self.draws} draws of {self.replicas} replicas: 8 draws, and 2 replicas for an error, are the least"
            )


def run(network: Network, parts: Parts, effort: Effort, title: str) -> Run:
    """Run a network and read it; `effort.seed` names the noise."""
    slowest = network.slowest
    every = femtoseconds(slowest / DRAWS_PER_TIME if effort.every is None else effort.every)
    burn_in = femtoseconds(BURN_IN * slowest)
    testbench = (
        f"{{duration: {every * effort.draws} fs, burn_in: {burn_in} fs, replicas: {effort.replicas}, "
        f"record: {{x: every {every} fs}}, measure: [mixing]}}"
    )
    text = netlist(network, title, parts.temperature, testbench)
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{title}.yaml"
        file.write_text(text, encoding="utf-8")
        chip = load(file)
        record = simulate(chip, seed=effort.seed)
    volts = np.asarray(record.samples["x"], dtype=float)[:, -effort.draws :]
    n = network.size
    x = (volts[..., :n] - volts[..., n:]) / 2 if network.doubled else volts
    x = x * network.gain
    seconds = effort.replicas * (burn_in + every * effort.draws) * 1e-15
    return Run((text,), x, every * 1e-15, _verdict(network, x), seconds, costs(network, parts, chip, x.size, seconds))


def femtoseconds(seconds: float) -> int:
    """Whole femtoseconds, at least one."""
    return max(1, round(seconds * 1e15))


def _verdict(network: Network, x: Floats) -> Verdict:
    """Mixing of the slowest mode and of its square."""
    values, left = np.linalg.eig(network.slope.T)
    slow = x @ left[:, np.argmin(values.real)].real
    return overall([assess("slowest mode", slow), assess("its square", (slow - slow.mean()) ** 2)])


def costs(network: Network, parts: Parts, chip: Chip, count: int, seconds: float) -> tuple[Cost, ...]:
    """Work of the sources for `seconds`, and `count` conversions."""
    work = network.watts * seconds
    source = "closed form: S / 2 C of each noise source, i v of each current, at the node itself"
    found = [Cost("work of the sources on the nodes", 1, work, work, work, "modelled", source)]
    problems = Problems()
    spec = {"card": parts.adc, "reference": f"{parts.reference!r} V"}
    bound = bind(spec, (), chip.netlist, problems, {})
    problems.raise_if_any()
    assert bound is not None
    for price in bound.model.prices(bound.evidence, PriceContext(parts.temperature)):
        if price.joules is not None and price.low is not None and price.high is not None:
            sums = (count * price.joules, count * price.low, count * price.high)
            found += [Cost(price.action, count, *sums, price.grade, f"{parts.adc}: {price.source}")]
    return tuple(found)


def over_replicas(x: Floats, each: Callable[[Floats], Any]) -> tuple[Floats, Floats]:
    """Mean over replicas of ``each(x of a replica)``, and its standard error."""
    found = np.stack([np.asarray(each(chain)) for chain in x])
    return found.mean(axis=0), found.std(axis=0, ddof=1) / math.sqrt(len(found))
