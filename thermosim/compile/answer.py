"""An answer of a chip, or of several with stochastically rounded parts: value, errors, time, joules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from thermosim.analysis.mixing import VERDICTS, Verdict
from thermosim.compile import digital
from thermosim.compile.chip import UNPRICED, Cost, Effort, Run
from thermosim.compile.network import Network
from thermosim.compile.parts import Parts
from thermosim.compile.staircase import Stairs
from thermosim.contracts import Floats
from thermosim.errors import ThermosimError
from thermosim.models.base import Price

Compiled = TypeVar("Compiled", Network, Stairs)


@dataclass(frozen=True)
class Answer:
    """What a chip answered, what it should have, and what it cost.

    `value` with `error`, its standard error entry by entry (from replicas; rounding is in none of it); `held`: what the
    network would answer after an infinite time, `exact`: what the matrix asks for, both by digital arithmetic, so that
    `systematic` and `deviation` are relative errors (Frobenius norm) of the rounded parts and of the answer.
    `expected`: the relative statistical error that the closed form foretells. `seconds` of one chip, replicas in turn,
    and its `costs`; `unpriced` names what is in none. `host`: joules of averaging the draws, by platform; `digital`:
    the other way to the answer.
    """

    value: Floats
    error: Floats
    held: Floats
    exact: Floats
    expected: float
    verdict: Verdict
    netlists: tuple[str, ...]
    seconds: float
    costs: tuple[Cost, ...]
    unpriced: tuple[str, ...]
    host: dict[str, Price]
    digital: tuple[digital.Method, ...]

    @property
    def systematic(self) -> float:
        return _relative(self.held, self.exact)

    @property
    def deviation(self) -> float:
        return _relative(self.value, self.exact)

    @property
    def joules(self) -> float:
        """Sum of the priced costs [J]: a lower bound, see `unpriced`."""
        return sum(cost.joules for cost in self.costs)

    def __str__(self) -> str:
        lines = [
            f"relative error {self.deviation:.3g}: {self.expected:.3g} expected of statistics, {self.systematic:.3g} "
            f"of rounding; mixing {self.verdict}; {self.seconds:.4g} s, {self.joules:.4g} J and what is unpriced"
        ]
        lines += [f"  {cost.joules:.3g} J  {cost.action}, {cost.count} times ({cost.grade})" for cost in self.costs]
        lines += [f"  unpriced: {what}" for what in self.unpriced]
        averaging = ", ".join(f"{price.joules:.2g} J {name}" for name, price in self.host.items())
        lines.append(f"  averaging by the host, not in the sum: {averaging}")
        for method in self.digital:
            prices = ", ".join(f"{price.joules:.2g} J {name}" for name, price in method.joules.items())
            lines.append(f"  {method.name}: error {method.error:.2g}, {method.seconds:.3g} s here; {prices}")
        return "\n".join(lines)


@dataclass(frozen=True)
class GaussianAnswer(Answer):
    """`value` is the covariance; `mean` with `mean_error`; `samples` (chain, draw, element)."""

    mean: Floats
    mean_error: Floats
    samples: Floats


def answered(
    build: Callable[[np.random.Generator | None], Compiled],
    run: Callable[[Compiled, Parts, Effort, str], Run],
    read: Callable[[Compiled, Run], tuple[Floats, Floats]],
    held: Callable[[Compiled], Floats],
    exact: Floats,
    foretell: Callable[[Compiled, Run], float],
    macs: float,
    parts: Parts,
    effort: Effort,
    roundings: int,
    title: str,
) -> Answer:
    """One chip, or the mean over `roundings` chips."""
    if roundings and parts.bits is None:
        raise ThermosimError("roundings are of components with bits: state parts=Parts(bits=..)")
    values, errors, helds, expected, runs = [], [], [], [], []
    for k in range(max(roundings, 1)):
        rng = np.random.default_rng([effort.seed, k]) if roundings else None
        network = build(rng)
        made = run(network, parts, replace(effort, seed=effort.seed + k), title)
        value, error = read(network, made)
        values.append(value)
        errors.append(error)
        helds.append(held(network))
        expected.append(foretell(network, made))
        runs.append(replace(made, x=made.x[:0]))
    count = len(runs)
    draws = count * effort.draws * effort.replicas
    return Answer(
        np.mean(values, axis=0),
        np.sqrt(np.sum(np.square(errors), axis=0)) / count,
        np.mean(helds, axis=0),
        exact,
        float(np.sqrt(np.sum(np.square(expected)))) / count / float(np.linalg.norm(exact)) if np.any(exact) else 0.0,
        max((made.verdict for made in runs), key=VERDICTS.index),
        tuple(text for made in runs for text in made.texts),
        sum(made.seconds for made in runs),
        _added([made.costs for made in runs]),
        UNPRICED,
        digital.priced(draws * macs),
        (),
    )


def _added(costs: list[tuple[Cost, ...]]) -> tuple[Cost, ...]:
    return tuple(
        replace(
            same[0],
            count=sum(one.count for one in same),
            joules=sum(one.joules for one in same),
            low=sum(one.low for one in same),
            high=sum(one.high for one in same),
        )
        for same in zip(*costs, strict=True)
    )


def _relative(found: Floats, exact: Floats) -> float:
    size = float(np.linalg.norm(exact))
    return float(np.linalg.norm(found - exact)) / size if size else float(np.linalg.norm(found))
