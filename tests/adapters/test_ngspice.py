"""The exact laws of linear networks against ngspice, which no one here wrote."""

import re

import numpy as np
import pytest
from spice_decks import ACTIVE, COILS, RING, chip_of, error

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


TWIN_T = """\
thermosim: 1
name: twin_t
temperature: 300 K
instances:
  C0: {type: capacitor, c: 1 pF, pins: {p: in, n: 0}}
  C9: {type: capacitor, c: 0.5 pF, pins: {p: "not", n: 0}}
  R0: {type: resistor, r: 1 MOhm, temperature: 900 K, pins: {p: in, n: 0}}
  R1: {type: resistor, r: 1 MOhm, pins: {p: in, n: r}}
  R2: {type: resistor, r: 1 MOhm, temperature: 40 K, pins: {p: r, n: "not"}}
  C3: {type: capacitor, c: 2 pF, pins: {p: r, n: 0}}
  C1: {type: capacitor, c: 1 pF, pins: {p: in, n: c}}
  C2: {type: capacitor, c: 1 pF, pins: {p: c, n: "not"}}
  R3: {type: resistor, r: 500 kOhm, pins: {p: c, n: 0}}
run: {duration: 1 us, record: {in: every 100 ns}}
"""


def test_noise_that_passes_through_a_notch_and_a_net_called_not(tmp_path):
    """A twin T blocks the noise of R0 at 1 / (2 pi R C); ngspice's own integral is nan there."""
    chip = chip_of(tmp_path, TWIN_T)
    ((_, covariance),) = ngspice.run(spice.deck(chip))
    (exact,) = ts.analyze(chip)
    assert error(covariance, exact.covariance) < 1e-5


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


@pytest.mark.parametrize("text", [COILS, ACTIVE, COILS.replace("1 kOhm", "20 kOhm").replace("500 Ohm", "50 kOhm")])
def test_coils_mutual_inductance_and_active_elements(tmp_path, text):
    """Means and all entries between nets; the third has a quality of 130."""
    chip = chip_of(tmp_path, text)
    ((mean, covariance),) = ngspice.run(spice.deck(chip))
    (exact,) = ts.analyze(chip)
    assert np.allclose(mean, exact.mean[:3], rtol=1e-9, atol=1e-12)
    assert error(covariance, exact.covariance[:3, :3]) < 1e-4
    turned = chip_of(tmp_path, text.replace("k: -0.4", "k: 0.4").replace("gm: -0.2", "gm: 0.2"))
    assert error(covariance, ts.analyze(turned)[0].covariance[:3, :3]) > 1e-3


def test_one_rlc_has_the_variance_kt_over_c(tmp_path):
    """A parallel cell: kT / C, whatever R and L."""
    text = (
        PAIR.split("instances:")[0]
        + """instances:
  C: {type: capacitor, c: 1 nF, pins: {p: a, n: 0}}
  R: {type: resistor, r: 1 kOhm, pins: {p: a, n: 0}}
  L: {type: inductor, l: 10 uH, pins: {p: a, n: 0}}
run: {duration: 1 us, record: {a: every 100 ns}}
"""
    )
    ((_, covariance),) = ngspice.run(spice.deck(chip_of(tmp_path, text)))
    assert covariance[0, 0] == pytest.approx(1.380649e-23 * 300 / 1e-9, rel=1e-4)


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
    """Four RC at once; ngspice takes no seed here. 0.5 % is the error of their mean, and of that of the references,
    so the threshold is 5.6 standard errors."""
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
