"""Parts of the stream of candidates: Poisson counts, sites, thresholds, each against its law."""

import numpy as np
import pytest
from scipy.stats import chi2, kstest, logistic, poisson

from thermosim.kernels.poisson import MOST
from thermosim.kernels.poisson import poisson as count
from thermosim.kernels.random import bits64
from thermosim.kernels.stream import BLOCK, _aliased, _logistic, _sites, _waits, log_of
from thermosim.kernels.telegraph import alias_table


def p_value(seen, expected):
    """Chi-square of counts, cells of less than five expected ones in one."""
    small = expected < 5
    seen = np.append(seen[~small], seen[small].sum())
    expected = np.append(expected[~small], expected[small].sum())
    keep = expected > 0
    return chi2.sf(((seen - expected)[keep] ** 2 / expected[keep]).sum(), keep.sum() - 1)


def words(key, size):
    return np.array([bits64(np.uint64(key), np.uint64(k)) for k in range(size)], dtype=np.uint64)


@pytest.mark.parametrize("mean", [0.02, 0.7, 9.99, 10.01, 37.0, 4000.0])
def test_counts_are_poisson(mean):
    draws = 200_000
    values = np.array([count(word, mean) for word in words(3, draws)])
    top = int(mean + 12 * np.sqrt(mean) + 12)
    assert values.max() < top
    # Bins of about equal width, so that a shift of the whole law by a small share of its width shows.
    width = max(1, int(np.sqrt(mean) / 4))
    edges = np.arange(0, top + width, width)
    seen = np.histogram(values, edges - 0.5)[0]

    def law(m):
        return draws * np.diff(poisson.cdf(edges - 1, m))

    assert p_value(seen, law(mean)) > 1e-6
    assert p_value(seen, law(mean + 0.03 * np.sqrt(mean))) < 1e-6, "a mean three hundredths of a deviation high"


def test_a_large_count_is_a_sum_of_parts():
    mean, draws = 3.5 * MOST, 4000
    values = np.array([count(word, mean) for word in words(4, draws)])
    z = (values - mean) / np.sqrt(mean)
    assert kstest(z, "norm").pvalue > 1e-6
    assert kstest(z * 1.2, "norm").pvalue < 1e-6


def test_no_candidates_where_there_is_no_rate():
    assert count(np.uint64(5), 0.0) == 0


def test_logarithm_of_any_size():
    r = np.float32(10.0) ** np.linspace(-19, 0, 4001, dtype=np.float32)
    values = np.array([log_of(x) for x in r], dtype=np.float64)
    exact = np.log(r.astype(np.float64))
    assert np.all(np.abs(values - exact) < 4 * 2.0**-24 * np.maximum(np.abs(exact), 0.35))
    near = np.abs(exact) < 0.3
    assert np.abs(values - exact)[near].max() < 2.0**-23, "the probability 1/2 is not shifted"


def blocks(number, nodes):
    site, rest = np.empty((number, BLOCK), np.uint32), np.empty((number, BLOCK), np.uint64)
    level = np.empty((number, BLOCK), np.float32)
    wait, all_wait = np.zeros((number, BLOCK), np.float32), np.ones(nodes, bool)
    zero, many = np.uint64(0), np.uint64(BLOCK)
    for k, bits in enumerate(words(6, number)):
        _sites(bits, zero, many, np.uint64(nodes), site[k], rest[k])
        _logistic(bits, many, many, np.float32(1), level[k])
        _waits(bits, many, many, np.float32(1), site[k], all_wait, wait[k])
    return site, rest, level.ravel(), wait.ravel()


def test_sites_come_with_their_rates():
    rate = np.array([1.0, 0.01, 3.0, 0.5, 0.5, 2.0, 1.5])
    site, rest, _, _ = blocks(50, 7)
    even = np.bincount(site.ravel(), minlength=7)
    assert p_value(even, np.full(7, site.size / 7)) > 1e-6
    chance, alias = alias_table(rate)
    chance, alias = np.rint(chance * 2.0**37).astype(np.uint64), alias.astype(np.uint32)
    for k in range(50):
        _aliased(site[k], rest[k], np.uint64(BLOCK), chance, alias)
    seen = np.bincount(site.ravel(), minlength=7)
    assert p_value(seen, site.size * rate / rate.sum()) > 1e-6
    assert p_value(seen, site.size * rate**1.05 / (rate**1.05).sum()) < 1e-6
    assert p_value(even, site.size * rate / rate.sum()) < 1e-6, "without the table"


def test_thresholds_have_their_laws_and_owe_nothing_to_the_sites():
    site, _, level, wait = blocks(50, 16)
    assert kstest(level, logistic.cdf).pvalue > 1e-6
    assert kstest(level, logistic(scale=1.03).cdf).pvalue < 1e-6
    assert kstest(wait, "expon", args=(0, 2)).pvalue > 1e-6
    assert kstest(wait, "expon", args=(0, 2.05)).pvalue < 1e-6
    table = np.histogram2d(site.ravel(), level, [np.arange(17) - 0.5, [-99, -1.1, 0, 1.1, 99]])[0]
    share = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    assert chi2.sf(((table - share) ** 2 / share).sum(), 15 * 3) > 1e-6
    lag = np.corrcoef(level[1:], level[:-1])[0, 1]
    assert abs(lag) < 5 / np.sqrt(len(level))
