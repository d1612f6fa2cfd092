"""Answers of compiled chips that run: within their errors, which are those of the closed form; and rounding."""

from dataclasses import replace

import numpy as np
import pytest
from h_matrices import matrix
from scipy.special import ndtri

import thermosim as ts
from thermosim import compile as chips
from thermosim.compile import digital
from thermosim.compile.chip import Effort, Run, run
from thermosim.compile.digital import conjugate_gradients
from thermosim.compile.error_law import covariance_error, mean_covariance
from thermosim.compile.matrix import elements, held, in_steps
from thermosim.compile.network import resistive
from thermosim.compile.parts import Parts
from thermosim.errors import ThermosimError

SHORT = Effort(draws=1000, replicas=32)
REPLICAS = 32
SMALL = np.array([[2.0, -0.5, 0.3], [-0.5, 1.5, -0.4], [0.3, -0.4, 1.2]])


def far(value: np.ndarray, exact: np.ndarray, error: np.ndarray) -> bool:
    """Whether some entry is beyond chance at 1e-6, all entries together, by Student's t of the replicas."""
    from scipy.special import stdtrit

    limit = float(stdtrit(REPLICAS - 1, 1 - 1e-6 / 2 / value.size))
    return bool(np.any(np.abs(value - exact) > limit * error))


@pytest.mark.parametrize("signs", [False, True])
@pytest.mark.parametrize("coupling", ["resistive", "capacitive"])
def test_inverse(coupling, signs):
    a = matrix(4, signs, 11)
    answer = chips.inverse(a, effort=SHORT, coupling=coupling)
    assert answer.verdict == "ok"
    assert not far(answer.value, np.linalg.inv(a), answer.error)
    assert far(1.1 * answer.value, np.linalg.inv(a), answer.error)
    assert answer.systematic < 1e-10
    assert answer.deviation < 4 * answer.expected


def test_solve():
    a, b = matrix(4, True, 12), np.array([1.0, -1.0, 2.0, 0.5])
    answer = chips.solve(a, b, effort=SHORT)
    assert not far(answer.value, np.linalg.solve(a, b), answer.error)
    assert far(answer.value, np.linalg.solve(a, 1.001 * b), answer.error)
    assert far(answer.value, np.linalg.solve(a[::-1, ::-1], b), answer.error)


def test_lyapunov_and_expm():
    a, r = matrix(3, True, 13), np.diag([1.0, 2.0, 4.0])
    answer = chips.lyapunov(a, r, effort=SHORT)
    assert not far(answer.value, answer.exact, answer.error)
    assert far(answer.value, np.linalg.inv(a) / 2, answer.error)
    short = a / np.trace(a)
    answer = chips.expm(short, effort=SHORT)
    from scipy.linalg import expm

    np.testing.assert_allclose(answer.exact, expm(-short), rtol=1e-12)
    assert not far(answer.value, answer.exact, answer.error)
    assert far(answer.value, expm(-2 * short), answer.error)


def test_gaussian_law_and_regression():
    rng = np.random.default_rng(3)
    features = np.eye(4)[rng.integers(4, size=40)] + 0.05 * rng.standard_normal((40, 4))
    targets = features @ np.array([1.0, -2.0, 0.5, 0.0]) + 0.3 * rng.standard_normal(40)
    answer = chips.bayesian_regression(features, targets, 0.3, 2.0, effort=SHORT)
    precision = features.T @ features / 0.09 + np.eye(4) / 4
    mean = np.linalg.solve(precision, features.T @ targets / 0.09)
    assert not far(answer.mean, mean, answer.mean_error)
    assert not far(answer.value, np.linalg.inv(precision), answer.error)
    assert np.allclose(answer.exact, np.linalg.inv(precision), rtol=1e-12)
    no_prior = np.linalg.solve(precision - np.eye(4) / 4, features.T @ targets / 0.09)
    assert not np.allclose(no_prior, mean, rtol=1e-3)
    covariance = np.linalg.inv(precision)
    again = chips.gaussian(mean, covariance=(covariance + covariance.T) / 2, effort=SHORT)
    assert not far(again.mean, mean, again.mean_error)
    assert far(again.mean, 1.3 * mean, again.mean_error)
    with pytest.raises(ThermosimError, match="precision or the covariance"):
        chips.gaussian(mean)


@pytest.mark.parametrize("diffusion", [None, np.diag([1.0, 9.0, 2.0, 4.0])], ids=["reversible", "circulating"])
@pytest.mark.parametrize("every", [0.05, 0.25, 2.0])
def test_the_error_law_is_that_of_the_draws(every, diffusion):
    """Sums over all lags, term by term, from the matrices themselves; not symmetric ones where voltages circulate."""
    from scipy.linalg import expm

    network = resistive(matrix(4, False, 14), Parts(), diffusion=diffusion)
    h, draws = every * network.slowest, 200_000
    made = Run((), np.zeros((1, draws, 4)), h, "ok", 0.0, ())
    step, now = expm(-network.slope * h), network.covariance
    square = np.trace(now) ** 2 + np.trace(now @ now)
    mean = np.trace(now)
    for _ in range(int(40 / every)):
        now = step @ now
        square += 2 * (np.trace(now) ** 2 + np.trace(now @ now))
        mean += 2 * np.trace(now)
    assert covariance_error(network, made) == pytest.approx(np.sqrt(square / draws) / network.scale, rel=1e-6)
    assert np.trace(mean_covariance(network, made)) == pytest.approx(mean / draws, rel=1e-6)


