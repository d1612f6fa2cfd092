"""Which update discipline samples the Boltzmann law exactly, and why another does not.

    exact       one colour per tick, one p-bit per tick (in turn or picked), RNGs held, with memory or without;
                free-running p-bits whose synapses are instantaneous, k_up / k_dn = exp(2 beta I)
    not exact   coupled p-bits updated at one instant; RNGs that relax while others are latched; inputs that lag;
                coupled p-bits of different beta, for beta_i J_ij is not beta_j J_ji then;
                tempered copies whose exchanges weigh other energies than those that the die runs

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
    if not len(fabric.actual.edges):
        return Discipline(True)
    if fabric.factors is not None:
        return Discipline(False, _unequal(fabric, fabric.factors))
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
    return _tempered(fabric)


def _unequal(fabric: Fabric, factors: Floats) -> str:
    """Where detailed balance breaks between p-bits of different beta."""
    ends = fabric.actual.edges
    apart = ends[factors[ends[:, 0]] != factors[ends[:, 1]]]
    i, j = (int(node) for node in apart[0])
    many = "coupling joins" if len(apart) == 1 else "couplings join"
    return (
        f"beta_factors — {len(apart)} {many} p-bits of different beta ({fabric.name(i)} x {factors[i]:.3g} and "
        f"{fabric.name(j)} x {factors[j]:.3g} among them), which feel it with different strength, so the chip "
        "samples no Boltzmann law"
    )


def _tempered(fabric: Fabric) -> Discipline:
    """Whether exchanges with copies at other betas leave the law fixed."""
    if fabric.tempering is None or exchanges_exactly(fabric):
        return Discipline(True)
    return Discipline(
        False,
        "tempering — exchanges weigh states by their energies in the weights as programmed, and this die runs others "
        f"(off by {off_by(fabric):.2g} of them in rms), so they pull every copy away from the law of the die, and no "
        "copy samples a Boltzmann law exactly",
    )


def exchanges_exactly(fabric: Fabric) -> bool:
    """Whether exchanges by the programmed energy leave the laws of all copies fixed.

    A copy at beta_k with P(+1) = sigmoid(2 beta_k slope (J s + h) + shift) samples exp(-beta_k E' + shift.s / 2), E'
    with slope J and slope h; an exchange by E needs E' = E. What offsets shift is alike in all copies and cancels.
    """
    law, meant = fabric.actual, fabric.programmed
    same = np.array_equal(law.weights, meant.weights) and np.array_equal(law.biases, meant.biases)
    return fabric.barriers is None and same and bool(np.all(fabric.slope == 1.0))


def off_by(fabric: Fabric) -> float:
    """Deviation of the die's couplings and biases from the programmed ones, rms over rms."""
    law, meant = fabric.actual, fabric.programmed
    felt = fabric.slope[law.edges.ravel()] * np.repeat(law.weights, 2)
    programmed = np.concatenate([np.repeat(meant.weights, 2), meant.biases])
    apart = np.concatenate([felt, fabric.slope * law.biases]) - programmed
    return float(np.sqrt((apart**2).sum() / max(float((programmed**2).sum()), 1e-300)))


def fastest_flip(fabric: Fabric) -> float:
    """Largest flip rate that any state gives any p-bit [1/s], input settled."""
    law = fabric.actual
    pull = np.abs(law.biases)
    for side in (0, 1):
        np.add.at(pull, law.edges[:, side], np.abs(law.weights))
    odds: Floats = 2 * law.beta * np.abs(fabric.slope) * pull + np.abs(fabric.shift)
    rates = 1 / fabric.relaxation / (1 + np.exp(-odds))
    if fabric.arrhenius:
        with np.errstate(over="ignore"):
            rates = np.where(fabric.arrhenius, np.exp(odds / 2) / (2 * fabric.relaxation), rates)
    return float(rates.max())
