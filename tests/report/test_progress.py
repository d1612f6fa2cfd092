"""Progress: silent where nobody watches, and honest about compiling."""

import pytest
from numba import njit

from thermosim.report import progress


def compile_something() -> None:
    njit(lambda x: x + 1)(1)


def test_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown(True) as callback:
        assert callback is None
    with progress.working(True, "measuring"):
        pass
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_compiling_is_said_once_and_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown(True):
        compile_something()
        compile_something()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "compiling kernels for this machine (first run only) ...\n"


def test_quiet_says_nothing_of_compiling(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown(False) as callback:
        assert callback is None
        compile_something()
    assert capsys.readouterr().err == ""
