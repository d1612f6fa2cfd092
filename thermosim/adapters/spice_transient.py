"""The transient part of an ngspice deck: how often noise is drawn, for how long, and what is averaged.

h = tau_fast / 4 and steps of at most h / 5; averaged over 20,000 tau_slow, where one variance has an error of 1 %
(sqrt(2 tau / t) of an OU process), after 10 tau_slow. What to expect is not kT/C but
:func:`thermosim.analysis.interpolated.covariance` at that h: 0.893 of it for one RC.

The variance of the normals that ngspice 39 draws wanders as they are drawn, for all sources alike: by 1 to 4 % in a
million normals and up to 13 % in ten million. So references beside the chip, draws of 1 A into 1 Ohm and tau = 4 h
each, are averaged too, and covariances are divided by what they show over what they should.
"""

from __future__ import annotations

import numpy as np

from thermosim.analysis import interpolated, linear
from thermosim.circuit.program import Island

DRAWS, STEPS, SETTLING, LENGTH, REFERENCES = 4, 5, 10, 20_000, 4


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


def references(interval: float) -> list[str]:
    """Lines of the references."""
    return [
        line
        for k in range(REFERENCES)
        for line in (
            f"i_drift{k} 0 drift{k} dc 0 trnoise(1 {interval:.15g} 0 0)",
            f"r_drift{k} drift{k} 0 1 noisy=0",
            f"c_drift{k} drift{k} 0 {DRAWS * interval:.15g}",
        )
    ]


def expected(interval: float) -> float:
    """Variance of a reference [V^2] with normals of variance 1: two-sided S = h."""
    one = np.ones((1, 1))
    return float(interpolated.covariance(DRAWS * interval * one, one, interval * one, interval)[0, 0])


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
    square = "+".join(f"v(drift{k})*v(drift{k})" for k in range(REFERENCES))
    lines += [f"let product0 = ({square})/{REFERENCES}", f"meas tran average0 avg product0 {span}"]
    lines += ["echo thermosim drift", "print average0"]
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
