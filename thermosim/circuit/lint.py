"""Lints: valid, but probably not what was meant.

Each has a name; a netlist silences one with a reason under ``silence:``. They read the circuit
and its program; none of them changes either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from thermosim.analysis.linear import relaxation_times, stationary
from thermosim.circuit.circuit import At, Circuit
from thermosim.circuit.discipline import LOGIT_ERROR, fastest_flip, misfit, together
from thermosim.circuit.dits import DitFabric
from thermosim.circuit.program import AdcBank, ControllerPlan, Fabric, Island, Program
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Mixture
from thermosim.errors import Position, Problem, Problems
from thermosim.times import seconds
from thermosim.units import show

PHASES = 64
"""Samples over which clocks of different frequencies are looked at for the longest wait."""
SLOW = 0.05
"""Lag of a synapse times the fastest flip rate, from which on it is worth a warning."""
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


Found = Iterator[tuple[Position | None, str, str]]


def _at(circuit: Circuit, at: At) -> Position | None:
    return circuit.netlist.document.position(at)


def _net_position(circuit: Circuit, net: str) -> Position | None:
    return circuit.nets.contacts[net][0].where


def equilibrium(circuit: Circuit, program: Program) -> Found:
    """All noise obeys fluctuation-dissipation at one temperature with a diagonal capacitance matrix."""
    for island in program.islands:
        law = island.drawn
        n = len(island.nodes)
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
    try:
        covariance = stationary(island.drawn.capacitance, island.drawn.conductance, island.drawn.noise)
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
        where, path = _at(circuit, (*circuit.instances[bank.path].at, "pins", "in")), bank.path
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
        held = 1 / np.linalg.inv(island.drawn.capacitance)[node, node]
        if not bank.buffered and bank.sample_capacitance > 0.01 * held:
            yield (
                _at(circuit, (*circuit.instances[bank.path].at, "pins", "in")),
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
                    _at(circuit, ("controllers", plan.path)),
                    f"controllers.{plan.path}",
                    f"its {what} of {show(value, 's')} exceeds a tenth of the fastest time constant that it "
                    f"acts on, {show(fastest, 's')}",
                )


def rng_memory(circuit: Circuit, program: Program) -> Found:
    """An RNG read faster than it forgets."""
    for fabric in program.sampling:
        worst = int(np.argmax(fabric.memory))
        if fabric.memory[worst] > 0.05:
            yield (
                _at(circuit, circuit.instances[fabric.path].at),
                fabric.path,
                f"the RNG is read every {show(fabric.clock.period, 's')} but relaxes in "
                f"{show(fabric.relaxation[worst], 's')}: it keeps "
                f"{fabric.memory[worst]:.3g} of its last value, so mixing is slower; slow the clock to 3 tau0 or more",
            )


def rng_free(circuit: Circuit, program: Program) -> Found:
    """A free-running RNG that is latched after seeing other colours move."""
    for fabric in program.fabrics:
        latched = fabric.rng == "free" and not fabric.inner and fabric.order != "subset"
        if latched and fabric.actual.symmetric and together(fabric):
            yield (
                _at(circuit, ("updates", "rng")),
                fabric.path,
                "a free-running RNG remembers what it saw before the other colours moved, so the chip does "
                "not sample the "
                "Boltzmann law; use rng: held, or expect a distance above the sampling floor",
            )


def p_bit_response(circuit: Circuit, program: Program) -> Found:
    """A device whose odds are not exp(a) over the range in which the couplings drive it: no Boltzmann law."""
    for fabric in program.fabrics:
        if fabric.barriers is None or fabric.input_nets is not None:
            continue
        found = misfit(fabric)
        if found.error > LOGIT_ERROR:
            far = f"off by {found.error:.2g}" if np.isfinite(found.error) else "infinite"
            yield (
                _at(circuit, circuit.instances[fabric.path].at),
                fabric.path,
                f"the response of its p-bits is not the sigmoid: where the couplings drive node {found.node} "
                f"(2 beta |I| up to {found.reach:.3g}) its log-odds are {far}, so the chip does not "
                "sample the Boltzmann law; "
                "a smaller beta, a logistic response, a larger critical voltage, equal wells or a trimmed bias bring "
                "it nearer",
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
                    _at(circuit, instance.at),
                    path,
                    f"its gate can be {show(reach, 'V')} above its source and its threshold is "
                    f"{show(float(instance.drawn['v_th'].min()), 'V')}: the model is that of weak inversion and gives "
                    "too much current beyond it; lower the supplies or raise v_th",
                )


def update_order(circuit: Circuit, program: Program) -> Found:
    """Coupled p-bits that are updated at the same instant."""
    for fabric in program.fabrics:
        if not fabric.actual.symmetric:
            continue  # no order gives these a Boltzmann law; a note says which law there is, and by which order
        if fabric.order in ("parallel", "subset") and together(fabric):
            yield (
                _at(circuit, ("updates", "order")),
                fabric.path,
                f"{together(fabric)}; use order: coloured",
            )


def slow_synapse(circuit: Circuit, program: Program) -> Found:
    """A synapse slower than its neurons: lag x fastest flip rate > 0.05, or not settled within a slot."""
    for fabric in program.sampling:
        lag = fabric.settling + fabric.delay
        if lag == 0 or not fabric.actual.coupled:
            continue
        where = next(_at(circuit, synapse.at) for synapse, _ in _synapse_of(circuit, fabric))
        if isinstance(fabric, Fabric) and fabric.order == "free":
            fastest = fastest_flip(fabric)
            product = lag * fastest
            if product > SLOW:
                yield (
                    where,
                    fabric.path,
                    f"its synapses lag {show(lag, 's')} behind p-bits that flip up to {show(fastest, 'Hz')}: "
                    f"the product {product:.3g} exceeds {SLOW:g}, and the law moves away from Boltzmann's towards a "
                    "uniform one; use faster synapses, slower p-bits or a clock",
                )
        elif not fabric.inner and fabric.delay + fabric.settling * np.log(100) > fabric.clock.period:
            yield (
                where,
                fabric.path,
                f"its synapses take {show(fabric.delay + fabric.settling * np.log(100), 's')} to settle to 1 %, longer "
                f"than a slot of {show(fabric.clock.period, 's')}; clocked updates are simulated as if settled, so "
                "slow the clock down or use order: free",
            )


def _synapse_of(circuit: Circuit, fabric: Fabric | DitFabric) -> Iterator[tuple[Any, Any]]:
    for synapse in circuit.synapses:
        if synapse.ends[0] in fabric.arrays:
            yield synapse, synapse.bound.model


def budget(circuit: Circuit, program: Program) -> Found:
    """A node beyond its conductance budget: 4 beta (sum |J| + |h|) > V_dd / V_s."""
    for fabric in program.fabrics:
        load = np.abs(fabric.programmed.biases) + fabric.programmed.reach()
        supplies = [model.v_dd for _, model in _synapse_of(circuit, fabric) if model.v_dd is not None]
        if not supplies:
            continue
        allowed = min(supplies) / (fabric.volts * fabric.slope)  # V_s as drawn
        wanted = 4 * fabric.programmed.beta * load
        over = np.flatnonzero(wanted > allowed)
        if over.size:
            worst = int(np.argmax(wanted - allowed))
            yield (
                _at(circuit, circuit.instances[fabric.path].at),
                fabric.path,
                f"{over.size} of {fabric.nodes} p-bits want more than the bias circuit can give: node {worst} "
                "needs 4 beta "
                f"(sum |J| + |h|) = {wanted[worst]:.3g} and V_dd/V_s is {allowed[worst]:.3g}; raise v_dd "
                "(energy grows with its "
                "square) or scale the weights down",
            )


def weights_lost(circuit: Circuit, program: Program) -> Found:
    """Weights quantised to zero, or clipped at full scale."""
    for synapse in circuit.synapses:
        model: Any = synapse.bound.model
        zero = int(np.count_nonzero((synapse.drawn != 0) & (synapse.programmed == 0)))
        step = 0.0 if model.bits is None or model.j_max is None else model.j_max / (2 ** (model.bits - 1) - 1)
        clipped = 0 if model.j_max is None else int(np.count_nonzero(np.abs(synapse.drawn) > model.j_max * (1 + 1e-12)))
        if zero > 0.1 * np.count_nonzero(synapse.drawn):
            yield (
                _at(circuit, synapse.at),
                f"couplings.{synapse.path}",
                f"{zero} of {synapse.drawn.size} weights are quantised to zero (step {step:.3g}); use more "
                "bits or a smaller j_max",
            )
        if clipped:
            yield (
                _at(circuit, synapse.at),
                f"couplings.{synapse.path}",
                f"{clipped} of {synapse.drawn.size} weights exceed j_max = {model.j_max:g} and are clipped; "
                "raise j_max",
            )


RULES: dict[str, Callable[[Circuit, Program], Found]] = {
    "equilibrium": equilibrium,
    "adc-range": adc_range,
    "sampler-loading": sampler_loading,
    "loop-latency": loop_latency,
    "rng-memory": rng_memory,
    "rng-free": rng_free,
    "p-bit-response": p_bit_response,
    "weak-inversion": weak_inversion,
    "update-order": update_order,
    "slow-synapse": slow_synapse,
    "budget": budget,
    "weights-lost": weights_lost,
}
ARITHMETIC = "arithmetic"
"""The lint of controllers whose work does not fit their latency; only built controllers know their work."""
KNOWN = (*RULES, ARITHMETIC)
