"""A chip as a dimod sampler: a binary quadratic model becomes the weights of its p-bits, one replica gives one read.

dimod's E = offset + sum h s + sum J s s is turned into the chip's E = -(sum J s s + sum h s); the chip then samples

    p(s) = exp(-beta scale E(s)) / Z

as far as its dynamics, its quantisation and its mismatch allow. scale = 1 unless a weight exceeds the synapses' full
scale; then all shrink together. Needs the extra `ising`. Source: dimod, https://docs.dwavequantum.com.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import dimod
import numpy as np

from thermosim.api import Chip, load
from thermosim.circuit.assemble import assemble
from thermosim.circuit.circuit import Circuit
from thermosim.circuit.program import Probe, Program
from thermosim.circuit.reprogram import refuse_beyond_pairs, reprogram, rewire
from thermosim.contracts import Floats
from thermosim.netlist.problem import Problem
from thermosim.netlist.problem_bqm import from_bqm
from thermosim.times import seconds

READS, SWEEPS = 32, 1000
STAIRS = 50
"""Most stairs of an annealing run."""
_PARAMETERS = ("num_reads", "sweeps", "beta", "beta_range", "seed", "auto_scale")


@dataclass(frozen=True)
class _Wired:
    """A chip that has the wires for one graph."""

    circuit: Circuit
    program: Program


class ChipSampler(dimod.Sampler):  # type: ignore[misc]
    """A chip whose wires follow the problem, as an emulator's or a reconfigurable array's do.

    The netlist gives the p-bits (one array; its size is the largest problem), the synapse, clock and variation; its
    own edges do not matter. As many p-bits run as the problem has variables.
    """

    def __init__(self, source: str | PathLike[str] = "ising", set: Mapping[str, Any] | None = None) -> None:
        """`source`: a netlist; `set`: overrides as for :func:`thermosim.load`."""
        self._source, self._set = source, dict(set or {})
        self._chip = _one_fabric(load(source, self._set))
        self._key: tuple[int, bytes] | None = None
        self._blank = self._chip.circuit
        self._wired = _Wired(self._chip.circuit, self._chip.program)
        fabric = self._chip.program.fabrics[0]
        self._parameters: dict[str, list[str]] = {name: [] for name in _PARAMETERS}
        self._properties: dict[str, Any] = {
            "chip": self._chip.program.name,
            "p_bits": fabric.nodes,
            "clock_hz": float(fabric.clock.frequency),
            "j_max": _full_scale(self._chip.circuit),
        }

    @property
    def parameters(self) -> dict[str, list[str]]:
        return self._parameters

    @property
    def properties(self) -> dict[str, Any]:
        return self._properties

    def sample(
        self,
        bqm: Any,
        num_reads: int = READS,
        sweeps: int = SWEEPS,
        beta: float = 1.0,
        beta_range: tuple[float, float] | None = None,
        seed: int | None = None,
        auto_scale: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Sample a model.

        Parameters
        ----------
        bqm
            A dimod.BinaryQuadraticModel; integers, strings or tuples as labels, spins or bits.
        num_reads
            Replicas; each starts at random and is read once.
        sweeps
            Sweeps before the read.
        beta
            Inverse temperature of the model's energy.
        beta_range
            Anneals from the first to the last value in equal stairs; `beta` then plays no part.
        seed
            Of the noise; drawn if not given, and told in the answer.
        auto_scale
            Whether weights beyond full scale make all shrink; else they are an error.

        Returns
        -------
        dimod.SampleSet
            With ``info['chip']``: time [s], energy [J], scale, colours, largest error of a weight, seed.
        """
        self.remove_unknown_kwargs(**kwargs)
        start, beta = (beta, beta) if beta_range is None else beta_range
        if num_reads < 1 or sweeps < 1 or not min(start, beta) > 0:
            raise ValueError(
                f"num_reads, sweeps and beta must be above zero, got {num_reads}, {sweeps}, {start}, {beta}"
            )
        if not bqm.num_variables:
            empty = np.empty((num_reads, 0), dtype=np.int8)
            return dimod.SampleSet.from_samples_bqm((empty, []), bqm, info={"chip": {}})
        problem = from_bqm(bqm)
        scale = self._scale(problem, beta, auto_scale)
        factor = scale * beta / self._chip.netlist.updates.beta
        program = self._programmed(bqm, problem.scaled(factor))
        seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        states, info = _run(_annealed(program, start / beta, sweeps), num_reads, sweeps, seed)
        spins = states[:, self._nodes(bqm)]
        info |= {"scale": scale, "beta": beta, "seed": seed}
        sampled = dimod.SampleSet.from_samples_bqm((spins, list(bqm.variables)), _as_spin(bqm), info={"chip": info})
        return sampled.change_vartype(bqm.vartype, inplace=False)

    def _scale(self, problem: Problem, beta: float, allowed: bool) -> float:
        full, factor = _full_scale(self._chip.circuit), beta / self._chip.netlist.updates.beta
        largest = float(np.abs(problem.weights).max(initial=0.0)) * factor
        if full is None or largest <= full:
            return 1.0
        if not allowed:
            raise ValueError(f"a coupling of {largest:.4g} exceeds the synapses' full scale of {full:g}")
        return full / largest

    def _programmed(self, bqm: Any, problem: Problem) -> Program:
        """The chip with the problem's weights; wires are laid anew only for another graph."""
        most = self._properties["p_bits"]
        if problem.spins > most:
            raise ValueError(f"the model has {problem.spins} variables and the chip {most} p-bits")
        size = max(2, problem.spins)  # an array has two p-bits at least, so that it has a coupling
        biases: Floats = np.zeros(size)
        biases[: problem.spins] = problem.biases
        key = (size, problem.edges.tobytes())
        if key != self._key:
            if len(self._chip.program.fabrics[0].arrays) != 1:
                raise ValueError(
                    f"'{self._properties['chip']}' has several arrays; StructuredChipSampler takes it as it is"
                )
            if self._key is None or self._key[0] != size:
                self._blank = self._sized(size)
            circuit = rewire(self._blank, problem.edges, problem.weights, biases)
            self._key, self._wired = key, _Wired(circuit, assemble(circuit))
            return self._wired.program
        return reprogram(self._wired.circuit, self._wired.program, problem.weights, biases)[1]

    def _sized(self, size: int) -> Circuit:
        """A die of `size` p-bits with a chain in place of the netlist's couplings."""
        coupling = next(iter(self._chip.netlist.couplings.values()))
        path = self._chip.circuit.synapses[0].path
        chain = {"between": list(coupling.between or ()), "model": coupling.model, "lattice": {"name": "chain"}}
        overrides = self._set | {
            f"instances.{self._array}.shape": [size],
            "couplings": {path: {**chain, "weight": 0.0}},
        }
        return load(self._source, overrides).circuit

    @property
    def _array(self) -> str:
        return next(iter(self._chip.program.fabrics[0].arrays))

    def _nodes(self, bqm: Any) -> list[int]:
        """P-bit of every variable."""
        return list(range(bqm.num_variables))


