"""Held digital noise at work: at every edge of its clock each element draws a level, which stands until the next.

level = rms z, or, with n bits, the middle of one of 2^n equal parts of +-clip rms, the outermost if z lies beyond.
The draw of edge k is number k of the element's stream in its replica.
"""

from __future__ import annotations

import numpy as np

from thermosim.circuit.program import HeldBank
from thermosim.contracts import Floats
from thermosim.engine.counters import Counters
from thermosim.engine.held import Held, Rows, compact
from thermosim.engine.island import IslandRunner
from thermosim.engine.jumps import JumpRunner
from thermosim.engine.nonlinear import NonlinearRunner
from thermosim.kernels.normal import normals
from thermosim.streams import replica_keys

AnyRunner = IslandRunner | JumpRunner | NonlinearRunner


def rounded(normal: Floats, bits: int | None, clip: float | None) -> Floats:
    """Levels in standard deviations of the normal draws."""
    if bits is None or clip is None:
        return normal
    step = 2 * clip / 2**bits
    code = np.clip(np.floor((normal + clip) / step), 0, 2**bits - 1)
    return np.asarray((code + 0.5) * step - clip)


class HeldNoiseRunner:
    """One array of held noise and the islands that it drives."""

    def __init__(self, bank: HeldBank, islands: list[AnyRunner], rails: Held, counters: Counters, seed: int) -> None:
        replicas = rails.values.shape[1]
        self.bank = bank
        self._rails, self._rows = rails, rails.numbers(bank.inputs)
        self._driven: list[tuple[AnyRunner, Rows, Rows]] = []
        for runner in islands:
            mine = [k for k, name in enumerate(bank.inputs) if name in runner.island.inputs]
            if mine:
                rows = [runner.island.inputs.index(bank.inputs[k]) for k in mine]
                self._driven.append((runner, compact(rows), compact(mine)))
        self._keys = replica_keys(seed, f"held {bank.path}", replicas)
        self._normal = np.empty((len(bank.inputs), replicas))
        self._updates = counters.new(bank.path, "updates")

    def redraw(self, time: int, edge: int) -> None:
        """New levels from `time` [fs] on, those of edge number `edge`."""
        normals(self._keys, np.uint64(edge), self._normal)
        amperes = self.bank.actual[:, np.newaxis] * rounded(self._normal, self.bank.bits, self.bank.clip)
        for runner, rows, elements in self._driven:
            runner.advance(time)
            runner.drive(rows, amperes[elements])
        count = self._updates.at(time)
        count += len(amperes)
        self._rails.set(time, self._rows, amperes)
