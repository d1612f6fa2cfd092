"""Other ways to step a linear noisy network, where they are installed: node-vector samples per second, or None.

    pip install thermox diffrax

thermox samples the same law by its eigenvectors, in single precision; the scan of exact steps is what one writes in
JAX; diffrax integrates by Euler and Maruyama, one step a sample, so that its law is off by the order of the step. The
two plain loops are what one writes first.
"""

from __future__ import annotations

import numpy as np
from _timing import best
from numba import njit


def thermox(drift: np.ndarray, diffusion: np.ndarray, step: float, samples: int) -> float | None:
    """Exact samples of one chain; `drift` and `diffusion` in units in which both are near one."""
    try:
        import jax
        import jax.numpy as jnp
        import thermox as peer
    except ImportError:
        return None
    times, zero = jnp.arange(samples) * step, jnp.zeros(len(drift))
    a, d = jnp.array(drift), jnp.array(diffusion)

    def sample() -> object:
        return peer.sample(jax.random.PRNGKey(0), times, zero, a, zero, d).block_until_ready()

    return samples / best(sample, 3)


def jax_scan(decay: np.ndarray, factor: np.ndarray, replicas: int, count: int) -> float | None:
    """Exact steps of all replicas as a scan in single precision, nothing kept on the way."""
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    scale = float(np.abs(factor).max())
    a, b = jnp.array(decay), jnp.array(factor / scale)

    @jax.jit
    def run(key: object) -> object:
        def one(state: object, key: object) -> tuple[object, None]:
            return a @ state + b @ jax.random.normal(key, (len(decay), replicas)), None

        return jax.lax.scan(one, jnp.zeros((len(decay), replicas)), jax.random.split(key, count))[0]

    return replicas * count / best(lambda: run(jax.random.PRNGKey(0)).block_until_ready(), 3)


def diffrax(drift: np.ndarray, diffusion: np.ndarray, step: float, samples: int) -> float | None:
    """Euler-Maruyama steps of one chain, every step saved."""
    try:
        import diffrax as peer
        import jax
        import jax.numpy as jnp
        import lineax
    except ImportError:
        return None
    a, b, start = jnp.array(drift), jnp.sqrt(jnp.diag(jnp.array(diffusion))), jnp.zeros(len(drift))
    end, saved = samples * step, jnp.arange(1, samples + 1) * step

    @jax.jit
    def solve(key: object) -> object:
        path = peer.VirtualBrownianTree(0.0, end, tol=step / 4, shape=(len(drift),), key=key)
        terms = peer.MultiTerm(
            peer.ODETerm(lambda t, y, args: -a @ y),
            peer.ControlTerm(lambda t, y, args: lineax.DiagonalLinearOperator(b), path),
        )
        answer = peer.diffeqsolve(
            terms, peer.Euler(), 0.0, end, step, start, saveat=peer.SaveAt(ts=saved), max_steps=2 * samples
        )
        return answer.ys

    return samples / best(lambda: solve(jax.random.PRNGKey(0)).block_until_ready(), 2)


def numpy_loop(decay: np.ndarray, factor: np.ndarray, replicas: int, count: int) -> float:
    """Exact steps, one matrix product each for decay and noise, all replicas at once."""
    rng, state = np.random.default_rng(1), np.zeros((len(decay), replicas))

    def run() -> None:
        nonlocal state
        for _ in range(count):
            state = decay @ state + factor @ rng.standard_normal(state.shape)

    return replicas * count / best(run, 5)


@njit(nogil=True)
def _euler(state, drift, spread, step, count):
    n, replicas = state.shape
    fresh = np.empty(n)
    for r in range(replicas):
        for _ in range(count):
            for i in range(n):
                total = state[i, r]
                for j in range(n):
                    total -= step * drift[i, j] * state[j, r]
                fresh[i] = total + spread[i] * np.random.normal()  # noqa: NPY002 - the slow one is the point
            for i in range(n):
                state[i, r] = fresh[i]


def numba_loop(drift: np.ndarray, spread: np.ndarray, step: float, replicas: int, count: int) -> float:
    """A plain Numba loop of Euler-Maruyama steps with NumPy's normals, replica by replica."""
    state = np.zeros((len(drift), replicas))
    return replicas * count / best(lambda: _euler(state, drift, spread, step, count), 5)
