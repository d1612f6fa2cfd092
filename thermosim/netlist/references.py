"""Names in a netlist that must exist elsewhere in it: models, types, cards' places, subcircuits, their ports."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any

from thermosim.errors import Problems, suggestion
from thermosim.models import REGISTRY
from thermosim.netlist.couplings import Coupling
from thermosim.netlist.parameters import NAME, name_problem
from thermosim.netlist.schema import Controller, Instance, Netlist
from thermosim.strict_yaml import Path, dotted


def check_references(netlist: Netlist, problems: Problems) -> None:
    """Report every name that points nowhere."""
    check = _Check(netlist, problems)
    for index, folder in enumerate(netlist.library):
        if not any(place.is_dir() for place in (FilePath(netlist.document.files[0]).parent / folder, FilePath(folder))):
            check.add(("library", index), f"no folder '{folder}' beside the netlist or here")
    for name, spec in netlist.models.items():
        check.named(name, "a model", ("models", name))
        check.model(spec, ("models", name))
    check.body(netlist.instances, netlist.couplings, ())
    for name, subcircuit in netlist.subcircuits.items():
        at: Path = ("subcircuits", name)
        check.named(name, "a subcircuit", at)
        for index, port in enumerate(subcircuit.ports):
            check.named(port, "a port", (*at, "ports", index))
        for parameter in subcircuit.parameters:
            complaint = name_problem(parameter)
            if complaint is not None:
                check.add((*at, "parameters", parameter), complaint, key=True)
        check.body(subcircuit.instances, subcircuit.couplings, at)
    for name, controller in netlist.controllers.items():
        check.named(name, "a controller", ("controllers", name))
        check.controller(controller, ("controllers", name))


def _keys(netlist: Netlist, section: str) -> frozenset[str]:
    raw = netlist.document.data.get(section)
    return frozenset(raw) if isinstance(raw, dict) else frozenset()


class _Check:
    def __init__(self, netlist: Netlist, problems: Problems) -> None:
        self.netlist = netlist
        self.problems = problems
        # As written: a model with a mistake of its own still exists.
        self.models = _keys(netlist, "models")
        self.subcircuits = _keys(netlist, "subcircuits")

    def add(self, at: Path, message: str, key: bool = False) -> None:
        self.problems.add(self.netlist.document.position(at, key), dotted(at), message)

    def body(self, instances: Mapping[str, Instance], couplings: Mapping[str, Coupling], at: Path) -> None:
        for name, instance in instances.items():
            self.named(name, "an instance", (*at, "instances", name))
            self.instance(instance, (*at, "instances", name))
        for name, coupling in couplings.items():
            here = (*at, "couplings", name, "model")
            self.named(name, "a coupling", here[:-1])
            if name in instances:
                self.add(here[:-1], f"'{name}' names an instance too; every part has a name of its own", key=True)
            if isinstance(coupling.model, str):
                self.known(coupling.model, "model", self.models, here)
            else:
                self.model(coupling.model, here)

    def instance(self, instance: Instance, at: Path) -> None:
        if instance.model is not None:
            self.known(instance.model, "model", self.models, (*at, "model"))
        elif instance.type is not None:
            self.known(instance.type, "type", REGISTRY, (*at, "type"))
        elif instance.subcircuit is not None:
            self.known(instance.subcircuit, "subcircuit", self.subcircuits, (*at, "subcircuit"))

    def model(self, spec: Mapping[str, Any], at: Path) -> None:
        """A mapping that is a model: a card with overrides, or a type with its parameters."""
        given = [key for key in ("card", "type", "model") if key in spec]
        if not given:
            close = get_close_matches(str(at[-1]), [name for name in self.models if name != at[-1]], n=1)
            hint = f"; did you mean '{close[0]}'?" if close and at[0] == "models" else ""
            self.add(at, f"needs 'card' (a card's name) or 'type' (a model type){hint}", key=True)
        elif len(given) > 1:
            self.add(at, f"has both '{given[0]}' and '{given[1]}'; a model has one of them", key=True)
        elif given == ["type"]:
            self.known(spec["type"], "type", REGISTRY, (*at, "type"))
        elif given == ["model"]:
            self.known(spec["model"], "model", self.models, (*at, "model"))

    def controller(self, controller: Controller, at: Path) -> None:
        keys = sorted(Controller.model_fields)
        for option in controller.options:
            close = get_close_matches(option, keys, n=1, cutoff=0.8)
            if close:
                self.add((*at, option), f"unknown key '{option}'; did you mean '{close[0]}'?", key=True)
        if isinstance(controller.arithmetic, str):
            self.known(controller.arithmetic, "model", self.models, (*at, "arithmetic"))
        elif controller.arithmetic is not None:
            self.model(controller.arithmetic, (*at, "arithmetic"))

    def named(self, name: str, what: str, at: Path) -> None:
        if not NAME.fullmatch(name):
            self.add(at, f"'{name}' cannot name {what}: use letters, digits and _", key=True)

    def known(self, name: Any, kind: str, names: Collection[str], at: Path) -> None:
        if not isinstance(name, str) or name not in names:
            self.add(at, f"unknown {kind} '{name}'{suggestion(str(name), names)}")
