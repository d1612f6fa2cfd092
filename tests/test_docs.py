"""Code blocks of the README and the tutorial run, in the order in which a reader meets them."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from thermosim import load
from thermosim.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [
    "README.md",
    "docs/reference/python.md",
    "docs/how-to/write-a-controller.md",
    "docs/how-to/add-a-card.md",
    "docs/how-to/use-dimod.md",
    "docs/how-to/invert-a-matrix.md",
    "docs/how-to/run-a-gate-backwards.md",
    *sorted(f"docs/tutorial/{p.name}" for p in (ROOT / "docs/tutorial").glob("*.md")),
]
SHORT = {
    "pbit_grid": ["--replicas", "4", "--set", "run.duration=200 sweeps", "--set", "run.burn_in=20 sweeps"],
    "smode4": ["--replicas", "4", "--set", "run.duration=200 us"],
}
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _run(words: list[str]) -> None:
    """A command as the page has it, with shipped chips on a shorter run."""
    program, *arguments = words
    if program == "python":
        assert (ROOT / arguments[0]).exists()
        return
    assert program == "thermosim"
    if arguments[0] == "run":
        arguments += SHORT.get(arguments[1], [])
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, f"{shlex.join(words)}\n{done.stderr}"


def blocks(page: str) -> list[tuple[str, str]]:
    return _BLOCK.findall((ROOT / page).read_text())


@pytest.mark.parametrize("page", PAGES)
def test_code_blocks_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for language, text in blocks(page):
        if language == "yaml":
            first = text.splitlines()[0]
            if first.startswith("thermosim:"):
                Path("netlist.yaml").write_text(text)
                load("netlist.yaml")
        elif language in ("console", "bash"):
            for line in text.replace("\\\n", " ").splitlines():
                _run(shlex.split(line, comments=True))
        elif language == "python":
            exec(compile(text, page, "exec"), names)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/index.md"])
def test_linked_pages_exist(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / page).read_text())
    missing = [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    assert missing == []


def test_make_targets_that_are_named_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(
        re.findall(
            r"make ((?:demo|test|lint|bench|docs|validation|types|contracts|format|help))\b",
            (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text(),
        )
    )
    assert all(re.search(rf"^{name}:", makefile, re.MULTILINE) for name in named)


def test_every_experiment_and_every_chip_can_be_found() -> None:
    page = (ROOT / "docs/explanation/experiments.md").read_text()
    names = {folder.parent.name for folder in (ROOT / "experiments").glob("*/run.py")}
    assert set(re.findall(r"\| `(\w+)` \|", page)) == names
    readme = (ROOT / "README.md").read_text()
    assert f"{len(names)} questions" in readme
    for chip in (ROOT / "netlists").glob("*.yaml"):
        assert f"`{chip.stem}`" in readme, chip.name
