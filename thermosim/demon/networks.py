"""Networks from files: ``.npz`` with W0, b0, W1, b1, ...; ``.onnx`` through onnxruntime.

Layer l computes ``f(W_l h + b_l)`` with W_l (out, in); the last one is linear. An ``.npz`` file may name its
``activation``.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, cast

import numpy as np

from thermosim.circuit.program import ControllerPlan
from thermosim.contracts import MLP
from thermosim.demon.errors import refuse
from thermosim.demon.evaluate import ACTIVATIONS
from thermosim.errors import suggestion

OPTIONS = ("network", "activation", "output", "input_scale", "output_scale")


def perceptron(plan: ControllerPlan, weights: list[np.ndarray], biases: list[np.ndarray], activation: str) -> MLP:
    """The perceptron with these layers and the options of `plan`, checked.

    Raises
    ------
    NetlistError
        If layers do not fit each other or the reads, or an option is unknown.
    """
    if activation not in ACTIVATIONS:
        refuse(plan, f"unknown activation '{activation}'{suggestion(activation, ACTIVATIONS)}", "activation")
    output = plan.options.get("output", "score")
    if output not in ("score", "energy"):
        refuse(plan, f"unknown output '{output}'{suggestion(str(output), ('score', 'energy'))}", "output")
    width = sum(len(nets) for nets in plan.reads.values())
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        if weight.ndim != 2 or weight.shape[1] != width:
            came = "reads" if layer == 0 else f"outputs of layer {layer - 1}"
            refuse(plan, f"W{layer} has shape {weight.shape}; expected (any, {width}) for {width} {came}", "network")
        if bias.shape != (len(weight),):
            refuse(plan, f"b{layer} has shape {bias.shape}; expected ({len(weight)},), the rows of W{layer}", "network")
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            refuse(plan, f"layer {layer} holds a value that is not finite", "network")
        width = len(weight)
    if output == "energy" and width != 1:
        refuse(plan, f"an energy network ends in one number; the last layer has {width}", "network")
    scales = [plan.options.get(name, 1.0) for name in ("input_scale", "output_scale")]
    for name, scale in zip(("input_scale", "output_scale"), scales, strict=True):
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not scale > 0:
            refuse(plan, f"{scale!r}: expected a number above 0", name)
    return MLP(
        tuple(np.ascontiguousarray(weight, dtype=float) for weight in weights),
        tuple(np.ascontiguousarray(bias, dtype=float) for bias in biases),
        cast(Any, activation),
        cast(Any, output),
        float(scales[0]),
        float(scales[1]),
    )


def read_npz(plan: ControllerPlan, path: Path) -> MLP:
    """The perceptron in an ``.npz`` file; nothing in it is executed."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError:
        refuse(plan, f"{path}: no such file", "network")
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        refuse(plan, f"{path}: not an .npz file of plain arrays ({error})", "network")
    depth = sum(name.startswith("W") for name in arrays)
    wanted = [f"{letter}{layer}" for layer in range(depth) for letter in "Wb"]
    missing = [name for name in wanted if name not in arrays]
    if depth == 0 or missing:
        what = "W0" if depth == 0 else missing[0]
        refuse(plan, f"{path}: array {what} is missing; it holds {', '.join(sorted(arrays)) or 'nothing'}", "network")
    activation = str(arrays["activation"]) if "activation" in arrays else str(plan.options.get("activation", "tanh"))
    layers = range(depth)
    return perceptron(plan, [arrays[f"W{k}"] for k in layers], [arrays[f"b{k}"] for k in layers], activation)
