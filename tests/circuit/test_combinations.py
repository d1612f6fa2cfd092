"""Features that were built apart, on one chip: what meets is right, or refused by name."""

from __future__ import annotations

import re

import numpy as np
import pytest

import thermosim
from thermosim.errors import NetlistError

CLOCK = "  CK: {type: clock, frequency: 1 MHz, pins: {out: phi}}\n"
RC = """  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R: {type: resistor, r: 1 MOhm, pins: {p: x, n: 0}}
"""
SWITCH = "  S: {type: switch, r_on: 10 kOhm, r_off: 1 GOhm, duty: 0.4, pins: {p: x, n: 0, clock: phi}}\n"
TIED = "  E: {type: voltage_source, v: 1 mV, pins: {p: z, n: x}}\n"
MIDDLE = """  R1: {type: resistor, r: 1 MOhm, pins: {p: x, n: z}}
  R2: {type: resistor, r: 1 MOhm, pins: {p: z, n: 0}}
"""
RUN = "run: {duration: 20 us, burn_in: 20 us, replicas: 4, record: {x: every 1 us}}\n"
STEPS = "generators: {g: {points: [[0 s, 1], [1 us, 3]], period: 2 us}}\n"
DEMON = """controllers:
  demon: {program: proportional, gain: [[0.5]], clock: phi, reads: {y: y}, writes: {d: d}, latency: 1 cycle}
"""
LOOP = """  A: {type: adc, bits: 8, reference: 1 mV, latency: 1 cycle, noise: 10 uV, pins: {in: x, clock: phi, out: y}}
  D: {type: dac, bits: 8, reference: 1 mV, settling: 1 ns, pins: {in: d, clock: phi, out: u}}
  RU: {type: resistor, r: 1 MOhm, pins: {p: u, n: x}}
"""


@pytest.fixture
def chip(tmp_path):
    def made(*instances, run=RUN, before=""):
        text = "thermosim: 1\nname: t\ntemperature: 300 K\n" + before + "instances:\n" + "".join(instances) + run
        (tmp_path / "t.yaml").write_text(text)
        return thermosim.load(tmp_path / "t.yaml")

    return made


def told(chip, *instances, **more):
    """Every problem of a chip, without the folder."""
    with pytest.raises(NetlistError) as caught:
        chip(*instances, **more)
    return re.sub(r"\S*/t\.yaml", "t.yaml", str(caught.value)).splitlines()


@pytest.mark.parametrize("where", [TIED, MIDDLE], ids=["tied", "eliminated"])
@pytest.mark.parametrize(
    ("kind", "numbers", "clock"),
    [
        ("held_noise", "psd: 1e-24 A^2/Hz", ", clock: phi"),
        ("band_noise", "psd: 1e-24 A^2/Hz, bandwidth: 10 kHz", ""),
        ("flicker_noise", "psd: 1e-24 A^2/Hz, at: 1 kHz, f_low: 1 kHz, f_high: 100 kHz, ripple: 0.05", ""),
    ],
)
def test_noise_with_a_memory_reaches_no_moving_network_by_a_net_without_a_row(chip, where, kind, numbers, clock):
    source = f"  F: {{type: {kind}, {numbers}, pins: {{p: z, n: 0{clock}}}}}\n"
    chip(CLOCK, RC, where, source)  # without the switch it is built
    line = 9 + where.count("\n")
    assert told(chip, CLOCK, RC, SWITCH, where, source) == [
        f"t.yaml:{line}:3: F: {kind}, noise with a memory, on net 'z' of a network that changes in time is not built; "
        "leave one of the two out"
    ]


def test_a_curve_behind_an_ideal_source_on_a_net_without_capacitance_is_refused(chip):
    curve = "  Q: {type: polynomial_conductance, g1: 10 uS, g3: 2 mS/V^2, noisy: true, pins: {p: zz, n: 0}}\n"
    source = "  E: {type: voltage_source, v: 100 mV, pins: {p: zz, n: z}}\n"
    assert told(chip, RC, MIDDLE, source, curve) == [
        "t.yaml:10:85: Q: net 'z' has no capacitance: a nonlinear current there would have to be solved for at every "
        "instant, which is not built; put a capacitor from it to ground"
    ]


