"""Numbers of the house's reference on circuits that were checked elsewhere, found again by netlists of this code."""

import numpy as np
import pytest
from noisy_chips import c, known, noise, r

import thermosim as ts
from thermosim.analysis import interpolated
from thermosim.constants import BOLTZMANN

KT = BOLTZMANN * 300


def pair(noisy, injected):
    """Two cells of 1 pF and 10 kOhm with 5 kOhm between; 4 k T 1 mS one-sided into each."""
    quiet = "" if noisy else ", noisy: false"
    lines = [c(f"C{net}", 1e-12, net) for net in "xy"] + [r(f"R{net}", 1e4, net, 0, quiet) for net in "xy"]
    lines += [r("Rc", 5e3, "x", "y", quiet)]
    return known(lines + [noise(f"N{net}", "white_noise", f"psd: {4 * KT * 1e-3!r} A^2/Hz", net) for net in injected])


def test_injected_noise_correlates_a_pair_and_johnson_noise_does_not():
    """(S_I / 4 c) G^-1: 2.4851682e-8 and 1.6567788e-8 V^2, two thirds; k T / C alone is a product law."""
    found = pair(False, "xy").covariance
    assert found[0, 0] == pytest.approx(2.4851682e-8, rel=1e-7)
    assert found[0, 1] == pytest.approx(1.6567788e-8, rel=1e-7)
    assert found[0, 1] / found[0, 0] == pytest.approx(2 / 3, rel=1e-12)
    alone = pair(True, "").covariance
    assert alone[0, 0] == pytest.approx(4.141947e-9, rel=1e-7)
    assert abs(alone[0, 1]) < 1e-12 * alone[0, 0]
    np.testing.assert_allclose(pair(True, "xy").covariance, found + alone, rtol=1e-10)


@pytest.mark.parametrize(
    ("ratio", "share"),
    [(1, 0.661), (0.5, 0.803), (0.2, 0.913), (0.1, 0.955), (0.05, 0.9771), (0.02, 0.9907), (0.01, 0.9953)],
)
def test_draws_joined_by_straight_lines_lose_their_share(ratio, share):
    """TRNOISE on an RC, h / tau from 1 to 0.01. The last is .995350, .9954 in the reference."""
    one = np.ones((1, 1))
    digits = 3 if ratio > 0.05 else 4
    found = interpolated.covariance(one, one, 2 * one, ratio)[0, 0]
    assert round(found, digits) == share
    assert found < 1 - 0.3 * ratio  # mutant: white noise, which loses nothing


def fast(psd):
    """smode4 with a hundredth of its resistors, as the reference states it."""
    return ts.load("smode4", set={"parameters.R0": "100 kOhm", "parameters.RC": "200 kOhm", "parameters.S0": psd})


def test_the_four_modes_of_the_reference():
    """25 uS, 40 ns; 64.4 and 59.6 mV; .185 and .172; 2.9e8 K; 16 steps of 3.9 mV; k T / C a million times below."""
    chip = fast("4e-19 A^2/Hz")
    law, (found,) = chip.program.islands[0].actual, ts.analyze(chip)
    assert law.conductance[0, 0] == pytest.approx(2.5e-5, rel=1e-9)
    assert law.capacitance[0, 0] / law.conductance[0, 0] == pytest.approx(40e-9, rel=1e-9)
    deviation = np.sqrt(np.diag(found.covariance))
    assert np.round(deviation * 1e3, 1).tolist() == [64.4, 59.6, 59.6, 64.4]
    correlation = found.covariance / np.outer(deviation, deviation)
    assert np.round([correlation[0, 1], correlation[1, 2]], 3).tolist() == [0.185, 0.172]
    assert 4e-19 / (4 * BOLTZMANN * law.conductance[0, 0]) == pytest.approx(2.9e8, rel=5e-3)
    (bank,) = chip.program.adcs
    assert bank.step == pytest.approx(3.9e-3, rel=2e-3)
    assert 15 < deviation.min() / bank.step < deviation.max() / bank.step < 17
    assert bank.high / deviation.max() == pytest.approx(8, rel=0.03)
    assert KT / law.capacitance[0, 0] / deviation.max() ** 2 == pytest.approx(1e-6, rel=0.01)


def test_the_four_modes_at_forty_times_room_temperature_do_not_fill_one_step():
    """1.6e-23 A^2/Hz: 0.4 mV, where a step is 3.9 mV."""
    chip = fast("1.6e-23 A^2/Hz")
    deviation = np.sqrt(np.diag(ts.analyze(chip)[0].covariance))
    assert deviation.max() == pytest.approx(0.4e-3, rel=0.05)
    assert deviation.max() < chip.program.adcs[0].step / 9
    # Such a chip is too fast for its loop of 10 MHz, and the lint says so; the one that is shipped is not.
    assert [one.rule for one in chip.lints] == ["loop-latency"] * 2
    assert [one.rule for one in ts.load("smode4").lints] == []
