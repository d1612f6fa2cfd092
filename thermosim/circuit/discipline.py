"""Which update discipline samples the Boltzmann law exactly, and why another does not.

    exact       one colour per tick, one p-bit per tick (in turn or picked), RNGs held, with memory or without;
                free-running p-bits whose synapses are instantaneous, k_up / k_dn = exp(2 beta I)
    not exact   coupled p-bits updated at one instant; RNGs that relax while others are latched; inputs that lag;
                p-bits whose odds are not exp(2 beta I)

An update that resamples s_i from p(s_i | rest), or keeps it, leaves the law fixed, and so do mixtures and products of
such updates. All-parallel updates leave P(s) ~ exp(beta h.s) prod_i 2 cosh(beta (sum_j J_ij s_j + h_i)) fixed where
J is symmetric: Peretto, Biol. Cybern. 50, 51 (1984).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats
from thermosim.models.pbit import Barriers
from thermosim.units import show


@dataclass(frozen=True)
class Discipline:
    """Whether a fabric's dynamics leave its Boltzmann law fixed; if not, the reason."""

    boltzmann: bool
    reason: str = ""


LOGIT_ERROR = 0.05
"""Error of the log-odds from which on a response counts as another law: 1 % of probability at p = 1/2."""


@dataclass(frozen=True)
class Misfit:
    """Largest error of the log-odds of a p-bit that the couplings reach, its `node`, and its largest argument there.

    The error is infinite where the p-bit never goes against its input.
    """

    error: float
    node: int
    reach: float


def misfit(fabric: Fabric) -> Misfit:
    """How far the responses of a fabric are from the logistic function where its couplings drive them."""
    law, wells = fabric.programmed, fabric.barriers
    reach = np.abs(law.biases).copy()
    for side in (0, 1):
        np.add.at(reach, law.edges[:, side], np.abs(law.weights))
    reach *= 2 * law.beta
    worst, node = 0.0, 0
    for i in _told(wells, reach) if wells is not None else ():
        assert wells is not None
        argument = np.linspace(-reach[i], reach[i], 17)
        rise, fall = wells.rates(i, argument)
        with np.errstate(divide="ignore"):
            error = float(np.max(np.abs(np.log(rise) - np.log(fall) - argument)))
        if error > worst:
            worst, node = error, i
    return Misfit(worst, node, float(reach[node]))


def _told(wells: Barriers, reach: Floats) -> list[int]:
    """The nodes with wells, and of those with one curve the one that is driven farthest."""
    nodes = [int(i) for i in np.flatnonzero(wells.exponent)]
    for curve in dict.fromkeys(wells.curves):
        mine = np.array([c is curve for c in wells.curves]) & (wells.exponent == 0)
        if mine.any():
            nodes.append(int(np.argmax(np.where(mine, reach, -1.0))))
    return nodes


def _answers(fabric: Fabric) -> Discipline:
    """What is known of the responses."""
    wells = fabric.barriers
    if wells is None or fabric.input_nets is not None:
        return Discipline(True)
    found = misfit(fabric)
    if found.error <= LOGIT_ERROR:
        return Discipline(True)
    names = [str(curve) for curve, n in zip(wells.curves, wells.exponent, strict=True) if n == 0]
    other = ", ".join(name for name in dict.fromkeys(names) if name != "logistic")
    what = f"response: {other}" if other else "the wells of its p-bits"
    far = f"off by up to {found.error:.2g}"
    if not np.isfinite(found.error):
        far = "infinite: a p-bit never goes against such an input, and the chain may freeze where it started"
    return Discipline(
        False,
        f"{what} — the odds of an answer are not exp(2 beta I), which detailed balance asks for, so the chip does not "
        f"sample the Boltzmann law; at 2 beta |I| = {found.reach:.3g}, the largest at node {found.node}, the log-odds "
        f"are {far}",
    )


def discipline(fabric: Fabric) -> Discipline:
    """What is known of a fabric before it runs."""
    answers = _answers(fabric)
    if not answers.boltzmann:
        return answers
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
    if fabric.arrhenius:
        with np.errstate(over="ignore"):
            rates = np.where(fabric.arrhenius, np.exp(odds / 2) / (2 * fabric.relaxation), rates)
    return float(rates.max())
