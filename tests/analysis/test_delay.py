"""The delayed loop's exact variance, held against limits that are known without it."""

import numpy as np
import pytest
from scipy.linalg import expm

from thermosim.analysis.delay import delayed_loop_variance


@pytest.mark.parametrize(("periods", "published"), [(0, 1.0811), (1, 1.2491), (2, 1.4395), (5, 2.2342)])
def test_a_loop_that_aims_at_a_quarter_of_the_variance(periods, published):
    assert round(4 * delayed_loop_variance(1.0, -3.0, 2.0, 0.05, 0.05 * periods), 4) == published


def test_without_gain_the_variance_is_that_of_the_mode():
    assert delayed_loop_variance(3.0, 0.0, 2.0, 0.1, 0.25) == pytest.approx(2.0 / (2 * 3.0), rel=1e-12)


def test_a_short_period_without_latency_is_continuous_feedback():
    assert delayed_loop_variance(1.0, -3.0, 2.0, 1e-5, 0.0) == pytest.approx(0.25, rel=1e-4)


def test_a_short_period_with_latency_is_the_delay_equation():
    # dv = -a v - b v(t - d) + sqrt(D) dW: var = D/2 (1 + b sin(w d) / w) / (a + b cos(w d)), w^2 = b^2 - a^2
    # (Kuechler, Mensch, Stochastics 40, 23, 1992).
    a, b, d = 1.0, 3.0, 0.2
    w = np.sqrt(b * b - a * a)
    exact = (1 + b * np.sin(w * d) / w) / (a + b * np.cos(w * d))
    # A held sample is half a period old on average.
    assert delayed_loop_variance(a, -b, 2.0, 1e-3, d - 5e-4) == pytest.approx(exact, rel=1e-4)


def test_a_latency_within_a_period_is_the_exact_transition_with_two_inputs():
    rate, gain, period, latency = 2.0, -1.5, 0.3, 0.1
    hold = lambda seconds: expm(np.array([[-rate, gain], [0.0, 0.0]]) * seconds)  # noqa: E731
    first, second = hold(latency), hold(period - latency)
    decay = first[0, 0] * second[0, 0]
    older, newer = second[0, 0] * first[0, 1], second[0, 1]
    recursion = np.array([[decay + newer, older], [1.0, 0.0]])
    kick = np.diag([(1 - np.exp(-2 * rate * period)) / (2 * rate), 0.0])
    covariance = kick.copy()
    for _ in range(2000):
        covariance = recursion @ covariance @ recursion.T + kick
    assert delayed_loop_variance(rate, gain, 1.0, period, latency) == pytest.approx(covariance[0, 0], rel=1e-12)


def test_a_noisy_sensor_adds_its_noise_through_the_loop():
    quiet, noisy = (delayed_loop_variance(1.0, -3.0, 2.0, 0.05, 0.0, sensor) for sensor in (0.0, 0.1))
    pole, newer = 1 - 4 * -np.expm1(-0.05), -3 * -np.expm1(-0.05)
    assert noisy - quiet == pytest.approx(0.1 * newer**2 / (1 - pole**2), rel=1e-9)


@pytest.mark.parametrize(("gain", "delay"), [(5, 0.362), (20, 0.081), (100, 0.0158)])
def test_an_unstable_loop_says_so(gain, delay):
    # Continuous feedback K is unstable beyond acos(-1/K) / sqrt(K^2 - 1) tau; a held sample is half a period old.
    exact = np.arccos(-1 / gain) / np.sqrt(gain**2 - 1)
    assert exact == pytest.approx(delay, rel=0.005)
    period = delay / 300
    delayed_loop_variance(1.0, -gain, 2.0, period, 0.99 * exact - period / 2)
    with pytest.raises(ValueError, match="unstable: its largest eigenvalue per period is 1"):
        delayed_loop_variance(1.0, -gain, 2.0, period, 1.01 * exact - period / 2)
