"""Run a program: islands, converters, controllers and fabrics, joined by one queue of events.

An event is something that touches more than one part: a clock edge, a published conversion, a write, an output that
has settled. Between its own events an island or fabric advances in one call, whatever it records on the way.
The recorded window is [burn_in, burn_in + duration); actions at its end no longer happen, draws there are taken.
"""

from __future__ import annotations

import os
import signal
import threading
import time as wall
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from thermosim.circuit.learning import Learning
from thermosim.circuit.program import Program
from thermosim.contracts import Floats, Ints
from thermosim.engine import checkpoint
from thermosim.engine.agenda import Agenda, Edges, Phase
from thermosim.engine.controls import ControllerRunner
from thermosim.engine.conversion import AdcRunner, DacRunner
from thermosim.engine.counters import Counters
from thermosim.engine.heat import HeatLedger, Unfinished
from thermosim.engine.held import Held
from thermosim.engine.held_noise import HeldNoiseRunner
from thermosim.engine.hosts import HostRunner
from thermosim.engine.island import IslandRunner
from thermosim.engine.jumps import JumpRunner
from thermosim.engine.learning import Learner
from thermosim.engine.memory import refuse_too_much
from thermosim.engine.moving import MovingLedger, MovingRunner, SourceRunner
from thermosim.engine.nonlinear import NonlinearRunner
from thermosim.engine.probes import Tape
from thermosim.engine.sweeps import FabricPart
from thermosim.errors import SimulationError, ThermosimError
from thermosim.kernels.gibbs import LANES
from thermosim.provenance import versions
from thermosim.record import Record
from thermosim.times import seconds

BEATS = 200
"""Times at least that a run reports progress and looks whether every voltage is finite."""


def run(
    program: Program,
    controllers: Mapping[str, Any],
    seed: int = 1,
    replicas: int | None = None,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
    resume: Record | None = None,
    stop: Callable[[int], bool] | None = None,
) -> Record:
    """Simulate one die.

    Parameters
    ----------
    program
        The assembled die with its testbench.
    controllers
        The controller of each plan, by path.
    seed
        Names all noise; the same seed gives the same bits with any number of threads or replicas.
    replicas
        Noise copies; the program's number if not given.
    threads
        Threads for long advances; the available processors if not given.
    progress
        Called with the fraction done.
    resume
        An interrupted record of the same program, seed and replicas, to be completed to the same bits.
    stop
        Asked after each instant, given its time [fs], whether to interrupt the run as Ctrl-C does.

    Returns
    -------
    Record
        Complete, or with a checkpoint if the run was interrupted.

    Raises
    ------
    SimulationError
        If a voltage is no longer finite, or what is recorded does not fit in memory.
    NetlistError
        If a controller of the user's fails or answers with what is no voltage.
    ThermosimError
        If `resume` is of another run, or there are no replicas.
    """
    began = wall.perf_counter()
    count = program.replicas if replicas is None else replicas
    if count < 1:
        raise ThermosimError(f"a run needs at least 1 replica, got {count}")
    refuse_too_much(program, count)
    threads = _processors() if threads is None else max(1, threads)
    # One BLAS thread: the order of sums must not depend on the machine, and the matrices are small.
    try:
        with threadpool_limits(limits=1):
            simulation = Simulation(program, controllers, seed, count, threads)
            if resume is None:
                simulation.start()
            else:
                checkpoint.restore(simulation, resume)
            simulation.go(progress, stop)
            record = checkpoint.record(simulation)
    except MemoryError as error:
        raise SimulationError(f"out of memory: {error}; record less, or run fewer replicas") from error
    earlier = resume.meta["wall_seconds"] if resume is not None else 0.0
    record.meta["wall_seconds"] = earlier + wall.perf_counter() - began
    record.meta["threads"] = threads
    record.meta["versions"] = versions()
    return record


