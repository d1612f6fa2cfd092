"""Makes the helpers beside this file importable from every folder of tests; a small netlist for the command line."""

from pathlib import Path

import pytest
from command_line import CAPACITOR


@pytest.fixture
def netlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A netlist in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "capacitor.yaml").write_text(CAPACITOR)
    return "capacitor.yaml"
