"""The assembled chip: arrays for the kernels, phases for the clocks, prices for the ledger.

Three versions of a law are kept apart. *drawn*: the netlist as written. *programmed*: after
weights are quantised. *actual*: with this die's process and mismatch; it is what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from thermosim.analysis.jumps import JumpLaw
from thermosim.circuit.dits import DitFabric
from thermosim.circuit.ising import IsingLaw as IsingLaw
from thermosim.circuit.timetable import Tempering, Timetable
from thermosim.circuit.unknowns import Unknowns
from thermosim.contracts import Floats, Ints, Mixture
from thermosim.models.base import Price
from thermosim.models.pbit import Barriers, Inner
from thermosim.netlist import Bound
from thermosim.times import Clock

if TYPE_CHECKING:
    from thermosim.circuit.branches import Branch
    from thermosim.circuit.learning import Learning
    from thermosim.circuit.moving import Moving, MovingSource
    from thermosim.circuit.nonlinear_law import NonlinearIsland


@dataclass(frozen=True)
class LinearLaw:
    """``C dv = -(G v - K u - i) dt + F du + dq``, ``<dq dq^T> = S dt``, for n nodes and m held inputs u.

    capacitance C (n, n) [F], positive definite; conductance G (n, n) [S]; noise S (n, n) [A^2 s, two-sided];
    input_conductance K (n, m) [S]; input_capacitance F (n, m) [F]; current i (n,) [A].
    Where an unknown is the current of an inductor, C holds inductances [H] and G its incidence, B and -B^T.
    """

    capacitance: Floats
    conductance: Floats
    noise: Floats
    input_conductance: Floats
    input_capacitance: Floats
    current: Floats


@dataclass(frozen=True)
class Island(Unknowns):
    """Analog nodes that are connected through elements; advances only at its own events.

    `path` is its first net in sorted order and names its noise. `nodes` are its unknowns: nets [V], then currents of
    inductors, named i(L) [A], and inner voltages of amplifiers, v(A) [V]. `inputs` are driven nets. `initial` (n,).
    `absent`: nets whose voltage is no unknown, and why nobody can look at them.
    `moving`: what changes in time; then `drawn` and `actual` hold what capacitors do not change, the rest is nan.
    """

    path: str
    nodes: tuple[str, ...]
    inputs: tuple[str, ...]
    drawn: LinearLaw
    actual: LinearLaw
    initial: Floats
    absent: Mapping[str, str] = field(default_factory=dict)
    moving: Moving | None = None


@dataclass(frozen=True)
class JumpIsland(Unknowns):
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


Order = Literal["coloured", "sequential", "random", "parallel", "subset", "free"]


@dataclass(frozen=True)
class Fabric:
    """P-bits that couple, clocked or free-running.

    P(x(t+D)=1) = p + (x - p) memory, p = sigmoid(2 beta slope I_i + shift), I_i of :class:`IsingLaw`, with
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
    every: int = 1
    """Sweeps (intervals of the grid, for order free) from one draw to the next."""
    read: bool = False
    """Whether a draw is a read of the host, which is paid; else it is the simulator's look at every sweep."""
    timetable: Timetable | None = None
    """What is held or set in which sweep; None: nothing ever is."""
    factors: Floats | None = None
    """Beta of each node as a multiple of the law's, where coupled p-bits differ in it: then it is part of `slope`. None
    where none do: then it is part of the laws."""
    tempering: Tempering | None = None
    """The copies that run beside this one; None: it is alone."""
    inner: tuple[Inner, ...] = ()
    """Of each array, all of one kind, where p-bits have an inner state that is integrated in time."""
    steps: int = 1
    """Equal steps of that integration in a slot, or in an interval of the grid."""

    @property
    def ticks(self) -> int:
        """Clock ticks of a sweep."""
        if self.order in ("coloured", "sequential"):
            return self.colours
        return self.nodes if self.order == "random" else 1

    @property
    def moves(self) -> bool:
        """Whether anything is scheduled in the course of its run."""
        return bool(self.schedule) or self.timetable is not None or self.tempering is not None

    def sizes(self) -> dict[str, int]:
        """P-bits of every array."""
        return {path: prod(shape) for path, (_, shape) in self.arrays.items()}

    def name(self, node: int) -> str:
        """Path of a p-bit, e.g. ``s[3,4]``."""
        for path, (first, shape) in self.arrays.items():
            if first <= node < first + prod(shape):
                index = ",".join(str(int(x)) for x in np.unravel_index(node - first, shape)) if shape else ""
                return f"{path}[{index}]" if shape else path
        raise IndexError(node)

    def sweeps_of(self, window: tuple[int, int]) -> tuple[int, int]:
        """First sweep that ends within a window [fs] and the first that ends after it."""
        first, last = (self.clock.first_edge_at(time + 1) - 1 for time in window)
        return first // self.ticks, last // self.ticks


