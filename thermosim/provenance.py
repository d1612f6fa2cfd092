"""Which software and which files made a result: versions and platform as installed, hashes of what was read."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from thermosim import __version__
from thermosim.errors import ThermosimError

_DECIDING = ("numpy", "scipy", "numba", "llvmlite", "simpy", "pydantic", "pyyaml")


def versions() -> dict[str, str]:
    """Versions of Python, of thermosim and of the packages whose arithmetic decides a result."""
    found = {"thermosim": __version__, "python": platform.python_version()}
    for name in _DECIDING:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def refuse_changed(then: Mapping[str, str], now: Mapping[str, str], doing: str) -> None:
    """Raise if a file read `now` has not the SHA-256 that it had `then`.

    Raises
    ------
    ThermosimError
        Saying that one cannot be `doing`, and which files are others.
    """
    names = [name for name, digest in now.items() if then.get(name) != digest]
    if names:
        raise ThermosimError(
            f"cannot {doing}: {', '.join(names)} changed since the record was made; put back what was there then, "
            "or run again from the start"
        )


def machine() -> dict[str, str]:
    """Operating system and processor architecture; names no host and no user."""
    return {"system": platform.system(), "architecture": platform.machine()}
