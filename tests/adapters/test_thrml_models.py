"""THRML models keep their energies; without the package a stand-in of the same shape is read."""

from types import SimpleNamespace

import numpy as np
import pytest

from thermosim.adapters.thrml import from_thrml, tables_from_thrml
from thermosim.circuit.dits import PottsLaw
from thermosim.netlist.problem import enumerate_states

BIASES, WEIGHTS, BETA = [0.3, -0.7, 0.0], [0.5, -1.25], 0.8


def model(**changes):
    nodes = ["a", "b", "c"]
    given = {"nodes": nodes, "edges": [("c", "a"), ("b", "c")], "biases": BIASES, "weights": WEIGHTS, "beta": BETA}
    return SimpleNamespace(**(given | changes))


def test_energies_hold_beta():
    s = enumerate_states(3)
    expected = -BETA * (s @ BIASES + WEIGHTS[0] * s[:, 2] * s[:, 0] + WEIGHTS[1] * s[:, 1] * s[:, 2])
    np.testing.assert_allclose(from_thrml(model()).energy(s), expected)


def test_energies_are_those_of_the_package():
    thrml = pytest.importorskip("thrml")
    jnp = pytest.importorskip("jax.numpy")
    nodes = [thrml.SpinNode() for _ in range(3)]
    real = pytest.importorskip("thrml.models").IsingEBM(
        nodes, [(nodes[2], nodes[0]), (nodes[1], nodes[2])], jnp.array(BIASES), jnp.array(WEIGHTS), jnp.array(BETA)
    )
    problem, s = from_thrml(real), enumerate_states(3)
    energies = [float(real.energy([jnp.array(row > 0)], [thrml.Block(nodes)])) for row in s]
    np.testing.assert_allclose(problem.energy(s), energies, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"biases": [1.0]}, "1 biases for 3 nodes"),
        ({"weights": [1.0, np.nan]}, "not finite"),
        ({"edges": [("a", "a"), ("b", "c")]}, "edge 0 joins a node to itself"),
    ],
)
def test_broken_models_are_told(changes, message):
    with pytest.raises(ValueError, match=message):
        from_thrml(model(**changes))


def test_nodes_without_a_bias_follow():
    problem = from_thrml(model(edges=[("c", "d"), ("b", "c")]))
    assert problem.spins == 4
    assert problem.edges.tolist() == [[1, 2], [2, 3]]


# -- categorical factors ------------------------------------------------------------------------------------------

RANDOM = np.random.default_rng(3)
PAIRS, SINGLES = RANDOM.normal(size=(2, 3, 3)), RANDOM.normal(size=(3, 3))
NODES = ["a", "b", "c"]
STATES = np.stack(np.unravel_index(np.arange(27), (3, 3, 3)), axis=1)


def factor(groups, weights, spins=()):
    blocks = [SimpleNamespace(nodes=list(group)) for group in groups]
    return SimpleNamespace(categorical_node_groups=blocks, spin_node_groups=list(spins), weights=weights)


def energies(tables):
    law = PottsLaw(np.full(3, 3), tables.edges, tables.tables, tables.biases, 1.0)
    return law.energy(STATES)


def expected():
    """Pairs (c, a) and (b, c): the first index of a weight is the node of the first group."""
    a, b, c = STATES.T
    pairs = PAIRS[0][c, a] + PAIRS[1][b, c]
    return -(pairs + sum(SINGLES[i][STATES[:, i]] for i in range(3)))


def test_tables_hold_the_energies_of_the_factors():
    factors = [factor([["c", "b"], ["a", "c"]], PAIRS), factor([NODES], SINGLES)]
    np.testing.assert_allclose(energies(tables_from_thrml(NODES, factors)), expected())
    twice = tables_from_thrml(NODES, [*factors, factors[0]])
    assert np.allclose(twice.tables, 2 * tables_from_thrml(NODES, factors).tables)


def test_tables_are_those_of_the_package():
    thrml = pytest.importorskip("thrml")
    models = pytest.importorskip("thrml.models.discrete_ebm")
    jnp = pytest.importorskip("jax.numpy")
    nodes = [thrml.CategoricalNode() for _ in range(3)]
    a, b, c = nodes
    pairs = models.CategoricalEBMFactor([thrml.Block([c, b]), thrml.Block([a, c])], jnp.array(PAIRS))
    singles = models.CategoricalEBMFactor([thrml.Block(nodes)], jnp.array(SINGLES))
    np.testing.assert_allclose(energies(tables_from_thrml(nodes, [pairs, singles])), expected(), atol=1e-6)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (factor([["a"], ["b"]], PAIRS[:1], ["s"]), "factor 0 is not of one or two categorical groups"),
        (factor([["a"], ["b"]], PAIRS), "factor 0 has weights 2 x 3 x 3 for 1 nodes of 3 states"),
        (factor([["a"], ["a"]], PAIRS[:1]), "factor 0 joins a node to itself"),
        (factor([["a"], ["b"]], np.nan * PAIRS[:1]), "factor 0 has numbers that are not finite"),
        (factor([["a"]], SINGLES[:1]), "no factor of two groups"),
    ],
)
def test_factors_that_are_no_tables_are_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        tables_from_thrml(NODES, [bad])
