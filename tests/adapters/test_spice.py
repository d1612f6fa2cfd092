"""Decks of the analog part: their text, and what they measure when no code of ours stamps them."""

import numpy as np
import pytest
from command_line import call
from spice_decks import ACTIVE, COILS, RING, Evaluator, chip_of, error

import thermosim as ts
from thermosim.adapters import ngspice, spice, spice_transient
from thermosim.analysis import interpolated
from thermosim.errors import NetlistError, ThermosimError

SMALL = """\
thermosim: 1
name: small
temperature: 310 K
instances:
  C: {type: capacitor, c: 1 pF, pins: {p: "x[0]", n: 0}}
  R: {type: resistor, r: 1 MOhm, pins: {p: "x[0]", n: u}}
  N: {type: white_noise, psd: 4e-23 A^2/Hz, pins: {p: "x[0]", n: 0}}
  V: {type: voltage_source, v: 0.2 V, pins: {p: 0, n: u}}
  I: {type: current_source, i: 1 nA, pins: {p: "x[0]", n: 0}}
run: {duration: 1 ms, record: {x: every 1 us}}
"""
DECK = """\
* small: the analog part of a thermosim netlist, in SI units
* net x[0] is x_0
.options temp=26.85 tnom=26.85 reltol=1e-6
c x_0 0 1e-12
i 0 x_0 1e-09
r_g_n noise_g_n 0 1000 dtemp=0
g_n 0 x_0 noise_g_n 0 0.00155380935296021
r x_0 u 1000000 dtemp=10
v 0 u 0.2
vprobe probe 0 dc 0 ac 1
rprobe probe 0 1 noisy=0
.control
set sqrnoise
set numdgt=15
op
echo thermosim mean x_0
print v(x_0)
noise v(x_0) vprobe dec 600 0.159 159000000000
setplot previous
let total = integ(onoise_spectrum)
echo thermosim variance x_0
print total[length(total)-1]
destroy all
quit 0
.endc
.end
"""
TRANSIENT = """\
* small: the analog part of a thermosim netlist, in SI units
* net x[0] is x_0
.options temp=26.85 tnom=26.85 reltol=1e-6 method=trap
c x_0 0 1e-12
i 0 x_0 1e-09
i_g_n 0 x_0 dc 0 trnoise(8.94427190999916e-09 2.5e-07 0 0)
r x_0 u 1000000 noisy=0
i_r u x_0 dc 0 trnoise(1.85040793340279e-10 2.5e-07 0 0)
v 0 u 0.2
i_drift0 0 drift0 dc 0 trnoise(1 2.5e-07 0 0)
r_drift0 drift0 0 1 noisy=0
c_drift0 drift0 0 1e-06
i_drift1 0 drift1 dc 0 trnoise(1 2.5e-07 0 0)
r_drift1 drift1 0 1 noisy=0
c_drift1 drift1 0 1e-06
i_drift2 0 drift2 dc 0 trnoise(1 2.5e-07 0 0)
r_drift2 drift2 0 1 noisy=0
c_drift2 drift2 0 1e-06
i_drift3 0 drift3 dc 0 trnoise(1 2.5e-07 0 0)
r_drift3 drift3 0 1 noisy=0
c_drift3 drift3 0 1e-06
.control
set numdgt=15
tran 2.5e-07 0.02001 0 5e-08
echo thermosim mean x_0
print v(x_0)[0]
let product0 = (v(drift0)*v(drift0)+v(drift1)*v(drift1)+v(drift2)*v(drift2)+v(drift3)*v(drift3))/4
meas tran average0 avg product0 from=1e-05 to=0.02001
echo thermosim drift
print average0
let product1 = (v(x_0)-v(x_0)[0])*(v(x_0)-v(x_0)[0])
meas tran average1 avg product1 from=1e-05 to=0.02001
echo thermosim covariance x_0 x_0
print average1
quit 0
.endc
.end
"""


def test_a_small_deck_word_for_word(tmp_path):
    """Units are SI without suffixes; r_g_n is 1 kOhm at 300 K, so that g_n^2 4 k 300 K 1 kOhm = 4e-23 A^2/Hz."""
    found = spice.deck(chip_of(tmp_path, SMALL))
    assert found.text == DECK
    assert pytest.approx(4e-23, rel=1e-12) == 0.0015538093529602144**2 * 4 * 1.380649e-23 * 300 * 1000
    assert (found.islands, found.names["x[0]"], found.notices) == ((("x[0]",),), "x_0", ())


