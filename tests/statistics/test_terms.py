"""P-bits in products of three and four sample the law that brute force says, in every clocked order."""

from dataclasses import replace

import numpy as np
import pytest
from small_fabrics import FAR, FIVE, TILTS, agrees, fabric, occupation, spins

from thermosim.circuit.discipline import discipline
from thermosim.circuit.program import IsingLaw
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.orders import runner
from thermosim.ideal import disciplines, exact, gibbs
from thermosim.terms import Terms

TERMS = Terms(np.array([[-1, 0, 1, 2], [-1, 1, 3, 4], [0, 2, 3, 4], [0, 1, 2, 4]]), np.array([0.6, -0.5, 0.7, -0.3]))


def net(terms=TERMS, order="coloured", **more):
    """Five unequal p-bits in pairs, two terms of three and two of four, each of a colour of its own."""
    plain = fabric(FIVE, TILTS, order=order, beta=0.8, **more)
    law = replace(plain.actual, terms=terms)
    if order == "coloured":
        plain = replace(plain, colours=5, colour=np.array([3, 0, 4, 1, 2], dtype=np.int32))
    return replace(plain, drawn=law, programmed=law, actual=law)


def by_hand(terms=TERMS):
    """Boltzmann's law (32,), written out."""
    s = spins(5)
    energy = -0.5 * np.einsum("ki,ij,kj->k", s, FIVE, s) - s @ TILTS
    a, b, c, d, e = s.T
    for product, weight in zip((a * b * c, b * d * e, a * c * d * e, a * b * c * e), terms.weights, strict=True):
        energy = energy - weight * product
    p = np.exp(-0.8 * energy)
    return p / p.sum()


def turned(k):
    """The mutant in which one term has the other sign."""
    weights = TERMS.weights.copy()
    weights[k] *= -1
    return Terms(TERMS.members, weights)


def test_the_enumerated_law_is_the_one_by_hand():
    np.testing.assert_allclose(exact.probabilities(net().actual), by_hand(), atol=1e-14)
    law = net().actual
    s = spins(5)
    np.testing.assert_allclose(exact.energies(law), law.energy(s), atol=1e-14)
    # I_i = -(E(s_i = 1) - E(s_i = -1)) / 2
    up, down = (np.where(np.eye(5, dtype=bool)[:, None, :], value, s) for value in (1, -1))
    np.testing.assert_allclose(law.fields(s), -(law.energy(up) - law.energy(down)).T / 2, atol=1e-14)


@pytest.mark.parametrize("order", ["coloured", "sequential", "random"])
@pytest.mark.parametrize("memory", [0.0, 0.4])
def test_orders_that_sample_the_law(order, memory):
    """Every term counts: with one of them turned round the law is told apart."""
    chip = net(order=order, memory=memory)
    assert discipline(chip).boltzmann
    run = runner(chip, 11, 96, 1)
    run.advance(50)
    share = occupation(run.advance(3000, record=True)["s:states"], 5)
    assert agrees(share, by_hand())
    for k in range(4):
        assert not agrees(share, by_hand(turned(k))), k


@pytest.mark.parametrize(
    ("order", "more"), [("parallel", {}), ("subset", {"chance": 0.4}), ("random", {"rng": "free"})]
)
def test_orders_that_do_not(order, more):
    """Parallel and subset leave the stationary law of their exact chain, which is not Boltzmann's."""
    chip = net(order=order, memory=0.3, **more)
    assert not discipline(chip).boltzmann
    run = runner(chip, 12, 96, 1)
    run.advance(50)
    share = occupation(run.advance(3000, record=True)["s:states"], 5)
    assert not agrees(share, by_hand())
    if not more.get("rng"):
        assert agrees(share, disciplines.stationary(chip))
        assert not agrees(share, disciplines.stationary(net(turned(0), order, memory=0.3, **more)))


def test_the_sweep_of_terms_is_exact():
    """Relaxation and stationary law of the sweep operator: a lazy heat bath leaves Boltzmann's law fixed."""
    sweep = exact.sweep_of(net(memory=0.2))
    p = by_hand()
    np.testing.assert_allclose(sweep.distribution(p), p, atol=1e-14)
    assert np.abs(exact.sweep_of(net(turned(2), memory=0.2)).distribution(p) - p).max() > 1e-3


