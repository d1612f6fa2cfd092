"""Reading a junction: where the inverter switches, TMR that falls with the voltage, and what it costs to wait."""

import numpy as np
import pytest

from thermosim.models.base import PriceContext
from thermosim.models.divider import antiparallel, divider
from thermosim.models.macrospin import Macrospin
from thermosim.models.mtj import Mtj

DISC = {
    "orientation": "perpendicular", "m_s": "300 kA/m", "diameter": "15 nm", "thickness": "0.5 nm", "alpha": 0.1,
    "h_k": "0 A/m", "transconductance": "11 uS",
}  # fmt: skip
JUNCTION = {"r_p": "12.7 kOhm", "tmr": 8.526, "supply": "0.8 V"}


def disc(**changes):
    return Macrospin.model_validate(DISC | JUNCTION | changes)


def middle(cell, z):
    """V_mid at m_z = z by conductances: G = (G_P + G_AP) / 2 - z (G_P - G_AP) / 2, found by iteration of the TMR."""
    r_p, tmr, supply = cell.junction
    across = supply / 2
    for _ in range(200):
        here = tmr if cell.v_half is None else tmr / (1 + (across / cell.v_half) ** 2)
        parallel, other = 1 / r_p, 1 / (r_p * (1 + here))
        resistance = 2 / (parallel + other - z * (parallel - other))
        across = 0.5 * (across + supply * resistance / (resistance + cell.transistor))
    return divider(supply, cell.transistor, resistance)


@pytest.mark.parametrize("changes", [{}, {"v_half": "0.5 V"}, {"threshold": "20 mV", "v_half": "0.4 V"}])
def test_without_a_transistor_it_is_read_at_the_equator(changes):
    cell = disc(**changes)
    assert cell.switching == pytest.approx(0, abs=1e-12)
    assert middle(cell, 0.0) == pytest.approx(cell.threshold, abs=1e-9)
    assert middle(cell, 0.1) < cell.threshold < middle(cell, -0.1)  # antiparallel lowers it: output +1


def test_the_transistor_of_largest_swing_reads_off_the_equator():
    """sqrt(R_P R_AP) at a polarisation of 0.9 (rho = 0.81): m_z = (1 - sqrt(1 - rho^2)) / rho = 0.51."""
    best = 12.7e3 * np.sqrt(1 + 8.526)
    cell = disc(r_t=f"{best} Ohm")
    assert cell.switching == pytest.approx((1 - np.sqrt(1 - 0.81**2)) / 0.81, abs=1e-4)
    assert middle(cell, cell.switching) == pytest.approx(0, abs=1e-9)
    two = Mtj.model_validate({"tau0": "1 ns", "barrier": 3, "critical": "200 mV"} | JUNCTION)
    assert two.transistor == pytest.approx(best)
    assert two.levels[1] == pytest.approx(-two.levels[0])  # two states do not mind


def test_tmr_falls_with_the_voltage_that_the_junction_takes():
    r_ap = antiparallel(0.8, 12.7e3, 12.7e3, 1.0, 0.5)
    across = 0.8 * r_ap / (r_ap + 12.7e3)
    assert r_ap == pytest.approx(12.7e3 * (1 + 1 / (1 + (across / 0.5) ** 2)), rel=1e-9)
    assert antiparallel(0.8, 12.7e3, 12.7e3, 1.0, None) == 25.4e3
    whole, fallen = disc(), disc(v_half="0.5 V")
    assert fallen.levels[1] - fallen.levels[0] < whole.levels[1] - whole.levels[0]


def test_two_states_in_an_unlatched_cell_make_a_staircase():
    """The input gates R_T: neither state, one of them, or both lie above the threshold; a free magnet glides."""
    r_p, r_ap = 5e3, 15e3
    r_t = np.linspace(2e3, 30e3, 57)
    two = np.array([np.mean([np.sign(-divider(0.8, r, state)) for state in (r_p, r_ap)]) for r in r_t])
    assert set(two[(r_t != r_p) & (r_t != r_ap)]) == {1.0, 0.0, -1.0}
    np.testing.assert_array_equal(two[(r_t > r_p) & (r_t < r_ap)], 0)
    inside = r_t[(r_t > r_p) & (r_t < r_ap)]
    free = [
        -disc(r_p="5 kOhm", tmr=2, r_t=f"{r} Ohm").switching for r in inside
    ]  # <sgn(m_z - z*)>, m_z even on (-1, 1)
    assert np.all(np.diff(free) < 0)
    assert free[0] > 0.7
    assert free[-1] < -0.9


def test_waiting_costs():
    """25 uW: 0.8 V over 12.7 k + 12.7 k; ten times the time, ten times the energy."""
    cell = disc(tmr=1e-9, r_t="12.7 kOhm", threshold="-1 pV")
    fast, slow = (cell.prices({}, PriceContext(interval=time))[0].joules for time in (1e-10, 1e-9))
    assert fast == pytest.approx(2.5e-15, rel=0.02)
    assert slow == pytest.approx(10 * fast)


def test_a_spin_hall_cell_has_the_gain_of_its_paper():
    """+-6 uA of charge give x/2 = 3.3 of an isotropic magnet; the paper calibrates 3.5."""
    one = {name: np.array([value]) for name, value in vars(disc()).items() if isinstance(value, float)}
    scale = disc().port(one | {"temperature": np.array([300.0])}).scale[0]
    assert 0.5 * 6e-6 * 125e3 / scale == pytest.approx(3.28, abs=0.02)
