"""Tempered copies: each samples its own law, exchanges are as frequent as enumeration says, slow nets turn over."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from small_fabrics import FIVE, TILTS, agrees, boltzmann, fabric, occupation

from thermosim.circuit.discipline import discipline, exchanges_exactly
from thermosim.circuit.timetable import Clamp, Reset, Tempering, Timetable
from thermosim.engine import tempering
from thermosim.engine.orders import runner
from thermosim.ideal.exact import energies

BETAS = (0.4, 0.8, 1.3, 2.0)
SLOPED = 3 * TILTS
"""Biases that tell the states of the frustrated net apart at low temperature."""


def made(betas=BETAS, every=2, matrix=FIVE, biases=SLOPED, **more):
    chip = fabric(matrix, biases, beta=betas[-1], **more)
    return replace(chip, tempering=Tempering(betas, every))


def mutant(change):
    """The exchange with other betas than those of the copies."""
    honest = tempering.exchange

    def exchange(keys, number, betas, *rest):
        honest(keys, number, change(betas), *rest)

    return exchange


MUTANTS = {"wrong sign": lambda b: -b, "no difference of beta": lambda b: np.arange(len(b), dtype=float),
           "half of it": lambda b: b / 2}  # fmt: skip


def laws_hold(replicas=256, sweeps=60):
    """Whether every copy samples its own law."""
    part = runner(made(every=1, memory=0.7), 4, replicas, 1)
    part.advance(100)
    seen = [[] for _ in BETAS]
    for _ in range(sweeps):
        part.advance(2)
        for states, copy in zip(seen, part.copies, strict=True):
            states.append((copy.spins() > 0).T @ (1 << np.arange(5)))
    return [
        agrees(*_likely(occupation(np.stack(states, axis=1), 5), boltzmann(FIVE, SLOPED, beta)))
        for states, beta in zip(seen, BETAS, strict=True)
    ]


def _likely(shares, law):
    """States that replicas see often enough for a normal error, and all others together."""
    common = law * 60 * 256 > 400
    rest = ~common
    return np.column_stack([shares[:, common], shares[:, rest].sum(axis=1)]), np.append(law[common], law[rest].sum())


def test_every_copy_samples_its_own_law():
    assert all(laws_hold())


@pytest.mark.parametrize("name", MUTANTS)
def test_wrong_exchanges_spoil_the_laws(name, monkeypatch):
    monkeypatch.setattr(tempering, "exchange", mutant(MUTANTS[name]))
    assert not all(laws_hold())


def test_exchanges_are_accepted_as_often_as_enumeration_says():
    part = runner(made(), 9, 512, 1)
    part.advance(40)
    before = part.swaps.copy(), part.tries.copy()
    part.advance(400)
    rates = (part.swaps - before[0]) / (part.tries - before[1])
    energy = energies(part.fabric.programmed)
    for k, (low, high) in enumerate(pairwise(BETAS)):
        p, q = (boltzmann(FIVE, SLOPED, beta) for beta in (low, high))
        accepted = np.minimum(1, np.exp((low - high) * np.subtract.outer(energy, energy)))
        expected = float(p @ accepted @ q)
        assert 0.05 < expected < 0.95
        assert agrees(rates[k], expected)
        assert not agrees(rates[k], 0.95 * expected)
    assert np.all(np.sort(part.walker, axis=0) == np.arange(4)[:, None]), "walkers are exchanged, never lost"
    assert part.trips.mean() > 5


def torus(n=8, coupling=1.0):
    matrix = np.zeros((n * n, n * n))
    for x in range(n):
        for y in range(n):
            for to in ((x + 1) % n * n + y, x * n + (y + 1) % n):
                matrix[x * n + y, to] = matrix[to, x * n + y] = coupling
    return matrix


def turns(part, sweeps):
    """Changes of sign of the magnetisation beyond a half, in all replicas."""
    mean = part.advance(sweeps, record=True)["s:mean(s)"]
    count = 0
    for row in mean:
        sides = np.sign(row[np.abs(row) > 0.5])
        count += int(np.count_nonzero(np.diff(sides)))
    return count


def test_a_ferromagnet_below_its_critical_point_turns_over_with_copies_and_not_without():
    betas = (0.30, 0.34, 0.38, 0.42, 0.47, 0.53, 0.60)
    tempered = runner(made(betas, 5, torus(), np.zeros(64)), 1, 32, 1)
    alone = runner(replace(tempered.fabric, tempering=None), 1, 32, 1)
    for part in (tempered, alone):
        part.advance(200)
    with_copies, without = turns(tempered, 2000), turns(alone, 2000 * len(betas))
    assert without < 5, "at the same number of updates a chip alone hardly ever turns"
    assert with_copies > 20 * max(without, 1)
    assert tempered.trips.sum() >= with_copies / 2


def everything(part, sweeps):
    seen = part.advance(sweeps, record=True, nodes=np.arange(5))
    return seen["spins"], {name: values for name, values in seen.items() if name != "spins"}


SOME = Timetable(
    5, (Clamp(np.array([2]), np.array([1], dtype=np.int8), 4, 9),), (Reset(np.arange(5), None, 6, 6),)
)  # fmt: skip


@pytest.mark.parametrize("order", ["coloured", "random"])
def test_a_run_may_stop_anywhere_and_replicas_stand_alone(order):
    chip = replace(made(every=3, order=order), timetable=SOME)
    whole = runner(chip, 2, 40, 1)
    spins, series = everything(whole, 20)
    assert np.all(spins[4:9, 2] == 1)
    part, pieces, counts = runner(chip, 2, 40, 1), [], []
    for length in (2, 1, 0, 3, 5, 9):
        again = runner(chip, 2, 40, 1)
        again.restore(part.checkpoint())
        begin = again.slot
        if length:
            pieces.append(everything(again, length)[0])
        counts.append(again.tally(begin, again.slot))
        part = again
    np.testing.assert_array_equal(np.concatenate(pieces), spins)
    for name, count in whole.tally(0, whole.slot).items():
        np.testing.assert_array_equal(sum(one[name] for one in counts), count, name)
    for name, values in whole.sums().items():
        if name not in ("s:spin", "s:pair", "s:count"):
            np.testing.assert_array_equal(part.sums()[name], values, name)
    few = runner(chip, 2, 3, 1)
    np.testing.assert_array_equal(everything(few, 20)[0], spins[:, :, :3])
    two = runner(chip, 2, 40, 2)
    np.testing.assert_array_equal(everything(two, 20)[0], spins)
    assert series["s:energy"].shape == (40, 20)


def test_all_copies_are_counted_and_so_are_the_exchanges():
    chip = replace(made(every=4), arrays={"s": (0, (2,)), "t": (2, (3,))})
    part = runner(chip, 2, 40, 1)
    assert not np.any(list(part.tally(0, 0).values()))
    part.advance(21)  # rounds 1 .. 5: pairs (1, 2); (0, 1), (2, 3); and so on
    counts = part.tally(0, part.slot)
    assert np.all(counts["s.updates"] == 4 * 2 * 21)
    assert np.all(counts["t.updates"] == 4 * 3 * 21)
    assert np.all(counts["s.exchanges"] == 3 * 1 + 2 * 2)
    assert np.all(counts["s.reads"] == 2 * 7 * 2)
    assert np.all(counts["s.energy_terms"] == 2 * 7 * (6 + 4))
    np.testing.assert_array_equal(counts["t.writes"], 2 * 3 * part.swaps.sum(axis=0))
    assert 0 < part.swaps.sum() < 7 * 40


def test_what_the_die_has_of_its_own_makes_exchanges_inexact():
    chip = made()
    assert discipline(chip).boltzmann
    shifted = replace(chip, shift=np.array([0.3, -0.2, 0.1, 0.5, -0.4]))
    assert exchanges_exactly(shifted), "offsets are alike in all copies and cancel"
    steep = replace(chip, slope=np.array([1, 1, 1.1, 1, 1]))
    other = replace(chip, actual=replace(chip.actual, weights=1.05 * chip.actual.weights))
    for wrong in (steep, other):
        assert not exchanges_exactly(wrong)
        assert not discipline(wrong).boltzmann
        assert "tempering — " in discipline(wrong).reason
    assert "off by 0.03" in discipline(other).reason


def joint_law(chip):
    """Stationary law (2, 2^n) of two copies of a die that exchange: from the exact transition matrix of both."""
    from thermosim.ideal.exact import sweep_of

    n = chip.nodes
    matrices = []
    for beta in chip.tempering.betas:
        sweep = sweep_of(replace(chip, actual=replace(chip.actual, beta=beta)))
        matrices.append(np.stack([sweep.distribution(row) for row in np.eye(2**n)]))
    both = np.kron(*(np.linalg.matrix_power(m, chip.tempering.every) for m in matrices))
    energy = energies(chip.programmed)
    low, high = chip.tempering.betas
    chance = np.minimum(1, np.exp((low - high) * np.subtract.outer(energy, energy)))
    size = 2**n
    swap = np.zeros((size**2, size**2))
    for x in range(size):
        for y in range(size):
            swap[x * size + y, x * size + y] += 1 - chance[x, y]
            swap[x * size + y, y * size + x] += chance[x, y]
    step = swap @ both @ both  # with two copies every other round has no pair
    balance = step.T - np.eye(size**2)
    balance[-1] = 1
    law = np.linalg.solve(balance, np.eye(size**2)[-1]).reshape(size, size)
    return law.sum(axis=0), law


THREE = np.array([[0, 1.0, -0.6], [1.0, 0, 0.8], [-0.6, 0.8, 0]])
PULL = np.array([0.4, -0.3, 0.2])


def test_offsets_leave_the_law_and_couplings_of_its_own_do_not():
    """Exact chains of two copies of three p-bits: the derivation of `exchanges_exactly`, and what runs."""
    plain = made((0.4, 1.6), 1, THREE, PULL)
    offset = replace(plain, shift=np.array([0.5, -0.4, 0.3]))
    weights = plain.actual.weights * np.array([1.5, 0.6, 1.3])
    others = replace(plain, actual=replace(plain.actual, weights=weights))
    from thermosim.ideal.exact import sweep_of

    for chip, exact in ((plain, True), (offset, True), (others, False)):
        alone = sweep_of(chip).stationary(np.full(8, 1 / 8))
        after_swaps = joint_law(chip)[0]
        assert (np.abs(after_swaps - alone).max() < 1e-9) == exact
    part = runner(others, 3, 512, 1)
    part.advance(20)
    states = part.advance(400, record=True)["s:states"]
    shares = occupation(states[:, 1::2], 3)  # just before an exchange
    law = joint_law(others)[0]
    alone = sweep_of(others).stationary(np.full(8, 1 / 8))
    assert agrees(shares, law)
    assert not agrees(shares, alone)
