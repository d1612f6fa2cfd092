"""Samplers that are right score the floor; samplers that are wrong, each in its way, score above it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from thermosim.analysis.distance import Distance
from thermosim.contracts import Mixture
from thermosim.ideal.gaussian import of_mixture
from thermosim.measure import measure
from thermosim.measure.target import controlled, held_inputs, island_law
from thermosim.record import Record


def distances(record: Record) -> dict[tuple[str, str], Distance]:
    return {(one.quantity, one.law): one for target in measure(record).target for one in target.distances}


def test_linear_network_and_one_that_is_three_percent_too_wide(made: SimpleNamespace) -> None:
    right = distances(made.linear(3, 32, 6000, 1e-6, seed=1))
    assert all(one.excess < 5 for one in right.values())
    wrong = distances(made.linear(3, 32, 6000, 1e-6, seed=1, scale=1.05))
    assert wrong["covariance", "the network as drawn"].excess > 5
    assert (
        wrong["KS along mode[0]", "the network as drawn"].value
        > right["KS along mode[0]", "the network as drawn"].value
    )


def mixture_record(made: SimpleNamespace, law: Mixture, target: Mixture) -> Record:
    record: Record = made.linear(2, 32, 2000, 1e-6, seed=2)
    draws = of_mixture(law).draw(32 * 2000, np.random.default_rng(3)).reshape(32, 2000, 2)
    record.samples["x"] = draws[:, :, ::-1]
    record.program = replace(record.program, target=target, target_nets=("x[1]", "x[0]"))
    return record


def test_mixture_whose_covariance_is_right_and_whose_shape_is_not(made: SimpleNamespace) -> None:
    target = Mixture(np.array([[0.08, 0.02], [-0.08, -0.02]]), 0.04, np.array([0.5, 0.5]))
    right = distances(mixture_record(made, target, target))
    assert {"KS along principal[0]", "covariance"} <= {quantity for quantity, _ in right}
    assert all(abs(one.excess) < 5 for one in right.values())
    record = mixture_record(made, target, target)
    spread = np.linalg.cholesky(of_mixture(target).total_covariance)
    record.samples["x"] = (np.random.default_rng(4).standard_normal((32, 2000, 2)) @ spread.T)[:, :, ::-1]
    gaussian = distances(record)
    assert gaussian["KS along principal[0]", "the target mixture"].excess > 50
    assert gaussian["covariance", "the target mixture"].excess < 5
    turned = distances(mixture_record(made, Mixture(target.means[:, ::-1], 0.04, target.weights), target))
    assert turned["KS along principal[0]", "the target mixture"].excess > 5


@pytest.mark.parametrize("memory", [0.0, 0.368])
def test_small_fabric_that_is_right(made: SimpleNamespace, memory: float) -> None:
    found = distances(made.fabric(16, 4000, seed=5, memory=memory))
    assert set(found) == {("TV", "as drawn"), ("KL", "as drawn")}
    assert all(one.excess < 5 for one in found.values())


def test_mismatch_shows_against_the_drawn_law_and_not_against_the_die(made: SimpleNamespace) -> None:
    law = made.law()
    found = distances(
        made.fabric(16, 4000, seed=6, actual=replace(law, biases=law.biases + np.array([0.1, 0, -0.05, 0])))
    )
    assert found["TV", "as drawn"].excess > 5
    assert found["TV", "as built"].excess < 5


def test_quantisation_shows_against_the_drawn_law_and_not_against_the_programmed(made: SimpleNamespace) -> None:
    law = made.law()
    rounded = replace(law, weights=np.array([0.6, -0.6, 0.3, 0.9]))
    found = distances(made.fabric(16, 4000, seed=7, programmed=rounded))
    assert {law for _, law in found} == {"as drawn", "as programmed"}
    assert found["TV", "as drawn"].excess > 5
    assert found["TV", "as programmed"].excess < 5


def test_free_running_generators_are_not_boltzmann(made: SimpleNamespace) -> None:
    record = made.fabric(32, 6000, seed=8, memory=0.607, rng_kind="free")
    found = distances(record)
    assert found["TV", "as drawn"].excess > 5
    assert "not Boltzmann's (rng: free" in measure(record).target[0].note


def test_large_fabric_against_a_heat_bath_run(made: SimpleNamespace) -> None:
    right = distances(made.grid(1.0, seed=9))
    assert {quantity for quantity, _ in right} == {"pair correlations, rms", "means, rms", "energy", "mean(g)"}
    assert all(one.excess < 5 for one in right.values())
    hot = distances(made.grid(0.95, seed=9))
    assert hot["pair correlations, rms", "as drawn"].excess > 5
    assert hot["energy", "as drawn"].excess > 5


def test_islands_under_a_controller_have_only_a_declared_law(made: SimpleNamespace) -> None:
    bank = SimpleNamespace(inputs=("d",), outputs=("u",))
    plan = SimpleNamespace(writes={"d": ("d",)})
    record = made.linear(2, 4, 100, 1e-6, seed=10)
    levels = {"drawn_driven": {"v": 1.5, "u": 0.0}, "driven": {"v": 1.4, "u": 0.0}}
    driven = replace(record.program, dacs=(bank,), controllers=(plan,), **levels)
    assert controlled(driven, ("u",))
    assert not controlled(driven, ("v",))
    assert not controlled(replace(driven, controllers=()), ("u",))
    np.testing.assert_array_equal(held_inputs(driven, ("v", "u")), [1.5, 0.0])
    from thermosim.measure.mixing import island_samples

    island = replace(record.program.islands[0], inputs=("u",))
    samples = island_samples(record, record.program, island)
    assert samples is not None
    assert island_law(driven, samples) == "a converter moves its inputs and the netlist names no target law"


def test_an_ideal_sampler_that_does_not_settle_is_no_reference(made: SimpleNamespace) -> None:
    record = made.grid(1.0, seed=9)
    fabric = record.program.fabrics[0]
    glassy = replace(fabric.drawn, weights=8 * fabric.drawn.weights, biases=0 * fabric.drawn.biases)
    record.program = replace(record.program, fabrics=(replace(fabric, drawn=glassy, programmed=glassy),))
    (target,) = measure(record).target
    assert "the ideal run itself is not settled" in target.note or "the ideal sampler is stuck" in target.note
