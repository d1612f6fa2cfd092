"""Calibration as a chip does it: silence the inputs, count the outputs, trim the thresholds, count again.

    with beta = 0:  P_i = 1 / (1 + exp(-(trim_i - offset_i) / V_s)),   trim_i <- trim_i - V_s ln(P_i / (1 - P_i))

V_s is the designer's; one that is off by a share e leaves a share e of the offset after a round, so that rounds
converge. A count of 0 or all is taken half a count inside, which trims as far as was seen. Only reads that were paid
enter; the error of a trim is that of counting, V_s sqrt(1 / (P (1 - P) N)).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thermosim.circuit.program import HostPlan
from thermosim.contracts import Arithmetic, Floats
from thermosim.demon.errors import refuse
from thermosim.errors import suggestion

OPTIONS = ("rounds", "draws", "step")


class Calibrate:
    """Reads one port of p-bits, writes their trims and beta; options `rounds` (3), `draws` (1000), `step` (0 V)."""

    def __init__(self, plan: HostPlan) -> None:
        for name in plan.options:
            if name not in OPTIONS:
                refuse(plan, f"unknown option '{name}' of program 'calibrate'{suggestion(name, OPTIONS)}", name)
        kinds = {knob.kind: port for port, knob in plan.writes.items()}
        if len(plan.reads) != 1 or set(kinds) != {"trim", "beta"} or len(plan.writes) != 2:
            refuse(plan, "calibrate reads one array s and writes its s.trim and updates.beta, and nothing else")
        (self._read, nodes), *_ = plan.reads.items()
        self._trim, self._beta = kinds["trim"], kinds["beta"]
        if not np.array_equal(plan.writes[self._trim].nodes, nodes):
            refuse(plan, "the trims that it writes are not those of the p-bits that it reads")
        self._scale = plan.scale[nodes]
        self._rounds, self._draws = (self._whole(plan, name, default) for name, default in zip(OPTIONS, (3, 1000)))  # noqa: B905
        self._step = float(plan.options.get("step", 0.0))
        self.arithmetic = Arithmetic(macs=len(nodes), bytes_read=4 * len(nodes))

    @staticmethod
    def _whole(plan: HostPlan, name: str, default: int) -> int:
        value = plan.options.get(name, default)
        if value != int(value) or value < 1:
            refuse(plan, f"{name}: expected a whole number from 1 up, got {value:g}", name)
        return int(value)

    @property
    def ticks(self) -> int:
        """Ticks until it has done its work."""
        return self._rounds * (self._draws + 1)

    def initial_state(self) -> Any:
        return {"round": 0, "seen": -1, "up": np.zeros(len(self._scale)), "trim": np.zeros(len(self._scale))}

    def act(
        self, reads: Mapping[str, np.ndarray], tick: int, state: Any, rng: np.random.Generator
    ) -> tuple[Mapping[str, Floats], Any]:
        """Silence at the first tick; trim after `draws` further ones, whose reads of all replicas are counted."""
        if state["seen"] < 0:
            silent = {self._beta: np.zeros(1)} if state["round"] == 0 else {}
            return silent, {**state, "seen": 0, "up": np.zeros(len(self._scale))}
        spins = reads[self._read]
        up, seen = state["up"] + (spins > 0).sum(axis=1), state["seen"] + 1
        if seen < self._draws:
            return {}, {**state, "seen": seen, "up": up}
        count = seen * spins.shape[1]
        share = np.clip(up / count, 0.5 / count, 1 - 0.5 / count)
        trim = state["trim"] - self._scale * np.log(share / (1 - share))
        if self._step:
            trim = np.rint(trim / self._step) * self._step
        if state["round"] + 1 == self._rounds:
            return {self._trim: trim, self._beta: np.ones(1)}, None
        return {self._trim: trim}, {**state, "round": state["round"] + 1, "seen": -1, "trim": trim}
