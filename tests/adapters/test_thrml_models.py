"""THRML models keep their energies; without the package a stand-in of the same shape is read."""

from types import SimpleNamespace

import numpy as np
import pytest

from thermosim.adapters.thrml import from_thrml
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
