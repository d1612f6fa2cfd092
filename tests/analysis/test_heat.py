"""Heat booked for given charges: exact means at any step, the tower property, and what the midpoint rule leaves out."""

import numpy as np
import pytest

from thermosim.analysis.heat import heat_step
from thermosim.analysis.linear import stationary
from thermosim.analysis.thermodynamics import heat_rate

# Two nodes and a cold coupler, in units of k: hidden entropy production.
CAPACITANCE = np.diag([1.0, 2.0])
COLUMNS = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, -1.0]])
CONDUCTANCE = np.array([1.0, 1 / 3, 1 / 2])
TEMPERATURE = np.array([1.0, 1.0, 0.01])
INTENSITY = 2 * TEMPERATURE * CONDUCTANCE
COVARIANCE = stationary(
    CAPACITANCE, COLUMNS * CONDUCTANCE @ COLUMNS.T, COLUMNS * INTENSITY @ COLUMNS.T
)  # fmt: skip
RATES = np.array(
    [heat_rate(CAPACITANCE, COVARIANCE, COLUMNS[:, b], 0.0, CONDUCTANCE[b], INTENSITY[b]) for b in range(3)]
)
FASTEST = 1 / np.linalg.eigvals(np.linalg.solve(CAPACITANCE, COLUMNS * CONDUCTANCE @ COLUMNS.T)).max()


def form(step, areas=True):
    """Booked heats as quadratic forms of x = (u0, w): (k, 2 k, 2 k), and their constants."""
    k = len(CONDUCTANCE)
    start = np.block([[np.diag(CONDUCTANCE), np.zeros((k, k))], [np.zeros((k, k)), np.eye(k)]])  # x -> (i0, w)
    volts = np.hstack([np.eye(k), np.zeros((k, k))])
    charge = np.hstack([step.response, np.eye(k)]) @ start
    found = np.einsum("bx,by->bxy", charge, volts - step.elastance @ charge / 2)
    if not areas:
        return found, np.zeros(k)
    for weight, path, slope in zip(step.weights, step.path @ start, step.slope @ start, strict=True):
        found -= weight / 2 * np.einsum("bx,by->bxy", step.elastance @ path, slope)
        found += weight / 2 * np.einsum("bx,by->bxy", path, step.elastance @ slope)
    return found, -step.constant


def mean_rates(h, areas=True):
    step = heat_step(CAPACITANCE, COLUMNS, CONDUCTANCE, INTENSITY, h)
    quadratic, constant = form(step, areas)
    k = len(CONDUCTANCE)
    spread = np.zeros((2 * k, 2 * k))
    spread[:k, :k] = COLUMNS.T @ COVARIANCE @ COLUMNS
    spread[k:, k:] = step.factor @ step.factor.T
    return (np.einsum("bxy,xy->b", quadratic, spread) + constant) / h


@pytest.mark.parametrize("share", [0.016, 0.08, 0.32, 1.0])
def test_mean_heats_are_those_of_the_closed_form_at_any_step(share):
    gauss = (2 * share) ** 6 / 2e6  # error of three nodes for products of exponentials of the fastest rate
    error = np.abs(mean_rates(share * FASTEST) / RATES - 1).max()
    assert error < 10 * gauss + 1e-9  # 1e-9: round-off of 1 / h
    assert np.abs(mean_rates(share * FASTEST, areas=False) / RATES - 1).max() > 0.1 * share  # the midpoint rule


def test_the_midpoint_rule_takes_what_the_reference_says_from_the_first_bath():
    """-0.9, -4, -16 and -56 % of its heat at h / tau_fast = 0.016, 0.08, 0.32, 1.6."""
    biases = [mean_rates(share * FASTEST, areas=False)[0] / RATES[0] - 1 for share in (0.016, 0.08, 0.32, 1.6)]
    assert np.round(100 * np.array(biases), 1).tolist() == [-0.9, -4.4, -16.3, -56.0]


def test_heat_given_the_charges_is_the_mean_of_heats_given_more():
    """E[Q | q] = E[E[Q | q, q at half time] | q], for any start and end; the midpoint rule fails."""
    k, h = 3, 0.3 * FASTEST
    half, whole = (heat_step(CAPACITANCE, COLUMNS, CONDUCTANCE, INTENSITY, span) for span in (h / 2, h))
    drift = CONDUCTANCE[:, None] * half.elastance
    generator = np.random.default_rng(4)
    u0, w = generator.normal(size=k), whole.factor @ generator.normal(size=k)
    i0 = CONDUCTANCE * u0
    noise = half.factor @ half.factor.T
    decay = np.eye(k) - drift @ half.response
    spread = decay @ noise @ decay.T + noise
    gain = noise @ decay.T @ np.linalg.inv(spread)
    np.testing.assert_allclose(spread, whole.factor @ whole.factor.T, rtol=1e-10)
    rest = np.linalg.cholesky(noise - gain @ spread @ gain.T)
    points = [gain @ w + sign * np.sqrt(k) * rest[:, j] for j in range(k) for sign in (1, -1)]

    def error(areas):
        def booked(step, volts, noise):
            quadratic, constant = form(step, areas)
            x = np.concatenate([volts, noise])
            return np.einsum("bxy,x,y->b", quadratic, x, x) + constant

        total = np.zeros(k)
        for first in points:  # sigma points: exact for quadratic forms
            later = u0 - half.elastance @ (half.response @ i0 + first)
            total += booked(half, u0, first) + booked(half, later, w - decay @ first)
        return np.abs(total / len(points) - booked(whole, u0, w)).max() / np.abs(total / len(points)).max()

    assert error(True) < 1e-7
    assert error(False) > 1e-3


def test_areas_sum_to_zero_so_that_energy_is_kept_to_round_off():
    for h in (1e-3, 0.3, 20.0):
        step = heat_step(CAPACITANCE, COLUMNS, CONDUCTANCE, INTENSITY, h)
        (with_areas, constant), (without, _) = form(step), form(step, areas=False)
        size = np.abs(with_areas).sum()
        assert np.abs((with_areas - without).sum(axis=0)[:3, :3]).max() < 1e-14 * size
        quadratic = (with_areas - without).sum(axis=0)
        assert np.abs(quadratic + quadratic.T).max() < 1e-14 * size
        assert abs(constant.sum()) < 1e-14 * size


def test_noiseless_resistors_and_current_sources_are_ordinary_branches():
    columns = np.array([[1.0, 1.0, 1.0]])
    conductance, intensity = np.array([1.0, 0.5, 0.0]), np.array([2.0, 0.0, 0.0])
    step = heat_step(np.eye(1), columns, conductance, intensity, 0.1)
    assert np.all(np.isfinite(step.constant))
    assert np.all(np.isfinite(step.path))
    assert not step.factor[2].any()  # the source's charge is certain
