"""Whether a fabric's dynamics leave the Boltzmann law of its couplings, biases and beta fixed, and why not.

    exact       one colour per tick, one p-bit per tick (in turn or picked), RNGs held, with memory or without;
                free-running p-bits whose synapses are instantaneous, k_up / k_dn = exp(a)
    no law      directed couplings: no energy. Without a cycle, parents updated before their children and RNGs that
                forget: the product of conditionals
    not exact   coupled p-bits updated at one instant; RNGs that relax while others are latched; inputs that lag;
                coupled p-bits of different beta, for beta_i J_ij is not beta_j J_ji then;
                tempered copies whose exchanges weigh other energies than those that the die runs;
                log-odds that are not a = 2 beta (sum_j J_ij s_j + h_i): a device's barriers, its gain and its offset

An update that resamples s_i from p(s_i | rest), or keeps it, leaves the law fixed, and so do mixtures and products of
such updates. All-parallel updates leave P(s) ~ exp(beta h.s) prod_i 2 cosh(beta (sum_j J_ij s_j + h_i)) fixed where
J is symmetric: Peretto, Biol. Cybern. 50, 51 (1984). Unequal gains g_i make g_i J_ij unsymmetric: no energy, no law of
Boltzmann's; an offset is another bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.circuit.ising import one_law
from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats
from thermosim.models.pbit import Barriers
from thermosim.units import show

EXACT = 1e-6
"""Error of log-odds that no count could see: it would take 1e12 draws."""


@dataclass(frozen=True)
class Discipline:
    """Whether a fabric's dynamics leave its Boltzmann law fixed; if not, the reasons."""

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
    """Largest |ln(k_up / k_down) - a| at the arguments a that the couplings reach; none without wells and curves."""
    wells = fabric.barriers
    if wells is None:
        return Misfit(0.0, 0, 0.0)
    low, high = arguments_reached(fabric)
    reach = np.maximum(np.abs(low), np.abs(high))
    worst, node = 0.0, 0
    for i in _told(wells, reach):
        argument = np.linspace(low[i], high[i], 17)
        log_up, log_down = wells.log_rates(i, argument)
        error = float(np.max(np.abs(log_up - log_down - argument)))
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


def _of_inner_states(fabric: Fabric) -> Discipline:
    """What is known of p-bits that are integrated in time."""
    coupled, wired = fabric.actual.coupled, fabric.order == "free"
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
    reason = "; ".join(reason for reason in (*reasons, _odds(fabric)) if reason)
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
    if not fabric.actual.symmetric:
        return Discipline(False, "; ".join(filter(None, (_directed(fabric), _odds(fabric)))))
    if fabric.inner:
        return _of_inner_states(fabric)
    found = (_unequal(fabric), together(fabric), _odds(fabric), _tempered(fabric))
    reasons = [reason for reason in found if reason]
    return Discipline(not reasons, "; ".join(reasons))


def together(fabric: Fabric) -> str:
    """What is wrong with when p-bits are updated, if anything; of symmetric couplings."""
    if not fabric.actual.coupled:
        return ""
    if fabric.order == "parallel":
        return (
            "order: parallel — coupled p-bits are updated at one instant, each from the others' old values, so the "
            + (
                "chip does not sample the Boltzmann law"
                if len(fabric.actual.terms)
                else "chip samples exp(beta h.s) prod 2 cosh(beta (J s + h)) at best (without RNG memory), not the "
                "Boltzmann law"
            )
        )
    if fabric.order == "subset":
        return (
            f"order: subset — a tick updates {fabric.chance:.3g} of the p-bits at one instant, neighbours among them, "
            "so the chip does not sample the Boltzmann law exactly; the error vanishes with the chance"
        )
    if fabric.order == "free":
        if fabric.settling == 0 and fabric.delay == 0:
            return ""
        return (
            f"order: free — p-bits flip on inputs that are {show(fabric.settling + fabric.delay, 's')} late, so the "
            "chip does not sample the Boltzmann law exactly; the error vanishes with the lag times the flip rate"
        )
    if fabric.rng == "free":
        return (
            "rng: free — the RNGs see other colours move before they are latched, so the chip does not sample "
            "the Boltzmann law exactly; the error vanishes with what an RNG remembers after a slot"
        )
    return ""


