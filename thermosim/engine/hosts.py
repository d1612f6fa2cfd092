"""Controllers of p-bits at work: at each edge of their clock they read outputs, and turn knobs `latency` later.

They read p-bits as they stood at the end of the last complete sweep, and what they write holds from the next one on.
A knob has one value for all replicas, and `act` sees all replicas at once: unlike everything else here, a chip that
is programmed on what its replicas showed has other bits with another number of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from thermosim.circuit.program import HostPlan
from thermosim.contracts import Floats, Host
from thermosim.engine.counters import Counters
from thermosim.engine.sweeps import FabricPart
from thermosim.errors import NetlistError, Problem, told
from thermosim.streams import generator
from thermosim.times import seconds
from thermosim.units import show


class HostRunner:
    """One controller of p-bits; `state` is what it handed on, None once it has done its work."""

    def __init__(self, plan: HostPlan, host: Host, part: FabricPart, counters: Counters, seed: int) -> None:
        self.plan, self._host, self._part = plan, host, part
        self.state: Any = self._called("initial_state", host.initial_state)
        self._rng = generator(seed, "host", plan.path)
        self._written = dict.fromkeys(plan.pauses, 0)
        arrays = part.fabric.arrays
        owner = {int(node): path for path, (node, _) in arrays.items()}
        self._ticks = counters.new(plan.path, "ticks")
        self._reads = [(counters.new(owner[int(nodes[0])], "reads"), len(nodes)) for nodes in plan.reads.values()]
        self._writes = {
            port: (counters.new(part.fabric.path, "beta steps"), 1, "")
            if knob.kind == "beta"
            else (counters.new(owner[int(knob.nodes[0])], "writes"), len(knob.nodes), owner[int(knob.nodes[0])])
            for port, knob in plan.writes.items()
        }

    @property
    def done(self) -> bool:
        """Whether it asked not to be called again."""
        return self.state is None

    def tick(self, time: int, number: int) -> dict[str, Floats]:
        """Step `number` at `time` [fs]: what is to be written, by port."""
        self._part.catch_up(time)
        spins = self._part.runner.spins()
        for counter, size in self._reads:
            row = counter.at(time)
            row += size
        ticks = self._ticks.at(time)
        ticks += 1
        what = f"act at tick {number} ({show(seconds(time), 's')})"
        seen = {port: spins[nodes] for port, nodes in self.plan.reads.items()}
        answer = self._called(what, self._host.act, seen, number, self.state, self._rng)
        if not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[0], Mapping)):
            raise self._fault(f"{what}: expected (writes, state), writes being a dictionary of port name -> values")
        writes, self.state = answer
        return {port: self._checked(port, values, what) for port, values in writes.items()}

    def write(self, time: int, writes: Mapping[str, Floats]) -> None:
        """Turn the knobs at `time` [fs]."""
        self._part.catch_up(time)
        for port, values in writes.items():
            knob = self.plan.writes[port]
            counter, size, array = self._writes[port]
            if array in self.plan.pauses:
                self._refuse_haste(array, time)
            row = counter.at(time)
            row += size
            self._part.program(knob.kind, knob.nodes, values)

    def _refuse_haste(self, array: str, time: int) -> None:
        pause, since = self.plan.pauses[array], seconds(time - self._written[array])
        if since < pause * (1 - 1e-12):
            raise self._fault(
                f"programs '{array}' {show(since, 's')} after it was last programmed; its card allows that once every "
                f"{show(pause, 's')}"
            )
        self._written[array] = time

    def _checked(self, port: str, values: Any, what: str) -> Floats:
        if port not in self.plan.writes:
            raise self._fault(f"{what} wrote to '{port}'; its ports are {', '.join(self.plan.writes) or 'none'}")
        size = len(self.plan.writes[port].nodes)
        found = np.asarray(values, dtype=float)
        if found.shape != (size,) or not np.isfinite(found).all():
            raise self._fault(f"{what} wrote no {size} finite numbers to port '{port}'")
        return found

    def _called(self, what: str, function: Any, *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception as error:
            raise self._fault(f"{what} raised {told(error, type(self._host).__module__)}") from error

    def _fault(self, message: str) -> NetlistError:
        return NetlistError([Problem(None, f"controllers.{self.plan.path}", message)])

    def checkpoint(self) -> dict[str, Any]:
        """State, random generator and times of the last writes."""
        kept = {"state": deepcopy(self.state), "generator": self._rng.bit_generator.state}
        return kept | {"written": dict(self._written)}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up what :meth:`checkpoint` gave."""
        self.state = deepcopy(kept["state"])
        self._rng.bit_generator.state = kept["generator"]
        self._written = dict(kept["written"])
