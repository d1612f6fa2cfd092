"""Noise with a memory in a deck: Johnson noise on a capacitor, which relaxes, behind a transconductance.

R at 300 K with C = tau / R across it has 4 k T R / (1 + (2 pi f tau)^2) [V^2/Hz], so that g_m = sqrt(S / (4 k T R))
makes the current of density S at low frequencies. A second pole is a silent R C behind a buffer of gain 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from thermosim.circuit.circuit import Instance
from thermosim.circuit.noise_states import relaxing
from thermosim.constants import BOLTZMANN

if TYPE_CHECKING:
    from thermosim.adapters.spice_elements import Names

AMBIENT, ISOLATED = 300.0, 1000.0
"""Temperature of the deck [K], and the resistor behind injected noise [Ohm]."""


def number(value: float) -> str:
    """A float to 15 digits; never with a suffix, where M would be milli."""
    return f"{value:.15g}"


def gain(density: float) -> float:
    """Transconductance [S] that makes `density` [A^2/Hz] of the resistor's noise."""
    return math.sqrt(density / (4 * BOLTZMANN * AMBIENT * ISOLATED))


def remembering(
    item: Instance, k: int, ends: tuple[str, str], name: str, elements: Names, nets: Names
) -> Iterator[str]:
    """Lines of element k of a noise current with a memory."""
    p, n = ends
    first, before = 0.0, ""
    for one in relaxing(item, k, "actual"):
        net = nets.take(f"noise_{name}")
        farads = number(one.time / ISOLATED)
        if one.after:
            buffer = nets.take(f"noise_{name}")
            yield f"{elements.take('e_' + name)} {buffer} 0 {before} 0 1"
            yield f"{elements.take('r_' + name)} {buffer} {net} {number(ISOLATED)} noisy=0"
        else:
            first = gain(4 * one.variance * one.time)
            yield f"{elements.take('r_' + name)} {net} 0 {number(ISOLATED)} dtemp=0"
        yield f"{elements.take('c_' + name)} {net} 0 {farads}"
        if one.last:
            yield f"{elements.take(name)} {n} {p} {net} 0 {number(first)}"
        before = net
