"""Compiled networks answer exactly, by the closed forms of the analysis that runs on their text."""

import re

import numpy as np
import pytest
from h_matrices import matrix

import thermosim as ts
from thermosim.compile.matrix import comparison, elements, held, in_steps, scaling
from thermosim.compile.network import Network, capacitive, netlist, resistive
from thermosim.compile.parts import Parts
from thermosim.errors import ThermosimError


def analysed(network: Network, tmp_path) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean and covariance of x, and the works [W], of the netlist's text."""
    file = tmp_path / "compiled.yaml"
    file.write_text(netlist(network, "compiled", 300.0, "{duration: 1 us, record: {x: every 10 ns}}"))
    mean, covariance, watts = np.zeros(network.nodes), np.zeros((network.nodes, network.nodes)), 0.0
    for island in ts.analyze(ts.load(file)):
        at = [int(re.fullmatch(r"x\[(\d+)\]", node).group(1)) for node in island.nodes]
        mean[at], covariance[np.ix_(at, at)] = island.mean, island.covariance
        watts += sum(flow.watts for flow in island.works)
    read = np.diag(network.gain)
    read = np.hstack([read, -read]) / 2 if network.doubled else read
    return read @ mean, read @ covariance @ read.T, watts


def agree(found: np.ndarray, exact: np.ndarray) -> bool:
    return bool(np.abs(found - exact).max() <= 1e-10 * np.abs(exact).max())


CASES = [(n, signs, tilt) for n in (1, 2, 5) for signs in (False, True) for tilt in (0.0, 0.5)]


@pytest.mark.parametrize(("n", "signs", "tilt"), CASES)
@pytest.mark.parametrize("build", [resistive, capacitive])
def test_the_covariance_is_the_inverse(build, n, signs, tilt, tmp_path):
    a = matrix(n, signs, n, tilt)
    network = build(a, Parts())
    _, covariance, watts = analysed(network, tmp_path)
    found = (covariance - network.floor) / network.scale
    assert agree(found, np.linalg.inv(a))
    assert watts == pytest.approx(network.watts, rel=1e-9)
    assert not agree(2 * found, np.linalg.inv(a))
    if build is resistive:  # without the floor's subtraction the difference is seen
        assert not agree(covariance / network.scale, np.linalg.inv(a))
    if n > 1:  # what a transposed order of nodes would give
        assert not agree(found, np.linalg.inv(a[::-1, ::-1]))


@pytest.mark.parametrize("signs", [False, True])
def test_equal_noise_must_follow_the_capacitances(signs, tmp_path):
    """Mutant: with noise that is not proportional to C the covariance is not the inverse."""
    a = matrix(5, signs, 5)
    network = resistive(a, Parts())
    assert np.ptp(network.gain) > 0.1
    text = netlist(network, "t", 300.0, "{duration: 1 us, record: {x: every 10 ns}}")
    loud = max(part.value for part in network.noises)
    file = tmp_path / "mutant.yaml"
    file.write_text(re.sub(r"psd: \S+ A", f"psd: {loud!r} A", text))
    islands = ts.analyze(ts.load(file))
    assert max(np.linalg.norm(one.circulation) for one in islands) > 0
    assert not all(one.reversible for one in islands)


@pytest.mark.parametrize("signs", [False, True])
def test_the_mean_solves_and_the_noise_is_johnsons(signs, tmp_path):
    a, b = matrix(5, signs, 6), np.array([1.0, -2.0, 0.5, 0.0, 3.0])
    network = resistive(a, Parts(), force=b, quiet=True)
    mean, covariance, watts = analysed(network, tmp_path)
    assert agree(mean, np.linalg.solve(a, b))
    assert not agree(mean, np.linalg.solve(a[::-1, ::-1], b))
    assert agree(covariance, network.floor)
    assert watts == pytest.approx(network.watts, rel=1e-9)
    assert not network.noises


@pytest.mark.parametrize("signs", [False, True])
def test_a_gaussian_law_has_its_mean_and_its_covariance(signs, tmp_path):
    a, b = matrix(4, signs, 7), np.array([1.0, -2.0, 0.5, 3.0])
    network = resistive(a, Parts(), force=b)
    mean, covariance, _ = analysed(network, tmp_path)
    assert agree(mean, np.linalg.solve(a, b))
    assert network.scale == pytest.approx(1.0, rel=1e-12)
    assert agree(covariance - network.floor, np.linalg.inv(a))


