"""Lints of p-bits and p-dits: valid, but probably not what was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from thermosim.circuit.circuit import At, Circuit
from thermosim.circuit.discipline import LOGIT_ERROR, fastest_flip, misfit, together
from thermosim.circuit.dits import DitFabric
from thermosim.circuit.lint_pairs import coupled_twice
from thermosim.circuit.program import Fabric, Program
from thermosim.errors import Position
from thermosim.units import show

SLOW = 0.05
"""Lag of a synapse times the fastest flip rate, from which on it is worth a warning."""
Found = Iterator[tuple[Position | None, str, str]]
"""Place, path, message."""


def position(circuit: Circuit, at: At) -> Position | None:
    """Place of a key in the netlist's text."""
    return circuit.netlist.document.position(at)


def rng_memory(circuit: Circuit, program: Program) -> Found:
    """An RNG read faster than it forgets."""
    for fabric in program.sampling:
        worst = int(np.argmax(fabric.memory))
        if fabric.memory[worst] > 0.05:
            yield (
                position(circuit, circuit.instances[fabric.path].at),
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
                position(circuit, ("updates", "rng")),
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
                position(circuit, circuit.instances[fabric.path].at),
                fabric.path,
                f"the response of its p-bits is not the sigmoid: where the couplings drive node {found.node} "
                f"(2 beta |I| up to {found.reach:.3g}) its log-odds are {far}, so the chip does not "
                "sample the Boltzmann law; "
                "a smaller beta, a logistic response, a larger critical voltage, equal wells or a trimmed bias bring "
                "it nearer",
            )


def update_order(circuit: Circuit, program: Program) -> Found:
    """Coupled p-bits that are updated at the same instant."""
    for fabric in program.fabrics:
        if not fabric.actual.symmetric:
            continue  # no order gives these a Boltzmann law; a note says which law there is, and by which order
        if fabric.order in ("parallel", "subset") and together(fabric):
            yield (
                position(circuit, ("updates", "order")),
                fabric.path,
                f"{together(fabric)}; use order: coloured",
            )


def slow_synapse(circuit: Circuit, program: Program) -> Found:
    """A synapse slower than its neurons: lag x fastest flip rate > 0.05, or not settled within a slot."""
    for fabric in program.sampling:
        lag = fabric.settling + fabric.delay
        if lag == 0 or not fabric.actual.coupled:
            continue
        where = next(position(circuit, synapse.at) for synapse, _ in _synapse_of(circuit, fabric))
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
                position(circuit, circuit.instances[fabric.path].at),
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
                position(circuit, synapse.at),
                f"couplings.{synapse.path}",
                f"{zero} of {synapse.drawn.size} weights are quantised to zero (step {step:.3g}); use more "
                "bits or a smaller j_max",
            )
        if clipped:
            yield (
                position(circuit, synapse.at),
                f"couplings.{synapse.path}",
                f"{clipped} of {synapse.drawn.size} weights exceed j_max = {model.j_max:g} and are clipped; "
                "raise j_max",
            )


def uncoupled(circuit: Circuit, program: Program) -> Found:
    """P-bits that couple to nothing in an array whose others do."""
    for fabric in program.sampling:
        pairs = fabric.actual.edges if isinstance(fabric, DitFabric) else fabric.actual.joined()
        alone = np.bincount(pairs.ravel(), minlength=fabric.nodes) == 0
        if alone.all():
            continue  # nothing couples here, and that was meant
        for path, (first, shape) in fabric.arrays.items():
            mine = np.flatnonzero(alone[first : first + int(np.prod(shape, dtype=np.int64))])
            if mine.size:
                instance = circuit.instances[path]
                yield (
                    position(circuit, instance.at),
                    path,
                    f"{mine.size} of its {instance.size} elements couple to nothing, {instance.element(int(mine[0]))} "
                    "among them; they sample their own biases alone",
                )


def controller_pace(circuit: Circuit, program: Program) -> Found:
    """A controller that reads p-bits faster than they finish a sweep: it counts the same outputs again."""
    for host in program.hosts:
        fabric = next(item for item in program.fabrics if item.path == host.fabric)
        sweep = fabric.clock.period * fabric.ticks
        if host.reads and host.clock.period < sweep * (1 - 1e-12):
            yield (
                position(circuit, ("controllers", host.path, "clock")),
                f"controllers.{host.path}",
                f"it reads every {show(host.clock.period, 's')} and a sweep takes {show(sweep, 's')}: it sees the same "
                "outputs more than once, and what it counts is worth less than it takes it for; slow its clock",
            )


P_BITS: dict[str, Callable[[Circuit, Program], Found]] = {
    "rng-memory": rng_memory,
    "rng-free": rng_free,
    "p-bit-response": p_bit_response,
    "update-order": update_order,
    "slow-synapse": slow_synapse,
    "budget": budget,
    "weights-lost": weights_lost,
    "coupled-twice": coupled_twice,
    "uncoupled": uncoupled,
    "controller-pace": controller_pace,
}
