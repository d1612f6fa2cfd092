"""Signals: phases of a clock to the femtosecond, staircases that repeat."""

from fractions import Fraction
from pathlib import Path

import pytest
from moving_chips import HEAD

from thermosim.circuit import assemble, elaborate
from thermosim.circuit.signals import Clocked, Stairs
from thermosim.errors import NetlistError
from thermosim.netlist import load_text
from thermosim.times import FEMTOSECONDS


def by_hand(signal, time):
    """Closed if some whole k has closed it and not opened it yet."""
    period = FEMTOSECONDS / signal.frequency
    for k in range(-20, 40):
        closes = int((k + signal.phase) * period // 1) + signal.delay
        opens = int((k + signal.phase + signal.duty) * period // 1) + signal.delay
        if closes <= time < opens:
            return 1.0
    return 0.0


@pytest.mark.parametrize("phase", [Fraction(0), Fraction(1, 2), Fraction(7, 9)])
@pytest.mark.parametrize("delay", [0, 7, 1_000])
def test_a_clocked_switch_to_the_femtosecond(phase, delay):
    """A period of 83.33 fs, which no whole number of femtoseconds is."""
    signal = Clocked("ck", Fraction(12 * 10**12), phase, Fraction(45, 100), delay)
    values = [signal.at(time) for time in range(1500)]
    assert values == [by_hand(signal, time) for time in range(1500)]
    for time in (0, 1, 500, 777):
        changed = next(t for t in range(time + 1, 1500) if values[t] != values[t - 1])
        assert signal.after(time) == changed


def test_phases_that_do_not_overlap():
    one, other = (
        Clocked("ck", Fraction(7_000_000), phase, Fraction(45, 100), 0) for phase in (Fraction(0), Fraction(1, 2))
    )
    for time in range(0, 10**9, 1_234_567):
        assert one.at(time) + other.at(time) < 2
    assert one.at(0) == 1
    assert other.at(0) == 0


def test_stairs_repeat_and_stay():
    once = Stairs("once", (0, 3, 5), (1.0, 2.0, 0.5), None)
    again = Stairs("again", (0, 3, 5), (1.0, 2.0, 0.5), 8)
    assert [once.at(time) for time in (0, 2, 3, 4, 5, 100)] == [1, 1, 2, 2, 0.5, 0.5]
    assert [once.after(time) for time in (0, 3, 5)] == [3, 5, None]
    assert [again.at(time) for time in (7, 8, 10, 11, 13)] == [0.5, 1, 1, 2, 0.5]
    assert [again.after(time) for time in (0, 3, 5, 8, 13)] == [3, 5, 8, 11, 16]
    smooth = Stairs("smooth", (0, 3), (1.0, 1.0), 8)
    assert smooth.after(3) in (8, 11)


def stairs(generator, parameters="{}"):
    """The staircase of a generator that drives a source."""
    text = f"""{HEAD}parameters: {parameters}
generators: {{g: {generator}}}
instances:
  V: {{type: voltage_source, v: 1 V, gain: g, pins: {{p: u, n: 0}}}}
  R: {{type: resistor, r: 1 kOhm, pins: {{p: u, n: x}}}}
  C: {{type: capacitor, c: 1 nF, pins: {{p: x, n: 0}}}}
run: {{duration: 1 ms, record: {{x: every 1 us}}}}
"""
    program = assemble(elaborate(load_text(text, "moving.yaml")))
    return program.sources[0].signal


def test_points_are_held_or_joined():
    held = stairs("{points: [[0 s, 0], [1 us, 2], [3 us, -1]]}")
    assert (held.times, held.values, held.length) == ((0, 10**9, 3 * 10**9), (0, 2, -1), None)
    joined = stairs("{rate: 2 MHz, points: [[0 s, 0], [1 us, 2], [3 us, -1]], between: lines}")
    assert joined.times == tuple(k * 500_000_000 for k in range(7))
    assert joined.values == pytest.approx((0, 1, 2, 1.25, 0.5, -0.25, -1))
    closed = stairs("{rate: 2 MHz, points: [[0 s, 0], [1 us, 2]], between: lines, period: 2 us}")
    assert closed.values == pytest.approx((0, 1, 2, 1))
    assert closed.length == 2 * 10**9


def test_an_expression_is_read_off_at_the_updates():
    found = stairs('{rate: 4 MHz, expression: "{sin(2 * pi * t * f) + cos(pi)}", period: 1 us}', "{f: 1 MHz}")
    assert found.times == tuple(k * 250_000_000 for k in range(4))
    assert found.values == pytest.approx((-1, 0, -1, -2))


def test_points_of_a_file(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("pull.csv").write_text("# seconds,gain\n0,1\n1.5e-6,2\n2e-6,0\n")
    found = stairs("{file: pull.csv}")
    assert (found.times, found.values) == ((0, 1_500_000_000, 2_000_000_000), (1, 2, 0))
    wrong = {
        "0,1\n0,2\n": "line 2 of 'pull.csv': times begin at 0 and rise",
        "0,1\n1e-6\n": "line 2 of 'pull.csv' is not 'seconds,gain'",
    }
    for text, says in wrong.items():
        Path("pull.csv").write_text(text)
        with pytest.raises(NetlistError, match=says):
            stairs("{file: pull.csv}")
