"""The experiment runs small: the chip's errors are those foretold, and Cholesky is exact."""

import runpy
from pathlib import Path

import numpy as np

import thermosim as ts

FOLDER = Path(__file__).parents[2] / "experiments" / "matrix_functions"


def test_small_run(tmp_path):
    module = runpy.run_path(str(FOLDER / "run.py"))
    rows = module["run"]([4, 8], [100, 400], 8, [1, 4], tmp_path)
    chip = [row for row in rows if row.way == "chip"]
    assert len(chip) == 12
    assert max(row.error / row.expected for row in chip) < 5
    assert min(row.error / row.expected for row in chip) > 0.005
    assert max(row.error for row in rows if row.way == "Cholesky") < 1e-12
    ratios = np.array([a.expected / b.expected for a, b in zip(chip[::2], chip[1::2], strict=True)])
    np.testing.assert_allclose(ratios, 2.0, rtol=1e-6)  # four times the draws
    assert (tmp_path / "matrix_functions.png").stat().st_size > 10_000
    ts.load(tmp_path / "inverse.yaml")
    ts.load(FOLDER / "inverse.yaml")
