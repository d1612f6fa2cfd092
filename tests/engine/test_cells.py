"""P-bits with inner state in the flow of time: same bits in any company, after a stop, and with observations or not."""

from dataclasses import replace

import numpy as np
import pytest
from hand_made import program
from small_fabrics import FIVE, TICK, TILTS
from stepped_cells import cells, spin, threshold, tuned

from thermosim.circuit.program import Probe
from thermosim.engine.calibration import response
from thermosim.engine.cells import CellRunner
from thermosim.engine.simulator import run
from thermosim.errors import SimulationError
from thermosim.record import load

DEVICES = {"design1": (threshold(5, 0.2, 0.3), 0.01), "design2": (tuned(5), 0.005), "macrospin": (spin(5), 0.005)}


def chip(kind, order="free", every=0.2):
    inner, step = DEVICES[kind]
    return cells(FIVE, TILTS, inner, step=step, tau_s=0.3, every=every, order=order)


@pytest.mark.parametrize("order", ["free", "coloured"])
@pytest.mark.parametrize("kind", DEVICES)
def test_bits_depend_neither_on_company_nor_on_stops(kind, order):
    made = chip(kind, order)
    whole = CellRunner(made, 7, 130, threads=2).advance(60, record=True, nodes=np.arange(5))
    few = CellRunner(made, 7, 3)
    first = few.advance(23, record=True, nodes=np.arange(5))
    later = CellRunner(made, 7, 3)
    later.restore(few.checkpoint())
    rest = later.advance(37, record=True, nodes=np.arange(5))
    for name in ("s:energy", "s:states", "s:mean(s)", "s:projection[3]"):
        np.testing.assert_array_equal(np.concatenate([first[name], rest[name]], axis=1), whole[name][:3], name)
    spins = np.concatenate([first["spins"], rest["spins"]])
    np.testing.assert_array_equal(spins, whole["spins"][:, :, :3])
    np.testing.assert_array_equal(spins[-1], later.spins())
    np.testing.assert_array_equal(later.observe()["s:states"][:, 0], whole["s:states"][:3, -1])
    np.testing.assert_allclose(
        first["s:energy"], -np.einsum("dir,ij,djr->rd", first["spins"], FIVE, first["spins"]) / 2
        - np.einsum("dir,i->rd", first["spins"], TILTS), rtol=0, atol=1e-6,
    )  # fmt: skip
    unseen = CellRunner(made, 7, 3)
    unseen.advance(60)
    np.testing.assert_array_equal(unseen.inner(), later.inner())
    assert len(np.unique(whole["s:states"][:, -1])) > 8, "replicas differ"


@pytest.mark.parametrize("kind", DEVICES)
def test_a_run_goes_on_after_a_stop_to_the_same_bits(tmp_path, kind):
    probes = (Probe("s", "bit", ("s",), 5),)
    whole_chip = program(fabrics=(chip(kind),), probes=probes, duration=40 * TICK, burn_in=6 * TICK)
    whole = run(whole_chip, {}, replicas=3, threads=1)
    half = run(whole_chip, {}, replicas=3, threads=1, stop=lambda now: now >= 2_000_000_000)
    assert 0 < half.series["s:energy"].shape[1] < 200
    rest = run(whole_chip, {}, replicas=3, threads=1, resume=load(half.save(tmp_path)))
    for part in ("series", "samples", "times", "sums", "counters"):
        for name, values in getattr(whole, part).items():
            np.testing.assert_array_equal(getattr(rest, part)[name], values, name)
    assert whole.samples["s"].shape == (3, 40, 5)


def test_what_is_counted():
    """Wired: one update for each relaxation time; latched: one for each output that is latched."""
    wired = CellRunner(chip("design2"), 1, 2)
    np.testing.assert_array_equal(wired.tally(0, 50)["s.updates"], [5 * 20] * 2)  # 10 tau_N, 20 relaxation times
    latched = CellRunner(chip("design2", "coloured"), 1, 2)
    np.testing.assert_array_equal(latched.tally(0, 3)["s.updates"], [5, 5])


def test_what_is_not_built_is_refused_by_name():
    made = chip("design1", "coloured")
    with pytest.raises(ValueError, match=r"^s: calibration is not built for p-bits with inner state$"):
        response(made, 10, 1)
    with pytest.raises(SimulationError, match=r"^s: a schedule is not built for p-bits with inner state$"):
        CellRunner(replace(made, schedule=((0, 0.5), (9, 1.0))), 1, 1)


def test_weights_that_outgrow_the_step_are_refused():
    made = cells(10 * FIVE, TILTS, tuned(5), step=0.005)
    with pytest.raises(
        SimulationError, match=r"^s: a step of 500 ps is too long for these weights: step <= 0.06 tau_n"
    ):
        CellRunner(made, 1, 1)
