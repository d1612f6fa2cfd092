"""Programs built by hand: small chips for tests of the engine, without netlist and elaboration."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from thermosim.circuit.program import (
    AdcBank,
    ControllerPlan,
    DacBank,
    Fabric,
    IsingLaw,
    Island,
    LinearLaw,
    Probe,
    Program,
)
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Arithmetic, Law
from thermosim.times import Clock


def clock(frequency: float = 1e7, path: str = "ck") -> Clock:
    return Clock(path, Fraction(frequency).limit_denominator(1000))


def law(capacitance, conductance, noise, inputs=None, coupling=None, current=None) -> LinearLaw:
    """Matrices from anything array-like; without inputs there are none."""
    capacitance = np.atleast_2d(np.asarray(capacitance, dtype=float))
    n = len(capacitance)
    none = np.zeros((n, 0))
    return LinearLaw(
        capacitance,
        np.atleast_2d(np.asarray(conductance, dtype=float)),
        np.atleast_2d(np.asarray(noise, dtype=float)),
        none if inputs is None else np.asarray(inputs, dtype=float).reshape(n, -1),
        np.zeros((n, np.asarray(inputs).reshape(n, -1).shape[1])) if coupling is None and inputs is not None
        else (none if coupling is None else np.asarray(coupling, dtype=float).reshape(n, -1)),
        np.zeros(n) if current is None else np.asarray(current, dtype=float),
    )  # fmt: skip


def rc(resistance=1e5, capacitance=1e-12, psd=0.0, temperature=300.0, path="x", driven=None, initial=0.0) -> Island:
    """One RC node: Johnson noise at `temperature` plus a one-sided psd; `driven` names a net at the far end of R."""
    g = 1 / resistance
    matrices = law(capacitance, g, 2 * BOLTZMANN * temperature * g + psd / 2, None if driven is None else [[g]])
    return Island(path, (path,), () if driven is None else (driven,), matrices, matrices, np.array([initial]))


def adc(inputs=("x",), outputs=("y",), **changes: Any) -> AdcBank:
    """A noiseless 12-bit ADC of range +-1 V on every edge of a 10 MHz clock, without latency."""
    bits = changes.pop("bits", 12)
    low, high = changes.pop("low", -1.0), changes.pop("high", 1.0)
    n = len(inputs)
    step = (high - low) / 2**bits
    ideal = np.tile(low + step * np.arange(1, 2**bits), (n, 1))
    defaults: dict[str, Any] = {
        "path": "adc", "inputs": tuple(inputs), "outputs": tuple(outputs), "clock": clock(),
        "bits": bits, "low": low, "high": high,
        "transitions": ideal, "gain": np.ones(n), "offset": np.zeros(n), "input_noise": 0.0, "sample_capacitance": 0.0,
        "buffered": True, "temperature": 300.0, "jitter": 0.0, "latency": 0,
    }  # fmt: skip
    return AdcBank(**(defaults | changes))


def dac(inputs=("d",), outputs=("u",), **changes: Any) -> DacBank:
    """An ideal 12-bit DAC of range +-1 V, without settling."""
    bits = changes.pop("bits", 12)
    low, high = changes.pop("low", -1.0), changes.pop("high", 1.0)
    step = (high - low) / 2**bits
    defaults: dict[str, Any] = {
        "path": "dac", "inputs": tuple(inputs), "outputs": tuple(outputs), "clock": clock(),
        "bits": bits, "low": low, "high": high,
        "levels": np.tile(low + step * np.arange(2**bits), (len(inputs), 1)), "settling": 0, "initial": 2 ** (bits - 1),
    }  # fmt: skip
    return DacBank(**(defaults | changes))


def plan(reads=None, writes=None, **changes: Any) -> ControllerPlan:
    """A controller on the 10 MHz clock without latency, from y to d."""
    nothing = np.zeros(0, dtype=np.int64)
    defaults: dict[str, Any] = {
        "path": "demon", "program": "proportional", "options": {}, "clock": clock(), "latency": 0,
        "reads": {"y": ("y",)} if reads is None else reads, "writes": {"d": ("d",)} if writes is None else writes,
        "target": None, "plant": None, "plant_nodes": nothing, "plant_inputs": nothing,
    }  # fmt: skip
    extra = {"arithmetic": None} if "arithmetic" in ControllerPlan.__dataclass_fields__ else {"throughput": None}
    return ControllerPlan(**(defaults | extra | changes))


def ring(n=6, inputs=None, frequency=50e6, coupling=0.4) -> Fabric:
    """A ring of p-bits in two colours; `inputs` names the analog net of each."""
    edges = np.array([sorted((k, (k + 1) % n)) for k in range(n)])
    ising = IsingLaw(edges, np.full(n, coupling), np.linspace(-0.2, 0.3, n), 1.0)
    one = np.ones(n)
    return Fabric(
        path="s", arrays={"s": (0, (n - 2,)), "t": (n - 2, (2,))}, nodes=n, colours=2,
        colour=np.arange(n, dtype=np.int32) % 2, clock=clock(frequency, "fast"), rng="held", drawn=ising,
        programmed=ising, actual=ising, slope=one, shift=0 * one,
        memory=0.1 * one, volts=0.026 * one, relaxation=1e-8 * one, input_nets=inputs,
    )  # fmt: skip


def program(
    islands=(), adcs=(), dacs=(), controllers=(), record=None, duration=1e-6, burn_in=0.0, **changes: Any
) -> Program:
    """A program; `record` maps a net array (tuple of nets) to its interval in seconds."""
    driven = changes.pop("driven", {})
    probes = tuple(changes.pop("probes", ())) + tuple(
        Probe(name, "analog", nets, round(every * 1e15)) for name, (nets, every) in (record or {}).items()
    )
    defaults: dict[str, Any] = {
        "name": "hand made", "temperature": 300.0, "islands": tuple(islands), "fabrics": (), "driven": driven,
        "drawn_driven": driven,
        "adcs": tuple(adcs), "dacs": tuple(dacs), "clocks": (clock(),),
        "controllers": tuple(controllers), "probes": probes,
        "duration": round(duration * 1e15), "burn_in": round(burn_in * 1e15), "replicas": 1,
        "measures": (), "target": "as_drawn",
        "target_nets": (), "prices": (), "notes": (), "provenance": {"sha256": "hand"},
    }  # fmt: skip
    return Program(**(defaults | changes))


@dataclass
class Affine:
    """A controller that is an affine law: writes = linear @ reads + constant."""

    linear: np.ndarray
    constant: np.ndarray

    @property
    def arithmetic(self) -> Arithmetic:
        return Arithmetic(macs=self.linear.size, bytes_read=8 * self.linear.size)

    @property
    def law(self) -> Law:
        return Law(None, np.zeros((len(self.linear), 0)), self.linear, self.constant)

    def initial_state(self, replicas):
        return None

    def act(self, reads, tick, state, rng):
        raise AssertionError("a law runs in a kernel")


def smode4(
    adc_latency=100_000_000, demon_latency=100_000_000, settling=20_000_000, adc_bits=8, dac_bits=10, **changes: Any
):
    """The four coupled s-modes with converters and a score demon's plan; changes go to the program."""
    from thermosim.contracts import Mixture

    n, capacitance = 4, 1e-12
    node, wire = 1e-7, 5e-8  # each of the two 10 MOhm resistors of a node, and a 20 MOhm coupler [S]
    chain = np.diag([1.0, 2.0, 2.0, 1.0]) - np.eye(4, k=1) - np.eye(4, k=-1)
    conductance = 2 * node * np.eye(n) + wire * chain
    matrices = law(
        capacitance * np.eye(n), conductance, 2 * BOLTZMANN * 300 * conductance + 2e-21 * np.eye(n), node * np.eye(n)
    )
    nets = {name: tuple(f"{name}[{k}]" for k in range(n)) for name in "xyud"}
    island = Island("x[0]", nets["x"], nets["u"], matrices, matrices, np.zeros(n))
    mixture = Mixture(np.array([[0.04] * 4, [-0.04] * 4]), 0.04, np.array([0.5, 0.5]))
    indices = np.arange(n)
    demon = plan(
        {"y": nets["y"]}, {"d": nets["d"]}, program="score", latency=demon_latency, target=mixture, plant=matrices,
        plant_nodes=indices, plant_inputs=indices,
    )  # fmt: skip
    converters = {
        "adcs": [adc(nets["x"], nets["y"], bits=adc_bits, low=-0.5, high=0.5, latency=adc_latency)],
        "dacs": [dac(nets["d"], nets["u"], bits=dac_bits, low=-0.5, high=0.5, settling=settling)],
    }
    record = changes.pop("record", {"x": (nets["x"], 1e-6)})
    return program([island], controllers=[changes.pop("demon", demon)], record=record, **(converters | changes))