def _odds(fabric: Fabric) -> str:
    """What is wrong with the log-odds that p-bits are redrawn with; analog inputs declare no law to be held against."""
    if fabric.input_nets is not None and any(fabric.input_nets):
        return ""
    reasons = []
    slope = fabric.slope if fabric.factors is None else fabric.slope / fabric.factors
    gain, shift = np.abs(slope - 1.0), np.abs(fabric.shift)
    parts = []
    if gain.max() > EXACT:
        parts.append(f"have {slope.min():.3g} to {slope.max():.3g} of the nominal gain")
    if shift.max() > EXACT:
        parts.append(f"have inputs that are off by up to {shift.max():.3g} in log-odds")
    if parts:
        reasons.append(f"the p-bits of this die {' and '.join(parts)}, so the chip samples a law of its own")
    found = misfit(fabric)
    if found.error > EXACT and fabric.barriers is not None:
        wells = fabric.barriers
        names = [str(curve) for curve, n in zip(wells.curves, wells.exponent, strict=True) if n == 0]
        other = ", ".join(name for name in dict.fromkeys(names) if name != "logistic")
        what = f"response: {other}" if other else "the wells of its p-bits"
        far = f"off by up to {found.error:.2g}"
        if not np.isfinite(found.error):
            far = "infinite: a p-bit never goes against such an input, and the chain may freeze where it started"
        reasons.append(
            f"{what} — the odds of an answer are not exp(2 beta I), which detailed balance asks for, so the chip does "
            f"not sample the Boltzmann law; at 2 beta |I| = {found.reach:.3g}, the largest at node {found.node}, the "
            f"log-odds are {far}"
        )
    return "; ".join(reasons)


def arguments_reached(fabric: Fabric) -> tuple[Floats, Floats]:
    """Least and largest argument of the response of every p-bit (node,) that any state gives, without analog inputs."""
    law = fabric.actual
    pull = law.reach()
    middle = 2 * law.beta * fabric.slope * law.biases + fabric.shift
    reach = 2 * law.beta * np.abs(fabric.slope) * pull
    return middle - reach, middle + reach


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


def _unequal(fabric: Fabric) -> str:
    """Where detailed balance breaks between p-bits of different beta."""
    factors = fabric.factors
    if factors is None:
        return ""
    ends = fabric.actual.joined()
    apart = ends[factors[ends[:, 0]] != factors[ends[:, 1]]]
    i, j = (int(node) for node in apart[0])
    many = "coupling joins" if len(apart) == 1 else "couplings join"
    return (
        f"beta_factors — {len(apart)} {many} p-bits of different beta ({fabric.name(i)} x {factors[i]:.3g} and "
        f"{fabric.name(j)} x {factors[j]:.3g} among them), which feel it with different strength, so the chip "
        "samples no Boltzmann law"
    )


def _tempered(fabric: Fabric) -> str:
    """What is wrong with exchanges with copies at other betas, if anything."""
    if fabric.tempering is None or exchanges_exactly(fabric):
        return ""
    return (
        "tempering — exchanges weigh states by their energies in the weights as programmed, and this die runs others "
        f"(off by {off_by(fabric):.2g} of them in rms), so they pull every copy away from the law of the die, and no "
        "copy samples a Boltzmann law exactly"
    )


def exchanges_exactly(fabric: Fabric) -> bool:
    """Whether exchanges by the programmed energy leave the laws of all copies fixed.

    A copy at beta_k with P(+1) = sigmoid(2 beta_k slope (J s + h) + shift) samples exp(-beta_k E' + shift.s / 2), E'
    with slope J and slope h; an exchange by E needs E' = E. What offsets shift is alike in all copies and cancels.
    """
    law, meant = fabric.actual, fabric.programmed
    return fabric.barriers is None and one_law(law, meant) and bool(np.all(fabric.slope == 1.0))


def off_by(fabric: Fabric) -> float:
    """Deviation of the die's couplings and biases from the programmed ones, rms over rms."""
    law, meant = fabric.actual, fabric.programmed
    felt = fabric.slope[law.edges.ravel()] * np.repeat(law.weights, 2)
    programmed = np.concatenate([np.repeat(meant.weights, 2), meant.biases])
    apart = np.concatenate([felt, fabric.slope * law.biases]) - programmed
    return float(np.sqrt((apart**2).sum() / max(float((programmed**2).sum()), 1e-300)))


def fastest_flip(fabric: Fabric) -> float:
    """Largest flip rate that any state gives any p-bit [1/s], input settled."""
    low, high = arguments_reached(fabric)
    odds: Floats = np.maximum(np.abs(low), np.abs(high))
    rates = 1 / fabric.relaxation / (1 + np.exp(-odds))
    if any(item.kind == "design2" for item in fabric.inner):
        return float((np.exp(odds / 2) / (2 * fabric.relaxation)).max())
    if fabric.arrhenius:
        with np.errstate(over="ignore"):
            rates = np.where(fabric.arrhenius, np.exp(odds / 2) / (2 * fabric.relaxation), rates)
    return float(rates.max())