def test_a_small_transient_word_for_word(tmp_path):
    """rms^2 2 h is the one-sided density: of the resistor 4 k 310 K / 1 MOhm."""
    found = spice.deck(chip_of(tmp_path, SMALL), transient=True)
    assert found.text == TRANSIENT
    assert pytest.approx(4e-23, rel=1e-12) == 8.94427190999916e-09**2 * 2 * 2.5e-7
    assert pytest.approx(4 * 1.380649e-23 * 310 / 1e6, rel=1e-12) == 1.85040793340279e-10**2 * 2 * 2.5e-7
    assert found.notices == ("noise is drawn every 2.5e-07 s; about 4e+05 points, all kept in memory",)


def evaluated(chip, change=lambda text: text):
    """Mean and covariance that a deck measures, by an evaluator that knows the deck alone."""
    written = spice.deck(chip)
    return spice.matrices(written, Evaluator(change(written.text)).answers())


def test_the_deck_of_a_ring_measures_the_exact_law(tmp_path):
    """Unequal capacitors and temperatures, coupling C, a silent and a cold resistor, floating noise, driven nets."""
    chip = chip_of(tmp_path, RING)
    ((mean, covariance),) = evaluated(chip)
    (exact,) = ts.analyze(chip)
    assert np.allclose(mean, exact.mean, rtol=1e-12)
    assert error(covariance, exact.covariance) < 2e-5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dtemp=600", "dtemp=610"),
        ("r2 x_0 x_1 6000 noisy=0", "r2 x_0 x_1 6000 dtemp=0"),
        ("rc x_1 0 15000 noisy=0", "rc x_1 0 15000 dtemp=10"),
        ("g_n2 gnd_2 x_1", "g_n2 0 x_1"),
        ("g_n1 0 x_0 noise_g_n1 0 0.00109", "g_n1 0 x_0 noise_g_n1 0 0.00110"),
        ("cx x gnd_2 3e-13", "cx x gnd_2 3.02e-13"),
        ("noise v(x_0,x_1)", "noise v(x_1,gnd_2)"),
    ],
)
def test_a_deck_that_is_slightly_wrong_is_seen(tmp_path, old, new):
    chip = chip_of(tmp_path, RING)
    ((_, covariance),) = evaluated(chip, lambda text: text.replace(old, new))
    (exact,) = ts.analyze(chip)
    assert error(covariance, exact.covariance) > 3e-4


def test_what_is_no_part_of_the_analog_network_is_left_out_and_told():
    found = spice.deck(ts.load("smode4"))
    assert found.notices == (
        "left out: adc (adc, 4 elements); nothing samples or loads its nets",
        "left out: dac (dac, 4 elements); its outputs are held",
        "left out: osc (clock, 1 element)",
        "left out: controllers.demon",
    )
    assert all(f"* {notice}\n" in found.text for notice in found.notices)
    assert "\nv_dac_0 u_0 0 0\n" in found.text


def test_transistors_are_refused_by_name():
    with pytest.raises(NetlistError) as caught:
        spice.deck(ts.load("latch"))
    assert len(caught.value.problems) == 6
    assert caught.value.problems[0].message == (
        "no deck for 'nmos': the export knows resistor, capacitor, white_noise, current_source, voltage_source, "
        "inductor, transconductance, amplifier, shot_noise, flicker_noise, band_noise, vcvs, mutual"
    )


def test_a_chip_without_analog_nodes_is_refused():
    with pytest.raises(NetlistError, match=r"instances: no analog node: nothing to export$"):
        spice.deck(ts.load("pbit"))


def test_a_network_that_does_not_settle_is_refused(tmp_path):
    floating = SMALL.replace("n: u}", "n: 0}").replace("type: resistor, r: 1 MOhm", "type: capacitor, c: 1 pF")
    floating = "".join(line for line in floating.splitlines(True) if "  V:" not in line)
    with pytest.raises(NetlistError, match=r"no stationary law: the drift C\^-1 G has the eigenvalue 0 1/s"):
        spice.deck(chip_of(tmp_path, floating))


def test_the_answer_is_read_line_by_line():
    text = "Circuit: *\nthermosim mean a\nv(a) = -2.5e-03\nNo. of Data Rows : 1\n"
    text += "thermosim difference a b\ntotal[length(total)-1] = 1e-9\n"
    assert ngspice.read(text) == {("mean", "a"): -2.5e-3, ("difference", "a", "b"): 1e-9}


