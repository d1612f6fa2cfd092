"""The Langevin computer's experiment at a small size."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "langevin_computer"


@pytest.fixture(scope="module")
def experiment():
    spec = importlib.util.spec_from_file_location("langevin_computer", FOLDER / "run.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_activation_and_chain_agree_with_their_exact_laws(experiment, tmp_path) -> None:
    activation, law, values, statistics = experiment.run("100 us", 7)
    for one in (activation, *statistics.values()):
        assert np.abs(one.sigmas).max() < 5.5
    # Mutants: the well half as stiff, or units that do not feel each other, at the same N.
    assert np.abs((activation.sampled * 1.1 - activation.exact) / activation.error).max() > 6
    neighbour = statistics["covariance with the first"]
    assert neighbour.sampled[1] / neighbour.error[1] > 6
    assert law.points.shape[0] == values.shape[2] == 16
    experiment.draw(activation, law, values, statistics, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
