"""Controllers at work: at each edge of their clock they read published codes and write codes `latency` later.

Codes are given and taken as the volts of nominal converters, ``volts = offset + step code``; writes go to the
nearest code, and what lies beyond the ends is clipped and counted. A controller that is a law runs in
a kernel; any other is called with replicas in groups of fixed width, the last one padded with
copies of its first replica, so that how many replicas there are changes no bit of any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from thermosim.circuit.ports import port
from thermosim.circuit.program import AdcBank, ControllerPlan, DacBank
from thermosim.contracts import Controller, Floats, Ints, Law, Mixture, Port
from thermosim.engine.counters import Counters
from thermosim.engine.held import Held
from thermosim.errors import NetlistError, Problem, told
from thermosim.kernels import law as kernels
from thermosim.kernels.conversion import quantise
from thermosim.kernels.mlp import perceptron
from thermosim.streams import generator

NANOSECOND = 10**6  # femtoseconds
WIDTH = 64
"""Replicas in one call of a controller's `act`."""


def compiled(law: Law) -> Callable[[Floats, Floats], None]:
    """The kernel of `law`: called with volts (read channel, replica), and (write channel, replica) to be filled."""
    network = law.network
    inside = None
    if isinstance(network, Mixture):
        inside = kernels.mixture(network.means, network.sigma, network.weights)
    elif network is not None:
        arrays = perceptron(
            network.weights, network.biases, network.activation, network.output,
            network.input_scale, network.output_scale,
        )  # fmt: skip
        inside = kernels.mlp(arrays)
    evaluation: Callable[[Floats, Floats], None] = kernels.law(inside, law.gain, law.linear, law.constant)
    return evaluation


class ControllerRunner:
    """One controller; `state` is its checkpointed state, one item for each group of replicas."""

    def __init__(
        self,
        plan: ControllerPlan,
        controller: Controller,
        adcs: Mapping[str, AdcBank],
        dacs: Mapping[str, DacBank],
        codes: Held,
        counters: Counters,
        seed: int,
    ) -> None:
        """`adcs`, `dacs`: code net -> the bank that it belongs to."""
        self.plan, self._controller, self._codes = plan, controller, codes
        replicas = codes.values.shape[1]
        self._reads = [port(name, nets, adcs) for name, nets in plan.reads.items()]
        self._writes = [port(name, nets, dacs) for name, nets in plan.writes.items()]
        self._in = codes.numbers(tuple(net for item in self._reads for net in item.nets))
        written = tuple(net for item in self._writes for net in item.nets)
        self._in_step = np.array([[item.step] for item in self._reads for _ in item.nets])
        self._in_offset = np.array([[item.offset] for item in self._reads for _ in item.nets])
        self._out_step = np.array([item.step for item in self._writes for _ in item.nets])
        self._out_offset = np.array([item.offset for item in self._writes for _ in item.nets])
        self._top = np.array([2 ** dacs[net].bits - 1 for net in written], dtype=np.int64)
        self._law = None if controller.law is None else compiled(controller.law)
        groups = -(-replicas // WIDTH)
        acting = range(0 if self._law else groups)
        self.state: list[Any] = [self._called("initial_state", controller.initial_state, WIDTH) for _ in acting]
        self.generators = [generator(seed, "controller", plan.path, group) for group in acting]
        self._ticks = counters.new(plan.path, "ticks")
        self._clips = np.empty((len(written), replicas), dtype=np.int64)
        self._clipped = [(counters.new(dacs[net].path, "clipped"), k) for k, net in enumerate(written)]

    def tick(self, time: int, number: int) -> Ints:
        """Step `number` at `time` [fs]: the codes to be written (channel, replica)."""
        volts = self._codes.values[self._in] * self._in_step + self._in_offset
        asked = np.empty(self._clips.shape)
        if self._law:
            self._law(volts, asked)
        else:
            self._act(volts, time, number, asked)
        codes = np.empty(asked.shape, dtype=np.int64)
        clips = quantise(asked, self._out_offset, self._out_step, self._top, codes, self._clips)
        count = self._ticks.at(time)
        count += 1
        if clips:
            for counter, k in self._clipped:
                row = counter.at(time)
                row += self._clips[k]
        return codes

    def checkpoint(self) -> dict[str, Any]:
        """The controller's state and where its random generators stand."""
        return {"state": deepcopy(self.state), "generators": [rng.bit_generator.state for rng in self.generators]}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.state = deepcopy(kept["state"])
        for rng, state in zip(self.generators, kept["generators"], strict=True):
            rng.bit_generator.state = state

    def _act(self, volts: Floats, time: int, number: int, out: Floats) -> None:
        replicas = volts.shape[1]
        what = f"act at tick {number} ({time / NANOSECOND:.9g} ns)"
        for group, rng in enumerate(self.generators):
            begin, end = group * WIDTH, min((group + 1) * WIDTH, replicas)
            batch = np.repeat(volts[:, begin : begin + 1], WIDTH, axis=1)
            batch[:, : end - begin] = volts[:, begin:end]
            reads, row = {}, 0
            for item in self._reads:
                reads[item.name] = batch[row : row + len(item.nets)]
                row += len(item.nets)
            answer = self._called(what, self._controller.act, reads, number, self.state[group], rng)
            if not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[0], Mapping)):
                raise self._fault(
                    f"{what} gave {_kind(answer)}; expected (writes, state), writes being a dictionary of port name -> "
                    "volts (channel, replica)"
                )
            writes, self.state[group] = answer
            row = 0
            for item in self._writes:
                out[row : row + len(item.nets), begin:end] = self._checked(writes, item, what)[:, : end - begin]
                row += len(item.nets)

    def _checked(self, writes: Mapping[str, Floats], item: Port, what: str) -> Floats:
        """The writes to one port, refused if they are not (channel, replica) finite volts."""
        if item.name not in writes:
            wrote = ", ".join(str(name) for name in writes) or "nothing"
            raise self._fault(f"{what} wrote {wrote}; the port '{item.name}' is missing")
        shape = (len(item.nets), WIDTH)
        expected = f"expected volts in an array of shape {shape}, channels and replicas"
        try:
            values = np.asarray(writes[item.name], dtype=float)
        except (TypeError, ValueError):
            raise self._fault(f"{what} wrote {_kind(writes[item.name])} to port '{item.name}'; {expected}") from None
        if values.shape != shape:
            raise self._fault(f"{what} wrote an array of shape {values.shape} to port '{item.name}'; {expected}")
        if not np.isfinite(values).all():
            raise self._fault(f"{what} wrote a voltage that is not finite to port '{item.name}'")
        return values

    def _called(self, what: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call the user's code; what it raises is told as a mistake of this controller."""
        try:
            return function(*arguments)
        except Exception as error:
            raise self._fault(f"{what} raised {told(error, type(self._controller).__module__)}") from error

    def _fault(self, message: str) -> NetlistError:
        return NetlistError([Problem(None, f"controllers.{self.plan.path}", message)])


def _kind(value: Any) -> str:
    """``a tuple of 3``, ``a value of type int``."""
    return f"a tuple of {len(value)}" if isinstance(value, tuple) else f"a value of type {type(value).__name__}"
