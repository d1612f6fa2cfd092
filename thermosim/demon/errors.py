"""How a controller says what is wrong with the netlist that asks for it."""

from __future__ import annotations

from typing import NoReturn

from thermosim.circuit.program import ControllerPlan, HostPlan
from thermosim.errors import NetlistError, Problem


def refuse(plan: ControllerPlan | HostPlan, message: str, option: str = "") -> NoReturn:
    """Raise the one problem `message` at the controller of `plan`, or at one of its options."""
    path = ".".join(part for part in ("controllers", plan.path, option) if part)
    raise NetlistError([Problem(None, path, message)])
