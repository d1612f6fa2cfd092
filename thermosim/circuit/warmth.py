"""Temperature of components: values that drift with it, and resistors that heat themselves.

    r(T) = r (1 + tc1 (T - t_nominal)),   T = ambient + thermal_resistance <Qdot>

<Qdot> is the mean heat into the resistor in the stationary state, of the mean voltages and of all noise
(:mod:`thermosim.analysis.thermodynamics`), with driven nets held; it follows T through r and the Johnson noise, and
the T sought is where both agree. It is approached from ambient, as by a chip that is switched on, so that the first
such T is found; where there is none the resistor runs away. Thermal time constants are not modelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from thermosim.analysis import linear, thermodynamics
from thermosim.circuit.branches import branches
from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.fabrics import build_clocks
from thermosim.circuit.held_noise import build_held, held_in
from thermosim.circuit.islands import build_islands
from thermosim.circuit.movers import Movers, at_start, build_movers
from thermosim.circuit.nets import GROUND
from thermosim.circuit.program import Island
from thermosim.circuit.sources import driven_nets
from thermosim.contracts import Floats
from thermosim.errors import Problems
from thermosim.units import show

DRIFTING = {"resistor": "r", "capacitor": "c"}
"""Parameter that drifts with temperature, by type."""
HOTTEST = 1000.0
"""Rise above ambient [K] beyond which a resistor has run away: nothing on a chip is left to be modelled."""
ROUNDS, AGREED = 500, 1e-9
"""Rounds of the search, and how well temperatures must agree [K]."""
Warm = dict[str, Floats]
"""Path of a self-heating instance -> temperature of its elements [K]."""


def warm(circuit: Circuit, problems: Problems) -> Circuit:
    """The circuit at its temperatures: `actual` values drifted, and self-heating resistors with one of their own."""
    heated = [item for item in circuit.of_type("resistor") if _model(item).thermal_resistance is not None]
    drifting = [item for item in circuit.of_type(*DRIFTING) if _model(item).tc1 is not None]
    if not heated and not drifting:
        return circuit
    ambient = circuit.netlist.temperature
    start: Warm = {item.path: np.full(item.size, ambient) for item in heated}
    before = len(problems)
    cool = _at(circuit, start, problems)
    if not heated or len(problems) > before or not _heat_is_known(circuit, heated, problems):
        return cool
    return _settled(circuit, start, problems)


def temperature(circuit: Circuit, instance: Instance, k: int) -> float:
    """Temperature of element k of a resistor or capacitor on this die [K]."""
    return float(instance.actual["temperature"][k] if "temperature" in instance.actual else circuit.netlist.temperature)


def warmth_notes(circuit: Circuit) -> Iterator[str]:
    """What drifted, and which resistors are warmer than ambient."""
    for instance in circuit.of_type(*DRIFTING):
        model, name = _model(instance), DRIFTING[instance.type]
        kelvins = np.array([temperature(circuit, instance, k) for k in range(instance.size)])
        if instance.type == "resistor" and model.thermal_resistance is not None:
            hottest = float(kelvins.max())
            watts = (hottest - circuit.netlist.temperature) / model.thermal_resistance
            yield (
                f"{instance.path}: its own heat of {show(watts, 'W', 3)} makes it "
                f"{show(hottest - circuit.netlist.temperature, 'K', 3)} warmer than ambient in the mean"
                f"{' (the hottest of its elements)' if instance.size > 1 else ''}; it is taken to be so from the start"
            )
        if model.tc1 is not None:
            factors = 1 + model.tc1 * (kelvins - model.t_nominal)
            spread = f"{factors.min():.5g}" + (f" to {factors.max():.5g}" if np.ptp(factors) else "")
            at = show(float(kelvins.max()), "K", 4)
            yield f"{instance.path}: at {at} its {name} is {spread} of that at {show(model.t_nominal, 'K', 4)}"


def _model(instance: Instance) -> Any:
    return instance.bound.model


def _at(circuit: Circuit, kelvins: Warm, problems: Problems) -> Circuit:
    """The circuit with its components at these temperatures, others at ambient or what they state."""
    instances = dict(circuit.instances)
    for instance in circuit.of_type(*DRIFTING):
        model, values, name = _model(instance), dict(instance.actual), DRIFTING[instance.type]
        if instance.path in kelvins:
            values["temperature"] = kelvins[instance.path]
        if model.tc1 is not None:
            own = values.get("temperature", np.full(instance.size, circuit.netlist.temperature))
            factor = 1 + model.tc1 * (own - model.t_nominal)
            if factor.min() <= 0:
                problems.add(
                    circuit.netlist.document.position((*instance.at, "tc1")), instance.path,
                    f"at {show(float(own[factor.argmin()]), 'K', 4)} tc1 makes its {name} {factor.min():.3g} times "
                    f"that at {show(model.t_nominal, 'K', 4)}: a coefficient is the slope near t_nominal and no law so "
                    "far from it",
                )  # fmt: skip
                return circuit
            values[name] = values[name] * factor
        instances[instance.path] = replace(instance, actual=values)
    return replace(circuit, instances=instances)


def _heat_is_known(circuit: Circuit, heated: list[Instance], problems: Problems) -> bool:
    """Whether every self-heating resistor has a mean power that does not depend on what a controller does."""
    before = len(problems)
    told = Problems()  # what else is wrong assembling the chip will tell
    driven, movers, islands = _linear(circuit, told)
    if len(told):
        return False
    moved = {net for instance in circuit.of_type("dac") for net in instance.pins["out"]}
    moved |= {source.net for source in movers.sources}
    for instance in heated:
        for k in range(instance.size):
            ends = {nets[k] for nets in instance.pins.values()}
            island = next((one for one in islands if ends & {*one.nodes, *one.absent}), None)
            reach = ends | set(island.inputs if island is not None else ())
            if moved & reach:
                why = (
                    f"'{min(moved & reach)}' is moved by a converter or a generator, so that its mean power is not "
                    "known beforehand"
                )
            elif island is None and not ends <= {GROUND, *driven}:
                why = "its network is not linear"
            elif instance.path in movers.signals or (island is not None and island.moving is not None):
                why = "its network changes in time" if instance.path not in movers.signals else "it changes in time"
            elif island is not None and ends & set(island.absent):
                gone = min(ends & set(island.absent))
                why = f"its heat is no number: {island.absent[gone]}"
            else:
                continue
            problems.add(
                circuit.netlist.document.position((*instance.at, "thermal_resistance")), instance.element(k),
                f"self-heating is not built here: {why}; leave thermal_resistance out, or state temperature",
            )  # fmt: skip
    return len(problems) == before


def _linear(circuit: Circuit, problems: Problems) -> tuple[dict[str, tuple[float, float]], Movers, tuple[Island, ...]]:
    """Driven nets with their (drawn, actual) volts, what moves, and the linear islands."""
    movers = build_movers(circuit, build_clocks(circuit), problems)
    driven = driven_nets(circuit, problems) | at_start(movers.sources)
    return driven, movers, build_islands(circuit, driven, movers, problems)


def _settled(circuit: Circuit, start: Warm, problems: Problems) -> Circuit:
    """Where temperatures and heat agree, from `start` on; a problem where they never do."""
    ambient, kelvins = circuit.netlist.temperature, start
    share, last = 1.0, np.inf
    for _ in range(ROUNDS):
        told = Problems()
        now = _at(circuit, kelvins, told)
        heat = {} if len(told) else _heats(now, problems)
        if heat is None:
            return circuit
        wanted = {path: ambient + _model(circuit.instances[path]).thermal_resistance * heat[path] for path in heat}
        apart = max((float(np.abs(wanted[path] - kelvins[path]).max()) for path in wanted), default=np.inf)
        if apart <= AGREED:
            return now
        hottest = max(kelvins, key=lambda path: float(kelvins[path].max()))
        if len(told) or kelvins[hottest].max() > ambient + HOTTEST:
            _ran_away(circuit, hottest, kelvins[hottest], problems)
            return circuit
        share, last = (share / 2 if apart > last else share), apart
        share = max(share, 1 / 16)
        kelvins = {path: kelvins[path] + share * (wanted[path] - kelvins[path]) for path in kelvins}
    _ran_away(circuit, hottest, kelvins[hottest], problems)
    return circuit


def _ran_away(circuit: Circuit, path: str, kelvins: Floats, problems: Problems) -> None:
    instance = circuit.instances[path]
    problems.add(
        circuit.netlist.document.position((*instance.at, "thermal_resistance")),
        instance.element(int(kelvins.argmax())),
        f"thermal runaway: its heat grows faster than it can leave, and no temperature up to "
        f"{show(circuit.netlist.temperature + HOTTEST, 'K', 4)} balances them; lower "
        "thermal_resistance, tc1 or the power",
    )


def _heats(circuit: Circuit, problems: Problems) -> Warm | None:
    """Mean heat [W] into every element of the self-heating resistors; None after telling why there is none."""
    quiet = Problems()
    both, _, islands = _linear(circuit, quiet)
    driven = {net: volts for net, (_, volts) in both.items()}
    banks = build_held(circuit, build_clocks(circuit), quiet)
    found: dict[str, float] = {}
    for island in islands:
        if island.moving is not None:
            continue
        law = island.actual
        try:
            covariance = linear.stationary(law.capacitance, law.conductance, law.noise)
            levels = held_in(island, banks, "actual")
            held = np.array([driven.get(net, 0.0) for net in island.inputs])
            mean = linear.mean(law.conductance, law.input_conductance, law.current, held)
        except ValueError as error:
            if _in(circuit, island.nodes):
                problems.add(None, island.path, f"self-heating needs a stationary state: {error}")
                return None
            continue
        covariance = covariance if levels is None else covariance + levels.mean
        for branch in branches(circuit, island, driven):
            if branch.kind == "resistor":
                volts = float(branch.column @ mean) + branch.held
                found[branch.path] = thermodynamics.heat_rate(
                    law.capacitance, covariance, branch.column, volts, branch.conductance, branch.intensity
                )
    heats: Warm = {}
    for instance in circuit.of_type("resistor"):
        if _model(instance).thermal_resistance is not None:
            heats[instance.path] = np.array([
                found[instance.element(k)] if instance.element(k) in found else _between(instance, k, driven)
                for k in range(instance.size)
            ])  # fmt: skip
    return heats


def _in(circuit: Circuit, nodes: tuple[str, ...]) -> bool:
    """Whether a self-heating resistor touches one of these nodes."""
    return any(
        set(nets) & set(nodes)
        for instance in circuit.of_type("resistor")
        if _model(instance).thermal_resistance is not None
        for nets in instance.pins.values()
    )


def _between(instance: Instance, k: int, driven: dict[str, float]) -> float:
    """Power [W] of a resistor between nets that are all held."""
    p, n = (0.0 if instance.pins[pin][k] == GROUND else driven.get(instance.pins[pin][k], 0.0) for pin in ("p", "n"))
    return (p - n) ** 2 / float(instance.actual["r"][k])
