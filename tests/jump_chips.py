"""Small transistor circuits from netlist text, and a function that rebuilds their laws with one thing wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from thermosim.circuit import assemble, elaborate
from thermosim.circuit.program import Program
from thermosim.constants import BOLTZMANN, CHARGE
from thermosim.engine.simulator import run
from thermosim.netlist import load_text

KT = BOLTZMANN * 300.0
VT = KT / CHARGE

INVERTER = """\
  Vdd: {type: voltage_source, v: @V, pins: {p: vdd, n: 0}}
  Vin: {type: voltage_source, v: @IN, pins: {p: a, n: 0}}
  Mn: {type: nmos, i_0: 1 nA, v_th: 100 mV, n: 1.4, pins: {g: a, d: y, s: 0}}
  Mp: {type: pmos, i_0: 2 nA, v_th: 90 mV, n: 1.3, pins: {g: a, d: y, s: vdd}}
  C: {type: capacitor, c: @C, pins: {p: y, n: 0}}
"""
LATCH = """\
  Vdd: {type: voltage_source, v: @V, pins: {p: vdd, n: 0}}
  M1: {type: nmos, i_0: 1 nA, v_th: 100 mV, n: 1.0, pins: {g: x, d: y, s: 0}}
  M2: {type: pmos, i_0: 1 nA, v_th: 100 mV, n: 1.0, pins: {g: x, d: y, s: vdd}}
  M3: {type: nmos, i_0: 1 nA, v_th: 100 mV, n: 1.0, pins: {g: y, d: x, s: 0}}
  M4: {type: pmos, i_0: 1 nA, v_th: 100 mV, n: 1.0, pins: {g: y, d: x, s: vdd}}
  C1: {type: capacitor, c: @C, pins: {p: x, n: 0}}
  C2: {type: capacitor, c: @C, pins: {p: y, n: 0}}
"""


def program(body: str, record: str = "y", jumps: str = "auto", at: str = "300 K", **values: Any) -> Program:
    """The program of `body`, instances with @NAME to be filled from `values`; times are set by :func:`final`."""
    for name, value in sorted(values.items(), reverse=True):
        body = body.replace(f"@{name}", str(value))
    head = f"thermosim: 1\nname: small\ntemperature: {at}\ninstances:\n"
    tail = f"run: {{duration: 1 us, record: {{{record}: every 1 us}}, jumps: {jumps}}}\n"
    return assemble(elaborate(load_text(head + body + tail)))


def final(chip: Program, time: float, replicas: int, seed: int = 1) -> np.ndarray:
    """Voltages (replica, node of the first probe) after `time` [s]: independent draws, one per replica."""
    probe = replace(chip.probes[0], every=round(time * 1e15))
    chip = replace(chip, duration=round(time * 1e15), probes=(probe,))
    return run(chip, {}, seed=seed, replicas=replicas, threads=1).samples[probe.name][:, 0, :]


def charges(chip: Program, volts: np.ndarray, node: int = 0) -> np.ndarray:
    """Whole charges on the one node of a chip from its voltages; its inputs at their constant values."""
    law = chip.jump_islands[0].actual
    held = np.array([chip.driven[net] for net in chip.jump_islands[0].inputs])
    raw = (volts[:, node] - (law.divider @ held)[node]) / law.per_charge[0, 0]
    assert np.allclose(raw, np.rint(raw), atol=1e-6)
    return np.rint(raw).astype(int)


def birth_death(up, down, low: int, high: int) -> np.ndarray:
    """Stationary law on low .. high by the product formula p(N+1)/p(N) = up(N)/down(N+1)."""
    logs = [0.0]
    for n in range(low, high):
        logs.append(logs[-1] + np.log(up(n)) - np.log(down(n + 1)))
    p = np.exp(np.array(logs) - max(logs))
    return p / p.sum()


def chi_square(counts: np.ndarray, p: np.ndarray) -> float:
    """Standard normal score of Pearson's statistic, cells below 10 expected counts joined (Wilson and Hilferty)."""
    expected = counts.sum() * p
    order = np.argsort(expected)
    joined_expected, joined_counts, e, c = [], [], 0.0, 0.0
    for k in order:
        e, c = e + expected[k], c + counts[k]
        if e >= 10:
            joined_expected.append(e)
            joined_counts.append(c)
            e = c = 0.0
    joined_expected[-1] += e
    joined_counts[-1] += c
    found, wanted = np.array(joined_counts), np.array(joined_expected)
    freedom = len(wanted) - 1
    ratio = ((found - wanted) ** 2 / wanted).sum() / freedom
    return float((ratio ** (1 / 3) - (1 - 2 / (9 * freedom))) / np.sqrt(2 / (9 * freedom)))