def test_energies_and_sums_are_those_of_the_recorded_states():
    run = FabricRunner(net(), 3, 40)
    series = run.advance(60, record=True, nodes=np.arange(5))
    s = series["spins"].astype(float).transpose(2, 0, 1)
    law = net().drawn
    np.testing.assert_allclose(series["s:energy"], law.energy(s), atol=1e-6)
    np.testing.assert_array_equal(run.sums()["s:term"], law.terms.products(s).sum(axis=(0, 1)))
    np.testing.assert_array_equal(run.sums()["s:pair"], [(s[..., i] * s[..., j]).sum() for i, j in law.edges])


def test_terms_of_weight_nought_change_no_bit():
    """The kernel of terms and the kernel of pairs draw the same bits from the same fields."""
    silent = net(Terms(TERMS.members, np.zeros(4)), memory=0.3)
    bare = net(Terms(TERMS.members[:0], np.zeros(0)), memory=0.3)
    seen = [FabricRunner(one, 1, 64).advance(50, record=True, nodes=np.arange(5))["spins"] for one in (silent, bare)]
    np.testing.assert_array_equal(*seen)


@pytest.mark.parametrize("order", ["coloured", "random", "subset"])
def test_bits_do_not_depend_on_company_threads_or_stops(order):
    chip = net(order=order, memory=0.3, chance=0.5)
    whole = runner(chip, 1, 40, 2).advance(40, record=True, nodes=np.arange(5))["spins"]
    alone = runner(chip, 1, 3, 1).advance(40, record=True, nodes=np.arange(5))["spins"]
    np.testing.assert_array_equal(alone, whole[:, :, :3])
    first, again = runner(chip, 1, 40, 1), runner(chip, 1, 40, 1)
    first.advance(15, record=True)
    kept = first.checkpoint()
    again.restore(kept)
    rest = again.advance(25, record=True, nodes=np.arange(5))["spins"]
    np.testing.assert_array_equal(rest, whole[15:])
    np.testing.assert_array_equal(again.totals.term, first.totals.term + law_sums(chip, whole[15:]))


def law_sums(chip, seen):
    return chip.drawn.terms.products(seen.astype(float).transpose(0, 2, 1)).sum(axis=(0, 1))


def test_the_order_of_terms_changes_no_bit():
    swap = [2, 0, 3, 1]
    other = net(Terms(TERMS.members[swap], TERMS.weights[swap]))
    seen = [FabricRunner(one, 1, 32).advance(50, record=True, nodes=np.arange(5))["spins"] for one in (net(), other)]
    np.testing.assert_array_equal(*seen)


def test_a_schedule_scales_terms_with_the_rest():
    """Under beta 0.3 after 0.8 the law is that of 0.3, terms and all."""
    chip = replace(net(), schedule=((0, 0.8), (50, 0.3)))
    run = FabricRunner(chip, 5, 96)
    run.advance(60)
    share = occupation(run.advance(3000, record=True)["s:states"], 5)
    cold = by_hand()
    warm = cold ** (0.3 / 0.8)
    assert agrees(share, warm / warm.sum())
    assert not agrees(share, cold)


def test_the_ideal_sampler_has_terms_too():
    """Means, pairs and energy of the heat bath against enumeration; a mutant with one term turned is rejected."""
    law = net().drawn
    run = gibbs.run(law, [(0, 5)], 64, 20_000, 100, 3)
    p, s = by_hand(), spins(5)
    pairs = np.array([s[:, i] * s[:, j] for i, j in law.edges]).T
    for found, values in ((run.spin, s), (run.pair, pairs)):
        z = (found.mean - p @ values) / found.error
        assert np.abs(z).max() < FAR
        wrong = (found.mean - by_hand(turned(1)) @ values) / found.error
        assert np.abs(wrong).max() > FAR
    assert agrees(run.energy.mean(axis=1), p @ exact.energies(law))
    assert not agrees(run.energy.mean(axis=1), p @ exact.energies(replace(law, terms=turned(0))))


def test_samplers_of_pairs_refuse_terms_by_name():
    from thermosim.ideal.classic import anneal, swendsen_wang, temper

    law = net().drawn
    ferro = IsingLaw(law.edges, np.abs(law.weights), law.biases, 0.8, None, TERMS)
    for call in (
        lambda: swendsen_wang(ferro, 10, 1, 0),
        lambda: anneal(law, np.ones(3), 1, 0),
        lambda: temper(law, np.array([0.5, 1.0]), 3, 1, 0),
    ):
        with pytest.raises(ValueError, match="the law has products of three or four spins"):
            call()
