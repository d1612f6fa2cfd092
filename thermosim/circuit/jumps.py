"""Transistors, diodes and capacitors -> jump islands: which charges jump where, how often, and in which way to simulate
it.

Stamps: capacitor C += c b b^T, b = e_p - e_n; each transistor and diode adds a forward and a reverse jump
(models/transistors.py). Rows of held nets move to the right-hand side: F = -C_nu. Nodes start uncharged, N = 0, so v =
C^-1 F u.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from thermosim.analysis.jumps import JumpLaw
from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.islands import JUMPS, components
from thermosim.circuit.nets import GROUND, natural
from thermosim.circuit.program import JumpIsland, PriceRow
from thermosim.circuit.stamps import LINEAR
from thermosim.constants import CHARGE
from thermosim.errors import Problems
from thermosim.models.base import Price
from thermosim.models.transistors import thermal_voltage
from thermosim.units import show

LEAP_BELOW = 1 / 300
"""Where no single charge moves a rate by more than this share, jumps are made many at a time."""
LEAP = 0.1
"""Leap condition: the expected change of any ln rate in a leap."""


def build_jump_islands(circuit: Circuit, driven: Mapping[str, Any], problems: Problems) -> tuple[JumpIsland, ...]:
    """Every jump island of the circuit, sorted by path."""
    for instance in circuit.of_type(*JUMPS):
        _check_element(circuit, instance, driven, problems)
    islands = []
    mode = circuit.netlist.run.jumps
    for nodes in components(circuit, driven)[1]:
        inputs = sorted(_touching(circuit, set(nodes), driven), key=natural)
        (drawn, _), (actual, channels) = (_law(circuit, nodes, inputs, which) for which in ("drawn", "actual"))
        # A refused island keeps its nets, so that what records them is not blamed a second time.
        refused = _refused(circuit, set(nodes), problems) or not _sound(circuit, nodes, actual, problems)
        exact = mode == "exact" or refused or (mode == "auto" and np.abs(actual.response).max() > LEAP_BELOW)
        supplies = tuple(
            (source, inputs.index(net))
            for net, source in _sources(circuit)
            if net in inputs and actual.supply[:, inputs.index(net)].any()
        )
        _check_supplies(circuit, inputs, problems)
        start = (0,) * len(nodes)
        islands.append(
            JumpIsland(nodes[0], tuple(nodes), tuple(inputs), channels, drawn, actual, bool(exact), supplies, start)
        )
    return tuple(islands)


def _check_element(circuit: Circuit, instance: Instance, driven: Mapping[str, Any], problems: Problems) -> None:
    """A jump element must move charge to or from a node, and know its threshold at its temperature."""
    where = circuit.netlist.document.position(instance.at, key=True)
    model: Any = instance.bound.model
    for k in range(instance.size):
        ends = [instance.pins[pin][k] for pin in _ENDS[instance.type]]
        if all(net == GROUND or net in driven for net in ends):
            problems.add(
                where, instance.element(k),
                f"it joins {ends[0]} with {ends[1]}, which are both held: its current moves no voltage; leave it out",
            )  # fmt: skip
    kelvin = _temperature(circuit, instance)
    if instance.type != "diode" and kelvin != model.t_nominal and model.v_th_slope is None:
        problems.add(
            where, instance.path,
            f"it is at {show(kelvin, 'K')} and its parameters are those at t_nominal = {show(model.t_nominal, 'K')}: "
            "state v_th_slope, by which V_th falls with temperature (about 1 mV/K; 0 V/K if it shall not)",
        )  # fmt: skip


_ENDS = {"diode": ("p", "n"), "nmos": ("d", "s"), "pmos": ("s", "d")}
"""Pins between which charge moves: a forward jump takes it from the first to the second."""
_REFUSED = {
    "resistor": "it passes charge in no whole electrons; use a transistor or a diode, or an s-mode without transistors",
    "switch": "it passes charge in no whole electrons; use a transistor whose gate is driven",
    "white_noise": "here noise comes from the jumps themselves; leave it out",
    "shot_noise": "here noise comes from the jumps themselves; leave it out",
    "flicker_noise": "a current without jumps has no noise law here; leave it out",
    "band_noise": "here noise comes from the jumps themselves; leave it out",
    "held_noise": "a current without jumps has no noise law here; drive a gate by a DAC",
    "current_source": "a current without jumps has no noise law here; use a transistor in saturation",
    "inductor": "its current is no jump; leave it out",
    "saturable_inductor": "its current is no jump; leave it out",
    "saturable_transconductance": "a current without jumps has no noise law here; use a transistor",
    "transconductance": "a current without jumps has no noise law here; use a transistor",
    "vcvs": "its current is no jump; drive a gate by a source or a DAC",
    "amplifier": "its current is no jump; drive a gate by a source or a DAC",
    "voltage_source": "there it needs one end at ground",
    "polynomial_conductance": "its charge comes in no whole electrons; use transistors or diodes alone here",
    "tanh_conductance": "its charge comes in no whole electrons; use transistors or diodes alone here",
    "formula_conductance": "its charge comes in no whole electrons; use transistors or diodes alone here",
}


def _refused(circuit: Circuit, nodes: set[str], problems: Problems) -> bool:
    """Report linear parts that a circuit of jumps cannot have."""
    found = False
    for instance in circuit.of_type(*_REFUSED):
        article = "an" if instance.type[0] in "aeiou" else "a"
        for k in range(instance.size):
            touched = [nets[k] for nets in instance.pins.values() if nets[k] in nodes]
            if touched:
                found = True
                problems.add(
                    circuit.netlist.document.position(instance.at, key=True),
                    instance.element(k),
                    f"{article} {instance.type} on net '{touched[0]}' beside transistors or diodes is not built: "
                    f"{_REFUSED[instance.type]}",
                )
    return found


def _touching(circuit: Circuit, nodes: set[str], driven: Mapping[str, Any]) -> set[str]:
    """Held nets on an element of these nodes."""
    found: set[str] = set()
    for instance in circuit.of_type(*LINEAR, *JUMPS):
        for ends in zip(*instance.pins.values(), strict=True):
            if nodes.intersection(ends):
                found.update(net for net in ends if net in driven)
    return found


def _temperature(circuit: Circuit, instance: Instance) -> float:
    model: Any = instance.bound.model
    return float(circuit.netlist.temperature if model.temperature is None else model.temperature)


def _jumps(
    circuit: Circuit, instance: Instance, k: int, which: str
) -> Iterator[tuple[str, str, str, float, dict[str, float]]]:
    """Name, net that a jump takes a charge from, net it goes to, ln R at 0 V, and d ln R/dv of pins [1/V]."""
    model: Any = instance.bound.model
    values = getattr(instance, which)
    kelvin = _temperature(circuit, instance)
    thermal = thermal_voltage(kelvin)
    first, second = (instance.pins[pin][k] for pin in _ENDS[instance.type])
    names = (f"{instance.element(k)} forward", f"{instance.element(k)} reverse")
    if instance.type == "diode":
        rate = float(np.log(values["i_s"][k] / CHARGE))
        yield names[0], first, second, rate, {"p": 1 / thermal, "n": -1 / thermal}
        yield names[1], second, first, rate, {}
        return
    current, threshold, slope = model.at(values, k, kelvin)
    rate = float(np.log(current / CHARGE)) - threshold / (slope * thermal)
    sign = 1.0 if instance.type == "nmos" else -1.0
    for name, start, goal, pin in ((names[0], first, second, "s"), (names[1], second, first, "d")):
        # A charge that enters the channel climbs the barrier at its own end: `pin` against bulk, lowered by gate
        # against bulk.
        gains = {"g": sign / (slope * thermal), "b": sign * (1 - 1 / slope) / thermal, pin: -sign / thermal}
        yield name, start, goal, rate, gains


def _law(circuit: Circuit, nodes: list[str], inputs: list[str], which: str) -> tuple[JumpLaw, tuple[str, ...]]:
    """The jumps over these nodes, and their names."""
    n, m = len(nodes), len(inputs)
    row = {net: k for k, net in enumerate([*nodes, *inputs])}
    capacitance = np.zeros((n + m, n + m))
    for instance in circuit.of_type("capacitor"):
        for k, ends in enumerate(zip(instance.pins["p"], instance.pins["n"], strict=True)):
            if not any(row.get(net, n) < n for net in ends):
                continue
            b = np.zeros(n + m)
            for net, sign in zip(ends, (1.0, -1.0), strict=True):
                if net in row:
                    b[row[net]] += sign
            capacitance += getattr(instance, which)["c"][k] * np.outer(b, b)
    names: list[str] = []
    transfer, gain, rates = [], [], []
    for instance in circuit.of_type(*JUMPS):
        for k in range(instance.size):
            if not any(row.get(nets[k], n) < n for nets in instance.pins.values()):
                continue
            for name, start, goal, rate, gains in _jumps(circuit, instance, k, which):
                moved, slope = np.zeros(n + m, dtype=np.int64), np.zeros(n + m)
                for net, charge in ((start, -1), (goal, 1)):
                    if net in row:
                        moved[row[net]] += charge
                for pin, value in gains.items():
                    # Without a wire of its own the bulk is at the source.
                    net = instance.pins[pin if pin in instance.pins else "s"][k]
                    if net in row:
                        slope[row[net]] += value
                names.append(name)
                transfer.append(moved)
                gain.append(slope)
                rates.append(rate)
    moved_all, gain_all = np.array(transfer), np.array(gain)
    law = JumpLaw(
        capacitance[:n, :n], -capacitance[:n, n:], np.ascontiguousarray(moved_all[:, :n]), np.array(rates),
        np.ascontiguousarray(gain_all[:, :n]), np.ascontiguousarray(gain_all[:, n:]),
        np.ascontiguousarray(moved_all[:, n:]),
    )  # fmt: skip
    return law, tuple(names)


def _sound(circuit: Circuit, nodes: list[str], law: JumpLaw, problems: Problems) -> bool:
    """Every node needs a capacitance that holds its charge and a path by which charge comes."""
    sound = True
    for k, node in enumerate(nodes):
        contact = circuit.nets.contacts[node][0]
        path = f"{contact.element}.{contact.pin.name}"
        if law.capacitance[k, k] <= 0:
            sound = False
            problems.add(
                contact.where, path,
                f"net '{node}' has no capacitance, so that one charge would move it without bound; put a capacitor "
                "from it to ground",
            )  # fmt: skip
        elif not law.transfer[:, k].any():
            sound = False
            problems.add(
                contact.where, path,
                f"net '{node}' floats: only gates and capacitors are on it, so that no charge ever reaches it; drive "
                "it, or give it a transistor's drain or source",
            )  # fmt: skip
    if not sound:
        return False
    scale = np.sqrt(np.diag(law.capacitance))
    if np.linalg.eigvalsh(law.capacitance / np.outer(scale, scale))[0] < 1e-12:
        contact = circuit.nets.contacts[nodes[0]][0]
        problems.add(
            contact.where, nodes[0],
            f"the capacitors among {', '.join(nodes[:4])} leave a charge that nothing stores; give one of these nets a "
            "capacitor to ground",
        )  # fmt: skip
        return False
    return True


def _sources(circuit: Circuit) -> Iterator[tuple[str, str]]:
    """Nets held by a constant source, and which."""
    for instance in circuit.of_type("voltage_source"):
        for k in range(instance.size):
            p, n = instance.pins["p"][k], instance.pins["n"][k]
            if GROUND in (p, n):
                yield (p if n == GROUND else n), instance.element(k)


def _check_supplies(circuit: Circuit, inputs: list[str], problems: Problems) -> None:
    """A net of transistors that sources in series hold would have no price."""
    for instance in circuit.of_type("voltage_source"):
        for k in range(instance.size):
            ends = {instance.pins["p"][k], instance.pins["n"][k]}
            if GROUND not in ends and ends & set(inputs):
                problems.add(
                    circuit.netlist.document.position(instance.at, key=True), instance.element(k),
                    f"it holds '{sorted(ends & set(inputs))[0]}', at which transistors or diodes are: there a voltage "
                    "source needs one end at ground",
                )  # fmt: skip


def supply_prices(islands: tuple[JumpIsland, ...], driven: Mapping[str, tuple[float, float]]) -> Iterator[PriceRow]:
    """Work of every constant supply for one charge that it delivers to transistors and diodes: q V."""
    priced: set[str] = set()
    for island in islands:
        for source, row in island.supplies:
            if source not in priced:
                priced.add(source)
                joules = CHARGE * driven[island.inputs[row]][1]
                price = Price(
                    "charges", "supply", joules, joules, joules, "derived", "elementary charge times supply voltage"
                )
                yield PriceRow(source, price)


def jump_notes(islands: tuple[JumpIsland, ...]) -> Iterator[str]:
    """How each island is simulated."""
    for island in islands:
        most = float(np.abs(island.actual.response).max())
        if island.exact:
            yield (
                f"{island.path}: every charge jumps in its turn, exactly "
                f"(one charge changes a ln rate by up to {most:.2g})"
            )
        else:
            yield (
                f"{island.path}: charges jump in leaps within which no ln rate is expected to change by more "
                f"than {LEAP:g} (one charge changes it by up to {most:.2g}), which shifts a linear circuit's variance "
                f"by {LEAP**3 / 8:.1g} of itself at most; `run.jumps: exact` makes every jump in its turn"
            )
        if not island.exact and most > LEAP_BELOW:
            yield (
                f"{island.path}: leaps were asked for where one charge changes a ln rate by {most:.2g}, above the "
                f"{LEAP_BELOW:.2g} up to which they are taken by themselves: their error is not bounded there"
            )
        paid = {row for _, row in island.supplies}
        moved = [net for k, net in enumerate(island.inputs) if island.actual.supply[:, k].any() and k not in paid]
        if moved:
            yield f"{island.path}: the work of {', '.join(moved)}, held by converters, is not counted"
