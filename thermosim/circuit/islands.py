"""Linear elements -> islands: union of nodes joined by elements, cut at ground and driven nets.

The equations are stamped by circuit/stamps.py; nodes without capacitance are eliminated by circuit/eliminate.py; what
is left must store energy in every direction and, unless growth is asked for, return to rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.controlled import check_controlled, outputs
from thermosim.circuit.eliminate import Undetermined, eliminate, without_storage
from thermosim.circuit.inductance import check_inductance, check_inductors
from thermosim.circuit.movers import Movers, corners, moved
from thermosim.circuit.nets import GROUND, natural
from thermosim.circuit.noise_states import HELD, NOISES, held_name
from thermosim.circuit.program import Island, LinearLaw
from thermosim.circuit.sources import ties
from thermosim.circuit.stamps import (
    ACTIVE,
    BENT,
    ELEMENTS,
    Members,
    Ties,
    analog_ends,
    full_law,
    members_of,
    mutuals,
    own_states,
)
from thermosim.errors import Problems
from thermosim.times import LIMIT, seconds
from thermosim.units import show

JUMPS = ("diode", "nmos", "pmos")
GROWTH = 1e-10
"""A rate that is negative by more than this share of the fastest is growth; below it is round-off, unless it shows."""
SHOWS = 1e-6
"""Relative growth within the longest run, 2.5 hours, that is not let pass."""


def build_islands(
    circuit: Circuit, driven: Mapping[str, Any], movers: Movers, problems: Problems
) -> tuple[Island, ...]:
    """Every linear island of the circuit, sorted by path."""
    tied = ties(circuit, driven, "drawn", problems), ties(circuit, driven, "actual")
    check_inductors(circuit, driven, problems)
    groups = components(circuit, driven)[0]
    return tuple(
        linear_island(circuit, nodes, members, driven, tied, movers, problems)
        for nodes, members in zip(groups, members_of(circuit, groups), strict=True)
    )


def unknowns_of(
    circuit: Circuit, nodes: list[str], members: Members, driven: Mapping[str, Any], tied: Ties
) -> tuple[list[str], list[str]]:
    """Unknowns of a group of nodes before any is eliminated, and its inputs."""
    inputs = sorted(_held(circuit, members, driven), key=natural)
    return [net for net in nodes if net not in tied] + own_states(circuit, members), inputs


def linear_island(
    circuit: Circuit,
    nodes: list[str],
    members: Members,
    driven: Mapping[str, Any],
    both: tuple[Ties, Ties],
    movers: Movers,
    problems: Problems,
) -> Island:
    """The linear part of a connected group of nodes; `both`: ties as drawn and as they are."""
    tied = both[0]
    unknowns, inputs = unknowns_of(circuit, nodes, members, driven, tied)
    drawn = full_law(circuit, members, unknowns, inputs, both[0], "drawn")
    actual = full_law(circuit, members, unknowns, inputs, both[1], "actual")
    gone = without_storage(drawn)
    absent = {
        net: f"net '{net}' is tied to '{tied[net][0]}', {show(tied[net][1], 'V')} above it, by ideal sources; "
        f"look at '{tied[net][0]}'"
        for net in nodes
        if net in tied
    }
    before = len(problems)
    check_controlled(circuit, members, unknowns, drawn, gone, problems)
    if len(problems) > before:
        return Island(nodes[0], tuple(unknowns), tuple(inputs), drawn, actual, np.zeros(len(unknowns)), absent)
    if len(gone) == len(unknowns):
        contact = circuit.nets.contacts[nodes[0]][0]
        problems.add(
            contact.where, f"{contact.element}.{contact.pin.name}",
            f"nothing stores energy on {_list(nodes)}: no net there has capacitance, so the voltages would be white "
            "noise; put a capacitor from one to ground",
        )  # fmt: skip
    else:
        try:
            drawn, actual = eliminate(drawn, gone), eliminate(actual, gone)
        except Undetermined as error:
            _undetermined(circuit, [unknowns[row] for row in error.rows if "(" not in unknowns[row]], problems)
        else:
            made = outputs(circuit, members)
            absent |= {
                net: f"net '{net}' is made by '{made[net]}', which has no pole; look at what controls it"
                if net in made
                else f"net '{net}' has no capacitance, so its voltage would be white noise; put a capacitor from it "
                "to ground"
                for net in (unknowns[row] for row in gone)
            }
    left = unknowns
    if len(problems) == before:
        left = [name for name in unknowns if name not in absent]
    island = Island(nodes[0], tuple(left), tuple(inputs), drawn, actual, np.zeros(len(left)), absent)
    if len(problems) == before:
        check_inductance(circuit, island, problems)
        try:
            island = moved(circuit, island, members, both, unknowns, gone, movers)
        except Undetermined as error:
            _undetermined(circuit, [unknowns[row] for row in error.rows], problems)
        _check_capacitance(circuit, island, problems)
    if len(problems) == before and circuit.netlist.run.growth == "refused":
        _check_growth(circuit, island, nodes, members, problems)
    return island


def _undetermined(circuit: Circuit, nets: list[str], problems: Problems) -> None:
    for net in nets:
        contact = circuit.nets.contacts[net][0]
        problems.add(
            contact.where, f"{contact.element}.{contact.pin.name}",
            f"net '{net}' has no capacitance and nothing else determines its voltage; put a capacitor or a "
            "resistor from it to ground",
        )  # fmt: skip


def components(circuit: Circuit, driven: Mapping[str, Any]) -> tuple[list[list[str]], ...]:
    """Connected groups of nodes, sorted: those of linear elements alone, those that hold a jump element, and the others
    that hold a nonlinear one.

    Ground and driven nets cut (union-find). A gate joins its net to the transistor, whose rates follow it; so do the
    inputs of active elements, and inductors that share flux.
    """
    parent: dict[str, str] = {}
    jumping: set[str] = set()
    bent: set[str] = set()

    def root(net: str) -> str:
        while parent[net] != net:
            parent[net] = parent[parent[net]]
            net = parent[net]
        return net

    def join(nets: list[str]) -> list[str]:
        free = [net for net in nets if net != GROUND and net not in driven]
        for net in free:
            parent.setdefault(net, net)
            parent[root(free[0])] = root(net)
        return free

    ends_of: dict[str, list[str]] = {}
    for instance in circuit.of_type(*ELEMENTS, *JUMPS, "voltage_source"):
        for k, ends in enumerate(analog_ends(instance)):
            free = join(list(ends))
            if instance.type in JUMPS:
                jumping.update(free)
            if instance.type in BENT:
                bent.update(free)
            if instance.type == "inductor":
                ends_of[instance.element(k)] = list(ends)
    for _, _, pair in mutuals(circuit):
        join([net for path in pair for net in ends_of.get(path, ())])
    groups: dict[str, list[str]] = {}
    for net in parent:
        groups.setdefault(root(net), []).append(net)
    found = sorted((sorted(group, key=natural) for group in groups.values()), key=lambda group: natural(group[0]))
    jumps = [group for group in found if not jumping.isdisjoint(group)]
    others = [group for group in found if jumping.isdisjoint(group)]
    linear = [group for group in others if bent.isdisjoint(group)]
    return linear, jumps, [group for group in others if not bent.isdisjoint(group)]


def _held(circuit: Circuit, members: Members, driven: Mapping[str, Any]) -> set[str]:
    """Driven nets whose voltage these elements pass on, and held noise currents."""
    found: set[str] = set()
    for path, numbers in members.items():
        instance = circuit.instances[path]
        if instance.type in HELD:
            found.update(held_name(instance, k) for k in numbers)
        elif instance.type not in (*NOISES, "current_source"):
            found.update(nets[k] for nets in instance.pins.values() for k in numbers if nets[k] in driven)
    return found


def _check_capacitance(circuit: Circuit, island: Island, problems: Problems) -> None:
    """A capacitance matrix must be positive definite."""
    nets = [k for k, name in enumerate(island.nodes) if "(" not in name]
    block = np.ix_(nets, nets)
    matrices = [law.capacitance[block] for law in _states(island)] if nets else []
    scaled = [matrix / np.sqrt(np.outer(np.diag(matrix), np.diag(matrix))) for matrix in matrices]
    if any(np.linalg.eigvalsh(matrix)[0] < 1e-12 for matrix in scaled):
        at = next((item.at for item in circuit.of_type("capacitor")), ())
        problems.add(
            circuit.netlist.document.position(at),
            island.path,
            f"the capacitors among {', '.join(island.nodes[k] for k in nets[:4])} leave a charge that nothing stores; "
            "give one of these nets a capacitor to ground",
        )


def _states(island: Island) -> list[LinearLaw]:
    """Its law, or those of the extremes of what moves."""
    moving = island.moving
    return [island.actual] if moving is None else [moving.actual.law(values) for values in corners(moving)]


def _check_growth(circuit: Circuit, island: Island, nodes: list[str], members: Members, problems: Problems) -> None:
    """Active elements must not make the network run away."""
    from thermosim.analysis.linear import modes

    active = [
        (circuit.instances[path], k)
        for path, numbers in members.items()
        if circuit.instances[path].type in ACTIVE
        for k in numbers
    ]
    if not active:
        return
    states = [(modes(law.capacitance, law.conductance), np.diag(law.capacitance)) for law in _states(island)]
    found, farads = min(
        states, key=lambda state: float(np.real(state[0].rates[0]) / np.abs(state[0].rates).max(initial=1e-300))
    )
    worst = complex(found.rates[0])
    fastest = float(np.abs(found.rates).max())
    # Slow growth must not hide behind a fast rate; but eigenvalues are found no finer than `finest`.
    finest = 16 * len(found.rates) * np.finfo(float).eps * fastest
    shows = -worst.real > max(finest, SHOWS / seconds(LIMIT))
    if worst.real >= -GROWTH * fastest and not shows:
        return
    weight = np.abs(found.right[:, 0]) * np.sqrt(farads)
    ringing = f" at {show(abs(worst.imag) / (2 * np.pi), 'Hz', 4)}" if worst.imag else ""
    problems.add(
        circuit.netlist.document.position(active[0][0].at, key=True),
        active[0][0].element(active[0][1]),
        f"the network of {_list(nodes)} grows: the drift C^-1 G has the eigenvalue "
        f"{worst.real:.4g} 1/s{ringing}, strongest at {island.nodes[int(weight.argmax())]}; its active elements are "
        f"{_list([instance.element(k) for instance, k in active])}. Lower a gain, or allow it by "
        "run: {growth: allowed}",
    )


def _list(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
