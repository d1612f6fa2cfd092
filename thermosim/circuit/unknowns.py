"""What the names of an island's unknowns say: nets have none of the brackets of i(L), v(A) and n(N)."""

from __future__ import annotations

import numpy as np

from thermosim.contracts import Floats


class Unknowns:
    """Of every island; `nodes` are its unknowns."""

    nodes: tuple[str, ...]

    @property
    def nets(self) -> tuple[str, ...]:
        """The unknowns that are nets."""
        return tuple(name for name in self.nodes if "(" not in name)

    @property
    def parity(self) -> Floats:
        """(n,) -1 for currents of coils, which time reversal turns round, and 1 for the rest."""
        return np.array([-1.0 if name.startswith("i(") else 1.0 for name in self.nodes])
