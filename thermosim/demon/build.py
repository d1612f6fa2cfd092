"""ControllerPlan -> controller: the built-in programs by name, a user's class by ``module:Class``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from thermosim.circuit.hosts import CALIBRATE
from thermosim.circuit.program import ControllerPlan, HostPlan
from thermosim.contracts import MLP, Controller, Host, Law, Network
from thermosim.demon.calibrate import Calibrate
from thermosim.demon.errors import refuse
from thermosim.demon.laws import LawController, channels, proportional, score_law
from thermosim.demon.networks import OPTIONS, read_npz
from thermosim.demon.onnx import onnx_controller, read_onnx
from thermosim.demon.own import own_controller, own_host
from thermosim.errors import suggestion


def build_host(plan: HostPlan) -> Host:
    """The controller of p-bits that is asked for: ``calibrate``, or ``module:Class``, made as Class(plan, options).

    Raises
    ------
    NetlistError
        If an option, a port or a class does not fit.
    """
    if ":" in plan.program:
        return own_host(plan)
    if plan.program != CALIBRATE:
        refuse(plan, f"program '{plan.program}' works between converters; p-bits have calibrate and module:Class")
    return Calibrate(plan)


def build(plan: ControllerPlan) -> Controller:
    """The controller that a netlist asks for.

    ``proportional``: u = gain (aim - y). ``score``: the score of the target mixture, or of the network in a file,
    drives the plant. ``network``: the network's output is written as it is, in volts. ``module:Class``: a user's
    class, made as ``Class(plan, options)``.

    Raises
    ------
    NetlistError
        If an option, a file or a class does not fit; the message says what was expected.
    """
    if ":" in plan.program:
        return own_controller(plan)
    programs: dict[str, Callable[[ControllerPlan], Controller]] = {
        "proportional": proportional,
        "score": _score,
        "network": _network,
    }
    if plan.program not in programs:
        refuse(plan, f"unknown program '{plan.program}'{suggestion(plan.program, programs)}", "program")
    return programs[plan.program](plan)


def _score(plan: ControllerPlan) -> Controller:
    if "network" in plan.options:
        return _from_file(plan, lambda network: score_law(plan, network))
    _known(plan, ())
    if plan.target is None:
        refuse(plan, "a score demon needs a target: a gaussian_mixture in the netlist, or a network file", "network")
    dimension, reads = plan.target.means.shape[1], channels(plan.reads)
    if dimension != reads:
        refuse(plan, f"the target is a law of {dimension} nets; the controller reads {reads}", "reads")
    return LawController(score_law(plan, plan.target), plan.reads, plan.writes)


def _network(plan: ControllerPlan) -> Controller:
    if "network" not in plan.options:
        refuse(plan, "a network controller needs a file: network: weights.npz or network: model.onnx", "network")
    outputs, inputs = channels(plan.writes), channels(plan.reads)

    def law(network: Network | None) -> Law:
        return Law(network, np.eye(outputs), np.zeros((outputs, inputs)), np.zeros(outputs))

    return _from_file(plan, law)


def _from_file(plan: ControllerPlan, law: Callable[[Network | None], Law]) -> Controller:
    """The controller with the law of the network in the file that the option ``network`` names."""
    _known(plan, OPTIONS)
    path = Path(str(plan.options["network"]))
    if path.suffix == ".npz":
        network: MLP | None = read_npz(plan, path)
    elif path.suffix == ".onnx":
        network = read_onnx(plan, path)
    else:
        refuse(plan, f"{path}: expected a file that ends in .npz or .onnx", "network")
    whole = law(network)
    if network is None:
        return onnx_controller(plan, path, whole)
    width = len(network.weights[-1]) if network.output == "score" else channels(plan.reads)
    if width != whole.gain.shape[1]:
        refuse(plan, f"the network has {width} outputs; expected {whole.gain.shape[1]}", "network")
    return LawController(whole, plan.reads, plan.writes)


def _known(plan: ControllerPlan, names: tuple[str, ...]) -> None:
    for name in plan.options:
        if name not in names:
            refuse(plan, f"unknown option '{name}' of program '{plan.program}'{suggestion(name, names)}", name)