@dataclass(frozen=True)
class Bank:
    """One instance array of converters with codes 0 .. 2^bits - 1 on [low, high] [V]."""

    path: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    clock: Clock
    bits: int
    low: float
    high: float

    @property
    def step(self) -> float:
        """One LSB [V]."""
        return float((self.high - self.low) / 2**self.bits)


@dataclass(frozen=True)
class AdcBank(Bank):
    """One instance array of ADCs. Codes 0 .. 2^bits - 1; nominal volts = offset + step code (code centres).

    Order of effects: jitter, sample and hold with kT/C noise, gain, offset, input noise, transition
    table, clipping (codes at either end whose input lies outside the range are counted).
    Per element: `transitions` (n, 2^bits - 1) [V], `gain`, `offset` (n,), `input_noise` [V rms].
    """

    transitions: Floats
    gain: Floats
    offset: Floats
    input_noise: float
    sample_capacitance: float
    buffered: bool
    temperature: float
    jitter: float
    latency: int


@dataclass(frozen=True)
class DacBank(Bank):
    """One instance array of DACs: output steps to ``levels[element, code]`` [V] `settling` fs after its clock edge."""

    levels: Floats
    settling: int
    initial: int
    """Code before the first write: the nominal code nearest to 0 V."""


@dataclass(frozen=True)
class HeldBank:
    """One instance array of held noise: `inputs` of its islands get new levels at every edge of `clock`.

    `drawn`, `actual` (n,) [A]: rms of the normal law that levels are drawn from, before it is cut at `clip` standard
    deviations and rounded to 2^`bits` levels, which leaves `share` of its variance.
    """

    path: str
    inputs: tuple[str, ...]
    clock: Clock
    drawn: Floats
    actual: Floats
    bits: int | None
    clip: float | None
    share: float


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
class Knob:
    """What a controller of p-bits may write: trim [V] or bias of `nodes`, or beta as a share of the netlist's."""

    kind: Literal["trim", "bias", "beta"]
    nodes: Ints


@dataclass(frozen=True)
class HostPlan:
    """A controller that reads p-bits of one fabric and programs them, as the netlist asks for it.

    `options` in SI; `latency` [fs] from its tick to its writes; `reads`: port -> nodes; `writes`: port -> knob;
    `scale`: V_s of every node as drawn [V]; `pauses`: array -> shortest time between two programmings [s].
    """

    path: str
    program: str
    options: Mapping[str, Any]
    clock: Clock
    latency: int
    fabric: str
    reads: Mapping[str, Ints]
    writes: Mapping[str, Knob]
    scale: Floats
    arrays: tuple[str, ...]
    """Arrays whose trims or biases it writes."""
    pauses: Mapping[str, float]
    arithmetic: Bound | None


@dataclass(frozen=True)
class Probe:
    """Something recorded: analog nets (volts), codes, or an array of p-bits (spins +-1) or p-dits (states from 0).

    `every` counts femtoseconds for analog and code probes, sweeps for arrays.
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
    """Constant voltage of every net driven by an ideal source, on this die [V]; of a DAC, that of its first code."""
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
    hosts: tuple[HostPlan, ...] = ()
    """Controllers of p-bits."""
    dits: tuple[DitFabric, ...] = ()
    """Fabrics with p-dits; `fabrics` are of p-bits alone."""
    jump_islands: tuple[JumpIsland, ...] = ()
    nonlinear_islands: tuple[NonlinearIsland, ...] = ()
    branches: Mapping[str, tuple[Branch, ...]] = field(default_factory=dict)
    """Elements of every linear island but for its capacitors, where heat is measured."""
    learning: tuple[Learning, ...] = ()
    """What is read of every linear island by those who use the codes, where information is measured."""
    sources: tuple[MovingSource, ...] = ()
    """Driven nets whose voltage follows a generator; `driven` has what it is at time 0."""
    held: tuple[HeldBank, ...] = ()
    """Held digital noise; its levels are inputs of islands, 0 A in `driven`."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """netlist text, sha256, files, sources (name -> SHA-256 of every file read), corner, die, variation seed, drawn
    mismatch (path.parameter -> array)."""

    def known(self, fabric: Fabric) -> Fabric:
        """The fabric as far as it is known before it runs: a controller that trims it undoes offsets of the die."""
        trims = any(
            host.fabric == fabric.path and any(knob.kind == "trim" for knob in host.writes.values())
            for host in self.hosts
        )
        return replace(fabric, shift=np.zeros(fabric.nodes)) if trims else fabric

    @property
    def digital(self) -> tuple[ControllerPlan | HostPlan, ...]:
        """All controllers, of converters and of p-bits."""
        return (*self.controllers, *self.hosts)

    @property
    def sampling(self) -> tuple[Fabric | DitFabric, ...]:
        """Every fabric, of p-bits and of p-dits."""
        return (*self.fabrics, *self.dits)

    @property
    def analog(self) -> tuple[Island | JumpIsland | NonlinearIsland, ...]:
        """Every island, linear ones first."""
        return (*self.islands, *self.jump_islands, *self.nonlinear_islands)