def test_a_moving_source_on_a_nonlinear_network_is_told_once(chip):
    curve = "  Q: {type: polynomial_conductance, g1: 10 uS, g3: 2 mS/V^2, noisy: true, pins: {p: x, n: 0}}\n"
    source = "  V: {type: voltage_source, v: 1 mV, gain: g, pins: {p: u, n: 0}}\n"
    into = "  RU: {type: resistor, r: 1 MOhm, pins: {p: u, n: x}}\n"
    assert told(chip, RC, curve, source, into, before=STEPS) == [
        "t.yaml:9:44: V: a source that moves on net 'u' of a network that is not linear is not built; drive it by a DAC"
    ]


def test_a_self_heating_resistor_that_follows_a_generator_is_refused_between_held_nets_too(chip):
    source = "  V: {type: voltage_source, v: 1 V, pins: {p: u, n: 0}}\n"
    hot = "  RH: {type: resistor, r: 1 kOhm, gain: g, thermal_resistance: 1e4 K/W, pins: {p: u, n: 0}}\n"
    assert told(chip, RC, source, hot, before=STEPS) == [
        "t.yaml:9:64: RH: self-heating is not built here: it changes in time; leave thermal_resistance out, or state "
        "temperature"
    ]


INFORMED = RUN.replace("record", "measure: [information], record")


def test_information_of_a_nonlinear_network_is_refused_also_beside_a_linear_one(chip):
    curve = "  Q: {type: polynomial_conductance, g1: 10 uS, g3: 2 mS/V^2, noisy: true, pins: {p: x, n: 0}}\n"
    message = "run.measure: information is not built for readings of nonlinear networks (net 'x'); leave it out"
    assert told(chip, CLOCK, RC, curve, LOOP, run=INFORMED, before=DEMON) == [f"t.yaml:14:62: {message}"]
    beside = (
        "  CB: {type: capacitor, c: 1 pF, pins: {p: b, n: u}}\n  RB: {type: resistor, r: 1 MOhm, pins: {p: b, n: 0}}\n"
    )
    second = (
        LOOP.splitlines(keepends=True)[0].replace("A:", "AB:").replace("in: x", "in: b").replace("out: y", "out: z")
    )
    both = DEMON.replace("[[0.5]]", "[[0.5, 0.5]]").replace("y: y", "y: y, z: z")
    found = told(chip, CLOCK, RC, curve, LOOP, beside, second, run=INFORMED, before=both)
    assert f"t.yaml:17:62: {message}" in found


def test_information_is_refused_where_a_sampler_that_nobody_reads_takes_charge(chip):
    idle = (
        "  B: {type: adc, bits: 8, reference: 1 mV, sample_capacitance: 0.1 pF, buffered: false, latency: 1 cycle, "
        "pins: {in: x, clock: phi, out: idle}}\n"
    )
    chip(CLOCK, RC, LOOP, idle.replace("false", "true"), run=INFORMED, before=DEMON)
    assert told(chip, CLOCK, RC, LOOP, idle, run=INFORMED, before=DEMON) == [
        "t.yaml:14:62: run.measure: information is not built where an unbuffered sampler takes charge ('B'); buffer it "
        "or leave information out"
    ]


def test_jitter_on_a_net_that_a_generator_moves_is_refused(chip):
    source = "  V: {type: voltage_source, v: 1 mV, gain: g, pins: {p: u, n: 0}}\n"
    seen = (
        "  A: {type: adc, bits: 8, reference: 1 V, latency: 1 cycle, jitter: 1 ns, pins: {in: u, clock: phi, out: y}}\n"
    )
    assert told(chip, CLOCK, RC, source, seen, before=STEPS)[0] == (
        "t.yaml:10:86: A: aperture jitter on net 'u' that a generator moves is not built; leave jitter out"
    )


