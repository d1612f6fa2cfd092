"""Which update discipline samples the Boltzmann law exactly, and why another does not.

    exact       one colour per tick, one p-bit per tick (in turn or picked), RNGs held, with memory or without;
                free-running p-bits whose synapses are instantaneous, k_up / k_dn = exp(2 beta I)
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


def _of_inner_states(fabric: Fabric) -> Discipline:
    """What is known of p-bits that are integrated in time."""
    coupled, wired = bool(len(fabric.actual.edges)), fabric.order == "free"
    reasons = list(dict.fromkeys(item.departs(coupled, wired) for item in fabric.inner))
    if coupled and fabric.settling > 0 and wired:
        reasons.append(
            f"inputs settle in {show(fabric.settling, 's')}: an error that vanishes with that time over the p-bit's own"
        )
    if coupled and not wired:
        slowest = max(float(fabric.relaxation.max()), fabric.settling)
        reasons.append(
            f"outputs are latched every {show(fabric.clock.period, 's')} from p-bits that see other colours move "
            f"meanwhile and follow in {show(slowest, 's')}: an error of the order of "
            f"{np.exp(-fabric.clock.period / slowest):.2g}"
        )
    reason = "; ".join(reason for reason in reasons if reason)
    if reason:
        return Discipline(False, f"{fabric.path}: {reason}")
    if not coupled:
        return Discipline(True)
    step, fastest = fabric.clock.period / fabric.steps, fastest_flip(fabric)
    return Discipline(
        True,
        f"{fabric.path}: exact for instantaneous synapses as the step goes to zero; here it is "
        f"{show(step, 's')}, {step * fastest:.2g} of the shortest time between flips",
    )


def discipline(fabric: Fabric) -> Discipline:
    """What is known of a fabric before it runs."""
    if fabric.inner:
        return _of_inner_states(fabric)
    if not len(fabric.actual.edges):
        return Discipline(True)
    if fabric.order == "parallel":
        return Discipline(
            False,
            "order: parallel — coupled p-bits are updated at one instant, each from the others' old values, so the "
            "chip samples exp(beta h.s) prod 2 cosh(beta (J s + h)) at best (without RNG memory), not the Boltzmann "
            "law",
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


def fastest_flip(fabric: Fabric) -> float:
    """Largest flip rate that any state gives any p-bit [1/s], input settled."""
    law = fabric.actual
    pull = np.abs(law.biases)
    for side in (0, 1):
        np.add.at(pull, law.edges[:, side], np.abs(law.weights))
    odds: Floats = 2 * law.beta * np.abs(fabric.slope) * pull + np.abs(fabric.shift)
    rates = 1 / fabric.relaxation / (1 + np.exp(-odds))
    if any(item.kind == "design2" for item in fabric.inner):
        return float((np.exp(odds / 2) / (2 * fabric.relaxation)).max())
    if fabric.arrhenius:
        with np.errstate(over="ignore"):
            rates = np.where(fabric.arrhenius, np.exp(odds / 2) / (2 * fabric.relaxation), rates)
    return float(rates.max())
