"""Every reader gives the energies of its own convention, on cases where no sign or factor comes right by accident."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from thermosim.netlist.problem import Problem, ProblemError, enumerate_states, from_terms
from thermosim.netlist.problem_files import read_problem, write_ij, write_rudy


def read(tmp_path: Path, name: str, text: str, **options) -> Problem:
    file = tmp_path / name
    file.write_text(text)
    return read_problem(file, **options)


def test_rudy_is_a_cut_from_one(tmp_path):
    problem = read(tmp_path, "a.rud", "4 4\n1 2 3\n2 3 -1\n4 3 2\n1 4 5")
    s = enumerate_states(4)
    w = {(0, 1): 3, (1, 2): -1, (2, 3): 2, (0, 3): 5}
    np.testing.assert_array_equal(problem.energy(s), sum(v * s[:, i] * s[:, j] for (i, j), v in w.items()))
    cut = sum(v * (s[:, i] != s[:, j]) for (i, j), v in w.items())
    np.testing.assert_array_equal(problem.cut(s), cut)


def test_petersen_has_its_histogram_of_cuts(tmp_path):
    spokes = [(i, i + 5) for i in range(5)]
    rings = [(i, (i + 1) % 5) for i in range(5)] + [(5 + i, 5 + (i + 2) % 5) for i in range(5)]
    lines = "".join(f"{i + 1} {j + 1} 1\n" for i, j in spokes + rings)
    cut = read(tmp_path, "petersen.rud", "10 15\n" + lines).cut(enumerate_states(10))
    sizes, counts = np.unique(cut, return_counts=True)
    assert sizes.tolist() == [0, *range(3, 13)]
    assert counts.tolist() == [2, 20, 30, 72, 200, 240, 150, 120, 120, 60, 10]


def test_rudy_without_weights_and_in_utf_16(tmp_path):
    file = tmp_path / "b.mc"
    file.write_bytes("3 2\r\n1 2\r\n2 3".encode("utf-16"))
    assert read_problem(file).weights.tolist() == [-1, -1]
    assert read_problem(str(file)).weights.tolist() == [-1, -1], "a path may be text"


def test_ij_has_the_sign_of_the_chip(tmp_path):
    problem = read(tmp_path, "a.ij", "# a comment\n0 1 2.5\n2 0 -1\n1 1 0.5\n2 2 -3\n")
    s = enumerate_states(3)
    expected = -(2.5 * s[:, 0] * s[:, 1] - s[:, 0] * s[:, 2] + 0.5 * s[:, 1] - 3 * s[:, 2])
    np.testing.assert_array_equal(problem.energy(s), expected)
    other = read(tmp_path, "b.txt", "3 2\n1 2 2.5\n3 1 -1", first=1)
    assert other.edges.tolist() == [[0, 1], [0, 2]]


@pytest.mark.parametrize("kind", ["SPIN", "BINARY"])
def test_coo_is_that_of_dimod(tmp_path, kind):
    dimod = pytest.importorskip("dimod")
    bqm = dimod.BinaryQuadraticModel({0: 0.25, 1: 0, 2: -3}, {(0, 1): 1.5, (1, 2): -2}, 0.0, kind)
    problem = read(tmp_path, "a.coo", f"# vartype={kind}\n0 0 0.25\n0 1 1.5\n1 2 -2\n2 2 -3\n")
    s = enumerate_states(3)
    values = s if kind == "SPIN" else (s + 1) // 2
    np.testing.assert_allclose(problem.energy(s), bqm.energies((values, [0, 1, 2])), atol=1e-12)


def test_qubo_counts_every_pair_once(tmp_path):
    problem = read(tmp_path, "a.qubo", "c comment\np qubo 0 3 2 2\n0 0 1.5\n2 2 -4\n0 1 3\n1 2 -0.5\n")
    s = enumerate_states(3)
    x = (s + 1) // 2
    expected = 1.5 * x[:, 0] - 4 * x[:, 2] + 3 * x[:, 0] * x[:, 1] - 0.5 * x[:, 1] * x[:, 2]
    np.testing.assert_allclose(problem.energy(s), expected, atol=1e-12)


CNF = "c SATLIB\np cnf 4 5\n1 -2 3 0\n-1 2\n 4 0 -3 -4 0\n-2 0\n1 1 -3 0\n%\n0\n"


def test_cnf_energy_is_four_for_every_unsatisfied_clause(tmp_path):
    problem = read(tmp_path, "a.cnf", CNF)
    assert problem.spins == 4 + 2
    energy = problem.energy(enumerate_states(6)).reshape(4, 16).min(axis=0)  # auxiliaries at their best
    up = enumerate_states(4) > 0
    clauses = [[1, -2, 3], [-1, 2, 4], [-3, -4], [-2], [1, -3]]
    broken = [sum(not any((up[k, abs(x) - 1]) == (x > 0) for x in clause) for clause in clauses) for k in range(16)]
    np.testing.assert_array_equal(energy, 4 * np.array(broken))


@pytest.mark.parametrize("ending", ["bqm", "json"])
def test_dimod_models_keep_their_energies(tmp_path, ending):
    dimod = pytest.importorskip("dimod")
    bqm = dimod.BinaryQuadraticModel({"b": 0.25, "a": -1}, {("a", "b"): 1.5, ("b", "c"): -2}, 7.5, "BINARY")
    file = tmp_path / f"m.{ending}"
    if ending == "bqm":
        file.write_bytes(bqm.to_file().read())
    else:
        file.write_text(json.dumps(bqm.to_serializable()))
    problem, s = read_problem(file), enumerate_states(3)
    labels = [str(label) for label in bqm.variables]
    np.testing.assert_allclose(problem.energy(s), bqm.energies(((s + 1) // 2, labels)), atol=1e-12)


def test_what_is_written_is_read_again(tmp_path):
    problem = from_terms("x", 4, [(2, 0, 0.1), (1, 3, -2.0), (0, 3, 1 / 3)], [0.5, 0, 0, -1e-7])
    write_ij(problem, tmp_path / "x.ij")
    again, s = read_problem(tmp_path / "x.ij"), enumerate_states(4)
    np.testing.assert_array_equal(again.energy(s), problem.energy(s))
    write_rudy(from_terms("y", 3, [(0, 1, 0.1), (1, 2, -1.0)]), tmp_path / "y.rud")
    assert read_problem(tmp_path / "y.rud").weights.tolist() == [0.1, -1.0]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.rud", "3 3\n1 2 1\n2 3 1\n", "a.rud:1: the header states 3 edges and the file has 2"),
        ("a.rud", "3 1\n1 2 1\n2 3 1\n", "a.rud:1: the header states 1 edges and the file has 2"),
        ("a.rud", "3 2\n1 2 1\n3 3 1\n", "a.rud:3: couples spin 3 to itself"),
        ("a.rud", "3 2\n1 2 1\n2 4 1\n", "a.rud:3: spin 4 is out of range: 1 to 3"),
        ("a.rud", "3 2\n0 2 1\n2 3 1\n", "a.rud:2: spin 0 is out of range: 1 to 3"),
        ("a.rud", "3 2\n1 2 nan\n2 3 1\n", "a.rud:2: the weight nan is not finite"),
        ("a.rud", "3 2\n1 2 1\n2 1 1\n", "a.rud:3: states the pair 2 1 again; line 2 has it already"),
        ("a.rud", "4 2\n1 2 1\n2 3 1\n", "a.rud: 1 of 4 spins have neither edge nor bias (counted from 0: 3)"),
        ("a.rud", "1 2 1\n", "a.rud:1: expected the header 'spins edges'"),
        ("a.rud", "3 2\n1 2 1 7\n", "a.rud:2: expected 'i j weight', got 4 fields"),
        ("a.ij", "", "a.ij: no 'i j J' line"),
        ("a.ij", "0 1.5 2\n", "a.ij:1: expected a spin, a whole number, got '1.5'"),
        ("a.ij", "0 1 inf\n", "a.ij:1: the weight inf is not finite"),
        ("a.coo", "0 1 1\n", "a.coo:1: expected the header '# vartype=SPIN' or '# vartype=BINARY'"),
        ("a.qubo", "p qubo 0 2 2 1\n0 0 1\n0 1 2\n", "a.qubo:1: the header states 2 diagonals and the file has 1"),
        ("a.cnf", "p cnf 2 1\n1 -2\n", "a.cnf:2: the last clause does not end in 0"),
        ("a.cnf", "p cnf 5 1\n1 2 3 4 5 0\n", "a.cnf:2: a clause of 5 literals; 1 to 3 are read"),
        ("a.cnf", "p cnf 2 1\n1 3 0\n", "a.cnf:2: variable 3 is out of range: 1 to 2"),
        ("a.logic", "and a b\n", "a.logic:1: 'and' has the 3 pins a b y, got 2 wires"),
        ("a.logic", "and a b y\nnadn a b z\n", "a.logic:2: unknown gate 'nadn'; did you mean 'nand'?"),
        ("a.logic", "and a b y\ntie z 1\n", "a.logic:2: no wire 'z' before this line"),
        ("a.bqm", "nonsense", "a.bqm: no binary quadratic model of dimod"),
        ("a.xyz", "", "a.xyz: ending '.xyz' names no format; state one of rudy, ij"),
    ],
)
def test_bad_files_are_told_with_file_and_line(tmp_path, name, text, message):
    if name.endswith("bqm"):
        pytest.importorskip("dimod")
    with pytest.raises(ProblemError, match=re.escape(message)):
        read(tmp_path, name, text)


def test_scale_and_unused_spins(tmp_path):
    problem = read(tmp_path, "a.rud", "4 1\n1 2 3\n", unused=True, scale=0.5)
    assert problem.spins == 4
    assert problem.weights.tolist() == [-1.5]
