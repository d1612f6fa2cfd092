"""Small nonlinear chips, and the NumPy steps of :mod:`thermosim.analysis.scheme` for their islands."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from thermosim import load
from thermosim.analysis.scheme import LinearPart, operator, stepped
from thermosim.engine.nonlinear import linear_step
from thermosim.kernels.normal import normals

HEAD = "thermosim: 1\nname: chip\n"
WELL = """
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  Q: {type: polynomial_conductance, g1: -10 uS, g3: 2 mS/V^2, noisy: false, pins: {p: x, n: 0}}
  N: {type: white_noise, psd: 2e-20 A^2/Hz, pins: {p: x, n: 0}}
"""
RUN = "run: {duration: 40 us, burn_in: 4 us, replicas: 64, record: {x: every 400 ns}}\n"


def chip(folder: Path, instances: str, run: str = RUN, more: str = ""):
    """A chip of these instances."""
    path = folder / "chip.yaml"
    path.write_text(HEAD + more + "instances:" + instances + run)
    return load(path)


def mixed(links: str = "") -> str:
    """Three nodes with every kind of curve, driven from a source, between nodes and to ground."""
    return (
        """
  V: {type: voltage_source, v: 30 mV, pins: {p: u, n: 0}}
  C: {type: capacitor, c: 1 pF, shape: [3], pins: {p: "x[i]", n: 0}}
  R: {type: resistor, r: 150 kOhm, shape: [3], pins: {p: "x[i]", n: 0}}
  P: {type: polynomial_conductance, g1: 2 uS, g2: 30 uS/V, g3: 900 uS/V^2, g4: 1 mS/V^3, g5: 20 mS/V^4, noisy: false,
      pins: {p: "x[0]", n: "x[1]"}}
  T: {type: tanh_conductance, g: 8 uS, i_max: 0.5 uA, noisy: false, pins: {p: u, n: "x[2]"}}
  Q: {type: polynomial_conductance, g3: 1 mS/V^2, noisy: false, pins: {p: "x[1]", n: 0}}
  N: {type: white_noise, psd: 2e-20 A^2/Hz, shape: [3], pins: {p: "x[i]", n: 0}}
"""
        + links
    )


def step_in_numpy(island, state, held, linear, inputs, seconds, z):
    """One step of the island's scheme from `state` (n, replicas) with the normals z."""
    part = LinearPart(linear.decay, linear.factor, inputs)
    law = island.actual
    return stepped(island.scheme, state, held, part, law.linear.capacitance, law.rest, seconds, z)


def normals_of(runner, number):
    """The normals of a runner's step."""
    z = np.empty(runner.state.shape)
    normals(runner._keys, np.uint64(number), z)
    return z


def one_step_operator(island, seconds, half_width):
    """(points, matrix) of :func:`thermosim.analysis.scheme.operator` around 0 V."""
    linear, inputs = linear_step(island, seconds)
    part = LinearPart(linear.decay, linear.factor, inputs)
    law = island.actual
    return operator(
        island.scheme, part, law.linear.capacitance, law.rest, np.zeros(0), seconds, -half_width, half_width
    )
