"""Which observables a law leaves constant: nothing can be learnt of mixing from them, and constant is not stuck.

Fabrics: whatever the others do, spin i opposes its bias with at most

    P_i = 1 / (1 + exp(2 beta m_i)),   m_i = |h_i| - (sum of the magnitudes of what it feels)

Where the spins of an observable are expected to do so less than once in a whole run, and all have sat on the side of
their biases, the observable is constant by its law. The energy speaks only of spins that have a coupling or a bias.

Islands that no controller moves: a direction d without variance, d^T Sigma d = 0 to round-off, Sigma the stationary
covariance of the network that runs.
"""

from __future__ import annotations

import numpy as np

from thermosim.circuit.program import Fabric, Island
from thermosim.contracts import Floats
from thermosim.record import Record


class HeldSpins:
    """Observables of a fabric that its law as drawn holds constant over a run of `samples` samples."""

    def __init__(self, fabric: Fabric, record: Record, samples: int) -> None:
        law, n = fabric.drawn, fabric.nodes
        coupled = law.reach()
        margin = np.abs(law.biases) - coupled
        with np.errstate(over="ignore"):
            self._expected = samples / (1.0 + np.exp(2.0 * law.beta * margin))
        spin = record.sums[f"{fabric.path}:spin"] / float(record.sums[f"{fabric.path}:count"])
        self._sits = (law.biases != 0) & (spin == np.sign(law.biases))
        self._speaks = (coupled > 0) | (law.biases != 0)
        self._arrays = {
            f"mean({path})": np.arange(first, first + int(np.prod(shape)))
            for path, (first, shape) in fabric.arrays.items()
        }
        self._n = n

    def __call__(self, name: str) -> bool:
        """Whether the observable `name` is constant by law."""
        nodes = np.flatnonzero(self._speaks) if name == "energy" else self._arrays.get(name, np.arange(self._n))
        return bool(self._sits[nodes].all()) and float(self._expected[nodes].sum()) < 1.0


class StillNodes:
    """Directions over `nodes` in which no noise moves an island; none where its inputs are moved by a controller."""

    def __init__(self, island: Island, nodes: tuple[str, ...], moved: bool) -> None:
        from thermosim.analysis.linear import stationary

        self._covariance: Floats | None = None
        if moved:
            return
        law, order = island.actual, [island.nodes.index(node) for node in nodes]
        if not law.noise.any():
            self._covariance = np.zeros((len(nodes), len(nodes)))
            return
        try:
            self._covariance = stationary(law.capacitance, law.conductance, law.noise)[np.ix_(order, order)]
        except ValueError:
            return  # what wanders without end does move

    def __call__(self, direction: Floats) -> bool:
        """Whether the projection on `direction` (node,) is constant by law."""
        if self._covariance is None:
            return False
        variance = float(direction @ self._covariance @ direction)
        sigma = np.sqrt(np.maximum(np.diag(self._covariance), 0.0))
        most = float(np.abs(direction) @ sigma) ** 2
        return variance <= 64 * len(direction) * float(np.finfo(float).eps) * most
