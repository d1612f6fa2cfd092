"""The ideal digital sampler beside the chip: joules on named platforms, and its measured time on this processor.

Fabrics: heat-bath sweeps, with tau of the same observables that the chip's own is the worst of, and the time of bare
sweeps: observing them is no part of sampling. Gaussian laws and mixtures: independent draws.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from thermosim.analysis.mixing import Mixing, overall, worst
from thermosim.circuit.program import Fabric
from thermosim.ideal.cost import PlatformCard, gaussian_sample, heat_bath_sample, mixture_sample
from thermosim.ideal.gaussian import GaussianMixture
from thermosim.ideal.gibbs import Speed
from thermosim.models.base import Grade, Price


@dataclass(frozen=True)
class Ideal:
    """An ideal sampler's price of one effective sample: joules on a platform, or seconds where it was timed.

    `joules`, `low`, `high` are None where unpriced, `seconds` where not timed; `sampler` says what it does.
    """

    path: str
    platform: str
    sampler: str
    joules: float | None
    low: float | None
    high: float | None
    seconds: float | None
    grade: Grade
    source: str


def fabric_ideals(
    fabric: Fabric, found: tuple[Mixing, ...], timed: Speed, platforms: tuple[PlatformCard, ...]
) -> list[Ideal]:
    """The heat-bath sampler of a fabric's law that mixes as `found`; none where it does not mix."""
    slowest = worst(found)
    if slowest is None or overall(found) == "stuck":
        return []
    doubt = "" if overall(found) == "ok" else f", {overall(found)}"
    # A term of k spins costs each of them k - 1 multiplications and additions, as a pair costs one.
    orders = fabric.drawn.terms.orders
    degree = (2.0 * len(fabric.drawn.edges) + float((orders * (orders - 1)).sum())) / fabric.nodes
    sampler = f"heat bath, tau {slowest.tau:.3g} sweeps of {slowest.name}{doubt}"
    if fabric.read:
        sampler += "; reading its samples out costs nothing here"
    threads = f"{timed.threads} thread{'' if timed.threads == 1 else 's'}"
    how = f"bare sweeps of {timed.chains} chains abreast on {threads}"
    rows = [timed_row(fabric.path, sampler, timed.seconds * slowest.tau, how)]
    return rows + [
        priced_row(fabric.path, sampler, card, heat_bath_sample(card, fabric.nodes, degree, slowest.tau))
        for card in platforms
    ]


def gaussian_ideals(path: str, law: GaussianMixture, platforms: tuple[PlatformCard, ...]) -> list[Ideal]:
    """Independent draws of a Gaussian law or mixture."""
    draws, rng = 30_000, np.random.default_rng(0)

    def timed() -> float:
        start = time.perf_counter()
        law.draw(draws, rng)
        return (time.perf_counter() - start) / draws

    seconds = min(timed() for _ in range(4))
    dimension = law.means.shape[1]
    price = gaussian_sample if len(law.weights) == 1 else mixture_sample
    rows = [timed_row(path, "independent draws", seconds, "NumPy")]
    return rows + [priced_row(path, "independent draws", card, price(card, dimension)) for card in platforms]


def timed_row(path: str, sampler: str, seconds: float, how: str) -> Ideal:
    return Ideal(
        path, "this processor", sampler, None, None, None, seconds, "measured", f"timed in this measurement, {how}"
    )


def priced_row(path: str, sampler: str, card: PlatformCard, price: Price) -> Ideal:
    return Ideal(path, card.name, sampler, price.joules, price.low, price.high, None, price.grade, price.source)


def ratio(chip: float, ideal: Ideal) -> float:
    """Joules of the ideal sampler over those of the chip; nan where either is unknown."""
    return ideal.joules / chip if ideal.joules is not None and chip > 0 else math.nan
