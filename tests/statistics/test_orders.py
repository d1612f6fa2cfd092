"""Clocked update orders against exact transition matrices: laws that are Boltzmann's and laws that are not."""

import numpy as np
import pytest
from small_fabrics import ADDER, AND, FIVE, TILTS, agrees, boltzmann, fabric, occupation, spins, total_variation

from thermosim.engine.orders import runner
from thermosim.ideal import disciplines

PULL = np.exp(-1.0)


def run(chip, replicas, sweeps, every=1, burn=40, **start):
    part = type(runner(chip, 1, 1, 1))(chip, 11, replicas, **start)
    part.advance(burn)
    return part.advance(sweeps * every, record=True, every=every)["s:states"]


def hidden_matrix(matrix, biases, memory, picked):
    """T of one tick of free RNGs on (outputs, hidden bits): all hidden bits relax, those of `picked` are latched.

    `picked` is a list of (probability, set of p-bits).
    """
    n = len(biases)
    s = spins(n)
    up = 1 / (1 + np.exp(-2 * (s @ matrix + biases)))
    size = 2**n
    tick = np.zeros((size, size, size, size))
    for out in range(size):
        for old in range(size):
            rise = (1 - memory) * up[out] + memory * (s[old] > 0)
            for new in range(size):
                chance = np.prod(np.where(s[new] > 0, rise, 1 - rise))
                for share, nodes in picked:
                    mask = sum(1 << i for i in nodes)
                    tick[out, old, (out & ~mask) | (new & mask), new] += share * chance
    return tick.reshape(size**2, size**2)


def fixed(matrix):
    """Law that a transition matrix leaves fixed."""
    balance = matrix.T - np.eye(len(matrix))
    balance[-1] = 1.0
    return np.linalg.solve(balance, np.eye(len(matrix))[-1])


# Total variation to the Boltzmann law, from exact transition matrices.
SUBSETS = {
    ("and", 0.5): (0.573, {0.5: 0.078, 0.2: 0.0225, 0.1: 0.0102, 0.05: 0.0049, 0.01: 0.0009}),
    ("and", 1.0): (0.912, {0.5: 0.176, 0.2: 0.081, 0.1: 0.042, 0.05: 0.0215, 0.01: 0.0044}),
    ("adder", 0.5): (0.986, {0.5: 0.155, 0.2: 0.048, 0.1: 0.023, 0.05: 0.011, 0.01: 0.0021}),
    ("adder", 1.0): (0.9998, {0.5: 0.196, 0.2: 0.054, 0.1: 0.024, 0.05: 0.0115, 0.01: 0.0022}),
}


@pytest.mark.parametrize(("gate", "beta"), SUBSETS)
def test_bias_of_updates_at_one_instant(gate, beta):
    matrix, biases = AND if gate == "and" else ADDER
    exact = boltzmann(matrix, biases, beta)
    parallel, subsets = SUBSETS[gate, beta]
    found = disciplines.stationary(fabric(matrix, biases, beta=beta, order="parallel"))
    assert total_variation(found, exact) == pytest.approx(parallel, abs=6e-4)
    for chance, distance in subsets.items():
        chip = fabric(matrix, biases, beta=beta, order="subset", chance=chance)
        assert total_variation(disciplines.stationary(chip), exact) == pytest.approx(distance, rel=0.03, abs=6e-5)


def test_parallel_law_in_closed_form():
    found = disciplines.stationary(fabric(FIVE, TILTS, order="parallel"))
    s = spins(5)
    weight = np.exp(s @ TILTS) * np.prod(2 * np.cosh(s @ FIVE + TILTS), axis=1)
    np.testing.assert_allclose(found, weight / weight.sum(), rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("order", "chance", "memory"), [("parallel", 1, 0.0), ("parallel", 1, PULL), ("subset", 0.4, 0.2)]
)
def test_updates_at_one_instant_have_their_own_law(order, chance, memory):
    chip = fabric(FIVE, TILTS, order=order, chance=chance, memory=memory)
    share = occupation(run(chip, 512, 400, every=4), 5)
    assert agrees(share, disciplines.stationary(chip))
    assert not agrees(share, boltzmann(FIVE, TILTS))
    other = fabric(FIVE, TILTS, order=order, chance=0.75 * chance, memory=memory + 0.25 * (order == "parallel"))
    assert not agrees(share, disciplines.stationary(other)), "another memory or chance"


@pytest.mark.parametrize("order", ["sequential", "random"])
@pytest.mark.parametrize("memory", [0.0, PULL])
def test_one_at_a_time_is_boltzmann(order, memory):
    share = occupation(run(fabric(FIVE, TILTS, order=order, memory=memory), 512, 200, every=2), 5)
    assert agrees(share, boltzmann(FIVE, TILTS))
    assert not agrees(share, boltzmann(FIVE, TILTS, 1.05)), "a temperature 5 % low"