def test_runs_scatter_as_the_error_law_says():
    """Squared errors of 2,048 chips against their expectation, with the spread of the chips themselves."""
    network = resistive(matrix(3, True, 15), Parts())
    made = run(network, Parts(), Effort(draws=200, replicas=2048), "scatter")
    wanted = covariance_error(network, replace(made, x=made.x[:1]))
    found = np.einsum("kti,ktj->kij", made.x, made.x) / made.x.shape[1] - network.covariance
    ratios = (found**2).sum(axis=(1, 2)) / network.scale**2 / wanted**2
    limit = -float(ndtri(5e-7)) * ratios.std(ddof=1) / np.sqrt(len(ratios))
    assert abs(ratios.mean() - 1) < limit
    assert abs(ratios.mean() * 2 - 1) > 2 * limit  # mutant: tr C(s)^2 alone, or half of the lags
    mean = made.x.mean(axis=1)
    ratios = (mean**2).sum(axis=1) / np.trace(mean_covariance(network, replace(made, x=made.x[:1])))
    limit = -float(ndtri(5e-7)) * ratios.std(ddof=1) / np.sqrt(len(ratios))
    assert abs(ratios.mean() - 1) < limit
    assert abs(ratios.mean() * 2 - 1) > 2 * limit


def test_rounded_chips_answer_what_they_hold():
    a = matrix(4, True, 16)
    parts = Parts(bits=4)
    plain = chips.inverse(a, parts=parts, effort=SHORT)
    assert not far(plain.value, plain.held, plain.error)
    assert plain.systematic > 0.02
    mean = chips.inverse(a, parts=parts, effort=Effort(draws=200, replicas=8), roundings=16)
    assert len(mean.netlists) == 16
    assert len(set(mean.netlists)) > 8
    assert np.linalg.norm(mean.value - mean.held) < 4 * mean.expected * np.linalg.norm(mean.exact)
    assert mean.costs[1].count == 16 * 200 * 8 * 4


def spread_out(seed: int, n: int = 8, condition: float = 25.0) -> np.ndarray:
    """Positive definite with eigenvalues evenly spread in their logarithm, in random directions."""
    turned, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))
    found = (turned * np.geomspace(1, 1 / condition, n)) @ turned.T
    return (found + found.T) / 2


def rounded_inverse(a: np.ndarray, bits: int, rng: np.random.Generator | None) -> np.ndarray:
    """Inverse of a matrix whose entries have `bits` and a sign."""
    upper = np.triu_indices(len(a))
    entries = np.zeros_like(a)
    entries[upper] = in_steps(a[upper], np.abs(a).max() / (2**bits - 1), rng)
    return np.linalg.inv(entries + np.triu(entries, 1).T)


def test_averaging_over_stochastic_roundings_leaves_the_second_order():
    """One rounding errs in proportion to the step, the mean over many by its square: a step of a quarter tells."""
    found = {}
    for bits in (6, 8):
        errors = []
        for seed in range(20):
            a, rng = spread_out(seed), np.random.default_rng(seed)
            exact = np.linalg.inv(a)
            many = [rounded_inverse(a, bits, rng) for _ in range(400)]
            tries = (rounded_inverse(a, bits, None), many[0], np.mean(many, axis=0))
            errors.append([np.linalg.norm(one - exact) / np.linalg.norm(exact) for one in tries])
        found[bits] = np.median(errors, axis=0)
    nearest, single, averaged = found[6] / found[8]
    assert 3 < nearest < 6
    assert 3 < single < 6
    assert 9 < averaged < 25
    assert found[6][2] < found[6][0] / 3 < found[6][1] / 3  # a single stochastic rounding is worse than the nearest


def test_banks_of_a_chip_gain_from_the_average_too():
    a, parts = matrix(8, True, 17), Parts(bits=6)
    exact = np.linalg.inv(a)
    off = np.linalg.norm(resistive(a, parts).answer - exact)
    rng = np.random.default_rng(1)
    mean = np.mean([resistive(a, parts, rng=rng).answer for _ in range(200)], axis=0)
    assert np.linalg.norm(mean - exact) < off / 2


def test_elements_and_matrix_are_inverses():
    a = matrix(6, True, 18, tilt=0.0)
    np.testing.assert_allclose(held(elements(a, "A"), 6), a, rtol=1e-13, atol=1e-14)


