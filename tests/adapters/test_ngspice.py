"""The exact laws of linear networks against ngspice, which no one here wrote."""

import re

import numpy as np
import pytest
from spice_decks import RING, chip_of, error

import thermosim as ts
from thermosim.adapters import ngspice, spice
from thermosim.analysis import interpolated

pytestmark = [
    pytest.mark.ngspice,
    pytest.mark.skipif(
        not ngspice.available(), reason="ngspice is not on the path; on Debian: apt-get install ngspice"
    ),
]

RC = """\
thermosim: 1
name: rc
temperature: {temperature} K
instances:
  C: {{type: capacitor, c: 1 pF, pins: {{p: x, n: 0}}, shape: [{size}]}}
  R: {{type: resistor, r: 10 kOhm, pins: {{p: x, n: 0}}, shape: [{size}]}}
run: {{duration: 1 us, record: {{x: every 100 ns}}}}
"""
PAIR = """\
thermosim: 1
name: pair
temperature: 300 K
instances:
  C1: {type: capacitor, c: 1 pF, pins: {p: a, n: 0}}
  C2: {type: capacitor, c: 2 pF, pins: {p: b, n: 0}}
  R1: {type: resistor, r: 1 MOhm, pins: {p: a, n: 0}}
  R2: {type: resistor, r: 3 MOhm, pins: {p: b, n: 0}}
  Rc: {type: resistor, r: 2 MOhm, temperature: 0 K, pins: {p: a, n: b}}
run: {duration: 1 us, record: {a: every 100 ns}}
"""


def test_a_ring_with_everything_unequal(tmp_path):
    """Four nodes, coupling C, six temperatures, injected noise to ground and between nodes, driven nets."""
    chip = chip_of(tmp_path, RING)
    ((mean, covariance),) = ngspice.run(spice.deck(chip))
    (exact,) = ts.analyze(chip)
    assert np.allclose(mean, exact.mean, rtol=1e-9)
    assert error(covariance, exact.covariance) < 1e-4
    assert error(1.001 * exact.covariance, exact.covariance) > 1e-4


@pytest.mark.parametrize("kind", ["Johnson", "injected"])
def test_a_ring_with_one_kind_of_noise(tmp_path, kind):
    lines = RING.splitlines(True)
    if kind == "Johnson":
        lines = [line for line in lines if "white_noise" not in line]
    else:
        lines = [re.sub(r"temperature: \d+ K, p|noisy: false, p", "p", line) for line in lines]
        lines = [line.replace("type: resistor,", "type: resistor, noisy: false,") for line in lines]
    chip = chip_of(tmp_path, "".join(lines))
    ((_, covariance),) = ngspice.run(spice.deck(chip))
    assert error(covariance, ts.analyze(chip)[0].covariance) < 1e-4


@pytest.mark.parametrize("temperature", [300, 350])
def test_one_rc_has_the_variance_kt_over_c(tmp_path, temperature):
    ((_, covariance),) = ngspice.run(spice.deck(chip_of(tmp_path, RC.format(temperature=temperature, size=1))))
    assert covariance[0, 0] == pytest.approx(1.380649e-23 * temperature / 1e-12, rel=1e-4)


def test_a_cold_coupler_correlates(tmp_path):
    """The golden pair out of equilibrium: variances .7246 and .3043 kT/C1, correlation .3703."""
    ((_, covariance),) = ngspice.run(spice.deck(chip_of(tmp_path, PAIR)))
    assert np.round(covariance / (1.380649e-23 * 300 / 1e-12), 4).tolist() == [[0.7246, 0.1739], [0.1739, 0.3043]]


def test_the_two_node_board():
    chip = ts.load("two_node_board")
    ((_, covariance),) = ngspice.run(spice.deck(chip))
    assert error(covariance, ts.analyze(chip)[0].covariance) < 1e-4


def test_noise_in_time_has_the_variance_of_its_interpolated_draws(tmp_path):
    """Four RC at once; ngspice takes no seed here, so the threshold is 9 standard errors of 0.5 % (p < 1e-18)."""
    chip = chip_of(tmp_path, RC.format(temperature=300, size=4).replace("p: x,", 'p: "x[i]",'))
    written = spice.deck(chip, transient=True)
    answers = ngspice.run(written)
    law = chip.program.islands[0].actual
    exact = interpolated.covariance(law.capacitance, law.conductance, law.noise, written.interval)[0, 0]
    found = np.mean([covariance[0, 0] for _, covariance in answers])
    assert found == pytest.approx(exact, rel=0.04)
    assert found != pytest.approx(ts.analyze(chip)[0].covariance[0, 0], rel=0.05), "kT/C is 12 % higher"
    assert found != pytest.approx(2 * exact, rel=0.04), "a two-sided density taken for a one-sided one"


SOURCES = """\
  S: {type: shot_noise, mean: included, current: 2 uA, voltage: 40 mV, pins: {p: X, n: "x[0]"}}
  A: {type: shot_noise, mean: left_out, current: 1 uA, gain: 3, excess_factor: 2, pins: {p: "x[1]", n: 0}}
  F: {type: flicker_noise, psd: 1e-20 A^2/Hz, at: 1 kHz, f_low: 10 Hz, f_high: 1 GHz, ripple: 0.01,
      pins: {p: "x[1]", n: X}}
  E: {type: vcvs, gain: -0.8, pins: {p: e, n: 0, cp: X, cn: "x[1]"}}
  Re: {type: resistor, r: 9 kOhm, pins: {p: e, n: "x[0]"}}
  B: {type: band_noise, psd: 5e-23 A^2/Hz, bandwidth: 3 MHz, second_pole: 20 MHz, pins: {p: "X", n: gnd}}
run:"""


def test_shot_flicker_and_band_limited_noise(tmp_path):
    chip = chip_of(tmp_path, RING.replace("run:", SOURCES))
    ((mean, covariance),) = ngspice.run(spice.deck(chip))
    (exact,) = ts.analyze(chip)
    nets = [k for k, name in enumerate(exact.nodes) if "(" not in name]
    known = exact.covariance[np.ix_(nets, nets)]
    assert np.allclose(mean, exact.mean[nets], rtol=1e-9)
    assert error(covariance, known) < 1e-4
    for path in ("S", "A", "F", "B"):
        share = next(one.share[nets] for one in exact.contributions if one.path == path)
        assert share.max() > 0.01, f"{path} must be seen"