@pytest.mark.parametrize("signs", [False, True])
def test_coloured_noise_solves_lyapunovs_equation(signs, tmp_path):
    a = matrix(4, signs, 8)
    r = np.diag([1.0, 2.0, 3.0, 4.0])
    r[0, 1] = r[1, 0] = 0.2
    r[2, 3] = r[3, 2] = -0.3
    network = resistive(a, Parts(), diffusion=r)
    _, covariance, _ = analysed(network, tmp_path)
    found = (covariance - network.floor) / network.scale
    assert agree(a @ found + found @ a, r)
    assert not agree(a @ found + found @ a, np.diag(np.diag(r)))


def test_doubling_holds_signs():
    a = matrix(5, True, 9)
    assert agree(held(elements(a * np.outer(d := scaling(a, "A"), d), "A"), 5) / np.outer(d, d), a)
    p, n = np.where(a < 0, a, 0.0) + np.diag(np.diag(a)), np.where(a > 0, a, 0.0) - np.diag(np.diag(a))
    both = np.block([[p, -n], [-n, p]])
    found = np.sort(np.linalg.eigvalsh(both))
    wanted = np.sort(np.concatenate([np.linalg.eigvalsh(a), np.linalg.eigvalsh(comparison(a))]))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_the_slope_is_that_of_the_network(tmp_path):
    for network in (resistive(matrix(5, False, 2), Parts()), capacitive(matrix(5, False, 2), Parts())):
        file = tmp_path / "t.yaml"
        file.write_text(netlist(network, "t", 300.0, "{duration: 1 us, record: {x: every 10 ns}}"))
        (island,) = ts.analyze(ts.load(file))
        assert np.sort(np.linalg.eigvals(network.slope).real) == pytest.approx(np.sort(1 / island.times), rel=1e-9)


@pytest.mark.parametrize("build", [resistive, capacitive])
def test_the_slope_is_in_the_order_and_the_units_of_the_answer(build, tmp_path):
    """gain C^-1 G / gain of the text: eigenvalues alone see neither a transposed scaling nor exchanged nodes."""
    network = build(matrix(5, False, 2, 0.5), Parts())
    assert np.ptp(network.gain) > 0.1 * network.gain.max()
    file = tmp_path / "t.yaml"
    file.write_text(netlist(network, "t", 300.0, "{duration: 1 us, record: {x: every 10 ns}}"))
    (island,) = ts.load(file).program.islands
    assert island.nodes == tuple(f"x[{k}]" for k in range(5))
    drift = np.linalg.solve(island.actual.capacitance, island.actual.conductance)
    exact = network.gain[:, None] * drift / network.gain
    assert agree(network.slope, exact)
    assert build is resistive or not agree(network.slope.T, exact)


@pytest.mark.parametrize("signs", [False, True])
@pytest.mark.parametrize("build", [resistive, capacitive])
def test_the_widest_voltage_is_the_swing(build, signs, tmp_path):
    """Of what is read: nodes, or half the difference of two, Johnson's noise on top of conductances."""
    network = build(matrix(5, signs, 4, 0.5), Parts(swing=20e-3))
    _, covariance, _ = analysed(network, tmp_path)
    if build is resistive:
        covariance = covariance - network.floor
    assert np.sqrt(np.diag(covariance) / network.gain**2).max() == pytest.approx(20e-3, rel=1e-9)


def test_capacitors_below_the_thermal_voltage_are_shaken_by_johnsons_noise_alone(tmp_path):
    network = capacitive(matrix(5, True, 4), Parts(swing=1e-9))
    _, covariance, watts = analysed(network, tmp_path)
    assert not network.noises
    assert agree(covariance / network.scale, np.linalg.inv(matrix(5, True, 4)))
    assert watts == network.watts == 0


