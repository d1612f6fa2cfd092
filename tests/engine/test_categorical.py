"""P-dits: exact laws of small fabrics, two states equal to p-bits, and bits that depend on names alone."""

from dataclasses import replace

import numpy as np
import pytest
from small_dits import counted, dits, mixed, potts
from small_fabrics import FAR, agrees

from thermosim.circuit.dits import PottsLaw
from thermosim.engine.categorical import DitRunner
from thermosim.engine.dit_observables import ROWS, signs_of
from thermosim.ideal import potts as exact

REPLICAS, DRAWS = 256, 400


def states(fabric, seed=1, every=1, draws=DRAWS, burn_in=50):
    runner = DitRunner(fabric, seed, REPLICAS)
    runner.advance(burn_in)
    return runner.advance(draws * every, record=True, every=every)


def far(fabric, law, seed=1):
    """Largest deviation of the states' shares from a law in standard errors over replicas."""
    share = counted(states(fabric, seed)["d:states"], len(law))
    error = share.std(axis=0, ddof=1) / np.sqrt(REPLICAS)
    return float(np.max(np.abs(share.mean(axis=0) - law)[error > 0] / error[error > 0]))


@pytest.mark.parametrize("memory", [0.0, 0.4])
def test_unequal_nodes_sample_the_enumerated_law(memory):
    fabric = mixed(memory=memory)
    law = exact.probabilities(fabric.drawn)
    assert len(law) == 72
    assert far(fabric, law) < FAR


@pytest.mark.parametrize("mutant", ["temperature", "transposed", "one entry"])
def test_a_wrong_law_is_seen_at_the_same_size(mutant):
    fabric = mixed()
    law = fabric.drawn
    tables = law.tables.copy()
    if mutant == "transposed":
        tables[3, :3, :3] = tables[3, :3, :3].T
    if mutant == "one entry":
        tables[0, 1, 1] += 0.3
    wrong = PottsLaw(law.states, law.edges, tables, law.biases, law.beta * (1.05 if mutant == "temperature" else 1.0))
    assert far(fabric, exact.probabilities(wrong)) > FAR


def test_slope_and_shift_of_a_p_bit_count_as_in_its_response():
    """A p-bit among p-dits: argument 2 beta slope I + shift, here of a single one."""
    h, slope, shift, beta = 0.3, 1.2, -0.4, 0.8
    fabric = dits([2], [], [], [(-h, h)], beta=beta, slope=np.array([slope]), shift=np.array([shift]))
    share = states(fabric)["d:occupation(d)[1]"].mean(axis=1)
    assert agrees(share, 1 / (1 + np.exp(-(2 * beta * slope * h + shift))))
    assert not agrees(share, 1 / (1 + np.exp(-(beta * slope * h + shift))))


def test_two_p_dits_relax_at_the_eigenvalue_of_their_sweep():
    """Heat bath of two Potts nodes: lambda = r^2, r = (e^K - 1) / (e^K + q - 1)."""
    q, k = 3, 1.6
    fabric = dits([q, q], [(0, 1)], [np.eye(q)], beta=k)
    r = (np.exp(k) - 1) / (np.exp(k) + q - 1)
    assert exact.sweep_of(fabric).second_eigenvalue() == pytest.approx(r**2, abs=1e-12)
    assert exact.sweep_of(replace(fabric, memory=np.full(2, 0.3))).second_eigenvalue() != pytest.approx(r**2, abs=0.01)
    second = states(fabric, draws=1600)["d:states"] // q
    centred = (second == 0) - 1 / q
    lag = (centred[:, 1:] * centred[:, :-1]).mean(axis=1) / (1 / q * (1 - 1 / q))
    assert agrees(lag, r**2)
    assert not agrees(lag, r)


def test_a_held_state_is_kept_with_its_memory():
    """One free node of q states: P(c' = c) = m + (1 - m) / q."""
    q, m = 4, 0.6
    runner = DitRunner(dits([q], [], [], memory=m), 1, REPLICAS)
    seen = runner.advance(500, record=True)["d:states"]
    same = (seen[:, 1:] == seen[:, :-1]).mean(axis=1)
    assert agrees(same, m + (1 - m) / q)
    assert not agrees(same, m)


def test_rare_states_keep_their_rates():
    """The states beside the most probable one stand first on the uniform number, where it is finest."""
    h = (0.0, -6.0, 6.0)
    runner = DitRunner(dits([3], [], [], [h]), 1, 2048)
    seen = runner.advance(4000, record=True)
    p = np.exp(h) / np.exp(h).sum()
    for a in (0, 1):
        total = seen[f"d:occupation(d)[{a}]"].sum()
        expected = p[a] * 2048 * 4000
        assert abs(total - expected) < FAR * np.sqrt(expected)
        assert abs(total - 0.2 * expected) > FAR * np.sqrt(expected)


# -- bits ---------------------------------------------------------------------------------------------------------


def history(runner, sweeps=7):
    return runner.advance(sweeps, record=True, nodes=np.arange(runner.fabric.nodes))


def test_a_replica_alone_equals_itself_in_company():
    many = history(DitRunner(mixed(memory=0.2), 1, 70))
    for replicas in (1, 33):
        alone = history(DitRunner(mixed(memory=0.2), 1, replicas))
        assert alone.keys() == many.keys()
        assert np.array_equal(alone["spins"], many["spins"][:, :, :replicas])
        assert all(np.array_equal(alone[name], many[name][:replicas]) for name in alone if name != "spins")


