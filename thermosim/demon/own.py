"""A user's class as a controller, ``module:Class``, checked before the run."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from thermosim.circuit.program import ControllerPlan, HostPlan
from thermosim.contracts import Arithmetic, Controller, Host, Law
from thermosim.demon.errors import refuse
from thermosim.demon.laws import channels
from thermosim.errors import suggestion, told

_NEEDED = ("arithmetic", "law", "initial_state", "act")
_NEEDED_OF_HOST = ("arithmetic", "initial_state", "act")


def own_controller(plan: ControllerPlan) -> Controller:
    """The user's class, made with (plan, options).

    Raises
    ------
    NetlistError
        If it cannot be imported or made, or is no controller.
    """
    controller: Controller = _made(plan, _NEEDED)
    law = controller.law
    if isinstance(law, Law):
        _check_shapes(plan, law)
    elif law is not None:
        refuse(plan, f"{plan.program}: law is {law!r}; expected a thermosim.contracts.Law, or None", "program")
    return controller


def own_host(plan: HostPlan) -> Host:
    """The user's class of a controller of p-bits, made with (plan, options).

    Raises
    ------
    NetlistError
        If it cannot be imported or made, or is no such controller.
    """
    host: Host = _made(plan, _NEEDED_OF_HOST)
    return host


def _made(plan: ControllerPlan | HostPlan, needed: tuple[str, ...]) -> Any:
    """The user's class, imported and made, with all that is needed of it."""
    module_name, _, name = plan.program.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:  # an installed program does not look in the working directory by itself
        sys.path.append(here)
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        message = f"cannot import '{module_name}': {error}; it must be in the working directory or on Python's path"
        refuse(plan, message, "program")
    except Exception as error:
        refuse(plan, f"importing '{module_name}' raised {told(error, module_name)}", "program")
    if not hasattr(module, name):
        known = [item for item in vars(module) if not item.startswith("_")]
        refuse(plan, f"module '{module_name}' has no '{name}'{suggestion(name, known)}", "program")
    try:
        controller = getattr(module, name)(plan, plan.options)
        found = {item: getattr(controller, item) for item in needed if hasattr(controller, item)}
    except Exception as error:
        refuse(plan, f"making {plan.program}(plan, options) raised {told(error, module_name)}", "program")
    missing = [item for item in needed if item not in found]
    if missing:
        refuse(plan, f"{plan.program} has no {', '.join(missing)}; a controller has {', '.join(needed)}", "program")
    if not isinstance(found["arithmetic"], Arithmetic):
        expected = "expected a thermosim.contracts.Arithmetic"
        refuse(plan, f"{plan.program}: arithmetic is {found['arithmetic']!r}; {expected}", "program")
    return controller


def own_code(plan: ControllerPlan | HostPlan) -> Path | None:
    """The file of a user's class that has been made; None for a program of ours, or without a file."""
    module = sys.modules.get(plan.program.partition(":")[0]) if ":" in plan.program else None
    file = getattr(module, "__file__", None)
    return Path(file) if file else None


def _check_shapes(plan: ControllerPlan, law: Law) -> None:
    """Refuse a law that does not fit the ports."""
    reads, writes = channels(plan.reads), channels(plan.writes)
    for name, expected in (("linear", (writes, reads)), ("constant", (writes,))):
        shape = np.shape(getattr(law, name))
        if shape != expected:
            refuse(plan, f"{plan.program}: law.{name} has shape {shape}; expected {expected}", "program")
    shape = np.shape(law.gain)
    if len(shape) != 2 or shape[0] != writes:
        wanted = f"({writes}, outputs of the network)"
        refuse(plan, f"{plan.program}: law.gain has shape {shape}; expected {wanted}", "program")