class StructuredChipSampler(ChipSampler, dimod.Structured):  # type: ignore[misc]
    """A chip whose wires are those of its netlist: variables are the numbers of its p-bits, row by row."""

    def __init__(self, source: str | PathLike[str], set: Mapping[str, Any] | None = None) -> None:
        super().__init__(source, set)
        fabric = self._chip.program.fabrics[0]
        self._edges = [(int(i), int(j)) for i, j in fabric.drawn.edges]
        self._place = {edge: k for k, edge in enumerate(self._edges)}

    @property
    def nodelist(self) -> list[int]:
        return list(range(self._properties["p_bits"]))

    @property
    def edgelist(self) -> list[tuple[int, int]]:
        return self._edges

    @dimod.bqm_structured  # type: ignore[untyped-decorator]
    def sample(self, bqm: Any, **parameters: Any) -> Any:
        """As :meth:`ChipSampler.sample`; the model's graph must lie within the chip's."""
        return super().sample(bqm, **parameters)

    def _programmed(self, bqm: Any, problem: Problem) -> Program:
        nodes = np.array(self._nodes(bqm))
        weights: Floats = np.zeros(len(self._edges))
        biases: Floats = np.zeros(self._properties["p_bits"])
        biases[nodes] = problem.biases
        for (i, j), weight in zip(np.sort(nodes[problem.edges], axis=1).tolist(), problem.weights, strict=True):
            weights[self._place[i, j]] = weight
        return reprogram(self._chip.circuit, self._chip.program, weights, biases)[1]

    def _nodes(self, bqm: Any) -> list[int]:
        return [int(label) for label in bqm.variables]


