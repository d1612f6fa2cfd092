"""Standard normals as a pure function of (key, counter, node), by Box and Muller.

    r = sqrt(-2 ln u),  (z_2p, z_2p+1) = r (cos a, sin a),   u and a the two halves of lane64(bits64(key, counter), p)

(Box, Muller, Ann. Math. Stat. 29, 610, 1958.) The angle is drawn within an eighth of a turn on either side of an axis
and the axis at random, so that no range reduction is needed. Logarithm, sine and cosine are polynomials in
single precision (relative error below 2e-7), evaluated without fused operations: bits do not depend on
the vector width, nor on how many streams are drawn together. |z| ends at 6.66, where the tail holds 3e-11.
"""

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.random import bits64, lane64
from thermosim.kernels.tiles import WIDTH

BATCH = 8
"""Pairs of nodes that pass through a stage together; no part of any result."""

_33 = np.uint64(33)
_LOW = np.uint64(0xFFFFFFFF)
_FRACTION = np.uint32(0x3FFFFFFF)
_AXIS, _SIDE = np.uint32(1 << 30), np.uint32(1 << 31)
_CENTRE = np.int32(1 << 29)
_ZERO = np.uint32(0)

_HALF, _UNIT = np.float32(0.5), np.float32(1.0)
_TO_UNIT = np.float32(2.0**-31)
_TO_ANGLE = np.float32(np.pi / 2 * 2.0**-30)
_MANTISSA_BITS = np.int32(23)
_SQRT_HALF = np.int32(0x3F3504F3)  # bits of sqrt(1/2)
_EXPONENT = np.int32(-0x00800000)  # sign and exponent bits
_LN2 = np.float32(-2.0 * np.log(2.0))
# -2 ln(1 + t) / t for sqrt(1/2) <= 1 + t <= sqrt(2): Chebyshev interpolation, error 3e-8
_L0, _L1, _L2 = np.float32(-2.0), np.float32(0.9999999403953552), np.float32(-0.6666838526725769)
_L3, _L4, _L5 = np.float32(0.500027060508728), np.float32(-0.39911866188049316), np.float32(0.3315598666667938)
_L6, _L7, _L8 = np.float32(-0.29954802989959717), np.float32(0.2853851616382599), np.float32(-0.17066626250743866)
# sin(a) / a and cos(a) in a^2, |a| <= pi / 4: errors 3e-9 and 7e-11
_S1, _S2, _S3 = np.float32(-0.16666650772094727), np.float32(0.00833203550428152), np.float32(-0.00019503904331941158)
_C2, _C3, _C4 = np.float32(0.04166661575436592), np.float32(-0.0013886617962270975), np.float32(2.437983130221255e-05)


@jit_noalias
def hash_keys(keys, counter, bits):
    """bits[k] = bits64(keys[k], counter): what :func:`fill` takes, for replicas side by side."""
    for k in range(keys.size):
        bits[k] = bits64(keys[k], counter)


@jit_noalias
def _words(bits, pair, high, low):
    for k in range(WIDTH):
        word = lane64(bits[k], pair)
        high[k] = np.int32(word >> _33)
        low[k] = np.uint32(word & _LOW)


@jit_noalias
def _radii(high, radius):
    for k in range(high.size):
        u = (np.float32(high[k]) + _HALF) * _TO_UNIT
        raw = np.float32(u).view(np.int32)
        exponent = np.int32(np.int32(raw - _SQRT_HALF) & _EXPONENT)
        t = np.int32(raw - exponent).view(np.float32) - _UNIT
        log = _L8 * t + _L7
        log = log * t + _L6
        log = log * t + _L5
        log = log * t + _L4
        log = log * t + _L3
        log = log * t + _L2
        log = log * t + _L1
        log = log * t + _L0
        radius[k] = np.sqrt(np.float32(np.int32(exponent >> _MANTISSA_BITS)) * _LN2 + log * t)


@jit_noalias
def _turn(low, even, odd):
    """Replace the radius in `even` by the two coordinates at the angle `low`."""
    for k in range(low.size):
        r = even[k]
        a = np.float32(np.int32(np.int32(low[k] & _FRACTION) - _CENTRE)) * _TO_ANGLE
        s = a * a
        sine = r * (a * (_UNIT + s * (_S1 + s * (_S2 + s * _S3))))
        cosine = r * (_UNIT + s * (s * (_C2 + s * (_C3 + s * _C4)) - _HALF))
        cosine = -cosine if (low[k] & _SIDE) != _ZERO else cosine
        swap = (low[k] & _AXIS) != _ZERO
        even[k] = sine if swap else cosine
        odd[k] = cosine if swap else sine


@jit_noalias
def _widen(single, double):
    for k in range(WIDTH):
        double[k] = np.float64(single[k])


@jit
def fill(bits, out, high, low, even, odd):
    """Normals of all nodes for tiles of streams, one below the other: out (tiles nodes, WIDTH) float64.

    `bits` (tiles WIDTH,) from :func:`bits64`. high int32, low uint32, even and odd float32 are work space of
    BATCH * WIDTH elements each. Stages run over several pairs of nodes at a time, so that no load waits for a
    store of another width.
    """
    tiles = bits.size // WIDTH
    nodes = out.shape[0] // tiles
    pairs = (nodes + 1) // 2
    for begin in range(0, tiles * pairs, BATCH):
        batch = min(BATCH, tiles * pairs - begin)
        for k in range(batch):
            tile, pair = divmod(begin + k, pairs)
            words = bits[tile * WIDTH : (tile + 1) * WIDTH]
            _words(words, np.uint64(pair), high[k * WIDTH : (k + 1) * WIDTH], low[k * WIDTH : (k + 1) * WIDTH])
        size = batch * WIDTH
        _radii(high[:size], even[:size])
        _turn(low[:size], even[:size], odd[:size])
        for k in range(batch):
            tile, pair = divmod(begin + k, pairs)
            row = tile * nodes + 2 * pair
            _widen(even[k * WIDTH : (k + 1) * WIDTH], out[row])
            if 2 * pair + 1 < nodes:
                _widen(odd[k * WIDTH : (k + 1) * WIDTH], out[row + 1])


@jit
def workspace():
    """The work space of :func:`fill`."""
    size = BATCH * WIDTH
    return np.empty(size, np.int32), np.empty(size, np.uint32), np.empty(size, np.float32), np.empty(size, np.float32)


@jit
def normals(keys, counter, out):
    """Fill out (nodes, streams) float64 with the normals of `keys` (streams,) uint64 at `counter` (uint64)."""
    nodes, streams = out.shape
    bits, tile = np.zeros(WIDTH, np.uint64), np.empty((nodes, WIDTH))
    high, low, even, odd = workspace()
    for begin in range(0, streams, WIDTH):
        width = min(WIDTH, streams - begin)
        hash_keys(keys[begin : begin + width], counter, bits)
        fill(bits, tile, high, low, even, odd)
        for node in range(nodes):
            out[node, begin : begin + width] = tile[node, :width]
