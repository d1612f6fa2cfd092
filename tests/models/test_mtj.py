"""The junction's rates, response and readout against closed forms; what cannot work is refused."""

import numpy as np
import pytest
from pydantic import ValidationError

from thermosim.models.base import PriceContext
from thermosim.models.divider import divider
from thermosim.models.mtj import Mtj

VOLTS = np.linspace(-0.15, 0.15, 13)


def junction(**changes):
    values = {"tau0": "1 ns", "barrier": 3, "critical": "200 mV"} | changes
    return Mtj.model_validate(values)


def response(model):
    names = ("tau0", "barrier", "critical", "barrier_ap", "critical_ap", "exponent", "offset", "gain", "bias")
    return model.port({name: np.array([getattr(model, name)]) for name in names if getattr(model, name) is not None})


def rates(model, volts=VOLTS):
    answer = response(model)
    return answer.barriers.rates(0, volts / answer.scale)


@pytest.mark.parametrize(("exponent", "factor"), [(1, 1.0), (2, 2.0)])
def test_mean_of_equal_wells(exponent, factor):
    """<m> = tanh(Delta V/V_c) for n = 1, tanh(2 Delta V/V_c) for n = 2: logistic with the stated scale."""
    up, down = rates(junction(exponent=exponent))
    np.testing.assert_allclose((up - down) / (up + down), np.tanh(factor * 3 * VOLTS / 0.2), rtol=1e-12)
    scale = float(response(junction(exponent=exponent)).scale[0])
    assert scale == pytest.approx(0.2 / (2 * 3 * exponent))


def test_three_halves_is_not_logistic_but_has_its_slope_at_zero():
    up, down = rates(junction(exponent=1.5), np.array([1e-6, 0.15]))
    logit, scale = np.log(up / down), float(response(junction(exponent=1.5)).scale[0])
    assert logit[0] == pytest.approx(1e-6 / scale, rel=1e-5)
    assert abs(logit[1] * scale / 0.15 - 1) > 0.02
    v = 0.15 / 0.2
    assert logit[1] == pytest.approx(3 * ((1 + v) ** 1.5 - (1 - v) ** 1.5))


def test_unequal_wells_give_offset_and_slope():
    """n = 1: logit = E_AP - E_P + V (E_P/V_P + E_AP/V_AP); positive volts favour the antiparallel state, +1."""
    up, down = rates(junction(barrier_ap=4, critical_ap="300 mV"))
    np.testing.assert_allclose(np.log(up / down), 1 + VOLTS * (3 / 0.2 + 4 / 0.3), rtol=1e-9)


def test_dwell_times_and_a_barrier_that_is_gone():
    """tau0 = 1 ns: a barrier of 14 holds 1.2 ms, of 40 7.5 years; beyond V_c the well empties in tau0."""
    up, _ = rates(junction(barrier=14), np.zeros(1))
    assert 1 / up[0] == pytest.approx(1.2e-3, rel=0.01)
    up, _ = rates(junction(barrier=40), np.zeros(1))
    assert 1 / up[0] / (365.25 * 86400) == pytest.approx(7.5, rel=0.01)
    up, down = rates(junction(), np.array([0.3]))
    assert up[0] == pytest.approx(1e9)
    assert down[0] < up[0] * np.exp(-3)


def test_spread_of_the_barrier_is_spread_of_the_dwell():
    """8 % of a barrier of 10 is a factor 2.2 of dwell time at one sigma."""
    dwell = [1 / rates(junction(barrier=10 * x), np.zeros(1))[0][0] for x in (1.0, 1.08)]
    assert dwell[1] / dwell[0] == pytest.approx(2.2, abs=0.05)


def test_best_transistor_and_swing():
    """R_T = sqrt(R_P R_AP) gives the swing V_dd (R_AP - R_P) / (sqrt R_P + sqrt R_AP)^2, and no other R_T more."""
    cell = junction(r_p="5 kOhm", tmr=1.0, supply="0.8 V")
    low, high = cell.levels
    assert high - low == pytest.approx(0.8 * 5e3 / (np.sqrt(5e3) + np.sqrt(10e3)) ** 2)
    assert high == pytest.approx(-low)
    for other in (0.9, 1.1):
        r_t = other * cell.transistor
        assert divider(0.8, r_t, 5e3) - divider(0.8, r_t, 10e3) < high - low
    assert low < high  # antiparallel pulls the middle down; the inverter makes that +1


def test_static_energy_grows_with_the_time_between_updates():
    cell = junction(r_p="12.7 kOhm", tmr=1e-9, supply="0.8 V")
    static, latch = cell.prices({}, PriceContext(interval=1e-10))
    assert static.joules == pytest.approx(2.5e-15, rel=0.02)  # 25 uW for 0.1 ns
    assert cell.prices({}, PriceContext(interval=1e-9))[0].joules == pytest.approx(10 * static.joules)
    assert latch.joules is None
    assert junction().prices({}, PriceContext(interval=1e-9))[0].joules is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exponent": 3}, "1, 1.5 or 2"),
        ({"r_p": "5 kOhm"}, "r_p, tmr and supply together"),
        ({"r_p": "5 kOhm", "tmr": 1, "supply": "0.8 V", "threshold": "0.2 V"}, "the inverter never switches"),
        ({"r_p": "5 kOhm", "tmr": 1, "supply": "0.8 V", "r_t": "100 kOhm"}, "the inverter never switches"),
    ],
)
def test_a_cell_that_cannot_work_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        junction(**changes)
