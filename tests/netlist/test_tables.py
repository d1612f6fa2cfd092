"""Tables of couplings in the form of adabmDCA: energies, letters, and every mistake with its line."""

from pathlib import Path

import numpy as np
import pytest

from thermosim.circuit.dits import PottsLaw
from thermosim.netlist.problem import ProblemError
from thermosim.netlist.tables import ALPHABETS, Ends, Tables, read_tables, write_tables

TEXT = """\
# i < j, states from 0
J 0 1 0 0 0.5
J 0 1 0 2 -1.25
J 1 2 2 1 0.75
h 0 1 0.3
h 2 2 -0.1
"""
THREE = Ends((3, 3), (3, 3), True)


def written(folder: Path, text: str) -> Path:
    path = folder / "p.dat"
    path.write_text(text)
    return path


def law(tables: Tables) -> PottsLaw:
    n, q = tables.biases.shape
    return PottsLaw(np.full(n, q), tables.edges, tables.tables, tables.biases, 1.0)


def test_energies_are_those_of_the_source(tmp_path: Path) -> None:
    """E = -(sum J + sum h), and J i j a b has a at i: the transposed table would give others."""
    found = law(read_tables(written(tmp_path, TEXT), THREE))
    states = np.array([[0, 0, 0], [0, 2, 0], [2, 0, 0], [1, 2, 1], [1, 1, 2]])
    assert found.energy(states) == pytest.approx([-0.5, 1.25, 0.0, -(0.75 + 0.3), -(0.3 - 0.1)])


def test_a_pair_may_be_stated_the_other_way_round(tmp_path: Path) -> None:
    turned = TEXT.replace("J 0 1 0 2", "J 1 0 2 0").replace("J 0 1 0 0", "J 1 0 0 0")
    assert np.array_equal(
        read_tables(written(tmp_path, turned), THREE).tables, read_tables(written(tmp_path, TEXT), THREE).tables
    )


def test_letters_stand_for_states(tmp_path: Path) -> None:
    rna = Ends((2, 2), (5, 5), True)
    found = read_tables(written(tmp_path, "J 0 1 A U 1.5\nJ 0 1 - G 2\nh 0 U 0.25\n"), rna, "rna")
    assert found.tables[0, 1, 4] == 1.5
    assert found.tables[0, 0, 3] == 2
    assert found.biases[0, 4] == 0.25
    assert [len(ALPHABETS[name]) for name in ("protein", "rna", "dna")] == [21, 5, 5]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    edges = np.array([[0, 1], [0, 3], [2, 3]])
    tables = Tables(edges, rng.normal(size=(3, 4, 4)), rng.normal(size=(4, 4)))
    write_tables(tmp_path / "a.dat", tables, "abcd")
    again = read_tables(tmp_path / "a.dat", Ends((4, 4), (4, 4), True), "abcd")
    assert np.array_equal(again.edges, edges)
    assert np.array_equal(again.tables, tables.tables)
    assert np.array_equal(again.biases, tables.biases)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("J 0 1 0 0\n", "p.dat:1: expected 'J i j a b value' or 'h i a value', got 'J 0 1 0 0'"),
        ("J 0 3 0 0 1\n", "p.dat:1: site 3 is out of range: 0 to 2"),
        ("J 0 1 0 3 1\n", "p.dat:1: state 3 is out of range: 0 to 2"),
        ("J 0 0 0 1 1\n", "p.dat:1: couples site 0 to itself"),
        (
            "J 0 1 A C 1\n",
            "p.dat:1: state 'A' is no number from 0; letters need an 'alphabet': protein, rna, dna or its letters",
        ),
        ("J 0 1 0 0 1\nJ 0 1 0 0 1\n", "p.dat:2: states 'J 0 1 0 0' again; line 1 has it already"),
        ("J 0 1 0 0 1\nJ 1 0 0 0 1\n", "p.dat:2: states the pair 1 0, and line 1 has it as 0 1; state it in one order"),
        ("J 0 1 0 0 1\nh 0 0 1\nh 0 0 2\n", "p.dat:3: states 'h 0 0' again; line 2 has it already"),
        ("J 0 1 0 0 nan\n", "p.dat:1: the value nan is not finite"),
        ("J 0 1 0 0 x\n", "p.dat:1: expected a number, got 'x'"),
        ("h 0 0 1\n", "p.dat: no 'J i j a b value' line"),
    ],
)  # fmt: skip
def test_mistakes_have_their_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_tables(written(tmp_path, text), THREE)
    assert str(caught.value) == message


def test_an_alphabet_must_fit_the_states(tmp_path: Path) -> None:
    path = written(tmp_path, "J 0 1 A C 1\n")
    with pytest.raises(
        ProblemError, match="alphabet 'protein' has 21 different letters, and the arrays have p-dits of 3"
    ):
        read_tables(path, THREE, "protein")
    with pytest.raises(ProblemError, match="states a bias, and the file couples two arrays"):
        read_tables(written(tmp_path, "J 0 1 0 1 1\nh 0 0 1\n"), Ends((3, 3), (3, 3), False))
