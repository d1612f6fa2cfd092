"""Held p-bits never move and cost no update, the others sample the law given them; resets set what they say."""

from dataclasses import replace

import numpy as np
import pytest
from small_fabrics import ADDER, FIVE, TILTS, agrees, boltzmann, fabric, occupation, spins

from thermosim.circuit.conditional import conditional_fabric
from thermosim.circuit.timetable import Clamp, Reset, Timetable
from thermosim.engine.orders import runner
from thermosim.ideal import disciplines, exact
from thermosim.models.curves import LOGISTIC
from thermosim.models.pbit import Barriers

HELD = np.array([0, 1, 0, -1, 0], dtype=np.int8)


def table(clamps=(), resets=(), nodes=5):
    return Timetable(nodes, tuple(clamps), tuple(resets))


WHOLE = table([Clamp(np.array([3, 1]), np.array([-1, 1], dtype=np.int8))])


def conditional(p, held=HELD):
    """The law of all states given the held spins, and zero elsewhere."""
    s = spins(len(held))
    p = np.where(((held == 0) | (s == held)).all(axis=1), p, 0.0)
    return p / p.sum()


def barriers(n):
    one = np.ones(n)
    return Barriers(5e-8 * one, 2.0 * one, 1.5 * one, 20.0 * one, 20.0 * one, one, (LOGISTIC,) * len(one))


KINDS = {
    "lanes": (64, {}),
    "few": (64, {"matrix": ADDER[0] * 0.25}),
    "chain": (4, {}),
    "dense": (8, {"nodes": 12}),
    "free rng": (64, {"rng": "free", "memory": 0.3}),
    "memory": (64, {"memory": 0.4}),
    "parallel": (64, {"order": "parallel"}),
    "subset": (64, {"order": "subset", "chance": 0.3}),
    "random": (64, {"order": "random"}),
    "rates": (64, {"wells": True}),
    "sequential": (64, {"order": "sequential"}),
    "free": (64, {"order": "free"}),
    "arrhenius": (64, {"order": "free", "arrhenius": True}),
    "settling": (64, {"order": "free", "settling": 2e-8}),
    "arrhenius and settling": (64, {"order": "free", "arrhenius": True, "settling": 2e-8}),
    "delay": (64, {"order": "free", "delay": 2e-8}),
}


def chip(kind, timetable):
    replicas, more = KINDS[kind]
    more = dict(more)
    n = more.pop("nodes", 5)
    matrix = more.pop("matrix", None)
    if matrix is None:
        matrix = np.zeros((n, n))
        matrix[:5, :5] = FIVE * (1 + 0.05 * np.sqrt(np.add.outer(np.arange(5), np.arange(5))))  # few of no step
        if n > 5:
            draw = np.triu(np.random.default_rng(1).normal(0, 0.1, (n, n)), 1)
            matrix = matrix + draw + draw.T
    if more.pop("wells", False):
        more["barriers"] = barriers(n)
    if "arrhenius" in more:
        more["arrhenius"] = (True,) * n
    biases = np.concatenate([TILTS, np.linspace(-0.2, 0.3, n)])[:n]
    held = timetable(n) if callable(timetable) else timetable
    arrays = {"s": (0, (2,)), "t": (2, (n - 2,))}
    return replace(fabric(matrix, biases, **more, arrays=arrays), timetable=held), replicas


