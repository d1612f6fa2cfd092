"""Kernels of the textbook samplers: clusters, single flips, exchanges. They share nothing with the fabric."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def cluster_sweeps(spins, edges, bond, ghost, rng, sweeps, energy, magnetisation, weights):
    """Swendsen-Wang sweeps in place; the spin `ghost`, if there is one (>= 0), stays up by a global flip."""
    n = spins.size
    parent, flip = np.empty(n, np.int64), np.empty(n, np.int64)
    for sweep in range(sweeps):
        for i in range(n):
            parent[i] = i
            flip[i] = 1 if rng.random() < 0.5 else -1
        for e in range(len(edges)):
            a, b = edges[e]
            if weights[e] * spins[a] * spins[b] > 0 and rng.random() < bond[e]:
                parent[_root(parent, a)] = _root(parent, b)
        for i in range(n):
            spins[i] *= flip[_root(parent, i)]
        if ghost >= 0 and spins[ghost] < 0:
            for i in range(n):
                spins[i] = -spins[i]
        total = 0.0
        for e in range(len(edges)):
            total -= weights[e] * spins[edges[e, 0]] * spins[edges[e, 1]]
        energy[sweep] = total
        count = 0
        for i in range(n):
            count += spins[i]
        magnetisation[sweep] = (count - 1) / (n - 1) if ghost >= 0 else count / n


@njit(cache=True, nogil=True)
def flips(spins, first, other, weight, biases, beta, rng):
    """One Metropolis sweep in place; the change of the energy."""
    change = 0.0
    for i in range(spins.size):
        field = biases[i]
        for k in range(first[i], first[i + 1]):
            field += weight[k] * spins[other[k]]
        cost = 2.0 * spins[i] * field
        if cost <= 0 or rng.random() < np.exp(-beta * cost):
            spins[i] = -spins[i]
            change += cost
    return change


@njit(cache=True, nogil=True)
def anneal(spins, start, first, other, weight, biases, betas, rng, best):
    """Metropolis sweeps at each of `betas`; `best` (spins) is the lowest state after a sweep; returns its energy."""
    energy = lowest = start
    best[:] = spins
    for k in range(betas.size):
        energy += flips(spins, first, other, weight, biases, betas[k], rng)
        if energy < lowest:
            lowest = energy
            best[:] = spins
    return lowest


@njit(cache=True, nogil=True)
def exchange(spins, energy, first, other, weight, biases, betas, rng, sweeps, trace, best, accepted):
    """Parallel tempering: spins (temperature, node) and energy (temperature,) in place, trace (sweep, temperature)."""
    lowest = energy.min()
    best[:] = spins[np.argmin(energy)]
    for sweep in range(sweeps):
        for t in range(betas.size):
            energy[t] += flips(spins[t], first, other, weight, biases, betas[t], rng)
            if energy[t] < lowest:
                lowest = energy[t]
                best[:] = spins[t]
        for t in range(sweep % 2, betas.size - 1, 2):
            gain = (betas[t + 1] - betas[t]) * (energy[t + 1] - energy[t])
            if gain >= 0 or rng.random() < np.exp(gain):
                for i in range(spins.shape[1]):
                    kept = spins[t, i]
                    spins[t, i] = spins[t + 1, i]
                    spins[t + 1, i] = kept
                kept_energy = energy[t]
                energy[t] = energy[t + 1]
                energy[t + 1] = kept_energy
                accepted[t] += 1
        trace[sweep] = energy
    return lowest
