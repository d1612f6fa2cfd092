"""ONNX networks: chains of dense layers become arrays, anything else is run by onnxruntime.

The network takes a batch (replica, read), in volts divided by `input_scale`, and gives (replica, output), times
`output_scale`. Without the packages ``onnx`` and ``onnxruntime`` (extra ``onnx``) such a network is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thermosim.circuit.program import ControllerPlan
from thermosim.contracts import MLP, Arithmetic, Floats, Law
from thermosim.demon.errors import refuse
from thermosim.demon.laws import WORD, channels, split
from thermosim.demon.networks import perceptron

_ACTIVATION = {"Tanh": "tanh", "Relu": "relu", "Softplus": "softplus"}


def read_onnx(plan: ControllerPlan, path: Path) -> MLP | None:
    """The perceptron in an ONNX file; None if its graph is no chain of dense layers with one activation.

    Raises
    ------
    NetlistError
        If the file cannot be read, or the extra ``onnx`` is not installed.
    """
    try:
        import onnx
    except ImportError:
        refuse(plan, f"{path}: ONNX networks need the extra: pip install 'thermosim-hil[onnx]'", "network")
    if not path.is_file():
        refuse(plan, f"{path}: no such file", "network")
    try:
        graph = onnx.load(str(path)).graph
        held = {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}
    except Exception as error:
        refuse(plan, f"{path}: not an ONNX model ({type(error).__name__})", "network")
    layers = _layers(graph, held, onnx.helper.get_attribute_value)
    if layers is None:
        return None
    weights, biases, activations = layers
    if len(set(activations)) > 1 or len(activations) != len(weights) - 1:
        return None
    return perceptron(plan, weights, biases, activations[0] if activations else "tanh")


def _layers(
    graph: Any, held: Mapping[str, np.ndarray], value_of: Any
) -> tuple[list[np.ndarray], list[np.ndarray], list[str]] | None:
    """Weights (out, in), biases and activations of a chain of Gemm, MatMul, Add and activations."""
    weights: list[np.ndarray] = []
    biases: list[np.ndarray] = []
    activations: list[str] = []
    flow = graph.input[0].name
    for node in graph.node:
        attributes = {item.name: value_of(item) for item in node.attribute}
        variable = [name for name in node.input if name not in held]
        constant = [held[name] for name in node.input if name in held]
        if variable != [flow] or len(node.output) != 1:
            return None
        flow, open_layer = node.output[0], len(activations) + 1
        if node.op_type == "Gemm" and node.input[0] == variable[0] and not attributes.get("transA", 0):
            weight = constant[0] if attributes.get("transB", 0) else constant[0].T
            weights.append(attributes.get("alpha", 1.0) * weight)
            bias = constant[1] if len(constant) > 1 else np.zeros(1)
            biases.append(attributes.get("beta", 1.0) * np.broadcast_to(bias.reshape(-1), (len(weight),)))
        elif node.op_type == "MatMul" and node.input[0] == variable[0] and constant[0].ndim == 2:
            weights.append(constant[0].T)
            biases.append(np.zeros(len(weights[-1])))
        elif node.op_type == "Add" and len(weights) == open_layer and constant[0].size in (1, len(weights[-1])):
            biases[-1] = biases[-1] + constant[0].reshape(-1)
        elif node.op_type in _ACTIVATION and len(weights) == open_layer:
            activations.append(_ACTIVATION[node.op_type])
        else:
            return None
    return (weights, biases, activations) if weights and flow == graph.output[0].name else None


@dataclass(frozen=True)
class OnnxController:
    """A network that onnxruntime executes, in single precision unless the model says double.

    `law` is None because no kernel can run it; `frame` says how its value becomes writes.
    """

    session: Any
    frame: Law
    reads: Mapping[str, tuple[str, ...]]
    writes: Mapping[str, tuple[str, ...]]
    parameters: int
    input_scale: float
    output_scale: float
    law: None = None

    @property
    def arithmetic(self) -> Arithmetic:
        """A multiply-accumulate for each parameter of the network, and those of the frame around it."""
        used = sum(int(matrix.size) for matrix in (self.frame.gain, self.frame.linear) if matrix.any())
        return Arithmetic(self.parameters + used, WORD * (self.parameters + used + int(self.frame.constant.size)))

    def initial_state(self, replicas: int) -> None:
        """There is none."""

    def act(
        self, reads: Mapping[str, Floats], tick: int, state: Any, rng: np.random.Generator
    ) -> tuple[Mapping[str, Floats], Any]:
        """One step: ``gain @ network(y) + linear @ y + constant``."""
        volts = np.concatenate([reads[name] for name in self.reads])
        entry = self.session.get_inputs()[0]
        kind = np.float64 if entry.type == "tensor(double)" else np.float32
        batch = np.ascontiguousarray((volts / self.input_scale).T, dtype=kind)
        value = self.session.run(None, {entry.name: batch})[0].T.astype(float) * self.output_scale
        frame = self.frame
        return split(frame.gain @ value + frame.linear @ volts + frame.constant[:, np.newaxis], self.writes), state


def onnx_controller(plan: ControllerPlan, path: Path, frame: Law) -> OnnxController:
    """A controller around an ONNX network that is no chain of dense layers."""
    if plan.options.get("output", "score") == "energy":
        refuse(plan, f"{path}: the gradient of an energy is known only for chains of dense layers", "output")
    try:
        import onnx
        import onnxruntime
    except ImportError:
        refuse(plan, f"{path}: ONNX networks need the extra: pip install 'thermosim-hil[onnx]'", "network")
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    graph = onnx.load(str(path)).graph
    parameters = sum(int(np.prod(item.dims)) for item in graph.initializer)
    inputs = channels(plan.reads)
    probe = OnnxController(
        session, frame, plan.reads, plan.writes, parameters,
        float(plan.options.get("input_scale", 1.0)), float(plan.options.get("output_scale", 1.0)),
    )  # fmt: skip
    first, count = next(iter(plan.reads)), frame.gain.shape[1]
    try:
        shape = session.run(None, _sample(session, inputs))[0].shape
    except Exception as error:
        refuse(plan, f"{path}: the network does not take a batch of {inputs} reads ({first}, ...): {error}", "network")
    if shape != (2, count):
        refuse(plan, f"{path}: the network gives {shape[1:]} for each replica; expected ({count},)", "network")
    return probe


def _sample(session: Any, inputs: int) -> dict[str, np.ndarray]:
    entry = session.get_inputs()[0]
    return {entry.name: np.zeros((2, inputs), np.float64 if entry.type == "tensor(double)" else np.float32)}
