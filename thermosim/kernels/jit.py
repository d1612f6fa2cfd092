"""The one jit decorator of the project: cached on disk, without the GIL, IEEE arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def jit(function: Callable[..., Any]) -> Any:
    """Compile a kernel lazily; results do not depend on the vector width (no fast-math)."""
    return njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)(function)


def jit_noalias(function: Callable[..., Any]) -> Any:
    """Compile a kernel whose array arguments never overlap in memory, which lets the compiler vectorise it.

    Overlapping arguments would give wrong results. Numba has no public option for this: the flag is set
    where the dispatcher makes its compiler flags, and left out (slower, same results) where that place is gone.
    """
    dispatcher = jit(function)
    compiler = getattr(dispatcher, "_compiler", None)
    customize = getattr(compiler, "_customize_flags", None)
    if compiler is not None and customize is not None:

        def without_aliases(flags: Any) -> Any:
            flags = customize(flags)
            flags.noalias = True
            return flags

        compiler._customize_flags = without_aliases
    return dispatcher