def _as_spin(bqm: Any) -> Any:
    return bqm if bqm.vartype is dimod.SPIN else bqm.change_vartype("SPIN", inplace=False)


def _one_fabric(chip: Chip) -> Chip:
    """The chip, if it is nothing but one fabric of p-bits."""
    program = chip.program
    if len(program.fabrics) != 1 or program.islands or program.fabrics[0].input_nets is not None:
        raise ValueError(f"'{program.name}' is no Ising chip: it needs one fabric of p-bits without analog inputs")
    if program.fabrics[0].order == "free":
        raise ValueError(f"'{program.name}' has free-running p-bits, which have no sweeps; give them a clock")
    refuse_beyond_pairs(chip.circuit)
    schedule = chip.netlist.schedule
    if schedule.clamp or schedule.reset or schedule.beta_factors or schedule.tempering is not None:
        raise ValueError(
            f"'{program.name}' has more than a beta in its schedule; a sampler's variables are free and alike, and it "
            "anneals them itself"
        )
    if not chip.circuit.synapses:
        raise ValueError(f"'{program.name}' has no coupling: its synapse says how weights are held")
    return chip


def _full_scale(circuit: Circuit) -> float | None:
    """Largest weight that every synapse of the chip holds."""
    models: list[Any] = [synapse.bound.model for synapse in circuit.synapses]
    return min((model.j_max for model in models if model.j_max is not None), default=None)


def _annealed(program: Program, start: float, sweeps: int) -> Program:
    """The program under a staircase from the share `start` of its beta to the whole; as it is where that is 1."""
    fabric = program.fabrics[0]
    if start == 1:
        return program
    steps = min(STAIRS, sweeps)
    stairs = [(k * sweeps // steps, fabric.actual.beta * float(b)) for k, b in enumerate(np.linspace(start, 1, steps))]
    return replace(program, fabrics=(replace(fabric, schedule=tuple(stairs)),))


def _run(program: Program, reads: int, sweeps: int, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """States (read, node) +-1 after so many sweeps, and what they cost."""
    from thermosim.engine.simulator import run
    from thermosim.measure.energy import ledger

    fabric = program.fabrics[0]
    before, end = (int(fabric.clock.edge(count * fabric.ticks)) for count in (sweeps - 1, sweeps))
    probes = tuple(Probe(path, "bit", (path,), 1) for path in fabric.arrays)
    timed = replace(program, burn_in=before, duration=end - before, probes=probes)
    record = run(timed, {}, seed, reads)
    energy = ledger(program.prices, record.counters, reads, float(reads))
    law, held = fabric.drawn, fabric.programmed
    states = np.concatenate([record.samples[path][:, -1, :] for path in fabric.arrays], axis=1)
    info = {
        "name": program.name,
        "sweeps": sweeps,
        "colours": fabric.colours,
        "seconds_per_read": seconds(end),
        "joules": energy.window.value + energy.burn_in.value,
        "unpriced": [f"{row.instance} {row.action}" for row in energy.unpriced],
        "largest_weight_error": float(np.abs(law.weights - held.weights).max(initial=0.0)),
        "simulated_in_seconds": record.meta["wall_seconds"],
    }
    return states, info
