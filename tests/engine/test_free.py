"""Free-running fabrics in the flow of time: same bits in any company, when draws fall, going on after a stop."""

from dataclasses import replace

import numpy as np
import pytest
from hand_made import program
from small_fabrics import FIVE, TICK, TILTS, fabric

from thermosim.circuit.program import Probe
from thermosim.engine.free import FreeRunner
from thermosim.engine.simulator import run
from thermosim.errors import SimulationError
from thermosim.models.curves import CLIPPED, ERF, LOGISTIC, Curve
from thermosim.models.pbit import Barriers
from thermosim.record import load

POINTS = ((-1.5, 0.0), (-0.5, 0.3), (0.8, 0.75), (2.0, 0.9))


def wells(*curves):
    """Constant rates with these curves, repeated."""
    one, zero = np.ones(5), np.zeros(5)
    return Barriers(TICK * one, zero, zero, one, one, zero, tuple(np.resize(np.array(curves, dtype=object), 5)))


KINDS = {
    "constant": {},
    "unequal": {"relaxation": TICK * np.array([1.0, 0.3, 2.0, 0.7, 1.0])},
    "rejection": {"arrhenius": (True, False, True, True, True)},
    "curves": {"barriers": wells(ERF, CLIPPED, LOGISTIC, Curve("measured", POINTS))},
    "relaxing": {"settling": 0.5 * TICK},
    "late": {"delay": 40 * TICK},  # more flips under way than the queue first holds
    "arrhenius": {"arrhenius": (True, False, True, True, True), "settling": 0.3 * TICK, "delay": TICK},
}


def chip(kind, every=TICK):
    made = {key: value for key, value in KINDS[kind].items() if key != "relaxation"}
    part = fabric(FIVE, TILTS, order="free", every=every, arrays={"s": (0, (3,)), "t": (3, (2,))}, **made)
    return replace(part, relaxation=KINDS[kind].get("relaxation", part.relaxation))


def test_the_method_suits_the_fabric():
    methods = {kind: FreeRunner(chip(kind), 1, 1).kernel_names() for kind in KINDS}
    assert methods == {
        "constant": ["stream (1 replicas)"], "unequal": ["stream (1 replicas)"],
        "rejection": ["rejection (1 replicas)"], "curves": ["stream (1 replicas)"],
        "relaxing": ["events (1 replicas)"], "late": ["events (1 replicas)"], "arrhenius": ["heap (1 replicas)"],
    }  # fmt: skip
    cold = fabric(6 * FIVE, TILTS, order="free", arrhenius=(True,) * 5)
    assert FreeRunner(cold, 1, 1).method == "heap", "rejections would try exp(20) times for a flip"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_recorded_changes_no_bit(kind):
    every = FreeRunner(chip(kind), 7, 3).advance(60, record=True)["s:states"]
    sixth = FreeRunner(chip(kind), 7, 3).advance(60, record=True, every=6)["s:states"]
    np.testing.assert_array_equal(sixth, every[:, 5::6])
    quiet = FreeRunner(chip(kind), 7, 3)
    quiet.advance(57)
    quiet.advance(0)
    np.testing.assert_array_equal(quiet.advance(3, record=True)["s:states"], every[:, 57:])


def test_blocks_of_candidates_are_cut_anywhere():
    """Intervals of more than a block of candidates, and of less, give the chain that their sum gives."""
    n = 3000
    ring = np.zeros((n, n))
    ring[np.arange(n), (np.arange(n) + 1) % n] = ring[(np.arange(n) + 1) % n, np.arange(n)] = 0.5
    big = fabric(ring, np.linspace(-1, 1, n), order="free")
    whole, cut = (FreeRunner(big, 3, 2) for _ in range(2))
    whole.advance(7)
    for length in (1, 4, 2):
        again = FreeRunner(big, 3, 2)
        again.restore(cut.checkpoint())
        cut = again
        cut.advance(length)
    np.testing.assert_array_equal(whole.spins(), cut.spins())
    for state in cut._states:
        spin = np.where(state.up != 0, 1.0, -1.0)
        np.testing.assert_allclose(
            cut._method.unit * state.level, 2 * (ring @ spin + np.linspace(-1, 1, n)), rtol=0, atol=1e-14
        )


