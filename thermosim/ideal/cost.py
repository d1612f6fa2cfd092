"""What the ideal digital sampler pays for one effective sample on a named platform, and arithmetic alone.

    heat bath:        E = nodes tau E_update(degree),   tau autocorrelation time of its worst observable [sweeps]
    categorical:      E = tau sum over nodes of E_draw(q - 1, (q - 1) degree)
    Gaussian, d-dim:  E = d E_step((d + 1) / 2)         an independent draw through a triangular factor
    mixture, d-dim:   E = d E_step(1)                   isotropic components; the choice of one is not counted

E_update, E_draw and E_step are the platform model's prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from thermosim.contracts import Ints
from thermosim.models.base import Evidence, Price
from thermosim.models.platform import (
    Platform,
    arithmetic_price,
    categorical_price,
    gaussian_step_price,
    heat_bath_price,
)


@dataclass(frozen=True)
class PlatformCard:
    """A platform as a card gives it: its name, model, and the evidence of each parameter."""

    name: str
    model: Platform
    evidence: Mapping[str, Evidence]


def times(price: Price, factor: float) -> Price:
    """`price` of `factor` actions."""

    def scaled(joules: float | None) -> float | None:
        return None if joules is None else joules * factor

    return replace(price, joules=scaled(price.joules), low=scaled(price.low), high=scaled(price.high))


def heat_bath_sample(card: PlatformCard, nodes: int, degree: float, tau: float) -> Price:
    """Price of one effective sample of a heat-bath chain of `nodes` spins of mean `degree`."""
    return times(heat_bath_price(card.model, card.evidence, degree), nodes * tau)


def categorical_sample(card: PlatformCard, states: Ints, degree: Ints, tau: float) -> Price:
    """Price of one effective sample of a heat-bath chain of nodes with `states` (node,) and `degree` (node,) each."""
    fields, nodes = float((states - 1) @ degree), len(states)
    others = float((states - 1).sum())
    return times(categorical_price(card.model, card.evidence, others / nodes, fields / nodes), nodes * tau)


def gaussian_sample(card: PlatformCard, dimension: int) -> Price:
    """Price of one independent draw of a Gaussian law."""
    return times(gaussian_step_price(card.model, card.evidence, (dimension + 1) / 2), dimension)


def mixture_sample(card: PlatformCard, dimension: int) -> Price:
    """Price of one independent draw of a mixture of isotropic Gaussian laws."""
    return times(gaussian_step_price(card.model, card.evidence, 1.0), dimension)


def arithmetic(card: PlatformCard, macs: float) -> Price:
    """Price of `macs` multiply-accumulates, memory traffic left out."""
    return arithmetic_price(card.model, card.evidence, macs)
