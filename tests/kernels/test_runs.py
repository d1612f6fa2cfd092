"""Rows in blocks hold what the rows hold, and neighbours are brought together as if they were looked up."""

import numpy as np
import pytest

from thermosim.kernels.blocks import ENTRIES, IDLE, blocks
from thermosim.kernels.fields import rows
from thermosim.kernels.runs import RUN, WORTH, bring, runs


def torus(wide, high):
    """Couplings (target, source) of a checkerboard, its colours one after the other."""
    site = np.arange(wide * high).reshape(high, wide)
    pairs = np.concatenate([np.stack([site, np.roll(site, -1, axis)], 2).reshape(-1, 2) for axis in (0, 1)])
    colour = (np.indices((high, wide)).sum(0) % 2).ravel()
    places = np.argsort(np.argsort(colour, kind="stable"))
    both = places[np.concatenate([pairs, pairs[:, ::-1]])]
    return wide * high, both, np.array([0, wide * high // 2, wide * high])


def at_random(nodes, couplings):
    both = np.random.default_rng(3).integers(0, nodes, (couplings, 2))
    return nodes, np.unique(both, axis=0), np.array([0, nodes // 3, nodes])


def hub(nodes):
    """One place in the midst that feels all others, of which each feels its successor."""
    all_others = np.stack([np.full(nodes, nodes // 2), np.arange(nodes)], axis=1)
    chain = np.stack([np.arange(nodes), (np.arange(nodes) + 1) % nodes], axis=1)
    return nodes, np.unique(np.concatenate([all_others, chain]), axis=0), np.array([0, nodes])


GRAPHS = {
    "torus": torus(70, 12), "long torus": torus(700, 4), "random": at_random(200, 900), "sparse": at_random(300, 40),
    "hub": hub(3000), "none": (5, np.zeros((0, 2), dtype=np.int64), np.array([0, 2, 5])),
}  # fmt: skip


def laid_out(name, most=128, few=False):
    nodes, (targets, sources), bounds = GRAPHS[name][0], GRAPHS[name][1].T, GRAPHS[name][2]
    weights = np.random.default_rng(4).integers(-3 if few else -1000, 4 if few else 1001, len(targets))
    return nodes, rows(np.arange(nodes), targets, sources, weights), bounds, most


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("name", GRAPHS)
def test_blocks_hold_the_rows(name, few):
    nodes, given, bounds, most = laid_out(name, few=few)
    laid = blocks(given, bounds, most)
    assert laid.weight.dtype == (np.int8 if few or name == "none" else np.int32)
    assert list(laid.place[laid.block]) == list(bounds)
    matrix, wanted = np.zeros((2, nodes, nodes))
    for place in range(nodes):
        row = slice(given.first[place], given.first[place + 1])
        np.add.at(wanted[place], given.source[row], given.weight[row])
    for b, (first, end) in enumerate(zip(laid.place[:-1], laid.place[1:], strict=True)):
        size, part = end - first, slice(laid.begin[b], laid.begin[b + 1])
        assert 0 < size <= most
        for k in range(size):
            np.add.at(matrix[first + k], laid.source[part][k::size], laid.weight[part][k::size])
    np.testing.assert_array_equal(matrix, wanted)


def test_one_long_row_does_not_lengthen_all_others():
    _, given, bounds, most = laid_out("hub")
    laid = blocks(given, bounds, most)
    assert np.diff(laid.begin).max() <= max(ENTRIES, np.diff(given.first).max())
    idle = len(laid.source) - given.first[-1]
    assert idle <= IDLE * (len(laid.place) - 1) < 0.1 * most * 3000


@pytest.mark.parametrize("name", GRAPHS)
def test_neighbours_are_brought_together(name):
    """Those that are wanted, with all the rest of the room and the state full of what must not be read."""
    nodes, given, bounds, most = laid_out(name, few=True)
    laid = blocks(given, bounds, most)
    wanted = laid.weight != 0
    found = runs(laid, wanted)
    state = np.full(nodes + RUN, 7, dtype=np.int8)
    state[:nodes] = np.random.default_rng(5).integers(-1, 1, nodes)
    for b in range(len(laid.place) - 1):
        begin, end = laid.begin[b : b + 2]
        near = np.full(found.room, 9, dtype=np.int8)
        bring(np.uint64(b), state, np.uint64(begin), laid.source, *found[:-1], near)
        np.testing.assert_array_equal(
            near[: end - begin][wanted[begin:end]], state[laid.source[begin:end]][wanted[begin:end]]
        )


def test_runs_are_found_where_neighbours_follow_one_another():
    """A row of 700 has 350 neighbours in a row: runs of RUN, and what ends and blocks cut off; at random are none."""
    _, given, bounds, most = laid_out("long torus")
    laid = blocks(given, bounds, most)
    found = runs(laid, laid.weight != 0)
    assert len(found.origin) < 1.5 * len(laid.source) / RUN
    assert (found.first == found.last).all(), "nothing is looked up"
    _, given, bounds, most = laid_out("random")
    laid = blocks(given, bounds, most)
    found = runs(laid, np.ones(len(laid.source), dtype=bool))
    assert (found.last - found.first).sum() > 0.9 * len(laid.source)
    assert len(found.origin) * WORTH < 0.1 * len(laid.source)
