"""The transient part of an ngspice deck: how often noise is drawn, for how long, and what is averaged.

h = tau_fast / 4 and steps of at most h / 5; averaged over 20,000 tau_slow, where one variance has an error of 1 %
(sqrt(2 tau / t) of an OU process), after 10 tau_slow. What to expect is not kT/C but
:func:`thermosim.analysis.interpolated.covariance` at that h: 0.893 of it for one RC.
"""

from __future__ import annotations

import numpy as np

from thermosim.analysis import linear
from thermosim.circuit.program import Island

DRAWS, STEPS, SETTLING, LENGTH = 4, 5, 10, 20_000


def _rates(islands: tuple[Island, ...]) -> tuple[float, float]:
    """Slowest decay and fastest rate [1/s]."""
    rates = np.concatenate([linear.modes(i.actual.capacitance, i.actual.conductance).rates for i in islands])
    return float(rates.real.min()), float(np.abs(rates).max())


def interval(islands: tuple[Island, ...]) -> float:
    """Time between two draws [s]."""
    return float(f"{1 / _rates(islands)[1] / DRAWS:.3g}")


def duration(islands: tuple[Island, ...]) -> float:
    """Length of the run [s], settling included."""
    return float(f"{(LENGTH + SETTLING) / _rates(islands)[0]:.6g}")


def notice(interval: float, duration: float) -> str:
    """How much work the deck asks for, in words."""
    return f"noise is drawn every {interval:g} s; about {duration / interval * STEPS:.2g} points, all kept in memory"


def runs(
    islands: tuple[Island, ...], measured: tuple[tuple[str, ...], ...], interval: float, duration: float
) -> list[str]:
    """Control lines: one transient, and the average of every product about the operating point."""
    begin = float(f"{SETTLING / _rates(islands)[0]:.6g}")
    span = f"from={begin:g} to={duration:.9g}"
    lines = [".control", "set numdgt=15", f"tran {interval:g} {duration:.9g} 0 {interval / STEPS:g}"]
    for name in (name for nodes in measured for name in nodes):
        lines += [f"echo thermosim mean {name}", f"print v({name})[0]"]
    count = 0
    for nodes in measured:
        for k, a in enumerate(nodes):
            for b in nodes[k:]:
                count += 1
                lines += [
                    f"let product{count} = (v({a})-v({a})[0])*(v({b})-v({b})[0])",
                    f"meas tran average{count} avg product{count} {span}",
                    f"echo thermosim covariance {a} {b}",
                    f"print average{count}",
                ]
    return [*lines, "quit 0", ".endc", ".end"]
