"""Bad netlists, each with the full text that the user sees; `expected.txt` of each is part of the language.

To add one: put NAME.yaml into bad_netlists/, run `thermosim check NAME.yaml` there, read the message as a
user would, and keep it as NAME.txt only if it says where, what was got, what exists and what to do.
"""

from pathlib import Path

import pytest

from thermosim.circuit import assemble, elaborate
from thermosim.errors import NetlistError, Problems
from thermosim.netlist import load

FOLDER = Path(__file__).parent / "bad_netlists"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def message(name: str) -> str:
    """Everything that reading, elaborating and assembling a netlist has to say."""
    problems = Problems()
    try:
        assemble(elaborate(load(name, problems=problems), problems=problems))
    except NetlistError as error:
        return str(error)
    return "accepted"


@pytest.fixture(autouse=True)
def _in_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)


@pytest.mark.parametrize("name", NAMES)
def test_the_message_is_whole(name: str) -> None:
    assert message(f"{name}.yaml") == (FOLDER / f"{name}.txt").read_text().rstrip("\n")


def test_there_are_enough_of_them() -> None:
    assert len(NAMES) >= 20


def test_a_missing_file_names_what_is_shipped() -> None:
    assert message("no_such_chip.yaml").startswith("no_such_chip.yaml: no such file; these shipped netlists exist: ")
    assert "did you mean 'smode4'?" in message("smod4")


def test_every_problem_is_told_and_has_a_place() -> None:
    lines = message("many_at_once.yaml").splitlines()
    assert len(lines) >= 7
    assert all(line.startswith("many_at_once.yaml:") and line.split(":")[1].isdigit() for line in lines)
