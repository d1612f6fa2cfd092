"""Free-running p-bits behind slow synapses against small steps of time, written again from the equations."""

import numpy as np
import pytest
from numba import njit
from small_fabrics import AND, FAR, TICK, boltzmann, fabric, occupation

from thermosim.engine.free import FreeRunner

MATRIX, BIASES = (np.asarray(part, dtype=float) for part in AND)


@njit
def stepped(growing, settling, delay, step, duration, burn, chains, rng):
    """Share of each state (chain, 8) of the AND gate at beta = 1; times in units of tau_N."""
    share, depth = np.zeros((chains, 8)), max(1, round(delay / step))
    for chain in range(chains):
        s = np.where(rng.random(3) < 0.5, -1.0, 1.0)
        past = np.zeros((depth, 3))
        past[:] = s
        current = BIASES + MATRIX @ s
        for k in range(int(duration / step)):
            goal = BIASES + MATRIX @ (past[k % depth] if delay > 0 else s)
            current = goal + (current - goal) * np.exp(-step / settling) if settling > 0 else goal
            past[k % depth] = s
            rate = np.exp(-s * current) if growing else 0.5 * (1 - s * np.tanh(current))
            s = np.where(rng.random(3) < 1 - np.exp(-rate * step), -s, s)
            if k * step > burn:
                share[chain, (s[0] > 0) + 2 * (s[1] > 0) + 4 * (s[2] > 0)] += 1
        share[chain] /= share[chain].sum()
    return share


@pytest.mark.validation
@pytest.mark.parametrize(
    ("growing", "settling", "delay", "step", "duration"),
    [
        (False, 1, 0, 0.01, 2000), (False, 3, 0, 0.01, 2000),
        (False, 0, 1, 0.01, 2000), (True, 0, 3, 0.001, 300),
    ],
)  # fmt: skip
def test_slow_synapses_against_steps_of_time(growing, settling, delay, step, duration):
    """Total variation to Boltzmann's law of both programs, along the signs that the exact chain finds."""
    tau0 = TICK / 2 if growing else TICK
    chip = fabric(
        MATRIX, BIASES, order="free", tau0=tau0, arrhenius=(growing,) * 3, settling=settling * TICK, delay=delay * TICK
    )
    part = FreeRunner(chip, 1, 64)
    part.advance(2000)
    exact = occupation(part.advance(20_000, record=True)["s:states"], 3) - boltzmann(MATRIX, BIASES)
    sign = np.sign(exact.mean(axis=0))
    other = stepped(growing, settling, delay, step, duration, 100.0, 32, np.random.default_rng(1)) - boltzmann(
        MATRIX, BIASES
    )
    mine, theirs = 0.5 * exact @ sign, 0.5 * other @ sign
    error = np.hypot(mine.std(ddof=1) / np.sqrt(64), theirs.std(ddof=1) / np.sqrt(32))
    assert abs(mine.mean() - theirs.mean()) < FAR * error
    assert mine.mean() > FAR * error, "no lag at all"
