"""What the parts of thermosim promise each other: networks, controllers, and how noise is named.

A *network* is arrays behind a name; the engine runs it with a kernel, so a demon holds no
kernels and the engine no demons. A *controller* maps what converters read to what converters
write; it never sees a voltage that no conversion paid for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Mixture:
    """Score of a Gaussian mixture with isotropic components.

    score(y) = sum_k r_k(y) (means_k - y) / sigma^2, r_k the responsibilities [1/V].
    `means` (components, dimension) [V]; `sigma` [V]; `weights` (components,) sum to 1.
    """

    means: Floats
    sigma: float
    weights: Floats

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one evaluation: distances to the means and their weighted sum."""
        return 2 * int(self.means.size)

    @property
    def parameters(self) -> int:
        """Numbers read from memory in one evaluation."""
        return int(self.means.size + self.weights.size + 1)


@dataclass(frozen=True)
class MLP:
    """Multilayer perceptron: ``h_l = f(W_l h_{l-1} + b_l)``, last layer linear.

    `weights[l]` is (out, in). With `output` "energy" the last layer has one row and the
    network's value is minus the gradient of that energy with respect to its input.
    Input and output are divided and multiplied by `input_scale` [V] and `output_scale`.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    activation: Literal["tanh", "relu", "silu", "softplus"]
    output: Literal["score", "energy"] = "score"
    input_scale: float = 1.0
    output_scale: float = 1.0

    @property
    def macs(self) -> int:
        forward = sum(int(weight.size) for weight in self.weights)
        return forward if self.output == "score" else 2 * forward

    @property
    def parameters(self) -> int:
        return sum(int(w.size + b.size) for w, b in zip(self.weights, self.biases, strict=True))


Network = Mixture | MLP


@dataclass(frozen=True)
class Law:
    """An affine law around a network: ``writes = gain @ network(reads) + linear @ reads + constant``.

    `gain` (writes, network outputs), `linear` (writes, reads), `constant` (writes,) [V].
    Controllers that are laws run inside a kernel; others run their own Python.
    """

    network: Network | None
    gain: Floats
    linear: Floats
    constant: Floats


@dataclass(frozen=True)
class Arithmetic:
    """What one step of a controller computes for one replica, as the energy model counts it."""

    macs: int
    bytes_read: int


@dataclass(frozen=True)
class Port:
    """A named bundle of code channels of a controller.

    `nets` names them; codes are given as the volts that a nominal converter assigns to them:
    ``volts = offset + step * code``.
    """

    name: str
    nets: tuple[str, ...]
    step: float
    offset: float


class Controller(Protocol):
    """The digital side of the loop, for a batch of replicas."""

    @property
    def arithmetic(self) -> Arithmetic: ...

    @property
    def law(self) -> Law | None:
        """The law, if the controller is one and has no state; else None and `act` is called."""
        ...

    def initial_state(self, replicas: int) -> Any:
        """Plain data (numbers, arrays, dictionaries of them) that `act` hands on; it is checkpointed."""
        ...

    def act(
        self, reads: Mapping[str, Floats], tick: int, state: Any, rng: np.random.Generator
    ) -> tuple[Mapping[str, Floats], Any]:
        """One step: port name -> (channel, replica) volts in, the same out."""
        ...


class Host(Protocol):
    """A controller of p-bits: it reads outputs of all replicas and turns knobs that all of them share."""

    @property
    def arithmetic(self) -> Arithmetic: ...

    def initial_state(self) -> Any:
        """Plain data that `act` hands on; it is checkpointed."""
        ...

    def act(
        self, reads: Mapping[str, np.ndarray], tick: int, state: Any, rng: np.random.Generator
    ) -> tuple[Mapping[str, Floats], Any]:
        """One step: port -> spins (channel, replica) +-1 in; port -> values (channel,) out, for the knobs to be turned.

        beta is written as a share of the netlist's. The state None ends its work: it reads and writes no more.
        """
        ...
