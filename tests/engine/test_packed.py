"""Replicas in words of 64: the law of each update, by its own random words; bits that hang on nothing else."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from thermosim.analysis.colouring import colour_graph
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.engine import groups
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.observables import projection_signs
from thermosim.ideal.onsager import energy_torus
from thermosim.kernels.packed_tables import PLANES
from thermosim.streams import replica_keys
from thermosim.times import Clock

FAR = 5.0  # standard errors: p < 1e-6
GOLDEN = 0x9E3779B97F4A7C15


def chip(n=40, degree=4, largest=1, memory=0.4, rng="held", seed=3, step=0.4):
    """A random graph of few-bit couplings; biases, slopes, shifts and memories all unequal, some of them 0 and 1."""
    random = np.random.default_rng(seed)
    edges = np.unique(np.sort(random.integers(0, n, (n * degree // 2, 2)), axis=1), axis=0)
    edges = edges[edges[:, 0] != edges[:, 1]]
    law = IsingLaw(edges, step * random.integers(-largest, largest + 1, len(edges)), random.normal(0, 0.4, n), 0.9)
    colour = colour_graph(n, edges)
    memories = memory * random.random(n)
    memories[:2] = 0.0
    if memory:
        memories[2] = 1.0
    return Fabric(
        path="a", arrays={"a": (0, (n // 3,)), "b": (n // 3, (n - n // 3,))}, nodes=n, colours=int(colour.max()) + 1,
        colour=colour, clock=Clock("ck", Fraction(2_000_000)), rng=rng, drawn=law, programmed=law, actual=law,
        slope=random.normal(1, 0.1, n), shift=random.normal(0, 0.3, n), memory=memories, volts=np.full(n, 0.026),
        relaxation=np.full(n, 1e-7),
    )  # fmt: skip


@pytest.fixture
def packed(monkeypatch):
    """Words of replicas for every fabric."""
    monkeypatch.setattr("thermosim.engine.fabric.kernels", lambda _, replicas: ("packed",) * -(-replicas // 64))


def arguments(fabric, s):
    """Log-odds (node, replica) of spins +-1 (node, replica)."""
    law, field = fabric.actual, np.repeat(fabric.actual.biases[:, None], s.shape[1], axis=1)
    for (i, j), w in zip(law.edges, law.weights, strict=True):
        field[i] += w * s[j]
        field[j] += w * s[i]
    return 2 * law.beta * fabric.slope[:, None] * field + fabric.shift[:, None]


def mixed(word):
    """The mixer of :mod:`thermosim.kernels.random` on arrays."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def uniforms(nodes, key, slot):
    """u (node, 64) of a slot, from the words by their names."""
    node, lane = np.arange(nodes, dtype=np.uint64)[:, None], np.arange(64, dtype=np.uint64)[None]
    key = np.array([[key]], dtype=np.uint64)
    bits = mixed(key ^ mixed(np.array([[(slot + 1) * GOLDEN % 2**64]], dtype=np.uint64)))

    def word(n):
        return mixed(bits + (node + n * np.uint64(2**48) + np.uint64(1)) * np.uint64(GOLDEN))

    u = (word(lane + np.uint64(64)) >> np.uint64(11)) * 2.0**-53 * 2.0**-PLANES
    for plane in range(PLANES):
        u += ((word(np.uint64(plane)) >> lane) & np.uint64(1)) * 2.0 ** -(plane + 1)
    return u


@pytest.mark.parametrize("rng", ["held", "free"])
@pytest.mark.parametrize(("largest", "degree"), [(1, 4), (3, 5), (7, 6), (31, 3)])
def test_every_update_is_what_its_words_say(packed, rng, largest, degree):
    """Slot by slot against plain arithmetic in double precision on the fabric itself."""
    fabric = chip(largest=largest, degree=degree, rng=rng, step=1.2 / largest)
    runner = FabricRunner(fabric, 5, 64)
    key = replica_keys(5, "fabric a", 1)[0]
    hidden, moved = runner.spins() > 0, 0
    for slot in range(4 * fabric.colours):
        up, mine = runner.spins() > 0, fabric.colour == slot % fabric.colours
        u, fresh = uniforms(fabric.nodes, key, slot), (1 - fabric.memory)[:, None]
        p = 1 / (1 + np.exp(-arguments(fabric, np.where(up, 1, -1))))
        hidden = np.where(u < fresh * p, True, np.where(u < fresh, False, hidden if rng == "free" else up))
        runner.advance_slot()
        np.testing.assert_array_equal(runner.spins() > 0, np.where(mine[:, None], hidden, up))
        moved += int((hidden != up)[mine].sum())
    assert moved > 1000


