"""What a run leaves behind, and how an interrupted run is taken up again to the same bits.

A checkpoint holds the time, every pending action (codes in flight included), the state of every part and the
number of its next block of noise. What was recorded and counted stays in the record itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from thermosim.engine.agenda import Phase
from thermosim.engine.island import IslandRunner
from thermosim.engine.jumps import JumpRunner
from thermosim.engine.nonlinear import NonlinearRunner
from thermosim.errors import ThermosimError
from thermosim.provenance import refuse_changed
from thermosim.record import Record

if TYPE_CHECKING:
    from thermosim.engine.simulator import Simulation


def record(simulation: Simulation) -> Record:
    """The record of a run as far as it went."""
    program = simulation.program
    series: dict[str, np.ndarray] = {}
    samples = {tape.name: tape.samples() for tape in simulation.tapes}
    times = {tape.name: tape.times() for tape in simulation.tapes}
    sums: dict[str, np.ndarray] = {}
    for part in simulation.fabrics.values():
        observed, spins = part.results()
        series |= observed
        samples |= spins
        times |= part.times()
        sums |= part.runner.sums()
    for runner in simulation.islands:
        if isinstance(runner, IslandRunner) and runner.ledger:
            path, ledger = runner.island.path, runner.ledger
            sums |= {f"{path}:heat": ledger.heat, f"{path}:work": ledger.work, f"{path}:gained": ledger.gained}
            sums[f"{path}:booked"] = np.array([max(0, runner.time - simulation.program.burn_in)])
        if isinstance(runner, IslandRunner) and runner.learner:
            sums |= runner.learner.sums()
    return Record(
        series=series,
        samples=samples,
        times=times,
        sums=sums,
        counters=simulation.counters.arrays(),
        meta={
            "name": program.name,
            "seed": simulation.seed,
            "replicas": simulation.replicas,
            "complete": simulation.complete,
            "nets": {tape.name: list(tape.nets) for tape in simulation.tapes},
            "program": dict(program.provenance),
            "jumps": {one.island.path: one.told() for one in simulation.islands if isinstance(one, JumpRunner)},
            "nonlinear": {
                one.island.path: one.told() for one in simulation.islands if isinstance(one, NonlinearRunner)
            },
            "kernels": {path: ", ".join(part.runner.kernel_names()) for path, part in simulation.fabrics.items()},
        },
        checkpoint={} if simulation.complete or simulation.torn else _state(simulation),
        program=program,
    )


def _state(simulation: Simulation) -> dict[str, Any]:
    """Plain data: numbers, text, lists, dictionaries and arrays."""
    return {
        "time": simulation.agenda.now,
        "pending": [list(action) for action in simulation.agenda.pending()],
        "islands": {runner.island.path: runner.checkpoint() for runner in simulation.islands},
        "adcs": {path: adc.checkpoint() for path, adc in simulation.adcs.items()},
        "dacs": {path: dac.due for path, dac in simulation.dacs.items()},
        "controllers": {path: runner.checkpoint() for path, runner in simulation.controllers.items()},
        "hosts": {path: host.checkpoint() for path, host in simulation.hosts.items()},
        "fabrics": {path: part.checkpoint() for path, part in simulation.fabrics.items()},
        "rails": simulation.rails.values,
        "codes": simulation.codes.values,
        "tapes": {
            tape.name: {"taken": [track.taken for track in tape.tracks], "data": tape.ahead()}
            for tape in simulation.tapes
        },
    }


def restore(simulation: Simulation, earlier: Record) -> None:
    """Bring a simulation that has not started into the state of an interrupted one.

    Raises
    ------
    ThermosimError
        If the record is complete, cannot be continued, or belongs to another program, seed or number of replicas, or
        to other contents of a file; the file is named.
    """
    if not earlier.checkpoint:
        what = "is complete" if earlier.meta.get("complete") else "was interrupted twice and has no checkpoint"
        raise ThermosimError(f"this record {what}: there is nothing to resume")
    _refuse_another_run(simulation, earlier.meta)
    state = earlier.checkpoint
    for runner in simulation.islands:
        runner.restore(state["islands"][runner.island.path])
    for path, adc in simulation.adcs.items():
        adc.restore(state["adcs"][path])
    for path, dac in simulation.dacs.items():
        dac.due = state["dacs"][path]
    for path, controller in simulation.controllers.items():
        controller.restore(state["controllers"][path])
    for path, host in simulation.hosts.items():
        host.restore(state["hosts"][path])
    for path, part in simulation.fabrics.items():
        part.restore(state["fabrics"][path], earlier.series, earlier.samples)
    simulation.rails.values[:] = state["rails"]
    simulation.codes.values[:] = state["codes"]
    for tape in simulation.tapes:
        kept = state["tapes"][tape.name]
        tape.restore(earlier.samples[tape.name], kept["taken"], kept["data"])
    for runner in simulation.islands:
        runner.resume_recording()
    for name, counts in simulation.counters.arrays().items():
        counts[:] = earlier.counters[name]
    simulation.agenda.resume(state["time"])
    for time, phase, name, payload in state["pending"]:
        simulation.agenda.at(time, Phase(phase), name, _thawed(payload))


def _refuse_another_run(simulation: Simulation, meta: Mapping[str, Any]) -> None:
    program = simulation.program
    mine = (program.name, simulation.seed, simulation.replicas)
    other = (meta["name"], meta["seed"], meta["replicas"])
    for what, a, b in zip(("chip", "seed", "number of replicas"), mine, other, strict=True):
        if a != b:
            raise ThermosimError(f"cannot resume: the record has {what} {b} and this run {a}")
    now, then = program.provenance, meta["program"]
    written = set(now.get("files", ()))
    sources = now.get("sources", {})
    same = now.get("sha256") == then.get("sha256")
    # The netlist's own text counts with what was set over it; another comment in an included file is no change.
    read = {name: digest for name, digest in sources.items() if not (same and name in written)}
    refuse_changed(then.get("sources", {}), read, "resume")
    if not same:
        raise ThermosimError("cannot resume: the values set over the netlist (--set) are not those of the record")


def _thawed(payload: Any) -> Any:
    """A payload of its own: the record must not change while the run goes on."""
    if isinstance(payload, dict):
        return {name: _thawed(value) for name, value in payload.items()}
    return payload.copy() if isinstance(payload, np.ndarray) else payload
