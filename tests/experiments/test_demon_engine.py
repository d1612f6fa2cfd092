"""The demon's engine in short: power on its closed form, below every bound, and far below its price."""

import csv
import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "demon_engine"
FAR = 5.0


@pytest.fixture(scope="module")
def experiment():
    spec = importlib.util.spec_from_file_location("demon_engine", FOLDER / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["demon_engine"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_closed_form_has_the_limits_that_are_known(experiment):
    noise, period = 1e-3, 20e-9
    a = experiment.math.exp(-2 * period / experiment.TAU)
    after = experiment.posterior(experiment.FREE, noise**2, period / experiment.TAU)
    before = a * after + experiment.FREE * (1 - a)
    periodic = experiment.C / 2 * (before - after) / period
    assert experiment.power(noise, gain=1 - 1e-9, period=period) == pytest.approx(periodic, rel=1e-6)
    short = 1e-12
    dense = noise * (10e-9 / short) ** 0.5  # the same noise per time
    assert experiment.power(dense, gain=1 - 1e-9, period=short) == pytest.approx(experiment.largest(noise), rel=1e-3)
    # s = sqrt(1 + sigma): 0.172, 0.537 and 0.819 kT / tau at sigma = 1, 10, 100
    for sigma, share in ((1, 0.172), (10, 0.537), (100, 0.819)):
        rms = (2 * experiment.FREE * experiment.TAU / (sigma * 10e-9)) ** 0.5
        assert experiment.largest(rms) == pytest.approx(share * experiment.KT / experiment.TAU, abs=6e-4 * 4.2e-14)


def test_power_lies_on_the_closed_form(experiment, tmp_path):
    points = experiment.run(duration="4 us", replicas=192, every=3)
    assert len(points) == 8
    for one in points:
        if one.sweep != "bits" or one.setting >= 5:
            assert abs(one.watts - one.expected) < FAR * one.error
        assert one.watts < one.codes + FAR * one.error
        assert one.codes < one.readings * 1.01
        assert abs(one.innovations - 1) < FAR * one.innovations_error
        assert one.law > FAR * one.law_error
        assert one.electronics > 1e10 * one.watts
    late = next(one for one in points if one.sweep == "delay" and one.setting > 0)
    assert abs(late.watts - experiment.power(0.4e-3, late.setting / 2)) > FAR * late.error  # exp(-d / tau) is refused
    coarse = next(one for one in points if one.sweep == "bits")
    assert coarse.watts < coarse.expected - FAR * coarse.error  # two bits are worse than their noise
    experiment.draw(points, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_the_written_table_is_the_one_of_the_settings(experiment):
    with (FOLDER / "demon_engine.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(experiment.NOISES) + len(experiment.BITS) + len(experiment.DELAYS)
    for row in rows:
        if row["sweep"] != "bits":
            assert abs(float(row["watts"]) - float(row["expected"])) < FAR * float(row["error"])
