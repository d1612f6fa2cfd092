"""Junction cells in a clocked fabric against the exact sweep, and in exchange for CMOS cells."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from thermosim.circuit import assemble, elaborate, lint
from thermosim.engine.fabric import FabricRunner
from thermosim.ideal.exact import probabilities, sweep_of
from thermosim.netlist import load_text

GATE = (Path(__file__).parents[2] / "netlists" / "mtj_cells.yaml").read_text(encoding="utf-8")
EQUAL = "{card: mtj/telegraph_ns, barrier: 4, critical: 400 mV}"
UNEQUAL = "{type: mtj, tau0: 1 ns, barrier: 3, critical: 300 mV, barrier_ap: 3.5, critical_ap: 250 mV, exponent: 1.5}"
CMOS = "{type: cmos_rng, tau0: 5 ns, v_s: 26 mV}"
REPLICAS = 40_000


def fabric_of(model, rng="held", frequency="10 MHz"):
    text = GATE.replace(EQUAL, model).replace("rng: held", f"rng: {rng}")
    return assemble(elaborate(load_text(text.replace("10 MHz", frequency), "t.yaml"))).fabrics[0]


def counts(fabric, sweeps):
    """How many replicas are in each state `sweeps` after all up; bit i of a state is node i up."""
    runner = FabricRunner(fabric, 3, REPLICAS, up=True)
    runner.advance(sweeps)
    states = (1 << np.arange(fabric.nodes)) @ (runner.spins() > 0)
    return np.bincount(states, minlength=2**fabric.nodes)


def p_value(seen, law):
    expected = law * REPLICAS
    keep = expected > 5
    pool = np.append(seen[keep], seen[~keep].sum()), np.append(expected[keep], expected[~keep].sum())
    seen, expected = (x[pool[1] > 0] for x in pool)
    return float(chi2.sf(((seen - expected) ** 2 / expected).sum(), len(seen) - 1))


def after(fabric, sweeps):
    law = np.zeros(2**fabric.nodes)
    law[-1] = 1.0
    for _ in range(sweeps):
        law = sweep_of(fabric).distribution(law)
    return law


@pytest.mark.parametrize("model", [EQUAL, UNEQUAL], ids=["equal", "unequal"])
def test_transient_and_law_of_the_gate(model):
    fabric = fabric_of(model, frequency="1 GHz")
    for sweeps in (1, 2, 60):
        assert p_value(counts(fabric, sweeps), after(fabric, sweeps)) > 1e-6
    frozen = replace(fabric, barriers=None)  # the rates of zero bias at every bias
    assert p_value(counts(fabric, 2), after(frozen, 2)) < 1e-6


def test_equal_wells_sample_the_boltzmann_law_and_unequal_ones_do_not():
    """Nor do equal ones driven past their critical voltage: there a barrier is gone. The program says so."""
    past = "{card: mtj/telegraph_ns}"  # 2 beta |I| reaches 6, and 2 Delta is 4
    for model, boltzmann in ((EQUAL, True), (UNEQUAL, False), (past, False)):
        circuit = elaborate(load_text(GATE.replace(EQUAL, model), "t.yaml"))
        program = assemble(circuit)
        (fabric,) = program.fabrics
        found = sweep_of(fabric).stationary(probabilities(fabric.drawn))
        distance = 0.5 * np.abs(found - probabilities(fabric.drawn)).sum()
        assert (distance < 1e-9) == boltzmann
        assert distance < 1e-9 or distance > 0.002
        told = [item for item in lint(circuit, program) if "not the sigmoid" in item.message]
        assert bool(told) != boltzmann


def test_constant_rates_in_either_kernel():
    """A CMOS cell through the notation of wells is the same law as by its own kernel."""
    fabric = fabric_of(CMOS, frequency="100 MHz")
    wells = fabric_of(EQUAL).barriers
    none = np.zeros(3)
    same = replace(wells, exponent=none, tau0=fabric.relaxation)
    for kept in (fabric, replace(fabric, barriers=same)):
        assert p_value(counts(kept, 2), after(fabric, 2)) > 1e-6
    half = replace(same, tau0=2 * fabric.relaxation)
    assert p_value(counts(replace(fabric, barriers=half), 2), after(fabric, 2)) < 1e-6


def test_free_junctions_relax_in_every_slot():
    """One uncoupled cell: free and held are the same process after as many slots."""
    fabric = fabric_of(UNEQUAL, frequency="1 GHz")
    alone = replace(fabric.actual, weights=np.zeros(3))
    free = replace(fabric, rng="free", actual=alone)
    held = replace(fabric, actual=alone)
    colour = int(np.argmax(fabric.colour == fabric.colours - 1))  # latched in the last slot of a sweep
    up = [counts(f, 1)[(np.arange(8) >> colour) & 1 == 1].sum() / REPLICAS for f in (free, held)]
    rise, fall = (x[0] for x in free.barriers.rates(colour, np.array([_argument(free, colour)])))
    for slots, seen in zip((fabric.colours, 1), up, strict=True):
        p = rise / (rise + fall)
        wanted = p + (1 - p) * np.exp(-(rise + fall) * slots * 1e-9)
        assert abs(seen - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / REPLICAS)


def _argument(fabric, node):
    law = fabric.actual
    return 2 * law.beta * fabric.slope[node] * law.biases[node] + fabric.shift[node]


def test_replicas_and_resume_change_no_bit():
    fabric = fabric_of(UNEQUAL, rng="free")
    many, one = FabricRunner(fabric, 1, 40), FabricRunner(fabric, 1, 3)
    many.advance(5)
    kept = many.checkpoint()
    many.advance(6)
    one.advance(11)
    assert np.array_equal(many.spins()[:, :3], one.spins())
    again = FabricRunner(fabric, 1, 40)
    again.restore(kept)
    again.advance(6)
    assert np.array_equal(again.spins(), many.spins())


@pytest.mark.parametrize("rng", ["held", "free"])
def test_records_threads_slots_and_schedules_change_no_bit(rng):
    fabric = replace(fabric_of(UNEQUAL, rng, "1 GHz"), schedule=((0, 0.4), (5, 1.3), (8, 1.0)))
    fabric = replace(fabric, actual=replace(fabric.actual, beta=1.0))
    plain, threads, slow, kept = (FabricRunner(fabric, 1, 70, threads=n) for n in (1, 2, 1, 1))
    assert plain.kernel_names() == ["rates (70 replicas)"]
    plain.advance(12)
    series = threads.advance(12, record=True, nodes=np.arange(3))
    for _ in range(12 * fabric.colours):
        slow.advance_slot()
    kept.advance(7)
    again = FabricRunner(fabric, 1, 70)
    again.restore(kept.checkpoint())
    assert np.array_equal(kept.spins(), series["spins"][6])
    again.advance(5)
    for runner in (threads, slow, again):
        assert np.array_equal(runner.spins(), plain.spins())
    assert np.array_equal(series["spins"][-1], plain.spins())
    spins = series["spins"].astype(np.int64)
    assert np.array_equal(threads.totals.spin, spins.sum(axis=(0, 2)))
    flat = FabricRunner(replace(fabric, schedule=()), 1, 70)
    flat.advance(12)
    assert not np.array_equal(flat.spins(), plain.spins())


def test_a_schedule_moves_the_law_of_junctions():
    """All at another beta by the schedule is the law at that beta; what mismatch shifts stays."""
    fabric = replace(fabric_of(UNEQUAL, frequency="1 GHz"), shift=np.array([0.3, -0.2, 0.1]))
    cold = replace(fabric, actual=replace(fabric.actual, beta=2.0 * fabric.actual.beta))
    seen = counts(replace(fabric, schedule=((0, cold.actual.beta), (9, fabric.actual.beta))), 2)
    assert p_value(seen, after(cold, 2)) > 1e-6
    assert p_value(seen, after(fabric, 2)) < 1e-6


def test_devices_change_places_by_one_line_and_mix():
    """Junctions, CMOS cells, and one CMOS cell among junctions: each its own transient, all the same law at rest."""
    mixed = GATE.replace("b: {model: rng", "b: {model: other").replace("  wire:", f"  other: {CMOS}\n  wire:")
    fabrics = [fabric_of(EQUAL), fabric_of(CMOS), assemble(elaborate(load_text(mixed, "t.yaml"))).fabrics[0]]
    assert [fabric.barriers is None for fabric in fabrics] == [False, True, False]
    for fabric in fabrics:
        boltzmann = probabilities(fabric.drawn)
        assert np.abs(sweep_of(fabric).stationary(boltzmann) - boltzmann).sum() < 1e-9
        for sweeps in (1, 3):
            assert p_value(counts(fabric, sweeps), after(fabric, sweeps)) > 1e-6


def test_an_analog_input_moves_the_barriers():
    """V at the input adds V / V_s to the argument, as a bias of half of it does."""
    fabric = fabric_of(UNEQUAL, frequency="1 GHz")
    driven = replace(fabric, input_nets=("x", "y", "z"))
    volts = 0.05 * np.array([1.0, -0.5, 0.8])
    runner = FabricRunner(driven, 3, REPLICAS, up=True)
    for _ in range(fabric.colours):
        runner.advance_slot(np.repeat(volts[:, None], REPLICAS, axis=1))
    seen = np.bincount((1 << np.arange(3)) @ (runner.spins() > 0), minlength=8)
    assert p_value(seen, after(replace(fabric, shift=fabric.shift + volts / fabric.volts), 1)) > 1e-6
    assert p_value(seen, after(fabric, 1)) < 1e-6
