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

from thermosim.circuit.dits import DitFabric
from thermosim.circuit.noise_states import is_noise
from thermosim.circuit.program import Fabric, Island
from thermosim.contracts import Floats
from thermosim.record import Record

CHUNK = 2**23
"""Numbers that are looked at together."""


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


class HeldDits:
    """Observables of a categorical fabric that its law as drawn holds constant over a run of `samples` samples.

    Whatever the others do, the odds of state a of node i against state b are at most exp(-beta g), g the least that
    b has over a: h(b) - h(a) + sum_j min_c (J(b, c) - J(a, c)). So P_i(a) <= min_b exp(-beta g), and whether c_i is in
    a set of states changes with at most the smaller of the sums of that within and without.
    """

    def __init__(self, fabric: DitFabric, record: Record, samples: int) -> None:
        from thermosim.engine.dit_observables import signs_of

        law = fabric.drawn
        exists = np.arange(law.tables.shape[1]) < law.states[:, None]
        least = law.biases[:, :, None] - law.biases[:, None, :]  # node, b, a
        speaks = np.any(exists & (law.biases != law.biases[:, :1]), axis=1)
        step = max(1, CHUNK // law.tables.shape[1] ** 3)
        for begin in range(0, len(law.edges), step):
            edges, tables = law.edges[begin : begin + step], law.tables[begin : begin + step]
            for ends, own in ((edges, tables), (edges[:, ::-1], tables.transpose(0, 2, 1))):
                apart = own[:, :, None, :] - own[:, None, :, :]
                apart[np.broadcast_to(~exists[ends[:, 1]][:, None, None, :], apart.shape)] = np.inf
                np.add.at(least, ends[:, 0], apart.min(axis=3))
                real = exists[ends[:, 0]][:, :, None] & exists[ends[:, 1]][:, None, :]
                np.logical_or.at(speaks, ends[:, 0], np.any(real & (own != own[:, :1]), axis=(1, 2)))
        least[np.broadcast_to(~exists[:, :, None], least.shape)] = -np.inf
        with np.errstate(over="ignore"):
            rare = np.exp(-law.beta * least.max(axis=1))  # of a, against the best b
        rare = np.where(exists, np.minimum(rare, 1.0), 0.0)
        self._rare, self._exists, self._speaks = rare, exists, speaks
        self._counts = np.where(exists, record.sums[f"{fabric.path}:state"], 0)
        self._total, self._samples = float(record.sums[f"{fabric.path}:count"]), samples
        self._fabric, self._signs = fabric, signs_of(fabric.path, law.states)

    def _changes(self, inside: np.ndarray) -> Floats:
        """Expected changes, at most, of whether the state of each node is among those marked (node, Q); without a
        bound where both were seen."""
        seen = np.where(inside, self._counts, 0).sum(axis=1)
        still = (seen == 0) | (seen == self._total)
        sides = [np.where(side & self._exists, self._rare, 0.0).sum(axis=1) for side in (inside, ~inside)]
        return np.where(still, self._samples * np.minimum(*sides), np.inf)

    def __call__(self, name: str) -> bool:
        """Whether the observable `name` is constant by law."""
        state = np.arange(self._exists.shape[1])
        for path in self._fabric.arrays:
            if name == f"mean({path})" or name.startswith(f"occupation({path})["):
                a = 1 if name.startswith("mean") else int(name.rpartition("[")[2][:-1])
                changes = self._changes(np.broadcast_to(state == a, self._exists.shape))
                return float(changes[self._fabric.nodes_of(path)].sum()) < 1.0
        if name.startswith("projection["):
            return float(self._changes(self._signs[int(name[11:-1])] > 0).sum()) < 1.0
        each = [self._changes(np.broadcast_to(state == a, self._exists.shape)) for a in state]
        return float(np.max(each, axis=0)[self._speaks].sum()) < 1.0


class StillNodes:
    """Directions over `nodes` in which no noise moves an island; none where its inputs are moved by a controller."""

    def __init__(self, island: Island, nodes: tuple[str, ...], moved: bool) -> None:
        from thermosim.analysis.linear import stationary

        self._covariance: Floats | None = None
        if moved or any(is_noise(name) for name in island.inputs):
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