@pytest.mark.parametrize("kind", KINDS)
def test_held_p_bits_never_move_and_are_not_counted(kind):
    made, replicas = chip(kind, lambda n: replace(WHOLE, nodes=n))
    part = runner(made, 3, replicas, 1)
    if kind in ("lanes", "few", "chain", "dense", "rates"):
        assert part.kernel_names() == [f"{kind} ({replicas} replicas)"]
    begin = part.slot
    seen = part.advance(50, record=True, nodes=np.arange(made.nodes))["spins"]
    assert np.all(seen[:, 1] == 1)
    assert np.all(seen[:, 3] == -1)
    free = np.setdiff1d(np.arange(made.nodes), [1, 3])
    assert np.all(seen[:, free].min(axis=(0, 2)) < seen[:, free].max(axis=(0, 2))), "the others do move"
    counts = part.tally(begin, part.slot)
    assert np.all(counts["s.writes"] == 1)
    assert np.all(counts["t.writes"] == 1)
    if made.order in ("coloured", "sequential", "parallel", "free"):
        assert np.all(counts["s.updates"] == 50)
        assert np.all(counts["t.updates"] == 50 * (made.nodes - 3))
    elif kind == "random":
        assert agrees(counts["s.updates"] / 250, 0.2)
        assert agrees(counts["t.updates"] / 250, 0.4)
    else:
        assert agrees(counts["s.updates"] / 50, 0.3)
        assert agrees(counts["t.updates"] / 50, 0.6)


def states_of(part, sweeps, every):
    """Draws (replica, draw) some sweeps apart."""
    part.advance(40)
    return part.advance(sweeps * every, record=True)["s:states"][:, every - 1 :: every]


@pytest.mark.parametrize("kind", ["lanes", "few", "memory", "sequential", "random", "free", "arrhenius"])
def test_the_others_sample_the_law_given_the_held(kind):
    made, _ = chip(kind, WHOLE)
    shares = occupation(states_of(runner(made, 5, 192, 1), 60, 1), 5)
    law = boltzmann(matrix_of(made), made.actual.biases)
    assert agrees(shares[:, exact_support()], conditional(law)[exact_support()])
    flipped = HELD * np.array([1, 1, 1, -1, 1], dtype=np.int8)
    other = conditional(law, flipped)[[state ^ 8 for state in exact_support()]]
    assert not agrees(shares[:, exact_support()], other), "a clamp at the other value must show"
    s = spins(5)
    free = (s[:, [0, 2, 4]] > 0) @ [1, 2, 4]
    marginal = np.bincount(free, law)
    seen = np.stack([np.bincount(free, row) for row in shares])
    assert not agrees(seen, marginal), "the law of free p-bits without the clamps must show"


def matrix_of(made):
    matrix = np.zeros((made.nodes, made.nodes))
    matrix[tuple(made.actual.edges.T)] = made.actual.weights
    return matrix + matrix.T


def exact_support():
    return [state for state, row in enumerate(spins(5)) if ((HELD == 0) | (row == HELD)).all()]


@pytest.mark.parametrize("kind", ["parallel", "subset", "rates", "free rng"])
def test_reduced_fabrics_have_the_law_of_the_held_ones(kind):
    """Laws that are not Boltzmann's: the fabric of the free p-bits alone must run to the same one."""
    made, _ = chip(kind, WHOLE)
    shares = occupation(states_of(runner(made, 5, 192, 1), 60, 1), 5)[:, exact_support()]
    small = conditional_fabric(made, HELD)
    if kind == "free rng":
        again = occupation(states_of(runner(small, 6, 192, 1), 60, 1), 3)
        error = np.sqrt((shares.var(axis=0) + again.var(axis=0)) / 192)
        assert np.all(np.abs(shares.mean(axis=0) - again.mean(axis=0)) < 5 * error)
        return
    law = disciplines.stationary(small) if kind != "rates" else exact.sweep_of(small).stationary(np.full(8, 1 / 8))
    assert agrees(shares, law)
    drawn = exact.probabilities(replace(small.drawn, beta=1.4))
    assert not agrees(shares, drawn)


def test_the_conditional_law_is_that_of_bayes():
    made = fabric(FIVE, TILTS, beta=0.7)
    small = conditional_fabric(made, HELD)
    np.testing.assert_allclose(
        exact.probabilities(small.drawn), conditional(boltzmann(FIVE, TILTS, 0.7))[exact_support()], rtol=1e-12
    )
    assert small.arrays == {"s": (0, (3,))}


