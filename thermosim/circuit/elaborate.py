"""Netlist -> Circuit: expand subcircuits and arrays, bind models to cards, resolve nets, draw the die."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

import numpy as np

from thermosim.circuit.circuit import At, Circuit, Instance, Synapses
from thermosim.circuit.couplings import expand_coupling
from thermosim.circuit.nets import Contact, NetExpressionError, Nets, element, natural
from thermosim.circuit.variation import vary
from thermosim.circuit.warmth import warm
from thermosim.errors import Problems, suggestion
from thermosim.models.base import Model, Pin
from thermosim.netlist import Bound, Netlist, bind
from thermosim.netlist.expressions import evaluate
from thermosim.strict_yaml import dotted
from thermosim.units import Quantity, read_any

_INDEXED = re.compile(r"\{[^}]*\b[ij]\b[^}]*\}")
_RESERVED = {"pins", "shape"}
DEEPEST = 16
MOST, MOST_PARTS = 10**8, 10**6
"""Elements of one array, and copies of one subcircuit: beyond these memory ends before the answer comes."""


@dataclass(frozen=True)
class Scope:
    """Where names are looked up while a body of instances is expanded."""

    prefix: str
    at: At
    names: Mapping[str, Quantity | float]
    ports: Mapping[str, str] = field(default_factory=dict)
    stack: tuple[str, ...] = ()


@dataclass
class Expansion:
    """What expanding has gathered so far."""

    netlist: Netlist
    problems: Problems
    nets: Nets = field(default_factory=Nets)
    instances: dict[str, Instance] = field(default_factory=dict)
    synapses: list[Synapses] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    """Instances that could not be built: what depends on them is not blamed a second time."""

    def add(self, at: At, message: str, *, key: bool = False) -> None:
        self.problems.add(self.netlist.document.position(at, key=key), dotted(at), message)


def elaborate(netlist: Netlist, die: int | None = None, problems: Problems | None = None) -> Circuit:
    """Expand a netlist into one die; `problems` are those of reading it, to be told together.

    Raises
    ------
    NetlistError
        With every problem of the hierarchy: models, parameters, nets, couplings, variation.
    """
    work = Expansion(netlist, Problems() if problems is None else problems)
    work.failed.update(set(_written(netlist, "instances")) - set(netlist.instances))
    top = Scope("", (), dict(netlist.parameters))
    _body(work, top, netlist.instances, netlist.couplings)
    _controllers(work)
    if not work.failed:
        work.nets.check(work.problems)
    number = netlist.variation.die if die is None else die
    ordered = {path: work.instances[path] for path in sorted(work.instances, key=natural)}
    circuit = Circuit(
        netlist, number, ordered, tuple(sorted(work.synapses, key=lambda s: natural(s.path))), work.nets, {}
    )
    if not work.failed:
        circuit = vary(circuit, work.problems)
    work.problems.raise_if_any()
    circuit = warm(circuit, work.problems)
    work.problems.raise_if_any()
    return circuit


def _written(netlist: Netlist, section: str) -> Mapping[str, Any]:
    """A section as the file has it, with the entries that could not be read."""
    raw = netlist.document.data.get(section)
    return raw if isinstance(raw, dict) else {}


def _controllers(work: Expansion) -> None:
    """Put the controllers' ports on their code nets; ports that name no net are reported by assemble."""
    for name, spec in work.netlist.controllers.items():
        for section in ("reads", "writes"):
            for port, text in getattr(spec, section).items():
                where = work.netlist.document.position(("controllers", name, section, port))
                pin = Pin(port, "code", "in" if section == "reads" else "out")
                try:
                    nets = work.nets.named(text)
                except ValueError:
                    continue
                for net in nets:
                    work.nets.connect(net, Contact(f"controllers.{name}", pin, where))


def _body(work: Expansion, scope: Scope, instances: Mapping[str, Any], couplings: Mapping[str, Any]) -> None:
    for name, spec in instances.items():
        at = (*scope.at, "instances", name)
        if spec.subcircuit is not None:
            _subcircuits(work, scope, name, spec, at)
        else:
            _primitive(work, scope, name, spec, at)
    for name, coupling in couplings.items():
        expand_coupling(work, scope, name, coupling, (*scope.at, "couplings", name))


