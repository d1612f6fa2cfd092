"""Controllers that are an affine law around a network, and the two built from the plant alone.

Proportional feedback:  u = gain (aim - y).

Score demon: the plant ``C dv = -(G v - K u - i) dt + dq`` with ``<dq dq^T> = S dt`` gets the drift D' score(v),
D' = C^-1 S C^-1 / 2, whose stationary law has that score, if its own drift is cancelled:

    u = K^-1 (S C^-1 score(y) / 2 + G y - i)

(Langevin dynamics dx = D' grad ln p dt + sqrt(2 D') dW has the stationary density p; derived here.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thermosim.circuit.program import ControllerPlan
from thermosim.contracts import Arithmetic, Floats, Law, Network
from thermosim.demon.errors import refuse
from thermosim.demon.evaluate import evaluate

WORD = 4
"""Bytes of a number that a controller reads from its memory."""


@dataclass(frozen=True)
class LawController:
    """A controller without state that computes `law`; `reads` and `writes` name its ports with their channels."""

    law: Law
    reads: Mapping[str, tuple[str, ...]]
    writes: Mapping[str, tuple[str, ...]]

    @property
    def arithmetic(self) -> Arithmetic:
        """One step for one replica: the network, and the matrices that have entries."""
        law, network = self.law, self.law.network
        matrices = [law.linear] if network is None else [law.gain, law.linear]
        used = sum(int(matrix.size) for matrix in matrices if matrix.any())
        inside, held = (0, 0) if network is None else (network.macs, network.parameters)
        return Arithmetic(inside + used, WORD * (held + used + int(law.constant.size)))

    def initial_state(self, replicas: int) -> None:
        """There is none."""

    def act(
        self, reads: Mapping[str, Floats], tick: int, state: Any, rng: np.random.Generator
    ) -> tuple[Mapping[str, Floats], Any]:
        """One step in plain NumPy."""
        volts = np.concatenate([reads[name] for name in self.reads])
        value = self.law.linear @ volts + self.law.constant[:, np.newaxis]
        if self.law.network is not None:
            value = value + self.law.gain @ evaluate(self.law.network, volts)
        return split(value, self.writes), state


def split(values: Floats, ports: Mapping[str, tuple[str, ...]]) -> dict[str, Floats]:
    """Rows of `values` (channel, replica) handed out to `ports` in order."""
    ends = np.cumsum([len(nets) for nets in ports.values()])[:-1]
    return dict(zip(ports, np.split(values, ends), strict=True))


def channels(ports: Mapping[str, tuple[str, ...]]) -> int:
    """Channels of all ports together."""
    return sum(len(nets) for nets in ports.values())


def proportional(plan: ControllerPlan) -> LawController:
    """u = gain (aim - y), from the options ``gain`` (number or matrix) and ``aim`` [V] (number or list)."""
    inputs, outputs = channels(plan.reads), channels(plan.writes)
    unknown = sorted(set(plan.options) - {"gain", "aim"})
    if unknown:
        refuse(plan, f"unknown option '{unknown[0]}'; a proportional controller has gain, aim", unknown[0])
    if "gain" not in plan.options:
        refuse(plan, "a proportional controller needs a gain: a number, or a matrix with a row for each write", "gain")
    gain = _numbers(plan, "gain")
    if gain.ndim == 0:
        if inputs != outputs:
            message = f"one number serves equally many reads and writes, not {inputs} and {outputs}; give a matrix"
            refuse(plan, message, "gain")
        gain = gain * np.eye(outputs)
    if gain.shape != (outputs, inputs):
        refuse(plan, f"a matrix of shape {gain.shape}; expected {(outputs, inputs)}: writes and reads", "gain")
    aim = _numbers(plan, "aim") if "aim" in plan.options else np.zeros(())
    if aim.shape not in ((), (inputs,)):
        refuse(plan, f"{aim.size} values; expected one, or one for each of {inputs} reads", "aim")
    law = Law(None, np.zeros((outputs, 0)), -gain, gain @ np.broadcast_to(aim, (inputs,)))
    return LawController(law, plan.reads, plan.writes)


def _numbers(plan: ControllerPlan, name: str) -> Floats:
    try:
        values = np.array(plan.options[name], dtype=float)
    except (TypeError, ValueError):
        refuse(plan, f"{plan.options[name]!r}: expected numbers", name)
    if not np.isfinite(values).all():
        refuse(plan, "a value is not finite", name)
    return values


def score_law(plan: ControllerPlan, network: Network | None) -> Law:
    """The law by which a score drives the plant of `plan`.

    Raises
    ------
    NetlistError
        If the reads and writes do not reach every node of one island, each on its own.
    """
    plant, nodes = plan.plant, plan.plant_nodes
    if plant is None:
        refuse(plan, "a score demon acts on one analog island that it both reads and drives; this one does not")
    n = len(plant.capacitance)
    if sorted(nodes.tolist()) != list(range(n)):
        message = f"this one reads {len(nodes)} channels of {n} nodes"
        refuse(plan, f"a score demon reads every node of its island once; {message}")
    if plant.input_conductance.shape[1] != len(plan.plant_inputs):
        refuse(plan, "a score demon drives every input of its island; here another source drives one of them too")
    drives = plant.input_conductance[np.ix_(nodes, plan.plant_inputs)]
    if drives.shape != (n, n) or np.linalg.matrix_rank(drives / np.abs(drives).max(initial=1e-300)) < n:
        message = f"the {drives.shape[1]} written channels cannot"
        refuse(plan, f"a score demon drives each of {n} nodes on its own; {message}")
    if plant.input_capacitance.any():
        refuse(plan, "a score demon drives through resistors; here a capacitor joins a written net to the island")
    order = np.ix_(nodes, nodes)
    half_noise = plant.noise[order] @ np.linalg.inv(plant.capacitance[order]) / 2
    return Law(
        network,
        np.asarray(np.linalg.solve(drives, half_noise), dtype=np.float64),
        np.asarray(np.linalg.solve(drives, plant.conductance[order]), dtype=np.float64),
        np.asarray(-np.linalg.solve(drives, plant.current[nodes]), dtype=np.float64),
    )
