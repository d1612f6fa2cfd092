"""Free-running p-bits against exact generators, a closed form for delays, and quadrature for inputs that relax."""

import numpy as np
import pytest
from scipy.linalg import expm
from small_fabrics import FIVE, TICK, TILTS, agrees, boltzmann, fabric, occupation, spins

from thermosim.analysis.delayed_pair import pair_correlation
from thermosim.engine import free_chains
from thermosim.engine.free import FreeRunner
from thermosim.ideal import disciplines

UNEQUAL = TICK * np.array([1.0, 0.3, 2.0, 0.7, 1.0])
KINDS = {"constant": (), "arrhenius": (True,) * 5, "mixed": (False, True, True, False, True)}


def generator(tau0, arrhenius):
    """L of five p-bits, by hand: heat bath at rate 1 / tau0, or exp(-s a / 2) / (2 tau0)."""
    s, states, matrix = spins(5), np.arange(32), np.zeros((32, 32))
    a = 2 * (s @ FIVE + TILTS)
    for i in range(5):
        bounded = 1 / (1 + np.exp(s[:, i] * a[:, i]))
        growing = np.exp(-s[:, i] * a[:, i] / 2) / 2
        matrix[states, states ^ (1 << i)] = (growing if arrhenius and arrhenius[i] else bounded) / tau0[i]
    return matrix - np.diag(matrix.sum(axis=1))


@pytest.fixture(params=["chosen", "heap"])
def method(request, monkeypatch):
    """The method that the program chooses, or a heap wherever there are Arrhenius p-bits."""
    if request.param == "heap":
        monkeypatch.setattr(free_chains, "HEAP", 0.0)
    return request.param


def skip_twice(method, kind):
    if (method, kind) == ("heap", "constant"):
        pytest.skip("no heap without Arrhenius p-bits")


@pytest.mark.parametrize("kind", KINDS)
def test_instantaneous_synapses_are_boltzmann(kind, method):
    skip_twice(method, kind)
    chip = fabric(FIVE, TILTS, order="free", tau0=UNEQUAL, arrhenius=KINDS[kind])
    exact = boltzmann(FIVE, TILTS)
    np.testing.assert_allclose(exact @ generator(UNEQUAL, KINDS[kind]), 0, atol=1e-6)  # of rates around 1e7 / s
    np.testing.assert_allclose(disciplines.stationary(chip), exact, atol=1e-12)
    part = FreeRunner(chip, 1, 400)
    part.advance(60)
    share = occupation(part.advance(1200, record=True, every=6)["s:states"], 5)
    assert agrees(share, exact)
    assert not agrees(share, boltzmann(FIVE, TILTS, 1.05)), "a temperature 5 % low"


@pytest.mark.parametrize("kind", KINDS)
def test_they_relax_as_their_generator_says(kind, method):
    """From all up every function f of the state goes as exp(L t) f, the slowest mode with its eigenvalue."""
    skip_twice(method, kind)
    chip = fabric(FIVE, TILTS, order="free", tau0=UNEQUAL, arrhenius=KINDS[kind], every=4e-8)
    exact = generator(UNEQUAL, KINDS[kind])
    values, vectors = np.linalg.eig(exact)
    slow = np.argsort(-values.real)[1]
    assert disciplines.relaxation(chip) * 4e-8 == pytest.approx(-1 / values[slow].real, rel=1e-9)
    functions = np.column_stack([vectors[:, slow].real, np.random.default_rng(2).standard_normal((32, 4))])
    part = FreeRunner(chip, 3, 20_000, up=True)
    assert part.method == ("stream" if kind == "constant" else "rejection" if method == "chosen" else "heap")
    states = part.advance(3, record=True)["s:states"]
    steps = 4e-8 * np.arange(1, 4)

    def expected(one):
        return np.stack([(expm(one * t) @ functions)[-1] for t in steps])

    assert agrees(functions[states], expected(exact))
    assert not agrees(functions[states], expected(1.1 * exact)), "rates 10 % high"
    other = {"constant": (True,) * 5, "arrhenius": (), "mixed": ()}[kind]
    assert not agrees(functions[states], expected(generator(UNEQUAL, other))), "rates of the other kind"


