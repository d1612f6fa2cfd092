"""Copies of a fabric at several betas that exchange their states: parallel tempering, run by the digital side.

    every so many sweeps: read the p-bits of neighbouring copies, add up their energies in the weights as programmed,
    and give each the state of the other with min(1, exp((beta_k - beta_l) (E_k - E_l)))

A copy is the same die with its mismatch, run by its own noise. The last has the beta of the law: it alone is recorded.
Energies are exact integers, so that replicas do not feel each other and sums have no order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.contracts import Ints
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.tallies import owners
from thermosim.kernels.exchange import exchange
from thermosim.streams import replica_keys

_NOBODY = np.zeros(0, dtype=np.int64)
_UNITS = 2**50
"""Units of energy in the sum of all couplings and biases."""


class Energies:
    """Energies of states under a law, as whole numbers of `unit`."""

    def __init__(self, law: IsingLaw) -> None:
        total = float(sum(np.abs(part).sum() for part in (law.weights, law.biases, law.terms.weights)))
        self.unit = float(np.exp2(np.ceil(np.log2(max(total, 1e-30) / _UNITS))))
        self._edges = law.edges
        parts = (law.weights, law.biases, law.terms.weights)
        self._weights, self._biases, self._values = (np.rint(part / self.unit).astype(np.int64) for part in parts)
        self._terms = law.terms

    def __call__(self, spins: np.ndarray) -> Ints:
        """(replica,) of spins (node, replica) +-1."""
        pairs = spins[self._edges[:, 0]] * spins[self._edges[:, 1]]
        products = self._terms.products(spins.T.astype(np.float64)).astype(np.int64)
        return np.asarray(-(self._weights @ pairs + self._biases @ spins + products @ self._values))

    @property
    def terms(self) -> int:
        """Numbers that are added up for one state."""
        return sum(int(np.count_nonzero(part)) for part in (self._weights, self._biases, self._values))


class TemperedRunner:
    """The copies of one fabric, in step; `copies` rise in beta and the last is what is seen from outside.

    `walker` (copy, replica): which walker, numbered by its first copy, is where. `tries`, `swaps` (pair, replica):
    exchanges that were decided, and made. `trips` (replica,): how often a walker reached the last copy that had been
    at the lowest beta since it was there before.
    """

    def __init__(self, fabric: Fabric, copies: list[FabricRunner], seed: int) -> None:
        if fabric.tempering is None:
            raise ValueError(f"{fabric.path} is not tempered")
        self.fabric, self.copies, self.replicas = fabric, copies, copies[-1].replicas
        self._betas, self._every = np.array(fabric.tempering.betas), fabric.tempering.every
        self._energy = Energies(fabric.programmed)
        self._keys = replica_keys(seed, f"exchanges {fabric.path}", self.replicas)
        ladder, replicas = len(copies), self.replicas
        self.walker: Ints = np.repeat(np.arange(ladder)[:, None], replicas, axis=1)
        self._been_low = np.zeros((ladder, replicas), dtype=np.bool_)
        self._been_low[0] = True
        self.tries: Ints = np.zeros((ladder - 1, replicas), dtype=np.int64)
        self.swaps: Ints = np.zeros((ladder - 1, replicas), dtype=np.int64)
        self.trips: Ints = np.zeros(replicas, dtype=np.int64)
        self._tallied = (self.tries.copy(), self.swaps.copy())

    @property
    def slot(self) -> int:
        """Slots that every copy has run."""
        return self.copies[-1].slot

    def kernel_names(self) -> list[str]:
        """Each kernel that works here, and on how many replicas of the copies."""
        return [f"{name} of each of {len(self.copies)} copies" for name in self.copies[-1].kernel_names()]

    def advance(
        self, sweeps: int, record: bool = False, every: int = 1, nodes: Ints = _NOBODY
    ) -> dict[str, np.ndarray]:
        """Run whole sweeps of all copies; what is recorded is the last one's, as a fabric alone gives it.

        Raises
        ------
        ValueError
            If draws are not to be recorded after every sweep.
        """
        if record and every != 1:
            raise ValueError("a tempered fabric records every sweep")
        parts: list[dict[str, np.ndarray]] = []
        while sweeps:
            now = self.slot // self.fabric.ticks
            if now and now % self._every == 0:
                self._exchange(now // self._every)
            span = min(self._every - now % self._every, sweeps)
            for copy in self.copies[:-1]:
                copy.advance(span)
            parts.append(self.copies[-1].advance(span, record, 1, nodes))
            sweeps -= span
        if not record:
            return {}
        return {name: np.concatenate([part[name] for part in parts], axis=int(name != "spins")) for name in parts[0]}

    def _exchange(self, number: int) -> None:
        """Round `number` of exchanges."""
        spins = np.stack([copy.spins() for copy in self.copies])
        energy = np.stack([self._energy(one) for one in spins])
        source, accepted = np.empty_like(self.walker), np.empty(self.swaps.shape, dtype=np.bool_)
        exchange(self._keys, number, self._betas, energy, self._energy.unit, source, accepted)
        self.tries[number % 2 :: 2] += 1
        self.swaps += accepted
        for k in np.flatnonzero((source != np.arange(len(source))[:, None]).any(axis=1)):
            self.copies[k].set_spins(np.take_along_axis(spins, source[k][None, None, :], axis=0)[0])
        self.walker = np.take_along_axis(self.walker, source, axis=0)
        self._been_low = np.take_along_axis(self._been_low, source, axis=0)
        self._been_low[0] = True
        self.trips += self._been_low[-1]
        self._been_low[-1] = False

    def tally(self, begin: int, end: int) -> dict[str, Ints]:
        """Actions of all copies in the slots begin .. end-1, and of the exchanges since the last call.

        Beside those of a fabric, ``<array>.reads`` and ``<array>.writes``, p-bits whose state the digital side read or
        wrote, ``<fabric>.exchanges``, decisions, and ``<fabric>.energy_terms``, numbers that it added up for them.
        """
        parts = [copy.tally(begin, end) for copy in self.copies]
        counts: dict[str, Ints] = {name: np.sum([part[name] for part in parts], axis=0) for name in parts[0]}
        tries, swaps = (
            now.sum(axis=0) - then.sum(axis=0) for now, then in zip(self._now(), self._tallied, strict=True)
        )
        self._tallied = (self.tries.copy(), self.swaps.copy())
        sizes = np.bincount(owners(self.fabric), minlength=len(self.fabric.arrays))
        for path, size in zip(self.fabric.arrays, sizes, strict=True):
            counts[f"{path}.reads"] = 2 * tries * size
            counts[f"{path}.writes"] = counts.get(f"{path}.writes", np.zeros_like(swaps)) + 2 * swaps * size
        counts[f"{self.fabric.path}.exchanges"] = tries
        counts[f"{self.fabric.path}.energy_terms"] = 2 * tries * self._energy.terms
        return counts

    def _now(self) -> tuple[Ints, Ints]:
        return self.tries, self.swaps

    def spins(self) -> np.ndarray:
        """Outputs (node, replica) +-1 int8 of the last copy."""
        return self.copies[-1].spins()

    def sums(self) -> dict[str, np.ndarray]:
        """Sums of the last copy by their names in a record, and what became of the exchanges of the whole run."""
        path = self.fabric.path
        own = {"exchange_tries": self.tries, "exchanges": self.swaps, "trips": self.trips}
        return self.copies[-1].sums() | {f"{path}:{name}": values.copy() for name, values in own.items()}

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on, and the sums so far; everything until now has been tallied."""
        kept = {"copies": [copy.checkpoint() for copy in self.copies], "walker": self.walker.copy()}
        kept |= {"been_low": self._been_low.copy(), "trips": self.trips.copy()}
        return kept | {"tries": self.tries.copy(), "swaps": self.swaps.copy()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        for copy, state in zip(self.copies, kept["copies"], strict=True):
            copy.restore(state)
        self.walker, self._been_low = np.array(kept["walker"]), np.array(kept["been_low"])
        self.trips, self.tries, self.swaps = (np.array(kept[name]) for name in ("trips", "tries", "swaps"))
        self._tallied = (self.tries.copy(), self.swaps.copy())
