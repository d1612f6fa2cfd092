"""Lattices: degrees, counts, geometry, colours, and what is refused."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from thermosim.netlist.lattices import NAMES, RULES, lattice_edges, wire_length


def test_g12_on_the_70_torus_is_the_published_graph() -> None:
    edges, lengths = lattice_edges("G12", (70, 70), "torus")
    assert edges.shape == (29_400, 2)
    assert np.all(edges[:, 0] < edges[:, 1])
    assert np.all(np.bincount(edges.ravel()) == 12)
    parity = np.add(*np.divmod(np.arange(4900), 70)) % 2
    assert np.all(parity[edges[:, 0]] != parity[edges[:, 1]])
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(4900, 4900))
    assert connected_components(graph, directed=False)[0] == 1
    assert np.bincount(edges.ravel(), np.repeat(lengths, 2))[17] == pytest.approx(wire_length("G12"), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "rules", "femtofarads"),
    [("G8", 2, 43.0), ("G12", 3, 156.0), ("G16", 4, 272.1), ("G20", 5, 328.5), ("G24", 6, 347.3), ("Z1", 4, 92.1)],
)
def test_wire_capacitance_of_the_published_graphs(name: str, rules: int, femtofarads: float) -> None:
    """C_n = eta l sum 4 sqrt(a^2 + b^2) with eta = 350 aF/um and a cell pitch of 6 um."""
    assert len(RULES[name]) == rules
    assert 350e-3 * 6 * wire_length(name) == pytest.approx(femtofarads, abs=0.05)


def test_wire_length_of_g12() -> None:
    assert wire_length("G12") == pytest.approx(4 * (1 + math.sqrt(17) + math.sqrt(181)), rel=1e-14)


@pytest.mark.parametrize("name", [name for name in RULES if name[0] in "GZ"])
def test_a_rule_joins_its_four_rotations(name: str) -> None:
    side = 64
    edges, lengths = lattice_edges(name, (side, side), "torus")
    expected = set()
    for (x, y), (a, b) in product([(20, 30)], RULES[name]):
        for dx, dy in ((a, b), (-b, a), (-a, -b), (b, -a)):
            expected.add(((x + dx) % side) * side + (y + dy) % side)
    here = 20 * side + 30
    rows = np.any(edges == here, axis=1)
    assert set(edges[rows].sum(axis=1) - here) == expected
    assert sorted(lengths[rows]) == sorted(4 * [math.hypot(a, b) for a, b in RULES[name]])


def test_the_first_index_is_the_first_of_a_rule() -> None:
    """(4, 1) and (1, 4) differ by a reflection: an asymmetric case keeps rows and columns apart."""
    edges, _ = lattice_edges([[4, 1]], (9, 5), "open")
    assert [0, 4 * 5 + 1] in edges.tolist()
    assert [0, 1 * 5 + 4] not in edges.tolist()
    assert len(edges) == (9 - 4) * (5 - 1)


@pytest.mark.parametrize(
    ("name", "shape", "boundary", "edges", "degree"),
    [
        ("chain", (4,), None, [[0, 1], [1, 2], [2, 3]], None),
        ("ring", (4,), None, [[0, 1], [0, 3], [1, 2], [2, 3]], 2),
        ("square", (2, 3), "open", [[0, 1], [0, 3], [1, 2], [1, 4], [2, 5], [3, 4], [4, 5]], None),
        ("complete", (4,), None, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]], 3),
        ("grid", (4, 5), "torus", None, 4),
        ("king", (4, 5), "torus", None, 8),
        ("triangular", (4, 5), "torus", None, 6),
        ("cubic", (3, 4, 5), "torus", None, 6),
    ],
)
def test_the_named_lattices(
    name: str, shape: tuple[int, ...], boundary: str | None, edges: list[list[int]] | None, degree: int | None
) -> None:
    found, lengths = lattice_edges(name, shape, boundary)
    assert found.shape == (len(lengths), 2)
    if edges is not None:
        assert found.tolist() == edges
    if degree is not None:
        assert np.all(np.bincount(found.ravel()) == degree)


def test_lengths_follow_their_edges() -> None:
    edges, lengths = lattice_edges("king", (3, 3), "open")
    by_edge = {tuple(edge): length for edge, length in zip(edges.tolist(), lengths, strict=True)}
    assert by_edge[(0, 1)] == 1
    assert by_edge[(0, 4)] == by_edge[(2, 4)] == pytest.approx(math.sqrt(2))


def test_an_odd_torus_is_not_bipartite_but_exists() -> None:
    edges, _ = lattice_edges("grid", (5, 5), "torus")
    assert len(edges) == 50


@pytest.mark.parametrize(
    ("lattice", "shape", "boundary", "message"),
    [
        (
            "G12", (10, 10), "torus",
            "lattice 'G12' collapses on a torus of [10, 10]: 200 of 600 edges coincide with others; "
            "use a larger shape or an open boundary",
        ),
        (
            "grid", (1, 4), "torus",
            "lattice 'grid' collapses on a torus of [1, 4]: 4 edges join an element to itself; "
            "use a larger shape or an open boundary",
        ),
        (
            "ring", (2,), None,
            "lattice 'ring' collapses on a torus of [2]: 1 of 2 edges coincide with others; "
            "use a larger shape or an open boundary",
        ),
        (
            [[1, 0], [-1, 0]], (4, 4), "open",
            "the lattice of these offsets collapses at shape [4, 4]: 12 of 24 edges coincide with others; "
            "give each neighbour once, without its opposite",
        ),
        ("G13", (70, 70), "torus", "unknown lattice 'G13'; did you mean 'G16'?"),
        ("honeycomb", (4, 4), "open", f"unknown lattice 'honeycomb'; these exist: {', '.join(sorted(NAMES))}"),
        ("chain", (4, 4), None, "lattice 'chain' needs a shape of 1 number, got [4, 4]"),
        ("cubic", (4, 4), None, "lattice 'cubic' needs a shape of 3 numbers, got [4, 4]"),
        ("chain", (4,), "torus", "a chain is open; a closed one is 'ring'"),
        ("ring", (4,), "open", "a ring is closed; an open one is 'chain'"),
        ("complete", (4,), "torus", "a complete graph has no boundary; leave it out"),
        ([[1, 0], [1]], (4, 4), "open", "offsets must have one length, that of the shape"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do(lattice: object, shape: tuple[int, ...], boundary: str | None, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        lattice_edges(lattice, shape, boundary)  # type: ignore[arg-type]
    assert str(caught.value) == message
