"""The experiment runs from its command and finds what its page says."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "design1_vs_design2" / "run.py"


@pytest.mark.validation
def test_quick_run(tmp_path):
    subprocess.run([sys.executable, str(EXPERIMENT), "--quick", "--out", str(tmp_path)], check=True)
    with (tmp_path / "design1_vs_design2.csv").open() as stream:
        rows = {(row["network"], row["cell"], float(row["time"])): row for row in csv.DictReader(stream)}
    one, two = (rows["pair, J = 0.5", f"{design} wired", 0.0] for design in (1, 2))
    assert float(one["distance"]) > 0.05 > float(two["distance"])
    assert (tmp_path / "design1_vs_design2.png").stat().st_size > 10_000
