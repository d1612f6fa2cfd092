"""Counted actions: what the energy ledger multiplies with prices.

An action at time t belongs to the burn-in if t < burn_in and else to the window [burn_in, burn_in + duration).
"""

from __future__ import annotations

import numpy as np

from thermosim.contracts import Ints


class Counter:
    """Times that one action happened in each replica, in burn-in and window: `counts` (2, replicas)."""

    def __init__(self, burn_in: int, replicas: int) -> None:
        self.counts: Ints = np.zeros((2, replicas), dtype=np.int64)
        self._burn_in = burn_in

    def at(self, time: int) -> Ints:
        """The row (replicas,) to which an action at `time` [fs] is added, in place."""
        row: Ints = self.counts[0 if time < self._burn_in else 1]
        return row


class Counters:
    """All counters of a run by their name ``path.action``."""

    def __init__(self, burn_in: int, replicas: int) -> None:
        self._burn_in, self._replicas = burn_in, replicas
        self._counters: dict[str, Counter] = {}

    def new(self, path: str, action: str) -> Counter:
        """The counter ``path.action``, made on first use."""
        return self._counters.setdefault(f"{path}.{action}", Counter(self._burn_in, self._replicas))

    def arrays(self) -> dict[str, Ints]:
        """Name -> counts (2, replicas)."""
        return {name: counter.counts for name, counter in self._counters.items()}
