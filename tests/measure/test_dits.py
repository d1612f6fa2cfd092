"""Categorical fabrics measured: distances at their floors, mutants seen, nothing judged that the law holds constant."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from small_dits import dits, mixed, potts
from small_fabrics import FAR

from thermosim.circuit.dits import DitFabric, PottsLaw
from thermosim.engine.categorical import DitRunner
from thermosim.ideal import potts as exact
from thermosim.measure import dits as measured
from thermosim.record import Record


def made(fabric: DitFabric, replicas: int = 64, sweeps: int = 1000, seed: int = 1) -> SimpleNamespace:
    runner = DitRunner(fabric, seed, replicas)
    runner.advance(100)
    record = Record(series=runner.advance(sweeps, record=True), sums=runner.sums())
    mixing = measured.dit_mixing(record, fabric)
    assert mixing is not None
    return SimpleNamespace(fabric=fabric, record=record, mixing=mixing)


def test_a_small_fabric_is_as_close_as_a_perfect_sampler():
    run = made(mixed())
    assert run.mixing.verdict == "ok"
    (tv, kl) = measured.enumerated(run.record, run.fabric, run.mixing, "as_drawn").distances
    assert abs(tv.excess) < FAR
    assert abs(kl.excess) < FAR


def test_a_wrong_law_is_far():
    law = mixed().drawn
    wrong = replace(mixed(), drawn=replace(law, beta=1.1), programmed=replace(law, beta=1.1))
    distances = measured.enumerated(*_args(made(wrong)), "as_drawn").distances
    assert distances[0].excess > FAR
    built = [one for one in distances if one.law == "as built"]
    assert len(built) == 2
    assert all(abs(one.excess) < FAR for one in built)


def _args(run: SimpleNamespace) -> tuple:
    return run.record, run.fabric, run.mixing


def test_a_quantised_law_is_told_apart():
    fabric = mixed()
    coarse = replace(fabric.drawn, tables=np.rint(2 * fabric.drawn.tables) / 2)
    run = made(replace(fabric, programmed=coarse, actual=coarse))
    found = measured.enumerated(*_args(run), "as_drawn")
    assert [(one.quantity, one.law) for one in found.distances] == [
        ("TV", "as drawn"), ("KL", "as drawn"), ("TV", "as programmed"), ("KL", "as programmed"),
    ]  # fmt: skip
    assert found.distances[0].excess > FAR
    assert abs(found.distances[2].excess) < FAR


def test_the_slowest_mode_is_that_of_the_sweep():
    fabric = potts(3, (2, 3), 0.6)
    run = made(fabric, sweeps=400)
    interval = fabric.ticks * fabric.clock.period
    lone = exact.sweep_of(fabric).relaxation()
    assert run.mixing.exact == {"slowest mode of the sweep": pytest.approx(lone * interval)}


@pytest.mark.parametrize("hot", [False, True])
def test_moments_of_a_large_fabric_against_the_heat_bath(hot):
    """16 x 16: at their floors, and far with a beta 3 % off."""
    fabric = potts(3, (16, 16), 0.8)
    runs = replace(fabric, actual=replace(fabric.drawn, beta=0.776)) if hot else fabric
    run = made(runs)
    assert run.mixing.verdict == "ok"
    ideal = measured.reference(fabric, fabric.drawn, run.mixing, 3)
    pace = measured.pace(fabric, ideal, run.mixing)
    assert {one.name for one in pace.mixing} == {one.name for one in run.mixing.observables}
    found = measured.sampled(run.record, fabric, run.mixing, ideal, pace, fabric.drawn, "as drawn")
    excess = {one.quantity: one.excess for one in found.distances}
    assert set(excess) == {"energies of the edges, rms", "occupations, rms", "energy"}
    if hot:
        assert excess["energies of the edges, rms"] > FAR
        assert excess["energy"] > FAR
    else:
        assert all(abs(one) < FAR for one in excess.values())


def test_a_large_quantised_fabric_is_held_against_both_laws():
    """Edges and energies are the drawing's in the chip and in either reference."""
    fabric = potts(3, (12, 12), 0.8)
    coarse = replace(fabric.drawn, tables=0.9 * fabric.drawn.tables)
    run = made(replace(fabric, programmed=coarse, actual=coarse), sweeps=600)
    worst = {}
    for name, law in measured.dit_laws(run.fabric, "as_drawn"):
        ideal = measured.reference(run.fabric, law, run.mixing, 3)
        pace = measured.pace(run.fabric, ideal, run.mixing)
        found = measured.sampled(*_args(run), ideal, pace, law, name)
        worst[name] = max(abs(one.excess) for one in found.distances if one.quantity.startswith("energ"))
    assert worst["as drawn"] > FAR
    assert worst["as programmed"] < FAR


def test_what_the_law_holds_constant_is_not_stuck():
    """A state that is never worth it, and a node that never leaves its own."""
    biases = [(0, 0, -60), (0, 0, -60), (50, 0, 0)]
    fabric = dits([3, 3, 3], [(0, 1), (1, 2)], [np.eye(3)] * 2, biases, arrays={"d": (0, (2,)), "e": (2, (1,))})
    run = made(fabric, sweeps=300)
    names = {one.name for one in run.mixing.observables}
    assert run.mixing.verdict == "ok"
    assert "occupation(d)[0]" in names
    assert not {"occupation(d)[2]", "occupation(e)[0]", "occupation(e)[1]"} & names


def test_a_frozen_fabric_is_stuck():
    """A strong Potts model in one of its ordered states: constant, and not by the law."""
    fabric = potts(3, (3, 4), 12.0)
    runner = DitRunner(fabric, 1, 8)
    runner.restore(runner.checkpoint() | {"states": np.zeros((12, 8), dtype=np.int8)})
    record = Record(series=runner.advance(300, record=True), sums=runner.sums())
    mixing = measured.dit_mixing(record, fabric)
    assert mixing is not None
    assert mixing.verdict == "stuck"
    assert measured.enumerated(record, fabric, mixing, "as_drawn").distances == ()


def test_laws_are_compared_by_their_numbers():
    law = mixed().drawn
    other = PottsLaw(law.states, law.edges, law.tables * 1.0, law.biases.copy(), law.beta)
    assert [name for name, _ in measured.dit_laws(replace(mixed(), programmed=other), "as_drawn")] == ["as drawn"]
    coarse = replace(mixed(), programmed=replace(law, tables=np.rint(law.tables)))
    assert [name for name, _ in measured.dit_laws(coarse, "as_programmed")] == ["as programmed", "as drawn"]
