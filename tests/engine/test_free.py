"""Free-running fabrics in the flow of time: same bits in any company, when draws fall, going on after a stop."""

import numpy as np
import pytest
from hand_made import program
from small_fabrics import FIVE, TICK, TILTS, fabric

from thermosim.circuit.program import Probe
from thermosim.engine.free import FreeRunner
from thermosim.engine.simulator import run
from thermosim.errors import SimulationError
from thermosim.record import load

KINDS = {
    "constant": {},
    "relaxing": {"settling": 0.5 * TICK},
    "late": {"delay": 40 * TICK},  # more flips under way than the queue first holds
    "arrhenius": {"arrhenius": (True, False, True, True, True), "settling": 0.3 * TICK, "delay": TICK},
}


def chip(kind, every=TICK):
    return fabric(FIVE, TILTS, order="free", every=every, arrays={"s": (0, (3,)), "t": (3, (2,))}, **KINDS[kind])


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


@pytest.mark.parametrize("kind", ["constant", "arrhenius"])
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
    monkeypatch.setattr("thermosim.engine.free._ROOM", 1)
    np.testing.assert_array_equal(FreeRunner(chip(kind), 7, 3).advance(120, record=True)["s:states"], wanted)
    monkeypatch.setattr("thermosim.engine.free._ROOM", 4096)
    np.testing.assert_array_equal(FreeRunner(chip(kind), 7, 3).advance(120, record=True)["s:states"], wanted)
