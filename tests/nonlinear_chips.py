"""Small nonlinear chips, and their steps and laws in plain NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from thermosim import load
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
    """One step of the island's scheme from `state` (n, replicas) with the normals z, as kernels/sde.py says."""
    rest, n = island.actual.rest, len(state)
    inverse = np.linalg.inv(island.actual.linear.capacitance)
    into, sense = rest.columns(n), rest.columns(n, sense=True)
    offset = rest.held @ held + rest.offset[:, None]
    drive = inputs @ np.vstack([held, np.ones((1, state.shape[1]))])

    def rate(x):
        return -inverse @ into @ rest.current(sense.T @ x + offset)

    def kick(x, h):
        return x + h * rate(x + h / 2 * rate(x))

    def line(x):
        return linear.decay @ x + drive

    noise = linear.factor @ z
    if island.scheme == "splitting":
        return kick(line(kick(state, seconds / 2)) + noise, seconds / 2)
    first = line(state) + seconds * rate(state) + noise
    if island.scheme == "euler":
        return first
    return (state + line(first) + seconds * rate(first) + noise) / 2


def normals_of(runner, number):
    """The normals of a runner's step."""
    z = np.empty(runner.state.shape)
    normals(runner._keys, np.uint64(number), z)
    return z


def one_step_operator(island, seconds, half_width, points=141):
    """(points, matrix): of one node, what a step makes of functions: (P f)(x) = <f(x')>, f through Chebyshev points."""
    from thermosim.engine.nonlinear import linear_step

    linear, inputs = linear_step(island, seconds)
    x = half_width * np.cos(np.pi * np.arange(points) / (points - 1))
    z, w = np.polynomial.hermite_e.hermegauss(60)
    w = w / w.sum()
    held = np.zeros((0, points * len(z)))
    start, noise = np.repeat(x, len(z))[None], np.tile(z, points)[None]
    after = step_in_numpy(island, start, held, linear, inputs, seconds, noise)[0]
    after = np.clip(after, -half_width, half_width)
    sign = np.where(np.arange(points) % 2, -1.0, 1.0)
    sign[[0, -1]] /= 2
    distance = after[:, None] - x[None, :]
    hit = np.abs(distance) < 1e-15 * half_width
    distance[hit] = 1.0
    part = sign / distance
    basis = part / part.sum(axis=1, keepdims=True)
    basis[hit.any(axis=1)] = hit[hit.any(axis=1)]
    return x, np.einsum("q,pqj->pj", w, basis.reshape(points, len(z), points))


def stationary_of(matrix):
    """Weights (point,) by which the stationary law of the steps averages functions."""
    n = len(matrix)
    system = np.vstack([(matrix - np.eye(n)).T, np.ones((1, n))])
    return np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]
