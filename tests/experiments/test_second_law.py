"""The experiment on the second law in short, each theorem with a fault that it must see at the same size."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "second_law"
FAR = 5.0  # standard errors: p < 1e-6
N = 40_000


@pytest.fixture(scope="module")
def experiment():
    spec = importlib.util.spec_from_file_location("second_law", FOLDER / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def deviation(values, exact):
    return abs(values.mean() - exact) / values.std() * math.sqrt(values.size)


def test_jarzynski_and_the_mean_work_of_a_staircase(experiment):
    for steps in (4, 16):
        work = experiment.staircase(steps, N, 3)
        exact = experiment.work_of_staircase(steps)
        assert deviation(work, exact) < FAR
        assert deviation((work - exact) ** 2, 2 * exact) < FAR
        assert deviation(np.exp(-work), 1.0) < FAR
        assert deviation(np.exp(-0.9 * work), 1.0) > FAR  # kT 10 % too high


def crooks(forward, backward):
    """With P_F(W) = e^W P_R(-W): <f(W)>_F = <f(-w) e^-w>_R, for f = 1 / (1 + e^W) and W / (1 + e^W), in errors."""
    a, b = 1 / (1 + np.exp(forward)), np.exp(-backward) / (1 + np.exp(-backward))
    c, d = forward / (1 + np.exp(forward)), -backward * np.exp(-backward) / (1 + np.exp(-backward))
    pairs = ((a, b), (c, d))
    return max(abs(x.mean() - y.mean()) / math.sqrt(x.var() / x.size + y.var() / y.size) for x, y in pairs)


def test_crooks_for_a_staircase_and_the_same_backwards_in_time(experiment):
    forward, backward = (experiment.staircase(4, N, 5 + back, bool(back)) for back in (False, True))
    assert crooks(forward, backward) < FAR
    assert crooks(1.1 * forward, 1.1 * backward) > FAR


def chi_square(values, bins, density, at):
    """Deviation of a histogram from a density on a grid, in standard deviations of chi-square."""
    cumulated = np.concatenate(([0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(at))))
    share = np.diff(np.interp(bins, at, cumulated))
    wanted, found = share * len(values), np.histogram(values, bins)[0]
    good = wanted > 20
    return (((found - wanted)[good] ** 2 / wanted[good]).sum() - good.sum()) / math.sqrt(2 * good.sum())


@pytest.mark.parametrize("span", [1.5, 6.0])
def test_the_whole_law_of_the_heat_of_a_dragged_cell(experiment, span):
    heat, work = experiment.dragged(span, N, 7)
    at, density = experiment.law_of_heat(span)
    bins = np.arange(-6, 20, 0.25)
    assert density.sum() * (at[1] - at[0]) == pytest.approx(1, abs=1e-9)
    assert abs(chi_square(heat, bins, density, at)) < FAR
    assert chi_square(work, bins, density, at) > FAR
    assert chi_square(1.05 * heat, bins, density, at) > FAR


def odd(entropy):
    """sign(S) - tanh(|S| / 2) has mean zero if P(S) = e^S P(-S): its deviation, for small and for large S."""
    rest = np.sign(entropy) - np.tanh(np.abs(entropy) / 2)
    return max(deviation(rest * (np.abs(entropy) < 1), 0.0), deviation(rest * (np.abs(entropy) >= 1), 0.0))


def test_heat_between_two_baths_and_the_detailed_theorem_for_entropy(experiment):
    heat, baths, total, expected = experiment.between_baths(1200.0, 2.0, N, 9)
    assert deviation(heat, expected) < FAR
    assert deviation(heat, 2 * expected) > FAR
    assert deviation(heat, -expected) > FAR
    assert deviation(np.exp(-total), 1.0) < FAR
    assert odd(total) < FAR
    assert odd(0.85 * total) > FAR
    assert odd(baths) > FAR  # the state's own surprise belongs to it


def test_heat_is_no_more_precise_than_the_entropy_of_all_baths_allows(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "TIMES", (3.0, 10.0))
    for _, whole, error, seen, other in experiment.uncertainty(10_000, 11):
        assert whole > 1 - FAR * error
        assert seen < 1 - FAR * other


def test_the_figure_is_drawn(experiment, monkeypatch, tmp_path):
    monkeypatch.setattr(experiment, "TIMES", (1.0, 3.0))
    experiment.draw(experiment.run(replicas=4000), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
