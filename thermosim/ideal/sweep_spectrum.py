"""Relaxation and fixed law of a sweep that is applied without being stored."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np

from thermosim.contracts import Floats

DENSE = 128
"""Most states whose operator is written out; beyond it Arnoldi iteration finds the two largest eigenvalues."""


class SweepSpectrum(ABC):
    """What follows from how a sweep acts on functions f(state) and on distributions p(state)."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of states."""

    @abstractmethod
    def functions(self, f: Floats) -> Floats:
        """Expectation of f (state,) after a sweep, given the state before."""

    @abstractmethod
    def distribution(self, p: Floats) -> Floats:
        """Law (state,) after a sweep that starts from p (state,)."""

    def second_eigenvalue(self) -> complex:
        """The eigenvalue after 1 in modulus."""
        if self.size <= DENSE:
            dense = np.stack([self.functions(unit) for unit in np.eye(self.size)], axis=1)
            return complex(sorted(np.linalg.eigvals(dense), key=abs)[-2])
        from scipy.sparse.linalg import LinearOperator, eigs

        operator = LinearOperator((self.size,) * 2, matvec=lambda f: self.functions(np.ravel(f)), dtype=np.float64)
        start = np.random.default_rng(0).standard_normal(self.size)
        values = eigs(operator, k=2, which="LM", v0=start, return_eigenvectors=False, tol=1e-10)
        return complex(sorted(values, key=abs)[0])

    def relaxation(self) -> float:
        """Relaxation time of the slowest mode [sweeps]; 0 if a sweep forgets everything."""
        modulus = abs(self.second_eigenvalue())
        if modulus < 1e-12:
            return 0.0
        return math.inf if modulus >= 1.0 else -1.0 / math.log(modulus)

    def stationary(self, start: Floats, tolerance: float = 1e-10, limit: int = 5000) -> Floats | None:
        """Law that a sweep leaves fixed, by iteration from `start`; None if it does not settle within `limit`."""
        p = start
        for _ in range(limit):
            after = self.distribution(p)
            if np.abs(after - p).sum() < tolerance:
                return after
            p = after
        return None
