"""A record that does not fit is refused before anything is allocated."""

import tracemalloc
from dataclasses import replace

import pytest
from hand_made import program, rc, ring

from thermosim.circuit.program import Probe
from thermosim.engine import memory
from thermosim.engine.simulator import run
from thermosim.errors import SimulationError


def test_observables_of_a_fabric_count():
    """2 10^9 sweeps of 40 ns, each with energy, 2 means, 32 projections and the state: 284 bytes."""
    chip = program(fabrics=(ring(),), duration=80.0)
    with pytest.raises(SimulationError, match=r"take 529 GiB, .*: 529 GiB for observables of 's', 2000000000 sweeps; "):
        run(chip, {}, replicas=1)


def test_parts_that_fit_one_by_one_are_summed(monkeypatch):
    monkeypatch.setattr(memory, "MEMORY_LIMIT", 100_000)
    one = program([rc()], record={"a": (("x",), 1e-9)}, duration=1e-5)  # 80 kB
    run(one, {}, threads=1)
    both = replace(one, probes=(*one.probes, Probe("b", "analog", ("x",), 3_000_000)))
    with pytest.raises(
        SimulationError, match=r"GiB for probe 'a', 10000 draws of 1 nodes, .* for probe 'b', 3333 draws"
    ):
        run(both, {}, threads=1)


def test_what_is_estimated_is_what_is_recorded(monkeypatch):
    probes = (Probe("t", "bit", ("t",), 1), Probe("s", "bit", ("s",), 4), Probe("x", "analog", ("x",), 10_000_000))
    chip = program([rc()], fabrics=(ring(),), probes=probes, duration=4e-6, burn_in=1e-6)
    record = run(chip, {}, replicas=5, threads=1)
    size = sum(values.nbytes for part in (record.series, record.samples) for values in part.values())
    monkeypatch.setattr(memory, "MEMORY_LIMIT", size)
    run(chip, {}, replicas=5, threads=1)
    monkeypatch.setattr(memory, "MEMORY_LIMIT", size - 1)
    tracemalloc.start()
    with pytest.raises(SimulationError, match="would take"):
        run(chip, {}, replicas=5, threads=1)
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


def test_a_lack_of_memory_on_the_way_is_no_fault_of_the_program(monkeypatch):
    def full(*_):
        raise MemoryError("cannot allocate 3 GiB")

    monkeypatch.setattr("thermosim.engine.simulator.Tape", full)
    chip = program([rc()], record={"a": (("x",), 1e-9)})
    with pytest.raises(SimulationError, match="out of memory: cannot allocate 3 GiB; record less, or run fewer"):
        run(chip, {}, threads=1)