def test_an_absent_simulator_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ThermosimError, match=r"^ngspice is not on the path; on Debian: apt-get install ngspice$"):
        ngspice.run(spice.deck(chip_of(tmp_path, SMALL)))


def test_the_command_writes_the_deck_and_tells_what_it_left_out(tmp_path):
    chip_of(tmp_path, SMALL)
    given = str(tmp_path / "netlist.yaml")
    assert call("export", "--spice", given).stdout == DECK
    assert call("export", "--spice", given, "--transient").stdout == TRANSIENT
    done = call("export", "--spice", given, "--set", "instances.C.c=2 pF", "--out", str(tmp_path / "deck.cir"))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert "c x_0 0 2e-12" in (tmp_path / "deck.cir").read_text()
    assert call("export", "--spice", "smode4").stderr.startswith("left out: adc (adc, 4 elements)")
    done = call("export", given)
    assert (done.exit_code, done.stderr) == (2, "export: say what to export as; these exist: --spice\n")
    done = call("export", "--spice", given, "--out", str(tmp_path / "none" / "deck.cir"))
    assert (done.exit_code, done.stderr) == (2, f"{tmp_path / 'none' / 'deck.cir'}: No such file or directory\n")


@pytest.mark.parametrize("ratio", [1.0, 0.25, 0.05, 0.01])
def test_interpolated_noise_on_one_rc_against_its_spectrum(ratio):
    """integral of 4 tau / (1 + (2 pi f tau)^2) sinc^4(f h) over f > 0, on a fine grid."""
    f = (np.arange(2_000_000) + 0.5) * 5e-5 / ratio  # in 1 / tau, up to f h = 100
    density = 4 / (1 + (2 * np.pi * f) ** 2) * np.sinc(f * ratio) ** 4
    one = np.ones((1, 1))
    found = interpolated.covariance(one, one, 2 * one, ratio)[0, 0]
    assert found == pytest.approx(density.sum() * (f[1] - f[0]), rel=1e-7)
    assert round(found, 4) == {1.0: 0.6610, 0.25: 0.8930, 0.05: 0.9771, 0.01: 0.9953}[ratio]


