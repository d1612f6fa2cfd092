"""Kernel of the ideal heat-bath sampler: 32 chains abreast, loops split so that each is one vector operation.

The comparison u < 1 / (1 + exp(-f)) is made as u (1 + 2^(-f / ln 2)) < 1, with 2^x from its whole part, set as
the exponent of a float, times a polynomial of the rest (Taylor to x^6, within 2e-7 on |x| <= 1/2).
"""

from __future__ import annotations

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias

_LANES = 32


@jit
def seeded(key, lanes):
    """xoshiro128++ states (4, lanes) uint32 from one key by SplitMix64."""
    state = np.empty((4, lanes), np.uint32)
    z = np.uint64(key)
    for lane in range(lanes):
        for half in range(2):
            z += np.uint64(0x9E3779B97F4A7C15)
            x = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x = x ^ (x >> np.uint64(31))
            state[2 * half, lane] = np.uint32(x & np.uint64(0xFFFFFFFF))
            state[2 * half + 1, lane] = np.uint32(x >> np.uint64(32))
    return state


@jit_noalias
def _uniforms(a, b, c, d, u):
    """Next 24-bit uniforms in [0, 1) of every lane."""
    for lane in range(_LANES):
        total = np.uint32(a[lane] + d[lane])
        word = np.uint32(np.uint32((total << np.uint32(7)) | (total >> np.uint32(25))) + a[lane])
        shifted = np.uint32(b[lane] << np.uint32(9))
        c[lane] ^= a[lane]
        d[lane] ^= b[lane]
        b[lane] ^= c[lane]
        a[lane] ^= d[lane]
        c[lane] ^= shifted
        d[lane] = np.uint32((d[lane] << np.uint32(11)) | (d[lane] >> np.uint32(21)))
        u[lane] = np.float32(np.int32(word >> np.uint32(8))) * np.float32(5.9604645e-08)


@jit_noalias
def _add_four(f, a, b, c, d, wa, wb, wc, wd):
    for lane in range(_LANES):
        f[lane] += wa * a[lane] + wb * b[lane] + wc * c[lane] + wd * d[lane]


@jit
def _gather(state, row, weights, f):
    """f += sum_j weights[j] state[row[j]], four neighbours at a time."""
    for j in range(0, row.size, 4):
        a, b, c, d = state[row[j]], state[row[j + 1]], state[row[j + 2]], state[row[j + 3]]
        _add_four(f, a, b, c, d, weights[j], weights[j + 1], weights[j + 2], weights[j + 3])


@jit_noalias
def _add_product_of_two(f, a, b, w):
    for lane in range(_LANES):
        f[lane] += w * (a[lane] * b[lane])


@jit_noalias
def _add_product_of_three(f, a, b, c, w):
    for lane in range(_LANES):
        f[lane] += w * (a[lane] * b[lane] * c[lane])


@jit
def _products(state, begin, end, other, weight, shared, f):
    """f += the terms begin .. end-1, each divided by its number of spins if `shared`."""
    for entry in range(begin, end):
        w, third = weight[entry], other[entry, 0]
        if third < 0:
            _add_product_of_two(f, state[other[entry, 1]], state[other[entry, 2]], w / np.float32(3.0) if shared else w)
        else:
            four = w / np.float32(4.0) if shared else w
            _add_product_of_three(f, state[third], state[other[entry, 1]], state[other[entry, 2]], four)


@jit_noalias
def _exponents(f, exponent, fraction):
    """Split 2^(-f / ln 2) into the bits of a power of two and a factor between 1/sqrt(2) and sqrt(2)."""
    for lane in range(_LANES):
        x = f[lane] * np.float32(-1.4426950408889634)
        x = min(max(x, np.float32(-100.0)), np.float32(100.0))
        whole = np.int32(x + np.float32(128.5)) - np.int32(128)
        exponent[lane] = (whole + np.int32(127)) << np.int32(23)
        r = (x - np.float32(whole)) * np.float32(0.6931471805599453)
        p = np.float32(1 / 720)
        p = p * r + np.float32(1 / 120)
        p = p * r + np.float32(1 / 24)
        p = p * r + np.float32(1 / 6)
        p = p * r + np.float32(0.5)
        p = p * r + np.float32(1.0)
        fraction[lane] = p * r + np.float32(1.0)


@jit_noalias
def _flip(spin, f, u, fraction, power, step):
    """Resample the spins of one node in place; step takes minus the change of spin times field."""
    for lane in range(_LANES):
        new = (
            np.float32(1.0)
            if u[lane] + u[lane] * (fraction[lane] * power[lane]) < np.float32(1.0)
            else np.float32(-1.0)
        )
        step[lane] -= (new - spin[lane]) * f[lane]
        spin[lane] = new


@jit
def _pack(spin):
    """Word whose bit `lane` is set where that lane's spin is up."""
    word = np.uint32(0)
    for lane in range(_LANES):
        word |= np.uint32(spin[lane] > np.float32(0.0)) << np.uint32(lane)
    return word


@jit_noalias
def _accumulate(total, spin):
    for lane in range(_LANES):
        total[lane] += spin[lane]


