"""Makes the helpers beside this file importable from every folder of tests; a small netlist for the command line."""

from pathlib import Path
from typing import Any

import pytest
from command_line import CAPACITOR

_APPROX = pytest.approx


def approx(expected: Any, rel: float | None = None, abs: float | None = None, nan_ok: bool = False) -> Any:
    """pytest's, but relative alone unless `abs` is stated.

    pytest adds 1e-12, within which every joule, watt, farad and V^2 of a chip equals every other.
    """
    if abs is None:
        return _APPROX(expected, rel=1e-6 if rel is None else rel, abs=0.0, nan_ok=nan_ok)
    return _APPROX(expected, rel=rel, abs=abs, nan_ok=nan_ok)


pytest.approx = approx


@pytest.fixture
def netlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A netlist in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "capacitor.yaml").write_text(CAPACITOR)
    return "capacitor.yaml"