@pytest.mark.parametrize(("largest", "memory"), [(1, 0.0), (3, 0.8)])
def test_a_sweep_has_the_enumerated_law(packed, largest, memory):
    """Shares of the 2^6 states one sweep after all were up, and means and correlations in the long run."""
    fabric = replace(chip(6, 5, largest, memory, seed=8), arrays={"a": (0, (6,))})
    if memory:
        fabric = replace(fabric, memory=np.minimum(fabric.memory, 0.9))
    first = FabricRunner(fabric, 9, 64 * 3000, up=True).advance(1, record=True)["a:states"]
    share = np.bincount(first.ravel(), minlength=64) / first.size

    def off(law):
        error = np.sqrt(np.maximum(law * (1 - law), 1e-9) / first.size)
        return np.abs((share - law) / error).max()

    step = operator(fabric)
    assert off(step[63]) < FAR
    for wrong in (replace(fabric, slope=np.ones(6)), replace(fabric, shift=-fabric.shift),
                  replace(fabric, actual=replace(fabric.actual, weights=-fabric.actual.weights)),
                  replace(fabric, memory=fabric.memory + 0.05)):  # fmt: skip
        assert off(operator(wrong)[63]) > FAR
    runner = FabricRunner(fabric, 10, 640)
    runner.advance(100)
    states = runner.advance(1500, record=True)["a:states"]
    stationary = np.linalg.matrix_power(step, 4000)[0]
    s = 2.0 * ((np.arange(64)[:, None] >> np.arange(6)) & 1) - 1
    assert agree(s[states], stationary @ s)
    drawn = replace(fabric, slope=np.ones(6), shift=np.zeros(6))
    assert not agree(s[states], np.linalg.matrix_power(operator(drawn), 4000)[0] @ s), "a chip without mismatch"


def agree(values, exact):
    """Whether means (replica, draw, quantity) are within the error that independent replicas show."""
    chains = values.mean(axis=1)
    return bool(np.all(np.abs(chains.mean(axis=0) - exact) < FAR * chains.std(axis=0, ddof=1) / np.sqrt(len(chains))))


def operator(fabric):
    """Matrix of one sweep of held RNGs on the states, the first p-bit the lowest bit."""
    n = fabric.nodes
    states = np.arange(2**n)
    s = 2 * ((states[:, None] >> np.arange(n)) & 1) - 1
    p = 1 / (1 + np.exp(-arguments(fabric, s.T)))
    up = (1 - fabric.memory[:, None]) * p + fabric.memory[:, None] * (s.T > 0)
    matrix = np.eye(2**n)
    for colour in range(fabric.colours):
        for i in np.flatnonzero(fabric.colour == colour):
            one = np.zeros_like(matrix)
            one[states, states | (1 << i)] += up[i]
            one[states, states & ~(1 << i)] += 1 - up[i]
            matrix = matrix @ one
    return matrix


def history(fabric, replicas, sweeps=12, threads=1, **more):
    runner = FabricRunner(fabric, 1, replicas, threads, **more)
    series = runner.advance(sweeps, record=True, nodes=np.arange(fabric.nodes))
    return series | runner.sums()


@pytest.mark.parametrize("rng", ["held", "free"])
def test_company_and_threads_change_no_bit(rng):
    fabric = chip(70, 3, rng=rng)
    many = history(fabric, 200)
    for replicas in (33, 64, 65):
        spins = history(fabric, replicas)["spins"]
        np.testing.assert_array_equal(spins, many["spins"][:, :, :replicas])
    assert len(np.unique(many["spins"][-1], axis=1).T) == 200
    two = history(fabric, 200, threads=2)
    assert all(np.array_equal(two[name], many[name]) for name in many)


@pytest.mark.parametrize("rng", ["held", "free"])
def test_resumed_run_and_stairs_have_the_same_bits(rng):
    stairs = ((0, 0.2), (30, 0.5), (60, 0.9))
    for fabric in (chip(70, 3, rng=rng), replace(chip(70, 3, rng=rng), schedule=stairs)):
        whole = FabricRunner(fabric, 2, 70)
        assert whole.kernels == ("packed",) * 2
        wanted = whole.advance(90, record=True, nodes=np.arange(70))["spins"]
        part, again = FabricRunner(fabric, 2, 70), FabricRunner(fabric, 2, 70, up=True)
        part.advance(47)
        again.restore(part.checkpoint())
        rest = again.advance(43, record=True, nodes=np.arange(70))["spins"]
        np.testing.assert_array_equal(rest, wanted[47:])
    flat = history(chip(70, 3, rng=rng), 70, 29)
    assert not np.array_equal(history(fabric, 70, 29)["spins"], flat["spins"]), "stairs do something"


def test_p_bits_that_are_never_renewed_stand_still():
    """Memory 1 is exact, also beside memory 0, and at whatever field."""
    fabric = chip(70, 3)
    fabric = replace(fabric, memory=np.where(np.arange(70) % 3 == 0, 1.0, 0.0), shift=np.full(70, -30.0))
    spins = history(fabric, 128, 300)["spins"]
    assert np.all(spins[:, ::3] == spins[0, ::3])
    assert 0.4 < (spins[0, ::3] > 0).mean() < 0.6
    assert np.all(spins[:, np.arange(70) % 3 != 0] == -1), "certain fields always win"


