"""Start-up is felt: the quick commands import none of the heavy packages."""

import subprocess
import sys

import pytest

_WATCHED = ("numba", "llvmlite", "matplotlib", "scipy.stats", "pandas", "xarray", "arviz_stats", "onnxruntime")
_CODE = """
import sys
sys.argv = ["thermosim", *{arguments!r}]
from thermosim.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("IMPORTED", *sorted(set(sys.modules) & set({watched!r})))
"""


def _imported(*arguments: str) -> list[str]:
    code = _CODE.format(arguments=list(arguments), watched=_WATCHED)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()[1:]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("run", "--help"),
        ("check", "pbit_grid"),
        ("check", "smode4"),
        ("analyze", "smode4"),
        ("export", "--spice", "smode4"),
        ("devices",),
        ("devices", "adc/sar8"),
        ("schema",),
    ],
    ids=" ".join,
)
def test_quick_commands_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert _imported(*arguments) == []


def test_the_watch_sees_what_is_imported() -> None:
    """The test above could not fail if the names were wrong or the modules were hidden."""
    code = _CODE.format(arguments=["--help"], watched=_WATCHED).replace(
        "import sys\n", "import sys, matplotlib, scipy.stats, numba\n", 1
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"matplotlib", "scipy.stats", "numba"} <= set(done.stdout.splitlines()[-1].split())


def test_importing_the_package_is_light() -> None:
    code = "import sys, thermosim; print(*{'numpy', 'pydantic', 'yaml', 'numba'} & set(sys.modules)); thermosim.load"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
