"""The counter-based hash: published vectors, uniform bits, and streams that share nothing."""

import numpy as np
from scipy.stats import binom

from thermosim.kernels.random import GOLDEN, bits64, lane64, mix64


def bits(keys, counters):
    return np.array([[bits64(np.uint64(key), np.uint64(counter)) for counter in counters] for key in keys], np.uint64)


def ones(words):
    return int(np.unpackbits(words.ravel().view(np.uint8)).sum())


def two_sided(count, trials):
    return 2 * min(binom.cdf(count, trials, 0.5), binom.sf(count - 1, trials, 0.5))


def test_mixer_is_splitmix64():
    """First outputs of SplitMix64 with seed 1234567, as published with the reference program."""
    with np.errstate(over="ignore"):
        states = [np.uint64(1234567) + np.uint64(k) * GOLDEN for k in (1, 2, 3)]
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [int(mix64(state)) for state in states] == expected


def test_neighbouring_keys_counters_and_lanes_differ_in_half_their_bits():
    words = bits(range(64), range(256))
    for difference in (words[1:] ^ words[:-1], words[:, 1:] ^ words[:, :-1]):
        assert two_sided(ones(difference), 64 * difference.size) > 1e-6
    lanes = np.array([int(lane64(words[0, 0], np.uint64(lane))) for lane in range(2000)], np.uint64)
    assert two_sided(ones(lanes[1:] ^ lanes[:-1]), 64 * 1999) > 1e-6
    plain = np.arange(64 * 256, dtype=np.uint64)
    assert two_sided(ones(plain[1:] ^ plain[:-1]), 64 * (plain.size - 1)) < 1e-6, "the test must reject a counter"


def test_shifted_keys_share_no_sequence():
    """A key one Weyl increment on is the same stream one step later in plain SplitMix64; not here."""
    with np.errstate(over="ignore"):
        shifted = np.uint64(99) + GOLDEN
    words = bits([99, int(shifted)], range(1000))
    assert not set(words[0].tolist()) & set(words[1].tolist())
