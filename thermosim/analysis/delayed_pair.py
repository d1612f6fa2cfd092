"""Two p-bits that feel each other `delay` late, in closed form: how far a slow synapse pulls them from Boltzmann's law.

With h = 0 and coupling J a p-bit flips at rate (k/2) (1 - c s_1 s_2(t - d)), c = tanh(beta J), where

    k = 1 / tau0 (constant rates),   k = cosh(beta J) / tau0 (Arrhenius rates, k0 = 1 / (2 tau0)),

so both devices are one in units of 1/k. For u > 0 the correlations g(u) = <s_1(t) s_1(t + u)> and f(u) = <s_2(t)
s_1(t + u)>, both even, obey g' = -k g + k c f(u - d) and f' = -k f + k c g(u - d). On 0 < u < d the combinations
p = f + g and m = g - f each close with their mirror image at d - u: p' = -k p + k c p(d - u), which is linear with
rates +-k sqrt(1 - c^2). Stationarity, f(0) = c g(d), gives with P = p(d)/p(0) and M = m(d)/m(0)

    <s_1 s_2> = f(0) = c (P + M) / (2 - c (P - M)).

It is c at d = 0, Boltzmann's value, and 0 at large d: the law becomes uniform.
"""

from __future__ import annotations

import math


def pair_correlation(coupling: float, delay: float, tau0: float, arrhenius: bool = False) -> float:
    """Stationary <s_1 s_2> of two free-running p-bits.

    Parameters
    ----------
    coupling
        beta J, dimensionless.
    delay, tau0
        Delay of the synapse and relaxation time of an unbiased p-bit [s].
    arrhenius
        Whether rates are k0 exp(-s a / 2) with k0 = 1 / (2 tau0) instead of bounded by 1 / tau0.
    """
    c = math.tanh(coupling)
    late = delay / tau0 * (math.cosh(coupling) if arrhenius else 1.0)
    rate = math.sqrt(1 - c * c)

    def mirrored(feedback: float) -> float:
        """p(d) / p(0) of p' = -p + feedback p(d - u): (r + feedback sinh) / (r cosh + sinh), without overflow."""
        fall = math.exp(-2 * rate * late)
        cosh, sinh = (1 + fall) / 2, (1 - fall) / 2
        return (rate * math.exp(-rate * late) + feedback * sinh) / (rate * cosh + sinh)

    plus, minus = mirrored(c), mirrored(-c)
    return c * (plus + minus) / (2 - c * (plus - minus))
