"""Linear elements -> the matrices of one island over its unknowns, before any node is eliminated.

Unknowns are node voltages, then inductor currents ``i(L)`` (from p to n) and inner voltages of amplifiers ``v(A)``.
Stamps, incidence column b = e_p - e_n:

    resistor       G += b b^T / r,  S += (2 k T / r) b b^T        capacitor  C += c b b^T
    switch         a resistor of r_on or r_off
    white noise    S += (S_I / 2) b b^T                           source     i += I b
    nonlinear      its slope at 0 V as a resistor, where it has a linear part
    inductor       C_LL = l (mutual: C_ab = k sqrt(l_a l_b)),  G_vL = b,  G_Lv = -b^T
    transconductance   G -= gm b b_c^T
    vcvs           a current e(E) into p, out of n: G_pe = -1, G_ne = 1, G_e = b - gain b_c;  it is always eliminated
    amplifier      C_ww = tau / r, G_ww = 1 / r, G_w,in = -(gain / r) b_in^T, S_ww = gain^2 psd / (2 r^2);
                   at its output G_oo = 1 / r, G_ow = -1 / r
    noise with a memory: see circuit/noise_states.py

A net that an ideal source ties to another at a constant distance V has that one's row: its stamps add G V to -i.
Rows of driven nets move to the right-hand side as inputs: K = -G_nu, F = -C_nu.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.nets import GROUND
from thermosim.circuit.noise_states import COLOURED, HELD, held_name, inject, shot, stamp_states, state_names
from thermosim.circuit.program import LinearLaw
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats

LINEAR = ("resistor", "switch", "capacitor", "white_noise", "shot_noise", "current_source")
"""Elements of two ends without a state of their own."""
NONLINEAR = ("polynomial_conductance", "tanh_conductance", "formula_conductance")
"""Elements of two ends of which only the linear part is stamped; the rest is in circuit/nonlinear.py."""
ACTIVE = ("transconductance", "vcvs", "amplifier")
COILS = ("inductor", "saturable_inductor")
STATEFUL = (*COILS, "vcvs", "amplifier", *COLOURED)
BENT = (*NONLINEAR, "saturable_inductor", "saturable_transconductance")
"""What makes a network nonlinear."""
ELEMENTS = (*LINEAR, *COILS, *ACTIVE, *NONLINEAR, "saturable_transconductance", *COLOURED, *HELD)
_LETTERS = {"inductor": "i", "saturable_inductor": "i", "vcvs": "e", "amplifier": "v"}
Members = dict[str, list[int]]
"""Elements by instance and number."""
Ties = Mapping[str, tuple[str, float]]
"""Net -> the net whose row it shares, and how far above it the net is held [V]."""


def analog_ends(instance: Instance) -> list[tuple[str, ...]]:
    """Nets of each element at its analog pins."""
    pins = {pin.name for pin in instance.bound.model.pins if pin.kind == "analog"}
    return list(zip(*(nets for pin, nets in instance.pins.items() if pin in pins), strict=True))


def state_name(instance: Instance, k: int) -> str:
    """The unknown that element k brings along."""
    return f"{_LETTERS[instance.type]}({instance.element(k)})"


def members_of(circuit: Circuit, groups: list[list[str]]) -> list[Members]:
    """Elements that touch each group of nodes, in path order."""
    home = {net: number for number, group in enumerate(groups) for net in group}
    found: list[Members] = [{} for _ in groups]
    for instance in circuit.of_type(*ELEMENTS):
        for k, ends in enumerate(analog_ends(instance)):
            for number in {home[net] for net in ends if net in home}:
                found[number].setdefault(instance.path, []).append(k)
    return found


def own_states(circuit: Circuit, members: Members) -> list[str]:
    """States that these elements bring along, inductors first."""
    return [
        name
        for kind in STATEFUL
        for path, numbers in members.items()
        if circuit.instances[path].type == kind
        for k in numbers
        for name in _states(circuit.instances[path], k)
    ]


def _states(instance: Instance, k: int) -> list[str]:
    return state_names(instance, k) if instance.type in COLOURED else [state_name(instance, k)]


def stamp(instance: Instance, which: str, ambient: float) -> Callable[[int], tuple[float, float, float, float]]:
    """Per two-ended element: conductance [S], capacitance [F], two-sided noise intensity [A^2 s], current [A].

    Of a switch: while it is open. What a generator multiplies: at gain 1.
    """
    values: Mapping[str, Floats] = getattr(instance, which)
    if instance.type in ("resistor", "switch"):
        johnson, ohms = _johnson(instance, values, ambient), values["r" if instance.type == "resistor" else "r_off"]
        return lambda k: (1 / ohms[k], 0.0, johnson[k] / ohms[k], 0.0)
    if instance.type == "capacitor":
        return lambda k: (0.0, values["c"][k], 0.0, 0.0)
    if instance.type in NONLINEAR:
        model: Any = instance.bound.model
        thermal = _johnson(instance, values, ambient)
        return lambda k: (model.linear(values, k)[0], 0.0, thermal[k] * model.linear(values, k)[1], 0.0)
    if instance.type == "current_source":
        return lambda k: (0.0, 0.0, 0.0, values["i"][k])
    if instance.type == "shot_noise":
        return lambda k: (0.0, 0.0, *shot(instance, k, which, ambient))
    if "psd" in values:
        return lambda k: (0.0, 0.0, values["psd"][k] / 2, 0.0)
    return lambda k: (0.0, 0.0, 2 * BOLTZMANN * values["t_eff"][k] * values["conductance"][k], 0.0)


def closing(instance: Instance, which: str, ambient: float) -> Callable[[int], tuple[float, float, float, float]]:
    """What closing a switch adds to the numbers of :func:`stamp`."""
    values: Mapping[str, Floats] = getattr(instance, which)
    johnson = _johnson(instance, values, ambient)
    added = 1 / values["r_on"] - 1 / values["r_off"]
    return lambda k: (added[k], 0.0, johnson[k] * added[k], 0.0)


def _johnson(instance: Instance, values: Mapping[str, Floats], ambient: float) -> Floats:
    """Noise intensity over conductance (element,) [V^2 s / Ohm]: 2 k T."""
    model: Any = instance.bound.model
    kelvins = values["temperature"] if "temperature" in values else np.full(instance.size, ambient)
    return 2 * BOLTZMANN * kelvins if model.noisy else np.zeros(instance.size)


def mutuals(circuit: Circuit) -> Iterator[tuple[Instance, int, tuple[str, str]]]:
    """Every mutual inductance with the paths of its two inductors, which stand in the same body."""
    for instance in circuit.of_type("mutual"):
        model: Any = instance.bound.model
        before, dot, _ = instance.path.rpartition(".")
        for k in range(instance.size):
            index = instance.element(k).removeprefix(instance.path)
            yield instance, k, (f"{before}{dot}{model.a}{index}", f"{before}{dot}{model.b}{index}")


class Stamper:
    """Matrices over `unknowns` and then `inputs`, filled element by element."""

    def __init__(self, unknowns: list[str], inputs: list[str], ties: Ties) -> None:
        self._free = len(unknowns)
        self._row = {name: k for k, name in enumerate([*unknowns, *inputs])}
        self._ties = ties
        size = len(self._row)
        self.capacitance, self.conductance, self.noise = (np.zeros((size, size)) for _ in range(3))
        self.current = np.zeros(size)

    def row(self, state: str) -> int:
        """Row of a state."""
        return self._row[state]

    def at(self, net: str) -> tuple[int, float] | None:
        """Row of a net and how far above it the net lies; None for what is not here."""
        base, above = self._ties.get(net, (net, 0.0))
        return (self._row[base], above) if base in self._row else None

    def conduct(self, into: str, of: str, siemens: float) -> None:
        """G[into, of] += siemens."""
        row, column = self.at(into), self.at(of)
        if row is not None and column is not None:
            self.conductance[row[0], column[0]] += siemens
            if column[1]:
                self.current[row[0]] -= siemens * column[1]

    def two_ends(self, p: str, q: str, numbers: tuple[float, float, float, float]) -> None:
        """An element between p and q of (conductance, capacitance, noise, current)."""
        g, c, s, i = numbers
        ends = [(net, found[0], sign) for net, sign in ((p, 1.0), (q, -1.0)) if (found := self.at(net)) is not None]
        for net_a, a, sign_a in ends:
            self.current[a] += sign_a * i
            for net_b, b, sign_b in ends:
                self.conduct(net_a, net_b, sign_a * sign_b * g)
                self.capacitance[a, b] += sign_a * sign_b * c
                self.noise[a, b] += sign_a * sign_b * s

    def inductor(self, state: str, p: str, n: str, henries: float) -> None:
        """An inductor whose current `state` flows from p to n."""
        self.capacitance[self._row[state], self._row[state]] += henries
        for net, sign in ((p, 1.0), (n, -1.0)):
            self.conduct(net, state, sign)
            self.conduct(state, net, -sign)

    def mutual(self, a: str, b: str, henries: float) -> None:
        """Mutual inductance between the inductors of two states."""
        for one, other in ((a, b), (b, a)):
            self.capacitance[self._row[one], self._row[other]] += henries

    def transconductance(self, pins: Mapping[str, str], siemens: float) -> None:
        """Current siemens (v_cp - v_cn) out of p."""
        for net, sign in ((pins["p"], 1.0), (pins["n"], -1.0)):
            self.conduct(net, pins["cp"], -sign * siemens)
            self.conduct(net, pins["cn"], sign * siemens)

    def vcvs(self, state: str, pins: Mapping[str, str], gain: float) -> None:
        """v_p - v_n = gain (v_cp - v_cn), by the current `state` into p."""
        for net, sign in ((pins["p"], 1.0), (pins["n"], -1.0)):
            self.conduct(net, state, -sign)
            self.conduct(state, net, sign)
        for net, sign in ((pins["cp"], 1.0), (pins["cn"], -1.0)):
            self.conduct(state, net, -sign * gain)

    def amplifier(self, state: str, pins: Mapping[str, str], gain: float, pole: float, ohms: float, psd: float) -> None:
        """One pole at `pole` [Hz] behind `ohms`; `psd` [V^2/Hz] at the input, one-sided."""
        row = self._row[state]
        self.capacitance[row, row] += 1 / (2 * np.pi * pole * ohms)
        self.noise[row, row] += (gain / ohms) ** 2 * psd / 2
        self.conduct(state, state, 1 / ohms)
        for net, sign in ((pins["in_p"], 1.0), (pins["in_n"], -1.0)):
            self.conduct(state, net, -sign * gain / ohms)
        self.conduct(pins["out"], pins["out"], 1 / ohms)
        self.conduct(pins["out"], state, -1 / ohms)

    def law(self) -> LinearLaw:
        """What was stamped, with the driven nets as inputs."""
        n = self._free
        return LinearLaw(
            self.capacitance[:n, :n],
            self.conductance[:n, :n],
            self.noise[:n, :n],
            -self.conductance[:n, n:],
            -self.capacitance[:n, n:],
            self.current[:n],
        )


def full_law(
    circuit: Circuit, members: Members, unknowns: list[str], inputs: list[str], ties: Ties, which: str
) -> LinearLaw:
    """The stamps of `members`."""
    work = Stamper(unknowns, inputs, ties)
    ambient = circuit.netlist.temperature
    henries: dict[str, tuple[str, float]] = {}
    for path, numbers in members.items():
        instance = circuit.instances[path]
        values = getattr(instance, which)
        at = stamp(instance, which, ambient) if instance.type in (*LINEAR, *NONLINEAR) else None
        for k in numbers:
            pins = {pin: nets[k] for pin, nets in instance.pins.items()}
            if at is not None:
                work.two_ends(pins["p"], pins["n"], at(k))
            elif instance.type in COLOURED:
                stamp_states(work, instance, k, which)
            elif instance.type in HELD:
                inject(work, instance, k, held_name(instance, k))
            elif instance.type == "saturable_transconductance":
                continue  # nothing of it is linear
            elif instance.type == "transconductance":
                work.transconductance(pins, float(values["gm"][k]))
            elif instance.type == "vcvs":
                work.vcvs(state_name(instance, k), pins, float(values["gain"][k]))
            elif instance.type in COILS:
                state = state_name(instance, k)
                henries[instance.element(k)] = state, float(values["l"][k])
                work.inductor(state, pins["p"], pins["n"], henries[instance.element(k)][1])
            else:
                gain = float(values["gain"][k])
                pole = float(values["bandwidth"][k] if "bandwidth" in values else values["gbw"][k] / abs(gain))
                ohms, psd = float(values["output_resistance"][k]), float(values["psd"][k])
                work.amplifier(state_name(instance, k), pins, gain, pole, ohms, psd)
    for instance, k, (a, b) in mutuals(circuit):
        if a in henries and b in henries:
            shared = float(getattr(instance, which)["k"][k]) * np.sqrt(henries[a][1] * henries[b][1])
            work.mutual(henries[a][0], henries[b][0], float(shared))
    return work.law()


def held_ends(pins: Mapping[str, str], driven: Mapping[str, Any]) -> bool:
    """Whether an element joins nothing but ground and driven nets."""
    return all(net == GROUND or net in driven for net in pins.values())
