"""Clocked p-bits against exact laws: heat bath, held and free RNGs. Thresholds are five standard errors."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

from thermosim.analysis.colouring import colour_graph
from thermosim.circuit.program import Fabric, IsingLaw
from thermosim.engine.fabric import FabricRunner
from thermosim.kernels.fields import fixed, rows
from thermosim.kernels.gibbs import HALF, LANES, Plan, slots
from thermosim.streams import replica_keys
from thermosim.times import Clock

SIGMAS = 5.0
ONE_TAU = np.exp(-1.0)


def fabric(biases, edges=(), weights=(), *, memory=0.0, rng="held", beta=1.0):
    law = IsingLaw(
        np.array(edges, dtype=np.int64).reshape(-1, 2), np.array(weights, float), np.array(biases, float), beta
    )
    n = len(law.biases)
    colour = colour_graph(n, law.edges)
    one = np.ones(n)
    return Fabric(
        path="s", arrays={"s": (0, (n,))}, nodes=n, colours=int(colour.max()) + 1, colour=colour,
        clock=Clock("ck", Fraction(2_000_000)), rng=rng, drawn=law, programmed=law, actual=law, slope=one,
        shift=0 * one,
        memory=memory * one, volts=0.026 * one, relaxation=1e-7 * one,
    )  # fmt: skip


def spins(n):
    """All states (2^n, n), the first spin the lowest bit."""
    return 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1


def couplings(law):
    matrix = np.zeros((len(law.biases), len(law.biases)))
    matrix[law.edges[:, 0], law.edges[:, 1]] = law.weights
    return matrix + matrix.T


def boltzmann(law):
    s = spins(len(law.biases))
    weight = np.exp(law.beta * (0.5 * np.einsum("si,ij,sj->s", s, couplings(law), s) + s @ law.biases))
    return weight / weight.sum()


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def sweep_operator(matrix, biases, colour, memory, beta=1.0):
    """Dense T[s, s'] of one sweep; `matrix`[i, j] is what i feels of j."""
    n = len(biases)
    s, states = spins(n), np.arange(2**n)
    operator = np.eye(2**n)
    for slot in range(colour.max() + 1):
        for i in np.flatnonzero(colour == slot):
            up = sigmoid(2 * beta * (s @ matrix[i] + biases[i])) * (1 - memory) + memory * (s[:, i] > 0)
            one = np.zeros((2**n, 2**n))
            one[states, states | (1 << i)] += up
            one[states, states & ~(1 << i)] += 1 - up
            operator = operator @ one
    return operator


def free_operator(law, colour, memory):
    """Exact sweep of free RNGs on two colours of equal size: law (outputs, hidden) -> the same, as a function.

    At the end of a slot the outputs of its colour equal their hidden bits, so a state is (a, hidden a, b).
    """
    half = [np.flatnonzero(colour == c) for c in (0, 1)]
    s, matrix = spins(len(half[0])), couplings(law)

    def relax(mine, others):
        up = sigmoid(2 * (s @ matrix[np.ix_(mine, others)].T + law.biases[mine]))
        kernel = np.ones((len(s),) * 3)
        for k in range(len(mine)):
            rise = up[:, None, k] * (1 - memory) + memory * (s[None, :, k] > 0)
            kernel *= np.where(s[None, None, :, k] > 0, rise[:, :, None], 1 - rise[:, :, None])
        return kernel  # [outputs of the others, old, new]

    first, second = relax(half[0], half[1]), relax(half[1], half[0])

    def sweep(p):
        p = np.einsum("xyb,byz,xbw->zbw", p, first, second, optimize=True)
        return np.einsum("abw,awv,baz->azv", p, second, first, optimize=True)

    return half, sweep


def free_law(law, colour, memory):
    """Stationary law (2^n,) of the outputs at the end of a sweep of free RNGs."""
    half, sweep = free_operator(law, colour, memory)
    size = 2 ** len(half[0])
    p = np.full((size, size, size), size**-3.0)
    change = 1.0
    while change > 1e-13:
        after = sweep(p)
        change, p = np.abs(after - p).sum(), after
    lift = [((np.arange(size)[:, None] >> np.arange(len(h)) & 1) << h).sum(axis=1) for h in half]
    out = np.zeros(size**2)
    np.add.at(out, (lift[0][:, None] + lift[1][None, :]).ravel(), p.sum(axis=1).ravel())
    return out


def total_variation(p, q):
    return 0.5 * np.abs(p - q).sum()


def floor(p, draws):
    """Mean and standard deviation of the total variation that independent draws from p score."""
    samples = np.random.default_rng(5).multinomial(draws, p, size=60) / draws
    scores = 0.5 * np.abs(samples - p).sum(axis=1)
    return scores.mean(), scores.std()


def frequencies(states, n):
    return np.bincount(states.ravel(), minlength=2**n) / states.size


def agrees(values, exact):
    """Whether the mean over replicas is within five standard errors of `exact`; values (replica, ...)."""
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return bool(np.all(np.abs(values.mean(axis=0) - exact) < SIGMAS * error))


def test_isolated_p_bit_has_its_bias():
    mean = FabricRunner(fabric([0.1]), 1, 256).advance(500, record=True)["s:mean(s)"]
    up = (1 + mean.mean(axis=1)) / 2
    assert round(sigmoid(0.2), 4) == 0.5498
    assert agrees(up, sigmoid(0.2))
    assert not agrees(up, sigmoid(0.1)), "the factor 2 in 2 beta I"


def test_pair_agrees_as_often_as_its_coupling_says():
    states = FabricRunner(fabric([0, 0], [(0, 1)], [0.5]), 2, 256).advance(500, record=True)["s:states"]
    equal = np.isin(states, (0, 3)).mean(axis=1)
    assert round(sigmoid(1.0), 4) == 0.7311
    assert agrees(equal, sigmoid(1.0))
    assert not agrees(equal, sigmoid(2.0)), "a coupling counted twice"


@pytest.fixture(scope="module")
def torus():
    """4 x 4 torus with couplings +-0.5, and 409,600 states of it, 30 sweeps apart."""
    edges = sorted({tuple(sorted((4 * x + y, other))) for x, y in product(range(4), repeat=2)
                    for other in (4 * ((x + 1) % 4) + y, 4 * x + (y + 1) % 4)})  # fmt: skip
    weights = np.random.default_rng(3).choice([-0.5, 0.5], len(edges))
    chip = fabric(np.zeros(16), edges, weights)
    runner = FabricRunner(chip, 3, 64)
    runner.advance(100)
    return chip, runner.advance(6400 * 30, record=True, every=30)["s:states"]


@pytest.mark.parametrize("draws", [1600, 6400])
def test_torus_reaches_the_sampling_floor(torus, draws):
    chip, states = torus
    exact = boltzmann(chip.actual)
    score = total_variation(frequencies(states[:, :draws], 16), exact)
    mean, spread = floor(exact, 64 * draws)
    assert abs(score - mean) < SIGMAS * spread
    hotter = IsingLaw(chip.actual.edges, chip.actual.weights, chip.actual.biases, 1 / 1.05)
    assert total_variation(frequencies(states[:, :draws], 16), boltzmann(hotter)) > mean + SIGMAS * spread


def test_torus_has_the_inverse_temperature_that_was_asked_for(torus):
    """The pseudo-likelihood prod_i P(s_i | rest) is largest at beta = 1, to half a percent."""
    chip, states = torus
    s = spins(16)
    pull = s * (s @ couplings(chip.actual))  # s_i I_i of every state
    fitted = []
    for row in states:
        weight, beta = np.bincount(row, minlength=2**16).astype(float), 1.0
        used = np.flatnonzero(weight)
        a, w = 2 * pull[used], weight[used, None]
        for _ in range(6):
            against = sigmoid(-beta * a)
            beta += (w * a * against).sum() / (w * a**2 * against * (1 - against)).sum()
        fitted.append(beta)
    fitted = np.array(fitted)
    assert SIGMAS * fitted.std(ddof=1) / 8 < 0.005
    assert agrees(fitted, 1.0)
    assert not agrees(fitted, 1.01), "a temperature 1 % low"


@pytest.fixture(scope="module")
def frustrated():
    """Six unequal spins on a frustrated graph of three colours, held RNG, one tau0 per slot."""
    edges = [(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (4, 5), (3, 5)]
    return fabric([0.3, -0.2, 0.1, 0.0, -0.4, 0.2], edges, [0.7, -0.4, 0.5, 0.6, -0.8, 0.3, 0.9], memory=ONE_TAU)


def test_held_rng_leaves_the_boltzmann_law_fixed(frustrated):
    law = frustrated.actual
    exact = boltzmann(law)
    assert frustrated.colours == 3
    operator = sweep_operator(couplings(law), law.biases, frustrated.colour, ONE_TAU)
    np.testing.assert_allclose(exact @ operator, exact, rtol=0, atol=1e-12)
    states = FabricRunner(frustrated, 4, 64).advance(60_000, record=True, every=30)["s:states"]
    mean, spread = floor(exact, states.size)
    assert abs(total_variation(frequencies(states, 6), exact) - mean) < SIGMAS * spread


def test_held_rng_relaxes_with_the_second_eigenvalue(frustrated):
    """From all spins up, an eigenfunction f of the sweep decays as <f(s_k)> = lambda^k f(up)."""
    law = frustrated.actual
    operator = sweep_operator(couplings(law), law.biases, frustrated.colour, ONE_TAU)
    values, vectors = np.linalg.eig(operator)
    second = np.argsort(-np.abs(values))[1]
    rate, mode = values[second].real, vectors[:, second].real
    assert abs(values[second].imag) < 1e-12
    assert 0.2 < rate < 0.99
    states = FabricRunner(frustrated, 5, 16_384, up=True).advance(8, record=True)["s:states"]
    k = np.arange(1, 9)
    assert agrees(mode[states], rate**k * mode[-1])
    wrong = sweep_operator(couplings(law), law.biases, frustrated.colour, ONE_TAU**2)
    expected = np.array([(np.linalg.matrix_power(wrong, j) @ mode)[-1] for j in k])
    assert not agrees(mode[states], expected), "the memory squared"


def test_isolated_p_bit_forgets_exponentially():
    runner = FabricRunner(fabric([0.1], memory=ONE_TAU), 6, 256)
    runner.advance(30)
    centred = runner.advance(2000, record=True)["s:mean(s)"] - np.tanh(0.1)
    lags = range(1, 16)
    rho = np.array([(centred[:, :-k] * centred[:, k:]).mean(axis=1) for k in lags]).T / (1 - np.tanh(0.1) ** 2)
    k = np.array(lags)
    assert agrees(rho, np.exp(-k))
    tau = 1 + 2 * rho.sum(axis=1)
    exact = 1 + 2 * np.exp(-k).sum()
    assert round(exact, 3) == 2.164
    assert agrees(tau, exact)
    assert not agrees(tau, 1 + 2 * np.exp(-2 * k).sum()), "the memory squared"


def test_directed_weights_are_felt_by_their_target():
    """Node 1 feels nodes 0 and 2, which feel it with other strengths: no Boltzmann law, but an exact stationary one."""
    matrix = np.array([[0, 0.9, 0], [-0.2, 0, 0.6], [0, 0.1, 0]])
    biases, order = np.array([0.2, 0.0, -0.3]), np.array([0, 2, 1])
    targets, sources = np.nonzero(matrix)
    integers, unit = fixed(3, targets, matrix[targets, sources] * 2 / np.log(2))
    base = -np.bincount(targets, integers, minlength=3)
    coupled = rows(np.argsort(order), targets, sources, 2 * integers)
    bias = (2 / np.log(2) * biases[order]).astype(np.float32)
    plan = Plan(
        np.array([0, 2, 3]), order.astype(np.uint64), *coupled, base[order].astype(np.int32),
        unit[order].astype(np.float32), bias, np.ones(3, np.float32),
    )  # fmt: skip
    none, nobody, counts = np.zeros(0, np.float32), np.zeros(0, np.int8), np.zeros(8)
    for key in replica_keys(7, "directed", 600 * HALF).reshape(600, HALF):
        state = np.full(3 * LANES, -1, np.int8)
        for draw in range(1, 11):
            slots(state, nobody, key, 40 * (draw - 1), 40 * draw, plan, none)
            bits = state.reshape(3, LANES)[[0, 2, 1]] != 0
            counts += np.bincount((bits << np.arange(3)[:, None]).sum(axis=0), minlength=8)

    def stationary(weights):
        return np.linalg.matrix_power(sweep_operator(weights, biases, np.array([0, 1, 0]), 0.0), 200)[0]

    mean, spread = floor(stationary(matrix), int(counts.sum()))
    assert abs(total_variation(counts / counts.sum(), stationary(matrix)) - mean) < SIGMAS * spread
    assert total_variation(counts / counts.sum(), stationary(matrix.T)) > mean + SIGMAS * spread, "transposed"


def cube(signs):
    corners = list(product((0, 1), repeat=3))
    edges = [(i, j) for i, j in combinations(range(8), 2) if sum(np.abs(np.subtract(corners[i], corners[j]))) == 1]
    return edges, 0.7 * np.array(signs, dtype=float)


# The table that is reproduced here came without signs and biases. Without biases none of the 32 sign patterns that
# differ by more than a change of gauge gives it (the nearest is 6 % high); with this one and a bias of 0.2 all digits
# come out.
SIGNS = (1, -1, 1, 1, -1, -1, -1, 1, 1, -1, 1, -1)
BIAS = 0.2
FREE = {5.0: 0.0025, 3.0: 0.017, 1.0: 0.086, 0.5: 0.087, 0.1: 0.030}


def test_free_rng_is_not_boltzmann_between_no_and_full_memory():
    """Total variation of the outputs at the end of a sweep from Boltzmann's law, against slots of so many tau0."""
    edges, weights = cube(SIGNS)
    law = fabric(np.full(8, BIAS), edges, weights).actual
    colour, exact = colour_graph(8, law.edges), boltzmann(law)
    assert total_variation(free_law(law, colour, 0.0), exact) < 1e-10
    distance = {slot: total_variation(free_law(law, colour, np.exp(-slot)), exact) for slot in FREE}
    assert {slot: float(f"{value:.2g}") for slot, value in distance.items()} == FREE
    assert total_variation(free_law(law, colour, 0.99), exact) < 0.005


@pytest.mark.parametrize("memory", [0.05, 0.368, 0.905])
def test_free_rng_matches_its_own_law(memory):
    """Outputs at the end of a sweep follow the exact law of (outputs, hidden bits), which is not Boltzmann's."""
    edges, weights = cube(SIGNS)
    chip = fabric(np.full(8, BIAS), edges, weights, memory=memory, rng="free")
    exact = free_law(chip.actual, chip.colour, memory)
    runner = FabricRunner(chip, 8, 256)
    runner.advance(300)
    states = runner.advance(2000 * 100, record=True, every=100)["s:states"]
    mean, spread = floor(exact, states.size)
    assert abs(total_variation(frequencies(states, 8), exact) - mean) < SIGMAS * spread
    assert total_variation(frequencies(states, 8), boltzmann(chip.actual)) > mean + SIGMAS * spread