SOME = table(
    [
        Clamp(np.array([0, 4]), np.array([1, 1], dtype=np.int8), 3, 8),
        Clamp(np.array([2]), np.array([-1], dtype=np.int8), 6, 9),
    ],
    [Reset(np.array([1, 2]), np.array([1, -1], dtype=np.int8), 2, 4), Reset(np.arange(5), None, 5)],
)


@pytest.mark.parametrize("kind", ["lanes", "chain", "free rng", "random", "subset", "rates"])
def test_clamps_come_and_go_and_a_run_may_stop_anywhere(kind):
    made, replicas = chip(kind, SOME)
    nodes = np.arange(5)
    whole = runner(made, 7, replicas, 1)
    seen = whole.advance(12, record=True, nodes=nodes)["spins"]
    assert np.all(seen[3:8, [0, 4]] == 1)
    assert np.all(seen[6:9, 2] == -1)
    assert seen[8:, 0].min() < 1, "free again"
    parts = runner(made, 7, replicas, 1)
    pieces = []
    for length in (2, 1, 0, 3, 6):
        again = runner(made, 7, replicas, 1)
        again.restore(parts.checkpoint())
        if length:
            pieces.append(again.advance(length, record=True, nodes=nodes)["spins"])
        parts = again
    np.testing.assert_array_equal(np.concatenate(pieces), seen)
    if kind not in ("random", "subset"):
        slow = runner(made, 7, replicas, 1)
        for _ in range(12 * made.ticks):
            slow.advance_slot()
        np.testing.assert_array_equal(slow.spins(), whole.spins())


def test_counts_of_clamps_that_come_and_go():
    made, replicas = chip("lanes", SOME)
    part = runner(made, 7, replicas, 1)
    part.advance(12)
    counts = part.tally(0, part.slot)
    # s: p-bit 0 held in 3..7; t: 4 held in 3..7, 2 in 6..8
    assert np.all(counts["s.updates"] == 2 * 12 - 5)
    assert np.all(counts["t.updates"] == 3 * 12 - 5 - 3)
    # p-bit 1 reset before 2, 6, 10; 2 too; all before 5
    assert np.all(counts["s.writes"] == 1 + 3 + 2)
    assert np.all(counts["t.writes"] == 2 + 3 + 3)
    split = [part.tally(begin, end) for begin, end in ((0, 7), (7, 8), (8, part.slot))]
    for name, count in counts.items():
        np.testing.assert_array_equal(sum(one[name] for one in split), count, name)


def test_a_reset_sets_every_replica_before_its_sweep():
    """With a memory of nearly one, what a reset set is still there after the sweep."""
    made = replace(
        fabric(FIVE, TILTS, memory=1 - 1e-9), timetable=table([], [Reset(np.arange(5), np.array([1, -1, 1, 1, -1]), 4)])
    )
    part = runner(made, 2, 40, 1)
    seen = part.advance(6, record=True, nodes=np.arange(5))["spins"]
    assert np.all(seen[4] == np.array([1, -1, 1, 1, -1])[:, None])
    assert len(np.unique(seen[3], axis=1).T) > 20, "before it they were as they had started"
    random = replace(made, timetable=table([], [Reset(np.arange(5), None, 0, 1)]))
    part = runner(random, 2, 2000, 1)
    seen = part.advance(8, record=True, nodes=np.arange(5))["spins"].astype(float)
    assert agrees(seen.mean(axis=(0, 1))[:, None], 0.0)
    pairs = np.einsum("dir,djr->rij", seen, seen) / 8
    assert agrees(pairs, np.eye(5)) or np.all(np.abs(pairs.mean(axis=0) - np.eye(5)) < 5 / np.sqrt(16000))
    assert abs((seen[0] * seen[1]).mean()) < 5 / np.sqrt(10000), "another draw at every reset"
    alone = runner(random, 2, 3, 1).advance(8, record=True, nodes=np.arange(5))["spins"]
    np.testing.assert_array_equal(alone, seen[:, :, :3])
