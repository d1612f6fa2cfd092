"""The demon of smode4 at every latency and resolution, against theory, published values and a plain simulation.

Along w the loop is linear, so its variance has a closed form. Along e it has none: a dozen lines of NumPy, which share
nothing with the simulator, run the same sampled, held, late and quantised loop over 2048 replicas, and nine points of
the distribution of |e x| are compared, each with the standard errors of independent replicas. The Kolmogorov-Smirnov
distances from `measure` are compared with published ones that carry an error of the same size.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.special import stdtrit

import thermosim as ts
from thermosim.analysis.delay import delayed_loop_variance
from thermosim.ideal.gaussian import of_mixture

pytestmark = pytest.mark.validation

NETLIST = Path(__file__).parents[2] / "netlists" / "smode4.yaml"
ALONG_E, ALONG_W = np.array([1, 1, 1, 1]) / 2, np.array([1, -1, -1, 1]) / 2
SIGMA, MEAN = 40e-3, np.full((4, 1), 40e-3)
DIFFUSION, PERIOD, SETTLING = 1000.0, 100e-9, 20e-9  # S_I / (4 C^2) [V^2/s], [s], [s]
DRIFT = 2e5 * np.eye(4) + 5e4 * (np.diag([1.0, 2.0, 2.0, 1.0]) - np.eye(4, k=1) - np.eye(4, k=-1))  # [1/s]
LEVELS = np.arange(1, 10) / 10
LATENCIES = [(0, 0, 1.023, 0.006), (1, 0, 1.055, 0.011), (1, 1, 1.088, 0.016), (2, 3, 1.187, 0.029),
             (5, 5, 1.353, 0.048), (10, 10, 1.695, 0.072)]  # fmt: skip
RESOLUTIONS = [(2, 0.285), (3, 0.083), (4, 0.018), (5, 0.008), (6, 0.006)]


@cache
def chip(adc, demon, bits):
    """Chip and record of 10 ms x 64 replicas at these latencies [cycles] and ADC bits."""
    settings = {
        "models.adc8.latency": f"{adc} cycles",
        "models.adc8.bits": bits,
        "controllers.demon.latency": f"{demon} cycles",
    }
    record = ts.simulate(ts.load(NETLIST, set=settings), seed=81)
    distances = {one.quantity: one for one in ts.measure(record).target[0].distances}
    return record, distances["KS along principal[0]"]


def transition(seconds):
    """exp(-A h), its integral, and a root of its noise, from the eigenvectors of the symmetric drift."""
    rates, vectors = np.linalg.eigh(DRIFT)
    kept = np.exp(-rates * seconds)
    noise = DIFFUSION * (1 - kept**2) / rates
    return (vectors * kept) @ vectors.T, (vectors * (1 - kept) / rates) @ vectors.T, vectors * np.sqrt(noise)


def quantised(x, bits, half):
    """Nominal volts of a converter of range +-0.5 V; half a step up for the ADC, none for the DAC."""
    step = 1.0 / 2**bits
    code = np.floor(x / step) if half else np.rint(x / step)
    return (np.clip(code, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) + half) * step


@cache
def plain(cycles, bits, replicas=2048, microseconds=1000):
    """|e x| (replica, draw) every microsecond of the plain simulation of the loop."""
    rng = np.random.default_rng(1000 * bits + cycles)
    before, after = transition(SETTLING), transition(PERIOD - SETTLING)
    x, u = np.zeros((4, replicas)), np.zeros((4, replicas))
    waiting, kept = [u] * cycles, []
    for tick in range(10 * (100 + microseconds)):
        if tick % 10 == 0 and tick >= 1000:
            kept.append(np.abs(ALONG_E @ x))
        y = quantised(x, bits, 0.5)
        score = (MEAN * np.tanh((MEAN * y).sum(axis=0) / SIGMA**2) - y) / SIGMA**2
        waiting.append(quantised((DIFFUSION * score + DRIFT @ y) / 1e5, 10, 0))  # through R C = 10 us
        for (decay, reach, root), drive in ((before, u), (after, waiting[0])):
            x = decay @ x + 1e5 * (reach @ drive) + root @ rng.standard_normal(x.shape)
        u = waiting.pop(0)
    return np.array(kept).T


def along_w(cycles):
    """Exact variance along w over the target's."""
    gain = 3e5 - DIFFUSION / SIGMA**2
    return delayed_loop_variance(3e5, gain, 2 * DIFFUSION, PERIOD, cycles * PERIOD + SETTLING) / SIGMA**2