def test_conjugate_gradients_and_prices():
    a = matrix(20, True, 19)
    b = np.random.default_rng(1).standard_normal((20, 3))
    found, iterations = conjugate_gradients(a, b, 1e-13)
    np.testing.assert_allclose(found, np.linalg.solve(a, b), rtol=1e-9, atol=1e-11)
    assert iterations <= 60
    answer = chips.inverse(a, effort=Effort(draws=400, replicas=4))
    cholesky = answer.digital[0]
    assert cholesky.error < 1e-11
    assert cholesky.macs == 20**3 / 2
    assert cholesky.joules["platform/cpu_ryzen3900x"].joules == pytest.approx(4000 * 2.2e-9)
    assert answer.joules > sum(cost.joules for cost in answer.costs if cost.action == "conversion") > 0
    assert next(cost.count for cost in answer.costs if cost.action == "conversion") == 20 * 400 * 4
    assert "unpriced" in str(answer)
    assert "averaging by the host, not in the sum" in str(answer)


def test_seconds_and_joules_are_those_of_the_netlist_times_its_replicas(tmp_path):
    """One number followed: watts of `analyze` on the text that ran, times the time that all replicas took."""
    answer = chips.inverse(SMALL, effort=Effort(draws=16, replicas=5))
    (text,) = answer.netlists
    (tmp_path / "inverse.yaml").write_text(text)
    chip = ts.load(tmp_path / "inverse.yaml")
    seconds = 5 * (chip.program.duration + chip.program.burn_in) * 1e-15
    assert answer.seconds == pytest.approx(seconds, rel=1e-12)
    watts = sum(flow.watts for network in ts.analyze(chip) for flow in network.works)
    assert answer.costs[0].joules == pytest.approx(watts * seconds, rel=1e-9)
    assert answer.joules == pytest.approx(sum(cost.joules for cost in answer.costs), rel=1e-12)


def test_a_measured_mean_takes_its_share_from_a_covariance_and_gets_it_back():
    """Of independent equal modes drawn every tau / 4, N draws: S (1 + coth(1/8) / N) at the law's covariance."""
    answer = chips.gaussian(np.zeros(2), precision=np.eye(2), effort=Effort(draws=50, replicas=2))
    x = answer.samples.reshape(-1, 2)
    given_back = answer.value - np.cov(x.T, bias=True)
    assert given_back == pytest.approx(np.eye(2) / np.tanh(1 / 8) / 100, rel=1e-3, abs=1e-6)


def test_johnsons_noise_is_part_of_what_a_matrix_exponential_is_measured_in():
    """0.1 mV of swing on 1 pF: the floor is 0.41 of the noise."""
    quiet = Parts(swing=1e-4)
    answer = chips.expm(SMALL / 4, parts=quiet, effort=Effort(draws=500, replicas=REPLICAS))
    assert not far(answer.value, answer.exact, answer.error)
    assert far(answer.value * 1.2, answer.exact, answer.error)


def test_the_error_of_an_average_over_roundings_falls_with_their_number():
    effort = Effort(draws=100, replicas=32)
    one, nine = (chips.inverse(SMALL, Parts(bits=8), effort, roundings=count).error.mean() for count in (1, 9))
    assert nine / one == pytest.approx(1 / 3, rel=0.25)


def test_chips_with_several_roundings_take_their_times_one_after_the_other(tmp_path):
    answer = chips.inverse(SMALL, Parts(bits=3), Effort(draws=16, replicas=2), roundings=5)
    assert len(set(answer.netlists)) > 1
    spans = []
    for k, text in enumerate(answer.netlists):
        (tmp_path / f"{k}.yaml").write_text(text)
        program = ts.load(tmp_path / f"{k}.yaml").program
        spans.append(2 * (program.duration + program.burn_in) * 1e-15)
    assert answer.seconds == pytest.approx(sum(spans), rel=1e-12)
    assert max(spans) < 0.5 * sum(spans)


def test_multiply_accumulates_of_the_digital_ways():
    """n = 6: Cholesky n^3 / 6 and n^2 a right-hand side, all columns n^3 / 2; an iteration n^2 + 5 n for each."""
    a = matrix(6, True, 21)
    for right, columns, cholesky in ((np.ones(6), 1, 36 + 36), (np.ones((6, 3)), 3, 36 + 108), (np.eye(6), 6, 108)):
        first, *gradients = digital.solving(a, right, 0.2)
        assert first.macs == cholesky
        for goal, method in zip((1e-12, 0.2), gradients, strict=True):
            _, iterations = conjugate_gradients(a, right.reshape(6, -1), goal)
            assert method.macs == iterations * columns * (36 + 30)
            assert method.name == f"conjugate gradients, {iterations} iterations"
        assert 0 < gradients[1].macs < gradients[0].macs
    (spectral,) = digital.by_eigenvectors(a, lambda: None)
    assert spectral.macs == 6.5 * 216
    (factored,) = digital.determinant(a)
    assert factored.macs == 36
