"""A magnet as one unit vector m with a thermal field: stochastic Landau-Lifshitz-Gilbert equation with spin torque.

Gilbert's form, its torque T and what follows from m x (1): m x dm/dt = m x T - a dm/dt, since m.dm/dt = 0:

    dm/dt = T + a m x dm/dt,   T = -g0 m x H + g0 b m x (p x m)                                              (1)
    (1 + a^2) dm/dt = T + a m x T = -g0 m x (A + m x B),   A = H - a b p,   B = a H + b p                    (2)

a damping; g0 = mu0 gamma [m/(A s)]; p the polariser; b = hbar I_s / (2 q mu0 M_s V) [A/m] of a spin current I_s [A].
H = H_K m_z z - M_s N m + H_ext + H_th [A/m]; the thermal field is white and read in the sense of Stratonovich,

    <H_th,i(t) H_th,j(t')> = 2 a kT / (g0 mu0 M_s V) delta_ij delta(t - t'),   sigma_H = sqrt(that / step) in a step.

It stands in A and in B, so no factor (1 + a^2) belongs to it: exp(-E/kT) is stationary, which is tested.
Heun: k1 = f(m, H_th), k2 = f(m + k1, H_th) with the same H_th, m <- (m + (k1 + k2) / 2) / |.|.
Normals: :mod:`thermosim.kernels.normal`, three for each magnet and step, named by key and step.
Brown, Phys. Rev. 130, 1677 (1963); Slonczewski, J. Magn. Magn. Mater. 159, L1 (1996); Garcia-Palacios and Lazaro,
Phys. Rev. B 58, 14937 (1998).
"""

import math

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.normal import fill, workspace
from thermosim.kernels.random import bits64
from thermosim.kernels.tiles import WIDTH

COLUMNS = (
    "turn", "damping", "anisotropy", "shape_x", "shape_y", "shape_z", "field_x", "field_y", "field_z",
    "polariser_x", "polariser_y", "polariser_z", "torque", "noise", "field_drive", "torque_drive", "threshold",
)  # fmt: skip
"""One row for each magnet: turn = g0 step / (1 + a^2) [m/A]; a; H_K, M_s N, H_ext [A/m]; p; b and sigma_H [A/m];
what one unit of the input adds to H along z and to b [A/m]; the m_z above which the output is +1."""


@jit_noalias
def _heun(row, x, y, z, wx, wy, wz, drive):
    """One step of one magnet in all lanes; x, y, z (WIDTH,) are replaced; w are normals, `drive` the input."""
    turn, a, anisotropy = row[0], row[1], row[2]
    sx, sy, sz, fx, fy, fz = row[3], row[4], row[5], row[6], row[7], row[8]
    px, py, pz, torque, noise = row[9], row[10], row[11], row[12], row[13]
    for k in range(WIDTH):
        hx, hy = fx + noise * wx[k], fy + noise * wy[k]
        hz = fz + noise * wz[k] + row[14] * drive[k]
        b = torque + row[15] * drive[k]
        mx, my, mz = x[k], y[k], z[k]
        ux, uy, uz = mx, my, mz
        dx, dy, dz = 0.0, 0.0, 0.0
        for _ in range(2):
            ex, ey, ez = hx - sx * ux, hy - sy * uy, hz + (anisotropy - sz) * uz
            bx, by, bz = a * ex + b * px, a * ey + b * py, a * ez + b * pz
            ax = ex - a * b * px + uy * bz - uz * by
            ay = ey - a * b * py + uz * bx - ux * bz
            az = ez - a * b * pz + ux * by - uy * bx
            kx, ky, kz = turn * (uz * ay - uy * az), turn * (ux * az - uz * ax), turn * (uy * ax - ux * ay)
            ux, uy, uz = mx + kx, my + ky, mz + kz
            dx, dy, dz = dx + 0.5 * kx, dy + 0.5 * ky, dz + 0.5 * kz
        mx, my, mz = mx + dx, my + dy, mz + dz
        scale = 1.0 / math.sqrt(mx * mx + my * my + mz * mz)
        x[k], y[k], z[k] = scale * mx, scale * my, scale * mz


@jit
def move(table, magnet, normals, drive):
    """One step of a tile: table (cell, COLUMNS), magnet and normals (3 cell, WIDTH), drive (cell, WIDTH)."""
    for cell in range(table.shape[0]):
        at = 3 * cell
        _heun(
            table[cell], magnet[at], magnet[at + 1], magnet[at + 2],
            normals[at], normals[at + 1], normals[at + 2], drive[cell],
        )  # fmt: skip


@jit
def follow(table, magnet, keys, begin, steps, drive):
    """Steps begin .. begin + steps - 1 of magnets that feel constant inputs.

    Parameters
    ----------
    table : (cell, COLUMNS) float64; magnet : (3 cell, replica) float64, unit vectors, replaced
    keys : (replica,) uint64; drive : (cell, replica) float64
    """
    cells, replicas = table.shape[0], keys.size
    bits = np.zeros(WIDTH, np.uint64)
    state, inputs, drawn = np.zeros((3 * cells, WIDTH)), np.zeros((cells, WIDTH)), np.empty((3 * cells, WIDTH))
    high, low, even, odd = workspace()
    for first in range(0, replicas, WIDTH):
        width = min(WIDTH, replicas - first)
        state[:] = 1.0
        inputs[:] = 0.0
        state[:, :width] = magnet[:, first : first + width]
        inputs[:, :width] = drive[:, first : first + width]
        for step in range(begin, begin + steps):
            for k in range(width):
                bits[k] = bits64(keys[first + k], np.uint64(step))
            fill(bits, drawn, high, low, even, odd)
            move(table, state, drawn, inputs)
        magnet[:, first : first + width] = state[:, :width]