def test_rare_flips_keep_their_rate(packed):
    """P(up) = 2e-6 and P(down) = 2e-6: far finer than the first digits."""
    for sign in (-1, 1):
        a, n = sign * np.log(2e-6), 64
        fabric = replace(chip(n, 0, memory=0.0), shift=np.full(n, a), colours=1, colour=np.zeros(n, np.int32))
        fabric = replace(fabric, actual=replace(fabric.actual, biases=np.zeros(n)))
        runner = FabricRunner(fabric, 4, 64)
        total = 0
        runner.advance(4000, record=True)
        total = (runner.totals.spin.sum() * sign + runner.totals.count * n) / 2
        expected = 4000 * n * 64 * 2e-6
        assert abs(total - expected) < FAR * np.sqrt(expected)


def test_observables_are_their_formulas():
    fabric = chip(70, 3)
    runner = FabricRunner(fabric, 4, 70)
    series = runner.advance(6, record=True, every=2, nodes=np.arange(70))
    s = series["spins"].astype(float).transpose(2, 0, 1)
    (i, j), law = fabric.drawn.edges.T, fabric.drawn
    np.testing.assert_allclose(series["a:energy"], -(s[..., i] * s[..., j] @ law.weights + s @ law.biases), atol=1e-5)
    assert np.array_equal(series["a:mean(a)"], s[..., :23].sum(-1) / 23)
    assert np.array_equal(series["a:mean(b)"], s[..., 23:].sum(-1) / 47)
    for k in (0, 31):
        assert np.array_equal(series[f"a:projection[{k}]"], (s @ projection_signs("a", 70)[k]) / np.sqrt(70))
    sums = runner.sums()
    assert np.array_equal(sums["a:spin"], s.sum((0, 1)))
    assert np.array_equal(sums["a:pair"], (s[..., i] * s[..., j]).sum((0, 1)))
    assert all(np.array_equal(values[:, 0], series[name][:, -1]) for name, values in runner.observe().items())


def test_small_fabrics_record_their_states(packed):
    series = FabricRunner(chip(14, 2), 5, 70).advance(9, record=True, nodes=np.arange(14))
    assert np.array_equal(series["a:states"], ((series["spins"] > 0) << np.arange(14)[:, None]).sum(axis=1).T)


@pytest.mark.parametrize("coupling", [0.3, 0.4])
def test_a_ferromagnet_has_onsagers_energy(coupling):
    """16 x 16 torus, exact finite-size energy; a coupling half a percent off is told apart."""
    side = 16
    site = np.arange(side**2).reshape(side, side)
    pairs = np.concatenate([np.stack([site.ravel(), np.roll(site, -1, axis).ravel()], 1) for axis in (0, 1)])
    edges = np.unique(np.sort(pairs, axis=1), axis=0)
    colour = colour_graph(side**2, edges)
    law = IsingLaw(edges, np.ones(len(edges)), np.zeros(side**2), coupling)
    one = np.ones(side**2)
    fabric = replace(
        chip(), arrays={"a": (0, (side, side))}, nodes=side**2, colours=int(colour.max()) + 1, colour=colour, drawn=law,
        programmed=law, actual=law, slope=one, shift=0 * one, memory=0 * one, volts=one, relaxation=one,
    )  # fmt: skip
    runner = FabricRunner(fabric, 6, 256)
    assert runner.kernel_names() == ["packed (256 replicas)"]
    runner.advance(300)
    energy = runner.advance(16_000, record=True, every=10)["a:energy"].mean(axis=1) / side**2
    error = energy.std(ddof=1) / np.sqrt(len(energy))
    assert abs(energy.mean() - energy_torus(side, side, coupling)) < FAR * error
    assert abs(energy.mean() - energy_torus(side, side, 1.005 * coupling)) > FAR * error


def test_words_are_chosen_by_fabric_and_replicas_alone():
    assert groups.kernels(chip(70, 3), 32) == ("few",)
    assert groups.kernels(chip(70, 3), 33) == ("packed",)
    assert groups.kernels(chip(70, 3), 129) == ("packed",) * 3
    assert groups.kernels(chip(70, 6, 7), 64) == ("few",) * 2, "too many levels"
    assert groups.kernels(replace(chip(70, 3), input_nets=("x",) * 70), 64) == ("few",) * 2
    everyone = replace(chip(70, 3), colours=70, colour=np.arange(70, dtype=np.int32))
    assert "packed" not in groups.kernels(everyone, 64)
    stairs = tuple((k, 0.1 * (k + 1)) for k in range(9))
    assert groups.kernels(replace(chip(70, 3), schedule=stairs), 64) == ("few",) * 2
    runner = FabricRunner(chip(70, 3), 1, 70)
    with pytest.raises(ValueError, match="no analog inputs"):
        runner.advance_slot(np.zeros((70, 70)))
