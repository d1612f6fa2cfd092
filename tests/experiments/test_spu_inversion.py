"""The board: white noise gives C^-1, one pole adds a capacitor to every cell, errors add as their closed forms say."""

import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import thermosim as ts

FOLDER = Path(__file__).parents[2] / "experiments" / "spu_inversion"


@pytest.fixture(scope="module")
def module():
    found = runpy.run_path(str(FOLDER / "run.py"))
    yield found
    sys.path.remove(str(FOLDER))


def test_white_noise_inverts_and_one_pole_is_a_capacitor_more(module):
    board, matrix = module["board"], module["board"].target(3)
    assert np.linalg.cond(matrix) == pytest.approx(25)
    banks = board.elements(matrix, None)
    capacitance = board.capacitance(banks)
    np.testing.assert_allclose(capacitance / capacitance[0, 0], matrix / matrix[0, 0], rtol=1e-12)
    level = board.PSD * board.R / 4
    for corner in (2e6, 6e6):
        flaws = board.Flaws(corner=corner)
        found = module["law"](module["made"](banks, flaws, 0))
        np.testing.assert_allclose(found, level * np.linalg.inv(capacitance + flaws.extra * np.eye(8)), rtol=1e-6)
        without = np.linalg.inv(capacitance + (2 * np.pi * corner) ** -2 / board.L * np.eye(8))  # mutant: t^2 / L alone
        assert np.abs(found / (level * without) - 1).max() > 0.02
    white = module["law"](module["made"](banks, board.Flaws(), 0))
    np.testing.assert_allclose(white, level * np.linalg.inv(capacitance), rtol=1e-3)
    off = replace(board.BOARD, bits=None, capacitors=0.0, inductors=0.0, resistors=0.0, noise=0.0)
    assert module["systematic"](off, 2).min() > 0.1
    assert module["systematic"](replace(off, corrected=True), 2).max() < 1e-6


def test_no_law_of_eight_dimensions_has_a_statistical_error_of_a_quarter(module):
    """|S|_F <= tr S <= sqrt(8) |S|_F: 12,000 independent samples leave between 1.3 and 2.7 %, whatever the matrix."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        values = np.exp(3 * rng.standard_normal(8))
        assert np.sqrt(2 / 12_000) <= module["statistical"](np.diag(values), 12_000) <= np.sqrt(9 / 12_000) + 1e-12
    eigenvalues = np.geomspace(1, 25, 8)
    assert 0.015 < module["statistical"](np.diag(eigenvalues), 12_000) < 0.021
    x = rng.standard_normal((4000, 300, 8)) * np.sqrt(eigenvalues)
    square = np.linalg.norm(np.einsum("kti,ktj->kij", x, x) / 300 - np.diag(eigenvalues), axis=(1, 2)) ** 2
    wanted = (module["statistical"](np.diag(eigenvalues), 300) * np.linalg.norm(eigenvalues)) ** 2
    limit = 5 * square.std() / np.sqrt(len(square))
    assert abs(square.mean() - wanted) < limit
    assert abs(square.mean() - wanted / 2) > limit  # mutant: one of the two terms, for a law of one large mode


def test_small_run(module, tmp_path):
    found = module["run"]([100, 1000], 8, 3, tmp_path)
    # The mean square of eight replicas has a relative spread of about one over the root of their sixteen degrees.
    np.testing.assert_allclose(found["own"], found["foretold"], rtol=0.6)
    np.testing.assert_allclose(found["whole"], np.hypot(found["foretold"], found["floor"]), rtol=0.6)
    assert found["floor"] > 2 * found["foretold"][1]
    assert np.median(found["inductors 10 %"]) < 1e-3  # with white noise they drop out
    assert np.median(found["all, C_n taken from the banks"]) < 0.5 * np.median(found["all of them"])
    assert (tmp_path / "spu_inversion.png").stat().st_size > 10_000
    ts.load(tmp_path / "board.yaml")
    ts.load(FOLDER / "board.yaml")
