"""Products of three or four spins +-1, the terms of a cost beyond pairs: sum_t w_t prod_{i in t} s_i."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from thermosim.contracts import Floats, Ints

LARGEST = 4
"""Most spins of one term."""


@dataclass(frozen=True)
class Terms:
    """Products of spins: `members` (term, 4), ascending, -1 first where there are three; `weights` (term,)."""

    members: Ints
    weights: Floats

    def __len__(self) -> int:
        return len(self.weights)

    @cached_property
    def orders(self) -> Ints:
        """Number of spins of each term."""
        return np.asarray((self.members >= 0).sum(axis=1), dtype=np.int64)

    def products(self, spins: np.ndarray) -> Floats:
        """Value +-1 (..., term) of every product in states (..., node) of +-1."""
        padded = np.concatenate([spins, np.ones((*spins.shape[:-1], 1))], axis=-1)
        return np.asarray(padded[..., self.members].prod(axis=-1))

    def felt(self) -> tuple[Ints, Ints, Floats]:
        """Every term once for each member: the member, the others (entry, 3) with -1 first if two, the weight."""
        rows, column = np.nonzero(self.members >= 0)
        others = self.members[rows][np.arange(LARGEST) != column[:, None]].reshape(-1, LARGEST - 1)
        return self.members[rows, column], np.sort(others, axis=1), self.weights[rows]

    def pairs(self) -> Ints:
        """Pairs (pair, 2) of nodes that stand in one term."""
        found = [self.members[:, list(ends)] for ends in combinations(range(LARGEST), 2)]
        pairs = np.concatenate(found)
        return np.unique(pairs[pairs[:, 0] >= 0], axis=0)


NO_TERMS = Terms(np.zeros((0, LARGEST), dtype=np.int64), np.zeros(0))
