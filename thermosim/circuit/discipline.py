"""Which update discipline samples the Boltzmann law exactly, and why another does not.

    exact       one colour per tick, one p-bit per tick (in turn or picked), RNGs held, with memory or without;
                free-running p-bits whose synapses are instantaneous, k_up / k_dn = exp(2 beta I)
    no law      directed couplings: no energy. Without a cycle, parents updated before their children and RNGs that
                forget: the product of conditionals
    not exact   coupled p-bits updated at one instant; RNGs that relax while others are latched; inputs that lag

An update that resamples s_i from p(s_i | rest), or keeps it, leaves the law fixed, and so do mixtures and products of
such updates. All-parallel updates leave P(s) ~ exp(beta h.s) prod_i 2 cosh(beta (sum_j J_ij s_j + h_i)) fixed where
J is symmetric: Peretto, Biol. Cybern. 50, 51 (1984).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats
from thermosim.units import show


@dataclass(frozen=True)
class Discipline:
    """Whether a fabric's dynamics leave its Boltzmann law fixed; if not, the reason."""

    boltzmann: bool
    reason: str = ""


def discipline(fabric: Fabric) -> Discipline:
    """What is known of a fabric before it runs."""
    if not fabric.actual.coupled:
        return Discipline(True)
    if not fabric.actual.symmetric:
        return Discipline(False, _directed(fabric))
    if fabric.order == "parallel":
        return Discipline(
            False,
            "order: parallel — coupled p-bits are updated at one instant, each from the others' old values, so the "
            + (
                "chip does not sample the Boltzmann law"
                if len(fabric.actual.terms)
                else "chip samples exp(beta h.s) prod 2 cosh(beta (J s + h)) at best (without RNG memory), not the "
                "Boltzmann law"
            ),
        )
    if fabric.order == "subset":
        return Discipline(
            False,
            f"order: subset — a tick updates {fabric.chance:.3g} of the p-bits at one instant, neighbours among them, "
            "so the chip does not sample the Boltzmann law exactly; the error vanishes with the chance",
        )
    if fabric.order == "free":
        if fabric.settling == 0 and fabric.delay == 0:
            return Discipline(True)
        return Discipline(
            False,
            f"order: free — p-bits flip on inputs that are {show(fabric.settling + fabric.delay, 's')} late, so the "
            "chip does not sample the Boltzmann law exactly; the error vanishes with the lag times the flip rate",
        )
    if fabric.rng == "free":
        return Discipline(
            False,
            "rng: free — the RNGs see other colours move before they are latched, so the chip does not sample "
            "the Boltzmann law exactly, whatever the clock",
        )
    return Discipline(True)


def ancestral(fabric: Fabric) -> bool:
    """Whether a sweep updates the parents of every p-bit before it, and nothing moves in between."""
    if fabric.order not in ("coloured", "sequential") or fabric.rng == "free" or fabric.actual.depths() is None:
        return False
    targets, sources, _ = fabric.actual.couplings()
    return bool(np.all(fabric.colour[sources] < fabric.colour[targets]))


def _directed(fabric: Fabric) -> str:
    law = fabric.actual
    assert law.back is not None
    unequal = int(np.count_nonzero(law.weights != law.back))
    told = f"directed couplings — {unequal} of {len(law.edges)} pairs feel each other differently"
    if law.depths() is None:
        return f"{told}, so there is no energy and the chip has a stationary law, but no Boltzmann law"
    told = f"{told}, without a cycle: a Bayesian network, whose law is the product of its conditionals"
    if not ancestral(fabric):
        return (
            f"{told}; order: {fabric.order}{', rng: free' if fabric.rng == 'free' else ''} is not ancestral, so p-bits "
            "answer to what their parents were and the chip does not sample that law; use order: coloured or "
            "sequential with rng: held"
        )
    kept = float(fabric.memory.max())
    return (
        f"{told}; a sweep updates parents before their children and samples it as far as an RNG forgets its last value "
        f"within a tick (it keeps up to {kept:.2g})"
    )


def fastest_flip(fabric: Fabric) -> float:
    """Largest flip rate that any state gives any p-bit [1/s], input settled."""
    law = fabric.actual
    pull = np.abs(law.biases) + law.reach()
    odds: Floats = 2 * law.beta * np.abs(fabric.slope) * pull + np.abs(fabric.shift)
    rates = 1 / fabric.relaxation / (1 + np.exp(-odds))
    if fabric.arrhenius:
        with np.errstate(over="ignore"):
            rates = np.where(fabric.arrhenius, np.exp(odds / 2) / (2 * fabric.relaxation), rates)
    return float(rates.max())
