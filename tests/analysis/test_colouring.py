"""Colourings are proper, deterministic, and two-coloured where the graph allows it."""

import numpy as np
import pytest

from thermosim.analysis.colouring import check_colouring, colour_graph


def torus(side, rules):
    edges = set()
    for x in range(side):
        for y in range(side):
            for a, b in rules:
                for dx, dy in ((a, b), (-b, a)):
                    ends = (x * side + y, (x + dx) % side * side + (y + dy) % side)
                    edges.add((min(ends), max(ends)))
    return np.array(sorted(edges))


@pytest.mark.parametrize(("side", "colours"), [(70, 2), (71, 3)])
def test_g12_torus(side, colours):
    edges = torus(side, ((0, 1), (4, 1), (9, 10)))
    colour = colour_graph(side**2, edges)
    assert colour.dtype == np.int32
    assert colour.max() + 1 == colours
    assert check_colouring(edges, colour) is None


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_are_properly_coloured_and_bipartite_ones_with_two(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    edges = np.unique(np.sort(rng.integers(0, n, (2 * n, 2)), axis=1), axis=0)
    edges = edges[edges[:, 0] != edges[:, 1]]
    colour = colour_graph(n, edges)
    degree = np.bincount(edges.ravel(), minlength=n).max()
    assert check_colouring(edges, colour) is None
    assert set(colour) == set(range(colour.max() + 1))
    assert colour.max() <= degree
    assert np.array_equal(colour, colour_graph(n, rng.permutation(edges)[:, ::-1]))
    side = rng.permutation(n) < n // 2
    crossing = edges[side[edges[:, 0]] != side[edges[:, 1]]]
    assert colour_graph(n, crossing).max() == (1 if len(crossing) else 0)


def test_clique_needs_all_colours():
    edges = np.array([(i, j) for i in range(6) for j in range(i)])
    assert sorted(colour_graph(6, edges)) == list(range(6))


def test_first_bad_edge_is_named():
    assert check_colouring(np.array([[0, 1], [1, 2], [2, 3]]), np.array([0, 1, 1, 1])) == (1, 2)


@pytest.mark.parametrize(("edge", "message"), [((1, 1), "node 1 has an edge to itself"), ((0, 3), "outside 0 .. 2")])
def test_impossible_edges_are_refused(edge, message):
    with pytest.raises(ValueError, match=message):
        colour_graph(3, np.array([edge]))