@jit
def _bits(x):
    """Number of set bits of a 32-bit word."""
    x = np.uint32(x - ((x >> np.uint32(1)) & np.uint32(0x55555555)))
    x = np.uint32((x & np.uint32(0x33333333)) + ((x >> np.uint32(2)) & np.uint32(0x33333333)))
    x = np.uint32((x + (x >> np.uint32(4))) & np.uint32(0x0F0F0F0F))
    return np.uint32(np.uint32(x * np.uint32(0x01010101)) >> np.uint32(24))


@jit
def _ones(x):
    return np.int64(_bits(x))


@jit_noalias
def _pack_lane(packed, spin, place):
    """Set bit `place` of every lane's word where its spin is up."""
    for lane in range(_LANES):
        packed[lane] |= np.uint32(spin[lane] > np.float32(0.0)) << place


@jit_noalias
def _unlike(count, packed, sign, mask):
    """Count the spins under `mask` that differ from the signs."""
    for lane in range(_LANES):
        count[lane] += _bits((packed[lane] ^ sign) & mask)


@jit
def _project(state, signs, packed, count):
    """count (row, lane) uint32: how many of a lane's spins differ from each row of signs (row, word)."""
    count[:] = np.uint32(0)
    for word in range(signs.shape[1]):
        packed[:] = np.uint32(0)
        begin = 32 * word
        size = min(32, state.shape[0] - begin)
        for i in range(size):
            _pack_lane(packed, state[begin + i], np.uint32(i))
        mask = np.uint32((np.int64(1) << np.int64(size)) - 1)
        for row in range(signs.shape[0]):
            _unlike(count[row], packed, signs[row, word], mask)


@jit
def advance(
    state,
    generators,
    table,
    coupling,
    terms,
    field,
    edges,
    bounds,
    signs,
    sweeps,
    recorded,
    energy,
    means,
    unlike,
    spins,
    pairs,
):
    """Run `sweeps` sweeps of one group of lanes; energies come out times 2 beta.

    state (node, lane) float32 in place; energy (sweep, lane); means (array, sweep, lane); unlike (row, sweep, lane)
    counts the spins that differ from a row of signs; spins (block, node) and pairs (block, edge) take the sums over
    lanes and the block's sweeps. Unless `recorded`, only the states move, and energies
    are kept where there is room for them. terms, of what a node feels: first (node + 1,), other (entry, 3), -1 first
    where they are two, and 2 beta K (entry,).
    """
    nodes = field.size
    term_first, term_other, term_weight = terms
    tied = term_weight.size > 0
    f = np.empty(_LANES, np.float32)
    u = np.empty(_LANES, np.float32)
    fraction = np.empty(_LANES, np.float32)
    exponent = np.empty(_LANES, np.int32)
    power = exponent.view(np.float32)
    level = np.zeros(_LANES)
    step = np.empty(_LANES, np.float32)
    words = np.empty(nodes, np.uint32)
    packed = np.empty(_LANES, np.uint32)
    count = np.empty((signs.shape[0], _LANES), np.uint32)
    for i in range(nodes):
        f[:] = np.float32(0.0)
        _gather(state, table[i], coupling[i], f)
        for lane in range(_LANES):
            level[lane] -= state[i, lane] * (0.5 * f[lane] + field[i])
        f[:] = np.float32(0.0)
        _products(state, term_first[i], term_first[i + 1], term_other, term_weight, True, f)
        for lane in range(_LANES):
            level[lane] -= state[i, lane] * f[lane]
    block = 0
    for sweep in range(sweeps):
        step[:] = np.float32(0.0)
        for i in range(nodes):
            f[:] = field[i]
            _gather(state, table[i], coupling[i], f)
            if tied:
                _products(state, term_first[i], term_first[i + 1], term_other, term_weight, False, f)
            _uniforms(generators[0], generators[1], generators[2], generators[3], u)
            _exponents(f, exponent, fraction)
            _flip(state[i], f, u, fraction, power, step)
        if energy.shape[0] > 0:
            for lane in range(_LANES):
                level[lane] += step[lane]
                energy[sweep, lane] = level[lane]
        if not recorded:
            continue
        while (sweep + 1) * pairs.shape[0] > (block + 1) * sweeps:
            block += 1
        for a in range(bounds.shape[0]):
            step[:] = np.float32(0.0)
            for i in range(bounds[a, 0], bounds[a, 0] + bounds[a, 1]):
                _accumulate(step, state[i])
            for lane in range(_LANES):
                means[a, sweep, lane] = step[lane] / bounds[a, 1]
        if signs.shape[0] > 0:
            _project(state, signs, packed, count)
        for row in range(signs.shape[0]):
            for lane in range(_LANES):
                unlike[row, sweep, lane] = count[row, lane]
        for i in range(nodes):
            words[i] = _pack(state[i])
            spins[block, i] += 2 * _ones(words[i]) - _LANES
        for e in range(edges.shape[0]):
            pairs[block, e] += _LANES - 2 * _ones(words[edges[e, 0]] ^ words[edges[e, 1]])