def edges():
    """Levels of |e x| [V] below which the target has a tenth, two tenths, ... of its weight."""
    draws = np.abs(target().draw(1_000_000, np.random.default_rng(0)) @ ALONG_E)
    return np.quantile(draws, LEVELS)


@cache
def target():
    return of_mixture(ts.load(NETLIST).program.target)


def apart(record, reference):
    """Largest difference of the two distributions of |e x| over its own 1e-6 deviation."""
    at = edges()
    own = np.abs(record.samples["x"] @ ALONG_E)
    means, variances = [], []
    for x in (own, reference):
        shares = np.array([(x < edge).mean(axis=1) for edge in at])
        means.append(shares.mean(axis=1))
        variances.append(shares.var(axis=1, ddof=1) / len(x))
    return float(np.max(np.abs(means[0] - means[1]) / np.sqrt(variances[0] + variances[1])) / stdtrit(63, 1 - 5e-7))


@pytest.mark.parametrize(("adc", "demon", "variance", "distance"), LATENCIES)
def test_latency(adc, demon, variance, distance):
    record, found = chip(adc, demon, 8)
    each = np.var(record.samples["x"] @ ALONG_W, axis=1) / SIGMA**2
    error = each.std(ddof=1) / 8
    assert round(along_w(adc + demon), 3) == variance
    assert abs(each.mean() - variance) < max(0.01 * variance, 4 * error)
    assert abs(each.mean() - along_w(adc + demon + 1)) > 5 * error, "one cycle later"
    assert abs(found.value - distance) < 4 * np.sqrt(2) * found.error  # the published run has the same error
    assert apart(record, plain(adc + demon, 8)) < 1
    others = [row[0] + row[1] for row in LATENCIES if row[0] + row[1] != adc + demon]
    nearest = min(others, key=lambda cycles: abs(cycles - adc - demon))
    assert apart(record, plain(nearest, 8)) > 1, "the next latency of the table"


@pytest.mark.parametrize(("bits", "distance"), RESOLUTIONS)
def test_resolution(bits, distance):
    record, found = chip(0, 0, bits)
    assert abs(found.value - distance) < 4 * np.sqrt(2) * found.error
    assert apart(record, plain(0, bits)) < 1
    assert apart(record, plain(0, {2: 3, 3: 2}.get(bits, bits - 2))) > 1, "another resolution"


def test_a_perfect_sampler_of_the_same_length_scores_0_0056():
    record, found = chip(0, 0, 8)
    slow = ts.measure(record).mixing[0].of("responsibility")
    doubt = 0.5 * found.floor * slow.tau_error / slow.tau  # the floor goes with the root of the effective length
    assert abs(found.floor - 0.0056) < 5 * doubt + 0.00005
    # Independent draws of that length, from the exact law, score it: not a formula alone.
    rng, scores = np.random.default_rng(9), []
    law = target()
    for _ in range(40):
        draws = law.draw(round(found.length), rng)
        cdf = np.sort(law.cdf(ALONG_E, draws @ ALONG_E))
        ranks = np.arange(len(cdf) + 1) / len(cdf)
        scores.append(max((ranks[1:] - cdf).max(), (cdf - ranks[:-1]).max()))
    assert abs(np.mean(scores) - found.floor) < 5 * np.std(scores, ddof=1) / np.sqrt(40)