def test_threads_change_no_bit():
    one, two = DitRunner(mixed(), 1, 70, threads=1), DitRunner(mixed(), 1, 70, threads=2)
    first, second = history(one), history(two)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert all(np.array_equal(one.sums()[name], two.sums()[name]) for name in one.sums())


@pytest.mark.parametrize("schedule", [(), ((0, 0.2), (4, 0.6), (9, 1.0))])
def test_a_resumed_run_has_the_same_bits(schedule):
    fabric = mixed(memory=0.2, schedule=schedule)
    whole = DitRunner(fabric, 2, 40)
    before, after = history(whole, 5), history(whole, 8)
    part = DitRunner(fabric, 2, 40)
    assert np.array_equal(history(part, 5)["d:energy"], before["d:energy"])
    other = DitRunner(fabric, 2, 40)
    other.restore(part.checkpoint())
    again = history(other, 8)
    assert all(np.array_equal(again[name], after[name]) for name in after)
    assert all(np.array_equal(other.sums()[name], whole.sums()[name]) for name in whole.sums())


def test_a_schedule_ends_at_the_law_of_its_last_beta():
    fabric = mixed(schedule=((0, 0.1), (20, 1.0)))
    assert far(fabric, exact.probabilities(fabric.drawn)) < FAR
    hot = mixed(schedule=((0, 1.0), (20, 0.9)))
    assert far(hot, exact.probabilities(hot.drawn)) > FAR


# -- observables --------------------------------------------------------------------------------------------------


def test_observables_are_what_their_formulas_say():
    fabric = replace(
        mixed(), arrays={"b": (1, (1,)), "d": (0, (1,)), "e": (2, (1,)), "f": (3, (1,))}, pbits=frozenset("b")
    )
    runner = DitRunner(fabric, 1, 40)
    seen = history(runner, 30)
    spins = seen.pop("spins")
    assert set(np.unique(spins[:, 1])) == {-1, 1}
    c = spins.astype(np.int64)
    c[:, 1] = (c[:, 1] + 1) // 2
    c = c.transpose(2, 0, 1)
    law = fabric.drawn
    assert np.allclose(seen["d:energy"], law.energy(c), atol=1e-9)
    assert np.array_equal(seen["d:states"], c @ np.array([1, 3, 6, 24]))
    assert np.array_equal(seen["d:mean(b)"], 2.0 * c[:, :, 1] - 1)
    assert np.array_equal(seen["d:occupation(e)[3]"], c[:, :, 2] == 3)
    signs = signs_of("d", law.states).astype(int)
    chosen = np.stack([signs[:, i, :][:, c[:, :, i]] for i in range(4)]).sum(axis=0)
    assert all(np.array_equal(seen[f"d:projection[{k}]"], chosen[k] / 2) for k in range(ROWS))
    sums = runner.sums()
    assert sums["d:count"] == 40 * 30
    assert np.array_equal(sums["d:state"][2], np.bincount(c[:, :, 2].ravel(), minlength=4))
    assert -sums["d:bond"].sum() - (sums["d:state"] * law.biases).sum() == pytest.approx(seen["d:energy"].sum())
    assert np.array_equal(sums["d:last"], spins[-1])


def test_every_projection_tells_something_of_every_node():
    signs = signs_of("d", np.array([2, 2, 3, 5]))
    assert np.array_equal(signs[:, :2, 0], -signs[:, :2, 1])
    assert all(len(np.unique(signs[k, i, :q])) == 2 for k in range(ROWS) for i, q in enumerate((2, 2, 3, 5)))


def test_counts_of_many_words_are_exact():
    """More nodes than the bit planes hold at once."""
    fabric = potts(3, (7, 9), 0.7)
    runner = DitRunner(fabric, 1, 33)
    seen = history(runner, 3)
    c = seen["spins"].astype(int).transpose(2, 0, 1)
    signs = signs_of("d", fabric.drawn.states).astype(int)
    for k in (0, 31):
        assert np.allclose(seen[f"d:projection[{k}]"], signs[k, np.arange(63), c].sum(axis=-1) / np.sqrt(63))
    assert np.allclose(seen["d:energy"], fabric.drawn.energy(c))


# -- two states ---------------------------------------------------------------------------------------------------


def test_two_states_are_a_p_bit_with_half_the_coupling():
    """J delta(c, c') and h(a) are J/2 s s' and (h(1) - h(0))/2 s: the same law, up to a constant."""
    from thermosim.circuit.program import IsingLaw
    from thermosim.ideal import exact as ising

    edges = np.array([(0, 1), (1, 2), (0, 2), (2, 3)])
    j, h = np.array([0.9, -0.5, 0.3, 1.1]), np.array([[0.1, 0.5], [0.2, -0.3], [0, 0], [-0.4, 0.3]])
    fabric = dits([2] * 4, edges, [w * np.eye(2) for w in j], h, beta=0.8)
    law = ising.probabilities(IsingLaw(edges, j / 2, (h[:, 1] - h[:, 0]) / 2, 0.8))
    assert np.allclose(exact.probabilities(fabric.drawn), law, atol=1e-14)
    assert far(fabric, law) < FAR
    assert far(fabric, ising.probabilities(IsingLaw(edges, j, (h[:, 1] - h[:, 0]) / 2, 0.8))) > FAR
