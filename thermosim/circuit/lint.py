"""Lints: valid, but probably not what was meant.

Each has a name; a netlist silences one with a reason under ``silence:``. They read the circuit
and its program; none of them changes either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from thermosim.analysis.linear import relaxation_times, stationary
from thermosim.circuit.circuit import Circuit
from thermosim.circuit.held_noise import held_in
from thermosim.circuit.lint_moving import MOVING
from thermosim.circuit.lint_networks import hidden_dissipation
from thermosim.circuit.lint_noise import NOISE
from thermosim.circuit.lint_pbits import P_BITS, Found, position
from thermosim.circuit.lint_stiff import lost_digits
from thermosim.circuit.noise_states import is_noise
from thermosim.circuit.program import AdcBank, ControllerPlan, Island, Program
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Mixture
from thermosim.errors import Position, Problem, Problems
from thermosim.times import seconds
from thermosim.units import show

PHASES = 64
"""Samples over which clocks of different frequencies are looked at for the longest wait."""
Finding = tuple[str, Position | None, str, str]
"""Rule, place, path, message."""


def lint(circuit: Circuit, program: Program) -> tuple[Problem, ...]:
    """Every finding whose rule the netlist does not silence, in the order of the text."""
    problems = Problems()
    silenced = circuit.netlist.silence
    for rule in silenced:
        if rule not in KNOWN:
            where = circuit.netlist.document.position(("silence", rule), key=True)
            problems.add(where, f"silence.{rule}", f"no lint is called '{rule}'; these exist: {', '.join(KNOWN)}")
    for name, find in RULES.items():
        if name not in silenced:
            for where, path, message in find(circuit, program):
                problems.add(where, path, message, rule=name)
    return problems.sorted()


def _net_position(circuit: Circuit, net: str) -> Position | None:
    return circuit.nets.contacts[net][0].where


def equilibrium(circuit: Circuit, program: Program) -> Found:
    """All noise obeys fluctuation-dissipation at one temperature with a diagonal capacitance matrix."""
    for island in program.islands:
        if island.moving is not None:
            continue
        law = island.drawn
        n = len(island.nodes)
        if any(is_noise(name) for name in island.inputs):
            continue
        if n < 2 or np.count_nonzero(law.conductance) == np.count_nonzero(np.diag(law.conductance)):
            continue
        weights = law.noise[law.conductance != 0] / law.conductance[law.conductance != 0]
        same = np.allclose(weights, weights[0], rtol=1e-9, atol=0) and np.all(law.noise[law.conductance == 0] == 0)
        diagonal = np.count_nonzero(law.capacitance) == n
        if same and diagonal and weights[0] > 0:
            kelvin = weights[0] / (2 * BOLTZMANN)
            yield (
                _net_position(circuit, island.nodes[0]),
                island.path,
                f"all noise is thermal at {show(kelvin, 'K')}: the nodes are independent at equal times with "
                "variance kT/C, "
                "whatever the coupling resistors; only lagged correlations are not zero. Inject equal noise at each "
                "node, or couple by capacitors, if you want a correlated law",
            )


def _law_at(program: Program, island: Island, node: int) -> tuple[float, float] | None:
    """Mean and standard deviation of a node: the target's where one is named, else the open network's."""
    net = island.nodes[node]
    if isinstance(program.target, Mixture) and net in program.target_nets:
        k = program.target_nets.index(net)
        target = program.target
        mean = float(target.weights @ target.means[:, k])
        spread = float(target.weights @ (target.means[:, k] - mean) ** 2)
        return mean, float(np.sqrt(spread + target.sigma**2))
    if any(set(island.inputs) & set(bank.outputs) for bank in program.dacs) and program.controllers:
        return None
    if island.moving is not None:
        return None
    try:
        covariance = stationary(island.drawn.capacitance, island.drawn.conductance, island.drawn.noise)
        levels = held_in(island, program.held, "drawn")
        covariance = covariance if levels is None else covariance + levels.mean
    except ValueError:
        return None
    held = np.array([program.driven[net] for net in island.inputs])
    current = island.drawn.input_conductance @ held + island.drawn.current
    mean_all = np.linalg.solve(island.drawn.conductance, current)
    return float(mean_all[node]), float(np.sqrt(covariance[node, node]))


def _sampled(program: Program) -> Iterator[tuple[AdcBank, str, Island, int]]:
    for bank in program.adcs:
        for net in bank.inputs:
            for island in program.islands:
                if net in island.nodes:
                    yield bank, net, island, island.nodes.index(net)


def adc_range(circuit: Circuit, program: Program) -> Found:
    """sigma below one LSB or above V_ref/4, or |mean| + 4 sigma beyond the range."""
    for bank, net, island, node in _sampled(program):
        law = _law_at(program, island, node)
        if law is None:
            continue
        mean, sigma = law
        where, path = position(circuit, (*circuit.instances[bank.path].at, "pins", "in")), bank.path
        if sigma < bank.step:
            yield (
                where,
                path,
                f"sigma of '{net}' is {show(sigma, 'V')}, below one LSB of {show(bank.step, 'V')}: codes will freeze",
            )
        elif sigma > bank.high / 4:
            yield (
                where,
                path,
                f"sigma of '{net}' is {show(sigma, 'V')}, above a quarter of the reference "
                f"{show(bank.high, 'V')}: it will clip",
            )
        elif abs(mean) + 4 * sigma > bank.high:
            yield (
                where,
                path,
                f"'{net}' reaches {show(abs(mean) + 4 * sigma, 'V')} (|mean| + 4 sigma), beyond the reference "
                f"{show(bank.high, 'V')}",
            )


def sampler_loading(circuit: Circuit, program: Program) -> Found:
    """An unbuffered sampler whose capacitor exceeds 1 % of the node's."""
    for bank, net, island, node in _sampled(program):
        if bank.buffered:
            continue
        held = 1 / np.linalg.inv(island.drawn.capacitance)[node, node]
        if bank.sample_capacitance > 0.01 * held:
            yield (
                position(circuit, (*circuit.instances[bank.path].at, "pins", "in")),
                bank.path,
                f"the unbuffered sampler of {show(bank.sample_capacitance, 'F')} loads '{net}' "
                f"({show(held, 'F')}): it shares "
                "charge at every sample and shifts the law; buffer it or shrink it below 1 %",
            )