def sweep_of(order, chance, memory, reverse=False):
    """Dense T of one sweep from single updates, by hand."""
    s, states, n = spins(5), np.arange(32), 5
    up = memory * (s > 0) + (1 - memory) / (1 + np.exp(-2 * (s @ FIVE + TILTS)))
    single = np.zeros((n, 32, 32))
    for i in range(n):
        single[i, states, states | (1 << i)] += up[:, i]
        single[i, states, states & ~(1 << i)] += 1 - up[:, i]
    if order == "random":
        return np.linalg.matrix_power(single.mean(axis=0), n)
    turns = range(n)[::-1] if reverse else range(n)
    return np.linalg.multi_dot([single[i] for i in turns])


@pytest.mark.parametrize("order", ["sequential", "random"])
def test_sweeps_relax_as_their_matrix_says(order):
    """From all up, every function of the state goes as T^k; five random ones are followed for three sweeps."""
    matrix = sweep_of(order, 1, PULL)
    functions = np.random.default_rng(2).standard_normal((32, 5))
    chip = fabric(FIVE, TILTS, order=order, memory=PULL)
    part = type(runner(chip, 1, 1, 1))(chip, 3, 40_000, up=True)
    states = part.advance(3, record=True)["s:states"]

    def expected(one):
        return np.stack([(np.linalg.matrix_power(one, k) @ functions)[-1] for k in (1, 2, 3)])

    assert agrees(functions[states], expected(matrix))
    wrong = sweep_of(order, 1, PULL, reverse=True) if order == "sequential" else matrix @ matrix
    assert not agrees(functions[states], expected(wrong))
    values = np.sort(np.abs(np.linalg.eigvals(matrix)))
    if order == "random":
        assert disciplines.relaxation(chip) == pytest.approx(-1 / np.log(values[-2]), rel=1e-9)


CHAIN = np.array([[0, 0.9, 0.4], [0.9, 0, -0.7], [0.4, -0.7, 0]])
LEAN = np.array([0.3, -0.1, 0.2])


@pytest.mark.parametrize("order", ["sequential", "random", "subset"])
def test_free_rngs_have_their_own_law(order):
    """Outputs and hidden bits together are a chain of 64 states."""
    singles = [[(1.0, {i})] for i in range(3)]
    subsets = [({i for i in range(3) if k >> i & 1}) for k in range(8)]
    picked = {
        "random": [[(1 / 3, {i}) for i in range(3)]],
        "subset": [[(0.3 ** len(nodes) * 0.7 ** (3 - len(nodes)), nodes) for nodes in subsets]],
    }.get(order, singles)
    sweep = np.linalg.multi_dot([np.eye(64), np.eye(64), *(hidden_matrix(CHAIN, LEAN, 0.6, ticks) for ticks in picked)])
    law = fixed(sweep).reshape(8, 8).sum(axis=1)
    chip = fabric(CHAIN, LEAN, order=order, memory=0.6, rng="free", chance=0.3)
    share = occupation(run(chip, 512, 500, every=3), 3)
    assert agrees(share, law)
    assert not agrees(share, boltzmann(CHAIN, LEAN))


def test_free_rngs_are_as_wrong_as_they_remember():
    """The distance to Boltzmann's law goes as the memory of a slot, so that a slow clock makes it vanish."""
    exact = boltzmann(CHAIN, LEAN)
    distances = {}
    for memory in (0.02, 0.01, 0.0):
        sweep = np.linalg.multi_dot([hidden_matrix(CHAIN, LEAN, memory, [(1.0, {i})]) for i in range(3)])
        distances[memory] = total_variation(fixed(sweep).reshape(8, 8).sum(axis=1), exact)
    assert distances[0.0] < 1e-12
    assert distances[0.02] == pytest.approx(2 * distances[0.01], rel=0.03)
    assert distances[0.01] > 1e-4


def test_bits_do_not_depend_on_company():
    for order, rng in (("parallel", "held"), ("subset", "free"), ("random", "held"), ("random", "free")):
        chip = fabric(FIVE, TILTS, order=order, memory=0.3, chance=0.4, rng=rng)
        kind = type(runner(chip, 1, 1, 1))
        many, few = kind(chip, 5, 70, threads=2), kind(chip, 5, 3)
        whole = many.advance(30, record=True)["s:states"]
        first = few.advance(11, record=True)["s:states"]
        later = kind(chip, 5, 3)
        later.restore(few.checkpoint())
        rest = later.advance(19, record=True)["s:states"]
        np.testing.assert_array_equal(np.concatenate([first, rest], axis=1), whole[:3])


def test_updates_are_counted_as_they_were_latched():
    arrays = {"a": (0, (2,)), "b": (2, (3,))}
    for order, ticks, each in (("random", 5, (0.4, 0.6)), ("subset", 1, (0.5, 0.75)), ("parallel", 1, (2, 3))):
        chip = fabric(FIVE, TILTS, order=order, chance=0.25, arrays=arrays)
        part = runner(chip, 1, 300, 1)
        part.advance(200)
        counts = np.array(list(part.tally(0, part.slot).values()))
        if order == "random":
            assert np.all(counts.sum(axis=0) == 1000)
        if order == "parallel":
            np.testing.assert_array_equal(counts, np.array([[400], [600]]) * np.ones(300, int))
        else:
            assert agrees(counts[0] / (200 * ticks), each[0])
            assert not agrees(counts[0] / (200 * ticks), 0.95 * each[0])
        assert not np.any(list(part.tally(0, 0).values()))
