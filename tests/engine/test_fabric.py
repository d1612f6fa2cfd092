"""A fabric's bits depend on seed, path, replica and slot alone; its observables are what their formulas say."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from thermosim.analysis.colouring import colour_graph
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.observables import PROJECTIONS, projection_signs
from thermosim.times import Clock


def chip(n=70, rng="held", memory=0.3):
    """Two arrays of `n` p-bits together on a random graph, everything unequal."""
    random = np.random.default_rng(11)
    edges = np.unique(np.sort(random.integers(0, n, (3 * n, 2)), axis=1), axis=0)
    edges = edges[edges[:, 0] != edges[:, 1]]
    weights, biases = random.normal(0, 0.4, len(edges)), random.normal(0, 0.3, n)
    colour = colour_graph(n, edges)
    drawn = IsingLaw(edges, weights, biases, 0.8)
    return Fabric(
        path="a", arrays={"a": (0, (n - 2 * (n // 3),)), "b": (n - 2 * (n // 3), (2, n // 3))}, nodes=n,
        colours=int(colour.max()) + 1,
        colour=colour, clock=Clock("ck", Fraction(2_000_000)), rng=rng, drawn=drawn, programmed=drawn,
        actual=replace(drawn, weights=weights * random.normal(1, 0.1, len(edges))), slope=random.normal(1, 0.1, n),
        shift=random.normal(0, 0.1, n), memory=memory * random.random(n), volts=random.uniform(0.02, 0.03, n),
        relaxation=np.full(n, 1e-7),
    )  # fmt: skip


def history(runner, sweeps=7):
    every = np.arange(runner.fabric.nodes)
    series = runner.advance(sweeps, record=True, nodes=every)
    return series["spins"]


@pytest.mark.parametrize("rng", ["held", "free"])
def test_replica_alone_equals_itself_in_a_batch(rng):
    many = history(FabricRunner(chip(rng=rng), 1, 70))
    for replicas in (1, 33):
        assert np.array_equal(history(FabricRunner(chip(rng=rng), 1, replicas)), many[:, :, :replicas])
    assert len(np.unique(many[-1], axis=1).T) == 70


def test_threads_change_no_bit():
    one, two = FabricRunner(chip(), 1, 70, threads=1), FabricRunner(chip(), 1, 70, threads=2)
    first, second = one.advance(20, record=True), two.advance(20, record=True)
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert all(np.array_equal(one.sums()[name], two.sums()[name]) for name in one.sums())


@pytest.mark.parametrize("rng", ["held", "free"])
def test_resumed_run_has_the_same_bits(rng):
    whole = FabricRunner(chip(rng=rng), 2, 40)
    before, after = history(whole, 5), history(whole, 6)
    part = FabricRunner(chip(rng=rng), 2, 40)
    history(part, 5)
    again = FabricRunner(chip(rng=rng), 2, 40, up=True)
    again.restore(part.checkpoint())
    assert np.array_equal(history(again, 6), after)
    assert not np.array_equal(before[0], after[0])
    assert again.slot == whole.slot == 11 * again.fabric.colours
    assert all(np.array_equal(again.sums()[name], whole.sums()[name]) for name in whole.sums())


@pytest.mark.parametrize("rng", ["held", "free"])
def test_slot_by_slot_equals_whole_sweeps(rng):
    runner, slow = FabricRunner(chip(rng=rng), 3, 40), FabricRunner(chip(rng=rng), 3, 40)
    series = runner.advance(4, record=True, every=4)
    for slot in range(4 * slow.fabric.colours):
        colour = slot % slow.fabric.colours
        old = slow.spins()
        slow.advance_slot(np.zeros((70, 40)) if slot % 2 else None)
        moved = (slow.spins() != old).any(axis=1)
        assert not moved[slow.fabric.colour != colour].any(), "only the slot's colour may move"
    assert np.array_equal(slow.spins(), runner.spins())
    assert all(np.array_equal(values, series[name]) for name, values in slow.observe().items())
    assert slow.slot == runner.slot


def test_a_tally_counts_the_outputs_latched_between_any_two_slots():
    fabric = chip()
    runner, colours = FabricRunner(fabric, 3, 5), fabric.colours

    def latched(begin, end):
        return list(runner.tally(begin, end).values())

    np.testing.assert_array_equal(latched(0, 11 * colours), [[11 * 24] * 5, [11 * 46] * 5])
    for begin, end in ((0, 1), (1, 2 * colours + 2), (colours - 1, colours + 1), (4, 4)):
        visited = [fabric.colour == slot % colours for slot in range(begin, end)]
        counted = np.sum(visited, axis=0, dtype=int) * np.ones(70, int)
        np.testing.assert_array_equal(latched(begin, end), [[counted[:24].sum()] * 5, [counted[24:].sum()] * 5])


def test_seed_and_path_name_the_noise():
    plain = history(FabricRunner(chip(), 1, 8))
    other = replace(chip(), path="z", arrays={"z": (0, (70,))})
    assert not np.array_equal(history(FabricRunner(chip(), 2, 8)), plain)
    assert not np.array_equal(history(FabricRunner(other, 1, 8)), plain)
    recoloured = replace(chip(), drawn=replace(chip().drawn, beta=2.0))
    assert np.array_equal(history(FabricRunner(recoloured, 1, 8)), plain), "the drawn law is observed, not run"


def test_observables_are_their_formulas():
    fabric = chip()
    runner = FabricRunner(fabric, 4, 70)
    series = runner.advance(6, record=True, every=2, nodes=np.arange(70))
    s = series["spins"].astype(float).transpose(2, 0, 1)  # (chain, draw, node)
    (i, j), law = fabric.drawn.edges.T, fabric.drawn
    energy = -(s[..., i] * s[..., j] @ law.weights + s @ law.biases)
    np.testing.assert_allclose(series["a:energy"], energy, rtol=0, atol=1e-5)
    assert np.array_equal(series["a:mean(a)"], s[..., :24].sum(-1) / 24)
    assert np.array_equal(series["a:mean(b)"], s[..., 24:].sum(-1) / 46)
    signs = projection_signs("a", 70).astype(float)
    assert signs.shape == (PROJECTIONS, 70)
    for k in (0, 31):
        assert np.array_equal(series[f"a:projection[{k}]"], (s @ signs[k]) / np.sqrt(70))
    assert "a:states" not in series
    sums = runner.sums()
    assert np.array_equal(sums["a:spin"], s.sum((0, 1)))
    assert np.array_equal(sums["a:pair"], (s[..., i] * s[..., j]).sum((0, 1)))
    assert sums["a:count"] == 3 * 70


def test_small_fabrics_record_their_states():
    series = FabricRunner(chip(14), 5, 40).advance(9, record=True, nodes=np.arange(14))
    expected = ((series["spins"] > 0) << np.arange(14)[:, None]).sum(axis=1).T
    assert series["a:states"].dtype == np.uint32
    assert np.array_equal(series["a:states"], expected)


def test_analog_input_adds_its_voltage_to_the_argument():
    """V_in adds V / V_s; a p-bit without an input ignores what stands in its row."""
    law = IsingLaw(np.zeros((0, 2), np.int64), np.zeros(0), np.array([0.1, -0.2]), 1.0)
    one = np.ones(2)
    fabric = Fabric(
        path="s", arrays={"s": (0, (2,))}, nodes=2, colours=1, colour=np.zeros(2, np.int32),
        clock=Clock("ck", Fraction(1)), rng="held", drawn=law, programmed=law, actual=law, slope=one, shift=0 * one,
        memory=0 * one, volts=0.025 * one, relaxation=one, input_nets=("x", ""),
    )  # fmt: skip
    runner = FabricRunner(fabric, 6, 20_000)
    runner.advance_slot(np.tile([[0.02], [0.5]], 20_000))
    up = 1 / (1 + np.exp(-np.array([0.2 + 0.02 / 0.025, -0.4])))
    assert np.all(np.abs((runner.spins() > 0).mean(axis=1) - up) < 5 * np.sqrt(up * (1 - up) / 20_000))
    with pytest.raises(ValueError, match="analog inputs"):
        runner.advance(1)


def test_draws_must_divide_the_sweeps():
    with pytest.raises(ValueError, match="7 sweeps are not a whole number of draws, one every 2"):
        FabricRunner(chip(), 1, 1).advance(7, record=True, every=2)
