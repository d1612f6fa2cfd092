"""The assembled chip: arrays for the kernels, phases for the clocks, prices for the ledger.

Three versions of a law are kept apart. *drawn*: the netlist as written. *programmed*: after
weights are quantised. *actual*: with this die's process and mismatch; it is what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from thermosim.analysis.jumps import JumpLaw
from thermosim.contracts import Floats, Ints, Mixture
from thermosim.models.base import Price
from thermosim.models.pbit import Barriers
from thermosim.netlist import Bound
from thermosim.times import Clock


@dataclass(frozen=True)
class LinearLaw:
    """``C dv = -(G v - K u - i) dt + F du + dq``, ``<dq dq^T> = S dt``, for n nodes and m held inputs u.

    capacitance C (n, n) [F]; conductance G (n, n) [S]; noise S (n, n) [A^2 s, two-sided];
    input_conductance K (n, m) [S]; input_capacitance F (n, m) [F]; current i (n,) [A].
    """

    capacitance: Floats
    conductance: Floats
    noise: Floats
    input_conductance: Floats
    input_capacitance: Floats
    current: Floats


@dataclass(frozen=True)
class Island:
    """Analog nodes that are connected through elements; advances only at its own events.

    `path` is its first net in sorted order and names its noise. `inputs` are driven nets.
    `initial` (n,) [V].
    """

    path: str
    nodes: tuple[str, ...]
    inputs: tuple[str, ...]
    drawn: LinearLaw
    actual: LinearLaw
    initial: Floats


@dataclass(frozen=True)
class JumpIsland:
    """Nodes joined by transistors, diodes and capacitors; charge crosses one electron at a time.

    `path` is its first net in sorted order and names its noise. `channels`: names of the jumps, in the order of the
    laws. `exact`: every jump in its turn, else leaps. `supplies`: source element and input row of each constant supply.
    `initial` (n,): charges at time 0.
    """

    path: str
    nodes: tuple[str, ...]
    inputs: tuple[str, ...]
    channels: tuple[str, ...]
    drawn: JumpLaw
    actual: JumpLaw
    exact: bool
    supplies: tuple[tuple[str, int], ...]
    initial: tuple[int, ...]


@dataclass(frozen=True)
class IsingLaw:
    """E(s) = -(sum_edges J_ij s_i s_j + sum_i h_i s_i), each edge once; the law is exp(-beta E).

    `edges` (edge, 2) with i < j; `weights` (edge,); `biases` (node,). Dimensionless.
    """

    edges: Ints
    weights: Floats
    biases: Floats
    beta: float


Order = Literal["coloured", "sequential", "random", "parallel", "subset", "free"]


@dataclass(frozen=True)
class Fabric:
    """P-bits that couple, clocked or free-running.

    P(x(t+D)=1) = p + (x - p) memory, p = sigmoid(2 beta slope (sum_j J_ij s_j + h_i) + shift), with
    memory = exp(-D/tau0) for one slot (clock period) D. All per node: `colour` int32, `slope`
    (nominal V_s / actual V_s, gain mismatch included), `shift` (-(offset)/V_s), `memory`.
    `arrays`: instance path -> (first node, shape). `input_nets`: analog net of each node or "" (or
    None when no p-bit has an analog input); its voltage adds V/V_s to the sigmoid's argument, `volts` = V_s.
    `actual` holds the programmed weights with their mismatch.

    `order`: which p-bits a tick updates. coloured and sequential: those of its colour, in turn; random: one picked
    evenly; parallel: all; subset: each with probability `chance`. free: none, they flip in continuous time and
    `clock` is the grid on which they are observed; `arrhenius` marks rates that grow with the input, and inputs follow
    with `settling` [s] after `delay` [s].
    """

    path: str
    arrays: Mapping[str, tuple[int, tuple[int, ...]]]
    nodes: int
    colours: int
    colour: np.ndarray
    clock: Clock
    rng: Literal["held", "free"]
    drawn: IsingLaw
    programmed: IsingLaw
    actual: IsingLaw
    slope: Floats
    shift: Floats
    memory: Floats
    volts: Floats
    relaxation: Floats
    """1/(k_up + k_down) of each node at its offset [s]."""
    input_nets: tuple[str, ...] | None = None
    schedule: tuple[tuple[int, float], ...] = ()
    """(first sweep, beta) of every stair of an annealing run; the last is the beta of the laws. Empty: it stands."""
    barriers: Barriers | None = None
    """Rates that depend on the bias, by the argument of the response; None where `memory` holds at every bias."""
    order: Order = "coloured"
    chance: float = 1.0
    arrhenius: tuple[bool, ...] = ()
    """Of each node; empty where all relax in tau0 whatever their input."""
    settling: float = 0.0
    delay: float = 0.0

    @property
    def ticks(self) -> int:
        """Clock ticks of a sweep."""
        if self.order in ("coloured", "sequential"):
            return self.colours
        return self.nodes if self.order == "random" else 1


@dataclass(frozen=True)
class AdcBank:
    """One instance array of ADCs. Codes 0 .. 2^bits - 1; nominal volts = offset + step code (code centres).

    Order of effects: jitter, sample and hold with kT/C noise, gain, offset, input noise, transition
    table, clipping (codes at either end whose input lies outside the range are counted).
    Per element: `transitions` (n, 2^bits - 1) [V], `gain`, `offset` (n,), `input_noise` [V rms].
    """

    path: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    clock: Clock
    bits: int
    low: float
    high: float
    transitions: Floats
    gain: Floats
    offset: Floats
    input_noise: float
    sample_capacitance: float
    buffered: bool
    temperature: float
    jitter: float
    latency: int

    @property
    def step(self) -> float:
        return float((self.high - self.low) / 2**self.bits)


@dataclass(frozen=True)
class DacBank:
    """One instance array of DACs: output steps to ``levels[element, code]`` [V] `settling` fs after its clock edge."""

    path: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    clock: Clock
    bits: int
    low: float
    high: float
    levels: Floats
    settling: int
    initial: int
    """Code before the first write: the nominal code nearest to 0 V."""

    @property
    def step(self) -> float:
        return float((self.high - self.low) / 2**self.bits)


@dataclass(frozen=True)
class ControllerPlan:
    """A controller as the netlist asks for it; the demon layer builds the object.

    `program`: proportional, score, network, or ``module:Class``. `options` as written (SI). `latency` fs from
    its tick to its writes. `plant`: drawn law of the island it acts on, with the order of its reads and writes.
    """

    path: str
    program: str
    options: Mapping[str, Any]
    clock: Clock
    latency: int
    reads: Mapping[str, tuple[str, ...]]
    writes: Mapping[str, tuple[str, ...]]
    target: Mixture | None
    plant: LinearLaw | None
    plant_nodes: Ints
    """Island node read by each read channel, in port order."""
    plant_inputs: Ints
    """Island input driven by each write channel, in port order."""
    arithmetic: Bound | None
    """The digital arithmetic that runs it (energies, throughput); None: its work is listed as unpriced."""


@dataclass(frozen=True)
class Probe:
    """Something recorded: analog nets (volts), codes, or p-bits of one fabric (spins +-1).

    `every` counts femtoseconds for analog and code probes, sweeps for p-bits.
    """

    name: str
    kind: Literal["analog", "code", "bit"]
    nets: tuple[str, ...]
    every: int


@dataclass(frozen=True)
class PriceRow:
    """A price at an instance; the ledger multiplies it with the counter ``path.counter``."""

    path: str
    price: Price


@dataclass(frozen=True)
class Program:
    """One die, ready to run. Times in femtoseconds; the recorded window is [burn_in, burn_in + duration]."""

    name: str
    temperature: float
    islands: tuple[Island, ...]
    fabrics: tuple[Fabric, ...]
    driven: Mapping[str, float]
    """Constant voltage of every net driven by an ideal source, on this die [V]."""
    drawn_driven: Mapping[str, float]
    """The same as drawn; a net driven by a DAC is at 0 V."""
    adcs: tuple[AdcBank, ...]
    dacs: tuple[DacBank, ...]
    clocks: tuple[Clock, ...]
    controllers: tuple[ControllerPlan, ...]
    probes: tuple[Probe, ...]
    duration: int
    burn_in: int
    replicas: int
    measures: tuple[str, ...]
    target: Literal["as_drawn", "as_programmed"] | Mixture
    target_nets: tuple[str, ...]
    """Nets that a named target law speaks of, in order."""
    prices: tuple[PriceRow, ...]
    notes: tuple[str, ...]
    """What the reader of a summary must know (lints silenced, laws that are not Boltzmann, ...)."""
    jump_islands: tuple[JumpIsland, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """netlist text, sha256, files, sources (name -> SHA-256 of every file read), corner, die, variation seed, drawn
    mismatch (path.parameter -> array)."""

    @property
    def analog(self) -> tuple[Island | JumpIsland, ...]:
        """Every island, linear ones first."""
        return (*self.islands, *self.jump_islands)
