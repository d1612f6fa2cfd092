"""Small chips whose elements change in time, as netlists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import thermosim

HEAD = "thermosim: 1\nname: moving\ntemperature: 300 K\n"


def chip(folder: Path, body: str, **values: Any) -> thermosim.Chip:
    """The chip of a netlist without its head; `values` are set by dotted path, with __ for the dots."""
    file = folder / "moving.yaml"
    file.write_text(HEAD + body)
    return thermosim.load(file, {name.replace("__", "."): value for name, value in values.items()})


SWITCHED = """
instances:
  CK: {type: clock, frequency: 1 MHz, pins: {out: phi}}
  V: {type: voltage_source, v: 1 V, pins: {p: u, n: 0}}
  S1: {type: switch, r_on: 10 kOhm, r_off: 1 TOhm, duty: 0.45, pins: {p: u, n: x, clock: phi}}
  S2: {type: switch, r_on: 10 kOhm, r_off: 1 TOhm, duty: 0.45, phase: 0.5, pins: {p: x, n: y, clock: phi}}
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  CL: {type: capacitor, c: 10 pF, pins: {p: y, n: 0}}
  RL: {type: resistor, r: 1 MOhm, pins: {p: y, n: 0}}
run: {duration: 20 us, burn_in: 40 us, replicas: 512, record: {x: every 1 us, y: every 1 us}}
"""
"""A switched capacitor of 1 pF at 1 MHz, in the place of 1 MOhm, over a load of 1 MOhm."""

EVERYTHING = """
parameters: {f: 50 kHz}
generators:
  swing: {rate: 2 MHz, expression: "{1 + 0.5 * sin(2 * pi * f * t)}", period: 20 us}
  hops: {points: [[0 s, 1], [3 us, -1], [7.3 us, 0.25]], period: 11 us}
  fade: {rate: 1 MHz, points: [[0 s, 4], [20 us, 1]], between: lines}
instances:
  CK: {type: clock, frequency: 300 kHz, pins: {out: phi}}
  V: {type: voltage_source, v: 100 mV, gain: hops, pins: {p: u, n: 0}}
  R: {type: resistor, r: 1 MOhm, gain: swing, pins: {p: u, n: x}}
  I: {type: current_source, i: 50 nA, gain: hops, pins: {p: y, n: 0}}
  N: {type: white_noise, psd: 1e-24 A^2/Hz, gain: fade, pins: {p: x, n: 0}}
  S: {type: switch, r_on: 100 kOhm, r_off: 1 GOhm, duty: 0.4, delay: 100 ns, pins: {p: x, n: y, clock: phi}}
  T: {type: switch, r_on: 1 MOhm, r_off: 1 GOhm, closed: [[2 us, 5 us], [9 us, 30 us]], pins: {p: y, n: 0}}
  C1: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  C2: {type: capacitor, c: 2 pF, pins: {p: y, n: 0}}
  C3: {type: capacitor, c: 0.5 pF, pins: {p: y, n: u}}
run: {duration: 40 us, burn_in: 2 us, replicas: 5, record: {x: every 700 ns, y: every 700 ns, u: every 1 us}}
"""
"""Something of every kind that moves, at times that share no period."""

WIDER = """
generators:
  hops: {points: [[0 s, 1], [3 us, -1], [7.3 us, 0.25]], period: 11 us}
  fade: {rate: 1 MHz, points: [[0 s, 4], [20 us, 1]], between: lines}
instances:
  CK: {type: clock, frequency: 300 kHz, pins: {out: phi}}
  V: {type: voltage_source, v: 1 mV, gain: hops, pins: {p: u, n: 0}}
  R: {type: resistor, r: 100 kOhm, gain: fade, pins: {p: u, n: m}}
  S: {type: switch, r_on: 50 kOhm, r_off: 10 MOhm, duty: 0.4, pins: {p: m, n: x, clock: phi}}
  I: {type: current_source, i: 5 nA, gain: hops, pins: {p: m, n: 0}}
  J: {type: current_source, i: 2 nA, gain: fade, pins: {p: 0, n: m}}
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  L: {type: inductor, l: 50 mH, pins: {p: x, n: w}}
  RW: {type: resistor, r: 200 kOhm, temperature: 600 K, pins: {p: w, n: 0}}
  A: {type: amplifier, gain: 0.5, bandwidth: 100 kHz, output_resistance: 1 MOhm, psd: 1e-14 V^2/Hz,
      pins: {in_p: x, in_n: 0, out: y}}
  CY: {type: capacitor, c: 2 pF, pins: {p: y, n: 0}}
  E: {type: voltage_source, v: 0.3 mV, pins: {p: z, n: y}}
  T: {type: switch, r_on: 1 MOhm, r_off: 1 GOhm, closed: [[2 us, 5 us], [9 us, 30 us]], pins: {p: z, n: x}}
run: {duration: 40 us, burn_in: 2 us, replicas: 5, record: {x: every 700 ns, y: every 700 ns}}
"""
"""Coils, amplifiers, a net without capacitance and a tied one among what moves."""

FORWARD = """
parameters: {f: 20 kHz}
generators: {beta: {rate: 2 MHz, expression: "{0.1 + 40 * t * f}", until: 10 us}}
instances:
  R: {type: resistor, r: 20 MOhm, gain: beta, pins: {p: "x[0]", n: 0}}
  C: {type: capacitor, c: 1 pF, shape: [2], pins: {p: "x[i]", n: 0}}
couplings: {c: {between: [x, x], model: {type: resistor, r: 20 MOhm, gain: beta}, lattice: {name: chain}}}
run: {duration: 10 us, replicas: 5, record: {x: every 1 us}}
"""
"""A forward diffusion: beta(t) on drift and noise alike, of a resistor and of a coupling."""

KNOBS = """
generators:
  near: {points: [[0 s, 1], [3 us, 2.5], [7.3 us, 0.6]], period: 11 us}
  far: {points: [[0 s, 0.5], [2 us, 1.5], [3 us, 1], [6.1 us, 3]], period: 11 us}
instances:
  U: {type: voltage_source, v: 60 uV, gain: near, pins: {p: u, n: 0}}
  W: {type: voltage_source, v: -30 uV, pins: {p: w, n: 0}}
  C1: {type: capacitor, c: 1 pF, gain: near, pins: {p: x, n: 0}}
  C12: {type: capacitor, c: 0.7 pF, gain: near, pins: {p: x, n: y}}
  C2: {type: capacitor, c: 2 pF, pins: {p: y, n: 0}}
  CU: {type: capacitor, c: 0.5 pF, gain: far, pins: {p: y, n: u}}
  RW: {type: resistor, r: 1 MOhm, temperature: 400 K, pins: {p: w, n: x}}
  RX: {type: resistor, r: 2 MOhm, pins: {p: x, n: 0}}
  RY: {type: resistor, r: 2 MOhm, gain: far, temperature: 100 K, pins: {p: y, n: 0}}
  I: {type: current_source, i: 20 pA, gain: near, pins: {p: y, n: 0}}
run: {duration: 11 us, burn_in: 0 us, replicas: 5, record: {x: every 1.1 us, y: every 1.1 us}, measure: [mixing, heat]}
"""
"""Capacitors that change, one of them to a net that steps at the same instants, with heat."""
