"""Names become seeds: the noise of a thing depends on the run's seed and its name alone.

A key is the first eight bytes of BLAKE2b(seed, names...), so that adding, removing or
reordering other instances changes none of its bits.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np


def key(seed: int, *names: str | int) -> np.uint64:
    """64-bit key of a stream: a pure function of the run's seed and the stream's names."""
    text = "\x1f".join([str(int(seed)), *(str(name) for name in names)])
    return np.uint64(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little"))


def replica_keys(seed: int, name: str, replicas: int) -> np.ndarray:
    """Keys (replicas,) of one stream for replicas 0 .. replicas-1, each independent of how many there are."""
    return np.array([key(seed, name, replica) for replica in range(replicas)], dtype=np.uint64)


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """NumPy generator for set-up draws (mismatch, weights, projections); not for the kernels."""
    return np.random.Generator(np.random.PCG64(int(key(seed, *names))))