def test_amplifiers_and_avalanches_have_a_gain_and_follow_no_generator_in_a_deck(chip):
    from thermosim.adapters.spice import deck

    avalanche = (
        "  J: {type: shot_noise, mean: included, current: 1 nA, gain: 3, excess_factor: 2.2, pins: {p: x, n: 0}}\n"
    )
    amplifier = """  A: {type: amplifier, gain: 2, bandwidth: 1 MHz, output_resistance: 1 kOhm, psd: 1e-16 V^2/Hz,
      pins: {in_p: x, in_n: 0, out: y}}
  CY: {type: capacitor, c: 1 pF, pins: {p: y, n: 0}}
"""
    follower = """  E: {type: vcvs, gain: 2, pins: {p: e, n: 0, cp: x, cn: 0}}
  RE: {type: resistor, r: 1 MOhm, pins: {p: e, n: y}}
"""
    assert deck(chip(RC, avalanche, amplifier, follower)).islands == (("x", "y"),)


def test_shot_noise_does_not_pass_for_heat_of_warmer_resistors(chip):
    warm = "  RW: {type: resistor, r: 1 MOhm, temperature: 301 K, pins: {p: x, n: 0}}\n"
    shot = "  J: {type: shot_noise, mean: left_out, current: 1 uA, pins: {p: x, n: 0}}\n"
    assert {one.rule for one in chip(RC, warm).lints} == {"hidden-dissipation"}
    assert not chip(RC, warm, shot).lints


def test_switches_and_curves_have_the_temperature_that_they_state(chip):
    """One switch alone, and one curve whose other noise is none: kT / C of 3000 K and of the netlist's 300 K."""
    hot, cool = (
        thermosim.analyze(chip(CLOCK, RC.splitlines(keepends=True)[0], SWITCH.replace("duty", f"{stated}duty")))[0]
        for stated in ("temperature: 3000 K, ", "")
    )
    assert hot.periodic.state.covariances == pytest.approx(np.full((2, 1, 1), 1.380649e-23 * 3000 / 1e-12), rel=1e-9)
    assert cool.periodic.state.covariances == pytest.approx(np.full((2, 1, 1), 1.380649e-23 * 300 / 1e-12), rel=1e-9)
    curve = """  Q: {type: polynomial_conductance, g1: 10 uS, g3: 1 mS/V^2, noisy: true, temperature: 3000 K,
      pins: {p: x, n: 0}}
"""
    (island,) = chip(RC.splitlines(keepends=True)[0], curve).program.nonlinear_islands
    for law in (island.drawn, island.actual):
        assert law.linear.noise == pytest.approx(np.array([[2 * 1.380649e-23 * 3000 * 1e-5]]), rel=1e-12)


GROWING = "  G: {type: transconductance, gm: 1.5 uS, pins: {p: x, n: 0, cp: x, cn: 0}}\n"
ALLOWED = RUN.replace("record", "growth: allowed, record")
GROWS = "no stationary law: the drift C^-1 G has the eigenvalue -5e+05 1/s, and every mode must decay"


def test_growth_leaves_self_heating_and_decks_without_a_state_and_says_where(chip):
    from thermosim.adapters.spice import deck

    warm = RC.replace("1 MOhm", "1 MOhm, thermal_resistance: 1e8 K/W")
    assert told(chip, warm, GROWING, run=ALLOWED) == [f"t.yaml:6:54: R: self-heating needs a stationary state: {GROWS}"]
    with pytest.raises(NetlistError) as caught:
        deck(chip(RC, GROWING, run=ALLOWED))
    assert re.sub(r"\S*/t\.yaml", "t.yaml", str(caught.value)) == f"t.yaml:5:43: x: {GROWS}"


SHORT = """  CY: {type: capacitor, c: 1 pF, pins: {p: y, n: 0}}
  S: {type: switch, r_on: 0.1 Ohm, r_off: 1000 TOhm, duty: 0.4, pins: {p: x, n: y, clock: phi}}
"""


def test_a_closed_switch_that_swallows_a_leak_is_told(chip):
    """In floating point 10 S + 1 pS has lost 0.01 % of the leak, in the state in which the switch is closed."""
    leak = RC.replace("1 MOhm", "1 TOhm")
    found = [one for one in chip(CLOCK, leak, SHORT).lints if one.rule == "lost-digits"]
    assert [one.path for one in found] == ["x"]
    assert re.match(r"the slowest relaxation, 2 s at '[xy]', is the small difference of conductances", found[0].message)
    apart = SHORT.replace("0.1 Ohm", "1 MOhm")
    assert not [one for one in chip(CLOCK, leak, apart).lints if one.rule == "lost-digits"]