def test_rounded_parts_state_what_they_hold(tmp_path):
    a = matrix(4, True, 3)
    network = resistive(a, Parts(bits=5))
    steps = np.array([part.value for part in network.conductances]) * 100e3 * 31
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)
    _, covariance, _ = analysed(network, tmp_path)
    found = (covariance - network.floor) / network.scale
    assert agree(found, np.linalg.inv(network.held))
    assert agree(found, network.answer)
    assert np.linalg.norm(found - np.linalg.inv(a)) > 1e-3 * np.linalg.norm(np.linalg.inv(a))


def test_stochastic_rounding_has_the_value_for_its_mean():
    rng = np.random.default_rng(1)
    rounded = np.array([in_steps(np.array([0.3, 1.9, 7.0]), 1.0, rng) for _ in range(20_000)])
    assert np.all(rounded[:, 2] == 7.0)
    error = np.sqrt(np.array([0.3 * 0.7, 0.1 * 0.9]) / 20_000)
    away = np.abs(rounded.mean(axis=0)[:2] - [0.3, 1.9]) / error
    assert np.all(away < 5)
    nearest = in_steps(np.array([0.3, 1.9]), 1.0, None)
    assert np.all(np.abs(nearest - [0.3, 1.9]) / error > 5)  # the mutant: always to the nearest


def refused(call) -> str:
    with pytest.raises(ThermosimError) as error:
        call()
    return str(error.value)


def test_refusals_name_what_is_wrong():
    from thermosim import compile as chips

    good, ones = np.array([[2.0, -1.0], [-1.0, 2.0]]), np.ones(2)
    uneven = good.copy()
    uneven[0, 1] = np.nextafter(-1.0, 0)
    assert refused(lambda: chips.inverse(uneven)) == (
        "A is not symmetric: [0, 1] is -0.9999999999999999, [1, 0] is -1.0; passive elements are "
        "reciprocal. If that is round-off, give (A + A.T) / 2"
    )
    assert refused(lambda: chips.inverse(np.array([[1.0, 2.0], [2.0, 1.0]]))) == (
        "A is not positive definite: its smallest eigenvalue is -1, its largest 3"
    )
    assert "smallest eigenvalue is 0" in refused(lambda: chips.inverse(np.zeros((2, 2))))
    assert refused(lambda: chips.inverse(np.array([[1.0, np.nan], [np.nan, 1.0]]))) == (
        "A[0, 1] is nan; every entry must be finite"
    )
    assert refused(lambda: chips.solve(good, np.ones(3))) == "b has shape [3]; the matrix needs [2]"
    assert refused(lambda: chips.solve(good, np.array([1.0, np.inf]))) == "b[1] is inf; every entry must be finite"
    assert refused(lambda: chips.inverse(np.ones((2, 3)))) == "A has shape [2, 3]; a square matrix is needed"
    strong = np.full((3, 3), 0.9) + 0.1 * np.eye(3)
    assert refused(lambda: chips.inverse(strong)) == (
        "A cannot be held by passive elements: its comparison matrix (diagonal less the sizes of the others) has the "
        "eigenvalue -0.8, and it must be positive definite; this one needs negative conductances, that is amplifiers, "
        "which are not built"
    )
    weak = np.array([[2.0, -1e-6], [-1e-6, 2.0]])
    assert refused(lambda: chips.solve(weak, ones)) == (
        "1 element of A below the range 1 nS to 10 uS: A[0, 1] (5 pS); widen the range, state bits to round them, "
        "or set them to 0"
    )
    assert refused(lambda: chips.inverse(good, Parts(bits=20))) == (
        "20 bits of 10 uS have a step of 9.537 pS, below the range's 1 nS; use fewer bits or a wider range"
    )
    bare = np.array([[1.0, -0.99], [-0.99, 1.0]])
    assert "no element to ground left" in refused(lambda: chips.inverse(bare, Parts(bits=3)))
    assert refused(lambda: chips.inverse(good, roundings=4)) == (
        "roundings are of components with bits: state parts=Parts(bits=..)"
    )
    assert "row 1 of R is not dominated" in refused(lambda: chips.lyapunov(good, np.array([[2.0, 1.2], [1.2, 1.0]])))
    assert "temperature = -3.0" in refused(lambda: Parts(temperature=-3.0))
    assert "coupling 'inductive' is unknown" in refused(lambda: chips.inverse(good, coupling="inductive"))
