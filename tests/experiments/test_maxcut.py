"""The experiment runs small, and in it the chip needs as many sweeps as the digital sampler."""

import csv
import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "experiments" / "maxcut"


def test_quick_run(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["run.py", "--quick", "--out", str(tmp_path)])
    runpy.run_path(str(FOLDER / "run.py"), run_name="__main__")
    assert (tmp_path / "maxcut.png").stat().st_size > 10_000
    assert (tmp_path / "random200.rud").read_text() == (FOLDER / "random200.rud").read_text()
    rows = list(csv.DictReader((tmp_path / "maxcut.csv").open()))
    sweeps = {row["machine"]: row for row in rows if row["problem"] == "torus" and row["what"] == "sweeps"}
    chip, core = sweeps["chip"], sweeps["processor core"]
    # Both intervals are 68 %; five of them apart would be no heat bath.
    width = (float(chip["high"]) - float(chip["low"])) + (float(core["high"]) - float(core["low"]))
    assert abs(float(chip["to solution"]) - float(core["to solution"])) < 2.5 * width
    assert float(chip["best cut"]) == 78
