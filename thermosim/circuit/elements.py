"""Names of p-bits in a schedule -> their numbers in a fabric: ``s``, ``s[*]``, ``s[0]``, ``s[2,*]``, ``g.y``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod

import numpy as np

from thermosim.contracts import Ints
from thermosim.errors import suggestion

Arrays = Mapping[str, tuple[int, tuple[int, ...]]]
"""Path -> (first node, shape)."""


def elements(text: str, arrays: Arrays) -> Ints:
    """Nodes that a name stands for, in the order of its array.

    Raises
    ------
    ValueError
        If there is none; the message says which exist.
    """
    text = text.strip()
    path, index = text, None
    if text not in arrays and (match := re.fullmatch(r"(.+?)\s*\[([^\[\]]*)\]", text)):
        path, index = match[1], match[2]
    if path not in arrays:
        raise ValueError(f"no p-bits '{path}'{suggestion(path, arrays)}")
    first, shape = arrays[path]
    nodes = first + np.arange(prod(shape), dtype=np.int64).reshape(shape)
    if index is None:
        return nodes.ravel()
    parts = [part.strip() for part in index.split(",")]
    if parts == ["*"]:
        return nodes.ravel()
    if len(parts) != len(shape):
        what = f"{len(shape)} ind{'ex' if len(shape) == 1 else 'ices'}, shape {list(shape)}" if shape else "no index"
        raise ValueError(f"'{text}' has {len(parts)} ind{'ex' if len(parts) == 1 else 'ices'}, and {path} has {what}")
    picked: list[int | slice] = []
    for part, size in zip(parts, shape, strict=True):
        if part == "*":
            picked.append(slice(None))
        elif not part.isdigit():
            raise ValueError(f"'{text}': '{part}' is no index; write a whole number or *")
        elif int(part) >= size:
            raise ValueError(f"no p-bit '{text}'; that index of {path} runs from 0 to {size - 1}")
        else:
            picked.append(int(part))
    return np.atleast_1d(nodes[tuple(picked)]).ravel()
