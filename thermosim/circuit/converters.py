"""ADC and DAC instance arrays -> banks, with this die's transition levels; latencies in femtoseconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thermosim.circuit.circuit import At, Circuit, Instance
from thermosim.circuit.program import AdcBank, DacBank
from thermosim.contracts import Floats
from thermosim.errors import Problems, suggestion
from thermosim.models.adc import transition_levels
from thermosim.models.dac import output_levels
from thermosim.streams import generator
from thermosim.times import Clock, femtoseconds


def latency(circuit: Circuit, span: Any, clock: Clock, at: At, problems: Problems) -> int:
    """A latency in cycles of `clock` or in seconds, in femtoseconds [edge to edge for whole cycles]."""
    if span.unit == "cycles":
        return int(clock.edge(int(span.value)))
    try:
        return femtoseconds(span.value)
    except ValueError as error:
        problems.add(circuit.netlist.document.position(at), ".".join(str(part) for part in at), str(error))
        return 0


def clock_of(circuit: Circuit, instance: Instance, clocks: dict[str, Clock], problems: Problems) -> Clock | None:
    nets = set(instance.pins["clock"])
    net = next(iter(nets))
    if len(nets) > 1 or net not in clocks:
        message = (
            f"no clock drives net '{net}'{suggestion(net, clocks)}" if len(nets) == 1 else "one array takes one clock"
        )
        problems.add(
            circuit.netlist.document.position((*instance.at, "pins", "clock")), f"{instance.path}.clock", message
        )
        return None
    return clocks[net]


def _tables(circuit: Circuit, instance: Instance, draw: Callable[..., Floats]) -> Floats:
    """Levels of every element [V]: as the model states them, else drawn from the die's stream."""
    model: Any = instance.bound.model
    if model.levels is not None:
        return np.tile(np.asarray(model.levels, dtype=float), (instance.size, 1))
    seed = (circuit.netlist.variation.seed, "levels", circuit.die)
    streams = [generator(*seed, instance.element(k)) for k in range(instance.size)]
    return np.array([draw(model.bits, model.reference, model.unit_mismatch, stream) for stream in streams])


def build_adcs(circuit: Circuit, clocks: dict[str, Clock], problems: Problems) -> tuple[AdcBank, ...]:
    """Every ADC array; the transition table of each element is drawn from the die's stream."""
    banks = []
    for instance in circuit.of_type("adc"):
        model: Any = instance.bound.model
        clock = clock_of(circuit, instance, clocks, problems)
        if clock is None:
            continue
        banks.append(
            AdcBank(
                path=instance.path,
                inputs=instance.pins["in"],
                outputs=instance.pins["out"],
                clock=clock,
                bits=model.bits,
                low=-model.reference,
                high=model.reference,
                transitions=_tables(circuit, instance, transition_levels),
                gain=1 + instance.actual["gain_error"],
                offset=instance.actual["offset"],
                input_noise=model.noise,
                sample_capacitance=model.sample_capacitance or 0.0,
                buffered=model.buffered,
                temperature=circuit.netlist.temperature,
                jitter=model.jitter,
                latency=latency(circuit, model.latency, clock, (*instance.at, "latency"), problems),
            )
        )
    return tuple(banks)


def build_dacs(circuit: Circuit, clocks: dict[str, Clock], problems: Problems) -> tuple[DacBank, ...]:
    """Every DAC array."""
    banks = []
    for instance in circuit.of_type("dac"):
        model: Any = instance.bound.model
        clock = clock_of(circuit, instance, clocks, problems)
        if clock is None:
            continue
        try:
            settling = femtoseconds(model.settling)
        except ValueError as error:
            problems.add(circuit.netlist.document.position((*instance.at, "settling")), instance.path, str(error))
            continue
        ideal = _tables(circuit, instance, output_levels)
        levels = (1 + instance.actual["gain_error"])[:, None] * ideal + instance.actual["offset"][:, None]
        banks.append(
            DacBank(
                path=instance.path,
                inputs=instance.pins["in"],
                outputs=instance.pins["out"],
                clock=clock,
                bits=model.bits,
                low=-model.reference,
                high=model.reference,
                levels=levels,
                settling=settling,
                initial=2 ** (model.bits - 1),
            )
        )
    return tuple(banks)
