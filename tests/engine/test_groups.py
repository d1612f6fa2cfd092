"""Every kernel gives the same bits, and their common law is the enumerated one."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from thermosim.analysis.colouring import colour_graph
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.engine import groups
from thermosim.engine.fabric import FabricRunner
from thermosim.times import Clock


def chip(n=40, degree=5, few=False, rng="held", memory=0.3, inputs=False, seed=3):
    """A random graph with everything unequal; weights are multiples of one step if `few`."""
    random = np.random.default_rng(seed)
    edges = np.unique(np.sort(random.integers(0, n, (n * degree // 2, 2)), axis=1), axis=0)
    edges = edges[edges[:, 0] != edges[:, 1]]
    weights = random.integers(-31, 32, len(edges)) * 0.02 if few else random.normal(0, 0.4, len(edges))
    law = IsingLaw(edges, weights, random.normal(0, 0.3, n), 0.8)
    colour = colour_graph(n, edges)
    return Fabric(
        path="a", arrays={"a": (0, (n // 3,)), "b": (n // 3, (n - n // 3,))}, nodes=n, colours=int(colour.max()) + 1,
        colour=colour, clock=Clock("ck", Fraction(2_000_000)), rng=rng, drawn=law, programmed=law, actual=law,
        slope=random.normal(1, 0.1, n), shift=random.normal(0, 0.1, n), memory=memory * random.random(n),
        volts=random.uniform(0.02, 0.03, n), relaxation=np.full(n, 1e-7),
        input_nets=tuple("x" if k % 2 else "" for k in range(n)) if inputs else None,
    )  # fmt: skip


def forced(monkeypatch, name):
    """Let every group be worked on by one kernel."""
    monkeypatch.setattr("thermosim.engine.fabric.kernels", lambda _, replicas: (name,) * -(-replicas // 32))


@pytest.mark.parametrize(
    ("name", "rng", "few"),
    [("chain", "held", False), ("chain", "free", False), ("dense", "held", False), ("chain", "held", True),
     ("few", "held", True), ("few", "free", True), ("dense", "held", True)],
)  # fmt: skip
def test_all_kernels_give_the_same_bits(monkeypatch, name, rng, few):
    fabric = chip(few=few, rng=rng)
    seen = []
    for kernel in ("lanes", name):
        forced(monkeypatch, kernel)
        runner = FabricRunner(fabric, 1, 35)
        series = runner.advance(30, record=True, every=2, nodes=np.arange(40))
        seen.append(series | runner.sums() | runner.observe() | {"state": runner.spins()})
    assert seen[0].keys() == seen[1].keys()
    for key in seen[0]:
        np.testing.assert_array_equal(seen[1][key], seen[0][key], key)
    assert len(np.unique(seen[0]["state"], axis=1).T) == 35


@pytest.mark.parametrize(("around", "alike"), [(True, False), (False, False), (True, True)])
def test_lattices_give_the_same_bits(monkeypatch, around, alike):
    """Unequal couplings on a torus or an open grid, whose neighbours follow one another but for the ends."""
    site = np.arange(6 * 256).reshape(6, 256)
    pairs = [np.stack([site, np.roll(site, -1, axis)], 2) for axis in (0, 1)]
    pairs = pairs if around else [pairs[0][:-1], pairs[1][:, :-1]]
    edges = np.unique(np.sort(np.concatenate([part.reshape(-1, 2) for part in pairs]), axis=1), axis=0)
    plain, weights = chip(1536), np.random.default_rng(4).normal(0, 0.4, len(edges))
    law, colour = IsingLaw(edges, weights, plain.actual.biases, 0.8), (np.indices((6, 256)).sum(0) % 2).ravel()
    fabric = replace(plain, drawn=law, programmed=law, actual=law, colours=2, colour=colour.astype(np.int32))
    if alike:
        law, one = replace(law, biases=np.full(1536, 0.2)), np.ones(1536)
        fabric = replace(fabric, drawn=law, programmed=law, actual=law, slope=one, shift=0 * one, memory=0.3 * one)
    seen = []
    for kernel in ("lanes", "chain"):
        forced(monkeypatch, kernel)
        runner = FabricRunner(fabric, 1, 3)
        seen.append(runner.advance(30, record=True, nodes=np.arange(1536)))
    found, step = runner._groups[0]._found, runner._groups[0]._parameters.step
    assert list(step[1:]) == ([0, 0] if alike else [1, 1]), "what is alike is stored for one block"
    assert 0 < len(found.origin) < 4 * 1536 / 8, "neighbours are copied in runs"
    for name in seen[0]:
        np.testing.assert_array_equal(seen[1][name], seen[0][name], name)


@pytest.mark.parametrize(
    ("name", "rng", "few"), [("chain", "held", False), ("chain", "free", True), ("dense", "held", False),
                             ("few", "held", True), ("few", "free", True)],
)  # fmt: skip
def test_a_schedule_acts_alike(monkeypatch, name, rng, few):
    """In one go, on two threads, and in pieces with a resumed runner whose first stair is not the first."""
    fabric = replace(chip(few=few, rng=rng), schedule=((0, 0.2), (7, 0.5), (9, 1.1), (15, 0.8)))
    everyone = np.arange(40)
    forced(monkeypatch, "lanes")
    wanted = FabricRunner(fabric, 1, 35).advance(20, record=True, nodes=everyone)["spins"]
    forced(monkeypatch, name)
    whole = FabricRunner(fabric, 1, 35, threads=2).advance(20, record=True, nodes=everyone)["spins"]
    np.testing.assert_array_equal(whole, wanted)
    for stop in (8, 16):
        first, again = FabricRunner(fabric, 1, 35), FabricRunner(fabric, 1, 35)
        first.advance(stop)
        again.restore(first.checkpoint())
        rest = again.advance(20 - stop, record=True, nodes=everyone)["spins"]
        np.testing.assert_array_equal(rest, wanted[stop:])
    flat = FabricRunner(replace(fabric, schedule=()), 1, 35).advance(20, record=True, nodes=everyone)["spins"]
    assert not np.array_equal(flat[:7], wanted[:7])


@pytest.mark.parametrize("name", ["chain", "dense", "few"])
def test_analog_inputs_act_alike(monkeypatch, name):
    volts = np.random.default_rng(1).normal(0, 0.05, (40, 3))
    states = []
    for kernel in ("lanes", name):
        forced(monkeypatch, kernel)
        runner = FabricRunner(chip(few=True, inputs=True), 1, 3)
        for _ in range(20):
            runner.advance_slot(volts)
        states.append(runner.spins())
    np.testing.assert_array_equal(*states)


@pytest.mark.parametrize(
    ("name", "few"), [("lanes", False), ("lanes", True), ("chain", False), ("dense", False), ("few", True)]
)
def test_the_law_is_the_enumerated_one(monkeypatch, name, few):
    """Odds of all 2^9 states, by the standard error of 35 chains; a law 3 % colder is told apart."""
    plain = chip(9, 8, few, memory=0.0, seed=5)
    fabric = replace(plain, slope=np.ones(9), shift=np.zeros(9))
    forced(monkeypatch, name)
    runner = FabricRunner(fabric, 2, 32)
    runner.advance(50)
    states = runner.advance(4000, record=True)["a:states"]
    spins = 2.0 * ((states[..., None] >> np.arange(9)) & 1) - 1
    blocks = spins.reshape(32, 10, 400, 9)
    quantities = np.einsum("rbti,rbtj->rbij", blocks, blocks) / 400
    quantities[:, :, np.arange(9), np.arange(9)] = blocks.mean(axis=2)
    found = quantities.mean((0, 1))
    error = quantities.reshape(320, 9, 9).std(axis=0, ddof=1) / np.sqrt(320)
    used = np.triu(np.ones((9, 9), bool))
    chi = {}
    for beta in (0.8, 0.8 * 1.03):
        exact = moments(replace(fabric.actual, beta=beta))
        chi[beta] = np.abs((found - exact) / error)[used].max()
    assert chi[0.8] < 5.5 < chi[0.8 * 1.03]


def moments(law):
    """Means on the diagonal, <s_i s_j> elsewhere, by summing over all states."""
    states = 2.0 * ((np.arange(512)[:, None] >> np.arange(9)) & 1) - 1
    i, j = law.edges.T
    exponent = law.beta * ((states[:, i] * states[:, j]) @ law.weights + states @ law.biases)
    odds = np.exp(exponent - exponent.max())
    odds /= odds.sum()
    exact = (states * odds[:, None]).T @ states
    exact[np.arange(9), np.arange(9)] = odds @ states
    return exact


def test_the_choice_depends_on_the_fabric_and_replicas_alone():
    assert groups.kernels(chip(400, 3), 64) == ("lanes", "lanes")
    assert groups.kernels(chip(400, 3), 33) == ("lanes", "chain")
    assert groups.kernels(chip(400, 3), 1) == ("chain",)
    assert groups.kernels(chip(400, 3, few=True), 33) == ("few", "chain")
    site = np.arange(64).reshape(8, 8)
    square = np.concatenate([np.stack([site, np.roll(site, -1, axis)], 2).reshape(-1, 2) for axis in (0, 1)])
    lattice = replace(chip(64), actual=IsingLaw(square, np.linspace(0.1, 1.0, 128), np.zeros(64), 1.0))
    assert groups.kernels(lattice, 12) == ("chain",)
    assert groups.kernels(lattice, 13) == groups.kernels(chip(400, 3), 7) == ("lanes",)
    complete = replace(chip(12), colours=12, colour=np.arange(12, dtype=np.int32))
    assert groups.kernels(complete, 40) == ("lanes", "dense")
    assert groups.kernels(replace(complete, rng="free"), 1) == ("chain",)
    runner = FabricRunner(chip(400, 3), 1, 33, threads=2)
    assert runner.kernel_names() == ["lanes (32 replicas)", "chain (1 replicas)"]
