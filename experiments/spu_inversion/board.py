"""Eight parallel RLC cells whose capacitors hold a matrix, as the text of a netlist. Every value is assumed.

    G = 1 / R,  C = c A:   cov v = (S_I R / 4) C^-1 in the limit of white noise, S_I one-sided; inductors drop out

Elements of A: couplings -A_ij between cells and what is left of each row to ground, each in a bank of 2^bits - 1 equal
steps. Noise: white, through one pole t = R_n C_n, and a transconductance. With equal R and L that pole is exactly

    cov v = (S_I R / 4) (C + C_n 1)^-1,   C_n = t / R + t^2 / L

a capacitor more at every cell: a mode of capacitance c has c <v^2> = (S_I R / 4) / (1 + t / (R c) + t^2 / (L c)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CELLS = 8
BANK = 1e-9  # largest value of a bank [F]
R, L = 1e3, 10e-6
GM, R_N = 1e-3, 1e3
PSD = 1e-14  # one-sided, of the noise current into a cell at low frequency, gm R_n = 1 [A^2/Hz]
SAMPLE = 60e-6  # between samples: five amplitude times of the slowest cell


@dataclass(frozen=True)
class Flaws:
    """What departs from the ideal: bits of the banks, relative spreads, corner of the noise [Hz]."""

    bits: int | None = None
    capacitors: float = 0.0
    inductors: float = 0.0
    resistors: float = 0.0
    noise: float = 0.0
    corner: float = 10e9
    corrected: bool = False  # C_n taken out of the banks to ground

    @property
    def extra(self) -> float:
        """C_n [F]."""
        t = 1 / (2 * np.pi * self.corner)
        return t / R + t**2 / L


BOARD = Flaws(bits=4, capacitors=0.02, inductors=0.1, resistors=0.01, noise=0.1, corner=6e6)


def target(seed: int) -> np.ndarray:
    """A matrix with couplings of one sign, all eight to all, and a condition number of 25."""
    rng = np.random.default_rng(seed)
    off = np.triu(rng.uniform(0.2, 1.0, (CELLS, CELLS)), 1)
    off = off + off.T
    laplacian = np.diag(off.sum(axis=1)) - off
    ground = np.diag(rng.uniform(0.5, 1.5, CELLS))
    low, high = 1e-3, 1e3
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if np.linalg.cond(laplacian + middle * ground) > 25 else (low, middle)
    return laplacian + low * ground


def elements(
    matrix: np.ndarray, bits: int | None, rng: np.random.Generator | None = None, less: float = 0.0
) -> np.ndarray:
    """Banks [F]: (i, j) between cells, (i, i) to ground but for `less` [F]; to the nearest step, or up and down at
    random with `rng`."""
    banks = -np.tril(matrix, -1)
    np.fill_diagonal(banks, matrix.sum(axis=1))
    banks *= BANK / banks.max()
    np.fill_diagonal(banks, np.maximum(np.diag(banks) - less, 0.0))
    if bits is None:
        return banks
    steps = banks * (2**bits - 1) / BANK
    whole = np.rint(steps) if rng is None else np.floor(steps + rng.random(steps.shape))
    return np.tril(whole) * BANK / (2**bits - 1)


def capacitance(banks: np.ndarray) -> np.ndarray:
    """The Maxwell matrix of the banks [F]."""
    off = np.tril(banks, -1)
    off = off + off.T
    return np.diag(np.diag(banks) + off.sum(axis=1)) - off


def netlist(banks: np.ndarray, flaws: Flaws, die: int, draws: int, replicas: int) -> str:
    """The board as YAML."""
    c_n = 1 / (2 * np.pi * flaws.corner * R_N)
    spreads = {"L.l": flaws.inductors, "R.r": flaws.resistors, "N.psd": flaws.noise}
    lines = [
        "thermosim: 1",
        "name: spu_board",
        "description: Eight RLC cells with switched capacitors and one-pole noise. All values are assumed.",
        "subcircuits:",
        "  cell:",
        "    ports: [x]",
        "    instances:",
        f"      L: {{type: inductor, l: {L!r} H, pins: {{p: x, n: 0}}}}",
        f"      R: {{type: resistor, r: {R!r} Ohm, pins: {{p: x, n: 0}}}}",
        f"      N: {{type: white_noise, psd: {PSD!r} A^2/Hz, pins: {{p: e, n: 0}}}}",
        f"      Rn: {{type: resistor, r: {R_N!r} Ohm, noisy: false, pins: {{p: e, n: 0}}}}",
        f"      Cn: {{type: capacitor, c: {c_n!r} F, pins: {{p: e, n: 0}}}}",
        f"      A: {{type: transconductance, gm: {GM!r} S, pins: {{p: x, n: 0, cp: e, cn: 0}}}}",
        "instances:",
    ]
    mismatch = []
    for i in range(CELLS):
        lines.append(f'  s{i}: {{subcircuit: cell, pins: {{x: "x[{i}]"}}}}')
        mismatch += [f"s{i}.{name}: {{sigma: {100 * size!r} %}}" for name, size in spreads.items() if size]
    for i, j in zip(*np.nonzero(banks), strict=True):
        name, low = (f"C{i}", "0") if i == j else (f"C{i}_{j}", f'"x[{j}]"')
        lines.append(f'  {name}: {{type: capacitor, c: {float(banks[i, j])!r} F, pins: {{p: "x[{i}]", n: {low}}}}}')
        mismatch += [f"{name}.c: {{sigma: {100 * flaws.capacitors!r} %}}"] if flaws.capacitors else []
    if mismatch:
        lines.append(f"variation: {{seed: 1, die: {die}, mismatch: {{{', '.join(mismatch)}}}}}")
    every = round(SAMPLE * 1e9)
    lines.append(
        f"run: {{duration: {every * draws} ns, burn_in: {5 * every} ns, replicas: {replicas}, "
        f"record: {{x: every {every} ns}}, measure: [mixing]}}"
    )
    return "\n".join([*lines, ""])
