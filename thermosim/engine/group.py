"""Some replicas of a fabric that one kernel works on."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from thermosim.contracts import Floats
from thermosim.engine.observables import Watched
from thermosim.kernels.gibbs import Plan
from thermosim.kernels.observe import Seen

NO_DRIVE = np.zeros(0, dtype=np.float32)
"""What kernels take where no p-bit has an analog input."""


class Group(ABC):
    """At most LANES replicas; :meth:`take_up` changes beta and who is held between slots, never the couplings."""

    def __init__(self, plan: Plan, keys: np.ndarray, replicas: int) -> None:
        self.plan, self.keys, self.replicas = plan, keys, replicas
        self.nodes = len(plan.node)

    def take_up(self, plan: Plan) -> None:
        """Go on with another plan of the same couplings. A p-bit whose `fresh` is 0 is held: it is never renewed."""
        self.plan = plan

    @property
    @abstractmethod
    def lanes(self) -> int:
        """Columns of what is seen of this group; the first `replicas` of them count."""

    @abstractmethod
    def start(self) -> None:
        """First spins at random."""

    @abstractmethod
    def slots(self, begin: int, end: int, drive: Floats | None = None) -> None:
        """Run slots with `drive` (place, replica), what analog inputs add to the biases, in units of ln 2."""

    @abstractmethod
    def run(self, begin: int, every: int, watched: Watched, seen: Seen) -> None:
        """Run and observe all draws of `seen`, one after every `every` slots."""

    @abstractmethod
    def observe(self, watched: Watched, seen: Seen) -> None:
        """One draw of the present state."""

    @abstractmethod
    def bits(self, hidden: bool = False) -> np.ndarray:
        """(place, replica) bool: outputs, or what free RNGs hold."""

    @abstractmethod
    def set_bits(self, up: np.ndarray, hidden: bool = False) -> None:
        """Take up what :meth:`bits` gave."""
