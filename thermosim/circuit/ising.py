"""The law of coupled p-bits as arrays: pairs, which may be directed, and products of three and four.

    P(s_i = +1 | rest) = 1 / (1 + exp(-2 beta I_i))
    I_i = sum_j W_ij s_j + h_i + sum_terms K_t prod_{j in t, j != i} s_j

Where W_ij = W_ji = J_ij for every pair, I_i = -dE/ds_i of

    E(s) = -(sum_edges J_ij s_i s_j + sum_i h_i s_i + sum_terms K_t prod_{i in t} s_i)

and exp(-beta E) is the law. Otherwise there is no energy, and no Boltzmann law. Without a cycle and parents updated
before their children, the law is the product of conditionals, a Bayesian network: Pearl, Probabilistic Reasoning in
Intelligent Systems, 1988; with p-bits: Faria, Kaiser, Camsari, Datta, Front. Comput. Neurosci. 15, 584797 (2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.contracts import Floats, Ints
from thermosim.terms import NO_TERMS, Terms


@dataclass(frozen=True)
class IsingLaw:
    """P-bits as their couplings drive them, dimensionless; the law is exp(-beta E) where :attr:`symmetric`.

    `edges` (edge, 2) with i < j, each pair once; `weights` (edge,): what j feels of i, and i of j unless `back` (edge,)
    says otherwise; `biases` (node,); `terms`: products of three and four, in which every member feels the others.
    """

    edges: Ints
    weights: Floats
    biases: Floats
    beta: float
    back: Floats | None = None
    terms: Terms = NO_TERMS

    @property
    def symmetric(self) -> bool:
        """Whether there is an energy."""
        return self.back is None

    @property
    def coupled(self) -> bool:
        """Whether any p-bit feels another."""
        return len(self.edges) + len(self.terms) > 0

    def couplings(self) -> tuple[Ints, Ints, Floats]:
        """Of every pair coupling that is felt: the node that feels, the node that is felt, W."""
        first, second = self.edges[:, 0], self.edges[:, 1]
        targets, sources = np.concatenate([first, second]), np.concatenate([second, first])
        if self.back is None:
            return targets, sources, np.concatenate([self.weights, self.weights])
        weights = np.concatenate([self.back, self.weights])
        felt = weights != 0
        return targets[felt], sources[felt], weights[felt]

    def joined(self) -> Ints:
        """Pairs (pair, 2) of nodes that must not be updated at one instant."""
        if not len(self.terms):
            return self.edges
        return np.unique(np.concatenate([self.edges, self.terms.pairs()]), axis=0)

    def reach(self) -> Floats:
        """Largest |I_i - h_i| (node,) that any state gives."""
        targets, _, weights = self.couplings()
        members, _, values = self.terms.felt()
        felt = np.abs(np.concatenate([weights, values]))
        reach = np.bincount(np.concatenate([targets, members]), felt, minlength=len(self.biases))
        return np.asarray(reach, dtype=np.float64)

    def fields(self, spins: Floats) -> Floats:
        """I_i of states (state, node) of +-1."""
        field = np.tile(self.biases, (len(spins), 1))
        targets, sources, weights = self.couplings()
        np.add.at(field.T, targets, (weights * spins[:, sources]).T)
        members, others, values = self.terms.felt()
        padded = np.concatenate([spins, np.ones((len(spins), 1))], axis=1)
        np.add.at(field.T, members, (values * padded[:, others].prod(axis=2)).T)
        return field

    def energy(self, spins: np.ndarray) -> Floats:
        """E of states (..., node) of +-1.

        Raises
        ------
        ValueError
            If couplings are directed, which have no energy.
        """
        if not self.symmetric:
            raise ValueError("directed couplings have no energy")
        s = np.asarray(spins, dtype=np.float64)
        pairs = s[..., self.edges[:, 0]] * s[..., self.edges[:, 1]]
        return np.asarray(-(pairs @ self.weights + s @ self.biases + self.terms.products(s) @ self.terms.weights))

    def depths(self) -> Ints | None:
        """Length of the longest chain of parents above every node (node,); None if couplings close a cycle."""
        if (self.back is None and len(self.edges)) or len(self.terms):
            return None
        targets, sources, _ = self.couplings()
        depth, waiting = np.zeros(len(self.biases), dtype=np.int64), np.bincount(targets, minlength=len(self.biases))
        order = np.argsort(sources, kind="stable")
        first = np.searchsorted(sources[order], np.arange(len(self.biases) + 1))
        children = targets[order]
        ready, done = list(np.flatnonzero(waiting == 0)), 0
        while ready:
            node = ready.pop()
            done += 1
            for child in children[first[node] : first[node + 1]]:
                depth[child] = max(depth[child], depth[node] + 1)
                waiting[child] -= 1
                if waiting[child] == 0:
                    ready.append(child)
        return depth if done == len(self.biases) else None


def ancestral_ranks(depths: Ints) -> Ints:
    """Place (node,) of every node in an order of parents before children, ties by number."""
    ranks = np.empty(len(depths), dtype=np.int64)
    ranks[np.argsort(depths, kind="stable")] = np.arange(len(depths))
    return ranks


def one_law(a: IsingLaw, b: IsingLaw) -> bool:
    """Whether two laws on the same edges and terms agree to the last bit."""
    same = a.beta == b.beta and a.symmetric == b.symmetric
    rows = [(a.weights, b.weights), (a.biases, b.biases), (a.terms.weights, b.terms.weights)]
    if a.back is not None and b.back is not None:
        rows.append((a.back, b.back))
    return same and all(np.array_equal(x, y) for x, y in rows)
