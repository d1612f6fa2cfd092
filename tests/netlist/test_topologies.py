"""Topologies have the published numbers of nodes, couplers and neighbours, and reach the chip."""

import re

import numpy as np
import pytest

import thermosim as ts
from thermosim.errors import NetlistError
from thermosim.netlist.topologies import topology_edges


@pytest.mark.parametrize(
    ("name", "sizes", "nodes", "edges", "most"),
    [
        ("layers", (784, 120), 904, 784 * 120, 784),
        ("layers", (4, 3, 2), 9, 12 + 6, 6),
        ("chimera", (16,), 2048, 6016, 6),  # D-Wave 2000Q
        ("chimera", (2, 3, 5), 60, 185, 7),
        ("pegasus", (6,), 680, 4484, 15),  # arXiv:2003.00133
        ("pegasus", (16,), 5640, 40484, 15),  # Advantage
        ("zephyr", (15,), 7440, 71736, 20),  # Advantage2 at full size
        ("zephyr", (1,), 48, 280, 17),
    ],
)
def test_published_counts(name, sizes, nodes, edges, most):
    count, found = topology_edges(name, sizes)
    assert (count, len(found), len(np.unique(found, axis=0))) == (nodes, edges, edges)
    assert np.all(found[:, 0] < found[:, 1])
    assert np.bincount(found.ravel(), minlength=count).max() == most
    assert np.bincount(found.ravel(), minlength=count).min() > 0


def test_a_chimera_cell_is_complete_and_bipartite():
    _, edges = topology_edges("chimera", (1,))
    assert edges.tolist() == [[a, b] for a in range(4) for b in range(4, 8)]


CHIP = """
thermosim: 1
models:
  rng:  {type: cmos_rng, tau0: 100 ns, v_s: 26 mV}
  wire: {type: synapse}
instances:
  s:     {model: rng, shape: [SIZE]}
  clock: {type: clock, frequency: 2 MHz, pins: {out: ck}}
couplings:
  p: {between: [s, s], model: wire, EDGES}
updates: {clock: ck}
run: {duration: 10 sweeps}
"""


def load(tmp_path, edges, size):
    (tmp_path / "c.yaml").write_text(CHIP.replace("EDGES", edges).replace("SIZE", str(size)))
    return ts.load(tmp_path / "c.yaml")


def test_a_boltzmann_machine_has_two_colours(tmp_path):
    chip = load(tmp_path, "lattice: {name: layers, sizes: [6, 4, 2]}, weight: 0.1", 12)
    assert chip.program.fabrics[0].colours == 2
    assert len(chip.program.fabrics[0].drawn.edges) == 32
    assert ts.simulate(chip).series["s:energy"].shape == (1, 10)


@pytest.mark.parametrize(
    ("lattice", "message"),
    [
        ("{name: zephyr, sizes: [1]}", "'zephyr' of these sizes has 48 nodes; say shape: [48]"),
        ("{name: zephyr}", "'sizes' belongs to layers, chimera, pegasus, zephyr"),
        ("{name: square, sizes: [3]}", "'sizes' belongs to layers, chimera, pegasus, zephyr"),
        ("{name: pegasus, sizes: [1]}", "'pegasus' needs sizes: 1 number of at least 2, got [1]"),
        ("{name: layers, sizes: [8]}", "'layers' needs sizes: 2 or more of at least 1, got [8]"),
        ("{name: chimera, sizes: [1], boundary: open}", "'chimera' has no boundary"),
    ],
)
def test_misfits_are_told(tmp_path, lattice, message):
    with pytest.raises(NetlistError, match=re.escape(message)):
        load(tmp_path, f"lattice: {lattice}, weight: 0.1", 8)


@pytest.mark.parametrize("ending", ["graphml", "gml", "edgelist"])
def test_graphs_of_networkx(tmp_path, ending):
    nx = pytest.importorskip("networkx")
    graph = nx.petersen_graph()
    for a, b in graph.edges:
        graph.edges[a, b]["weight"] = 0.1 * a - 0.2 * b
    getattr(nx, f"write_{ending}")(graph, tmp_path / f"g.{ending}")
    law = load(tmp_path, f"edges: g.{ending}", 10).program.fabrics[0].drawn
    found = {tuple(edge): weight for edge, weight in zip(law.edges.tolist(), law.weights, strict=True)}
    assert found == {(a, b): pytest.approx(0.1 * a - 0.2 * b) for a, b in map(sorted, graph.edges)}


def test_graphs_that_do_not_fit(tmp_path):
    nx = pytest.importorskip("networkx")
    nx.write_graphml(nx.DiGraph([(0, 1)]), tmp_path / "d.graphml")
    with pytest.raises(NetlistError, match="directed or has parallel edges"):
        load(tmp_path, "edges: d.graphml", 2)
    (tmp_path / "n.graphml").write_text("nonsense")
    with pytest.raises(NetlistError, match="is no graph"):
        load(tmp_path, "edges: n.graphml", 2)
