"""The noise budget at a small size: what is measured is what its closed forms say."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "noise_budget"


@pytest.fixture(scope="module")
def experiment():
    spec = importlib.util.spec_from_file_location("noise_budget", FOLDER / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_budget_is_what_a_run_shows(experiment, tmp_path):
    table, rows = experiment.run(sizes=(10.0,), replicas=60, duration=100e-6, lengths=(3, 30))
    ((_, expected, seen),) = table
    alone = np.sqrt(sum(expected[name] ** 2 for name in ("R", "shot", "1/f", "buffer")))
    assert seen["network"] / alone == pytest.approx(1, abs=5 * seen["network error"])
    assert seen["network error"] < 0.02
    assert abs(seen["network"] / np.sqrt(alone**2 - expected["1/f"] ** 2) - 1) > 5 * seen["network error"], "1/f counts"
    count = 60 * 48 * 2
    assert seen["converter"] / expected["converter"] == pytest.approx(1, abs=5 / np.sqrt(2 * count))
    for _, measured, exact, _ in rows:
        assert measured / exact == pytest.approx(1, abs=5 / np.sqrt(2 * 20 * 2 * 50 / 30 / 2))
    experiment.draw(table, rows, tmp_path / "noise_budget.png")
    assert (tmp_path / "noise_budget.png").stat().st_size > 10_000


def test_sources_scale_as_they_should(experiment):
    """Variances of a node go as 1 / C0 at one time constant; Johnson noise is k T / C0 and shot noise 2 n times it."""
    small, large = (experiment.budget(experiment.chip({"parameters.C0": f"{size} fF"})) for size in (10.0, 90.0))
    for name in ("R", "shot", "1/f"):
        assert small[name] / large[name] == pytest.approx(3, rel=1e-9)
    assert small["digital"] == pytest.approx(large["digital"], rel=1e-9)
    assert small["buffer"] == pytest.approx(large["buffer"], rel=1e-9)
