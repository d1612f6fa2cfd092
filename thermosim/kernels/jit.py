"""The one jit decorator of the project: cached on disk, without the GIL, IEEE arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def jit(function: Callable[..., Any]) -> Any:
    """Compile a kernel lazily; results do not depend on the vector width (no fast-math)."""
    return njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)(function)
