"""An Ising problem as arrays: where every importer and generator ends and every coupling of a `problem` begins.

    E(s) = offset - (sum_edges J_ij s_i s_j + sum_i h_i s_i + sum_terms K_t prod s),   s = +-1, each edge once

E is the objective of the source itself, to be made small: a reader turns signs, factors and bits into this form and
keeps the constant, so that energies can be compared with those that the source publishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermosim.contracts import Floats, Ints
from thermosim.terms import LARGEST, NO_TERMS, Terms

MENTIONED = 5
"""Spins that a message names before it goes on with dots."""


class ProblemError(ValueError):
    """A problem file that cannot be used: ``file:line: what is wrong``."""

    def __init__(self, file: str, line: int | None, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line is not None else f"{file}: {message}")


@dataclass(frozen=True)
class Problem:
    """E(s) of `spins` spins: `edges` (edge, 2) with i < j, sorted; `weights` (edge,); `biases` (spin,).

    `terms` are products of three and four spins.
    `labels` are the source's names of the spins. `ground` is the lowest energy where it is known, `planted` (spin,)
    a state that has it.
    """

    name: str
    edges: Ints
    weights: Floats
    biases: Floats
    offset: float = 0.0
    labels: tuple[str, ...] = ()
    ground: float | None = None
    planted: Ints | None = None
    terms: Terms = NO_TERMS

    @property
    def spins(self) -> int:
        return len(self.biases)

    def energy(self, states: ArrayLike) -> Floats:
        """E (...,) of states (..., spin) of +-1."""
        s = np.asarray(states, dtype=np.float64)
        pairs = s[..., self.edges[:, 0]] * s[..., self.edges[:, 1]]
        energy = self.offset - pairs @ self.weights - s @ self.biases
        if len(self.terms):
            energy = energy - self.terms.products(s) @ self.terms.weights
        return np.asarray(energy, dtype=np.float64)

    def cut(self, states: ArrayLike) -> Floats:
        """Weight of the cut edges where the problem is a Max-Cut: sum of w (1 - s_i s_j) / 2 with w = -J."""
        if len(self.terms):
            raise ValueError("a Max-Cut has no products of three or four spins")
        return np.asarray((-self.weights.sum() - self.energy(states)) / 2, dtype=np.float64)

    def scaled(self, factor: float) -> Problem:
        """The same landscape, `factor` times as high."""
        return replace(
            self,
            weights=self.weights * factor,
            biases=self.biases * factor,
            offset=self.offset * factor,
            terms=Terms(self.terms.members, self.terms.weights * factor),
            ground=None if self.ground is None else self.ground * factor,
        )

    def unused(self) -> Ints:
        """Spins that nothing holds: no edge, no term, no bias."""
        touched = self.biases != 0
        touched[self.edges.ravel()] = True
        touched[self.terms.felt()[0]] = True
        return np.flatnonzero(~touched).astype(np.int64)

    def products(self) -> dict[tuple[int, ...], float]:
        """E as {spins of a product: coefficient}, the constant under ()."""
        found: dict[tuple[int, ...], float] = {(): self.offset}
        found |= {(i,): -float(h) for i, h in enumerate(self.biases) if h != 0}
        for (i, j), weight in zip(self.edges.tolist(), self.weights, strict=True):
            found[i, j] = -float(weight)
        for members, weight in zip(self.terms.members.tolist(), self.terms.weights, strict=True):
            found[tuple(i for i in members if i >= 0)] = -float(weight)
        return found


def enumerate_states(spins: int) -> Ints:
    """All states (2^spins, spins) of +-1; spin i is bit i of the row's number."""
    if spins > 20:
        raise ValueError(f"{spins} spins have {2.0**spins:.3g} states: too many to enumerate, at most 20 spins")
    return (2 * ((np.arange(2**spins)[:, np.newaxis] >> np.arange(spins)) & 1) - 1).astype(np.int64)


def from_terms(
    name: str,
    spins: int,
    pairs: Iterable[tuple[int, int, float]],
    biases: ArrayLike | None = None,
    offset: float = 0.0,
    labels: Sequence[str] = (),
    **known: Any,
) -> Problem:
    """A problem from (i, j, J) in any order; terms of one pair add up, and pairs that add up to zero are no edge."""
    listed = list(pairs)
    ends = np.array([sorted((i, j)) for i, j, _ in listed], dtype=np.int64).reshape(-1, 2)
    values = np.array([value for _, _, value in listed], dtype=np.float64)
    edges, slot = np.unique(ends, axis=0, return_inverse=True)
    weights = np.zeros(len(edges))
    np.add.at(weights, slot.ravel(), values)
    kept = weights != 0
    h = np.zeros(spins) if biases is None else np.asarray(biases, dtype=np.float64)
    return Problem(name, edges[kept], weights[kept], h, float(offset), tuple(labels), **known)


def from_products(
    name: str, spins: int, energy: Mapping[tuple[int, ...], float], labels: Sequence[str] = (), **known: Any
) -> Problem:
    """A problem from E as {spins of a product: coefficient}, products of at most four spins.

    Raises
    ------
    ValueError
        If a product has more spins, or one of them twice.
    """
    biases, offset = np.zeros(spins), 0.0
    pairs: list[tuple[int, int, float]] = []
    members: list[tuple[int, ...]] = []
    weights: list[float] = []
    for product, value in sorted(energy.items()):
        if len(product) > LARGEST:
            raise ValueError(f"a product of {len(product)} spins; p-bits have terms of at most {LARGEST}")
        if len(set(product)) < len(product):
            raise ValueError(f"the product {' '.join(map(str, product))} has a spin twice")
        if len(product) == 0:
            offset += value
        elif len(product) == 1:
            biases[product[0]] -= value
        elif len(product) == 2:
            pairs.append((product[0], product[1], -value))
        elif value != 0:
            members.append((-1,) * (LARGEST - len(product)) + tuple(sorted(product)))
            weights.append(-value)
    terms = Terms(np.array(members, dtype=np.int64).reshape(-1, LARGEST), np.array(weights))
    return from_terms(name, spins, pairs, biases, offset, labels, terms=terms, **known)
