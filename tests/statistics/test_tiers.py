"""The telegraph that is derived from a magnet against that magnet, followed in time."""

import numpy as np
import pytest
from macrospins import Copies, far, magnet
from scipy.stats import expon, kstest
from small_fabrics import FAR

from thermosim.analysis.fokker_planck import passage
from thermosim.analysis.tiers import telegraph, wells
from thermosim.models.mtj import Mtj

CERTAIN = 1e-6


def rates(found, current):
    """k_up and k_down [1/s] of a junction with the derived numbers, at a current that stands for its voltage."""
    junction = Mtj(tau0=f"{found.tau0} s", barrier=found.barrier, critical=f"{found.critical} V", exponent=2)
    values = {name: np.array([getattr(junction, name)]) for name in ("tau0", "barrier", "critical", "exponent")}
    zero = {"offset": np.zeros(1), "gain": np.ones(1), "bias": np.zeros(1)}
    answer = junction.port(values | zero)
    up, down = answer.barriers.rates(0, np.array([current]) / answer.scale)
    return float(up[0]), float(down[0])


@pytest.mark.parametrize("share", [0.0, 0.15])
def test_mean_and_dwell_of_magnet_and_telegraph(share):
    """Barrier of 5 kT, currents up to a fifth of the critical one: P(+1), and the time to leave the upper well."""
    bare = magnet(5, 0.1)
    x = share * 10
    model = magnet(5, 0.1, current=x * bare.current_unit)
    found = telegraph(bare, 2 * float(bare.current_unit))
    assert found.evidence == "derived"
    up, down = rates(found, x * float(bare.current_unit))
    step = model.largest_step()
    run = Copies(model, step, 2000)
    run.until(9 / (up + down))
    assert far(run.m[2] > 0, up / (up + down)) < FAR
    if share:
        assert far(run.m[2] > 0, down / (up + down)) > FAR, "the other direction"
    run = Copies(model, step, 2000)
    left, every = np.full(2000, np.inf), round(0.3 / (model.forgetting * step))
    while np.isinf(left).any():
        z = run.run(every)[2]
        left[np.isinf(left) & (z < -0.5)] = run.taken * step  # beyond the barrier, so that it counts as left
    margin = np.log(left.mean() * down)
    assert abs(margin) < found.dwell_error + FAR / np.sqrt(2000)
    assert kstest(left, expon(scale=left.mean()).cdf).pvalue > CERTAIN
    assert kstest(left, expon(scale=1.3 * left.mean()).cdf).pvalue < CERTAIN, "a dwell 30 % long"
    assert kstest(left**0.8, expon(scale=np.mean(left**0.8)).cdf).pvalue < CERTAIN, "another law"


def test_rates_of_wells_are_mean_times():
    """1 / (lambda_1 P(z > 0)) against the mean time from one well into the other, for a barrier of 10 kT."""
    up, down = wells(10, 2.0)
    assert 1 / up == pytest.approx(passage(10, 2.0, 0.7), rel=0.01)
    assert 1 / down == pytest.approx(passage(10, -2.0, 0.7), rel=0.01)


def test_where_there_is_no_telegraph():
    with pytest.raises(
        ValueError, match=r"a barrier of 2 kT does not make two states, its second .* only [\d.]+ times"
    ):
        telegraph(magnet(2), 0.0)
    with pytest.raises(ValueError, match="does not make two states"):
        telegraph(magnet(0), 0.0)
    tall = magnet(10)
    with pytest.raises(
        ValueError, match=r"would miss a dwell time by a factor .* \(at most 1.22\); its critical current"
    ):
        telegraph(tall, 14 * float(tall.current_unit))
    found = telegraph(tall, 4 * float(tall.current_unit))
    assert found.dwell_error < 0.2
    assert found.mean_error < 1e-4
    assert found.critical / float(tall.current_unit) == pytest.approx(20, rel=0.07)
    assert found.critical / float(tall.current_unit) > 20.5, "the slope is less than that of two points"


def test_spread_of_the_barrier():
    """8 % of 10 kT: exp(0.8) = 2.2 by the telegraph's form, somewhat less from the magnet, whose prefactor falls."""
    slow = [2 / sum(wells(10 * x)) for x in (1.0, 1.08)]
    assert slow[1] / slow[0] == pytest.approx(np.exp(0.8), rel=0.13)
    assert slow[1] / slow[0] < np.exp(0.8)
