"""r_yy: the second eigenvalue in its tail, and chains frozen apart."""

import numpy as np

from thermosim.analysis.projected import projected_autocorrelation


def telegraph(memory, chains, draws, nodes, seed):
    rng = np.random.default_rng(seed)
    states = np.empty((chains, draws, nodes))
    states[:, 0] = rng.choice([-1.0, 1.0], (chains, nodes))
    for t in range(1, draws):
        new = rng.choice([-1.0, 1.0], (chains, nodes))
        states[:, t] = np.where(rng.random((chains, nodes)) < memory, states[:, t - 1], new)
    return states


def test_independent_telegraphs_fall_exponentially():
    batches = np.array([projected_autocorrelation(telegraph(0.7, 16, 600, 12, seed), 6) for seed in range(16)])
    error = batches.std(axis=0, ddof=1)[1:] / 4
    exact = 0.7 ** np.arange(1, 6)
    assert np.all(np.abs(batches.mean(axis=0)[1:] - exact) < 6.6 * error)  # Student's t, 15 degrees, five sigma
    assert not np.all(np.abs(batches.mean(axis=0)[1:] - 0.67 ** np.arange(1, 6)) < 6.6 * error)


def test_chains_frozen_apart_do_not_look_decorrelated():
    rng = np.random.default_rng(1)
    modes = np.repeat(rng.choice([-1.0, 1.0], (16, 1, 1)), 300, axis=1) * np.ones(10)
    noise = rng.choice([-1.0, 1.0], modes.shape, p=[0.1, 0.9])
    assert projected_autocorrelation(modes * noise, 20)[-1] > 0.3
    assert abs(projected_autocorrelation(modes * noise, 20, own_mean=True)[-1]) < 0.05
    assert np.all(projected_autocorrelation(np.ones((2, 50, 4)), 5) == 1.0)
