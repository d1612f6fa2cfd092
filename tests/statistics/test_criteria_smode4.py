"""How far the law along e = (1, 1, 1, 1)/2 of smode4 is from its mixture, when the demon is coarse or late; 1 ms."""

import numpy as np
import pytest

import thermosim as ts


@pytest.mark.parametrize(
    ("settings", "published"),
    [
        ({"models.adc8.bits": 2}, 0.285),
        ({"models.adc8.bits": 3}, 0.083),
        ({"models.adc8.latency": "10 cycles", "controllers.demon.latency": "10 cycles"}, 0.072),
        ({}, 0.006),
    ],
)
def test_distance_along_e_of_a_coarse_and_of_a_late_demon(settings, published):
    fast = {"models.adc8.latency": "0 cycles", "controllers.demon.latency": "0 cycles", "run.duration": "1 ms"}
    summary = ts.measure(ts.simulate(ts.load("smode4", set=fast | settings), seed=91))
    found = next(one for one in summary.target[0].distances if one.quantity == "KS along principal[0]")
    # A distance of samples is that of their law or the perfect sampler's score, whichever is larger.
    expected, error = max(published, found.floor), np.hypot(found.error, found.floor_spread)
    assert abs(found.value - expected) < 5 * error
    assert (found.excess > 5) == (published > 0.01)
    if published > 0.2:
        assert abs(found.value - 0.083) > 5 * error
