"""What a measurement must say or must not: laws over several islands, constants, stuck chips, slow modes, no prices."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from thermosim.circuit.program import Probe
from thermosim.contracts import Mixture
from thermosim.ideal.gaussian import of_mixture
from thermosim.ideal.gibbs import run
from thermosim.measure import measure
from thermosim.measure.joint import join, measured_islands
from thermosim.measure.mixing import fabric_mixing
from thermosim.measure.spins import ideal_run, pace, sampled_target
from thermosim.record import Record
from thermosim.report import telling

TARGET = Mixture(np.array([[0.05, 0.02], [-0.05, -0.02]]), 0.02, np.array([0.5, 0.5]))


def two_islands(made: SimpleNamespace, seed: int, every: tuple[int, int] = (10**9, 10**9)) -> Record:
    """Two networks of one node each, under one mixture that both sample jointly."""
    record: Record = made.linear(1, 16, 2000, 1e-6, seed=seed)
    (island,) = record.program.islands
    other = replace(island, path="y", nodes=("y",))
    draws = of_mixture(TARGET).draw(16 * 2000, np.random.default_rng(seed)).reshape(16, 2000, 2)
    record.samples = {"x": draws[:, :, :1], "y": draws[:, :, 1:]}
    probes = (Probe("x", "analog", ("x[0]",), every[0]), Probe("y", "analog", ("y",), every[1]))
    record.program = replace(
        record.program, islands=(island, other), probes=probes, target=TARGET, target_nets=("x[0]", "y")
    )
    return record


def test_a_mixture_over_two_islands_is_held_against_their_joint_samples(made: SimpleNamespace) -> None:
    record = two_islands(made, seed=1)
    summary = measure(record)
    (target,) = summary.target
    assert (target.path, target.law) == ("x[0] + y", "the target mixture")
    assert all(abs(one.excess) < 5 for one in target.distances)
    assert "responsibility" in [one.name for one in summary.mixing[0].observables]
    record.samples["y"] = record.samples["y"][:, ::-1]  # each island alone is right, and the two do not belong together
    assert max(one.excess for one in measure(record).target[0].distances) > 5


@pytest.mark.parametrize("how", ["apart", "one unrecorded", "none recorded"])
def test_a_mixture_that_cannot_be_evaluated_is_refused_with_the_reason(made: SimpleNamespace, how: str) -> None:
    record = two_islands(made, seed=2, every=(10**9, 2 * 10**9) if how == "apart" else (10**9, 10**9))
    for name in {"apart": (), "one unrecorded": ("y",), "none recorded": ("x", "y")}[how]:
        del record.samples[name]
    summary = measure(record)
    assert [(one.law, one.distances) for one in summary.target] == [("none", ())]
    assert "target" in summary.target[0].note
    badge = telling.target(summary.target, full=False).badge
    assert badge is not None
    assert badge.text == "undefined"


def test_joined_islands_are_block_diagonal(made: SimpleNamespace) -> None:
    first = made.linear(2, 4, 50, 1e-6, seed=3).program.islands[0]
    inputs = {"input_conductance": np.array([[1e-7], [0.0]]), "input_capacitance": np.zeros((2, 1))}
    law = replace(first.drawn, **inputs)
    one = replace(first, inputs=("a",), drawn=law, actual=law)
    other = replace(one, path="y[0]", nodes=("y[0]", "y[1]"), inputs=("b",))
    whole = join([one, other])
    assert whole.inputs == ("a", "b")
    np.testing.assert_array_equal(whole.drawn.conductance[2:, 2:], law.conductance)
    assert not whole.drawn.conductance[:2, 2:].any()
    np.testing.assert_array_equal(whole.drawn.input_conductance, np.array([[1, 0], [0, 0], [0, 1], [0, 0]]) * 1e-7)
    assert measured_islands(made.program(islands=(one, other))) == (one, other)


def isolated(made: SimpleNamespace, biases: list[float], frozen: bool = False) -> Record:
    """Four uncoupled p-bits that are drawn anew at every sweep."""
    record: Record = made.fabric(8, 2000, seed=4)
    law = replace(made.law(), weights=np.zeros(4), biases=np.array(biases), beta=1.0)
    (fabric,) = record.program.fabrics
    fabric = replace(
        fabric, drawn=law, programmed=law, actual=law, arrays={"s": (0, (2,)), "t": (2, (2,))}, memory=np.zeros(4)
    )
    up = np.random.default_rng(4).random((8, 2000, 4)) < 1 / (1 + np.exp(-2 * law.biases))
    spins = np.where(up, 1.0, -1.0)
    if frozen:
        spins[:] = spins[:, :1]
    record.series = {
        "s:energy": -spins @ law.biases,
        "s:mean(s)": spins[:, :, :2].mean(axis=2),
        "s:mean(t)": spins[:, :, 2:].mean(axis=2),
        "s:states": ((spins > 0) @ (1 << np.arange(4))).astype(np.uint32),
    }
    record.sums["s:spin"], record.sums["s:pair"] = spins.sum(axis=(0, 1)), np.zeros(4)
    record.sums["s:count"] = np.array(8 * 2000)
    record.program = replace(record.program, fabrics=(fabric,))
    return record


@pytest.mark.parametrize(
    ("biases", "left"),
    [([0.0] * 4, ["mean(s)", "mean(t)"]), ([0.0, 0.0, 20.0, -20.0], ["mean(s)"])],
)
def test_what_the_law_holds_constant_is_not_stuck(made: SimpleNamespace, biases: list[float], left: list[str]) -> None:
    summary = measure(isolated(made, biases))
    assert summary.verdict == "ok"
    assert [one.name for one in summary.mixing[0].observables if one.name != "energy"] == left
    assert summary.energy is not None
    assert summary.energy.per_effective_sample.value > 0
    assert measure(isolated(made, biases, frozen=True)).verdict == "stuck"


def test_a_spin_held_on_the_wrong_side_of_its_bias_is_stuck(made: SimpleNamespace) -> None:
    record = isolated(made, [0.0, 0.0, 20.0, 20.0])
    record.sums["s:spin"][3] = -8 * 2000
    assert measure(record).verdict == "stuck"


@pytest.mark.filterwarnings("error")
def test_a_frozen_fabric_has_no_distance_and_no_price_that_is_not_a_number(made: SimpleNamespace) -> None:
    record = isolated(made, [0.0] * 4, frozen=True)
    law = replace(made.law(), weights=np.array([9.0] * 4), biases=np.zeros(4))
    fabric = replace(record.program.fabrics[0], drawn=law, programmed=law, actual=law)
    record.program = replace(record.program, fabrics=(fabric,))
    summary = measure(record)
    assert summary.verdict == "stuck"
    assert [(one.distances, one.note) for one in summary.target] == [((), "no distance: the samples are stuck")]
    assert summary.ideal == ()
    assert "nan" not in str(summary)


@pytest.mark.filterwarnings("error")
def test_an_island_that_no_noise_moves_is_said_to_have_nothing_to_sample(made: SimpleNamespace) -> None:
    record = made.linear(2, 4, 200, 1e-6, seed=5)
    (island,) = record.program.islands
    silent = replace(island.drawn, noise=np.zeros((2, 2)))
    record.program = replace(record.program, islands=(replace(island, drawn=silent, actual=silent),))
    record.samples["x"] = np.full_like(record.samples["x"], 0.1)
    summary = measure(record)
    assert summary.verdict == "stuck"
    assert summary.notes == ("x[0]: no noise moves it, so there is nothing to sample",)
    assert summary.target[0].note == "no noise moves it"


def test_a_source_off_its_drawn_value_is_a_distance(made: SimpleNamespace) -> None:
    record = made.linear(1, 16, 2000, 1e-6, seed=6)
    (island,) = record.program.islands
    law = replace(
        island.drawn, input_conductance=np.array([[2e-7]]), input_capacitance=np.zeros((1, 1)), current=np.zeros(1)
    )
    record.program = replace(
        record.program, islands=(replace(island, inputs=("d",), drawn=law, actual=law),),
        driven={"d": 0.1}, drawn_driven={"d": 0.1},
    )  # fmt: skip
    record.samples["x"] = record.samples["x"] - record.samples["x"].mean() + 0.1
    assert all(one.excess < 5 for one in measure(record).target[0].distances)
    record.program = replace(record.program, drawn_driven={"d": 0.3})
    assert max(one.excess for one in measure(record).target[0].distances) > 5


def test_slow_common_modes_are_few_moments(made: SimpleNamespace) -> None:
    """A torus near its critical point: one slow mode moves all means, and a right sampler still scores the floor."""
    record = made.grid(1.0, seed=9)
    (fabric,) = record.program.fabrics
    law = replace(fabric.drawn, weights=np.full(len(fabric.drawn.edges), 0.4), biases=np.zeros(36))
    fabric = replace(fabric, drawn=law)
    found = []
    for seed in range(12):
        ran = run(law, [(0, 36)], 32, 8000, 800, 1000 + seed)
        count = ran.energy.size
        record.series = {"g:energy": ran.energy, "g:mean(g)": ran.magnetisation[0]}
        record.sums = {"g:spin": ran.spin.mean * count, "g:pair": ran.pair.mean * count, "g:count": np.array(count)}
        mixing = fabric_mixing(record, fabric)
        assert mixing is not None
        ideal = ideal_run(fabric, law, mixing, seed, None)
        assert ideal.spin.independent < 4
        target = sampled_target(record, fabric, mixing, ideal, pace(fabric, ideal, mixing), law, "as drawn")
        found.append({one.quantity: one.excess for one in target.distances})
    for quantity in ("means, rms", "pair correlations, rms"):
        excess = np.array([one[quantity] for one in found])
        assert abs(excess.mean()) < 5 / math.sqrt(12)
        assert np.abs(excess).max() < 5


def test_the_ideal_sampler_is_judged_by_the_chips_observables_and_timed_bare(made: SimpleNamespace) -> None:
    record = made.grid(1.0, seed=9)
    record.series["g:projection[3]"] = record.series["g:mean(g)"]
    (fabric,) = record.program.fabrics
    mixing = fabric_mixing(record, fabric)
    assert mixing is not None
    from thermosim.engine.observables import projection_signs

    ideal = ideal_run(fabric, fabric.drawn, mixing, 1, projection_signs("g", 36))
    assert {one.name for one in pace(fabric, ideal, mixing).mixing} == {one.name for one in mixing.observables}
    summary = measure(record)
    assert "bare sweeps of 64 chains abreast on" in summary.ideal[0].source


def test_nothing_priced_is_not_nothing_paid(made: SimpleNamespace) -> None:
    record = made.fabric(8, 500, seed=7)
    record.program = replace(record.program, prices=())
    text = str(measure(record))
    assert "energy per effective sample undefined; per raw sample undefined" in text
    assert " 0 J" not in text
    assert "burn-in and programming" in text