def test_heat_of_a_switch_that_is_too_fast_to_be_followed_is_refused(chip):
    heat = (
        RUN.replace("record", "measure: [heat], record").replace("20 us", "20 ms").replace("every 1 us", "every 1 ms")
    )
    chip(CLOCK, RC, SHORT.replace("0.1 Ohm", "1 MOhm"), run=heat)
    assert told(chip, CLOCK, RC, SHORT, run=heat) == [
        "t.yaml:10:62: run.measure: heat follows the fastest mode of 'x', 50 fs, in pieces of an eighth: 6.4e+12 of "
        "them are too many (at most 1e+10); shorten the run, leave heat out, or leave out the small capacitor that "
        "makes it fast"
    ]


def test_a_loop_from_converter_to_converter_leaves_no_law_to_compare_with(chip):
    """No controller stands between: the codes of the ADC are those of the DAC."""
    loop = LOOP.replace("in: d,", "in: y,")
    record = thermosim.simulate(chip(CLOCK, RC, loop, run=RUN.replace("20 us, burn", "200 us, burn")), seed=1)
    (target,) = thermosim.measure(record).target
    assert (target.distances, target.note) == ((), "a converter moves its inputs and the netlist names no target law")


AMPLIFIER = """  A: {type: amplifier, gain: 2, bandwidth: 1 MHz, output_resistance: 1 kOhm, psd: 1e-16 V^2/Hz,
      swing: 1 mV, pins: {in_p: x, in_n: 0, out: y}}
  CY: {type: capacitor, c: 1 pF, pins: {p: y, n: 0}}
"""
CURVE = "  Q: {type: polynomial_conductance, g1: 10 uS, g3: 2 mS/V^2, noisy: true, pins: {p: x, n: 0}}\n"


@pytest.mark.parametrize(
    ("what", "why"), [(SWITCH, "changes in time"), (CURVE, "is not linear")], ids=["moves", "bent"]
)
def test_a_swing_that_cannot_be_looked_after_is_told(chip, what, why):
    assert not [one for one in chip(CLOCK, RC, AMPLIFIER).lints if one.rule == "clipping"]
    (found,) = [one for one in chip(CLOCK, RC, what, AMPLIFIER).lints if one.rule == "clipping"]
    assert (found.path, found.message) == (
        "A",
        f"whether its output stays within its swing of 1 mV is not known beforehand: its network {why}; record a net "
        "that follows it",
    )


def test_few_electrons_are_seen_beside_a_switch_in_the_state_that_remembers_longest(chip):
    """I tau / q of 1 pA and 1 us; the open switch is a thousandth of the resistor."""
    shot = "  J: {type: shot_noise, mean: left_out, current: 1 pA, pins: {p: x, n: 0}}\n"
    turned = "  CT: {type: capacitor, c: 1 aF, gain: g, pins: {p: x, n: 0}}\n"
    for more in ((), (SWITCH,), (turned,)):
        (found,) = [one for one in chip(CLOCK, RC, *more, shot, before=STEPS).lints if one.rule == "few-electrons"]
        assert found.message.startswith("6.24 electrons cross it in the ")


def test_a_curve_whose_ends_are_tied_to_each_other_is_refused(chip):
    curve = CURVE.replace("p: x, n: 0", "p: z, n: x")
    assert told(chip, RC, TIED, curve) == [
        "t.yaml:8:3: Q: ideal sources join its ends (z, x): its current moves no voltage; leave it out"
    ]


def test_the_first_code_of_a_dac_with_an_offset_is_what_analyze_and_a_deck_hold(chip):
    from thermosim.adapters.spice import deck

    made = chip(CLOCK, RC, LOOP.replace("settling: 1 ns", "settling: 1 ns, offset: 0.3 mV"), before=DEMON)
    (found,) = thermosim.analyze(made)
    assert found.mean == pytest.approx([0.15e-3], rel=1e-12)  # half of it: two resistors of 1 MOhm
    assert "v_d u 0 0.0003" in deck(made).text