def _loop(program: Program, plan: ControllerPlan) -> float:
    """Longest time [s] from a sample to the step that answers it, through the edges that each part waits for."""
    codes = {net for nets in plan.reads.values() for net in nets}
    outs = {net for nets in plan.writes.values() for net in nets}
    longest = 0
    for adc in (bank for bank in program.adcs if codes & set(bank.outputs)):
        for dac in (bank for bank in program.dacs if outs & set(bank.inputs)):
            for k in range(PHASES):
                sampled = adc.clock.edge(k)
                tick = plan.clock.edge(plan.clock.first_edge_at(sampled + adc.latency))
                latched = dac.clock.edge(dac.clock.first_edge_at(tick + plan.latency))
                longest = max(longest, latched + dac.settling - sampled)
    return seconds(longest)


def loop_latency(circuit: Circuit, program: Program) -> Found:
    """A controller whose tick or loop latency exceeds a tenth of the fastest time constant it acts on."""
    for plan in program.controllers:
        if plan.plant is None:
            continue
        fastest = float(relaxation_times(plan.plant.capacitance, plan.plant.conductance).min())
        loop = _loop(program, plan)
        for what, value in (("tick", plan.clock.period), ("loop latency", loop)):
            if value > fastest / 10:
                yield (
                    position(circuit, ("controllers", plan.path)),
                    f"controllers.{plan.path}",
                    f"its {what} of {show(value, 's')} exceeds a tenth of the fastest time constant that it "
                    f"acts on, {show(fastest, 's')}",
                )


def weak_inversion(circuit: Circuit, program: Program) -> Found:
    """A transistor whose gate the supplies can take beyond its threshold, where the exponential law ends."""
    for island in program.jump_islands:
        levels = [0.0, *(program.driven[net] for net in island.inputs)]
        reach = max(levels) - min(levels)
        elements = [channel.rsplit(" ", 1)[0] for channel in island.channels]
        paths = [one if one in circuit.instances else one.rsplit("[", 1)[0] for one in elements]
        for path in dict.fromkeys(paths):
            instance = circuit.instances.get(path)
            if instance is not None and "v_th" in instance.drawn and reach > instance.drawn["v_th"].min():
                yield (
                    position(circuit, instance.at),
                    path,
                    f"its gate can be {show(reach, 'V')} above its source and its threshold is "
                    f"{show(float(instance.drawn['v_th'].min()), 'V')}: the model is that of weak inversion and gives "
                    "too much current beyond it; lower the supplies or raise v_th",
                )


RULES: dict[str, Callable[[Circuit, Program], Found]] = {
    "equilibrium": equilibrium,
    "adc-range": adc_range,
    "sampler-loading": sampler_loading,
    "loop-latency": loop_latency,
    "weak-inversion": weak_inversion,
    "hidden-dissipation": hidden_dissipation,
    "lost-digits": lost_digits,
    **NOISE,
    **MOVING,
    **P_BITS,
}
ARITHMETIC = "arithmetic"
"""The lint of controllers whose work does not fit their latency; only built controllers know their work."""
CALIBRATION = "calibration"
"""The lint of controllers that still program p-bits while they are recorded."""
KNOWN = (*RULES, ARITHMETIC, CALIBRATION)