@pytest.mark.parametrize("arrhenius", [False, True])
@pytest.mark.parametrize("delay", [0.1, 0.5, 2.0])
def test_a_delayed_pair_has_its_closed_form(arrhenius, delay):
    chip = fabric([[0, 1], [1, 0]], [0, 0], order="free", arrhenius=(arrhenius,) * 2, delay=delay * TICK)
    part = FreeRunner(chip, 4, 400)
    part.advance(60)
    product = 2 * np.isin(part.advance(2500, record=True)["s:states"], (0, 3)).mean(axis=1) - 1
    assert agrees(product, pair_correlation(1.0, delay * TICK, TICK, arrhenius))
    assert not agrees(product, pair_correlation(1.0, 0.75 * delay * TICK, TICK, arrhenius)), "a delay 25 % short"
    assert not agrees(product, pair_correlation(1.0, delay * TICK, TICK, not arrhenius)), "the other device"


def followed(arrhenius, settling, delay, times, source=TICK, tau0=TICK, coupling=1.2):
    """<s_1(t)> where s_0 turns down once, after an exponential time, and the input of p-bit 1 follows.

    Conditional on the turn at T the input is known, a = 2 J (1 - 2 (1 - exp(-(t - T - delay) / settling))), and
    ds/dt = (tanh(a / 2) - s) / tau0, times cosh(a / 2) for Arrhenius rates; the mean over T is a sum.
    """
    turns = source * -np.log1p(-(np.arange(4000) + 0.5) / 4000)
    count = 2000
    step = times[-1] / count
    mean, out = np.ones(len(turns)), []

    def slope(t, m):
        since = np.maximum(t - turns - delay, 0)
        a = 2 * coupling * (1 - 2 * (1 - np.exp(-since / settling) if settling else (t > turns + delay)))
        return (np.tanh(a / 2) - m) / tau0 * (np.cosh(a / 2) if arrhenius else 1.0)

    for k in range(count):
        t = k * step
        half = mean + 0.5 * step * slope(t, mean)
        mean = mean + step * slope(t + 0.5 * step, half)
        out.append(mean.mean())
    return np.array(out)[np.rint(np.array(times) / step).astype(int) - 1]


@pytest.mark.parametrize("arrhenius", [False, True])
@pytest.mark.parametrize(("settling", "delay"), [(0.7, 0.0), (2.0, 0.4)])
def test_an_input_relaxes_and_is_late(arrhenius, settling, delay):
    """P-bit 0 is driven down by its bias, once; p-bit 1, of either kind, follows through the synapse."""
    settling, delay = settling * TICK, delay * TICK
    chip = fabric(
        [[0, 1.2], [1.2, 0]], [-12, 0], order="free", arrhenius=(False, arrhenius), settling=settling, delay=delay
    )
    spin = FreeRunner(chip, 5, 30_000, up=True).advance(4, record=True, nodes=np.array([1]))["spins"][:, 0].T
    times = TICK * np.arange(1, 5)
    assert agrees(spin.astype(float), followed(arrhenius, settling, delay, times))
    assert not agrees(spin.astype(float), followed(arrhenius, 1.25 * settling, delay, times)), "settling 25 % long"
    assert not agrees(spin.astype(float), followed(arrhenius, settling, delay + 0.1 * TICK, times)), "later"
    assert not agrees(spin.astype(float), followed(not arrhenius, settling, delay, times)), "the other device"


def test_a_saturated_p_bit_is_set_free_again():
    """A constant-rate p-bit in the heap whose flip rate falls below the range of numbers, and whose neighbour frees it.

    P-bit 0 holds p-bit 1 at log-odds of 900 until it turns, once, late, against its bias; p-bit 2 only makes the heap.
    """
    matrix = np.zeros((3, 3))
    matrix[0, 1] = matrix[1, 0] = 225.0
    chip = fabric(matrix, [-460, 225, 0], order="free", arrhenius=(False, False, True))
    part = FreeRunner(chip, 6, 400, up=True)
    spin = part.advance(3, record=True, nodes=np.array([0, 1]))["spins"].astype(float).transpose(2, 0, 1)
    mean = (1 + spin[..., 1]) / 2
    # p-bit 0 falls at rate 1, p-bit 1 then has log-odds of zero and is redrawn at rate 1: t exp(-t) + exp(-t) stay up,
    # and half of those that were redrawn are up.
    t = np.arange(1, 4)
    untouched = (1 + t) * np.exp(-t)
    assert agrees(mean, untouched + (1 - untouched) / 2)
    assert not agrees(mean, untouched)