@pytest.mark.parametrize("kind", KINDS)
def test_bits_depend_neither_on_company_nor_on_stops(kind):
    whole = FreeRunner(chip(kind), 7, 40, threads=2).advance(120, record=True, nodes=np.arange(5))
    few = FreeRunner(chip(kind), 7, 3)
    first = few.advance(47, record=True, nodes=np.arange(5))
    later = FreeRunner(chip(kind), 7, 3)
    later.restore(few.checkpoint())
    rest = later.advance(73, record=True, nodes=np.arange(5))
    for name in ("s:energy", "s:states", "s:mean(t)", "s:projection[3]"):
        np.testing.assert_array_equal(np.concatenate([first[name], rest[name]], axis=1), whole[name][:3], name)
    spins = np.concatenate([first["spins"], rest["spins"]])
    np.testing.assert_array_equal(spins, whole["spins"][:, :, :3])
    np.testing.assert_array_equal(((spins > 0) << np.arange(5)[:, None]).sum(axis=1).T, whole["s:states"][:3])
    np.testing.assert_allclose(
        first["s:energy"], -np.einsum("dir,ij,djr->rd", first["spins"], FIVE, first["spins"]) / 2
        - np.einsum("dir,i->rd", first["spins"], TILTS), rtol=0, atol=1e-6,
    )  # fmt: skip


def test_the_grid_only_observes():
    """A finer grid sees the same chain more often."""
    fine = FreeRunner(chip("arrhenius", TICK / 4), 7, 3).advance(400, record=True, every=4)["s:states"]
    np.testing.assert_array_equal(fine, FreeRunner(chip("arrhenius"), 7, 3).advance(100, record=True)["s:states"])


@pytest.mark.parametrize("kind", ["constant", "curves", "arrhenius"])
def test_a_run_goes_on_after_a_stop_to_the_same_bits(tmp_path, kind):
    probes = (Probe("t", "bit", ("t",), 5),)
    whole_chip = program(fabrics=(chip(kind),), probes=probes, duration=200 * TICK, burn_in=30 * TICK)
    whole = run(whole_chip, {}, replicas=3, threads=1)
    half = run(whole_chip, {}, replicas=3, threads=1, stop=lambda now: now >= 9_000_000_000)
    assert 0 < half.series["s:energy"].shape[1] < 200
    rest = run(whole_chip, {}, replicas=3, threads=1, resume=load(half.save(tmp_path)))
    for part in ("series", "samples", "times", "sums", "counters"):
        for name, values in getattr(whole, part).items():
            np.testing.assert_array_equal(getattr(rest, part)[name], values, name)
    assert whole.samples["t"].shape == (3, 40, 2)
    np.testing.assert_array_equal(whole.times["s:sweeps"], 100_000_000 * np.arange(31, 231))
    np.testing.assert_array_equal(whole.times["t"], 100_000_000 * np.arange(35, 231, 5))
    # One update is counted for each p-bit and tau0, here an interval of the grid.
    np.testing.assert_array_equal(whole.counters["s.updates"], [[90] * 3, [600] * 3])
    np.testing.assert_array_equal(whole.counters["t.updates"], [[60] * 3, [400] * 3])


def test_rates_out_of_range_are_refused():
    steep = fabric(2000 * FIVE, TILTS, order="free", arrhenius=(True,) * 5)
    with pytest.raises(SimulationError, match="leave the range of numbers above 1000"):
        FreeRunner(steep, 1, 1)


@pytest.mark.parametrize("kind", ["late", "arrhenius"])
def test_the_room_of_the_queue_is_part_of_no_result(kind, monkeypatch):
    """A queue that grows many times, from anywhere in its ring, delivers what a large one delivers."""
    wanted = FreeRunner(chip(kind), 7, 3).advance(120, record=True)["s:states"]
    monkeypatch.setattr("thermosim.engine.free_chains._ROOM", 1)
    np.testing.assert_array_equal(FreeRunner(chip(kind), 7, 3).advance(120, record=True)["s:states"], wanted)
    monkeypatch.setattr("thermosim.engine.free_chains._ROOM", 4096)
    np.testing.assert_array_equal(FreeRunner(chip(kind), 7, 3).advance(120, record=True)["s:states"], wanted)
