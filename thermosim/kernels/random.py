"""Random bits as a pure function of who draws and when: a counter-based SplitMix64 hash.

    bits64(key, counter) = m(key xor m((counter + 1) g)),   lane64(bits, lane) = m(bits + (lane + 1) g)

with m the 64-bit mixer "variant 13" of Stafford and g the odd integer nearest to 2^64 / golden ratio (Steele, Lea,
Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). Nothing is stored, so draws can be made in any
order. The counter is mixed before it meets the key, so two keys never run through the same sequence with a shift.
"""

import numpy as np

from thermosim.kernels.jit import jit

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_ONE = np.uint64(1)
_12, _27, _30, _31 = np.uint64(12), np.uint64(27), np.uint64(30), np.uint64(31)
_TO_UNIT = 2.0**-52


@jit
def mix64(word):
    """A bijection of 64-bit words in which every input bit reaches every output bit."""
    word = (word ^ (word >> _30)) * _FIRST
    word = (word ^ (word >> _27)) * _SECOND
    return word ^ (word >> _31)


@jit
def bits64(key, counter):
    """64 random bits of stream `key` (uint64) at position `counter` (uint64)."""
    return mix64(key ^ mix64((counter + _ONE) * GOLDEN))


@jit
def lane64(bits, lane):
    """64 further random bits for `lane` (uint64) of one (key, counter), `bits` from :func:`bits64`."""
    return mix64(bits + (lane + _ONE) * GOLDEN)


@jit
def uniform(word):
    """A number in (0, 1) from a uint64: the middle of one of 2^52 parts; of finer ones the last would round to 1."""
    return (np.float64(word >> _12) + 0.5) * _TO_UNIT