def test_interpolated_noise_of_a_network_is_that_of_its_propagated_draws():
    """The same from step to step: v' = E v + P xi + Q xi', variance at the knots and averaged between them."""
    rng = np.random.default_rng(3)
    capacitance = np.diag([1.0, 2.0, 0.5])
    conductance = np.array([[2.0, -0.5, 0.0], [-0.5, 1.5, -0.7], [-0.2, -0.7, 1.2]])  # not symmetric
    column = rng.normal(size=(3, 3))
    noise, h, fine = column @ column.T, 0.7, 400
    step = np.linalg.inv(np.eye(3) + h / fine / 2 * (drift := np.linalg.solve(capacitance, conductance)))
    step, push = step @ (np.eye(3) - h / fine / 2 * drift), step @ np.linalg.inv(capacitance) * (h / fine)
    # State: v, and the draws at both ends of the interval; the trapezoidal rule with 400 steps per interval.
    flows, state = [], np.hstack([np.eye(3), np.zeros((3, 6))])
    for k in range(fine):
        flows.append(state)
        middle = (k + 0.5) / fine
        state = step @ state + push @ np.hstack([np.zeros((3, 3)), (1 - middle) * np.eye(3), middle * np.eye(3)])
    whole = np.vstack([state, np.hstack([np.zeros((3, 6)), np.eye(3)]), np.zeros((3, 9))])
    kick = np.zeros((9, 9))
    kick[6:, 6:] = noise / h
    joint = kick.copy()
    for _ in range(200):
        joint = whole @ joint @ whole.T + kick
    averaged = np.mean([flow @ joint @ flow.T for flow in [*flows[1:], state]], axis=0)
    averaged += (flows[0] @ joint @ flows[0].T - state @ joint @ state.T) / (2 * fine)
    assert np.allclose(interpolated.covariance(capacitance, conductance, noise, h), averaged, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("text", [COILS, ACTIVE])
def test_decks_with_coils_and_active_elements_measure_the_exact_law(tmp_path, text):
    """Mutual inductance with its sign, inverting transconductances, an amplifier with noise; only nets are measured."""
    chip = chip_of(tmp_path, text)
    ((mean, covariance),) = evaluated(chip)
    (exact,) = ts.analyze(chip)
    count = len(mean)
    assert count == 3 < len(exact.nodes)
    assert np.allclose(mean, exact.mean[:count], rtol=1e-9, atol=1e-15)
    assert error(covariance, exact.covariance[:count, :count]) < 5e-5


@pytest.mark.parametrize(
    ("text", "change"),
    [
        (COILS, lambda deck: deck.replace("k_m la lb -0.4", "k_m la lb 0.4")),
        (COILS, lambda deck: deck.replace("lb b c", "lb c b")),
        (ACTIVE, lambda deck: deck.replace("gxy 0 x y 0", "gxy 0 x 0 y")),
        (ACTIVE, lambda deck: deck.replace("inner_g_a x y", "inner_g_a y x")),
    ],
)
def test_a_turned_coil_or_source_is_seen(tmp_path, text, change):
    chip = chip_of(tmp_path, text)
    assert change(spice.deck(chip).text) != spice.deck(chip).text
    ((_, covariance),) = evaluated(chip, change)
    assert error(covariance, ts.analyze(chip)[0].covariance[:3, :3]) > 1e-3


def test_sharp_resonances_get_more_frequencies(tmp_path):
    text = COILS.replace("1 kOhm", "1 MOhm").replace("500 Ohm", "1 MOhm").replace("2 kOhm", "1 MOhm")
    assert spice.points(chip_of(tmp_path, COILS).program.islands) == spice.POINTS
    assert spice.points(chip_of(tmp_path, text).program.islands) > 2000


def test_what_the_references_show_scales_the_covariances(tmp_path):
    written = spice.deck(chip_of(tmp_path, SMALL), transient=True)
    found = {("mean", "x_0"): 0.2, ("covariance", "x_0", "x_0"): 3e-9}
    still = spice_transient.expected(written.interval)
    assert still == pytest.approx(0.893 / 2 / 4, rel=1e-3)  # S / (2 C) of an RC with S = h and C = 4 h, filtered
    for drift in (1.0, 1.06):
        ((_, covariance),) = spice.matrices(written, found | {("drift",): drift * still})
        assert covariance[0, 0] == pytest.approx(3e-9 / drift)


def test_noise_that_a_deck_cannot_hold_is_refused_by_name(tmp_path):
    source = "{p: X, n: 0, clock: ck}}\n  K: {type: clock, frequency: 1 MHz, pins: {out: ck}}\nrun:"
    held = "  H: {type: held_noise, psd: 1e-23 A^2/Hz, pins: " + source
    with pytest.raises(NetlistError, match=r"no deck for held noise: \.noise knows no clock; thermosim analyze gives"):
        spice.deck(chip_of(tmp_path, RING.replace("run:", held)))
    band = "  B: {type: band_noise, psd: 1e-23 A^2/Hz, bandwidth: 1 MHz, pins: {p: X, n: 0}}\nrun:"
    with pytest.raises(NetlistError, match="no transient deck for 'band_noise': TRNOISE is white"):
        spice.deck(chip_of(tmp_path, RING.replace("run:", band)), transient=True)


def test_a_deck_has_the_parts_of_this_die_and_the_voltage_of_a_dac(tmp_path):
    """Drawn 1 MOhm, 1 pF, 1 uS and a DAC without offset; the deck has the values that the die drew."""
    text = """\
thermosim: 1
name: die
temperature: 300 K
models:
  dac4: {type: dac, bits: 4, reference: 0.5 V, settling: 20 ns, offset: 0 V}
  adc4: {type: adc, bits: 4, reference: 0.5 V, latency: 1 cycle}
instances:
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R: {type: resistor, r: 1 MOhm, pins: {p: x, n: u}}
  G: {type: transconductance, gm: -1 uS, pins: {p: x, n: 0, cp: x, cn: 0}}
  B: {model: dac4, pins: {in: d, clock: ck, out: u}}
  A: {model: adc4, pins: {in: x, clock: ck, out: d}}
  osc: {type: clock, frequency: 10 MHz, pins: {out: ck}}
variation: {mismatch: {R.r: {sigma: 10 %}, C.c: {sigma: 10 %}, G.gm: {sigma: 10 %}, B.offset: {sigma: 20 mV}}}
run: {duration: 1 ms, record: {x: every 1 us}}
"""
    chip = chip_of(tmp_path, text)
    ((mean, covariance),) = evaluated(chip)
    (exact,) = ts.analyze(chip)
    assert abs(exact.mean[0]) > 1e-3
    assert np.allclose(mean, exact.mean, rtol=1e-9)
    assert error(covariance, exact.covariance) < 2e-5