def indices(shape: tuple[int, ...]) -> list[dict[str, float]]:
    """Index names of every element: {} for a scalar, i for a row, i and j for a grid."""
    return [
        {name: float(value) for name, value in zip(("i", "j", "k"), index, strict=False)}
        for index in product(*(range(length) for length in shape))
    ]


def _subscript(path: str, index: Mapping[str, float]) -> str:
    return f"{path}[{','.join(str(int(value)) for value in index.values())}]" if index else path


def _net(work: Expansion, scope: Scope, text: str, names: Mapping[str, Quantity | float], at: At) -> str | None:
    """Global name of the net that a pin is given, or None after reporting the mistake."""
    try:
        local = element(text, names)
    except (NetExpressionError, ValueError) as error:
        work.add(at, str(error))
        return None
    if local == "0":
        return local
    return scope.ports.get(local, scope.prefix + local)


def _pins(
    work: Expansion,
    scope: Scope,
    pins: Mapping[str, str],
    known: tuple[Pin, ...],
    shape: tuple[int, ...],
    at: At,
) -> dict[str, tuple[str, ...]] | None:
    """Nets of every element for each pin, or None after reporting unknown, missing and unreadable ones."""
    names = {pin.name: pin for pin in known}
    for name in pins:
        if name not in names:
            work.add((*at, "pins", name), f"unknown pin '{name}'{suggestion(name, names)}", key=True)
    for pin in known:
        if pin.name not in pins and not pin.optional:
            work.add(at, f"missing pin '{pin.name}'; its pins are {', '.join(names)}", key=True)
    found: dict[str, tuple[str, ...]] = {}
    for name, text in pins.items():
        if name not in names:
            continue
        where = (*at, "pins", name)
        nets = []
        for index in indices(shape):
            net = _net(work, scope, text, {**scope.names, **index}, where)
            if net is None:
                break
            nets.append(net)
        else:
            found[name] = tuple(nets)
    whole = set(found) == set(pins) and all(pin.optional or pin.name in found for pin in known)
    return found if whole else None


def _primitive(work: Expansion, scope: Scope, name: str, spec: Any, at: At) -> None:
    path, shape = scope.prefix + name, tuple(spec.shape)
    raw = {key: value for key, value in spec.raw.items() if key not in _RESERVED}
    if prod(shape) > MOST:
        work.failed.add(path)
        work.add(
            (*at, "shape"), f"{prod(shape):.3g} elements are more than a chip of this program can have ({MOST:.0e})"
        )
        return
    each = _INDEXED.search(repr(raw)) is not None
    bounds = []
    for index in indices(shape) if each else [dict.fromkeys(("i", "j")[: len(shape)], 0.0)]:
        bound = bind(raw, at, work.netlist, work.problems, {**scope.names, **index})
        if bound is None:
            work.failed.add(path)
            return
        bounds.append(bound)
    pins = _pins(work, scope, spec.pins, bounds[0].model.pins, shape, at)
    if pins is None:
        work.failed.add(path)
    elif _alike(bounds):
        add_instance(work, path, at, bounds, shape, pins)
    elif bounds[0].model.family in ("pbit", "pdit"):
        work.failed.add(path)
        may, kind = ", ".join(sorted(_arrayed(bounds[0].model))), bounds[0].model.family.replace("p", "p-", 1)
        work.add(at, f"the {kind}s of an array may differ in {may} and in nothing else", key=True)
    else:
        # They differ in more than numbers read per element: each is a part of its own.
        for k, index in enumerate(indices(shape)):
            alone = {pin: (nets[k],) for pin, nets in pins.items()}
            add_instance(work, _subscript(path, index), at, [bounds[k]], (), alone)


def _arrayed(model: Model) -> set[str]:
    """Parameters that are read element by element."""
    return {*model.mismatched, *(("bias",) if model.family in ("pbit", "pdit") else ())}


def _alike(bounds: list[Bound]) -> bool:
    """Whether the elements differ at most in parameters that are read element by element."""
    apart = _arrayed(bounds[0].model)
    first = bounds[0].model.model_dump(exclude=apart)
    return all(bound.model.model_dump(exclude=apart) == first for bound in bounds[1:])


