"""thermosim: hardware-in-the-loop simulation of thermodynamic chips.

Three verbs: ``load`` a netlist, ``simulate`` the chip, ``measure`` the record; and ``analyze``, what is known without
running.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thermosim.api import Chip, analyze, load, measure, simulate

__version__ = "0.1.0"
__all__ = ["Chip", "__version__", "analyze", "load", "measure", "simulate"]


def __getattr__(name: str) -> Any:
    """Import the verbs on first use, so that `import thermosim` itself stays light."""
    if name in __all__:
        return getattr(import_module("thermosim.api"), name)
    raise AttributeError(f"module 'thermosim' has no attribute '{name}'; these exist: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__


class _Package(ModuleType):
    """Keeps the verb ``measure`` in front of the subpackage of that name, which an import would put in its place."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "measure":
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
