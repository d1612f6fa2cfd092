"""Three verbs from Python: load a netlist, simulate the chip, measure the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any

from thermosim.circuit import assemble, elaborate, lint
from thermosim.circuit.lint import ARITHMETIC, CALIBRATION
from thermosim.circuit.program import ControllerPlan
from thermosim.contracts import Controller, Host
from thermosim.demon import build, build_host, own_code
from thermosim.demon.pricing import overrun
from thermosim.errors import NetlistError, Problem, Problems
from thermosim.netlist import load as read_netlist
from thermosim.netlist import load_text
from thermosim.provenance import refuse_changed
from thermosim.times import seconds
from thermosim.units import show

if TYPE_CHECKING:
    from thermosim.circuit.circuit import Circuit
    from thermosim.circuit.program import Program
    from thermosim.measure.network import NetworkAnalysis
    from thermosim.measure.summary import Summary
    from thermosim.netlist import Netlist
    from thermosim.record import Record


@dataclass(frozen=True, repr=False)
class Chip:
    """A netlist, the die that was elaborated from it, the program that runs it, and its lints.

    `overrides` are the values that were set by path.
    """

    netlist: Netlist
    circuit: Circuit
    program: Program
    controllers: Mapping[str, Controller | Host]
    lints: tuple[Problem, ...]
    overrides: Mapping[str, Any]

    def __repr__(self) -> str:
        program = self.program
        nodes = sum(len(island.nets) for island in program.analog)
        bits = sum(fabric.nodes for fabric in program.fabrics)
        dits = sum(fabric.nodes for fabric in program.dits)
        converters = sum(len(adc.inputs) for adc in program.adcs) + sum(len(dac.outputs) for dac in program.dacs)
        counts = [
            (nodes, "analog nodes"),
            (bits, "p-bits"),
            (dits, "p-dits"),
            (converters, "converters"),
            (len(program.digital), "controllers"),
        ]
        held = ", ".join(f"{count} {name if count != 1 else name[:-1]}" for count, name in counts if count)
        window = f"{show(seconds(program.duration), 's')} after {show(seconds(program.burn_in), 's')} of burn-in"
        lints = f"; {len(self.lints)} lint{'s' * (len(self.lints) > 1)}" if self.lints else ""
        return f"<Chip {program.name}: {held}; {window}, {program.replicas} replicas{lints}>"


def load(source: str | PathLike[str], set: Mapping[str, Any] | None = None) -> Chip:
    """Read a netlist and make it ready to run.

    Parameters
    ----------
    source
        A file, or the name of a shipped netlist such as ``pbit_grid``.
    set
        Overrides by dotted path, as on the command line: ``{"models.adc8.bits": 6, "parameters.C0": "2 pF"}``.

    Raises
    ------
    NetlistError
        With every problem found, each with its place in the text.
    """
    overrides = dict(set or {})
    problems = Problems()
    netlist = read_netlist(source, overrides, problems)
    circuit = elaborate(netlist, problems=problems)
    program = assemble(circuit)
    controllers = _controllers(netlist, program)
    # A user's own code is among what was read, too.
    program = replace(program, provenance={**program.provenance, "sources": dict(netlist.document.sources)})
    lints = lint(circuit, program) + _overruns(netlist, program, controllers)
    return Chip(netlist, circuit, program, controllers, lints, overrides)


def _controllers(netlist: Netlist, program: Program) -> dict[str, Controller | Host]:
    """The controllers of a program; what does not fit them is told with its place in the text."""
    controllers: dict[str, Controller | Host] = {}
    problems = Problems()
    for plan in program.digital:
        try:
            controllers[plan.path] = build(plan) if isinstance(plan, ControllerPlan) else build_host(plan)
        except NetlistError as error:
            problems.extend(_placed(netlist, error))
        code = own_code(plan)
        if code is not None:
            netlist.document.note(code.name, code.read_bytes())
    problems.raise_if_any()
    return controllers


def _placed(netlist: Netlist, error: NetlistError) -> Iterator[Problem]:
    """Problems that know their path alone, with their places in the text."""
    for problem in error.problems:
        yield replace(problem, where=netlist.document.position(tuple(problem.path.split("."))))


def _overruns(netlist: Netlist, program: Program, controllers: Mapping[str, Controller | Host]) -> tuple[Problem, ...]:
    """Lints that only built controllers can tell: work that does not fit their latency, or ends in the window."""
    found = []
    for plan in program.digital:
        message = overrun(plan, controllers[plan.path])
        if message is not None and ARITHMETIC not in netlist.silence:
            at = ("controllers", plan.path)
            found.append(Problem(netlist.document.position((*at, "latency")), ".".join(at), message, ARITHMETIC))
    for host in program.hosts:
        ticks = getattr(controllers[host.path], "ticks", None)
        ends = 0 if ticks is None else host.clock.edge(ticks - 1) + host.latency
        if ends > program.burn_in and CALIBRATION not in netlist.silence:
            at = ("controllers", host.path)
            message = (
                f"it has done its work after {show(seconds(ends), 's')} and the recorded window begins after "
                f"{show(seconds(program.burn_in), 's')}; a longer run.burn_in lets it finish first"
            )
            found.append(Problem(netlist.document.position(at, key=True), ".".join(at), message, CALIBRATION))
    return tuple(found)


def simulate(
    chip: Chip,
    seed: int = 1,
    replicas: int | None = None,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
    resume: Record | None = None,
) -> Record:
    """Run the chip.

    Parameters
    ----------
    seed
        Names the noise: the same seed gives the same bits, whatever the threads and the number of replicas.
    replicas
        Noise copies of the one die; the netlist's number if not given.
    threads
        Threads over groups of replicas; all processors if not given.
    progress
        Called with the fraction done, from 0 to 1.
    resume
        The record of an interrupted run of the same chip, to be completed to the same bits.

    Returns
    -------
    Record
        If the run was interrupted (Ctrl-C), what was recorded so far, with a checkpoint to go on from.

    Raises
    ------
    SimulationError
        If the state is no longer finite (replica and time are named), or the samples do not fit in memory.
    NetlistError
        If a controller of your own fails or answers with what is no voltage (controller and tick are named).
    ThermosimError
        If `resume` is of another run, or a file that it was made from has changed since.
    """
    # Here and not above: checking a netlist must not wait for Numba.
    from thermosim.engine.simulator import run

    try:
        return run(chip.program, chip.controllers, seed, replicas, threads, progress, resume)
    except NetlistError as error:
        raise NetlistError(_placed(chip.netlist, error)) from error


def analyze(chip: Chip) -> tuple[NetworkAnalysis, ...]:
    """What is known of the analog networks of a chip without running it: one for each island.

    Stationary means, covariances, relaxation, spectra, heat and work, entropy production, and who makes the noise;
    with driven nets held and no controller.
    """
    from thermosim.measure.network import analyse

    return analyse(chip.circuit, chip.program)


def measure(record: Record) -> Summary:
    """Energy per effective sample, mixing times with a verdict, distance to the target law with its error.

    A record that was read from disk is measured against the chip of the netlist that it carries.

    Raises
    ------
    ThermosimError
        If a card, or a file of couplings that the netlist names, has changed since the record was made.
    """
    from thermosim.measure import measure as measured

    if record.program is None:
        given = record.meta["program"]
        netlist = load_text(given["netlist"], given["files"][0])
        program = assemble(elaborate(netlist))
        written = program.provenance["files"]  # their text is in the record
        read = {name: digest for name, digest in program.provenance["sources"].items() if name not in written}
        refuse_changed(given.get("sources", {}), read, "measure")
        record = replace(record, program=program)
    return measured(record)