def add_instance(
    work: Expansion,
    path: str,
    at: At,
    elements: list[Bound],
    shape: tuple[int, ...],
    pins: Mapping[str, tuple[str, ...]],
) -> None:
    """Register an instance array and put its pins on their nets."""
    size = prod(shape)
    drawn = numbers([bound.model for bound in elements], size)
    instance = Instance(path, at, elements[0], shape, pins, drawn, drawn)
    work.instances[path] = instance
    for pin in elements[0].model.pins:
        for k, net in enumerate(pins.get(pin.name, ())):
            where = work.netlist.document.position((*at, "pins", pin.name))
            work.nets.connect(net, Contact(instance.element(k), pin, where))


def numbers(models: list[Model], size: int) -> dict[str, np.ndarray]:
    """Every numeric parameter of a model as an array (size,); one model stands for all elements."""
    first = models[0]
    found = {}
    for name in type(first).model_fields:
        value = getattr(first, name)
        if isinstance(value, float) and not isinstance(value, bool):
            values = [getattr(model, name) for model in models]
            found[name] = np.full(size, value) if len(models) == 1 else np.array(values, dtype=float)
    if first.family == "pdit":  # the one parameter of an element that has several numbers
        biases = [getattr(model, "bias") or (0.0,) * getattr(model, "q") for model in models]  # noqa: B009
        found["bias"] = np.array(np.broadcast_to(biases, (size, len(biases[0]))))
    return found


def _subcircuits(work: Expansion, scope: Scope, name: str, spec: Any, at: At) -> None:
    known = work.netlist.subcircuits
    kind, path, shape = spec.subcircuit, scope.prefix + name, tuple(spec.shape)
    if kind not in known and kind in _written(work.netlist, "subcircuits"):
        work.failed.add(path)
        return
    if kind not in known:
        work.failed.add(path)
        work.add((*at, "subcircuit"), f"unknown subcircuit '{kind}'{suggestion(kind, known)}")
        return
    if kind in scope.stack or len(scope.stack) >= DEEPEST:
        chain = " -> ".join([*scope.stack, kind])
        work.add((*at, "subcircuit"), f"subcircuit '{kind}' contains itself: {chain}")
        return
    body = known[kind]
    for extra in spec.model_extra or {}:
        message = f"unknown key '{extra}'; parameters of a subcircuit stand under 'parameters'"
        work.add((*at, extra), message, key=True)
    for parameter in spec.parameters:
        if parameter not in body.parameters:
            message = f"subcircuit '{kind}' has no parameter '{parameter}'{suggestion(parameter, body.parameters)}"
            work.add((*at, "parameters", parameter), message, key=True)
    if prod(shape) > MOST_PARTS:
        work.failed.add(path)
        work.add((*at, "shape"), f"{prod(shape):.3g} copies of a subcircuit are too many ({MOST_PARTS:.0e} at most)")
        return
    ports = tuple(Pin(port, "analog", "inout") for port in body.ports)
    pins = _pins(work, scope, spec.pins, ports, shape, at)
    if pins is None:
        work.failed.add(path)
    for k, index in enumerate(indices(shape)):
        names = _parameters(work, body, spec, {**scope.names, **index}, at)
        if pins is None:
            continue
        inner = Scope(
            prefix=_subscript(path, index) + ".",
            at=("subcircuits", kind),
            names={**names, **index},
            ports={port: nets[k] for port, nets in pins.items()},
            stack=(*scope.stack, kind),
        )
        _body(work, inner, body.instances, body.couplings)


def _parameters(
    work: Expansion, body: Any, spec: Any, outer: Mapping[str, Quantity | float], at: At
) -> dict[str, Quantity | float]:
    """Values of a subcircuit's parameters: its defaults, overridden by the instance's."""
    values: dict[str, Quantity | float] = dict(body.parameters)
    for name, text in spec.parameters.items():
        if name not in body.parameters:
            continue
        where = (*at, "parameters", name)
        try:
            given = evaluate(text, outer) if str(text).strip().startswith("{") else read_any(str(text))
        except ValueError as error:
            work.add(where, str(error))
            continue
        if given.dimension != body.parameters[name].dimension:
            work.add(where, f"'{text}' has another dimension than the default of '{name}'")
            continue
        values[name] = given
    return values
