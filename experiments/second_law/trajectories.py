"""Heat of many trajectories of a netlist's one island, begun in its stationary law."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import thermosim as ts
from thermosim.analysis import linear
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats
from thermosim.engine.heat import HeatLedger
from thermosim.engine.island import IslandRunner

HERE = Path(__file__).parent


class Trajectories:
    """`replicas` runs of a netlist, booked from their stationary state on; :meth:`go` lets time pass."""

    def __init__(self, netlist: str, replicas: int, seed: int, **parameters: Any) -> None:
        chip = ts.load(HERE / netlist, set={f"parameters.{name}": value for name, value in parameters.items()})
        (island,) = chip.program.islands
        parts, law = chip.program.branches[island.path], island.actual
        levels = np.array([chip.program.driven[net] for net in island.inputs])
        self.runner = IslandRunner(island, np.repeat(levels[:, np.newaxis], replicas, axis=1), seed, 1)
        self.law = law
        self.covariance = linear.stationary(law.capacitance, law.conductance, law.noise)
        self.mean = linear.mean(law.conductance, law.input_conductance, law.current, levels)
        draws = np.random.default_rng(seed).standard_normal(self.runner.state.shape)
        self.runner.state[:] = self.mean[:, np.newaxis] + np.linalg.cholesky(self.covariance) @ draws
        self.runner.book(HeatLedger(island, parts, seed, replicas), 0)
        self.paths = [part.path for part in parts]
        self.kelvin = np.array([np.nan if part.temperature is None else part.temperature for part in parts])
        self._inverse = np.linalg.inv(self.covariance)
        self._start = self.surprise()
        self._now = 0.0

    def go(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._now += seconds
        self.runner.advance(round(self._now * 1e15))

    def heat(self, path: str) -> Floats:
        """Heat [J] into one element so far; the work that a source takes in, if it is one (replica,)."""
        assert self.runner.ledger is not None
        return self.runner.ledger.heat[self.paths.index(path)]

    def surprise(self) -> Floats:
        """-ln p of the state in the stationary law, but for a constant (replica,) [k]."""
        off = self.runner.state - self.mean[:, np.newaxis]
        return np.asarray(np.einsum("ir,ij,jr->r", off, self._inverse, off) / 2)

    def entropy(self) -> tuple[Floats, Floats]:
        """Entropy of the baths so far, and with that of the stationary law, the total (replica,) [k]."""
        assert self.runner.ledger is not None
        baths = np.isfinite(self.kelvin)
        given = self.runner.ledger.heat[baths] / (BOLTZMANN * self.kelvin[baths, np.newaxis])
        whole = given.sum(axis=0)
        return whole, whole + self.surprise() - self._start