def _processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Simulation:
    """The parts of a running die, and the actions that join them."""

    def __init__(
        self, program: Program, controllers: Mapping[str, Any], seed: int, replicas: int, threads: int
    ) -> None:
        self.program, self.seed, self.replicas = program, seed, replicas
        self.end = program.burn_in + program.duration
        self.complete = self.torn = False
        self.counters = Counters(program.burn_in, replicas)

        levels = dict(program.driven) | {"0": 0.0}
        for dac in program.dacs:
            levels |= {net: dac.levels[k, dac.initial] for k, net in enumerate(dac.outputs)}
        self.rails = Held(levels, np.float64, replicas)

        def held(nets: tuple[str, ...]) -> Floats:
            return self.rails.values[self.rails.numbers(nets)]

        self.islands: list[IslandRunner | JumpRunner | NonlinearRunner] = [
            (IslandRunner if island.moving is None else MovingRunner)(island, held(island.inputs), seed, threads)
            for island in program.islands
        ]
        for runner in self.islands:
            if runner.island.path in program.branches and isinstance(runner, IslandRunner):
                parts = program.branches[runner.island.path]
                ledger = HeatLedger if runner.island.moving is None else MovingLedger
                booked = ledger(runner.island, parts, seed, replicas)
                booked.hurried = self._is_interrupted
                runner.book(booked, program.burn_in)
        self.islands += [
            JumpRunner(island, held(island.inputs), self.counters, program.burn_in, seed, threads)
            for island in program.jump_islands
        ]
        self.islands += [
            NonlinearRunner(island, held(island.inputs), seed, threads) for island in program.nonlinear_islands
        ]
        owner = {net: runner for runner in self.islands for net in runner.island.nodes}
        self.adcs = {bank.path: AdcRunner(bank, owner, self.rails, self.counters, seed) for bank in program.adcs}
        for learning in program.learning:
            self._learn(learning)
        codes: dict[str, float] = {net: bank.initial for bank in program.dacs for net in bank.inputs}
        codes |= {net: adc.zero_code() for adc in self.adcs.values() for net in adc.bank.outputs}
        self.codes = Held(codes, np.int64, replicas)
        self.dacs = {
            bank.path: DacRunner(bank, self.islands, self.rails, self.codes, self.counters) for bank in program.dacs
        }
        self.sources = {one.element: SourceRunner(one, self.islands, self.rails) for one in program.sources}
        self.held_noises = {
            bank.path: HeldNoiseRunner(bank, self.islands, self.rails, self.counters, seed) for bank in program.held
        }
        read = {net: bank for bank in program.adcs for net in bank.outputs}
        written = {net: bank for bank in program.dacs for net in bank.inputs}
        self.controllers = {
            plan.path: ControllerRunner(plan, controllers[plan.path], read, written, self.codes, self.counters, seed)
            for plan in program.controllers
        }

        window = (program.burn_in, self.end)
        self.fabrics = {
            fabric.path: FabricPart(fabric, program.probes, window, owner, self.rails, self.counters, seed, threads)
            for fabric in program.sampling
        }
        self.hosts = {
            plan.path: HostRunner(plan, controllers[plan.path], self.fabrics[plan.fabric], self.counters, seed)
            for plan in program.hosts
        }
        self.tapes = [
            Tape(probe, program.burn_in, program.duration, replicas) for probe in program.probes if probe.kind != "bit"
        ]
        self.rails.record(self.tapes)
        self.codes.record(self.tapes)
        for runner in self.islands:
            runner.record(self.tapes)
        self.agenda = Agenda(self._actions(), self._after_instant)
        self._beats = self._count_beats()
        self._beating = False
        self._interrupted = False
        self._progress: Callable[[float], None] | None = None
        self._stop: Callable[[int], bool] | None = None

    def _learn(self, learning: Learning) -> None:
        """Follow what is read of one island."""
        (runner,) = (one for one in self.islands if one.island.path == learning.path)
        assert isinstance(runner, IslandRunner)
        banks = [adc.bank for adc in self.adcs.values() if adc.bank.path in learning.banks]
        runner.learner = Learner(learning, runner.island.initial, banks, runner.state, self.program.burn_in)
        for bank in banks:
            self.adcs[bank.path].learners.append(runner.learner)

    def start(self) -> None:
        """Put the first edges on the agenda."""
        for path in self.adcs:
            self.agenda.at(0, Phase.SAMPLE, f"sample {path}", 0)
        for path in self.held_noises:
            self.agenda.at(0, Phase.STEP, f"redraw {path}", 0)
        for path in self.controllers:
            self.agenda.at(0, Phase.COMPUTE, f"tick {path}", 0)
        for path in self.hosts:
            self.agenda.at(0, Phase.COMPUTE, f"host {path}", 0)
        for path, part in self.fabrics.items():
            if part.analog:
                self.agenda.at(0, Phase.SAMPLE, f"slot {path}", 0)
        for element, source in self.sources.items():
            self._next_step(f"source {element}", source, 0)
        self.agenda.at(0, Phase.RECORD, "beat", 0)

    def go(self, progress: Callable[[float], None] | None, stop: Callable[[int], bool] | None) -> None:
        """Run to the end or to the first interruption."""
        self._progress, self._stop = progress, stop
        with _caught_interrupt(self._interrupt):
            try:
                self.agenda.run()
            except Unfinished:
                pass  # Whoever moves islands moves them first, so that the action can be done again from its start.
            except KeyboardInterrupt:
                # Raised by somebody's code. Inside an instant half of its actions have happened: no going on.
                self.torn = self.agenda.inside_instant

    # -- actions ----------------------------------------------------------------------------------------------

    def _actions(self) -> dict[str, Callable[[int, Any], None]]:
        actions: dict[str, Callable[[int, Any], None]] = {"beat": self._beat}
        listeners: dict[str, list[str]] = {}
        for path, dac in self.dacs.items():
            actions[f"latch {path}"] = self._latch(path, dac)
            actions[f"step {path}"] = dac.step
            for net in dac.bank.inputs:
                listeners.setdefault(net, []).append(path)
        for path, noise in self.held_noises.items():
            actions[f"redraw {path}"] = self._redraw(path, noise)
        for path, adc in self.adcs.items():
            actions[f"sample {path}"] = self._sample(path, adc)
            actions[f"publish {path}"] = self._set_codes(adc.bank.outputs, listeners)
        for path, controller in self.controllers.items():
            actions[f"tick {path}"] = self._tick(path, controller)
            nets = tuple(net for nets in controller.plan.writes.values() for net in nets)
            actions[f"write {path}"] = self._set_codes(nets, listeners)
        for path, host in self.hosts.items():
            actions[f"host {path}"] = self._host(path, host)
            actions[f"program {path}"] = host.write
        for path, part in self.fabrics.items():
            actions[f"slot {path}"] = self._slot(path, part)
        for element, source in self.sources.items():
            actions[f"source {element}"] = self._source(f"source {element}", source)
        return actions

    def _at(self, time: int, phase: Phase, name: str, payload: Any = None) -> None:
        """Schedule what still happens before the end."""
        if time < self.end:
            self.agenda.at(time, phase, name, payload)

    def _sample(self, path: str, adc: AdcRunner) -> Callable[[int, Any], None]:
        sample, publish = f"sample {path}", f"publish {path}"
        edges, latency = Edges(adc.bank.clock), adc.bank.latency

        def action(time: int, edge: int) -> None:
            self._at(time + latency, Phase.PUBLISH, publish, adc.sample(time))
            self._at(edges.at(edge + 1), Phase.SAMPLE, sample, edge + 1)

        return action

    def _redraw(self, path: str, noise: HeldNoiseRunner) -> Callable[[int, Any], None]:
        redraw, edges = f"redraw {path}", Edges(noise.bank.clock)

        def action(time: int, edge: int) -> None:
            noise.redraw(time, edge)
            self._at(edges.at(edge + 1), Phase.STEP, redraw, edge + 1)

        return action

    def _tick(self, path: str, controller: ControllerRunner) -> Callable[[int, Any], None]:
        tick, write = f"tick {path}", f"write {path}"
        edges, latency = Edges(controller.plan.clock), controller.plan.latency

        def action(time: int, edge: int) -> None:
            self._at(time + latency, Phase.WRITE, write, controller.tick(time, edge))
            self._at(edges.at(edge + 1), Phase.COMPUTE, tick, edge + 1)

        return action

    def _host(self, path: str, host: HostRunner) -> Callable[[int, Any], None]:
        tick, program = f"host {path}", f"program {path}"
        edges, latency = Edges(host.plan.clock), host.plan.latency

        def action(time: int, edge: int) -> None:
            writes = host.tick(time, edge)
            if writes:
                self._at(time + latency, Phase.WRITE, program, writes)
            if not host.done:
                self._at(edges.at(edge + 1), Phase.COMPUTE, tick, edge + 1)

        return action

    def _set_codes(self, nets: tuple[str, ...], listeners: Mapping[str, list[str]]) -> Callable[[int, Any], None]:
        """New codes appear on `nets`; the DACs that listen there latch at their next edge."""
        rows = self.codes.numbers(nets)
        paths = dict.fromkeys(path for net in nets for path in listeners.get(net, []))
        banks = [(self.dacs[path], Edges(self.dacs[path].bank.clock), f"latch {path}") for path in paths]

        def action(time: int, codes: Ints) -> None:
            self.codes.set(time, rows, codes)
            for dac, edges, latch in banks:
                due = edges.not_before(time)
                if due != dac.due:
                    dac.due = due
                    self._at(due, Phase.LATCH, latch)

        return action

    def _latch(self, path: str, dac: DacRunner) -> Callable[[int, Any], None]:
        step, settling = f"step {path}", dac.bank.settling

        def action(time: int, _payload: Any) -> None:
            self._at(time + settling, Phase.STEP, step, dac.latch(time))

        return action

    def _source(self, name: str, source: SourceRunner) -> Callable[[int, Any], None]:
        def action(time: int, _payload: Any) -> None:
            source.step(time)
            self._next_step(name, source, time)

        return action

    def _next_step(self, name: str, source: SourceRunner, time: int) -> None:
        due = source.after(time)
        if due is not None:
            self._at(due, Phase.STEP, name)

    def _slot(self, path: str, part: FabricPart) -> Callable[[int, Any], None]:
        slot = f"slot {path}"

        def action(time: int, number: int) -> None:
            part.slot(time, number)
            self._at(part.edges.at(number + 1), Phase.SAMPLE, slot, number + 1)

        return action

    # -- beats ------------------------------------------------------------------------------------------------

    def _count_beats(self) -> int:
        """Beats of the run: work between two of them stays near a tenth of a second."""
        work = sum(
            track.tape.draws * runner.state.size * (len(runner.rows) + 10)
            for runner in self.islands
            for track in runner.tracks
        )
        for one in self.islands:
            if isinstance(one, NonlinearRunner):
                work += int(seconds(self.end) / one.island.step) * one.state.size * (len(one.rows) + 10)
        lanes: int = -(-self.replicas // LANES) * LANES  # full groups, or replicas one by one at a slower pace
        work += sum(part.end * part.work * lanes for part in self.fabrics.values())
        return int(max(BEATS, -(-work // 50_000_000)))

    def _beat(self, time: int, number: int) -> None:
        """Take the draws that are due, so that parts without events of their own keep up; adds no step anywhere."""
        for runner in self.islands:
            runner.advance_to_draws(time)
            if time == self.end and isinstance(runner, IslandRunner) and (runner.ledger or runner.learner):
                runner.advance(time)  # the window is booked to its end
            runner.check(self.seed)
        for part in self.fabrics.values():
            if part.analog:
                part.complete(time)
            else:
                part.catch_up(time)
        self.rails.advance(time)
        self.codes.advance(time)
        if time == self.end:
            self.complete = True
            self.agenda.halt()
        else:
            self.agenda.at((number + 1) * self.end // self._beats, Phase.RECORD, "beat", number + 1)
        self._beating = True

    def _after_instant(self, time: int) -> None:
        if self._interrupted or (self._stop is not None and self._stop(time)):
            self.agenda.halt()
        if self._beating:
            self._beating = False
            if self._progress is not None:
                self._progress(time / self.end)

    def _interrupt(self) -> None:
        self._interrupted = True

    def _is_interrupted(self) -> bool:
        return self._interrupted


@contextmanager
def _caught_interrupt(note: Callable[[], None]) -> Iterator[None]:
    """Turn the first Ctrl-C into a call of `note`; a second one interrupts as usual."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def first(_number: int, _frame: Any) -> None:
        note()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
