"""``thermosim analyze``: what is known without running, on the screen and as JSON."""

import json

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
