"""Which software made a result: versions and platform, read from what is installed."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from thermosim import __version__

_DECIDING = ("numpy", "scipy", "numba", "llvmlite", "simpy", "pydantic", "pyyaml", "arviz-stats")


def versions() -> dict[str, str]:
    """Versions of Python, of thermosim and of the packages whose arithmetic decides a result."""
    found = {"thermosim": __version__, "python": platform.python_version()}
    for name in _DECIDING:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, str]:
    """Operating system and processor architecture; names no host and no user."""
    return {"system": platform.system(), "architecture": platform.machine()}
