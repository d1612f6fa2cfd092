"""Single-precision rates of wells against double precision, and the decision that they lead to."""

import numpy as np
import pytest

from thermosim.kernels.gibbs import LANES
from thermosim.kernels.gibbs_rates import _decide, _escape, _power, _raise, _relax, _shares
from thermosim.models.curves import LOGISTIC
from thermosim.models.pbit import Barriers

MANY = np.uint64(LANES)


def in_lanes(attempts, wells, argument):
    field = (argument / np.log(2)).astype(np.float32)
    rise, fall = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    if wells.exponent[0] == 0:
        _relax(field, rise, fall, attempts, MANY)
    else:
        _shares(field, wells.critical_up[0], wells.critical_down[0], rise, fall, MANY)
        _raise(rise, wells.exponent[0], MANY)
        _raise(fall, wells.exponent[0], MANY)
        _escape(rise, fall, attempts, wells.up[0], wells.down[0], MANY)
    return rise, fall


def wells(exponent, up=12.0, down=20.0):
    one = np.ones(1)
    return Barriers(one, up * one, down * one, 9.0 * one, 14.0 * one, exponent * one, (LOGISTIC,))


@pytest.mark.parametrize("exponent", [0.0, 1.0, 1.5, 2.0])
def test_rates_keep_the_error_that_is_derived(exponent):
    """1e-6 + 3e-7 n E (1 + |a| / c)^n of the docstring, for barriers up to 20 kT, past both critical arguments."""
    argument, made = np.linspace(-20, 20, LANES), wells(exponent)
    exact = made.rates(0, np.float64(np.float32(argument / np.log(2))) * np.log(2))
    for seen, rate, height, critical in zip(
        in_lanes(0.7, made, argument), exact, (12.0, 20.0), (9.0, 14.0), strict=True
    ):
        bound = 1e-6 + 3e-7 * height * exponent * (1 + np.abs(argument) / critical) ** exponent
        held = rate > 2.0**-120
        assert np.all(np.abs(seen / (0.7 * rate) - 1)[held] < bound[held])
        assert np.all(seen < 2.0**-119, where=~held)
    if exponent:
        other = wells(exponent, up=12.01).rates(0, argument)[0]
        assert not np.all(np.abs(in_lanes(0.7, made, argument)[0] / (0.7 * other) - 1) < 1e-3), "a barrier 0.1 % high"


def test_powers_near_one_and_near_nothing():
    y = np.concatenate([np.logspace(-30, 2, 300), [0.0, 0.5, 125.0]]).astype(np.float32)
    less, power = np.array([_power(x) for x in y], dtype=np.float64).T
    np.testing.assert_allclose(less, np.expm1(-np.log(2) * y.astype(np.float64)), rtol=4e-7, atol=0)
    np.testing.assert_allclose(power, 2.0 ** -y.astype(np.float64), rtol=4e-7, atol=0)


@pytest.mark.parametrize(("rise", "fall"), [(0.3, 1.1), (1e-6, 2e-6), (40.0, 3.0), (0.02, 2.0)])
def test_where_a_spin_turns(rise, fall):
    """The largest word that turns it is the probability, from either side."""
    total = rise + fall
    for old, rate in ((0, rise), (-1, fall)):
        turn = -np.expm1(-total) * rate / total
        lanes = np.arange(LANES) - LANES / 2 + 0.5
        words = np.clip(turn * 2.0**32 * (1 + 1e-5 * lanes) + 2 * lanes, 0, 2**32 - 1).astype(np.uint32)
        spins = np.full(LANES, old, np.int8)
        _decide(np.full(LANES, rise, np.float32), np.full(LANES, fall, np.float32), words, spins, np.uint64(0), MANY)
        turned = spins != old
        assert turned[0]
        assert not turned[-1]
        assert np.all(np.diff(turned.astype(int)) <= 0)
        assert abs(np.count_nonzero(turned) - LANES / 2) <= 2, "4 in 1e5"
