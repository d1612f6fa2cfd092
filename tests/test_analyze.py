"""``thermosim analyze``: what is known without running, on the screen and as JSON."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import thermosim as ts
from thermosim.cli import app


def invoke(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_the_screen_says_what_the_shipped_chip_is_known_to_do():
    result = invoke("analyze", "smode4")
    assert result.exit_code == 0
    for told in ("5 us, 4.361 us, 3.333 us, 2.698 us", "64.36 mV", "59.61 mV", "0.1853", "m[0].N1", "closes to"):
        assert told in result.stdout
    assert "controllers are not part of this" in result.stdout


def test_json_is_si_and_follows_what_is_set():
    plain = json.loads(invoke("analyze", "noisy_capacitor", "--json", "--set", "temperature=0 K").stdout)
    (network,) = plain["networks"]
    assert network["nodes"] == ["x"]
    assert network["deviation"][0] == pytest.approx(0.1, rel=1e-12)
    assert network["physical"] is None, "the resistor is at 0 K and takes heat"
    assert network["heats"][0]["watts"] == pytest.approx(1e-7, rel=1e-12)
    assert [flow["path"] for flow in network["works"]] == ["N"]


def test_it_is_of_this_die():
    spread = {"variation.mismatch": {"m.C1.c": {"sigma": "10 %"}}}
    one, other = (ts.analyze(ts.load("smode4", set=settings))[0] for settings in ({}, spread))
    assert abs(one.deviation[0] - other.deviation[0]) > 1e-4


def test_a_fabric_says_whether_it_samples_boltzmann():
    told = " ".join(invoke("analyze", "pbit_grid", "--set", "updates.order=parallel").stdout.split())
    assert "Boltzmann's law no order: parallel" in told


def test_a_mistake_exits_with_2():
    assert invoke("analyze", "nothing_of_that_name").exit_code == 2


def screen(tmp_path, lines, more=""):
    path = tmp_path / "chip.yaml"
    body = "".join(f"  {line}\n" for line in lines)
    path.write_text(
        f"thermosim: 1\nname: chip\ntemperature: 300 K\ninstances:\n{body}"
        f"run: {{duration: 100 us, record: {{x: every 100 ns}}{more}}}\n"
    )
    result = invoke("analyze", str(path))
    assert result.exit_code == 0
    return " ".join(result.stdout.split())


R1, C1 = "R: {type: resistor, r: 1 mOhm, pins: {p: x, n: 0}}", "C: {type: capacitor, c: 1 fF, pins: {p: x, n: 0}}"


def test_round_off_of_a_fast_network_is_no_entropy(tmp_path):
    """At 1 as the dust of 1e-16 is 200 k a second, and yet there is one bath alone."""
    assert "entropy of all baths 0 k/s Mean" in screen(tmp_path, [R1, C1]).replace("mean", "Mean")


def test_a_ringing_pair_is_told_once_and_nothing_is_said_to_be_hidden_where_nothing_is_seen(tmp_path):
    lines = [
        "R: {type: resistor, r: 1 MOhm, pins: {p: x, n: 0}}", "Q: {type: resistor, r: 1 MOhm, temperature: 77 K, "
        "pins: {p: x, n: 0}}", "C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}",
        "L: {type: inductor, l: 0.1 H, pins: {p: x, n: 0}}",
    ]  # fmt: skip
    told = screen(tmp_path, lines)
    assert told.count("at 477.5 kHz") == 1
    assert "entropy that voltages show 0 k/s" in told
    assert "the voltages hide most of it" in told
    mixed = [*lines[2:], "R: {type: resistor, r: 1 MOhm, pins: {p: x, n: m}}", "M: {type: inductor, l: 1 H, pins: "
             "{p: m, n: 0}}", "Q: {type: resistor, r: 1 MOhm, temperature: 77 K, pins: {p: m, n: 0}}"]  # fmt: skip
    told = screen(tmp_path, mixed)
    assert "entropy that voltages show undefined" in told
    assert "hide" not in told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("latch", "the transistors and diodes around 'q' (q, qb) are not part of this"),
        ("potts", "the p-dits of 'd' are not part of this"),
    ],
)
def test_what_no_closed_form_covers_is_named(name, told):
    assert told in " ".join(invoke("analyze", name).stdout.split())
    plain = json.loads(invoke("analyze", name, "--json").stdout)
    assert plain["networks"] == []
    assert plain["left_out"][0].startswith(told)


def plain_of(tmp_path, lines):
    path = tmp_path / "chip.yaml"
    body = "".join(f"  {line}\n" for line in lines)
    path.write_text(
        f"thermosim: 1\nname: chip\ntemperature: 300 K\ninstances:\n{body}"
        "run: {duration: 100 us, record: {x: every 100 ns}, growth: allowed}\n"
    )
    return json.loads(invoke("analyze", str(path), "--json").stdout)["networks"][0]


def test_json_has_no_entropy_where_the_screen_has_none(tmp_path):
    """At 1 as the dust of 1e-16 is some 200 k a second; a real one, of 1e-9 of the rate, is told."""
    raw = []
    for k in range(8):
        pair = [
            f"R: {{type: resistor, r: {3 + k / 7:.3f} kOhm, pins: {{p: x, n: 0}}}}", C1,
            f"Q: {{type: resistor, r: {5 + k / 3:.3f} kOhm, pins: {{p: x, n: y}}}}",
            "D: {type: capacitor, c: 1.3 fF, pins: {p: y, n: 0}}",
        ]  # fmt: skip
        found = plain_of(tmp_path, pair)
        assert (found["visible"], found["physical"]) == (0.0, 0.0)
        raw.append(ts.analyze(ts.load(tmp_path / "chip.yaml"))[0].physical)
    assert max(np.abs(raw)) > 0
    found = plain_of(tmp_path, [R1, C1, "W: {type: resistor, r: 1 MOhm, temperature: 77 K, pins: {p: x, n: 0}}"])
    # k (T1 - T2) / tau^ (1 / T2 - 1 / T1) with 1 / tau^ = G2 / C, the other resistor holding the node
    exact = (1 / (1e6 * 1e-15)) * (300 - 77) * (1 / 77 - 1 / 300)
    assert found["physical"] == pytest.approx(exact, rel=1e-5)
    assert found["visible"] == 0.0


def test_nothing_is_said_of_detailed_balance_where_there_is_no_law(tmp_path):
    away = plain_of(tmp_path, [R1, C1, "G: {type: transconductance, gm: 2000 S, pins: {p: x, n: 0, cp: x, cn: 0}}"])
    assert away["reason"]
    assert (away["reversible"], away["visible"], away["physical"], away["circulation"]) == (None, None, None, [[None]])
    (moving,) = json.loads(invoke("analyze", "switched_capacitor", "--json").stdout)["networks"]
    assert moving["reversible"] is None
    (still,) = json.loads(invoke("analyze", "noisy_capacitor", "--json").stdout)["networks"]
    assert still["reversible"] is True


def test_a_conductance_that_damps_without_noise_says_what_is_not_counted(tmp_path):
    """gm = 1 / R cools to T / 2 and takes k T / 2 R C from the bath: entropy of the baths falls by k / 2 R C."""
    damped = [R1.replace("1 mOhm", "1 MOhm"), C1.replace("1 fF", "1 pF"),
              "G: {type: transconductance, gm: -1 uS, pins: {p: x, n: 0, cp: x, cn: 0}}"]  # fmt: skip
    found = plain_of(tmp_path, damped)
    assert found["covariance"][0][0] == pytest.approx(1.380649e-23 * 300 / 1e-12 / 2, rel=1e-9)
    assert found["physical"] == pytest.approx(-0.5e6, rel=1e-9)
    assert found["active"] == ["G"]
    told = screen(tmp_path, damped)
    assert "entropy of all baths -5e+05 k/s of resistors alone: the supply and the noise of G are not counted" in told
    assert plain_of(tmp_path, damped[:2])["active"] == []


def test_a_slow_mode_is_told_with_the_samples_that_it_takes(tmp_path):
    """Draws every tau of exp(-t / tau): 1 + 2 / (e - 1) = 2.164 of them count as one."""
    told = screen(tmp_path, [R1.replace("1 mOhm", "1 MOhm"), C1.replace("1 fF", "1 pF")])
    assert "relaxation 1 us recorded every 1 us the slowest takes 2.16 samples" in told


def test_inner_unknowns_are_no_news(tmp_path):
    """An amplifier's inner voltage is its output's shadow, and a noise current is no inductor's."""
    told = screen(tmp_path, [
        R1.replace("1 mOhm", "1 MOhm"), C1, "D: {type: capacitor, c: 1 fF, pins: {p: y, n: 0}}",
        "B: {type: amplifier, gain: 1, bandwidth: 1 GHz, output_resistance: 1 kOhm, psd: 1e-16 V^2/Hz, "
        "pins: {in_p: x, in_n: 0, out: y}}",
        "F: {type: flicker_noise, psd: 1e-26 A^2/Hz, at: 1 Hz, f_low: 1 Hz, f_high: 1 MHz, "
        "ripple: 0.1, pins: {p: x, n: 0}}",
    ])  # fmt: skip
    assert "x with y" in told
    assert "v(B) with" not in told
    assert "with v(B)" not in told
    assert "inductors" not in told
    assert "<Chip chip: 2 analog nodes;" in repr(ts.load(tmp_path / "chip.yaml"))
